import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVENT_STORE, type EventStore } from '@app/event-store';
import { Tokens } from '@app/http';
import { type PersonRole, withCheckCharacter } from '@app/kernel';
import { type SubscriberStatus, Subscriptions } from '@app/projections';
import { createLedger, type Ledger } from '../../apps/api/src/create-ledger.js';
import { type StoreKind, STORES, StoreUnderTest } from '../support/store-under-test.js';

const PACK = 'ganzhou-etdz-2023';
const [A, B, C] = [1, 2, 3].map((number) => withCheckCharacter(`91360799MAXX0000${number}`)) as unknown as [string, string, string];
const paper = [{ title: '佐证材料' }];

/** What people read, and what must be the same however the tables came about. */
const ANSWERS = [
  '/v1/balances/trial',
  ...['line', 'year', 'clause', 'payee'].map((by) => `/v1/balances?by=${by}`),
  '/v1/awards',
  '/v1/budgets',
  '/v1/payment-batches',
  '/v1/enterprises',
  `/v1/budgets/${PACK}/awards/2024/reservations`,
  '/v1/due-instalments?on=2024-12-31',
  '/v1/balances/reconciliation',
];

/** The whole ledger with all its routes on a data folder of its own, with a calendar that is turned by hand. */
class Office {
  private ledger: Ledger | undefined;
  private keys = 0;
  today = '2024-05-01';
  private readonly clock = { now: () => new Date(`${this.today}T04:00:00Z`) };

  private store: StoreUnderTest | undefined;

  private constructor(
    readonly dataFolder: string,
    private readonly kind: StoreKind,
  ) {}

  static async open(dataFolder: string, kind: StoreKind): Promise<Office> {
    const office = new Office(dataFolder, kind);
    await office.reopen();
    return office;
  }

  async reopen(): Promise<void> {
    const { dataFolder, clock, kind } = this;
    const store = (this.store ??= await StoreUnderTest.start(dataFolder, () => clock.now().getTime(), kind));
    this.ledger = await createLedger({ dataFolder, clock, logger: false, publishBundledPolicies: true, esdb: store.setting });
    await this.ledger.app.listen(0, '127.0.0.1');
  }

  async close(): Promise<void> {
    await this.ledger?.close();
    this.ledger = undefined;
  }

  async dispose(): Promise<void> {
    await this.close();
    await this.store?.close();
  }

  private get app() {
    if (this.ledger === undefined) throw new Error('the ledger is closed');
    return this.ledger.app;
  }

  /** `actor` is a role, with a number where there are several of it: `approver2`. */
  async ask(method: 'GET' | 'POST', actor: string, url: string, body: unknown = {}): Promise<Record<string, unknown>> {
    const tokens = Tokens.fromKeyFile(join(this.dataFolder, 'token.key'), this.clock);
    const token = await tokens.issue({ id: actor, unit: '测试单位', roles: [actor.replace(/\d$/, '') as PersonRole] }, 3_600);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': `k${(this.keys += 1)}` };
    const request = { method, headers, ...(method === 'POST' && { body: JSON.stringify(body) }) };
    const answer = await fetch((await this.app.getUrl()) + url, request);
    return { ...((await answer.json()) as Record<string, unknown>), status: answer.status };
  }

  async do(actor: string, url: string, body?: unknown): Promise<void> {
    const answer = await this.ask('POST', actor, url, body);
    if (Number(answer['status']) >= 400) throw new Error(`${url}: ${JSON.stringify(answer)}`);
  }

  /** Waits until everything has followed; returns those that could not. */
  async stopped(): Promise<readonly SubscriberStatus[]> {
    const subscriptions = this.app.get(Subscriptions);
    const isSettled = await subscriptions.settled(20_000);
    const stopped = subscriptions.status().filter(({ state }) => state !== 'running');
    if (!isSettled && stopped.length === 0) throw new Error(`does not settle: ${JSON.stringify(subscriptions.status())}`);
    return stopped;
  }

  head(): Promise<number> {
    return this.app.get<EventStore>(EVENT_STORE).head();
  }

  async answers(): Promise<Readonly<Record<string, unknown>>> {
    const each = ANSWERS.map(async (url) => [url, await this.ask('GET', 'auditor', url)] as const);
    return Object.fromEntries(await Promise.all(each));
  }

