import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fold } from '@app/kernel';
import { clearanceOf, creditCodesOf, currentFact, factOf, hasDeparted, isInForce, nameOn, titlesOf } from './enterprise.js';
import {
  certificate,
  clearance,
  CODE,
  decider,
  History,
  landed,
  ODD,
  on,
  OTHER,
  paper,
  rd,
  refusal,
  registered,
  relocation,
  sme,
  THIRD,
  title,
  withdrawal,
} from './enterprise.fixture.js';

describe('registering an enterprise', () => {
  const register = {
    type: 'register',
    creditCode: CODE,
    name: ' 赣州甲科技有限公司 ',
    region: '经开区',
    registeredOn: '2019-05-06',
  } as const;

  it('opens the dossier', () => {
    expect(History.empty.when(register, on('2024-01-02'))).toEqual([
      {
        type: 'enterprise-registered',
        data: { creditCode: CODE, name: '赣州甲科技有限公司', region: '经开区', registeredOn: '2019-05-06', creditCodeFlagged: false },
        evidence: [],
      },
    ]);
  });

  it('stays quiet on a repeat, also after a change of name', () => {
    const after = History.empty.do(register, on('2024-01-02')).do({ type: 'rename', name: '乙公司', evidence: paper }, on('2024-06-01'));
    expect(after.when({ ...register, creditCode: CODE.toLowerCase() }, on('2025-01-02'))).toEqual([]);
  });

  it('refuses other particulars under the same code', () => {
    expect(refusal(() => registered.when({ ...register, name: '另一公司' }, on('2024-01-02')))).toBe('enterprise-exists');
  });

  it('takes a code that fails its check character only with evidence, and flags it', () => {
    const odd = { type: 'register', creditCode: ODD, name: '丙公司' } as const;
    expect(refusal(() => History.empty.when(odd, on('2024-01-02')))).toBe('credit-code-check-failed');
    const [event] = History.empty.when({ ...odd, evidence: paper }, on('2024-01-02'));
    expect(event).toMatchObject({ data: { creditCodeFlagged: true }, evidence: paper });
  });

  it('refuses a blank name, a malformed code and a registration in the future', () => {
    expect(refusal(() => History.empty.when({ ...register, name: '　 ' }, on('2024-01-02')))).toBe('invalid-input');
    expect(refusal(() => History.empty.when({ ...register, creditCode: '123' }, on('2024-01-02')))).toBe('invalid-input');
    expect(refusal(() => History.empty.when({ ...register, registeredOn: '2026-03-02' }, on('2024-01-02')))).toBe('invalid-input');
  });

  it('comes before everything else', () => {
    expect(refusal(() => History.empty.when(rd('1.00', '2023'), on('2024-01-02')))).toBe('enterprise-unknown');
    expect(() => decider.evolve(decider.initialState, { type: 'enterprise-renamed', data: { name: '乙' } }, on('2024-01-01'))).toThrow(
      /before/,
    );
  });
});

describe('renaming', () => {
  const renamed = registered.do({ type: 'rename', name: '乙公司', evidence: paper }, on('2024-06-01'));

  it('keeps every name with the day since which it holds', () => {
    expect(renamed.dossier.names).toEqual([
      { name: '赣州甲科技有限公司', from: '2022-01-10' },
      { name: '乙公司', from: '2024-06-01' },
    ]);
    expect(nameOn(renamed.dossier, '2024-05-31')).toBe('赣州甲科技有限公司');
    expect(nameOn(renamed.dossier, '2024-06-01')).toBe('乙公司');
    expect(nameOn(renamed.dossier, '2010-01-01')).toBe('赣州甲科技有限公司');
    expect(renamed.dossier.name).toBe('乙公司');
  });

  it('stays quiet on a repeat and needs evidence', () => {
    expect(renamed.when({ type: 'rename', name: '乙公司', evidence: paper }, on('2024-07-01'))).toEqual([]);
    expect(refusal(() => renamed.when({ type: 'rename', name: '丁公司', evidence: [] }, on('2024-07-01')))).toBe('invalid-input');
  });

  it('takes a former name that becomes known later', () => {
    const earlier = renamed.do({ type: 'rename', name: '前身公司', evidence: paper }, on('2020-01-01'));
    expect(nameOn(earlier.dossier, '2021-01-01')).toBe('前身公司');
    expect(earlier.dossier.name).toBe('乙公司');
  });
});

