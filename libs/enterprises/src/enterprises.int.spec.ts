import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CommandBus, CqrsModule } from '@nestjs/cqrs';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { EVENT_STORE, type EventStore, EventStoreModule, type RecordedEvent } from '@app/event-store';
import { HttpModule, Tokens } from '@app/http';
import { type Clock, type CreditCode, type PersonRole, withCheckCharacter } from '@app/kernel';
import { ProjectionsModule, reactionContext, ReadModels, SqliteReadModels, Subscriptions } from '@app/projections';
import type { EnterpriseCommand } from './decide.js';
import { DossierProjection } from './dossier/dossier.projection.js';
import type { DossierTables } from './dossier/dossier.tables.js';
import { Dossiers } from './dossiers.js';
import { creditCodesOf } from './enterprise.js';
import { enterpriseEvents } from './enterprise.codec.js';
import { EnterprisesModule } from './enterprises.module.js';
import { certificate, clearance, CODE, ODD, OTHER, paper, relocation, THIRD, title, vocabulary, withdrawal } from './enterprise.fixture.js';
import { RunEnterpriseCommand } from './handlers/run-enterprise-command.js';

const clock: Clock = { now: () => new Date('2026-03-01T04:00:00Z') };
const base = '/v1/enterprises';
const { type: _certificate, ...certificateBody } = certificate;
const { type: _relocation, ...relocationBody } = relocation;
const { type: _clearance, ...clearanceBody } = clearance;
const { type: _title, ...titleBody } = title;
const { type: _withdrawal, ...withdrawalBody } = withdrawal;
const tokens = new Tokens(new Uint8Array(32).fill(7), clock);

/** A ledger of enterprises alone in a folder; it can be closed and opened again. */
async function open(folder: string): Promise<NestFastifyApplication> {
  const module = await Test.createTestingModule({
    imports: [
      EventStoreModule.forRoot({ file: join(folder, 'events.db'), clock, definitions: enterpriseEvents }),
      ProjectionsModule.forRoot({ file: join(folder, 'read.db') }),
      HttpModule.forRoot(tokens),
      EnterprisesModule.forRoot({ useVocabulary: () => vocabulary }),
      // Last on purpose: the bus learns its handlers after the process managers have started.
      CqrsModule.forRoot(),
    ],
  }).compile();
  const adapter = new FastifyAdapter({ routerOptions: { maxParamLength: 500 } });
  const app = module.createNestApplication<NestFastifyApplication>(adapter, { logger: false });
  app
    .getHttpAdapter()
    .getInstance()
    .decorateRequest('clock', { getter: () => clock });
  await app.listen(0, '127.0.0.1');
  return app;
}

describe('a restart', () => {
  const folder = mkdtempSync(join(tmpdir(), 'enterprises-'));
  let app: NestFastifyApplication;
  afterAll(async () => {
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('goes over a merger again without stopping', async () => {
    const merger = { type: 'merge', survivor: CODE, reason: '吸收合并', evidence: paper } as const;
    const event = { id: 'spec', metadata: { effectiveOn: '2026-03-01', correlationId: 'spec' } } as unknown as RecordedEvent;
    const run = (code: CreditCode, command: EnterpriseCommand) =>
      app.get(CommandBus).execute(new RunEnterpriseCommand(code, command, reactionContext(event, 'spec', command, code + command.type)));
    app = await open(folder);
    await run(CODE, { type: 'register', creditCode: CODE, name: '甲' });
    await run(OTHER, { type: 'register', creditCode: OTHER, name: '乙' });
    await run(OTHER, merger);
    expect(await app.get(Subscriptions).settled(10_000)).toBe(true);
    const head = await app.get<EventStore>(EVENT_STORE).head();
    await app.close();
    for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `read.db${end}`), { force: true });
    app = await open(folder);
    const subscriptions = app.get(Subscriptions);
    expect(await subscriptions.settled(10_000)).toBe(true);
    expect(subscriptions.status().filter(({ state }) => state !== 'running')).toEqual([]);
    expect(await app.get<EventStore>(EVENT_STORE).head()).toBe(head);
    expect(await app.get(Dossiers).require(CODE)).toMatchObject({ absorbed: [OTHER] });
  });
});

