import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CommandBus, CqrsModule } from '@nestjs/cqrs';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { AwardsModule, awardEvents, batchEvents } from '@app/awards';
import { type EnterpriseCommand, EnterprisesModule, enterpriseEvents, RunEnterpriseCommand, vocabularyOf } from '@app/enterprises';
import { type CommandContext, EventStoreModule, type RecordedEvent } from '@app/event-store';
import { HttpModule, Tokens } from '@app/http';
import { type Clock, contentHash, type CreditCode, derivedId, type PersonRole } from '@app/kernel';
import { BundledPolicies, bundledPacks, type Metric, policyEvents } from '@app/policies';
import { isHandled, ProjectionsModule, ReadModels, SqliteReadModels, Subscriptions } from '@app/projections';
import { TargetCountsProjection } from './metrics/counts.projection.js';
import { LedgerCounts } from './metrics/ledger-counts.js';
import { paper } from './target.fixture.js';
import { targetEvents } from './target.codec.js';
import { TargetsModule } from './targets.module.js';

const clock: Clock = { now: () => new Date('2025-02-01T04:00:00Z') };
const REGION = '贵州省贵阳市白云区';
const CODES = [
  '91360700MA35GYDUG8',
  '91440700MA4UNJ1X0A',
  '91520113MA6DKPAU9X',
  '915201133221100AAA',
] as readonly string[] as readonly CreditCode[];
let keys = 0;

/** What of an answer the specs look into. */
interface Answer {
  readonly items: readonly Record<string, unknown>[];
  readonly rows: readonly Record<string, unknown>[];
  readonly units: readonly Record<string, unknown>[];
  readonly columns: readonly unknown[];
  readonly openQuestions: readonly { readonly id: string }[];
  readonly errors?: readonly { readonly field: string }[];
  readonly next?: string;
  readonly revision: number;
}

class TargetLedger {
  private constructor(
    readonly app: NestFastifyApplication,
    private readonly tokens: Tokens,
    private readonly path: string,
  ) {}

  static async open(): Promise<TargetLedger> {
    const path = mkdtempSync(join(tmpdir(), 'targets-'));
    const tokens = new Tokens(new Uint8Array(32).fill(7), clock);
    const module = await Test.createTestingModule({
      imports: [
        EventStoreModule.forRoot({
          file: join(path, 'events.db'),
          clock,
          definitions: { ...policyEvents, ...enterpriseEvents, ...awardEvents, ...batchEvents, ...targetEvents },
        }),
        ProjectionsModule.forRoot({ file: join(path, 'read.db') }),
        HttpModule.forRoot(tokens),
        CqrsModule.forRoot(),
        EnterprisesModule.forRoot({ useVocabulary: () => vocabularyOf(bundledPacks()) }),
        AwardsModule,
        TargetsModule,
      ],
    })
      // What awards need besides: none is decided here, their list alone is read.
      .useMocker(() => ({}))
      .compile();
    const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
    app
      .getHttpAdapter()
      .getInstance()
      .decorateRequest('clock', { getter: () => clock });
    await app.listen(0, '127.0.0.1');
    await app.get(BundledPolicies).publishNew();
    return new TargetLedger(app, tokens, path);
  }