describe('recording facts', () => {
  it('gives each fact the next id', () => {
    const both = { type: 'record-facts', facts: [...facts(rd('100.00', '2022')), ...facts(sme(true))] } as const;
    expect(registered.when(both, on('2024-01-02'))).toEqual([
      {
        type: 'fact-recorded',
        data: { factId: 'F1', name: 'rd.expenditure', value: '100.00', period: '2022', sourceUnit: '区税务局' },
        evidence: paper,
      },
      {
        type: 'fact-recorded',
        data: { factId: 'F2', name: 'enterprise.sme', value: true, sourceUnit: '区经发局' },
        evidence: paper,
      },
    ]);
  });

  it('records all or none, naming every fact that is wrong', () => {
    const unknown = { type: 'record-facts', facts: [...facts(rd('100.00', '2022')), ...facts(sme(true, { name: 'rd.expense' }))] } as const;
    expect(() => registered.when(unknown, on('2024-01-02'))).toThrow(
      expect.objectContaining({ code: 'fact-unknown', detail: expect.stringContaining('rd.expense') }),
    );
    const wrong = {
      type: 'record-facts',
      facts: [...facts(rd('1.234', '2022')), ...facts(rd('1.00', '2023-01-01')), ...facts(sme('yes' as never))],
    } as const;
    expect(() => registered.when(wrong, on('2024-01-02'))).toThrow(
      expect.objectContaining({
        code: 'fact-malformed',
        errors: [
          expect.objectContaining({ field: 'facts.0.value', rule: 'money' }),
          expect.objectContaining({ field: 'facts.1.period' }),
          expect.objectContaining({ field: 'facts.2.value', rule: 'bool' }),
        ],
      }),
    );
  });

  it('needs the year where a fact is about a year, and no year that has not begun', () => {
    const periods: readonly (string | undefined)[] = [undefined, '2027', '2023-05-01'];
    for (const period of periods)
      expect(refusal(() => registered.when(rd('1.00', period as string), on('2024-01-02')))).toBe('fact-malformed');
    expect(refusal(() => registered.when(sme(true, { period: '2023' }), on('2024-01-02')))).toBe('fact-malformed');
    expect(registered.when(sme(true, { period: '2023-05-01' }), on('2024-01-02'))).toHaveLength(1);
    expect(
      refusal(() =>
        registered.when({ type: 'record-facts', facts: [...facts(rd('1.00', '2023')), ...facts(rd('2.00', '2023'))] }, on('2024-01-02')),
      ),
    ).toBe('fact-malformed');
  });

  it('takes a fact as reported, whoever records it and whatever the command says', () => {
    const reviewer = { ...on('2024-01-02', 'reviewer-1'), roles: ['reviewer'] };
    const claimed = rd('1.00', '2023', { verification: 'verified' } as object);
    expect(registered.do(claimed, reviewer).dossier.facts.first()?.verification).toBe('reported');
    expect(registered.when(claimed, reviewer)[0]?.data).not.toHaveProperty('verification');
    const stored = { factId: 'F1', name: 'enterprise.sme', value: true, sourceUnit: '区经发局', verification: 'verified' };
    const state = decider.evolve(registered.state, { type: 'fact-recorded', data: stored }, on('2024-01-02'));
    expect(state).toMatchObject({ facts: expect.objectContaining({ size: 1 }) });
    expect(state.status === 'registered' && state.facts.first()?.verification).toBe('reported');
  });

  it('needs the subject where a fact is about a project, and nowhere else', () => {
    expect(refusal(() => registered.when(landed(undefined), on('2024-01-02')))).toBe('fact-malformed');
    expect(refusal(() => registered.when(sme(true, { subject: 'P-1' }), on('2024-01-02')))).toBe('fact-malformed');
    for (const unclear of ['Р-1', 'P-1α', '——', '々-1']) {
      expect(() => registered.when(landed(unclear), on('2024-01-02'))).toThrow(
        expect.objectContaining({ code: 'invalid-input', errors: [expect.objectContaining({ field: 'facts.0.subject' })] }),
      );
    }
    expect(registered.when(landed(' 合同〔2024〕P-1 '), on('2024-01-02'))[0]?.data).toMatchObject({ subject: '合同〔2024〕P-1' });
  });

  it('keeps the facts about each project apart, however its reference is spelt', () => {
    const both = { type: 'record-facts', facts: [...facts(landed('P-1')), ...facts(landed('P-2', false))] } as const;
    const { dossier } = registered.do(both, on('2024-01-02'));
    const current = (subject?: string) =>
      currentFact(dossier, { name: 'project.landed', effectiveOn: '2024-01-02', ...(subject !== undefined && { subject }) });
    expect(current('p 1')).toMatchObject({ factId: 'F1', value: true });
    expect(current('P2')).toMatchObject({ factId: 'F2', value: false });
    expect(current()).toBeUndefined();
    expect(registered.do(both, on('2024-01-02')).when(landed('p 1'), on('2024-02-02'))).toEqual([]);
    const twice = { type: 'record-facts', facts: [...facts(landed('P-1')), ...facts(landed('p1', false))] } as const;
    expect(refusal(() => registered.when(twice, on('2024-01-02')))).toBe('fact-malformed');
  });

  it('corrects by a later fact and keeps the earlier one', () => {
    const { dossier } = registered
      .do(rd('5.00', '2023'), on('2024-01-02'))
      .do(rd('8.00', '2023', { correctsFactId: 'F1' }), on('2024-02-02'));
    expect(factOf(dossier, 'F1')).toMatchObject({ value: '5.00', correctedBy: 'F2' });
    expect(currentFact(dossier, { name: 'rd.expenditure', period: '2023', effectiveOn: '2024-02-02' })).toMatchObject({
      factId: 'F2',
      value: '8.00',
      corrects: 'F1',
    });
  });

  it('refuses to correct what is not there, another fact, or a fact corrected already', () => {
    const history = registered.do(rd('5.00', '2023'), on('2024-01-02')).do(rd('8.00', '2023', { correctsFactId: 'F1' }), on('2024-02-02'));
    expect(refusal(() => history.when(rd('9.00', '2023', { correctsFactId: 'F9' }), on('2024-03-01')))).toBe('fact-not-found');
    expect(refusal(() => history.when(rd('9.00', '2023', { correctsFactId: '__proto__' }), on('2024-03-01')))).toBe('fact-not-found');
    expect(refusal(() => history.when(sme(true, { correctsFactId: 'F2' }), on('2024-03-01')))).toBe('correction-of-another-fact');
    expect(refusal(() => history.when(rd('9.00', '2023', { correctsFactId: 'F1' }), on('2024-03-01')))).toBe('fact-corrected');
  });

  it('does not let an old command bring back a figure that was replaced', () => {
    const history = registered.do(rd('5.00', '2023'), on('2024-01-02')).do(rd('8.00', '2023', { correctsFactId: 'F1' }), on('2024-02-02'));
    expect(refusal(() => history.when(rd('5.00', '2023'), on('2024-03-01')))).toBe('fact-replaced');
    expect(history.when(rd('5.00', '2023', { correctsFactId: 'F2' }), on('2024-03-01'))).toHaveLength(1);
  });

  it('stays quiet on a repeat of what stands on its day, whatever has been stated since of other days', () => {
    const history = registered.do(sme(true), on('2024-03-01')).do(sme(false), on('2024-01-10')).do(sme(false), on('2024-06-01'));
    expect(history.dossier.facts.size).toBe(3);
    expect(history.when(sme(true), on('2024-03-01'))).toEqual([]);
    expect(history.when(sme(true), on('2024-05-31'))).toEqual([]);
    expect(history.when(sme(false), on('2024-01-10'))).toEqual([]);
    expect(history.when(sme(false), on('2024-03-02'))).toHaveLength(1);
    expect(history.when(sme(false), on('2024-02-10'))).toEqual([]);
    const sameDay = history.do(sme(false), on('2024-03-01'));
    expect(refusal(() => sameDay.when(sme(true), on('2024-03-01')))).toBe('fact-replaced');
  });

  it('does not let an old command talk past what was corrected later, but records what is said of a day nobody can say anything of', () => {
    const since = (value: boolean, day: string, correctsFactId?: string) =>
      [sme(value, { ...(correctsFactId !== undefined && { correctsFactId }) }), on(day)] as const;
    const history = registered
      .do(...since(true, '2024-01-10'))
      .do(...since(false, '2024-02-01'))
      .do(...since(true, '2024-06-01', 'F2'));
    expect(refusal(() => history.when(...since(false, '2024-02-01')))).toBe('fact-replaced');
    expect(history.when(...since(true, '2024-01-20'))).toEqual([]);
    expect(history.when(...since(true, '2024-03-01'))).toHaveLength(1);
  });

  it('lets a state of affairs change back in time', () => {
    const history = registered.do(sme(true), on('2022-02-01')).do(sme(false), on('2023-02-01'));
    expect(history.when(sme(true), on('2024-02-01'))).toHaveLength(1);
  });
});

