import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Tokens } from '@app/http';
import { type PersonRole, withCheckCharacter } from '@app/kernel';
import { METRICS, NOTE_KINDS, parsePack, type Shape, TARGET_COUNTS } from '@app/policies';
import { Subscriptions } from '@app/projections';
import { createLedger, type Ledger } from '../../apps/api/src/create-ledger.js';
import { StoreUnderTest } from '../support/store-under-test.js';

const text = (name: string) => readFileSync(new URL(`./sixth-document/${name}`, import.meta.url), 'utf8');
const [DOCUMENT, PACK_TEXT] = [text('document.txt'), text('pack.yaml')];
const PACK = 'linjiang-2024';
const paper = [{ title: '佐证材料', documentNo: '临科〔2024〕1号' }];
const reason = '会议决定';
const [ALPHA, BETA, GAMMA, DELTA, AGENCY] = [1, 2, 3, 4, 5].map((number) => withCheckCharacter(`91360799MALJ0000${number}`)) as unknown as [
  string,
  string,
  string,
  string,
  string,
];

interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly items: readonly Record<string, unknown>[];
  readonly [field: string]: unknown;
}

/** The whole ledger in this process, with a calendar that is turned by hand. */
class Office {
  today = '2024-01-05';
  private keys = 0;
  private readonly clock = { now: () => new Date(`${this.today}T04:00:00Z`) };
  private store!: StoreUnderTest;
  private ledger!: Ledger;
  private tokens!: Tokens;
  private url!: string;

  private constructor(readonly dataFolder: string) {}

  static async open(): Promise<Office> {
    const office = new Office(mkdtempSync(join(tmpdir(), 'ledger-sixth-')));
    const { dataFolder, clock } = office;
    office.store = await StoreUnderTest.start(dataFolder, () => clock.now().getTime());
    office.ledger = await createLedger({ dataFolder, clock, logger: false, publishBundledPolicies: true, esdb: office.store.setting });
    await office.ledger.app.listen(0, '127.0.0.1');
    office.url = await office.ledger.app.getUrl();
    office.tokens = Tokens.fromKeyFile(join(dataFolder, 'token.key'), clock);
    return office;
  }

  async close(): Promise<void> {
    await this.ledger.close();
    await this.store.close();
    rmSync(this.dataFolder, { recursive: true, force: true });
  }

  private async ask(method: 'GET' | 'POST', actor: string, path: string, body?: unknown): Promise<Answer> {
    const token = await this.tokens.issue({ id: actor, unit: '测试单位', roles: [actor.replace(/\d$/, '') as PersonRole] }, 3_600);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': `k${(this.keys += 1)}` };
    const answer = await fetch(`${this.url}/v1/${path}`, { method, headers, ...(method === 'POST' && { body: JSON.stringify(body) }) });
    return { ...((await answer.json()) as Answer), status: answer.status };
  }

  /** What is read once everything has followed. */
  async get(path: string): Promise<Answer> {
    if (!(await this.ledger.app.get(Subscriptions).settled(20_000))) throw new Error('the ledger does not settle');
    return this.ask('GET', 'auditor', path);
  }

  /** `actor` is a role, with a number where there are several of it. */
  post(actor: string, path: string, body: object = {}): Promise<Answer> {
    return this.ask('POST', actor, path, body);
  }

