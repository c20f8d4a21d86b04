import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { sql } from 'kysely';
import { type PersonRole, Problem } from '@app/kernel';
import { PostgresReadModels, type ReadModels, SqliteReadModels } from '@app/projections';
import { PostgresServer } from '../../../test/stand-in/postgres.mjs';
import { Report } from './import-report.js';
import { KEPT_DAYS, KeptReports, MAX_KEPT } from './kept-reports.js';

interface Place {
  open(): Promise<ReadModels>;
  remove(): Promise<unknown>;
}

const places: Readonly<Record<string, () => Promise<Place>>> = {
  SQLite: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kept-reports-'));
    return {
      open: async () => new SqliteReadModels(join(folder, 'read.db')),
      remove: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
  PostgreSQL: async () => {
    const server = await PostgresServer.start();
    const url = await server.database();
    return { open: () => PostgresReadModels.open({ url, pool: 5, timeoutMs: 30_000 }), remove: () => server.stop() };
  },
};

const actor = (id: string, ...roles: readonly PersonRole[]) => ({ id, unit: '区科技局', roles });
const clerk = actor('clerk-1', 'clerk');
const report = (id: string, uploadedBy = clerk.id) =>
  new Report({ id, kind: 'facts', mode: 'all-or-nothing', dryRun: false, uploadedBy, bytes: 1 });
/** Longer than anybody waits for news of an import. */
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

describe.each(Object.keys(places))('reports of imports in %s', (kind) => {
  let place: Place;
  let models: readonly [ReadModels, ReadModels];
  let here: KeptReports;
  let there: KeptReports;
  const going = new AbortController().signal;

  beforeAll(async () => {
    place = await (places[kind] as () => Promise<Place>)();
    models = [await place.open(), await place.open()];
    [here, there] = models.map((one) => new KeptReports(one)) as [KeptReports, KeptReports];
  });
  afterAll(async () => {
    for (const one of models) await one.close();
    await place.remove();
  });
  beforeEach(async () => {
    await rows().deleteFrom('import_report').execute();
  });

  const rows = () => models[0].from<{ import_report: { id: string; begun_at: number; told_at: number } }>();
  const ids = async () => (await rows().selectFrom('import_report').select('id').orderBy('id').execute()).map(({ id }) => id);
  /** As if it had been begun and last told of so much earlier. */
  const age = (id: string, ms: number) =>
    rows()
      .updateTable('import_report')
      .set({ begun_at: sql`begun_at - ${ms}`, told_at: sql`told_at - ${ms}` })
      .where('id', '=', id)
      .execute();

  it('are told by one process and read in another, while it works and when it has ended', async () => {
    const told = report('a');
    let end = () => {};
    const work = new Promise<void>((resolve) => (end = resolve));
    expect(await here.begin('r', told, 'x')).toBeUndefined();
    expect(await there.find('a', clerk)).toEqual(told.view());
    const followed = here.follow('r', told, () => work, going);
    told.state = 'running';
    told.counts.rows = 7;
    while ((await there.find('a', clerk)).counts.rows !== 7) await sleep(20);
    told.fail({ row: 3, code: 'bad', message: '第二' });
    told.fail({ row: 2, column: '名称', code: 'bad', message: '第一\u0000' });
    told.finish('finished', '完');
    end();
    await followed;
    expect(await there.find('a', clerk)).toEqual({ ...told.view(), errorCount: 2 });
    expect(told.view().errors.map(({ row }) => row)).toEqual([2, 3]);
    await here.begin('r', report('b'), 'x');
    await age('a', 1);
    const { errors: _errors, ...summary } = told.view();
    expect(await there.list(clerk)).toEqual([expect.objectContaining({ id: 'b', state: 'waiting' }), summary]);
  });

  it('are told a little later where the read models were away, and not for ever', async () => {
    const told = report('a');
    await here.begin('r', told, 'x');
    told.finish('finished', '完');
    const unavailable = () => {
      throw new Problem('unavailable', 'read-models-unavailable', 'away');
    };
    const away = jest.spyOn(models[0], 'from').mockImplementationOnce(unavailable).mockImplementationOnce(unavailable);
    await here.follow('r', told, async () => undefined, going);
    expect(await there.find('a', clerk)).toMatchObject({ state: 'finished' });
    away.mockImplementation(unavailable);
    // Whoever stops does not wait for them.
    await expect(here.follow('r', told, async () => undefined, AbortSignal.abort())).rejects.toThrow('aborted');
    away.mockRestore();
  });

  it('are seen by who brought it in, auditors and administrators, and nobody else', async () => {
    await here.begin('r', report('a'), 'x');
    const seen = async (who: typeof clerk) => [
      (await there.list(who)).map(({ id }) => id),
      await there.find('a', who).then(
        ({ id }) => id,
        (error: unknown) => (error as Problem).code,
      ),
    ];
    for (const who of [clerk, actor('shen', 'auditor'), actor('guan', 'administrator')]) expect(await seen(who)).toEqual([['a'], 'a']);
    for (const who of [actor('clerk-2', 'clerk'), actor('cai', 'finance', 'approver')])
      expect(await seen(who)).toEqual([[], 'import-not-found']);
    for (const id of ['b', '', '\u0000', 'a'.repeat(1_000)])
      await expect(there.find(id, clerk)).rejects.toMatchObject({ code: 'import-not-found' });
  });

  it('say that it has failed when its process is not heard of any more, unless it had ended', async () => {
    const [dead, ended] = [report('dead'), report('ended')];
    dead.state = 'running';
    dead.begin('writing', 9);
    dead.counts.written = 5;
    ended.finish('finished', '完');
    for (const one of [dead, ended]) await here.begin('r', one, 'x');
    expect(await there.find('dead', clerk)).toMatchObject({ state: 'running', progress: { stage: 'writing', total: 9 } });
    for (const { id } of [dead.view(), ended.view()]) await age(id, MINUTE_MS);
    const gone = {
      state: 'failed',
      progress: { stage: 'done', done: 0 },
      counts: { written: 5 },
      note: expect.stringContaining('重新导入同一文件'),
    };
    expect(await there.find('dead', clerk)).toMatchObject(gone);
    const [one, other] = await there.list(clerk);
    expect(one?.id === 'dead' ? [one, other] : [other, one]).toMatchObject([gone, { id: 'ended', state: 'finished' }]);
  });

  it('have failed for good once that may have been said: who was only asleep stops, and is not listened to', async () => {
    const slept = report('a');
    await here.begin('r', slept, 'x');
    slept.state = 'running';
    await age('a', MINUTE_MS);
    expect(await there.find('a', clerk)).toMatchObject({ state: 'failed' });
    const untilGivenUp = (givenUp: AbortSignal) => new Promise<void>((resolve) => givenUp.addEventListener('abort', () => resolve()));
    await here.follow('r', slept, untilGivenUp, going);
    expect(await there.find('a', clerk)).toMatchObject({ state: 'failed' });
    slept.finish('finished', '完');
    await here.follow('r', slept, async () => undefined, going);
    expect(await there.find('a', clerk)).toMatchObject({ state: 'failed' });
    // Who is late, but not so late that anybody can have been told, goes on.
    await here.begin('again', report('a'), 'x');
    await age('a', 10_000);
    await here.follow('again', slept, async () => undefined, going);
    expect(await there.find('a', clerk)).toMatchObject({ state: 'finished', note: '完' });
  });

  it('have failed for who cannot tell any more how it stands: he stops', async () => {
    await here.begin('r', report('a'), 'x');
    const away = jest.spyOn(models[0], 'from').mockImplementation(() => {
      throw new Problem('unavailable', 'read-models-unavailable', 'away');
    });
    const { now } = performance;
    const [begun, stops] = [now.call(performance), new AbortController()];
    let told = 0;
    const later = jest.spyOn(performance, 'now').mockImplementation(() => begun + 7_000 * (told += 1));
    const untilGivenUp = (givenUp: AbortSignal) =>
      new Promise<void>((resolve) => givenUp.addEventListener('abort', () => [stops.abort(), resolve()]));
    await expect(here.follow('r', report('a'), untilGivenUp, stops.signal)).rejects.toThrow('aborted');
    // At the first word that is not heard it is not too late yet.
    expect(told).toBeGreaterThan(2);
    later.mockRestore();
    away.mockRestore();
    expect(await there.find('a', clerk)).toMatchObject({ state: 'waiting' });
  });

  it('answer the same key with the same import, and begin one anew that has failed or whose process is gone', async () => {
    const first = report('a');
    await here.begin('first', first, 'x');
    expect(await there.begin('second', report('a'), 'x')).toEqual(first.view());
    await expect(there.begin('second', report('a'), 'y')).rejects.toMatchObject({ code: 'idempotency-key-reused' });
    await age('a', MINUTE_MS);
    await expect(there.begin('second', report('a'), 'y')).rejects.toMatchObject({ code: 'idempotency-key-reused' });
    const second = report('a');
    expect(await there.begin('second', second, 'x')).toBeUndefined();
    // Whoever was only asleep is not listened to.
    first.finish('finished', '第一');
    await here.follow('first', first, async () => undefined, going);
    expect(await here.find('a', clerk)).toMatchObject({ state: 'waiting' });
    second.finish('failed', '第二');
    await there.follow('second', second, async () => undefined, going);
    expect(await here.find('a', clerk)).toMatchObject({ state: 'failed', note: '第二' });
    expect(await here.begin('third', report('a'), 'x')).toBeUndefined();
    const third = report('a');
    third.finish('finished', '第三');
    await here.follow('third', third, async () => undefined, going);
    await age('a', MINUTE_MS);
    expect(await there.begin('fourth', report('a'), 'x')).toEqual(third.view());
  });

  it('are forgotten after their time, and the oldest of too many; those under way stay', async () => {
    for (const id of ['old', 'older']) await here.begin('r', report(id), 'x');
    await age('older', KEPT_DAYS * DAY_MS + MINUTE_MS);
    await age('old', KEPT_DAYS * DAY_MS - MINUTE_MS);
    await expect(there.find('older', clerk)).rejects.toMatchObject({ code: 'import-not-found' });
    expect((await there.list(clerk)).map(({ id }) => id)).toEqual(['old']);
    await here.begin('r', report('new'), 'x');
    expect(await ids()).toEqual(['new', 'old']);
    const many = Array.from({ length: MAX_KEPT - 2 }, (_, index) => `m${String(index).padStart(3, '0')}`);
    for (const id of many) await here.begin('r', report(id), 'x');
    expect(await ids()).toEqual([...many, 'new', 'old']);
    await here.begin('r', report('one-more'), 'x');
    await here.begin('r', report('and-one'), 'x');
    expect(await ids()).toEqual(['and-one', ...many, 'new', 'one-more']);
    // The next to go is under way.
    await here.begin('r', report('another'), 'x');
    expect(await ids()).toHaveLength(MAX_KEPT + 2);
  });
});
