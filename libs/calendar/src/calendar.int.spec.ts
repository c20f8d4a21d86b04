import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CommandBus, CqrsModule } from '@nestjs/cqrs';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { BudgetsModule, budgetEvents } from '@app/budgets';
import { EnterprisesModule, type EnterpriseCommand, enterpriseEvents, RunEnterpriseCommand, vocabularyOf } from '@app/enterprises';
import { EventStoreModule } from '@app/event-store';
import { HttpModule, Tokens } from '@app/http';
import { type Clock, type CreditCode, derivedId, type PersonRole } from '@app/kernel';
import { BundledPolicies, bundledPacks, policyEvents } from '@app/policies';
import { ProjectionsModule, Subscriptions } from '@app/projections';
import { tierEvents, TiersModule } from '@app/tiers';
import { paper } from './calendar.fixture.js';
import { CalendarModule } from './calendar.module.js';
import { dutyEvents } from './duty.codec.js';

const CODE = '91360700MA35GYDUG8' as CreditCode;
let keys = 0;

class Today implements Clock {
  day = '2024-03-01';
  now(): Date {
    return new Date(`${this.day}T04:00:00Z`);
  }
}

/** What of an answer the specs look into. */
interface Answer {
  readonly items: readonly Record<string, unknown>[];
  readonly next?: string;
  readonly code?: string;
  readonly errors?: readonly { readonly field: string }[];
}

class CalendarLedger {
  private constructor(
    readonly app: NestFastifyApplication,
    readonly clock: Today,
    private readonly tokens: Tokens,
    private readonly path: string,
  ) {}

  static async open(): Promise<CalendarLedger> {
    const path = mkdtempSync(join(tmpdir(), 'calendar-'));
    const clock = new Today();
    const tokens = new Tokens(new Uint8Array(32).fill(7), clock);
    const events = { ...policyEvents, ...enterpriseEvents, ...budgetEvents, ...tierEvents, ...dutyEvents };
    const module = await Test.createTestingModule({
      imports: [
        EventStoreModule.forRoot({ file: join(path, 'events.db'), clock, definitions: events }),
        ProjectionsModule.forRoot({ file: join(path, 'read.db') }),
        HttpModule.forRoot(tokens),
        CqrsModule.forRoot(),
        EnterprisesModule.forRoot({ useVocabulary: () => vocabularyOf(bundledPacks()) }),
        BudgetsModule.forRoot(),
        TiersModule,
        CalendarModule,
      ],
    })
      // Ladders ask whether an enterprise is black-listed; here nobody is.
      .useMocker(() => ({ listingsOf: () => Promise.resolve([]) }))
      .compile();
    const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
    app
      .getHttpAdapter()
      .getInstance()
      .decorateRequest('clock', { getter: () => clock });
    await app.listen(0, '127.0.0.1');
    await app.get(BundledPolicies).publishNew();
    return new CalendarLedger(app, clock, tokens, path);
  }

