import { describe, expect, it } from '@jest/globals';
import fastCheck from 'fast-check';
import { Money } from '@app/kernel';
import { type Pack, packHash } from '@app/policies';
import { courses, type Course, onRecord, PACK, POLICY } from '../recomputation/award-history.fixture.js';
import { assessedUnder } from '../recomputation/judge.js';
import { inPlaceOf, readChanges, withChanges } from './pack-changes.js';
import { isOtherwise, type LineNow, otherwise, type Otherwise, type Replayed, replayed, WhatIfTotals } from './replay.js';

const changed = (...set: readonly string[]) => withChanges(PACK, readChanges(set));
const under = (course: Course, pack: Pack): Replayed | undefined => {
  const award = onRecord(course);
  const { record, assessment } = award;
  return assessment && replayed(award, assessedUnder(pack, POLICY, record.clause, assessment.on, assessment.facts));
};
const clauseOf = (pack: Pack, id: string) => pack.clauses.find((clause) => clause.id === id);

describe('changes of a text, each said in a line', () => {
  it.each<[string, string, unknown]>([
    ['clause.G01.cap.false=300000.00', 'G01', { cap: { by: 'enterprise.aboveScale', amounts: { false: '300000.00', true: '600000.00' } } }],
    ['clause.G01.cap = 300000', 'G01', { cap: { amount: '300000.00' } }],
    ['clause.G01.rate=8%', 'G01', { rate: '8%' }],
    ['clause.G07.amount.1A=120000.00', 'G07', { amounts: { '1A': '120000.00', '2A': '200000.00' } }],
    ['clause.G13.amount=6000.00', 'G13', { amount: '6000.00' }],
    ['clause.G12.ceiling.direct=80000.00', 'G12', { ceiling: { amounts: { direct: '80000.00', cooperation: '50000.00' } } }],
    ['clause.G04.instalment.2=150000.00', 'G04', { total: '350000.00', instalments: [{ amount: '200000.00' }, { amount: '150000.00' }] }],
    ['clause.G10.ratio=0.5', 'G10', { ratio: '0.5' }],
  ])('%s', (text, clause, shape) => {
    expect(clauseOf(changed(text), clause)?.shape).toMatchObject(shape as object);
  });

  it('gates, limits and dates, several at once', () => {
    const pack = changed('clause.G01.gate.G19=off', 'clause.G02.gate.G19=on', 'force.until=2025-01-01', 'clause.G01.cap=none');
    expect(clauseOf(pack, 'G01')).toMatchObject({
      gates: ['first-certification'],
      shape: expect.not.objectContaining({ cap: expect.anything() }),
    });
    expect(clauseOf(pack, 'G02')?.gates).toEqual(['renewed-certification', 'G19']);
    expect(pack.force.until).toBe('2025-01-01');
    expect(changed('force.until=none').force).toMatchObject({ until: null, note: expect.any(String) });
  });

  it.each([
    ['clause.G01.cap', 'set.0'],
    ['clause.G01.price=1', 'set.0'],
    ['clause.X99.cap=1.00', 'set.0'],
    ['clause.G04.cap=1.00', 'set.0'],
    ['clause.G01.cap.huge=1.00', 'set.0'],
    ['clause.G04.instalment.3=1.00', 'set.0'],
    ['clause.G01.gate.no-such-gate=on', 'set.0'],
    ['gate.G19.limit=3', 'set.0'],
  ])('%s is refused, naming the change', (text, field) => {
    expect(() => changed(text)).toThrow(expect.objectContaining({ code: 'invalid-input', errors: [expect.objectContaining({ field })] }));
  });

  it.each([
    ['clause.G01.cap=lots', 'set.1', 'change-value', 'clause.G01.cap=lots: the value must be yuan with at most two decimals'],
    ['clause.G01.rate=8', 'set.1', 'change-value', 'the value must be a percentage such as 8%'],
    ['force.until=2026-02-30', 'set.1', 'change-value', 'the value must be a day written YYYY-MM-DD, or none'],
    ['clause.G04.instalment.1=-5.00', 'set.1', 'change-value', 'yuan'],
    ['clause.G10.ratio=half', 'set.1', 'change-value', 'a number such as 0.5'],
    ['clause.G01.gate.G19=perhaps', 'set.1', 'change-value', 'on or off'],
    ['force.until=2001-01-01', 'set.1', 'pack-rules', 'until must be later than from'],
  ])('%s breaks a rule that is told in words, naming the change', (text, field, rule, words) => {
    expect(() => changed('clause.G13.amount=6000', text)).toThrow(
      expect.objectContaining({
        code: 'invalid-input',
        errors: [{ field, rule, message: expect.stringContaining(words) }],
      }),
    );
  });

  it('names no single change where it takes two to break a rule', () => {
    const [from, until] = ['force.from=2030-01-01', 'force.until=2031-01-01'];
    expect(changed(from, until).force).toMatchObject({ from: '2030-01-01', until: '2031-01-01' });
    const open = { ...PACK, force: { from: null, until: null, note: '未写明' } };
    expect(() => withChanges(open, readChanges([until, 'force.from=2032-01-01']))).toThrow(
      expect.objectContaining({ errors: [expect.objectContaining({ field: 'set', rule: 'pack-rules' })] }),
    );
  });

  it.each([
    ['clause.G01.cap=1', 'clause.G01.cap=2'],
    ['clause.G01.cap.false=1', 'clause.G01.cap=2'],
    ['clause.G01.cap=none', 'clause.G01.cap.false=2'],
    ['force.until=none', 'force.until = 2030-01-01'],
  ])('%s and %s change the same, which is refused', (...set) => {
    expect(() => changed('clause.G13.amount=6000', ...set)).toThrow(
      expect.objectContaining({
        errors: [{ field: 'set.2', rule: 'changed-once', message: expect.stringContaining(`set.1 changes: ${set[0]}`) }],
      }),
    );
  });

  it('leaves an older text that has no such clause as it is', () => {
    const older = { ...PACK, clauses: PACK.clauses.filter(({ id }) => id !== 'G01') };
    expect(withChanges(older, readChanges(['clause.G01.cap=1.00']), true)).toBe(older);
  });

  it('keeps what has been settled, where a whole text leaves the question open again', () => {
    const [question] = PACK.interpretations;
    const asFiled = {
      ...PACK,
      interpretations: PACK.interpretations.map((each) => (each === question ? { ...each, chosen: null } : each)),
    };
    expect(packHash(inPlaceOf(asFiled, PACK))).toBe(packHash(PACK));
  });
});

