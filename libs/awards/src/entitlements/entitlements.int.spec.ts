import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Dossiers } from '@app/enterprises';
import { type CreditCode, type PersonRole, withCheckCharacter } from '@app/kernel';
import { Policies } from '@app/policies';
import { Assessor } from '../assessor.js';
import { AwardLedger, folder } from '../ledger.fixture.js';
import { PACK, testPack } from '../pack.fixture.js';
import { assessFor, type Entitlement, entitlementsOf, isPaying, payingClause } from './entitlement.js';
import type { EntitlementPage } from './find-entitlements.query.js';

const codes = Array.from({ length: 7 }, (_, index) => withCheckCharacter(`91360700MA350000${index}`));
const [PAID, PLAIN, UNVERIFIED, NOT_SME, EMPTY, LISTED, GONE] = codes as [
  CreditCode,
  CreditCode,
  CreditCode,
  CreditCode,
  CreditCode,
  CreditCode,
  CreditCode,
];
const paper = [{ title: '佐证材料' }];
const certificate = {
  type: 'record-certificate',
  number: 'GR2024-1',
  kind: 'hnte',
  certification: 'first',
  issuedOn: '2024-02-01',
  expiresOn: '2027-01-31',
  issuer: '省科技厅',
  evidence: paper,
} as const;