describe('verifying and disputing', () => {
  const reported = registered.do(rd('5.00', '2023'), on('2024-01-02'));
  const verify = { type: 'verify-fact', factId: 'F1', evidence: paper } as const;
  const dispute = { type: 'dispute-fact', factId: 'F1', reason: '与纳税申报不符' } as const;

  it('is another person’s to verify, with evidence', () => {
    expect(refusal(() => reported.when(verify, on('2024-01-03', 'clerk-1')))).toBe('separation-of-duties');
    expect(refusal(() => reported.when({ ...verify, evidence: [] }, on('2024-01-03', 'clerk-2')))).toBe('invalid-input');
    const verified = reported.do(verify, on('2024-01-03', 'clerk-2'));
    expect(factOf(verified.dossier, 'F1')).toMatchObject({
      verification: 'verified',
      recordedBy: 'clerk-1',
      checked: { by: 'clerk-2', on: '2024-01-03', evidence: paper },
    });
    expect(verified.when(verify, on('2024-01-04', 'clerk-2'))).toEqual([]);
    expect(verified.when(rd('5.00', '2023'), on('2024-01-04'))).toEqual([]);
  });

  it('a dispute is recorded once and settled by verifying', () => {
    const disputed = reported.do(dispute, on('2024-01-03', 'reviewer-1'));
    expect(factOf(disputed.dossier, 'F1')?.dispute).toEqual({ reason: '与纳税申报不符', by: 'reviewer-1', on: '2024-01-03' });
    expect(disputed.when(dispute, on('2024-01-05', 'reviewer-1'))).toEqual([]);
    expect(factOf(disputed.do(verify, on('2024-01-06', 'clerk-2')).dossier, 'F1')?.dispute).toBeUndefined();
  });

  it('a disputed fact is corrected, not talked past', () => {
    const disputed = reported.do(dispute, on('2024-01-03', 'reviewer-1'));
    expect(refusal(() => disputed.when(rd('4.00', '2023'), on('2024-01-06')))).toBe('fact-disputed');
    expect(disputed.when(rd('4.00', '2023', { correctsFactId: 'F1' }), on('2024-01-06'))).toHaveLength(1);
  });

  it('a dispute is not talked past by dating the fact in another way', () => {
    const doubt = { type: 'dispute-fact', factId: 'F1', reason: '存疑' } as const;
    const undated = registered.do(sme(false), on('2024-01-02')).do(doubt, on('2024-01-03', 'reviewer-1'));
    expect(refusal(() => undated.when(sme(true, { period: '2024-02-01' }), on('2024-02-01')))).toBe('fact-disputed');
    const dated = registered.do(sme(false, { period: '2023-05-01' }), on('2024-01-02')).do(doubt, on('2024-01-03', 'reviewer-1'));
    expect(refusal(() => dated.when(sme(true), on('2024-02-01')))).toBe('fact-disputed');
    expect(refusal(() => dated.when(sme(true, { period: '2023-06-01' }), on('2024-02-01')))).toBe('fact-disputed');
    // Nor by correcting another fact so that it comes to stand after the disputed one.
    const two = registered
      .do(sme(false, { period: '2023-05-01' }), on('2024-01-02'))
      .do(sme(true, { period: '2023-01-01' }), on('2024-01-02'))
      .do(doubt, on('2024-01-03', 'reviewer-1'));
    expect(refusal(() => two.when(sme(true, { period: '2023-06-01', correctsFactId: 'F2' }), on('2024-02-01')))).toBe('fact-disputed');
    expect(two.when(sme(true, { period: '2023-06-01', correctsFactId: 'F1' }), on('2024-02-01'))).toHaveLength(1);
    const scale = (period: string | undefined) => sme(true, { name: 'enterprise.aboveScale', ...(period !== undefined && { period }) });
    const year = registered.do(scale('2023'), on('2024-01-02')).do(doubt, on('2024-01-03', 'reviewer-1'));
    for (const period of [undefined, '2023', '2023-07-01']) {
      expect(refusal(() => year.when(sme(false, { ...facts(scale(period))[0], value: false }), on('2024-02-01')))).toBe('fact-disputed');
    }
    expect(year.when(scale('2024'), on('2024-02-01'))).toHaveLength(1);
  });

  it('a dispute about one project, year or former state does not hold up another', () => {
    const project = registered
      .do(landed('P-1', false), on('2024-01-02'))
      .do({ type: 'dispute-fact', factId: 'F1', reason: '存疑' }, on('2024-01-03', 'reviewer-1'));
    expect(refusal(() => project.when(landed('p1', true, { period: '2024-01-01' }), on('2024-02-01')))).toBe('was not refused');
    expect(refusal(() => project.when(landed('p1', true, { period: '2024-01-05' }), on('2024-02-01')))).toBe('fact-disputed');
    expect(project.when(landed('P-2'), on('2024-02-01'))).toHaveLength(1);
    const former = registered
      .do(sme(true), on('2022-02-01'))
      .do(sme(false), on('2023-02-01'))
      .do({ type: 'dispute-fact', factId: 'F1', reason: '存疑' }, on('2024-01-03', 'reviewer-1'));
    expect(former.when(sme(true), on('2024-02-01'))).toHaveLength(1);
  });

  it('two disputes can be answered one after the other', () => {
    const dispute2 = { ...dispute, factId: 'F2' } as const;
    const both = registered
      .do(sme(false, { period: '2023-01-01' }), on('2024-01-02'))
      .do(sme(false, { period: '2023-05-01' }), on('2024-01-02'))
      .do(dispute, on('2024-01-03', 'reviewer-1'))
      .do(dispute2, on('2024-01-03', 'reviewer-1'));
    expect(refusal(() => both.when(sme(true, { correctsFactId: 'F1' }), on('2024-02-01')))).toBe('fact-disputed');
    const answered = both
      .do(sme(true, { period: '2023-05-01', correctsFactId: 'F2' }), on('2024-02-01'))
      .do(sme(true, { period: '2023-01-01', correctsFactId: 'F1' }), on('2024-02-01'));
    expect(answered.dossier.facts.filter((fact) => fact.dispute !== undefined && fact.correctedBy === undefined).size).toBe(0);
  });

  it('refuses facts that are not there or were corrected', () => {
    const corrected = reported.do(rd('4.00', '2023', { correctsFactId: 'F1' }), on('2024-01-06'));
    expect(refusal(() => corrected.when(verify, on('2024-01-07', 'clerk-2')))).toBe('fact-corrected');
    expect(refusal(() => corrected.when(dispute, on('2024-01-07', 'clerk-2')))).toBe('fact-corrected');
    expect(refusal(() => corrected.when({ ...verify, factId: 'F3' }, on('2024-01-07', 'clerk-2')))).toBe('fact-not-found');
  });
});