  async do(actor: string, path: string, body: object = {}): Promise<Answer> {
    const answer = await this.post(actor, path, body);
    if (answer.status >= 400) throw new Error(`${path}: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** A registered enterprise with verified facts; a name may begin with a year (`2023:`) or end with a subject (`@P1`). */
  async enterprise(code: string, name: string, facts: Readonly<Record<string, string | boolean>>): Promise<void> {
    await this.do('clerk', 'enterprises', {
      creditCode: code,
      name,
      region: '示范市临江新区',
      registeredOn: '2020-01-06',
      evidence: paper,
    });
    await this.facts(code, { 'payment.account': `账户${code}`, ...facts });
  }

  async facts(code: string, facts: Readonly<Record<string, string | boolean>>): Promise<void> {
    const known = (await this.get(`enterprises/${code}`))['facts'] as unknown[];
    const list = Object.entries(facts).map(([key, value]) => {
      const [, period, name, subject] = /^(?:(\d{4}):)?([^@]+)(?:@(.+))?$/.exec(key) ?? [];
      return { name, value, sourceUnit: '统计局', ...(period && { period }), ...(subject && { subject }) };
    });
    await this.do('clerk', `enterprises/${code}/facts`, { facts: list });
    for (let no = 1; no <= list.length; no += 1)
      await this.do('reviewer', `enterprises/${code}/facts/F${known.length + no}/verify`, { evidence: paper });
  }

  certificate(code: string, number: string, certification: string, issuedOn: string, expiresOn: string): Promise<Answer> {
    const body = { number, kind: 'hnte', certification, issuedOn, expiresOn, issuer: '认定办', evidence: paper };
    return this.do('clerk', `enterprises/${code}/certificates`, body);
  }

  clearance(code: string, clearance: string, agency: string, finding = 'clear'): Promise<Answer> {
    const body = { clearance, agency, finding, on: this.today, documentNo: `${clearance}-${this.today}`, evidence: paper };
    return this.do('clerk', `enterprises/${code}/clearances`, body);
  }

  apply(clause: string, payee: string, occasion?: string, more: object = {}): Promise<Answer> {
    return this.post('clerk', 'awards', { pack: PACK, clause, payee, ...(occasion !== undefined && { occasion }), ...more });
  }

  /** Applied for and assessed: the award's address, and what came of it. */
  async assessed(clause: string, payee: string, occasion?: string): Promise<{ readonly path: string; readonly assessment: unknown }> {
    const applied = await this.apply(clause, payee, occasion);
    if (applied.status !== 201) throw new Error(JSON.stringify(applied));
    const path = `awards/${applied['award'] as string}`;
    return { path, assessment: await this.assess(path) };
  }

  async assess(path: string): Promise<unknown> {
    await this.do('clerk', `${path}/assess`);
    const { state } = (await this.get(path)) as unknown as { readonly state: { readonly assessed: { readonly assessment: unknown } } };
    return state.assessed.assessment;
  }

  async onNotice(clause: string, payee: string, occasion?: string, review: object = {}): Promise<string> {
    const { path } = await this.assessed(clause, payee, occasion);
    await this.do('reviewer2', `${path}/review`, { recommended: true, ...review });
    await this.do('clerk', `${path}/publicise`, { place: '新区网站' });
    return path;
  }

  grant(path: string, line = 'awards', period = '2024'): Promise<Answer> {
    return this.post('approver', `${path}/grant`, { line, period, documentNo: '临管〔2024〕8号' });
  }

  async paid(path: string): Promise<unknown> {
    const { items } = await this.get(`awards?pack=${PACK}`);
    return items.find(({ award }) => path === `awards/${award as string}`)?.['paid'];
  }

  /** Prepares, freezes and pays everything due. */
  async pay(batch: string): Promise<readonly string[]> {
    await this.get('due-instalments');
    await this.do('finance', 'payment-batches', { batch, title: batch, filter: { pack: PACK } });
    await this.do('finance', `payment-batches/${batch}/freeze`);
    const { state } = (await this.get(`payment-batches/${batch}`)) as unknown as { state: { lines: { line: number; amount: string }[] } };
    const { lines } = state;
    const rows = lines.map(({ line, amount }) => [batch, line, amount, 'paid', this.today, `${batch}-${line}`].join(','));
    const content = ['batch,line,amount,result,date,reference', ...rows].join('\n');
    await this.do('finance', `payment-batches/${batch}/results`, { file: `${batch}.csv`, content });
    return lines.map(({ amount }) => amount).sort();
  }
}

let office: Office;
beforeAll(async () => {
  office = await Office.open();
});
afterAll(() => office.close());

describe('a sixth policy, which no code knows', () => {
  const pack = parsePack(PACK_TEXT, 'pack.yaml', () => DOCUMENT);
  const shapes = pack.clauses.map(({ shape }) => shape);
  const of = <Kind extends Shape['kind']>(kind: Kind) =>
    shapes.filter((shape): shape is Extract<Shape, { kind: Kind }> => shape.kind === kind);

  it('has everything a pack can have', () => {
    expect(new Set(shapes.map(({ kind }) => kind)).size).toBe(19);
    const used = (values: readonly unknown[]) => [...new Set(values.filter((value) => value !== undefined))].sort();
    expect(used(of('note').map(({ about }) => about))).toEqual([...NOTE_KINDS].sort());
    expect(used(of('target').map(({ comparison }) => comparison))).toHaveLength(6);
    expect(used(of('target').map(({ counts = 'standing' }) => counts))).toEqual([...TARGET_COUNTS].sort());
    expect(used(of('target').map(({ metric }) => metric))).toHaveLength(METRICS.length - 2);
    expect(used(of('deadline').map(({ every }) => every))).toHaveLength(4);
    expect(used(of('deadline').map(({ fulfilledBy }) => fulfilledBy?.kind))).toHaveLength(4);
    expect(used(of('roster').map(({ of: rule }) => rule.kind))).toHaveLength(3);
  });

  it('is published with its text, and not with another', async () => {
    const publication = { pack: PACK_TEXT, file: 'pack.yaml', source: DOCUMENT, evidence: paper };
    const tampered = await office.post('administrator', 'policies', { ...publication, source: DOCUMENT.replace('12万元', '13万元') });
    expect(tampered).toMatchObject({ status: 400, code: 'pack-invalid' });
    expect(await office.post('administrator', 'policies', publication)).toMatchObject({ status: 201 });
    expect(await office.get(`policies/open-questions?pack=${PACK}`)).toMatchObject({ 0: { kind: 'interpretation' } });
  });

  const fit = { 'zone.linjiang': true, 'credit.seriousRecord': false };
  const researching = {
    ...fit,
    'revenue.latestYear': '20000000.00',
    'enterprise.field': 'materials',
    'enterprise.abnormal': false,
  };
  it.each([
    ['L01', { ...fit, 'finance.guaranteed': true }, { outcome: 'passed' }],
    ['L01', { ...fit, 'finance.liabilityRatio': '79.99' }, { outcome: 'passed' }],
    ['L01', { ...fit, 'finance.liabilityRatio': '80.00', 'finance.guaranteed': false }, { outcome: 'refused', failed: ['solvent'] }],
    ['L01', { ...fit, 'finance.liabilityRatio': '80.00' }, { outcome: 'missing', missing: ['finance.guaranteed'] }],
    [
      'L02',
      { ...fit, 'finance.guaranteed': true, 'certification.kind': 'first', 'revenue.latestYear': '4999999.99' },
      { outcome: 'refused', failed: ['revenue'], waivable: true },
    ],
    ['L04', { ...researching, 'rd.priorYearExpenditure': '799999.99' }, { outcome: 'refused', failed: ['research'] }],
    [
      'L04',
      { ...researching, 'rd.priorYearExpenditure': '12345678.90', 'enterprise.sizeClass': 'large' },
      { outcome: 'payable', amount: '740740.73' },
    ],
    [
      'L04',
      { ...researching, 'rd.priorYearExpenditure': '12345678.90', 'enterprise.sizeClass': 'medium' },
      { outcome: 'payable', amount: '500000.00' },
    ],
    ['L04', { ...researching, 'rd.priorYearExpenditure': '800000.25' }, { outcome: 'payable', amount: '48000.02' }],
    [
      'L06',
      { ...fit, 'innovation.documentNo': '省科〔2024〕3号', 'innovation.platformLevel': 'district' },
      { outcome: 'payable', amount: '100000.00' },
    ],
    ['L06', { ...fit, 'innovation.platformLevel': 'district' }, { outcome: 'missing', missing: ['innovation.documentNo'] }],
    ['L07', { ...fit, 'project.provincialFunding': '1000000.01' }, { outcome: 'unresolved' }],
    ['L07', { ...fit, 'project.provincialFunding': '2000000.01' }, { outcome: 'refused', failed: ['moderate-grant'] }],
    [
      'L08',
      { ...fit, 'settlement.signed': true, 'tax.firstYear': '1000000.00' },
      {
        amount: '500000.00',
        instalments: [{ status: 'met' }, { status: 'unmet' }, { status: 'pending', needs: ['enterprise.aboveScale'] }],
      },
    ],
    ['L09', { ...fit, 'carrier.kind': 'institute' }, { outcome: 'discretionary', ceiling: '5000000.00' }],
    ['L10a', {}, { outcome: 'unresolved', waits: '市级人才政策文件' }],
    ['L10b', {}, { outcome: 'unresolved', waits: '实施细则' }],
    ['L11', { 'pool.assessment': 'good' }, { outcome: 'placed', tier: 'growing' }],
    ['L11', { 'pool.assessment': 'poor' }, { outcome: 'refused' }],
    ['L12-direct', { 'park.incubated': true }, { outcome: 'placed', tier: 'nurtured' }],
    ['L15-prize', { ...fit, 'leader.grade': 'silver' }, { outcome: 'payable', amount: '100000.00' }],
    ['L19', {}, { status: 400, code: 'clause-not-assessable' }],
  ])('%s computes %j', async (clause, facts, expected) => {
    const path = `policies/${PACK}/clauses/${clause}/assess`;
    expect(await office.post('clerk', path, { on: '2024-03-10', facts })).toMatchObject(expected);
  });

  it('computes an open reading in simulation only', async () => {
    const path = `policies/${PACK}/clauses/L07/assess`;
    const facts = { ...fit, 'project.provincialFunding': '1000000.01' };
    const answer = await office.post('clerk', path, { on: '2024-03-10', facts, simulate: true });
    expect(answer).toMatchObject({ outcome: 'payable', amount: '500000.01', simulated: true });
  });
});

describe('its money', () => {
  const sound = { 'zone.linjiang': true, 'credit.seriousRecord': false, '2023:finance.liabilityRatio': '60.00' };
  let research: string;
  let first: string;
  let moved: string;
  let institute: string;

  beforeAll(async () => {
    office.today = '2024-03-10';
    await office.enterprise(ALPHA, '甲科技', {
      ...sound,
      '2023:revenue.latestYear': '20000000.00',
      '2023:rd.priorYearExpenditure': '12345678.90',
      'enterprise.field': 'electronics',
      'enterprise.abnormal': false,
      'enterprise.sizeClass': 'large',
      'project.provincialFunding@P1': '1000000.01',
      'carrier.kind@Y1': 'institute',
      'innovation.platformLevel@T1': 'provincial',
      'innovation.documentNo@T1': '省科〔2024〕3号',
    });
    await office.certificate(ALPHA, 'GR2024001', 'first', '2024-02-20', '2027-02-19');
    await office.enterprise(BETA, '乙材料', {
      ...sound,
      '2023:finance.liabilityRatio': '85.00',
      'finance.guaranteed': false,
      '2023:revenue.latestYear': '8000000.00',
    });
    await office.certificate(BETA, 'GR2022002', 'first', '2022-06-01', '2025-05-31');
    await office.enterprise(GAMMA, '丙制造', { ...sound, 'settlement.signed': true });
  });

  it('comes in envelopes: one that holds exactly so much, one that wants at least so much', async () => {
    const open = (line: string, period: string) => office.do('finance', 'budgets', { pack: PACK, line, period, title: line });
    await open('awards', '2024');
    await open('platforms', '2024-2026');
    const appropriate = (line: string, amount: string) =>
      office.post('finance', `budgets/${PACK}/${line}/appropriations`, { amount, reason: '年初预算', evidence: paper });
    expect(await appropriate('awards/2024', '3000000.01')).toMatchObject({ status: 409, code: 'over-envelope' });
    expect(await appropriate('awards/2024', '3000000.00')).toMatchObject({ status: 200 });
    expect(await appropriate('awards/2024', '0.01')).toMatchObject({ status: 409, code: 'over-envelope' });
    expect(await appropriate('platforms/2024-2026', '9500000.00')).toMatchObject({ status: 200 });
  });

  it('finds who is entitled before anybody applies, and who misses it by little', async () => {
    await office.clearance(ALPHA, 'linjiang-environment', '区生态环境局');
    const found = async (clause: string) =>
      (await office.get(`entitlements?pack=${PACK}&clause=${clause}&near=true&on=2024-03-10`)).items.map((item) => [
        item['creditCode'],
        item,
      ]);
    expect(await found('L04')).toEqual([[ALPHA, expect.objectContaining({ kind: 'entitled', amount: '740740.73' })]]);
    expect(await found('L02')).toEqual([
      [
        ALPHA,
        expect.objectContaining({ kind: 'near', amount: '120000.00', failed: [{ id: 'linjiang-tax', label: '区税务局核查意见未出' }] }),
      ],
      [BETA, expect.objectContaining({ kind: 'near', failed: [{ id: 'solvent', label: '资产负债率低于80%或者已提供增信措施' }] })],
    ]);
    expect(await found('L08')).toContainEqual([GAMMA, expect.objectContaining({ kind: 'near', amount: '500000.00' })]);
  });

  it('pays nothing that waits for a rule, or for the answer to a question', async () => {
    for (const [clause, occasion] of [
      ['L07', 'P1'],
      ['L10a', '2024'],
      ['L10b', '2024'],
    ] as const) {
      const { path, assessment } = await office.assessed(clause, ALPHA, occasion);
      expect(assessment).toMatchObject({ outcome: 'unresolved' });
      expect(await office.post('reviewer2', `${path}/review`, { recommended: true })).toMatchObject({ code: 'assessment-not-payable' });
    }
    const settle = (chosen: string) =>
      office.post('administrator', `policies/${PACK}/interpretations/funding-figure/settle`, { chosen, reason: '财政局复函' });
    expect(await settle('approved')).toMatchObject({ status: 409, code: 'reading-not-computed' });
    expect(await settle('received')).toMatchObject({ status: 200 });
    expect(await office.assess(`awards/${PACK}.L07.${ALPHA}.P1`)).toMatchObject({ outcome: 'payable', amount: '500000.01' });
  });

  it('is asked for once where two clauses exclude each other', async () => {
    first = await office.onNotice('L02', ALPHA, 'GR2024001');
    expect(await office.apply('L03', ALPHA, 'GR2024001')).toMatchObject({ status: 409, code: 'does-not-stack' });
  });

  it('is granted after its notice, once every clearance stands', async () => {
    research = await office.onNotice('L04', ALPHA, '2024');
    moved = await office.onNotice('L08', GAMMA);
    institute = await office.onNotice('L09', ALPHA, 'Y1', { amount: '4200000.00', reason: '产业贡献突出' });
    const platform = await office.onNotice('L06', ALPHA, 'T1');
    expect(await office.grant(research)).toMatchObject({ status: 409, code: 'notice-running' });
    office.today = '2024-03-18';
    expect(await office.grant(institute, 'awards')).toMatchObject({ status: 409, code: 'wrong-budget-line' });
    expect(await office.grant(first)).toMatchObject({
      code: 'clearance-missing',
      missing: [{ clearance: 'linjiang-tax', finding: 'absent' }],
    });
    expect(await office.grant(moved)).toMatchObject({ code: 'clearance-missing', missing: [{ agency: '区生态环境局' }] });
    await office.clearance(ALPHA, 'linjiang-tax', '区税务局');
    await office.clearance(GAMMA, 'linjiang-environment', '区生态环境局');
    for (const award of [first, research, moved]) expect(await office.grant(award)).toMatchObject({ status: 200 });
    for (const award of [institute, platform]) expect(await office.grant(award, 'platforms', '2024-2026')).toMatchObject({ status: 200 });
  });

  it('is paid to the fen, and what comes in stages when each is met', async () => {
    expect(await office.pay('B1')).toEqual(['120000.00', '200000.00', '4200000.00', '500000.00', '740740.73']);
    expect(await office.paid(research)).toBe('740740.73');
    expect(await office.post('clerk', `${moved}/instalments/2/unlock`)).toMatchObject({ status: 409, code: 'condition-not-met' });
    office.today = '2024-03-20';
    await office.facts(GAMMA, { 'tax.firstYear': '1000000.01', 'enterprise.aboveScale': true });
    for (const no of [2, 3]) await office.do('clerk', `${moved}/instalments/${no}/unlock`, { evidence: paper });
    expect(await office.pay('B2')).toEqual(['100000.00', '200000.00']);
    expect(await office.paid(moved)).toBe('500000.00');
  });

  it('of a title goes by the grade of the title', async () => {
    const title = { title: 'linjiang-leader', year: 2024, on: '2024-03-20', documentNo: '临管〔2024〕9号', evidence: paper };
    expect(await office.post('clerk', `enterprises/${ALPHA}/titles`, { ...title, grade: 'bronze' })).toMatchObject({ status: 400 });
    await office.do('clerk', `enterprises/${ALPHA}/titles`, { ...title, grade: 'gold' });
    const { assessment } = await office.assessed('L15-prize', ALPHA, '2024');
    expect(assessment).toMatchObject({ outcome: 'payable', amount: '200000.00' });
  });

  it('is in balance', async () => {
    expect(await office.get('balances/trial')).toMatchObject({ balanced: true });
    expect(await office.get('balances/reconciliation')).toMatchObject({ reconciled: true, differences: [] });
    const budget = await office.get(`budgets/${PACK}/awards/2024`);
    expect(budget).toMatchObject({ envelope: { rule: 'exactly', amount: '3000000.00' } });
  });
});

describe('its ladders', () => {
  const REVIEW = 'tier-reviews/linjiang-steps/2024';
  it('are reviewed by the facts, and recommended from with the clearance that is asked for', async () => {
    office.today = '2024-04-10';
    await office.facts(ALPHA, { 'park.incubated': true });
    await office.do('reviewer', `ladders/linjiang-steps/enterprises/${ALPHA}/enter`, { clause: 'L12-direct', reason });
    const diagnosis = await office.get(`ladders/linjiang-steps/diagnosis/${ALPHA}`);
    expect(diagnosis).toMatchObject({ tier: 'nurtured', kind: 'keep', missing: [{ input: 'ip.core' }] });
    expect(diagnosis['outlook']).toMatchObject({ clause: { pack: 'national-hnte-2016', title: '高新技术企业认定条件' } });
    expect(JSON.stringify(diagnosis['outlook'])).toContain('拥有核心知识产权的所有权');

    await office.facts(ALPHA, { 'ip.core': true });
    await office.do('clerk', REVIEW);
    await office.do('clerk', `${REVIEW}/propose`, { scope: 'all', region: '示范市临江新区' });
    const proposals = (await office.get(`${REVIEW}/proposals`)).items;
    expect(proposals.map(({ creditCode, kind, to }) => [creditCode, kind, to])).toEqual([
      [ALPHA, 'promote', 'applicant'],
      [BETA, 'enter', 'nurtured'],
      [GAMMA, 'enter', 'nurtured'],
    ]);
    office.today = '2024-04-20';
    for (const kind of ['promote', 'enter']) await office.do('approver', `${REVIEW}/decide-all`, { kind, reason });
    await office.get(REVIEW);
    await office.do('approver', `${REVIEW}/close`);

    office.today = '2024-05-22';
    await office.facts(BETA, { 'ip.core': true });
    await office.do('reviewer', `ladders/linjiang-steps/enterprises/${BETA}/promote`, { to: 'applicant', reason });
    await office.get(REVIEW);
    const recommended = await office.post('approver', `${REVIEW}/recommend`, { reason });
    expect(recommended).toMatchObject({
      recommended: 1,
      refused: [{ creditCode: BETA, code: 'clearance-missing', missing: ['linjiang-environment'] }],
    });
    expect((await office.get(`${REVIEW}/recommendations`)).items).toMatchObject([{ creditCode: ALPHA }]);
  });

  it('place by an assessment where the text says so', async () => {
    const enter = (code: string) => office.post('reviewer', `ladders/linjiang-pool/enterprises/${code}/assign`, { to: 'leading', reason });
    await office.facts(ALPHA, { '2024:pool.assessment': 'excellent' });
    await office.facts(BETA, { '2024:pool.assessment': 'fair' });
    expect(await enter(BETA)).toMatchObject({ status: 409, code: 'gates-not-met', assessedTier: 'starting' });
    expect(await enter(ALPHA)).toMatchObject({ status: 200 });
  });
});

describe('its duties', () => {
  const duties = async (on: string) =>
    Object.fromEntries(
      (await office.get(`calendar?pack=${PACK}&on=${on}&from=2024-01-01&until=2024-12-31`)).items.map((item) => [
        `${item['clause'] as string} ${item['period'] as string}`,
        item['status'],
      ]),
    );
  it('are done by the records, by an officer, or overdue', async () => {
    office.today = '2024-06-20';
    await office.do('clerk', `duties/${PACK}/L14-meeting/2024-H1/done`, { on: '2024-06-18', evidence: paper });
    expect(await duties('2024-05-21')).toEqual({
      'L14 2024': 'done',
      'L14-recommend 2024': 'overdue',
      'L14-funds 2024': 'done',
      'L14-leaders 2024': 'done',
      'L14-meeting 2024-H1': 'due',
      'L14-meeting 2024-H2': 'due',
      'L14-figures 2024-Q1': 'overdue',
      'L14-figures 2024-Q2': 'due',
      'L14-figures 2024-Q3': 'due',
      'L14-figures 2024-Q4': 'due',
      'L14-online 2024': 'due',
    });
    expect(await duties('2024-07-01')).toMatchObject({
      'L14-recommend 2024': 'done-late',
      'L14-meeting 2024-H1': 'done',
      'L14-online 2024': 'overdue',
    });
  });
});

describe('its lists', () => {
  it.each([
    ['L20a', [BETA]],
    ['L20b', [ALPHA]],
    ['L20c', [ALPHA, BETA, GAMMA]],
  ])('%s is read off the records', async (clause, codes) => {
    const { items } = await office.get(`rosters/${PACK}/${clause}?on=2024-06-20`);
    expect(items.map(({ creditCode }) => creditCode).sort()).toEqual([...codes].sort());
  });

  it('keeps agencies and a black list on the ground of its clauses', async () => {
    const agency = {
      creditCode: AGENCY,
      name: '临江知识产权服务所',
      services: ['申报辅导'],
      contactUnit: '科技局',
      from: '2024-06-20',
      evidence: paper,
    };
    const cited = (clause: string) => ({ clause: { pack: PACK, clause } });
    expect(await office.post('clerk', 'agencies', { ...agency, ...cited('L21b') })).toMatchObject({ code: 'clause-not-about-registry' });
    expect(await office.post('clerk', 'agencies', { ...agency, ...cited('L21a') })).toMatchObject({ status: 201 });

    const wrong = {
      kind: 'enterprise',
      id: DELTA,
      listingClass: 'serious',
      ground: '提供虚假材料',
      legalBasis: '本办法第二十一条',
      reasons: '发票系伪造',
      rights: '可以陈述、申辩',
      servedOn: office.today,
      evidence: paper,
    };
    await office.enterprise(DELTA, '丁贸易', { 'settlement.signed': true });
    expect(await office.post('clerk', 'blacklist/cases', { ...wrong, ...cited('L21a') })).toMatchObject({
      code: 'clause-not-about-blacklist',
    });
    await office.do('clerk', 'blacklist/cases', { ...wrong, ...cited('L21b') });
    await office.do('clerk', `blacklist/enterprise/${DELTA}/cases/1/waive-statement`, { on: office.today, evidence: paper });
    await office.do('approver', `blacklist/enterprise/${DELTA}/cases/1/list`, { termMonths: 12, reason, evidence: paper });
    expect(await office.apply('L08', DELTA)).toMatchObject({ status: 409, code: 'black-listed' });
    const history = JSON.stringify(await office.get(`blacklist/enterprise/${DELTA}`));
    expect(history).toContain('L21b');
  });
});

describe('its targets', () => {
  it.each([
    ['L17', [['2026', '119']], 2026, { achieved: 'no', gap: '1' }],
    ['L17-scale', [['2026', '40']], 2026, { achieved: 'no' }],
    ['L17-sme', [['2024', '30']], 2024, { achieved: 'yes' }],
    [
      'L17-arrivals',
      [
        ['2024', '20'],
        ['2025', '20'],
        ['2026', '20'],
      ],
      2026,
      { achieved: 'yes', actual: { value: '60' } },
    ],
    ['L17-parks', [['2024-H1', '4']], 2024, { achieved: 'no', difference: '1', final: true }],
    [
      'L18',
      [
        ['2024', '9'],
        ['2025', '10'],
        ['2026', '10.9'],
      ],
      2026,
      { achieved: 'no', actual: { value: '9.966666' } },
    ],
    ['L18-intensity', [['2026', '3.3']], 2026, { achieved: 'yes' }],
    ['L18-energy', [['2025', '0.45']], 2025, { achieved: 'yes' }],
    ['L18-loss', [['2025', '5']], 2025, { achieved: 'no' }],
    ['L18-deals', [['2026', '12']], 2026, { achieved: 'yes', actual: { value: '20', base: '10' } }],
  ] as const)('%s is judged as its words say', async (clause, reports, year, expected) => {
    office.today = '2027-02-01';
    const target = `targets/${PACK}/${clause}`;
    for (const [period, value] of reports)
      await office.do('clerk', `${target}/actuals`, { period, value, sourceUnit: '统计局', asOf: '2027-01-20', evidence: paper });
    if (clause === 'L18-deals') await office.do('clerk', `${target}/baselines`, { value: '10', sourceUnit: '统计局', asOf: '2027-01-20' });
    expect((await office.get(`${target}?year=${year}`))['units']).toMatchObject([{ unit: '示范市临江新区', evaluation: expected }]);
  });

  it('stand beside what the ledger counts, and in their table', async () => {
    const counted = async (clause: string, on: string) => (await office.get(`targets/${PACK}/${clause}?on=${on}`))['counted'];
    expect(await counted('L17', '2024-06-01')).toMatchObject({ value: '2' });
    expect(await counted('L17-scale', '2024-06-01')).toMatchObject({ value: '0', undetermined: 2 });
    const plan = { unit: '江南片区', year: 2025, value: '12', document: '临管〔2025〕1号' };
    const table = async () => (await office.get(`target-tables/${PACK}/L19`))['rows'];
    expect(await table()).toMatchObject([
      { unit: '江北片区', line: 22, cells: [{ plan: '10' }, { plan: '15' }, { plan: '20' }] },
      { unit: '江南片区', cells: [{ plan: '8' }, { plan: null, achieved: 'unknown' }, { plan: '16' }] },
    ]);
    await office.do('approver', `targets/${PACK}/L19/plans`, plan);
    expect(await table()).toMatchObject([{}, { cells: [{}, { plan: '12', planFrom: 'unit' }, {}] }]);
  });
});