  async request(method: 'GET' | 'POST', url: string, role: PersonRole, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
    if (!(await this.app.get(Subscriptions).settled(8_000))) throw new Error('not settled');
    const token = await this.tokens.issue({ id: `${role}-1`, unit: '科技局', roles: [role] }, 3_600);
    const answer = await fetch(`${(await this.app.getUrl()).replace('[::1]', '127.0.0.1')}/v1${url}`, {
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
  post = async (url: string, role: PersonRole, body: unknown, headers?: Readonly<Record<string, string>>) => {
    const answer = await this.request('POST', url, role, body, headers);
    return { ...answer, did: `${answer.status} ${answer.body.code ?? ''}`.trim() };
  };
  /** How one duty stands. */
  async duty(id: string, on: string): Promise<Record<string, unknown> | undefined> {
    const { body } = await this.get(`/calendar?on=${on}&from=2022-01-01&until=2026-12-31&pack=${id.split('.')[0] ?? ''}&limit=500`);
    return body.items.find((item) => item['id'] === id);
  }
  enterprise(command: EnterpriseCommand): Promise<unknown> {
    const commandId = derivedId('spec', `${(keys += 1)}`);
    const { day: effectiveOn } = this.clock;
    const actor = { id: 'clerk-1', unit: '科技局', roles: ['clerk' as const] };
    const context = { commandId, contentHash: commandId, actor, effectiveOn, today: effectiveOn };
    const command$ = new RunEnterpriseCommand(CODE, command, { ...context, correlationId: commandId, causationId: commandId });
    return this.app.get(CommandBus).execute(command$);
  }

  async close(): Promise<void> {
    await this.app.close();
    rmSync(this.path, { recursive: true, force: true });
  }
}

describe('the calendar on a real ledger', () => {
  let ledger: CalendarLedger;
  beforeAll(async () => {
    ledger = await CalendarLedger.open();
  });
  afterAll(() => ledger.close());

  it('marks a duty as done, late by a day, and reopens it', async () => {
    ledger.clock.day = '2024-04-02';
    const duty = '/duties/ganzhou-2023/Z24/2024-Q1';
    const id = 'ganzhou-2023.Z24.2024-Q1';
    expect(await ledger.duty(id, '2024-03-31')).toMatchObject({ status: 'due', daysLeft: 0 });
    expect(await ledger.duty(id, '2024-04-01')).toMatchObject({ status: 'overdue', daysOver: 1 });
    const body = { on: '2024-04-01', note: '第一季度调度会', evidence: paper };
    const key = { 'idempotency-key': 'once' };
    expect(await ledger.post(`${duty}/done`, 'clerk', body, key)).toMatchObject({ did: '200', body: { stream: `duty-${id}` } });
    expect(await ledger.post(`${duty}/done`, 'clerk', body, key)).toMatchObject({ did: '200', body: { replayed: true } });
    expect(await ledger.duty(id, '2024-04-02')).toMatchObject({
      status: 'done-late',
      doneOn: '2024-04-01',
      proof: { kind: 'officer', by: 'clerk-1', note: '第一季度调度会', evidence: paper },
    });
    ledger.clock.day = '2024-04-10';
    expect((await ledger.post(`${duty}/reopen`, 'approver', { reason: '没有会议纪要' })).did).toBe('200');
    expect(await ledger.duty(id, '2024-04-09')).toMatchObject({ status: 'done-late' });
    expect(await ledger.duty(id, '2024-04-10')).toMatchObject({ status: 'overdue', daysOver: 10 });
    await ledger.post(`${duty}/done`, 'clerk', { ...body, on: '2024-03-31' });
    expect(await ledger.duty(id, '2024-04-10')).toMatchObject({ status: 'done', doneOn: '2024-03-31' });
  });

  it('shows a year at a time, a page at a time, and older duties that are still open', async () => {
    const ids = async (query: string) => (await ledger.get(`/calendar?pack=haimen-2022&${query}`)).body.items.map(({ id }) => id);
    const in2023 = ['H22-march.2023', 'H23.2023-H1', 'H22.2023', 'H23.2023-H2', 'H33.2023'].map((id) => `haimen-2022.${id}`);
    const in2022 = ['H23.2022-H2', 'H33.2022'].map((id) => `haimen-2022.${id}`);
    expect(await ids('on=2023-07-01')).toEqual([...in2022, ...in2023]);
    expect(await ids('on=2023-07-01&overdue=true')).toEqual([...in2022, ...in2023.slice(0, 2)]);
    expect(await ids('on=2023-07-01&status=due&until=2023-09-10')).toEqual([in2023[2]]);
    const { body } = await ledger.get('/calendar?pack=haimen-2022&on=2023-07-01&limit=3');
    expect([...body.items.map(({ id }) => id), ...(await ids(`on=2023-07-01&cursor=${body.next ?? ''}`))]).toEqual([...in2022, ...in2023]);
  });

  it('reports what is overdue as findings', async () => {
    const { body } = await ledger.get('/calendar/findings?pack=haimen-2022&on=2023-04-10');
    expect(body.items).toMatchObject([
      { code: 'duty-overdue', clause: 'H23', period: '2022-H2', due: '2022-12-31', daysOver: 100, severity: 'high' },
      { clause: 'H33', severity: 'high' },
      { clause: 'H22-march', due: '2023-03-10', daysOver: 31, severity: 'medium', citation: { line: 172, quote: expect.any(String) } },
    ]);
    expect((await ledger.get('/calendar/findings?pack=haimen-2022&on=2023-03-10')).body.items).toHaveLength(2);
  });

  it('sees a review of a ladder closed, and a recommendation made', async () => {
    ledger.clock.day = '2024-04-30';
    const review = '/tier-reviews/baiyun-cultivation/2024';
    expect((await ledger.post(review, 'clerk', {})).did).toBe('201');
    expect((await ledger.post(`${review}/propose`, 'clerk', {})).did).toBe('200');
    expect(await ledger.duty('baiyun-2022.B04.2024', '2024-04-30')).toMatchObject({ status: 'due' });
    expect((await ledger.post(`${review}/close`, 'approver', {})).did).toBe('200');
    expect(await ledger.duty('baiyun-2022.B04.2024', '2024-05-01')).toMatchObject({
      status: 'done',
      proof: { kind: 'tier-review', on: '2024-04-30', record: 'tierreview-baiyun-cultivation.2024' },
    });
    expect(await ledger.duty('baiyun-2022.B04.2025', '2024-05-01')).toMatchObject({ status: 'due' });
    await ledger.enterprise({ type: 'register', creditCode: CODE, name: '白云甲公司', evidence: paper });
    ledger.clock.day = '2024-05-26';
    const placed = { to: 'first', reason: '评估', override: '试点企业', evidence: paper };
    expect((await ledger.post(`/ladders/baiyun-cultivation/enterprises/${CODE}/assign`, 'approver', placed)).did).toBe('200');
    expect((await ledger.post(`${review}/recommend`, 'approver', { reason: '集中推荐', evidence: paper })).did).toBe('200');
    expect(await ledger.duty('baiyun-2022.B05.2024', '2024-05-26')).toMatchObject({
      status: 'done-late',
      proof: { kind: 'recommendation', on: '2024-05-26' },
    });
    expect(await ledger.duty('baiyun-2022.B05.2024', '2024-05-25')).toMatchObject({ status: 'due', daysLeft: 0 });
  });

  it('sees a title awarded, and money appropriated', async () => {
    ledger.clock.day = '2025-01-08';
    const title: EnterpriseCommand = {
      type: 'award-title',
      title: 'advanced-technology',
      year: 2024,
      on: '2024-12-20',
      documentNo: '1号',
      evidence: paper,
    };
    await ledger.enterprise(title);
    expect(await ledger.duty('ganzhou-etdz-2023.G53.2024', '2025-01-08')).toMatchObject({
      status: 'done',
      proof: { kind: 'title', on: '2024-12-20', record: `enterprise-${CODE}` },
    });
    expect(await ledger.duty('ganzhou-etdz-2023.G53.2023', '2025-01-08')).toMatchObject({ status: 'overdue' });
    const line = { pack: 'baiyun-2022', line: 'awards', period: '2024' };
    expect((await ledger.post('/budgets', 'finance', { ...line, title: '补助资金' })).did).toBe('201');
    expect(await ledger.duty('baiyun-2022.B09.2024', '2025-01-08')).toMatchObject({ status: 'overdue', daysOver: 8 });
    const money = { amount: '100.00', reason: '年初预算', evidence: paper, effectiveOn: '2024-02-01' };
    expect((await ledger.post('/budgets/baiyun-2022/awards/2024/appropriations', 'finance', money)).did).toBe('200');
    expect(await ledger.duty('baiyun-2022.B09.2024', '2025-01-08')).toMatchObject({
      status: 'done',
      proof: { kind: 'appropriation', on: '2024-02-01', record: 'budget-baiyun-2022.awards.2024' },
    });
  });

  it('takes no title that was withdrawn', async () => {
    ledger.clock.day = '2025-02-10';
    await ledger.enterprise({
      type: 'withdraw-title',
      title: 'advanced-technology',
      year: 2024,
      on: '2025-02-08',
      reason: '弄虚作假',
      evidence: paper,
    });
    expect(await ledger.duty('ganzhou-etdz-2023.G53.2024', '2025-02-07')).toMatchObject({ status: 'done' });
    expect(await ledger.duty('ganzhou-etdz-2023.G53.2024', '2025-02-08')).toMatchObject({ status: 'overdue', daysOver: 39 });
  });

  it('owes a year its own records, made in it', async () => {
    ledger.clock.day = '2025-12-10';
    const early: EnterpriseCommand = {
      type: 'award-title',
      title: 'advanced-technology',
      year: 2025,
      on: '2024-12-30',
      documentNo: '2号',
      evidence: paper,
    };
    await ledger.enterprise(early);
    const line = { pack: 'baiyun-2022', line: 'awards', period: '2026' };
    expect((await ledger.post('/budgets', 'finance', { ...line, title: '补助资金' })).did).toBe('201');
    const money = { amount: '100.00', reason: '预算', evidence: paper };
    expect((await ledger.post('/budgets/baiyun-2022/awards/2026/appropriations', 'finance', money)).did).toBe('200');
    const review = '/tier-reviews/baiyun-cultivation/2026';
    expect((await ledger.post(review, 'clerk', {})).did).toBe('201');
    expect((await ledger.post(`${review}/propose`, 'clerk', {})).did).toBe('200');
    expect((await ledger.post(`${review}/decide-all`, 'approver', { kind: 'undetermined', decision: 'keep', reason: '维持' })).did).toBe(
      '200',
    );
    expect((await ledger.post(`${review}/close`, 'approver', {})).did).toBe('409 review-year-not-begun');
    expect((await ledger.post(`${review}/recommend`, 'approver', { reason: '推荐' })).did).toBe('409 review-year-not-begun');
    const standing = async (duty: string, on: string) => (await ledger.duty(duty, on))?.['status'];
    for (const duty of ['baiyun-2022.B04.2026', 'baiyun-2022.B05.2026', 'baiyun-2022.B09.2026', 'ganzhou-etdz-2023.G53.2025'])
      expect([duty, await standing(duty, '2025-12-31')]).toEqual([duty, 'due']);
    // Money for a year is put on its line before the year: it counts from the first day of the year on.
    expect(await ledger.duty('baiyun-2022.B09.2026', '2026-01-01')).toMatchObject({ status: 'done', doneOn: '2025-12-10' });
    ledger.clock.day = '2026-01-05';
    expect((await ledger.post(`${review}/close`, 'approver', {})).did).toBe('200');
    expect(await standing('baiyun-2022.B04.2026', '2026-01-05')).toBe('done');
    expect(await standing('baiyun-2022.B05.2026', '2026-01-05')).toBe('due');
  });

  it('takes neither a recommendation of the year after, nor a review that lapsed with its policy', async () => {
    const review = '/tier-reviews/baiyun-cultivation/2025';
    ledger.clock.day = '2025-12-31';
    expect((await ledger.post(review, 'clerk', {})).did).toBe('201');
    ledger.clock.day = '2026-01-06';
    expect((await ledger.post(`${review}/recommend`, 'approver', { reason: '补推荐' })).did).toBe('200');
    expect(await ledger.duty('baiyun-2022.B05.2025', '2026-01-06')).toMatchObject({ status: 'overdue' });
    const repeal = { on: '2026-01-07', reason: '废止', evidence: paper };
    expect((await ledger.post('/policies/baiyun-2022/repeal', 'administrator', repeal)).did).toBe('200');
    ledger.clock.day = '2026-01-08';
    expect((await ledger.post(`${review}/lapse`, 'approver', { reason: '政策已废止' })).did).toBe('200');
    expect(await ledger.duty('baiyun-2022.B04.2025', '2026-01-08')).toMatchObject({ status: 'overdue' });
  });

  const doing = { on: '2024-04-01', evidence: paper };
  it.each([
    ['/duties/ganzhou-2023/Z24/2024-Q9/done', doing, 'period'],
    ['/duties/ganzhou-2023/Z24/2024-Q1/done', { ...doing, on: '2024-02-30' }, 'on'],
    ['/duties/ganzhou-2023/Z24/2024-Q1/done', { ...doing, evidence: [] }, 'evidence'],
    ['/duties/ganzhou-2023/Z24/2024-Q1/done', { ...doing, note: ' ' }, 'note'],
    ['/duties/Ganzhou/Z24/2024-Q1/done', doing, 'pack'],
    ['/duties/ganzhou-2023/Z.24/2024-Q1/done', doing, 'clause'],
  ])('answers bad input with 400: %s %j', async (url, body, field) => {
    const { status, body: problem } = await ledger.post(url, 'clerk', body);
    expect({ status, field: problem.errors?.[0]?.field }).toEqual({ status: 400, field });
  });

  it.each([
    ['ganzhou-2023/Z24/2024', '404 duty-unknown'],
    ['ganzhou-2023/Z24/2026-Q1', '404 duty-unknown'],
    ['ganzhou-2023/Z29/2024', '409 clause-sets-no-deadline'],
    ['ganzhou-2023/Z99/2024', '404 clause-not-found'],
    ['none/Z24/2024', '404 policy-unknown'],
  ])('knows no duty %s', async (path, did) => expect(await ledger.post(`/duties/${path}/done`, 'clerk', doing)).toMatchObject({ did }));

  it.each([
    '?on=2024-02-30',
    '?status=late',
    '?until=2020-01-01&from=2021-01-01',
    '?on=2024-01-01&until=2035-01-01',
    '?cursor=x',
    '?overdue=true&status=done',
  ])('answers a bad query with 400: %s', async (query) => expect((await ledger.get(`/calendar${query}`)).status).toBe(400));

  it('keeps each role to its part', async () => {
    expect((await ledger.post('/duties/ganzhou-2023/Z24/2024-Q2/done', 'approver', doing)).did).toBe('403 role-required');
    expect((await ledger.post('/duties/ganzhou-2023/Z24/2024-Q2/reopen', 'clerk', { reason: '理由' })).did).toBe('403 role-required');
  });
});