describe('certificates', () => {
  const held = registered.do(certificate, on('2024-01-02'));
  const revoke = { type: 'revoke-certificate', number: 'gr2023-36000001', on: '2025-03-01', reason: '虚假申报', evidence: paper } as const;

  it('are recorded once, however the number is spelt', () => {
    expect(held.dossier.certificates).toEqual([
      expect.objectContaining({ number: 'GR202336000001', issuedOn: '2023-11-22', recordedBy: 'clerk-1' }),
    ]);
    expect(held.when({ ...certificate, number: 'gr2023 36000001' }, on('2024-05-01'))).toEqual([]);
    expect(refusal(() => held.when({ ...certificate, expiresOn: '2027-11-21' }, on('2024-05-01')))).toBe('certificate-exists');
  });

  it('are not recorded again under a number that looks the same', () => {
    const mistyped = registered.do({ ...certificate, number: 'GR2O2336000I〇1' }, on('2024-01-02'));
    for (const number of ['GR202336000101', 'gr 2o23-36000101', 'GR2O2336000101']) {
      for (const corrects of [false, true]) {
        expect(refusal(() => mistyped.when({ ...certificate, number, corrects }, on('2024-05-01')))).toBe('certificate-exists');
      }
    }
    expect(mistyped.when({ ...certificate, number: 'GR202336000102' }, on('2024-05-01'))).toHaveLength(1);
  });

  it('are put right by a record that says so', () => {
    const right = held.do({ ...certificate, expiresOn: '2026-11-22', corrects: true }, on('2024-05-01'));
    expect(right.dossier.certificates).toEqual([expect.objectContaining({ expiresOn: '2026-11-22' })]);
    expect(refusal(() => registered.when({ ...certificate, corrects: true }, on('2024-05-01')))).toBe('certificate-not-found');
  });

  it('need sensible dates, a word for the kind and evidence', () => {
    for (const wrong of [
      { expiresOn: '2023-11-22' },
      { issuedOn: '2026-03-02', expiresOn: '2029-01-01' },
      { kind: 'Big Firm' },
      { number: '——' },
      { number: 'ГR202336000001' },
      { evidence: [] },
    ]) {
      expect(refusal(() => registered.when({ ...certificate, ...wrong }, on('2024-05-01')))).toBe('invalid-input');
    }
  });

  it('are in force from the issue through the last day, or until revoked', () => {
    const [one] = held.dossier.certificates;
    expect(['2023-11-21', '2023-11-22', '2026-11-21', '2026-11-22'].map((day) => isInForce(one!, day))).toEqual([false, true, true, false]);
    const [gone] = held.do(revoke, on('2025-03-05')).dossier.certificates;
    expect(['2025-02-28', '2025-03-01'].map((day) => isInForce(gone!, day))).toEqual([true, false]);
  });

  it('are revoked once', () => {
    const gone = held.do(revoke, on('2025-03-05'));
    expect(gone.when(revoke, on('2025-03-06'))).toEqual([]);
    expect(refusal(() => gone.when({ ...revoke, on: '2025-04-01' }, on('2025-05-06')))).toBe('certificate-revoked');
    expect(refusal(() => gone.when({ ...certificate, expiresOn: '2027-01-01', corrects: true }, on('2025-05-06')))).toBe(
      'certificate-revoked',
    );
    expect(refusal(() => held.when({ ...revoke, number: 'GR1' }, on('2025-05-06')))).toBe('certificate-not-found');
    expect(refusal(() => held.when({ ...revoke, on: '2023-01-01' }, on('2025-05-06')))).toBe('invalid-input');
    expect(refusal(() => held.when({ ...revoke, evidence: [] }, on('2025-05-06')))).toBe('invalid-input');
    expect(held.when(revoke, on('2025-05-06'))[0]?.evidence).toEqual(paper);
  });
});