  async request(method: 'GET' | 'POST', url: string, role: PersonRole, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
    if (method === 'GET') await this.app.get(Subscriptions).settled(8_000);
    const token = await this.tokens.issue({ id: `${role}-1`, unit: '统计局', roles: [role] }, 3_600);
    const answer = await fetch(`${(await this.app.getUrl()).replace('[::1]', '127.0.0.1')}/v1${encodeURI(url)}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(method === 'POST' && { 'content-type': 'application/json', 'idempotency-key': `k${(keys += 1)}` }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Answer };
  }
  get = (url: string) => this.request('GET', url, 'auditor');
  post = (url: string, body: unknown, role: PersonRole = 'clerk', headers?: Readonly<Record<string, string>>) =>
    this.request('POST', `/targets/${url}`, role, body, headers);
  report = (target: string, period: string, value: string, unit?: string) =>
    this.post(`${target}/actuals`, { period, value, sourceUnit: '统计局', asOf: '2025-01-20', ...(unit !== undefined && { unit }) });

  async enterprise(code: CreditCode, region: string | undefined, ...commands: readonly EnterpriseCommand[]): Promise<void> {
    const register = {
      type: 'register',
      creditCode: code,
      name: `企业${code}`,
      evidence: paper,
      ...(region !== undefined && { region }),
    } as const;
    for (const command of [register, ...commands] as readonly EnterpriseCommand[]) {
      await this.app.get(CommandBus).execute(new RunEnterpriseCommand(code, command, context()));
    }
  }

  async close(): Promise<void> {
    await this.app.close();
    rmSync(this.path, { recursive: true, force: true });
  }
}

function context(): CommandContext {
  const commandId = derivedId('spec', `${(keys += 1)}`);
  const days = { effectiveOn: '2025-02-01', today: '2025-02-01' };
  const actor = { id: 'clerk-1', unit: '科技局', roles: ['clerk' as const] };
  return { commandId, contentHash: contentHash(commandId), actor, ...days, correlationId: commandId, causationId: commandId };
}

const certificate = (number: string, issuedOn: string, expiresOn: string): EnterpriseCommand => ({
  type: 'record-certificate',
  number,
  kind: 'hnte',
  certification: 'first',
  issuedOn,
  expiresOn,
  issuer: '省科技厅',
  evidence: paper,
});
const moved = (on: string): EnterpriseCommand => ({
  type: 'record-relocation',
  from: '深圳市',
  origin: 'out-of-province',
  whole: true,
  on,
  evidence: paper,
});
const fact = (name: string, value: boolean, period: string): EnterpriseCommand => ({
  type: 'record-facts',
  facts: [{ name, value, period, sourceUnit: '统计局', evidence: paper }],
});

/** What of the list of awards the count reads. */
describe('targets on a real ledger', () => {
  let ledger: TargetLedger;
  beforeAll(async () => {
    ledger = await TargetLedger.open();
  });
  afterAll(() => ledger.close());

  it('reports, verifies, corrects and shows every figure entered', async () => {
    const target = 'haimen-2022/H07';
    expect(await ledger.report(target, '2024', '121')).toMatchObject({
      status: 201,
      body: { stream: 'target-haimen-2022.H07.江苏省南通市海门区' },
    });
    expect(await ledger.post(`${target}/actuals/1/verify`, { evidence: paper })).toMatchObject({
      status: 409,
      body: { code: 'separation-of-duties' },
    });
    expect(await ledger.post(`${target}/actuals/1/verify`, { evidence: paper }, 'reviewer')).toMatchObject({ status: 200 });
    expect(await ledger.get(`/targets/${target}?year=2024`)).toMatchObject({
      body: { summary: { yes: 1 }, units: [{ rank: 1, evaluation: { achieved: 'yes', actual: { verified: true } } }] },
    });
    const correction = { period: '2024', value: '119', sourceUnit: '统计局', asOf: '2025-01-25', corrects: 1, evidence: paper };
    expect(await ledger.post(`${target}/actuals`, correction)).toMatchObject({ status: 201 });
    expect(await ledger.get(`/targets/${target}`)).toMatchObject({
      body: { year: 2024, units: [{ evaluation: { achieved: 'no', gap: '1', actual: { verified: false } } }] },
    });
    const first = await ledger.get(`/targets/${target}/entries?limit=1`);
    expect(first.body).toMatchObject({ items: [{ no: 1, value: '121', correctedBy: 2, verifiedBy: 'reviewer-1' }] });
    expect(await ledger.get(`/targets/${target}/entries?limit=1&cursor=${first.body.next}`)).toMatchObject({
      body: { items: [{ no: 2, value: '119', corrects: 1, evidence: paper }] },
    });
    expect((await ledger.get(`/targets/${target}/entries?on=2020-01-01`)).body).toEqual({ items: [] });
  });

  it('lists every indicator of the packs, a page at a time, with the questions the text leaves open', async () => {
    const seen: Record<string, unknown>[] = [];
    for (let cursor = ''; ;) {
      const { status, body } = await ledger.get(`/targets?limit=50${cursor}`);
      expect(status).toBe(200);
      seen.push(...body.items);
      if (body.next === undefined) break;
      cursor = `&cursor=${body.next}`;
    }
    const clauses = bundledPacks().flatMap(({ clauses: all }) => all.filter(({ shape }) => shape.kind.startsWith('target')));
    expect(seen).toHaveLength(clauses.length);
    expect(new Set(seen.map(({ pack, clause }) => `${pack as string}.${clause as string}`)).size).toBe(clauses.length);
    expect(seen.find(({ clause }) => clause === 'H09')).toMatchObject({
      openQuestions: [{ id: 'talents-a-year', computedAs: 'both-as-written' }],
    });
    expect(seen.find(({ clause }) => clause === 'J12')).toMatchObject({ draft: true, plan: { value: '2200', comparison: 'more-than' } });
    expect((await ledger.get('/targets?pack=none')).body).toMatchObject({ code: 'policy-unknown' });
  });

  it('shows the tables of Ganzhou as tables, with their parts; a blank cell stays unknown', async () => {
    await ledger.report('ganzhou-2023/Z29', '2024', '2.4', '南康区');
    const { body } = await ledger.get('/target-tables/ganzhou-2023/Z29');
    expect(body).toMatchObject({
      columns: [{ title: '2021年', year: 2021 }, {}, {}, {}, { year: 2025 }],
      parts: [{ clause: 'Z29-industry' }],
    });
    expect(body.rows).toHaveLength(19);
    expect(body.rows[1]).toMatchObject({
      unit: '南康区',
      cells: [
        { plan: '0.96', actual: null, achieved: 'unknown' },
        {},
        {},
        { plan: '2.19', actual: '2.4', difference: '0.21', achieved: 'yes' },
        {},
      ],
    });

    const builders = { unit: '特级、一级建筑企业', year: 2024 };
    const blank = async () => (await ledger.get('/target-tables/ganzhou-2023/Z32?year=2024')).body.rows[4];
    expect(await blank()).toMatchObject({ cells: [{ plan: null, actual: null, difference: null, achieved: 'unknown' }] });
    expect(
      await ledger.post('ganzhou-2023/Z32/plans', { ...builders, value: '1.5', document: '赣市研发〔2025〕1号' }, 'approver'),
    ).toMatchObject({
      status: 201,
    });
    expect(
      await ledger.post('ganzhou-2023/Z32/plans', { ...builders, unit: '高等学校', value: '1', document: '同上' }, 'approver'),
    ).toMatchObject({ status: 409, body: { code: 'plan-stated', stated: '8.07' } });
    await ledger.report('ganzhou-2023/Z32', '2024', '1.4', builders.unit);
    expect(await blank()).toMatchObject({ cells: [{ plan: '1.5', planFrom: 'unit', actual: '1.4', difference: '-0.1', achieved: 'no' }] });
    expect(await ledger.get('/targets/ganzhou-2023/Z32?year=2024')).toMatchObject({
      body: { summary: { no: 1, unknown: 4 }, units: [{ unit: builders.unit, rank: 1, stated: false }, {}, {}, {}, {}] },
    });
  });

  it.each([
    ['H34', 5, '30', ['shared-or-each']],
    ['H39', 3, '35', ['shared-or-each']],
  ])('shows the table of Haimen %s for each of its years', async (clause, rows, plan, questions) => {
    const { body } = await ledger.get(`/target-tables/haimen-2022/${clause}`);
    expect(body.columns).toEqual([2022, 2023, 2024].map((year) => ({ title: '每年', year })));
    expect(body.rows).toHaveLength(rows);
    expect(body.rows[0]).toMatchObject({ cells: [{ plan }, { plan }, { plan, year: 2024 }] });
    expect(body.openQuestions.map(({ id }) => id)).toEqual(questions);
  });

  it('judges a difference from a base, and says so until there is one', async () => {
    const target = 'jiangmen-2021/J12-net';
    await ledger.report(target, '2023', '2200');
    const standing = async () => (await ledger.get(`/targets/${target}`)).body.units[0];
    expect(await standing()).toMatchObject({ evaluation: { achieved: 'unknown', unknown: 'no-baseline' } });
    expect(await ledger.post(`${target}/baselines`, { value: '1851', sourceUnit: '统计局', asOf: '2021-03-01' })).toMatchObject({
      status: 201,
    });
    expect(await standing()).toMatchObject({ evaluation: { achieved: 'no', gap: '1', actual: { value: '349', base: '1851' } } });
  });

  it('counts from its own records beside what was reported', async () => {
    const [here, leaving, elsewhere, nowhere] = CODES as readonly [CreditCode, CreditCode, CreditCode, CreditCode];
    const valid = ['2023-11-01', '2026-10-31'] as const;
    await ledger.enterprise(
      here,
      `${REGION}沙文镇`,
      certificate('GR1', ...valid),
      moved('2024-05-01'),
      fact('enterprise.aboveScale', true, '2024-01-01'),
      fact('enterprise.techSmeRegistered', true, '2024-06-01'),
    );
    await ledger.enterprise(leaving, REGION, certificate('GR2', ...valid), moved('2023-05-01'), {
      type: 'record-departure',
      on: '2025-01-10',
      evidence: paper,
    });
    await ledger.enterprise(elsewhere, '贵州省贵阳市云岩区', certificate('GR3', ...valid));
    await ledger.enterprise(nowhere, undefined, certificate('GR4', ...valid));
    await ledger.report('baiyun-2022/B10', '2024', '3');
    expect(await ledger.get('/targets/baiyun-2022/B10')).toMatchObject({
      body: { counted: { day: '2025-02-01', value: '1', elsewhere: 1, withoutRegion: 1 } },
    });
    expect(await ledger.get('/targets/baiyun-2022/B10?year=2024')).toMatchObject({
      body: { counted: { day: '2024-12-31', value: '2', difference: '1' } },
    });
    expect(await ledger.get('/targets/baiyun-2022/B11?year=2024')).toMatchObject({ body: { counted: { value: '1', undetermined: 1 } } });
    expect(await ledger.get('/targets/baiyun-2022/B11?year=2024&on=2023-12-31')).toMatchObject({
      body: { counted: { value: '0', undetermined: 2 } },
    });

    const counts = new LedgerCounts(ledger.app.get(ReadModels));
    const arrivals = async (metric: Metric, day: string, since?: number) =>
      (await counts.count([{ metric, pack: 'p', region: REGION, day, ...(since !== undefined && { since }) }]))[0];
    expect(await arrivals('enterprises-relocated', '2024-12-31')).toMatchObject({ value: '2' });
    expect(await arrivals('enterprises-relocated', '2024-12-31', 2024)).toMatchObject({ value: '1' });
    expect(await arrivals('enterprises-relocated', '2025-02-01', 2023)).toMatchObject({ value: '1' });
    expect(await arrivals('certified-enterprises-relocated', '2024-12-31')).toMatchObject({ value: '1' });
    expect(await arrivals('tech-smes-registered', '2024-05-31')).toMatchObject({ value: '0' });
    expect(await arrivals('tech-smes-registered', '2024-06-01')).toMatchObject({ value: '1', elsewhere: 0 });
  });

  it('counts the awards of a pack that were granted and not revoked', async () => {
    const readModels = new SqliteReadModels(':memory:');
    const projection = new TargetCountsProjection();
    const lives = [
      ['p', '2023-12-31', []],
      ['p', '2024-06-30', []],
      ['p', '2024-06-15', [['2024-07-01', 'award-lapsed']]],
      [
        'p',
        '2024-06-01',
        [
          ['2024-09-01', 'award-held'],
          ['2024-10-01', 'award-revoked'],
        ],
      ],
      ['p', null, []],
      ['q', '2024-06-30', []],
    ] as const;
    await readModels.fill(projection, 1, (rows) =>
      lives.forEach(([pack, grantedOn, later], index) => {
        const happened = (type: string, effectiveOn: string) => {
          const event = { type, stream: `award-a${index}`, data: { pack }, metadata: { effectiveOn } } as unknown as RecordedEvent;
          if (isHandled(projection, event)) projection.apply(event, rows);
        };
        happened('award-applied', '2023-05-01');
        if (grantedOn !== null) happened('award-granted', grantedOn);
        for (const [day, type] of later) happened(type, day);
      }),
    );
    const counted = async (day: string, since?: number) =>
      (
        await new LedgerCounts(readModels).count([
          { metric: 'awards-granted', pack: 'p', region: REGION, day, ...(since !== undefined && { since }) },
        ])
      )[0]?.value;
    expect(await counted('2024-12-31')).toBe('3');
    expect(await counted('2024-06-30', 2024)).toBe('3');
    // It was revoked later only.
    expect([await counted('2024-09-30'), await counted('2024-10-01')]).toEqual(['4', '3']);
    await readModels.close();
  });

  it('answers a retry as the first time', async () => {
    const body = { period: '2023', value: '1', sourceUnit: '统计局', asOf: '2024-01-20' };
    const key = { 'idempotency-key': 'once' };
    const first = await ledger.post('haimen-2022/H13/actuals', body, 'clerk', key);
    expect(await ledger.post('haimen-2022/H13/actuals', body, 'clerk', key)).toMatchObject({
      status: 201,
      body: { revision: first.body.revision, replayed: true },
    });
    expect(await ledger.post('haimen-2022/H13/actuals', { ...body, value: '2' }, 'clerk', key)).toMatchObject({
      status: 409,
      body: { code: 'idempotency-key-reused' },
    });
  });

  const figure = { period: '2024', value: '1', sourceUnit: '统计局', asOf: '2025-01-20' };
  it.each([
    ['haimen-2022/H07/actuals', { ...figure, value: 1 }, 'value'],
    ['haimen-2022/H07/actuals', { ...figure, value: '1e3' }, 'value'],
    ['haimen-2022/H07/actuals', { ...figure, value: '1.1234567' }, 'value'],
    ['haimen-2022/H07/actuals', { ...figure, period: '2026' }, 'period'],
    ['haimen-2022/H07/actuals', { ...figure, period: '0000' }, 'period'],
    ['haimen-2022/H07/actuals', { ...figure, period: ['2024'] }, 'period'],
    ['haimen-2022/H07/actuals', { ...figure, asOf: '2025-02-30' }, 'asOf'],
    ['haimen-2022/H07/actuals', { ...figure, unit: 'x'.repeat(101) }, 'unit'],
    ['haimen-2022/H07/actuals', { ...figure, unit: 'а.б' }, 'unit'],
    ['haimen-2022/H07/actuals', { ...figure, corrects: 0 }, 'corrects'],
    ['haimen-2022/H07/actuals', { ...figure, sourceUnit: ' ' }, 'sourceUnit'],
    ['haimen-2022/H07/actuals/0/verify', { evidence: paper }, 'report'],
    ['haimen-2022/H07/actuals/1/verify', { evidence: [] }, 'evidence'],
    ['haimen-2022/H07/baselines', { ...figure, year: '2024' }, 'period'],
    ['Haimen/H07/actuals', figure, 'pack'],
    ['haimen-2022/H.07/actuals', figure, 'clause'],
  ])('answers bad input with 400: %s %j', async (url, body, field) => {
    const { status, body: problem } = await ledger.post(url, body);
    expect({ status, fields: (problem.errors ?? []).map((error) => error.field) }).toMatchObject({
      status: 400,
      fields: expect.arrayContaining([field]),
    });
  });

  it.each([
    ['haimen-2022/H34/actuals', figure, 404, 'target-unit-unknown'],
    ['haimen-2022/H21/actuals', figure, 409, 'clause-sets-no-target'],
    ['haimen-2022/H99/actuals', figure, 404, 'clause-not-found'],
    ['none/H07/actuals', figure, 404, 'policy-unknown'],
    ['haimen-2022/H07/baselines', { value: '1', sourceUnit: '统计局', asOf: '2025-01-20' }, 409, 'target-without-baseline'],
  ])('refuses %s', async (url, body, status, code) => expect(await ledger.post(url, body)).toMatchObject({ status, body: { code } }));

  it.each([
    '/targets?year=x',
    '/targets?cursor=x',
    '/targets?on=2025-02-30',
    '/targets?who=me',
    '/targets/haimen-2022/H07?year=1',
    '/target-tables/haimen-2022/H.',
  ])('answers a bad query with 400: %s', async (url) => expect((await ledger.get(url)).status).toBe(400));

  it('keeps each role to its part', async () => {
    expect(await ledger.post('haimen-2022/H07/actuals', figure, 'approver')).toMatchObject({ status: 403 });
    expect(await ledger.post('haimen-2022/H07/plans', { year: 2024, value: '1', document: 'd' }, 'clerk')).toMatchObject({ status: 403 });
    expect(await ledger.get('/target-tables/haimen-2022/H07')).toMatchObject({ status: 409, body: { code: 'clause-is-no-table' } });
  });
});
