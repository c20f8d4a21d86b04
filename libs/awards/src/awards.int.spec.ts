import { describe, expect, it } from '@jest/globals';
import { type BusinessDate, withCheckCharacter } from '@app/kernel';
import { GetBalances, GetTrialBalance } from './balances/balances.query.js';
import { ListBatches } from './disbursement/batches.query.js';
import { GetAward } from './detail/award-detail.query.js';
import { CountPayableAfter, GetDueInstalments } from './due-instalments/due-instalments.query.js';
import { ApplyForAward } from './handlers/apply-for-award.js';
import { AwardLedger, folder, ledgerForEach, LINE, refusal } from './ledger.fixture.js';
import { ListAwards } from './list/awards.query.js';
import { PACK, testPack } from './pack.fixture.js';

const A = withCheckCharacter('91360700MA35QWERT');
const B = withCheckCharacter('91360700MA38ACDFG');

describe('awards on a real ledger', () => {
  let ledger: AwardLedger;
  ledgerForEach(
    (opened) => (ledger = opened),
    () => ledger,
  );
  const due = async (on: string, filter = {}) => {
    await ledger.settle();
    return (await ledger.query.execute(new GetDueInstalments(on as BusinessDate, filter, 10))).items;
  };

  it('go from registration to payment, return, repayment and clawback', async () => {
    await ledger.prepare('1000000.00', A);
    const award = await ledger.granted('T2', A);
    expect(award).toBe(`${PACK}.T2.${A}.once`);
    expect(await ledger.figures()).toEqual(['800000.00', '200000.00', '0.00']);
    expect(await due('2024-05-20')).toMatchObject([
      { award, instalment: 1, amount: '100000.00', dueSince: '2024-05-10', ageDays: 10, state: 'due', returns: 0 },
    ]);

    await ledger.prepareBatch('B1');
    await ledger.batch('B1', { type: 'start-freeze' });
    expect(await ledger.batchLines('B1')).toEqual(['pending']);
    expect(await due('2024-05-20')).toMatchObject([{ state: 'in-batch', batch: 'B1' }]);
    ledger.calendar.today = '2024-05-12';
    await ledger.results('B1', [{ line: 1, amount: '100000.00', result: 'paid', on: '2024-05-11' }]);
    expect(await ledger.figures()).toEqual(['800000.00', '100000.00', '100000.00']);
    expect(await due('2024-05-20')).toEqual([]);

    await ledger.results('B1', [{ line: 1, amount: '100000.00', result: 'returned', on: '2024-05-12' }]);
    expect(await ledger.figures()).toEqual(['800000.00', '200000.00', '0.00']);
    expect(await due('2024-05-20')).toMatchObject([{ state: 'due', dueSince: '2024-05-10', returns: 1 }]);
    expect(await refusal(ledger.prepareBatch('B1'))).toBe('batch-exists');
    await ledger.prepareBatch('B2', [{ award, instalment: 1 }]);
    await ledger.batch('B2', { type: 'start-freeze' });
    await ledger.results('B2', [{ line: 1, amount: '100000.00', result: 'paid', on: '2024-05-12' }]);

    // The policy has ended by then; an award made in force keeps its later instalment.
    ledger.calendar.today = '2025-03-01';
    expect(await refusal(ledger.unlock(award, 2))).toBe('condition-not-met');
    await ledger.facts(A, { 'project.accepted': true }, { verification: 'reported' });
    expect(await refusal(ledger.unlock(award, 2))).toBe('facts-unverified');
    await ledger.facts(A, { 'project.accepted': true }, { corrects: 'F3' });
    await ledger.unlock(award, 2);
    await ledger.settle();
    await ledger.prepareBatch('B3');
    await ledger.batch('B3', { type: 'start-freeze' });
    await ledger.results('B3', [{ line: 1, amount: '100000.00', result: 'paid', on: '2025-03-01' }]);
    expect(await ledger.figures()).toEqual(['800000.00', '0.00', '200000.00']);

    await ledger.award(award, { type: 'revoke', cause: 'fraud', reason: '虚假申报' }, 'approver-1');
    await ledger.award(
      award,
      { type: 'demand-clawback', cause: 'fraud', principal: '200000.00', finePercent: '10', dueOn: '2025-06-01', reason: '虚假申报' },
      'approver-1',
    );
    await ledger.award(
      award,
      { type: 'receive-clawback', clawback: 1, amount: '150000.00', on: '2025-03-01', reference: 'R1' },
      'finance-1',
    );
    await ledger.award(award, { type: 'write-off-clawback', clawback: 1, amount: '70000.00', reason: '破产终结' }, 'approver-2');
    await ledger.settle();

    const listed = await ledger.query.execute(new ListAwards({ payee: A }, 10));
    expect(listed.items).toMatchObject([
      { award, status: 'revoked', paid: '200000.00', clawbackOutstanding: '0.00', budgetLine: `${PACK}.awards.2024` },
    ]);
    const accounts = async (by: 'line' | 'payee') =>
      Object.fromEntries(
        (await ledger.query.execute(new GetBalances(by, {})))[0]?.accounts.map(({ account, balance }) => [account, balance]) ?? [],
      );
    expect(await accounts('line')).toEqual({
      appropriation: '-1000000.00',
      available: '800000.00',
      'clawback-claim': '-220000.00',
      'clawback-due': '0.00',
      'clawback-received': '150000.00',
      'clawback-written-off': '70000.00',
      reserved: '0.00',
      returned: '0.00',
      spent: '200000.00',
    });
    expect(await accounts('payee')).toMatchObject({ spent: '200000.00', 'clawback-received': '150000.00' });
    expect(await ledger.query.execute(new GetTrialBalance())).toMatchObject({ difference: '0.00', balanced: true });
    const detail = await ledger.query.execute(new GetAward(award, 'history'));
    expect(detail.timeline.map(({ event }) => event)).toEqual([
      'award-applied',
      'award-assessed',
      'award-reviewed',
      'award-publicised',
      'award-grant-started',
      'award-granted',
      'instalment-unlocked',
      'instalment-ordered',
      'instalment-paid',
      'instalment-returned',
      'instalment-ordered',
      'instalment-paid',
      'instalment-unlocked',
      'instalment-ordered',
      'instalment-paid',
      'award-revoked',
      'clawback-demanded',
      'clawback-received',
      'clawback-written-off',
      'clawback-settled',
    ]);
    expect((await ledger.query.execute(new ListBatches(10))).items).toMatchObject([
      { batch: 'B1' },
      { batch: 'B2' },
      { batch: 'B3', status: 'frozen', total: '100000.00' },
    ]);
  });

  it('meet the first award when the occasion is spelt differently, and read the facts of its year', async () => {
    await ledger.prepare('1000000.00', A);
    await ledger.facts(A, { 'rd.expenditure': '3000000.00' }, { period: '2023' });
    await ledger.facts(A, { 'rd.expenditure': '1000000.00' }, { period: '2024' });
    const award = await ledger.apply('T4', A, '２０２４');
    expect(award).toBe(`${PACK}.T4.${A}.2024`);
    expect(await refusal(ledger.apply('T4', A, '2024'))).toBe('award-exists');
    // Before the policy, and a year that has not begun.
    for (const year of ['2023', '2025']) expect(await refusal(ledger.apply('T4', A, year))).toBe('occasion-outside-force');
    await ledger.assess(award);
    expect(await ledger.state(award)).toMatchObject({ assessed: { assessment: { outcome: 'payable', amount: '100000.00' } } });
    expect(await refusal(ledger.apply('N1', A))).toBe('clause-grants-nothing');
    expect(await refusal(ledger.apply('T1', B))).toBe('enterprise-unknown');
  });

  it('answer an application that is sent again as the first time', async () => {
    await ledger.prepare('1000000.00', A);
    const context = ledger.context('clerk-1', 'same');
    const ask = () => ledger.run<{ award: string; replayed: boolean }>(new ApplyForAward({ pack: PACK, clause: 'T1', payee: A }, context));
    const first = await ask();
    expect(first).toMatchObject({ award: `${PACK}.T1.${A}.once`, replayed: false });
    expect(await ask()).toEqual({ ...first, replayed: true });
  });

  it('are not granted on facts that have changed since the assessment', async () => {
    await ledger.prepare('1000000.00', A);
    const award = await ledger.apply('T1', A);
    await ledger.toNotice(award);
    ledger.calendar.today = '2024-05-10';
    await ledger.dossier(A, { type: 'dispute-fact', factId: 'F1', reason: '人数不符' });
    expect(await refusal(ledger.grant(award))).toBe('facts-changed');
    await ledger.dossier(A, {
      type: 'record-facts',
      facts: [{ name: 'enterprise.sme', value: true, sourceUnit: '区经发局', evidence: [{ title: '核查' }], correctsFactId: 'F1' }],
    });
    // What was corrected today was not known to hold on the day of the assessment.
    expect(await refusal(ledger.grant(award))).toBe('facts-changed');
    expect((await ledger.state(award)).status).toBe('publicised');
    expect(await ledger.figures()).toEqual(['1000000.00', '0.00', '0.00']);
  });

  it('are not granted when what has happened since the assessment changes what the clause gives', async () => {
    await ledger.prepare('1000000.00', A);
    const award = await ledger.apply('T1', A);
    await ledger.toNotice(award);
    ledger.calendar.today = '2024-05-10';
    await ledger.facts(A, { 'enterprise.sme': false });
    expect(await refusal(ledger.grant(award))).toBe('assessment-changed');
    expect((await ledger.state(award)).status).toBe('publicised');
  });

  it('are not granted under a policy that has changed or ended', async () => {
    await ledger.prepare('1000000.00', A, B);
    const [one, other] = [await ledger.apply('T1', A), await ledger.apply('T1', B)];
    await ledger.toNotice(one);
    await ledger.toNotice(other);
    ledger.calendar.today = '2025-01-01';
    expect(await refusal(ledger.grant(one))).toBe('policy-not-in-force');
    ledger.calendar.today = '2024-05-10';
    await ledger.publish(testPack({ title: '修订后的办法', force: { from: '2024-05-10', until: '2025-01-01' } }), 'amend');
    expect(await refusal(ledger.grant(other))).toBe('policy-changed');
  });

  it('take the notice period of the policy, to the day', async () => {
    await ledger.prepare('1000000.00', A);
    const award = await ledger.apply('T1', A);
    await ledger.toNotice(award);
    ledger.calendar.today = '2024-05-05';
    expect(await refusal(ledger.grant(award))).toBe('notice-running');
    ledger.calendar.today = '2024-05-06';
    await ledger.grant(award);
    expect(await ledger.grantedState(award)).toMatchObject({
      notice: { from: '2024-05-01', until: '2024-05-05' },
      grant: { on: '2024-05-06' },
    });
  });

  it('record a grant the line cannot bear, and are granted from another', async () => {
    await ledger.prepare('199999.99', A);
    const reserve = { ...LINE, line: 'reserve' };
    await ledger.fund('200000.00', reserve);
    const award = await ledger.apply('T1', A);
    await ledger.toNotice(award);
    ledger.calendar.today = '2024-05-10';
    expect(await refusal(ledger.grant(award, { key: 'first' }))).toBe('budget-exhausted');
    expect(await refusal(ledger.grant(award, { key: 'first' }))).toBe('budget-exhausted');
    expect(await ledger.state(award)).toMatchObject({ status: 'publicised', failedGrant: { code: 'budget-exhausted' } });
    await ledger.grant(award, { line: 'reserve' });
    expect(await refusal(ledger.grant(award, { key: 'first' }))).toBe('grant-failed');
    await ledger.settle();
    expect(await ledger.figures()).toEqual(['199999.99', '0.00', '0.00']);
    expect(await ledger.figures(reserve)).toEqual(['0.00', '200000.00', '0.00']);
  });

  it.each([
    ['a line nobody has opened', { line: 'no-such-line' }, 'budget-line-unknown'],
    ['a span of years turned round', { period: '2024-2023' }, 'invalid-input'],
  ])('cannot be granted from %s, and the ledger goes on', async (_, from, code) => {
    await ledger.prepare('1000000.00', A);
    const award = await ledger.apply('T1', A);
    await ledger.toNotice(award);
    ledger.calendar.today = '2024-05-10';
    expect(await refusal(ledger.grant(award, from))).toBe(code);
    // Only what the line itself answers leaves a trace on the award.
    expect(await ledger.events('award-grant-started', 'award-grant-failed')).toHaveLength(code === 'invalid-input' ? 0 : 2);
    await ledger.settle();
    await ledger.grant(award);
    expect((await ledger.state(award)).status).toBe('granted');
    await ledger.settle();
  });

  it('that exclude each other are not both applied for, and not both granted', async () => {
    await ledger.prepare('1000000.00', A);
    const number = 'GR202436000001';
    await ledger.dossier(A, {
      type: 'record-certificate',
      number,
      kind: 'hnte',
      certification: 'first',
      issuedOn: '2024-02-01',
      expiresOn: '2027-01-31',
      issuer: '省科技厅',
      evidence: [{ title: '证书' }],
    });
    const general = await ledger.apply('K2', A, number);
    expect(await refusal(ledger.apply('K3', A, number))).toBe('does-not-stack');
    await ledger.award(general, { type: 'withdraw', reason: '改报人才岛' }, 'clerk-1');
    const island = await ledger.apply('K3', A, number);
    await ledger.toNotice(island);
    ledger.calendar.today = '2024-05-10';
    await ledger.grant(island);
    expect((await ledger.grantedState(island)).grant.amount.toString()).toBe('500000.00');
    expect(await refusal(ledger.apply('K2', A, 'gr 2024-36000001'))).toBe('does-not-stack');
  });

  it('that exclude each other and were applied for at once are never both granted', async () => {
    await ledger.prepare('1000000.00', A);
    const number = 'GR202436000001';
    await ledger.dossier(A, {
      type: 'record-certificate',
      number,
      kind: 'hnte',
      certification: 'first',
      issuedOn: '2024-02-01',
      expiresOn: '2027-01-31',
      issuer: '省科技厅',
      evidence: [{ title: '证书' }],
    });
    const outcomes = await Promise.allSettled([ledger.apply('K2', A, number), ledger.apply('K3', A, number)]);
    const awards = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(awards.length).toBeGreaterThan(0);
    for (const award of awards) await ledger.toNotice(award);
    ledger.calendar.today = '2024-05-10';
    await Promise.allSettled(awards.map((award) => ledger.grant(award)));
    await ledger.settle();
    const states = await Promise.all(awards.map((award) => ledger.state(award)));
    expect(states.filter(({ status }) => status === 'granted').length).toBeLessThanOrEqual(1);
    expect((await ledger.events('budget-reserved')).length).toBeLessThanOrEqual(1);
  });

  it('follow a merger: one award for both, paid to the successor an approver has confirmed', async () => {
    await ledger.prepare('1000000.00', A);
    await ledger.enterprise(B, '赣州乙科技有限公司');
    const award = await ledger.granted('T1', A);
    await ledger.dossier(A, { type: 'merge', survivor: B, reason: '吸收合并', evidence: [{ title: '合并决议' }] });
    await ledger.settle();
    expect(await refusal(ledger.apply('T1', A))).toBe('enterprise-merged');
    expect(await refusal(ledger.apply('T1', B))).toBe('award-exists');
    expect(await refusal(ledger.prepareBatch('B1', [{ award, instalment: 1 }]))).toBe('invalid-input');
    expect(await refusal(ledger.prepareBatch('B1'))).toBe('batch-empty');
    expect(await refusal(ledger.award(award, { type: 'confirm-payee', payee: B, reason: '吸收合并' }, 'clerk-1'))).toBe(
      'duties-not-separated',
    );
    await ledger.award(award, { type: 'confirm-payee', payee: B, reason: '吸收合并' }, 'approver-2');
    await ledger.prepareBatch('B1', [{ award, instalment: 1 }]);
    await ledger.batch('B1', { type: 'start-freeze' });
    expect((await ledger.events('batch-prepared'))[0]?.data).toMatchObject({
      lines: [{ payee: B, payeeName: '赣州乙科技有限公司', account: `6222 ${B}` }],
    });
    await ledger.results('B1', [{ line: 1, amount: '200000.00', result: 'paid', on: '2024-05-10' }]);
    await ledger.settle();
    expect(await ledger.figures()).toEqual(['800000.00', '0.00', '200000.00']);
    expect((await ledger.grantedState(award)).instalments[0]?.status).toBe('paid');
  });

  it('go on with the facts of a confirmed successor', async () => {
    await ledger.prepare('1000000.00', A);
    await ledger.enterprise(B, '赣州乙科技有限公司');
    const award = await ledger.granted('T2', A);
    await ledger.dossier(A, { type: 'merge', survivor: B, reason: '吸收合并', evidence: [{ title: '合并决议' }] });
    await ledger.facts(B, { 'project.accepted': true });
    expect(await refusal(ledger.unlock(award, 2))).toBe('payee-merged');
    await ledger.award(award, { type: 'confirm-payee', payee: B, reason: '吸收合并' }, 'approver-2');
    await ledger.unlock(award, 2);
    expect((await ledger.grantedState(award)).instalments[1]?.status).toBe('unlocked');
  });

  it('with a clawback that is not settled are due, barred, and in no batch', async () => {
    await ledger.prepare('1000000.00', A, B);
    const [owing, other] = [await ledger.apply('T2', A), await ledger.apply('T1', B)];
    for (const award of [owing, other]) await ledger.toNotice(award);
    ledger.calendar.today = '2024-05-10';
    await ledger.grant(owing);
    await ledger.prepareBatch('B1', [{ award: owing, instalment: 1 }]);
    await ledger.batch('B1', { type: 'start-freeze' });
    await ledger.results('B1', [{ line: 1, amount: '100000.00', result: 'paid', on: '2024-05-10' }]);
    await ledger.facts(A, { 'project.accepted': true });
    await ledger.unlock(owing, 2);
    await ledger.award(
      owing,
      { type: 'demand-clawback', cause: 'misuse', principal: '50000.00', dueOn: '2024-06-30', reason: '挪用' },
      'approver-1',
    );
    const bar = { code: 'clawback-outstanding', detail: expect.stringContaining('5万元') };
    expect(await due('2024-05-10')).toMatchObject([{ award: owing, instalment: 2, state: 'held', bar }]);
    expect(await refusal(ledger.prepareBatch('B2', [{ award: owing, instalment: 2 }]))).toBe('invalid-input');
    const nothing = ledger.prepareBatch('B2');
    await expect(nothing).rejects.toMatchObject({ code: 'batch-empty', extra: { skipped: [{ award: owing, ...bar }], left: 0 } });

    await ledger.grant(other);
    await ledger.settle();
    const payableAfter = (dueSince: string) =>
      ledger.query.execute(new CountPayableAfter('2024-05-10' as BusinessDate, {}, { dueSince, award: '', instalment: 0 }));
    expect(await payableAfter('2024-05-09')).toBe(1);
    expect(await payableAfter('2024-05-11')).toBe(0);
    expect(await ledger.prepareBatch('B2')).toMatchObject({ skipped: [{ award: owing, instalment: 2, ...bar }], left: 0 });
    await ledger.award(
      owing,
      { type: 'receive-clawback', clawback: 1, amount: '50000.00', on: '2024-05-10', reference: 'R1' },
      'finance-1',
    );
    expect((await due('2024-05-10')).map(({ state }) => state)).toEqual(['due', 'due']);
    expect(await payableAfter('2024-05-09')).toBe(2);
  });

  it('are found by a credit code however it is typed, and a number in the path that is none is named', async () => {
    await ledger.prepare('1000000.00', A);
    const award = await ledger.granted('T1', A);
    await ledger.settle();
    const code = A.toLowerCase();
    for (const path of [`/v1/awards?payee=${code}`, `/v1/due-instalments?payee=${code}`]) {
      expect((await ledger.request('GET', path, 'auditor')).body['items']).toMatchObject([{ award }]);
    }
    const filter = { batch: 'B1', title: '第一批', filter: { payee: code } };
    expect((await ledger.request('POST', '/v1/payment-batches', 'finance', filter)).status).toBe(201);
    const unlock = await ledger.request('POST', `/v1/awards/${award}/instalments/one/unlock`, 'clerk', {});
    expect([unlock.status, unlock.body['errors']]).toEqual([400, [expect.objectContaining({ field: 'no', rule: 'whole-number' })]]);
  });

  it('are not reconciled while something has not been carried through', async () => {
    await ledger.prepare('1000000.00', A);
    const award = await ledger.apply('T1', A);
    await ledger.toNotice(award);
    ledger.calendar.today = '2024-05-10';
    ledger.cutPowerAfter(1);
    await expect(ledger.grant(award)).rejects.toThrow('the power is cut');
    const asked = await ledger.request('GET', '/v1/balances/reconciliation', 'auditor');
    expect([asked.status, asked.body['code']]).toEqual([503, 'read-model-behind']);
  });

  it('applied for before a merger are not granted to the absorbed, nor twice', async () => {
    await ledger.prepare('1000000.00', A, B);
    const [one, other] = [await ledger.apply('T1', A), await ledger.apply('T1', B)];
    await ledger.toNotice(one);
    await ledger.toNotice(other);
    ledger.calendar.today = '2024-05-10';
    await ledger.dossier(A, { type: 'merge', survivor: B, reason: '吸收合并', evidence: [{ title: '合并决议' }] });
    await ledger.settle();
    expect(await refusal(ledger.grant(one))).toBe('enterprise-merged');
    expect(await refusal(ledger.grant(other))).toBe('award-exists');
    await ledger.award(one, { type: 'withdraw', reason: '已并入' }, 'clerk-1');
    await ledger.grant(other);
    expect((await ledger.state(other)).status).toBe('granted');
  });

  it('leave out of a batch what is held or has no verified account, and refuse what a person named', async () => {
    await ledger.prepare('1000000.00', A, B);
    const [one, other] = [await ledger.apply('T1', A), await ledger.apply('T2', B)];
    for (const award of [one, other]) await ledger.toNotice(award);
    ledger.calendar.today = '2024-05-10';
    for (const award of [one, other]) await ledger.grant(award);
    await ledger.award(one, { type: 'hold', reason: '列入黑名单' }, 'reviewer-1');
    await ledger.facts(B, { 'payment.account': '6222 9999' }, { verification: 'reported' });
    await ledger.settle();
    expect(await refusal(ledger.prepareBatch('B1'))).toBe('batch-empty');
    expect(await refusal(ledger.prepareBatch('B1', [{ award: one, instalment: 1 }]))).toBe('invalid-input');
    expect(await refusal(ledger.prepareBatch('B1', [{ award: other, instalment: 2 }]))).toBe('invalid-input');
    await ledger.award(one, { type: 'release-hold', reason: '信用修复' }, 'approver-1');
    await ledger.settle();
    expect(await ledger.prepareBatch('B1')).toMatchObject({ skipped: [{ award: other, code: 'account-unverified' }] });
  });

  it('are granted only on clear findings of other agencies, where the clause asks for them', async () => {
    await ledger.prepare('1000000.00', A);
    const award = await ledger.apply('C1', A);
    await ledger.toNotice(award);
    ledger.calendar.today = '2024-05-10';
    const tax = { type: 'record-clearance' as const, clearance: 'tax', agency: '区税务局', evidence: [{ title: '核查意见' }] };
    const missing = async () => {
      const grant = { line: LINE.line, period: LINE.period, documentNo: '虚构财〔2024〕3号' };
      const { status, body } = await ledger.request('POST', `/v1/awards/${award}/grant`, 'approver', grant);
      return status === 200 ? [] : body;
    };
    expect(await missing()).toMatchObject({
      code: 'clearance-missing',
      missing: [{ clearance: 'tax', agency: '区税务局', finding: 'absent' }],
    });
    await ledger.dossier(A, { ...tax, finding: 'adverse', on: '2024-05-08', documentNo: '税核1号' });
    expect(await missing()).toMatchObject({ code: 'clearance-missing', missing: [{ clearance: 'tax', finding: 'adverse' }] });
    await ledger.dossier(A, { ...tax, finding: 'clear', on: '2024-05-09', documentNo: '税核2号' });
    expect(await refusal(ledger.grant(award, { actor: 'registrar' }))).toBe('duties-not-separated');
    expect(await missing()).toEqual([]);
    const [started] = await ledger.events('award-grant-started');
    expect(started?.data).toMatchObject({
      clearances: [{ clearance: 'tax', agency: '区税务局', on: '2024-05-09', documentNo: '税核2号' }],
    });
  });
});