describe('moving in and out', () => {
  const here = registered.do(relocation, on('2024-02-02'));

  it('records an arrival once; another needs a departure or says that it corrects', () => {
    expect(here.dossier.moves).toEqual([
      {
        kind: 'arrival',
        no: 1,
        from: '南昌市',
        origin: 'in-province',
        whole: true,
        on: '2024-02-01',
        evidence: paper,
        recordedBy: 'clerk-1',
      },
    ]);
    expect(here.when(relocation, on('2024-03-01'))).toEqual([]);
    expect(refusal(() => here.when({ ...relocation, whole: false }, on('2024-03-01')))).toBe('already-relocated');
    const right = here.do({ ...relocation, whole: false, corrects: true }, on('2024-03-01'));
    expect(right.dossier.moves).toEqual([expect.objectContaining({ no: 1, whole: false })]);
    expect(refusal(() => registered.when({ ...relocation, corrects: true }, on('2024-03-01')))).toBe('relocation-not-found');
  });

  it('records departures, and moves only forward in time', () => {
    const leave = (day: string) => ({ type: 'record-departure', on: day, evidence: paper }) as const;
    expect(refusal(() => here.when({ ...leave('2025-01-01'), evidence: [] }, on('2025-01-02')))).toBe('invalid-input');
    const away = here.do(leave('2025-01-01'), on('2025-01-02'));
    expect(hasDeparted(away.dossier, '2024-12-31')).toBe(false);
    expect(hasDeparted(away.dossier, '2025-01-01')).toBe(true);
    expect(away.when(leave('2025-01-01'), on('2025-02-02'))).toEqual([]);
    expect(refusal(() => away.when(leave('2025-01-05'), on('2025-02-02')))).toBe('already-departed');
    expect(refusal(() => here.when(leave('2024-01-31'), on('2025-02-02')))).toBe('invalid-input');
    expect(refusal(() => away.when({ ...relocation, on: '2024-06-01' }, on('2025-02-02')))).toBe('invalid-input');
    expect(away.when({ ...relocation, on: '2025-06-01' }, on('2025-06-02'))).toEqual([
      expect.objectContaining({ data: expect.objectContaining({ no: 3 }) }),
    ]);
  });
});