  /** A registered enterprise with a verified account (F1) and landed projects. */
  async enterprise(code: string, ...projects: readonly string[]): Promise<void> {
    await this.do('clerk', '/v1/enterprises', { creditCode: code, name: `测试企业${code.slice(-4)}` });
    const facts = [
      { name: 'payment.account', value: `账户${code}`, sourceUnit: '测试' },
      ...projects.map((subject) => ({ name: 'project.landed', value: true, subject, sourceUnit: '测试' })),
    ];
    await this.do('clerk', `/v1/enterprises/${code}/facts`, { facts });
    for (let no = 1; no <= facts.length; no += 1)
      await this.do('reviewer', `/v1/enterprises/${code}/facts/F${no}/verify`, { evidence: paper });
  }

  /** Applied for, assessed, reviewed and on public notice. */
  async publicised(code: string, project: string): Promise<string> {
    const award = `/v1/awards/${PACK}.G13.${code}.${project}`;
    await this.do('clerk', '/v1/awards', { pack: PACK, clause: 'G13', payee: code, occasion: project });
    await this.do('clerk', `${award}/assess`);
    await this.do('reviewer', `${award}/review`, { recommended: true });
    await this.do('clerk', `${award}/publicise`);
    return award;
  }

  grant(award: string, line = 'awards'): Promise<Record<string, unknown>> {
    return this.ask('POST', 'approver', `${award}/grant`, { line, period: '2024', documentNo: '测财〔2024〕1号' });
  }

  async batch(batch: string, ...awards: readonly string[]): Promise<void> {
    const instalments = awards.map((award) => ({ award: award.slice('/v1/awards/'.length), instalment: 1 }));
    await this.do('finance', '/v1/payment-batches', { batch, title: batch, instalments });
    await this.do('finance', `/v1/payment-batches/${batch}/freeze`);
  }

  bank(batch: string, ...results: readonly (readonly [line: number, result: 'paid' | 'returned'])[]): Promise<void> {
    const rows = results.map(([line, result]) => [batch, line, '5000.00', result, this.today, `${batch}-${line}-${result}`].join(','));
    const content = ['batch,line,amount,result,date,reference', ...rows].join('\n');
    return this.do('finance', `/v1/payment-batches/${batch}/results`, { file: `${batch}.csv`, content });
  }

  fund(line: string, amount: string): Promise<void> {
    return this.do('finance', `/v1/budgets/${PACK}/${line}/2024/appropriations`, { amount, reason: '下达', evidence: paper });
  }
}