describe('what is due', () => {
  it('is paged oldest first, by age, payee and line', async () => {
    const place = folder();
    const ledger = await AwardLedger.open(place.path);
    try {
      await ledger.prepare('9000000.00', A, B);
      const awards: string[] = [];
      for (const [clause, payee] of [
        ['T1', A],
        ['T1', B],
        ['T2', A],
        ['T2', B],
      ] as const) {
        ledger.calendar.today = `2024-05-0${1 + awards.length}`;
        const award = await ledger.apply(clause, payee);
        await ledger.toNotice(award);
        awards.push(award);
      }
      for (const [index, award] of awards.entries()) {
        ledger.calendar.today = `2024-06-0${9 - index}`;
        await ledger.grant(award);
      }
      await ledger.settle();
      const ask = (filter: object, limit = 10, cursor?: string) =>
        ledger.query.execute(new GetDueInstalments('2024-06-10' as BusinessDate, filter, limit, cursor));
      const all = (await ask({})).items.map(({ award }) => award);
      expect(all).toEqual([...awards].reverse());
      const first = await ask({}, 3);
      const second = await ask({}, 3, first.next);
      expect([...first.items, ...second.items].map(({ award }) => award)).toEqual(all);
      expect(second.next).toBeUndefined();
      expect((await ask({ payee: A })).items.map(({ award }) => award)).toEqual([awards[2], awards[0]]);
      expect((await ask({ minimumAgeDays: 3 })).items.map(({ ageDays }) => ageDays)).toEqual([4, 3]);
      expect((await ask({ budgetLine: `${PACK}.other.2024` })).items).toEqual([]);
      expect((await ask({ pack: PACK, notInBatch: true })).items).toHaveLength(4);
      expect(
        (await ledger.query.execute(new GetDueInstalments('2024-06-07' as BusinessDate, {}, 10))).items.map(({ award }) => award),
      ).toEqual([awards[3], awards[2]]);
      const listed = await ledger.query.execute(new ListAwards({ status: 'granted' }, 3));
      expect((await ledger.query.execute(new ListAwards({ status: 'granted' }, 3, listed.next))).items).toHaveLength(1);
    } finally {
      await ledger.close();
      place.remove();
    }
  });
});