describe('merging', () => {
  const merge = { type: 'merge', survivor: OTHER, survivorStatus: 'registered', reason: '吸收合并', evidence: paper } as const;
  const merged = registered.do({ type: 'absorb', creditCodes: [THIRD] }, on('2023-01-01')).do(merge, on('2024-04-01', 'administrator-1'));

  it('closes the dossier and hands on every code', () => {
    expect(merged.dossier).toMatchObject({ status: 'merged', survivor: OTHER, mergedOn: '2024-04-01' });
    expect(merged.past.at(-1)?.event).toMatchObject({
      data: { survivor: OTHER, creditCodes: [CODE, THIRD], reason: '吸收合并' },
      evidence: paper,
    });
    expect(merged.when(merge, on('2024-05-01'))).toEqual([]);
    expect(merged.when({ ...merge, survivorStatus: 'merged' }, on('2024-05-01'))).toEqual([]);
    expect(refusal(() => merged.when({ ...merge, survivor: THIRD }, on('2024-05-01')))).toBe('enterprise-merged');
    expect(refusal(() => merged.when(rd('1.00', '2023'), on('2024-05-01')))).toBe('enterprise-merged');
    expect(refusal(() => merged.when(certificate, on('2024-05-01')))).toBe('enterprise-merged');
  });

  it('needs evidence and a reason', () => {
    expect(refusal(() => registered.when({ ...merge, evidence: [] }, on('2024-05-01')))).toBe('invalid-input');
    expect(refusal(() => registered.when({ ...merge, reason: ' ' }, on('2024-05-01')))).toBe('invalid-input');
  });

  it('needs a survivor that stands', () => {
    expect(refusal(() => registered.when({ ...merge, survivor: CODE }, on('2024-05-01')))).toBe('survivor-is-absorbed');
    expect(refusal(() => registered.when({ ...merge, survivorStatus: 'unregistered' }, on('2024-05-01')))).toBe('survivor-unknown');
    expect(refusal(() => registered.when({ ...merge, survivorStatus: 'merged' }, on('2024-05-01')))).toBe('survivor-merged');
  });

  it('gives the survivor the codes of the absorbed, each once and never its own', () => {
    const survivor = registered.do({ type: 'absorb', creditCodes: [OTHER, THIRD, CODE, OTHER] }, on('2024-04-01'));
    expect(creditCodesOf(survivor.dossier)).toEqual([CODE, OTHER, THIRD]);
    expect(survivor.when({ type: 'absorb', creditCodes: [THIRD, OTHER] }, on('2024-05-01'))).toEqual([]);
  });
});