/** Awards paid, returned and paid again, claimed back, held, lapsed, merged; everything that makes one stream follow another. */
async function liveThrough(office: Office): Promise<void> {
  for (const line of ['awards', 'reserve']) await office.do('finance', '/v1/budgets', { pack: PACK, line, period: '2024', title: line });
  await office.fund('awards', '35000.00');
  await office.do('finance', `/v1/budgets/${PACK}/awards/2024/transfers`, {
    to: { pack: PACK, line: 'reserve', period: '2024' },
    amount: '5000.00',
    reason: '调剂',
    evidence: paper,
  });
  await office.enterprise(A, 'P1', 'P2', 'P3', 'P4');
  await office.enterprise(B, 'Q1', 'Q2');
  await office.enterprise(C, 'R1');
  const paid = await office.publicised(A, 'P1');
  const returned = await office.publicised(A, 'P2');
  const claimed = await office.publicised(A, 'P3');
  const lapsed = await office.publicised(A, 'P4');
  const withdrawn = await office.publicised(B, 'Q1');
  const waiting = await office.publicised(B, 'Q2');
  const merged = await office.publicised(C, 'R1');
  office.today = '2024-05-10';
  for (const award of [paid, returned, claimed, lapsed, withdrawn, merged]) expect((await office.grant(award))['status']).toBe(200);
  // The line is exhausted: the grant fails for good, and a later one on another line succeeds.
  expect((await office.grant(waiting))['code']).toBe('budget-exhausted');
  expect((await office.grant(waiting, 'reserve'))['status']).toBe(200);

  await office.batch('B1', paid, returned, claimed);
  await office.bank('B1', [1, 'paid'], [2, 'paid'], [3, 'paid']);
  await office.bank('B1', [2, 'returned']);
  await office.do('approver', `${claimed}/clawbacks`, {
    cause: 'misuse',
    principal: '5000.00',
    finePercent: '10',
    dueOn: '2024-06-30',
    reason: '挪用',
  });
  await office.do('finance', `${claimed}/clawbacks/1/receipts`, { amount: '5000.00', on: '2024-05-10', reference: 'R1' });
  await office.do('approver2', `${claimed}/clawbacks/1/write-off`, { amount: '500.00', reason: '破产终结' });

  // A batch withdrawn from the bank, which had paid a line of it all the same: the award is held until somebody has asked the bank.
  await office.batch('B2', withdrawn);
  await office.do('finance2', '/v1/payment-batches/B2/cancel', { reason: '银行未收到' });
  await office.bank('B2', [1, 'paid']);
  expect(await office.stopped()).toEqual([]);
  expect((await office.ask('POST', 'approver', `${withdrawn}/hold/release`, { reason: '已与银行核对' }))['code']).toBe('hold-of-payment');
  const notMade = { outcome: 'not-made', reason: '已与银行核对', evidence: paper };
  await office.do('finance', '/v1/payment-batches/B2/lines/1/resolve-unexpected', notMade);
  await office.do('approver', `${withdrawn}/lapse`, { reason: '企业放弃' });

  // A line dropped while freezing, and one at the bank whose account is doubted afterwards.
  await office.do('approver', `${lapsed}/hold`, { reason: '核查' });
  await office.do('finance', '/v1/payment-batches', { batch: 'B3', title: 'B3', filter: { payee: B } });
  await office.do('finance', '/v1/payment-batches/B3/freeze');
  await office.do('reviewer', `/v1/enterprises/${B}/facts/F1/dispute`, { reason: '账户有误' });
  await office.do('approver', `${lapsed}/lapse`, { reason: '逾期' });

  await office.do('administrator', `/v1/enterprises/${C}/merge`, { survivor: A, reason: '吸收合并', evidence: paper });
  await office.do('approver2', `${merged}/payee`, { payee: A, reason: '吸收合并' });
  await office.batch('B4', returned, merged);
  await office.bank('B4', [1, 'paid']);
}

describe.each(STORES)('a ledger on %s whose read models are lost', (kind) => {
  let dataFolder: string;
  let office: Office;
  beforeAll(async () => {
    dataFolder = mkdtempSync(join(tmpdir(), 'ledger-restart-'));
    office = await Office.open(dataFolder, kind);
    await liveThrough(office);
  });
  afterAll(async () => {
    await office.dispose();
    rmSync(dataFolder, { recursive: true, force: true });
  });

  it('builds them anew: nothing stops, nothing happens twice, and every answer is the same', async () => {
    expect(await office.stopped()).toEqual([]);
    const before = { head: await office.head(), answers: await office.answers() };
    expect(before.answers['/v1/balances/reconciliation']).toMatchObject({ status: 200, reconciled: true, differences: [] });
    await office.close();
    const lost = readdirSync(dataFolder).filter((name) => name.startsWith('read-models.db'));
    expect(lost).toContain('read-models.db');
    for (const name of lost) rmSync(join(dataFolder, name));
    // Seen again on a later day: what follows from an event must not depend on when it is looked at.
    office.today = '2024-07-01';
    await office.reopen();
    expect(await office.stopped()).toEqual([]);
    expect({ head: await office.head(), answers: await office.answers() }).toEqual(before);
  });

  it('goes on: the bank answers what had been at the bank before', async () => {
    await office.bank('B3', [1, 'paid']);
    await office.bank('B4', [2, 'paid']);
    expect(await office.stopped()).toEqual([]);
    expect(await office.ask('GET', 'auditor', '/v1/balances/reconciliation')).toMatchObject({ reconciled: true });
    const { items } = (await office.ask('GET', 'auditor', '/v1/payment-batches')) as {
      items: readonly { batch: string; status: string }[];
    };
    expect(items.map(({ batch, status }) => `${batch} ${status}`)).toEqual(['B1 frozen', 'B2 cancelled', 'B3 frozen', 'B4 frozen']);
  });
});