describe('dossiers over HTTP', () => {
  const folder = mkdtempSync(join(tmpdir(), 'enterprises-'));
  let app: NestFastifyApplication;
  let origin: string;
  let keys = 0;

  beforeAll(async () => {
    app = await open(folder);
    origin = await app.getUrl();
  });
  afterAll(async () => {
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function send(method: 'GET' | 'POST', url: string, as: string, payload?: object, key = `key-${(keys += 1)}`) {
    const [role, id] = as.split(':') as [PersonRole, string?];
    const token = await tokens.issue({ id: id ?? `${role}-1`, unit: '区经发局', roles: [role] }, 3_600);
    const posting = { 'idempotency-key': key, 'content-type': 'application/json' };
    const answer = await fetch(`${origin}${url}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(method === 'POST' && posting) },
      ...(payload && { body: JSON.stringify(payload) }),
    });
    return { status: answer.status, headers: Object.fromEntries(answer.headers), body: (await answer.json()) as Record<string, unknown> };
  }
  const post = (url: string, body: object, as = 'clerk', key?: string) => send('POST', `${base}${url}`, as, body, key);
  async function get(url: string) {
    expect(await app.get(Subscriptions).settled(10_000)).toBe(true);
    return send('GET', `${base}${url}`, 'auditor');
  }
  const merging = (survivor: string) => ({ survivor, reason: '吸收合并', evidence: paper });
  const fact = (name: string, value: string | boolean, more: object = {}) => ({
    name,
    value,
    sourceUnit: '区税务局',
    evidence: paper,
    ...more,
  });

  it('keeps a dossier from registration to departure', async () => {
    expect(
      await post('', { creditCode: CODE, name: '甲科技公司', region: '经开区', effectiveOn: '2022-01-10' }, 'clerk', 'first'),
    ).toMatchObject({
      status: 201,
      headers: { etag: '"0"' },
      body: { stream: `enterprise-${CODE}`, events: 1, replayed: false },
    });
    expect(
      await post('', { creditCode: CODE, name: '甲科技公司', region: '经开区', effectiveOn: '2022-01-10' }, 'clerk', 'first'),
    ).toMatchObject({ body: { replayed: true } });
    expect(await post('', { creditCode: CODE, name: '甲科技公司', region: '经开区' })).toMatchObject({ status: 201, body: { events: 0 } });
    const facts = [fact('rd.expenditure', '5000000.00', { period: '2022' }), fact('enterprise.sme', true)];
    expect(await post(`/${CODE}/facts`, { facts, effectiveOn: '2023-02-01' })).toMatchObject({ status: 201, body: { events: 2 } });
    const correction = fact('rd.expenditure', '5200000.00', { period: '2022', correctsFactId: 'F1' });
    expect(await post(`/${CODE}/facts`, { facts: [correction], effectiveOn: '2023-03-01' })).toMatchObject({ status: 201 });
    expect(await post(`/${CODE}/facts/F3/verify`, { evidence: paper })).toMatchObject({
      status: 409,
      body: { code: 'separation-of-duties' },
    });
    expect(await post(`/${CODE}/facts/F3/verify`, { evidence: paper, effectiveOn: '2023-03-02' }, 'reviewer')).toMatchObject({
      status: 200,
    });
    expect(await post(`/${CODE}/facts/F2/dispute`, { reason: '人数不符' }, 'auditor')).toMatchObject({ status: 200 });
    expect(await post(`/${CODE}/certificates`, certificateBody)).toMatchObject({ status: 201 });
    expect(
      await post(`/${CODE}/certificates/gr2023-36000001/revoke`, { on: '2025-03-01', reason: '虚假申报', evidence: paper }),
    ).toMatchObject({
      status: 200,
    });
    expect(await post(`/${CODE}/relocation`, relocationBody)).toMatchObject({ status: 201 });
    expect(await post(`/${CODE}/relocation`, { ...relocationBody, whole: false, corrects: true })).toMatchObject({ status: 201 });
    expect(await post(`/${CODE}/departure`, { on: '2025-06-01', evidence: paper })).toMatchObject({ status: 201 });
    expect(await post(`/${CODE}/rename`, { name: '甲智能公司', evidence: paper, effectiveOn: '2024-06-01' })).toMatchObject({
      status: 200,
    });

    const { headers, body } = await get(`/${CODE.toLowerCase()}`);
    expect(headers['etag']).toBe('"11"');
    expect(body).toMatchObject({
      creditCode: CODE,
      name: '甲智能公司',
      creditCodeFlagged: false,
      status: 'registered',
      names: [
        { name: '甲科技公司', from: '2022-01-10' },
        { name: '甲智能公司', from: '2024-06-01', evidence: paper },
      ],
      facts: [
        { factId: 'F1', value: '5000000.00', period: '2022', current: false, correctedBy: 'F3', recordedBy: 'clerk-1' },
        { factId: 'F2', value: true, current: true, dispute: { reason: '人数不符', by: 'auditor-1', on: '2026-03-01' } },
        {
          factId: 'F3',
          value: '5200000.00',
          current: true,
          corrects: 'F1',
          verification: 'verified',
          checked: { by: 'reviewer-1', on: '2023-03-02', evidence: paper },
        },
      ],
      certificates: [{ number: 'GR202336000001', revoked: { on: '2025-03-01', reason: '虚假申报' }, corrections: 0 }],
      relocations: [{ from: '南昌市', whole: false, on: '2024-02-01', departedOn: '2025-06-01' }],
      departedOn: '2025-06-01',
      disputedFacts: 1,
    });
    expect(body).not.toHaveProperty('relocation');
  });

  it('shows what was true on a day', async () => {
    const { body } = await get(`/${CODE}?on=2024-03-01`);
    expect(body).toMatchObject({ name: '甲科技公司', relocation: { origin: 'in-province' }, certificates: [{ number: 'GR202336000001' }] });
    expect((body['certificates'] as object[])[0]).not.toHaveProperty('revoked');
    expect((await get(`/${CODE}?on=2023-02-15`)).body).toMatchObject({
      facts: [{ factId: 'F1', current: false, correctedBy: 'F3' }, { factId: 'F2' }],
      certificates: [],
    });
  });

  it('lists who was registered by a day, as it was called then', async () => {
    const listed = async (on: string) =>
      ((await get(`?q=${CODE}&on=${on}`)).body['items'] as { name: string; facts: number }[]).map(({ name, facts }) => [name, facts]);
    expect(await listed('2022-01-09')).toEqual([]);
    expect(await listed('2022-01-10')).toEqual([['甲科技公司', 0]]);
    expect(await listed('2024-06-01')).toEqual([['甲智能公司', 3]]);
  });

  it('finds enterprises by the beginning of a code, a name or a former name, a page at a time', async () => {
    expect(await post('', { creditCode: ODD, name: '甲材料公司', evidence: paper })).toMatchObject({ status: 201 });
    expect(await post('', { creditCode: OTHER, name: '乙公司' })).toMatchObject({ status: 201 });
    const codes = async (query: string) =>
      ((await get(query)).body['items'] as { creditCode: string }[]).map(({ creditCode }) => creditCode);
    const both = [CODE, ODD].sort();
    expect(await codes(`?q=${encodeURIComponent('甲')}`)).toEqual(both);
    expect(await codes(`?q=${encodeURIComponent('甲科技')}`)).toEqual([CODE]);
    expect(await codes(`?q=${OTHER.slice(0, 15).toLowerCase()}`)).toEqual([OTHER]);
    expect(await codes(`?q=${encodeURIComponent('%科技')}`)).toEqual([]);
    const first = await get('?limit=2');
    expect(first.body['items']).toHaveLength(2);
    expect(await codes(`?limit=2&cursor=${String(first.body['next'])}`)).toHaveLength(1);
    expect((await get(`/${ODD}`)).body).toMatchObject({ creditCodeFlagged: true });
  });

  it('names the field of bad input, and never fails on it', async () => {
    const good = fact('enterprise.sme', true);
    const bad: readonly (readonly [string, object | undefined, number, string])[] = [
      ['', { creditCode: '9136', name: '甲' }, 400, 'invalid-input'],
      ['', { creditCode: OTHER, name: ' ' }, 400, 'invalid-input'],
      ['', { creditCode: OTHER, name: null }, 400, 'invalid-input'],
      ['', { creditCode: OTHER, name: '乙', region: null }, 400, 'invalid-input'],
      ['', { creditCode: OTHER, name: '乙', more: 1 }, 400, 'invalid-input'],
      ['', { creditCode: OTHER, name: '丙' }, 409, 'enterprise-exists'],
      ['', { creditCode: withCheckCharacter('91360700MA3000000').replace(/.$/, 'X'), name: '丙' }, 409, 'credit-code-check-failed'],
      ['/123/facts', { facts: [good] }, 400, 'invalid-input'],
      [`/${THIRD}/facts`, { facts: [good] }, 404, 'enterprise-unknown'],
      [`/${OTHER}/facts`, undefined, 400, 'invalid-input'],
      [`/${OTHER}/facts`, { facts: [] }, 400, 'invalid-input'],
      [`/${OTHER}/facts`, { facts: [null] }, 400, 'invalid-input'],
      [`/${OTHER}/facts`, { facts: [[good]] }, 400, 'invalid-input'],
      [`/${OTHER}/facts`, { facts: 'x' }, 400, 'invalid-input'],
      [`/${OTHER}/facts`, { facts: { length: 1 } }, 400, 'invalid-input'],
      [`/${OTHER}/facts`, { facts: [{ ...good, value: 5 }] }, 400, 'invalid-input'],
      [`/${OTHER}/facts`, { facts: [{ ...good, value: { a: 1 } }] }, 400, 'invalid-input'],
      [`/${OTHER}/facts`, { facts: [{ ...good, evidence: [null] }] }, 400, 'invalid-input'],
      [`/${OTHER}/facts`, { facts: [{ ...good, evidence: null }] }, 400, 'invalid-input'],
      [`/${OTHER}/facts`, { facts: [{ ...good, evidence: [{ title: '表', sha256: 'x' }] }] }, 400, 'invalid-input'],
      [`/${OTHER}/facts`, { facts: [{ ...good, name: '__proto__' }] }, 400, 'fact-unknown'],
      [`/${OTHER}/facts`, { facts: [{ ...good, value: 'yes' }] }, 400, 'fact-malformed'],
      [`/${OTHER}/facts`, { facts: [{ ...good, period: '2024-02-30' }] }, 400, 'fact-malformed'],
      [`/${OTHER}/facts`, { facts: [{ ...good, verification: 'verified' }] }, 400, 'invalid-input'],
      [`/${OTHER}/facts`, { facts: [{ ...good, subject: 'P-1' }] }, 400, 'fact-malformed'],
      [`/${OTHER}/facts`, { facts: [{ ...good, name: 'project.landed' }] }, 400, 'fact-malformed'],
      [`/${OTHER}/facts`, { facts: [{ ...good, name: 'project.landed', subject: 'Р-1' }] }, 400, 'invalid-input'],
      [`/${OTHER}/facts`, { facts: [{ ...good, name: 'project.landed', subject: 7 }] }, 400, 'invalid-input'],
      [`/${OTHER}/facts`, { facts: [{ ...good, correctsFactId: 'F1' }] }, 404, 'fact-not-found'],
      [`/${OTHER}/facts`, { facts: [good], effectiveOn: '2027-01-01' }, 400, 'invalid-input'],
      [`/${OTHER}/facts/F0/verify`, { evidence: paper }, 400, 'invalid-input'],
      [`/${OTHER}/facts/F7/verify`, { evidence: paper }, 404, 'fact-not-found'],
      [`/${OTHER}/certificates`, { ...certificateBody, issuedOn: '2023-02-30' }, 400, 'invalid-input'],
      [`/${OTHER}/certificates`, { ...certificateBody, number: 'ГR202336000001' }, 400, 'invalid-input'],
      [`/${OTHER}/certificates/${'9'.repeat(101)}/revoke`, { on: '2024-01-01', reason: '误', evidence: paper }, 400, 'invalid-input'],
      [`/${OTHER}/certificates/GR1/revoke`, { on: '2024-01-01', reason: '误' }, 400, 'invalid-input'],
      [`/${OTHER}/relocation`, { ...relocationBody, whole: 'true' }, 400, 'invalid-input'],
      [`/${OTHER}/departure`, { on: 20240101, evidence: paper }, 400, 'invalid-input'],
      [`/${OTHER}/departure`, { on: '2024-01-01' }, 400, 'invalid-input'],
      [`/${OTHER}/clearances`, { ...clearanceBody, finding: 'fine' }, 400, 'invalid-input'],
      [`/${OTHER}/clearances`, { ...clearanceBody, agency: '区科技局' }, 400, 'invalid-input'],
      [`/${OTHER}/titles`, { ...titleBody, year: '2024' }, 400, 'invalid-input'],
      [`/${OTHER}/titles`, { ...titleBody, title: '__proto__' }, 400, 'invalid-input'],
      [`/${OTHER}/titles/withdraw`, withdrawalBody, 404, 'title-not-found'],
    ];
    for (const [url, body, status, code] of bad)
      expect([url, body, await post(url, body ?? {})]).toMatchObject([url, body ?? undefined, { status, body: { code } }]);
    for (const url of ['/nonsense', `/${CODE}?on=soon`, '?limit=0', '?cursor=x', '?q=a&q=b'])
      expect([url, (await get(url)).status]).toEqual([url, 400]);
    expect((await get(`/${THIRD}`)).status).toBe(404);
  });

  it('lets only the roles in whose work it is', async () => {
    expect(await post('', { creditCode: THIRD, name: '丙公司' }, 'finance')).toMatchObject({ status: 403 });
    expect(await post(`/${OTHER}/merge`, merging(CODE), 'clerk')).toMatchObject({ status: 403 });
    expect(await post(`/${OTHER}/titles`, titleBody, 'reviewer')).toMatchObject({ status: 403 });
    expect(await post(`/${OTHER}/clearances`, clearanceBody, 'approver')).toMatchObject({ status: 403 });
    expect(await post(`/${OTHER}/facts`, { facts: [fact('enterprise.sme', true)] }, 'reviewer')).toMatchObject({ status: 403 });
    expect(await post(`/${OTHER}/merge`, { survivor: CODE, evidence: paper }, 'administrator')).toMatchObject({ status: 400 });
    expect(await post(`/${OTHER}/merge`, { survivor: CODE, reason: '吸收合并' }, 'administrator')).toMatchObject({ status: 400 });
  });

  it('shows clearances and titles, and who holds a title', async () => {
    const code = withCheckCharacter('91360700MA3T00000');
    expect(await post('', { creditCode: code, name: '戊公司' })).toMatchObject({ status: 201 });
    expect(await post(`/${code}/clearances`, clearanceBody)).toMatchObject({ status: 201, body: { events: 1 } });
    expect(await post(`/${code}/titles`, titleBody)).toMatchObject({ status: 201, body: { events: 1 } });
    expect(await post(`/${code}/titles`, { ...titleBody, title: 'pacesetter', grade: undefined })).toMatchObject({ status: 201 });
    expect(await post(`/${code}/titles`, titleBody)).toMatchObject({ status: 201, body: { events: 0 } });
    expect(await post(`/${code}/titles/withdraw`, withdrawalBody)).toMatchObject({ status: 200, body: { events: 1 } });
    const { body } = await get(`/${code}`);
    expect(body).toMatchObject({
      clearances: [{ clearance: 'tax', finding: 'clear', on: '2025-08-31', validUntil: '2026-02-27', evidence: paper }],
      titles: [
        { title: 'ip-benchmark', grade: '2A', withdrawn: { on: '2025-06-01', reason: '失信' } },
        { title: 'pacesetter', name: '创新标兵', year: 2024 },
      ],
    });
    expect((await get(`/${code}?on=2025-03-01`)).body).toMatchObject({ clearances: [], titles: [{ grade: '2A' }, {}] });
    const holders = async (query: string) => (await send('GET', `/v1/titles?${query}`, 'auditor')).body;
    expect(await holders('title=ip-benchmark&year=2024')).toEqual({
      items: [
        {
          creditCode: code,
          enterprise: '戊公司',
          title: 'ip-benchmark',
          name: '知识产权示范企业标杆',
          grade: '2A',
          year: 2024,
          on: '2025-01-20',
          documentNo: titleBody.documentNo,
          recordedBy: 'clerk-1',
          withdrawnOn: '2025-06-01',
          withdrawalReason: '失信',
        },
      ],
    });
    expect(await holders('title=ip-benchmark&year=2023')).toEqual({ items: [] });
    expect(await holders('title=ip-benchmark&on=2025-01-19')).toEqual({ items: [] });
    const [then] = (await holders('title=ip-benchmark&on=2025-05-31')).items as readonly object[];
    expect(then).toMatchObject({ creditCode: code, year: 2024 });
    expect(then).not.toHaveProperty('withdrawnOn');
    expect(await post(`/${withCheckCharacter('91360700MA3T99999')}/titles`, titleBody)).toMatchObject({ status: 404 });
    for (const year of [2025, 2023])
      expect(await post(`/${code}/titles`, { ...titleBody, year, on: '2026-02-01' })).toMatchObject({ status: 201 });
    const first = await holders('title=ip-benchmark&limit=2');
    expect(first).toMatchObject({ items: [{ year: 2023 }, { year: 2024 }] });
    expect(await holders(`title=ip-benchmark&limit=2&cursor=${String(first['next'])}`)).toMatchObject({ items: [{ year: 2025 }] });
  });

  it('shows the facts about each project', async () => {
    const code = withCheckCharacter('91360700MA3P00000');
    expect(await post('', { creditCode: code, name: '丁公司' })).toMatchObject({ status: 201 });
    const about = (subject: string, value: boolean) => fact('project.landed', value, { subject });
    expect(await post(`/${code}/facts`, { facts: [about('P-1', true), about('P-2', true)] })).toMatchObject({ body: { events: 2 } });
    expect(await post(`/${code}/facts`, { facts: [about('p 1', false)] })).toMatchObject({ body: { events: 1 } });
    expect((await get(`/${code}`)).body).toMatchObject({
      facts: [
        { subject: 'P-1', value: true, current: false, verification: 'reported' },
        { subject: 'P-2', current: true },
        { subject: 'p 1', value: false, current: true },
      ],
    });
  });

  it('never lets two enterprises absorb each other, nor three in a ring', async () => {
    const codes = Array.from({ length: 12 }, (_, index) => withCheckCharacter(`91360700MA3R${String(index).padStart(5, '0')}`));
    for (const [index, code] of codes.entries())
      expect(await post('', { creditCode: code, name: `环${index}公司` })).toMatchObject({ status: 201 });
    const rings = [codes.slice(0, 2), codes.slice(2, 4), codes.slice(4, 6), codes.slice(6, 9), codes.slice(9, 12)];
    const merge = (code: CreditCode, survivor: CreditCode) => {
      const event = { id: `ring-${code}`, metadata: { effectiveOn: '2026-03-01', correlationId: 'ring' } } as unknown as RecordedEvent;
      const command = { type: 'merge', ...merging(survivor) } as const;
      return app.get(CommandBus).execute(new RunEnterpriseCommand(code, command, reactionContext(event, 'spec', command)));
    };
    // All in one turn, so that each would find the other still standing.
    const answers = await Promise.all(
      rings.map((ring) => Promise.allSettled(ring.map((code, index) => merge(code, ring[(index + 1) % ring.length] as CreditCode)))),
    );
    for (const [index, ring] of rings.entries()) {
      const dossiers = await Promise.all(ring.map((code) => app.get(Dossiers).require(code)));
      expect(dossiers.filter(({ status }) => status === 'registered')).toHaveLength(1);
      expect(answers[index]?.filter(({ status }) => status === 'rejected')).toMatchObject([
        { reason: { code: expect.stringMatching(/^survivor-(merged|is-absorbed)$/) } },
      ]);
    }
    expect(await post(`/${OTHER}/facts/F1/verify`, { evidence: paper }, 'approver')).toMatchObject({ status: 403 });
  });

  it('completes a merger on the survivor’s side, also along a chain', async () => {
    expect(await post('', { creditCode: THIRD, name: '丙公司' })).toMatchObject({ status: 201 });
    expect(await post(`/${ODD}/merge`, merging(withCheckCharacter('91360700MA3000000')), 'administrator')).toMatchObject({
      status: 409,
      body: { code: 'survivor-unknown' },
    });
    expect(await post(`/${ODD}/merge`, merging(OTHER), 'administrator')).toMatchObject({ status: 200, body: { events: 1 } });
    expect((await get(`/${OTHER}`)).body).toMatchObject({ absorbed: [ODD] });
    expect(await post(`/${THIRD}/merge`, merging(ODD), 'administrator')).toMatchObject({
      status: 409,
      body: { code: 'survivor-merged' },
    });
    expect(await post(`/${OTHER}/merge`, merging(CODE), 'administrator')).toMatchObject({ status: 200 });
    expect((await get(`/${CODE}`)).body).toMatchObject({ absorbed: [OTHER, ODD], status: 'registered' });
    expect((await get(`/${CODE}?on=2024-01-01`)).body).toMatchObject({ absorbed: [] });
    expect((await get(`/${OTHER}`)).body).toMatchObject({ status: 'merged', survivor: CODE });
    expect(await post(`/${OTHER}/facts`, { facts: [fact('enterprise.sme', true)] })).toMatchObject({
      status: 409,
      body: { code: 'enterprise-merged', survivor: CODE },
    });
    expect(await post(`/${OTHER}/merge`, merging(CODE), 'administrator')).toMatchObject({ status: 200, body: { events: 0 } });

    // A code that reaches an enterprise which has been merged meanwhile is handed on to its survivor.
    const event = { id: 'late', metadata: { effectiveOn: '2026-03-01', correlationId: 'late' } } as unknown as RecordedEvent;
    const command = { type: 'absorb', creditCodes: [THIRD] } as const;
    await app.get(CommandBus).execute(new RunEnterpriseCommand(OTHER, command, reactionContext(event, 'spec', command)));
    await get(`/${CODE}`);
    const survivor = await app.get(Dossiers).require(CODE);
    expect(creditCodesOf(survivor)).toEqual([CODE, OTHER, ODD, THIRD]);
    expect(await app.get(Dossiers).load(withCheckCharacter('91360700MA3000000'))).toBeUndefined();
  });

  it('rebuilds the same rows from the first event', async () => {
    await get(`/${CODE}`);
    const rebuilt = new SqliteReadModels(':memory:');
    const projection = new DossierProjection();
    const events: RecordedEvent[] = [];
    for await (const page of app.get<EventStore>(EVENT_STORE).readAll()) events.push(...page);
    await rebuilt.fill(projection, 1, (rows) => {
      for (const event of events) if (projection.handles.has(event.type)) projection.apply(event, rows);
    });
    const names: readonly (keyof DossierTables)[] = [
      'enterprise',
      'enterprise_name',
      'enterprise_fact',
      'enterprise_certificate',
      'enterprise_move',
      'enterprise_clearance',
      'enterprise_title',
    ];
    for (const name of names) {
      const rows = await rebuilt.from<Record<string, object>>().selectFrom(name).selectAll().execute();
      expect(rows.length).toBeGreaterThan(0);
      expect(await app.get(ReadModels).from<Record<string, object>>().selectFrom(name).selectAll().execute()).toEqual(rows);
    }
    await rebuilt.close();
  });

  it('stops at an event of an enterprise it does not know', async () => {
    const stray = {
      stream: `enterprise-${THIRD}`,
      type: 'enterprise-renamed',
      data: { name: '无' },
      metadata: { effectiveOn: '2024-01-01' },
    } as unknown as RecordedEvent;
    const models = new SqliteReadModels(':memory:');
    const projection = new DossierProjection();
    await expect(models.fill(projection, 1, (rows) => projection.apply(stray, rows))).rejects.toThrow(/never registered/);
    await models.close();
  });
});