describe('whatever happens', () => {
  const day = fc.integer({ min: 0, max: 700 }).map((days) => new Date(Date.UTC(2024, 0, 1) + days * 86_400_000).toISOString().slice(0, 10));
  const step = fc.oneof(
    fc.record({ kind: fc.constant('new' as const), value: fc.integer({ min: 0, max: 9 }), year: fc.constantFrom('2022', '2023'), day }),
    fc.record({
      kind: fc.constant('correct' as const),
      target: fc.integer({ min: 1, max: 8 }),
      value: fc.integer({ min: 0, max: 9 }),
      year: fc.constantFrom('2022', '2023'),
      day,
    }),
    fc.record({ kind: fc.constant('state' as const), value: fc.boolean(), day }),
    fc.record({ kind: fc.constant('dispute' as const), target: fc.integer({ min: 1, max: 8 }), day }),
    fc.record({ kind: fc.constant('rename' as const), value: fc.integer({ min: 0, max: 2 }), day }),
  );
  type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
  const commandOf = (one: Step) => {
    switch (one.kind) {
      case 'new':
        return rd(`${one.value}.00`, one.year);
      case 'state':
        return sme(one.value);
      case 'correct':
        return rd(`${one.value}.00`, one.year, { correctsFactId: `F${one.target}` });
      case 'dispute':
        return { type: 'dispute-fact', factId: `F${one.target}`, reason: '存疑' } as const;
      case 'rename':
        return { type: 'rename', name: `公司${one.value}`, evidence: paper } as const;
    }
  };

  it('no order of corrections loses a fact, and a repeat changes nothing', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        let history = registered;
        for (const one of steps) {
          const context = on(one.day);
          const before = history;
          if (refusal(() => (history = before.do(commandOf(one), context))) !== 'was not refused') continue;
          expect(history.when(commandOf(one), context)).toEqual([]);
          const kept = history.dossier.facts
            .take(before.dossier.facts.size)
            .map(({ name, value, period, evidence, recordedBy, effectiveOn }) => [name, value, period, evidence, recordedBy, effectiveOn]);
          expect(kept.toArray()).toEqual(
            before.dossier.facts
              .map(({ name, value, period, evidence, recordedBy, effectiveOn }) => [name, value, period, evidence, recordedBy, effectiveOn])
              .toArray(),
          );
        }
        const { facts } = history.dossier;
        expect(facts.map(({ factId }) => factId).toArray()).toEqual(facts.map((_, index) => `F${index + 1}`).toArray());
        const recorded = history.past.filter(({ event }) => event.type === 'fact-recorded').length;
        expect(facts.size).toBe(recorded);
        // A correction and what it corrects name each other, so every chain can be walked both ways.
        for (const fact of facts) {
          if (fact.corrects !== undefined) expect(factOf(history.dossier, fact.corrects)?.correctedBy).toBe(fact.factId);
          if (fact.correctedBy !== undefined) expect(factOf(history.dossier, fact.correctedBy)?.corrects).toBe(fact.factId);
        }
        expect(fold(decider, history.past)).toEqual(history.state);
      }),
      { numRuns: 150 },
    );
  });
});

function facts(command: ReturnType<typeof rd>) {
  return command.type === 'record-facts' ? command.facts : [];
}