describe('entitlements', () => {
  const place = folder();
  let ledger: AwardLedger;

  beforeAll(async () => {
    ledger = await AwardLedger.open(place.path);
    await ledger.prepare('5000000.00', PAID, PLAIN, LISTED);
    for (const code of [PAID, PLAIN]) {
      await ledger.facts(code, { 'rd.expenditure': '1000000.00' }, { period: '2024' });
      await ledger.facts(code, { 'project.grant': '30000.00' }, { subject: 'KJ-2024-7' });
      await ledger.dossier(code, certificate);
    }
    await ledger.dossier(PAID, {
      type: 'record-clearance',
      clearance: 'tax',
      agency: '区税务局',
      finding: 'clear',
      on: '2024-04-01',
      documentNo: '税〔2024〕1号',
      evidence: paper,
    });
    await ledger.dossier(UNVERIFIED, { type: 'register', creditCode: UNVERIFIED, name: '乙公司', evidence: paper });
    await ledger.facts(UNVERIFIED, { 'enterprise.sme': true, 'project.accepted': true }, { verification: 'reported' });
    await ledger.dossier(NOT_SME, { type: 'register', creditCode: NOT_SME, name: '丙公司', evidence: paper });
    await ledger.facts(NOT_SME, { 'enterprise.sme': false, 'project.accepted': false });
    await ledger.dossier(EMPTY, { type: 'register', creditCode: EMPTY, name: '丁公司', evidence: paper });
    await ledger.dossier(GONE, { type: 'register', creditCode: GONE, name: '戊公司', evidence: paper });
    await ledger.dossier(GONE, { type: 'merge', survivor: EMPTY, reason: '吸收合并', evidence: paper });
    await ledger.apply('T1', PAID);
    await ledger.apply('K2', PAID, 'GR20241');
    const withdrawn = await ledger.apply('T4', PAID, '2024');
    await ledger.award(withdrawn, { type: 'withdraw', reason: '撤回' }, 'clerk-1');
    await ledger.blackList({ kind: 'enterprise', id: LISTED });
    await ledger.settle();
  }, 60_000);
  afterAll(async () => {
    await ledger.close();
    place.remove();
  });

  const ask = async (query: string, role: PersonRole = 'auditor') => {
    const { status, body } = await ledger.request('GET', `/v1/entitlements?${query}`, role);
    if (status !== 200) throw new Error(JSON.stringify(body));
    return body as unknown as EntitlementPage;
  };
  const of = (items: readonly Entitlement[], code: CreditCode) =>
    items
      .filter(({ creditCode }) => creditCode === code)
      .map(({ clause, occasion, kind, amount, ceiling, failed, missing, unverified }) => {
        const lacks = [...(failed ?? []), ...(missing ?? []), ...(unverified ?? [])].map(({ label }) => label);
        return [clause, occasion, kind, amount ?? ceiling ?? '-', ...lacks].join(' ');
      });

  it('lists what verified facts pay, once an occasion, unless an award has taken it or one it excludes', async () => {
    const { items, next, progress } = await ask(`pack=${PACK}&on=2024-05-01`);
    expect(of(items, PLAIN)).toEqual([
      'T1 once entitled 200000.00',
      'T2 once entitled 200000.00',
      'T3 once entitled 1000000.00',
      'T4 2024 entitled 100000.00',
      'K2 GR2024-1 entitled 300000.00',
      'K3 GR2024-1 entitled 500000.00',
      'P1 KJ-2024-7 entitled 30000.00',
    ]);
    expect(of(items, PAID)).toEqual([
      'T2 once entitled 200000.00',
      'T3 once entitled 1000000.00',
      'T4 2024 entitled 100000.00',
      'P1 KJ-2024-7 entitled 30000.00',
      'C1 once entitled 50000.00',
    ]);
    expect(of(items, EMPTY)).toEqual(['T3 once entitled 1000000.00']);
    expect(of(items, GONE)).toEqual([]);
    expect(next).toBeUndefined();
    expect(progress).toEqual({ seen: 7, total: 7 });
  });

  it('offers the black-listed nothing and says why', async () => {
    const { items } = await ask(`pack=${PACK}&on=2024-05-01&near=true`);
    const listed = items.filter(({ creditCode }) => creditCode === LISTED);
    expect(new Set(listed.map(({ kind }) => kind))).toEqual(new Set(['black-listed']));
    expect(listed[0]).toMatchObject({ clause: 'T1', listing: `enterprise.${LISTED}.1`, listedUntil: '2024-08-01' });
  });

  it('says so to those who see listings, of a day gone by to auditors and administrators alone', async () => {
    const today = `pack=${PACK}&clause=T1`;
    for (const [role, listed] of [
      ['clerk', [`enterprise.${LISTED}.1`]],
      ['administrator', [`enterprise.${LISTED}.1`]],
      ['finance', []],
    ] as const) {
      const { items } = await ask(today, role);
      expect(items.filter(({ creditCode }) => creditCode === LISTED).map(({ listing }) => listing)).toEqual(listed);
      expect(of(items, PLAIN)).toHaveLength(1);
    }
    const past = `${today}&on=2024-04-30`;
    for (const role of ['clerk', 'reviewer', 'approver', 'finance'] as const) {
      const { body } = await ledger.request('GET', `/v1/entitlements?${past}`, role);
      expect(body).toMatchObject({ status: 403, code: 'history-restricted' });
    }
    expect((await ask(past, 'administrator')).progress.seen).toBe(7);
  });

  it('offers a yearly award for every year an application could be for', async () => {
    await ledger.publish(testPack({ id: 'years-2023', force: { from: '2022-07-01', until: '2025-01-01' } }));
    await ledger.facts(PLAIN, { 'rd.expenditure': '2000000.00' }, { period: '2022' });
    await ledger.facts(PLAIN, { 'rd.expenditure': '3000000.00' }, { period: '2021' });
    const { items } = await ask(`pack=years-2023&clause=T4&near=true`);
    expect(of(items, PLAIN)).toEqual(['T4 2022 entitled 200000.00', 'T4 2023 near - 研发投入', 'T4 2024 entitled 100000.00']);
    const offered = items.filter(({ creditCode, kind }) => creditCode === PLAIN && kind === 'entitled');
    for (const { occasion } of offered) {
      const asked = { pack: 'years-2023', clause: 'T4', payee: PLAIN, occasion };
      expect((await ledger.request('POST', '/v1/awards', 'clerk', asked)).status).toBe(201);
    }
  });

  it('shows with near who misses it by one condition, by few facts, by verification or by a clearance', async () => {
    const { items } = await ask(`pack=${PACK}&on=2024-05-01&near=true`);
    expect(of(items, UNVERIFIED)).toEqual([
      'T1 once near 200000.00 中小企业',
      'T2 once near 200000.00 中小企业 项目通过验收',
      'T3 once entitled 1000000.00',
      'T4 2024 near - 研发投入',
      'C1 once near 50000.00 区税务局核查意见未出',
    ]);
    expect(items.find(({ creditCode, clause }) => creditCode === UNVERIFIED && clause === 'T1')).toMatchObject({
      outcome: 'payable',
      unverified: [{ id: 'enterprise.sme', label: '中小企业' }],
    });
    expect(of(items, NOT_SME)).toEqual([
      'T1 once near - 中小企业',
      'T2 once near 200000.00 第1期条件',
      'T3 once entitled 1000000.00',
      'T4 2024 near - 研发投入',
      'C1 once near 50000.00 区税务局核查意见未出',
    ]);
    const strict = await ask(`pack=${PACK}&on=2024-05-01&near=true&maxMissing=0`);
    expect(of(strict.items, EMPTY)).toEqual(['T3 once entitled 1000000.00', 'C1 once near 50000.00 区税务局核查意见未出']);
  });

  it('goes through the enterprises page by page and misses none', async () => {
    const whole = (await ask(`pack=${PACK}&on=2024-05-01&near=true`)).items;
    const found: Entitlement[] = [];
    const seen: number[] = [];
    for (let after: string | undefined = ''; after !== undefined;) {
      const page: EntitlementPage = await ask(`pack=${PACK}&on=2024-05-01&near=true&limit=3${after === '' ? '' : `&after=${after}`}`);
      found.push(...page.items);
      seen.push(page.progress.seen);
      after = page.next;
    }
    expect(found).toEqual(whole);
    expect(seen).toEqual([3, 6, 7]);
  });

  it('says of every dossier, clause and occasion what an application would be assessed to', async () => {
    const on = '2024-05-01';
    const version = await ledger.app.get(Policies).versionInForce(PACK, on);
    const { pack } = version;
    const clauses = pack.clauses.filter(isPaying).map(({ id }) => payingClause(pack, id));
    const question = { version, clauses, on, simulate: false, near: true, maxMissing: 20 };
    let compared = 0;
    for (const code of codes.filter((each) => each !== GONE)) {
      const dossier = await ledger.app.get(Dossiers).require(code);
      for (const { clause, occasion } of entitlementsOf(dossier, question, new Set())) {
        const { uniqueness = 'once' } = pack.clauses.find(({ id }) => id === clause)!;
        const named = { kind: uniqueness, key: '', reference: occasion };
        const application = { pack: PACK, clause, payee: code, payeeName: '', occasion: named, appliedBy: '' };
        const { record } = await ledger.app.get(Assessor).assess(application, on);
        const { assessment, used } = assessFor(dossier, payingClause(pack, clause), named, question);
        expect(assessment).toEqual(record.assessment);
        expect(used.map(({ input, value, verified }) => ({ input, value, verified }))).toEqual(
          record.used.map(({ input, value, verified }) => ({ input, value, verified })),
        );
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(20);
  });

  it('computes a draft, or a day outside force, only as a simulation', async () => {
    const refused = await ledger.request('GET', `/v1/entitlements?pack=${PACK}&on=2026-05-01`, 'auditor');
    expect(refused.body).toMatchObject({ code: 'policy-not-in-force' });
    const draft = testPack({ id: 'draft-2024', status: 'draft' } as never);
    await ledger.publish(draft);
    const { items } = await ask(`pack=draft-2024&on=2024-05-01&clause=T1&simulate=true`);
    expect(items.map(({ creditCode, simulated }) => [creditCode, simulated])).toEqual([
      [PAID, true],
      [PLAIN, true],
      [LISTED, true],
    ]);
  });

  it.each([
    ['', 'pack'],
    [`pack=${PACK}&clause=!`, 'clause'],
    [`pack=${PACK}&near=maybe`, 'near'],
    [`pack=${PACK}&on=2024-02-30`, 'on'],
    [`pack=${PACK}&limit=501`, 'limit'],
    [`pack=${PACK}&after=x`, 'after'],
    [`pack=${PACK}&maxMissing=-1`, 'maxMissing'],
  ])('refuses ?%s naming %s', async (query, field) => {
    const { status, body } = await ledger.request('GET', `/v1/entitlements?${query}`, 'auditor');
    expect([status, body]).toMatchObject([400, { code: 'invalid-input', errors: [{ field }] }]);
  });

  it.each([
    [`pack=none&on=2024-05-01`, 'policy-unknown'],
    [`pack=${PACK}&on=2024-05-01&clause=N1`, 'clause-grants-nothing'],
    [`pack=${PACK}&on=2024-05-01&clause=X9`, 'clause-not-found'],
  ])('refuses ?%s: %s', async (query, code) => {
    expect((await ledger.request('GET', `/v1/entitlements?${query}`, 'auditor')).body).toMatchObject({ code });
  });
});