describe('history under a changed text', () => {
  it('is the same under the same text, whatever happened', () => {
    fastCheck.assert(
      fastCheck.property(courses, (course) => {
        const outcome = under(course, PACK);
        if (outcome !== undefined) expect([isOtherwise(outcome), otherwise(outcome).difference]).toEqual([false, '0.00']);
      }),
      { numRuns: 60 },
    );
  });

  it('gives nobody less when a cap, a ceiling or an instalment is raised, and nobody more when it is lowered', () => {
    const raised = fastCheck.integer({ min: 0, max: 500_000_00 });
    fastCheck.assert(
      fastCheck.property(courses, raised, (course, extra) => {
        const yuan = (fen: number) => Money.fromFen(fen).toString();
        const set = (sign: 1 | -1, share: number) =>
          changed(
            `clause.G01.cap.false=${yuan(400_000_00 + sign * Math.floor(extra * share))}`,
            `clause.G12.ceiling.direct=${yuan(50_000_00 + sign * Math.floor(extra / 20))}`,
            `clause.G04.instalment.1=${yuan(200_000_00 + sign * Math.floor(extra / 4))}`,
          );
        const [more, less] = [under(course, set(1, 1)), under(course, set(-1, 0.5))];
        if (more === undefined || less === undefined) return;
        expect(more.after ?? more.before).toBeGreaterThanOrEqual(more.before);
        expect(less.after ?? less.before).toBeLessThanOrEqual(less.before);
      }),
      { numRuns: 60 },
    );
  });

  const facts = {
    'certification.kind': 'first',
    'rd.expenditure': '5000000.00',
    'enterprise.aboveScale': false,
    'enterprise.sme': true,
    'enterprise.techSmeRegistered': true,
  };
  const course: Course = {
    clause: 'G01',
    facts,
    laterFacts: facts,
    steps: 6,
    recommended: true,
    share: 100,
    isLowered: false,
    isReturned: false,
    isRevoked: false,
  };

  it.each<[string, Course, string, Partial<Otherwise>]>([
    [
      'a lower cap takes from what was granted',
      course,
      'clause.G01.cap=300000.00',
      { group: 'granted', before: '400000.00', after: '300000.00', difference: '-100000.00' },
    ],
    [
      'a gate left out pays who was refused',
      { ...course, facts: { ...facts, 'enterprise.techSmeRegistered': false } },
      'clause.G01.gate.G19=off',
      { group: 'denied', before: '0.00', after: '400000.00' },
    ],
    [
      'one that is pending counts with what was assessed',
      { ...course, steps: 1 },
      'clause.G01.rate=6%',
      { group: 'pending', before: '400000.00', after: '300000.00' },
    ],
    [
      'an end before the day gives nothing',
      course,
      'force.until=2024-05-20',
      { outcome: { before: 'payable', after: 'not-in-force' }, after: '0.00' },
    ],
    [
      'a gate nobody has stated the facts of leaves the award undetermined',
      course,
      'clause.G01.gate.project-landed=on',
      { missing: ['project.landed'], difference: '0.00' },
    ],
    [
      'what an approver lowered stays lowered',
      { ...course, isLowered: true, share: 50 },
      'clause.G01.cap=150000.00',
      { before: '200000.00', after: '150000.00' },
    ],
  ])('%s', (_case, given, set, expected) => {
    const outcome = under(given, changed(set)) as Replayed;
    expect(isOtherwise(outcome)).toBe(true);
    expect(otherwise(outcome)).toMatchObject(expected);
  });

  it.each<[string, Course]>([
    ['revoked', { ...course, steps: 8, isRevoked: true }],
    ['turned down by a person', { ...course, recommended: false }],
    ['never assessed', { ...course, steps: 0 }],
  ])('has no bearing on an award that was %s', (_how, given) => {
    expect(under(given, changed('clause.G01.cap=1.00'))).toBeUndefined();
  });

  it('counts of a lapsed award only what was paid', () => {
    const lapsed = (paid: readonly { no: number; fen: number }[]) => {
      const { record, assessment } = onRecord({ ...course, steps: 4 });
      const award = { record: { ...record, status: 'lapsed' as const, paid }, assessment };
      return replayed(award, assessedUnder(changed('clause.G01.cap=300000.00'), POLICY, 'G01', '2024-05-20', facts));
    };
    expect(lapsed([{ no: 1, fen: 400_000_00 }])).toMatchObject({ before: 400_000_00, after: 300_000_00 });
    expect(lapsed([])).toMatchObject({ before: 0, after: 0 });
  });

  it('adds up by group, clause and line, and finds the line that breaks', () => {
    const totals = new WhatIfTotals();
    const pack = changed('clause.G01.cap=450000.00', 'clause.G01.gate.G19=off');
    const refusedOnce = { ...course, facts: { ...facts, 'enterprise.techSmeRegistered': false } };
    for (const given of [course, refusedOnce, { ...course, steps: 1 }]) totals.add(under(given, pack) as Replayed);
    totals.leaveOut();
    const about = { set: [], position: 9 };
    const line = `${PACK.id}.awards.2024`;
    const now = { line: 'awards', period: '2024', isOpen: true };
    const summary = totals.summary(about, pack, [{ ...now, availableFen: 549_999_99 }]);
    expect(summary).toMatchObject({
      ...about,
      pack: PACK.id,
      awards: 3,
      untouched: 1,
      gaining: 3,
      losing: 0,
      newlyPayable: 1,
      undetermined: 0,
      total: { before: '800000.00', after: '1350000.00', difference: '550000.00' },
      byGroup: { granted: { difference: '50000.00' }, denied: { difference: '450000.00' }, pending: { difference: '50000.00' } },
      byClause: [{ clause: 'G01', title: '首次认定高新技术企业奖补', awards: 3, difference: '550000.00' }],
      // The clause was paid from one line that year: what the others would need comes out of it too.
      byLine: [{ budgetLine: line, difference: '550000.00', available: '549999.99', breaks: true }],
      unassigned: [],
    });
    expect(totals.summary(about, pack, [{ ...now, availableFen: 550_000_00 }]).byLine[0]?.breaks).toBe(false);
  });

  it('holds what is wanted for the first time against the line a grant would draw from', () => {
    const pack = changed('clause.G01.gate.G19=off');
    const totals = new WhatIfTotals();
    totals.add(under({ ...course, facts: { ...facts, 'enterprise.techSmeRegistered': false } }, pack) as Replayed);
    const awards = { line: 'awards', period: '2024', isOpen: true, availableFen: 399_999_99 };
    const fund = { line: 'fund', period: '2023-2025', isOpen: true, availableFen: 400_000_00 };
    const closed = { ...awards, line: 'old', isOpen: false };
    const later = { ...awards, period: '2025' };
    const earlier = { ...fund, period: '2021-2023' };
    const told = (text: Pack, ...lines: readonly LineNow[]) => {
      const { byLine, unassigned } = totals.summary({ set: [], position: 9 }, text, [...lines, closed, later, earlier]);
      return [byLine.map(({ budgetLine, breaks }) => [budgetLine, breaks]), unassigned];
    };
    const name = (line: LineNow) => `${pack.id}.${line.line}.${line.period}`;
    const unassigned = { clause: 'G01', year: '2024', difference: '400000.00' };
    expect(told(pack, awards)).toEqual([[[name(awards), true]], []]);
    expect(told(pack, fund)).toEqual([[[name(fund), false]], []]);
    expect(told(pack)).toEqual([[], [{ ...unassigned, lines: [] }]]);
    expect(told(pack, fund, awards)).toEqual([[], [{ ...unassigned, lines: [name(awards), name(fund)] }]]);
    const setAside = { ...pack, clauses: pack.clauses.map((each) => ({ ...each, budgetEnvelope: 'awards' })) };
    expect(told(setAside, fund, awards)).toEqual([[[name(awards), true]], []]);
    expect(told(setAside, fund)).toEqual([[], [{ ...unassigned, lines: [] }]]);
  });
});