describe('clearances', () => {
  const cleared = registered.do(clearance, on('2025-09-01'));

  it('keep what an agency found, for as long as the policy says', () => {
    const { type: _type, evidence, ...said } = clearance;
    expect(registered.when(clearance, on('2025-09-01'))).toEqual([
      { type: 'clearance-recorded', data: { ...said, validUntil: '2026-02-27' }, evidence },
    ]);
    expect(registered.when({ ...clearance, validUntil: '2025-12-31', note: '抽查' }, on('2025-09-01'))).toMatchObject([
      { data: { validUntil: '2025-12-31', note: '抽查' } },
    ]);
    const [unlimited] = registered.when({ ...clearance, clearance: 'safety', agency: '区应急管理局' }, on('2025-09-01'));
    expect(unlimited?.data).not.toHaveProperty('validUntil');
  });

  it('stay quiet on a repeat', () => {
    expect(cleared.when(clearance, on('2025-10-01'))).toEqual([]);
    expect(cleared.do({ ...clearance, finding: 'adverse' }, on('2025-10-01')).when(clearance, on('2025-10-02'))).toEqual([]);
  });

  it.each([
    ['a clearance no policy asks for', { clearance: 'weather' }],
    ['another agency', { agency: '区科技局' }],
    ['a day to come', { on: '2026-03-02' }],
    ['an end before the finding', { validUntil: '2025-08-30' }],
    ['a blank document number', { documentNo: ' ' }],
    ['no evidence', { evidence: [] }],
  ])('refuse %s', (_, change) => {
    expect(refusal(() => registered.when({ ...clearance, ...change }, on('2025-09-01')))).toBe('invalid-input');
  });

  it('never count longer than the policy says, where it says so', () => {
    const until = (validUntil: string, agency = '区税务局') => registered.when({ ...clearance, agency, validUntil }, on('2025-09-01'));
    expect(until('2026-02-27')).toHaveLength(1);
    expect(() => until('2026-02-28')).toThrow(
      expect.objectContaining({ code: 'invalid-input', errors: [expect.objectContaining({ field: 'validUntil' })] }),
    );
    expect(until('2035-12-31', '市税务局')).toHaveLength(1);
  });

  it('of one agency say nothing about what another found', () => {
    const elsewhere = { ...clearance, agency: '市税务局', on: '2025-10-02' };
    const both = cleared.do({ ...clearance, finding: 'adverse', on: '2025-10-01' }, on('2025-10-02')).do(elsewhere, on('2025-10-02'));
    const found = ['区税务局', '市税务局', '省税务局'].map((agency) => clearanceOf(both.dossier, 'tax', '2025-10-03', agency)?.finding);
    expect(found).toEqual(['adverse', 'clear', undefined]);
  });

  it('count from their day to their last; the latest replaces what was found before, also once it has run out', () => {
    const found = (history: History, day: string) => clearanceOf(history.dossier, 'tax', day, '区税务局')?.finding;
    expect(['2025-08-30', '2025-08-31', '2026-02-27', '2026-02-28'].map((day) => found(cleared, day))).toEqual([
      undefined,
      'clear',
      'clear',
      undefined,
    ]);
    const adverse = cleared.do({ ...clearance, finding: 'adverse', on: '2025-10-01', validUntil: '2025-10-31' }, on('2025-10-01'));
    const late = adverse.do({ ...clearance, on: '2025-09-15', documentNo: '补录' }, on('2025-12-01'));
    expect(['2025-09-30', '2025-10-01', '2025-11-01'].map((day) => found(late, day))).toEqual(['clear', 'adverse', undefined]);
    expect(clearanceOf(cleared.dossier, 'safety', '2025-09-01', '区应急管理局')).toBeUndefined();
  });
});

describe('titles', () => {
  const titled = registered.do(title, on('2025-02-01'));
  const withdrawn = titled.do(withdrawal, on('2025-06-02'));

  it('are awarded for a year, under the name the policy gives them', () => {
    const { type: _type, evidence, ...said } = title;
    expect(registered.when(title, on('2025-02-01'))).toEqual([
      { type: 'title-awarded', data: { ...said, name: '知识产权示范企业标杆' }, evidence },
    ]);
    expect(withdrawn.when({ ...title, year: 2025, on: '2025-12-01' }, on('2025-12-01'))).toHaveLength(1);
  });

  it('are awarded once a year; a repeat is quiet, also after a withdrawal, and other particulars are refused', () => {
    expect(titled.when(title, on('2025-03-01'))).toEqual([]);
    expect(withdrawn.when(title, on('2025-07-01'))).toEqual([]);
    expect(refusal(() => titled.when({ ...title, grade: '1A' }, on('2025-03-01')))).toBe('title-exists');
    expect(refusal(() => withdrawn.when({ ...title, grade: '1A' }, on('2025-07-01')))).toBe('title-withdrawn');
  });

  it.each([
    ['a title no policy names', { title: 'champion' }],
    ['a grade the title does not have', { grade: '9A' }],
    ['no grade where the title has some', { grade: undefined }],
    ['a grade where it has none', { title: 'pacesetter' }],
    ['a year to come', { year: 2027 }],
    ['no evidence', { evidence: [] }],
  ])('refuse %s', (_, change) => {
    expect(refusal(() => registered.when({ ...title, ...change }, on('2025-03-01')))).toBe('invalid-input');
  });

  it('are held until they are withdrawn, and stay in the history', () => {
    const held = (day: string) => titlesOf(withdrawn.dossier, day).map(({ grade }) => grade);
    expect(['2025-01-19', '2025-01-20', '2025-05-31', '2025-06-01'].map(held)).toEqual([[], ['2A'], ['2A'], []]);
    expect(withdrawn.dossier.titles).toMatchObject([{ year: 2024, withdrawn: { on: '2025-06-01', reason: '失信' } }]);
  });

  it('are withdrawn once', () => {
    expect(withdrawn.when(withdrawal, on('2025-07-01'))).toEqual([]);
    expect(refusal(() => withdrawn.when({ ...withdrawal, reason: '其他' }, on('2025-07-01')))).toBe('title-withdrawn');
    expect(refusal(() => titled.when({ ...withdrawal, year: 2023 }, on('2025-07-01')))).toBe('title-not-found');
    expect(refusal(() => titled.when({ ...withdrawal, on: '2025-01-19' }, on('2025-07-01')))).toBe('invalid-input');
    expect(refusal(() => titled.when({ ...withdrawal, evidence: [] }, on('2025-07-01')))).toBe('invalid-input');
  });
});
