import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fastCheck from 'fast-check';
import { awardEvents } from '@app/awards';
import type { Dossiers } from '@app/enterprises';
import { EventCodec, lookingFrom, NO_STREAM, SqliteEventStore, VantageEventStore } from '@app/event-store';
import { bundledPacks, type Pack, policyDecider, policyEvents, policyStream } from '@app/policies';
import { Projector, type ReadModels, SqliteReadModels, type Subscriptions } from '@app/projections';
import { courses, eventsOf } from './award-history.fixture.js';
import { type AwardOnRecord, foldAward, type Placed } from './award-record.js';
import { AwardRecords } from './award-records.js';
import { AwardRecordsProjection } from './award-records.projection.js';
import { PolicyPast } from './policy-past.js';

let folder: string;
let store: VantageEventStore;
let readModels: ReadModels;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'award-records-'));
  const clock = { now: () => new Date('2024-05-20T04:00:00Z') };
  store = new VantageEventStore(
    new SqliteEventStore(join(folder, 'ledger.db'), new EventCodec({ ...awardEvents, ...policyEvents }), clock),
  );
  readModels = new SqliteReadModels(join(folder, 'read.db'));
});
afterEach(async () => {
  await readModels.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

/** Appends one event; answers its position. */
async function write(
  stream: string,
  revision: number,
  { type, data, effectiveOn }: Pick<Placed, 'effectiveOn'> & { type: string; data: unknown },
) {
  const id = randomUUID();
  const actor = { id: 'somebody', unit: '科技局', roles: ['clerk' as const] };
  const metadata = { effectiveOn, actor, commandId: id, commandHash: id, correlationId: id, causationId: id };
  return (await store.append(stream, revision, [{ id, type, data, metadata }])).position;
}

async function everyAward(pages: AsyncIterable<readonly AwardOnRecord[]>): Promise<AwardOnRecord[]> {
  const awards: AwardOnRecord[] = [];
  for await (const page of pages) awards.push(...page);
  return awards.sort((one, other) => (one.record.award < other.record.award ? -1 : 1));
}

describe('the records of awards', () => {
  it('are what the events of each award fold to, at the end and at any point before, read either way', async () => {
    const histories = fastCheck.sample(courses, { numRuns: 40, seed: 7 }).map((course) => eventsOf(course));
    // Awards go on side by side: the first step of all, then the second of all.
    const written = histories.map((): Placed[] => []);
    for (let step = 0; step < Math.max(...histories.map(({ length }) => length)); step += 1) {
      for (const [index, events] of histories.entries()) {
        const event = events[step];
        if (event === undefined) continue;
        const award = `award ${String(index).padStart(2, '0')}`;
        written[index]?.push({ ...event, award, position: await write(`award-${award}`, step - 1, event) });
      }
    }
    const projector = new Projector(store, readModels);
    projector.add(new AwardRecordsProjection());
    projector.start();
    const head = await store.head();
    expect(await projector.reached(head, 10_000)).toBe(true);
    await projector.stop();

    const records = new AwardRecords(
      store,
      readModels,
      { caughtUp: () => Promise.resolve(true) } as unknown as Subscriptions,
      {} as Dossiers,
    );
    for (const position of [head, Math.floor(head / 2), Math.floor(head / 5)]) {
      await lookingFrom({ position, now: new Date() }, async () => {
        const expected = written.flatMap((events) => foldAward(events.filter((event) => event.position <= position)) ?? []);
        expect(await everyAward(records.pages({}))).toEqual(expected);
        expect(await everyAward(records.pagesFromLedger({}))).toEqual(expected);
        expect(await records.count({})).toBe(expected.length);
        const since = Math.floor(position / 2);
        const later = expected.filter(({ record }) => record.position > since);
        expect(await everyAward(records.pages({ since }))).toEqual(later);
        expect(await everyAward(records.pagesFromLedger({ since }))).toEqual(later);
        const touched = new Set(expected.slice(0, 2).map(({ record }) => record.payee));
        const either = expected.filter(({ record }) => record.position > since || touched.has(record.payee));
        expect(await everyAward(records.pages({ since, touched }))).toEqual(either);
        expect(await everyAward(records.pagesFromLedger({ since, touched }))).toEqual(either);
        const unpaid = await everyAward(records.pages({ unpaid: true }));
        expect(unpaid.every(({ record }) => record.status === 'granted')).toBe(true);
      });
    }
    expect(await everyAward(records.pages({ pack: 'another' }))).toEqual([]);
  });
});

describe('the past of a policy', () => {
  const pack = bundledPacks().find(({ interpretations }) => interpretations.some(({ chosen }) => chosen === null)) as Pack;
  const question = pack.interpretations.find(({ chosen }) => chosen === null);
  const context = { actorId: 'a', roles: ['administrator' as const], effectiveOn: '2024-05-20', today: '2024-05-20' };
  const effectiveOn = '2024-05-20';
  const [published] = policyDecider.decide({ type: 'publish', pack, evidence: [{ title: '原件' }] }, policyDecider.initialState, context);

  it('holds no reading before it was settled', async () => {
    const stream = policyStream(pack.id);
    const state = policyDecider.evolve(policyDecider.initialState, published as never, context);
    const option = question?.simulatedAs ?? question?.options[0]?.id ?? '';
    const settle = { type: 'settle' as const, interpretation: question?.id ?? '', chosen: option, reason: '会议纪要' };
    const [settled] = policyDecider.decide(settle, state, context);
    const first = await write(stream, NO_STREAM, { ...(published as { type: string; data: unknown }), effectiveOn });
    const second = await write(stream, 0, { ...(settled as { type: string; data: unknown }), effectiveOn });
    const past = await PolicyPast.of(pack.id, store);
    const readingBefore = (position: number) => {
      const text = past.textBefore(position, 1);
      return typeof text === 'string' ? text : text.pack.interpretations.find(({ id }) => id === question?.id)?.chosen;
    };
    expect([first, first + 1, second, second + 1].map(readingBefore)).toEqual(['unknown', null, null, option]);
    expect(past.textBefore(second + 1, 2)).toBe('unknown');
  });

  it('is altered where a text is not what its hash says', async () => {
    const { type, data } = published as { type: string; data: { readonly pack: object } };
    await write(policyStream(pack.id), NO_STREAM, { type, data: { ...data, pack: { ...data.pack, title: '另一文本' } }, effectiveOn });
    expect((await PolicyPast.of(pack.id, store)).textBefore(9, 1)).toBe('altered');
  });
});
