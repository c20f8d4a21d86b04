import { describe, expect, it } from '@jest/globals';
import fastCheck from 'fast-check';
import type { PolicyVersion } from '@app/policies';
import { courses, type Course, DAY, eventsOf, PACK, POLICY } from './award-history.fixture.js';
import {
  type AssessmentOnRecord,
  type AwardOnRecord,
  type AwardRecord,
  foldAward,
  isUnpaid,
  type Placed,
  type Stated,
} from './award-record.js';
import { assessedUnder, type Difference, instalmentsFen, judge, statusOf, type TextThen } from './judge.js';
import { withoutGround } from './withdrawn.js';

const TEXT: PolicyVersion = { ...POLICY, pack: PACK };

function judged(events: readonly Placed[], text: TextThen = TEXT, facts?: Course['facts']): Difference | undefined {
  const { record, assessment } = foldAward(events) as AwardOnRecord;
  const expected =
    assessment && typeof text !== 'string' && assessedUnder(text.pack, text, record.clause, assessment.on, facts ?? assessment.facts);
  return judge({
    record,
    assessment,
    text,
    expected: expected || undefined,
    isMet: (no) => {
      const unlock = record.unlocked.find((each) => each.no === no);
      if (unlock?.facts === undefined || record.grant === undefined) return undefined;
      const then = assessedUnder(PACK, POLICY, record.clause, record.grant.on, unlock.facts);
      return then.instalments?.find((each) => each.no === no)?.status === 'met';
    },
  });
}

const FACTS = {
  'certification.kind': 'first',
  'rd.expenditure': '2000000.00',
  'enterprise.aboveScale': false,
  'enterprise.sme': false,
} as const;
const percent: Course = {
  clause: 'G01',
  facts: FACTS,
  laterFacts: FACTS,
  steps: 6,
  recommended: true,
  share: 100,
  isLowered: false,
  isReturned: false,
  isRevoked: false,
};
const MOVED = {
  'relocation.origin': 'out-of-province',
  'relocation.whole': true,
  'certificate.validAtRelocation': true,
  'certificate.filed': true,
};
const staged: Course = {
  ...percent,
  clause: 'G04',
  facts: MOVED,
  laterFacts: { ...MOVED, 'certificate.expired': true, 'recertification.applied': true },
  steps: 8,
};

/** Changes the data of the events of one type, as nobody could through the ledger. */
function tampered(events: readonly Placed[], type: Placed['type'], change: (data: never) => unknown): readonly Placed[] {
  expect(events.map((event) => event.type)).toContain(type);
  return events.map((event) => (event.type === type ? ({ ...event, data: change(event.data as never) } as Placed) : event));
}

const givenAs = (kind: string, events: readonly Placed[]) =>
  tampered(events, 'award-assessed', (data: { facts: object }) => ({ ...data, facts: { ...data.facts, 'certification.kind': kind } }));

/** Something else that happens to an award, last of all. */
const then = (events: readonly Placed[], type: Placed['type'], data: object): readonly Placed[] => [
  ...events,
  { type, data, award: events[0]?.award ?? '', position: 99, effectiveOn: '2024-08-01' } as Placed,
];
/** A grant of other instalments, as yuan; its sum is theirs. */
const grantedAs = (events: readonly Placed[], ...amounts: readonly number[]) =>
  tampered(events, 'award-granted', (data: object) => ({
    ...data,
    amount: `${amounts.reduce((sum, one) => sum + one, 0)}.00`,
    instalments: amounts.map((amount, index) => ({ no: index + 1, amount: `${amount}.00`, needs: [] })),
  }));
const paidAs = (events: readonly Placed[], amounts: Readonly<Record<number, string>>) =>
  tampered(events, 'instalment-paid', (data: { no: number; amount: string }) => ({ ...data, amount: amounts[data.no] ?? data.amount }));
/** An officer sets 40,000 of the 50,000 the clause gives at most. */
const officers: Course = { ...percent, clause: 'G12', facts: { 'conversion.mode': 'direct' }, share: 80 };
/** An approver lets stand half of what was computed. */
const halved: Course = { ...staged, isLowered: true, share: 50 };
/** The bank has paid 50,000 less than is due. */
const paidLess = tampered(eventsOf(percent), 'instalment-paid', (data: object) => ({ ...data, amount: '150000.00' }));
/** 50,000 less was granted than is due, and nothing paid. */
const grantedLess = tampered(eventsOf({ ...percent, steps: 4 }), 'award-granted', (data: { instalments: [object] }) => ({
  ...data,
  amount: '150000.00',
  instalments: [{ ...data.instalments[0], amount: '150000.00' }],
}));

describe('an award computed again', () => {
  it('is what it was, whichever course the rules let it take', () => {
    const seen = new Set<string>();
    fastCheck.assert(
      fastCheck.property(courses, (course) => {
        const events = eventsOf(course);
        for (const { type } of events) seen.add(type);
        expect(judged(events)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
    // The courses reach everything that bears on sums and can be reached without a mistake.
    for (const type of [
      'award-rejected',
      'award-granted',
      'instalment-unlocked',
      'instalment-returned',
      'award-revoked',
      'clawback-demanded',
    ])
      expect(seen).toContain(type);
  });

  it.each<[string, readonly Placed[], Partial<Difference>]>([
    [
      'Given more was granted than assessed, it names the instalment and what was paid too much',
      tampered(
        tampered(eventsOf(percent), 'award-granted', (data: { instalments: [object] }) => ({
          ...data,
          amount: '300000.00',
          instalments: [{ ...data.instalments[0], amount: '300000.00' }],
        })),
        'instalment-paid',
        (data: object) => ({ ...data, amount: '300000.00' }),
      ),
      {
        why: [{ code: 'granted-differs', instalment: 1 }],
        granted: '300000.00',
        paid: '300000.00',
        overpaid: '100000.00',
        underpaid: '0.00',
      },
    ],
    [
      'Given less was granted than assessed and nobody lowered it, the rest is underpaid',
      tampered(eventsOf({ ...percent, steps: 4 }), 'award-granted', (data: { instalments: [object] }) => ({
        ...data,
        amount: '150000.00',
        instalments: [{ ...data.instalments[0], amount: '150000.00' }],
      })),
      { why: [{ code: 'granted-differs', instalment: 1 }], overpaid: '0.00', underpaid: '50000.00' },
    ],
    [
      'Given the assessment says more than its facts give, what was paid on it is too much',
      tampered(
        eventsOf({ ...percent, facts: { ...FACTS, 'rd.expenditure': '3000000.00' } }),
        'award-assessed',
        (data: { facts: object }) => ({ ...data, facts: { ...data.facts, 'rd.expenditure': '2000000.00' } }),
      ),
      { why: [{ code: 'amount-differs' }], overpaid: '100000.00', underpaid: '0.00' },
    ],
    [
      'Given the bank paid another sum than was granted',
      tampered(eventsOf(percent), 'instalment-paid', (data: object) => ({ ...data, amount: '200000.01' })),
      { why: [{ code: 'paid-differs', instalment: 1 }], overpaid: '0.01' },
    ],
    [
      'Given a later instalment was unlocked on facts that do not meet its condition, its whole sum is too much',
      tampered(eventsOf(staged), 'instalment-unlocked', (data: { no: number; facts: object }) =>
        data.no === 2 ? { ...data, facts: { ...data.facts, 'recertification.applied': false } } : data,
      ),
      { why: [{ code: 'unlocked-unmet', instalment: 2 }], paid: '400000.00', overpaid: '200000.00' },
    ],
    [
      'Given an instalment was paid that nobody unlocked',
      eventsOf(staged).filter((event) => event.type !== 'instalment-unlocked' || event.data.no === 1),
      { why: [{ code: 'paid-locked', instalment: 2 }], overpaid: '200000.00' },
    ],
    [
      'Given it was paid twice and nothing was demanded back',
      [
        ...eventsOf(percent),
        {
          type: 'instalment-overpaid',
          data: { no: 1, amount: '200000.00', batch: 'B9', line: 1, on: '2024-07-01', reference: 'R9' },
          award: eventsOf(percent)[0]?.award as string,
          position: 99,
          effectiveOn: '2024-07-01',
        },
      ],
      { why: [{ code: 'paid-twice' }], paid: '400000.00', overpaid: '200000.00' },
    ],
    [
      'Given it was paid and never granted, all of it is too much',
      eventsOf(percent).filter(({ type }) => type !== 'award-granted'),
      { why: [{ code: 'paid-not-granted' }], paid: '200000.00', overpaid: '200000.00', underpaid: '0.00' },
    ],
    [
      'Given it was paid and neither assessed nor granted, all of it is too much',
      eventsOf(percent).filter(({ type }) => type !== 'award-granted' && type !== 'award-assessed'),
      { why: [{ code: 'paid-not-granted' }], paid: '200000.00', overpaid: '200000.00' },
    ],
    [
      'Given it was granted without an assessment, nothing of it was due',
      eventsOf(percent).filter(({ type }) => type !== 'award-assessed'),
      { why: [{ code: 'granted-unassessed' }], overpaid: '200000.00' },
    ],
    [
      'Given an officer set more than the ceiling',
      tampered(
        eventsOf({ ...percent, clause: 'G12', facts: { 'conversion.mode': 'direct' } }),
        'award-granted',
        (data: { instalments: [object] }) => ({
          ...data,
          amount: '60000.00',
          instalments: [{ ...data.instalments[0], amount: '60000.00' }],
        }),
      ),
      { why: [{ code: 'over-ceiling' }, { code: 'paid-differs', instalment: 1 }], granted: '60000.00' },
    ],
    [
      'Given an approver raised what was computed',
      tampered(eventsOf({ ...percent, isLowered: true, share: 50 }), 'award-granted', (data: { instalments: [object] }) => ({
        ...data,
        amount: '250000.00',
        instalments: [{ ...data.instalments[0], amount: '250000.00' }],
      })),
      {
        why: [
          { code: 'lowered-upward', instalment: 1 },
          { code: 'paid-differs', instalment: 1 },
        ],
        overpaid: '0.00',
        underpaid: '100000.00',
      },
    ],
    [
      'Given a part of what was computed was not granted, and nobody lowered it, that part is underpaid',
      grantedAs(eventsOf({ ...staged, steps: 4 }), 200_000),
      { why: [{ code: 'granted-differs', instalment: 2 }], granted: '200000.00', overpaid: '0.00', underpaid: '200000.00' },
    ],
    [
      'Given the second part alone was granted otherwise, it names that one',
      grantedAs(eventsOf({ ...staged, steps: 4 }), 200_000, 199_999),
      { why: [{ code: 'granted-differs', instalment: 2 }], underpaid: '1.00' },
    ],
    [
      'Given an approver lowered it and granted a part that was never computed',
      grantedAs(eventsOf({ ...halved, steps: 4 }), 100_000, 100_000, 1),
      { why: [{ code: 'lowered-upward', instalment: 3 }], overpaid: '0.00', underpaid: '0.00' },
    ],
    [
      'Given an approver let stand the first part alone, only what was paid of it beyond is too much',
      paidAs(grantedAs(eventsOf({ ...halved, steps: 6 }), 100_000), { 1: '150000.00' }),
      { why: [{ code: 'paid-differs', instalment: 1 }], overpaid: '50000.00', underpaid: '0.00' },
    ],
    [
      'Given one part was paid short and the other beyond, neither makes up for the other',
      paidAs(eventsOf(staged), { 1: '150000.00', 2: '250000.00' }),
      {
        why: [
          { code: 'paid-differs', instalment: 1 },
          { code: 'paid-differs', instalment: 2 },
        ],
        overpaid: '50000.00',
        underpaid: '50000.00',
      },
    ],
    [
      'Given a part was paid that nobody granted, all of it is too much',
      then(eventsOf(percent), 'instalment-paid', { no: 3, amount: '10000.00', batch: 'B9', line: 1, on: '2024-07-01', reference: 'R9' }),
      {
        why: [
          { code: 'paid-locked', instalment: 3 },
          { code: 'paid-differs', instalment: 3 },
        ],
        paid: '210000.00',
        overpaid: '10000.00',
      },
    ],
    [
      'Given the bank paid more than an officer set, the rest is too much, whatever the clause gives at most',
      paidAs(eventsOf(officers), { 1: '45000.00' }),
      { why: [{ code: 'paid-differs', instalment: 1 }], granted: '40000.00', overpaid: '5000.00', underpaid: '0.00' },
    ],
    [
      'Given more was granted than an officer set, the rest is too much, whatever the clause gives at most',
      paidAs(grantedAs(eventsOf(officers), 45_000), { 1: '45000.00' }),
      { why: [{ code: 'granted-differs', instalment: 1 }], granted: '45000.00', overpaid: '5000.00', underpaid: '0.00' },
    ],
    [
      'Given a sum was granted that no officer has set, all of it is too much',
      tampered(eventsOf(officers), 'award-reviewed', ({ amount: _set, ...data }: { amount: string }) => data),
      { why: [{ code: 'granted-differs', instalment: 1 }], granted: '40000.00', overpaid: '40000.00' },
    ],
    [
      'Given less was granted than an officer set, and nobody lowered it, the rest is underpaid',
      paidAs(grantedAs(eventsOf(officers), 35_000), { 1: '35000.00' }),
      { why: [{ code: 'granted-differs', instalment: 1 }], overpaid: '0.00', underpaid: '5000.00' },
    ],
    [
      'Given the bank paid less than is due, the rest is underpaid',
      paidLess,
      { paid: '150000.00', overpaid: '0.00', underpaid: '50000.00' },
    ],
    [
      'Given it has lapsed since, that too',
      then(paidLess, 'award-lapsed', { reason: '期满' }),
      { status: 'lapsed', underpaid: '50000.00' },
    ],
    [
      'Given it lapsed before anything was paid, nothing is due of it',
      then(grantedLess, 'award-lapsed', { reason: '期满' }),
      { why: [{ code: 'granted-differs', instalment: 1 }], status: 'lapsed', underpaid: '0.00' },
    ],
    [
      'Given it was revoked, nothing is due of it',
      then(paidLess, 'award-revoked', { cause: 'fraud', reason: '造假', unpaid: '0.00' }),
      { why: [{ code: 'paid-differs', instalment: 1 }], status: 'revoked', underpaid: '0.00' },
    ],
    [
      'Given an approver lowered it, and the bank paid more than was let stand, only the rest is too much',
      tampered(eventsOf({ ...percent, isLowered: true, share: 50 }), 'instalment-paid', (data: object) => ({
        ...data,
        amount: '150000.00',
      })),
      { why: [{ code: 'paid-differs', instalment: 1 }], granted: '100000.00', overpaid: '50000.00', underpaid: '0.00' },
    ],
    [
      'Given it has been assessed wrongly and nothing is decided yet, nothing is underpaid',
      givenAs('first', eventsOf({ ...percent, steps: 1, facts: { ...FACTS, 'certification.kind': 'renewal' } })),
      { why: [{ code: 'outcome-differs' }], status: 'open', underpaid: '0.00', overpaid: '0.00' },
    ],
    [
      'Given a reviewer turned down what its assessment gives, nothing is underpaid, whatever it should have given',
      tampered(eventsOf({ ...percent, recommended: false }), 'award-assessed', (data: { facts: object }) => ({
        ...data,
        facts: { ...data.facts, 'rd.expenditure': '1000000.00' },
      })),
      { why: [{ code: 'amount-differs' }], status: 'rejected', underpaid: '0.00' },
    ],
    [
      'Given it was turned down although its facts give a sum, that sum is underpaid',
      tampered(
        eventsOf({ ...percent, facts: { ...FACTS, 'certification.kind': 'renewal' } }),
        'award-assessed',
        (data: { facts: object }) => ({ ...data, facts: { ...data.facts, 'certification.kind': 'first' } }),
      ),
      { why: [{ code: 'outcome-differs' }], underpaid: '200000.00', overpaid: '0.00' },
    ],
  ])('%s', (_case, events, expected) => {
    expect(judged(events)).toMatchObject(expected);
  });

  it('Given an approver lowered some of its parts, or left one out, Then it is as it was decided', () => {
    const lowered = eventsOf({ ...halved, steps: 4 });
    expect(judged(grantedAs(lowered, 200_000, 100_000))).toBeUndefined();
    expect(judged(grantedAs(lowered, 100_000))).toBeUndefined();
  });

  it('Given a sum an officer sets, Then it counts up to the ceiling, and nothing does while none is set', () => {
    const given = (setFen?: number) => instalmentsFen({ outcome: 'discretionary', ceiling: '4.00' }, setFen);
    expect([given(), given(300), given(500)]).toEqual([[0], [300], [400]]);
  });

  it('Given it was turned down, Then what an officer would have had to set is not underpaid', () => {
    const { record, assessment } = foldAward(eventsOf({ ...percent, recommended: false })) as AwardOnRecord;
    const against = (outcome: Stated, expected: Stated) => {
      const stated = { ...(assessment as AssessmentOnRecord), stated: outcome };
      return judge({ record: { ...record, setFen: 300 }, assessment: stated, text: TEXT, expected, isMet: () => true })?.underpaid;
    };
    const officers: Stated = { outcome: 'discretionary', ceiling: '4.00' };
    const payable: Stated = { outcome: 'payable', amount: '4.00' };
    expect(against({ outcome: 'refused' }, officers)).toBe('0.00');
    expect(against(officers, payable)).toBe('0.00');
    expect(against({ outcome: 'refused' }, payable)).toBe('4.00');
  });

  it('Given it differs, Then all that is known of it is told', () => {
    const lessGranted = tampered(eventsOf({ ...percent, steps: 4 }), 'award-granted', (data: object) => ({ ...data, amount: '150000.00' }));
    const { record, assessment } = foldAward(lessGranted) as AwardOnRecord;
    const { award, payee, payeeName } = record;
    const about = { award, payee, payeeName, pack: PACK.id, clause: 'G01', status: 'granted', budgetLine: record.grant?.budgetLine };
    const sums = { granted: '150000.00', paid: '0.00', demanded: '0.00', overpaid: '0.00', underpaid: '0.00' };
    const told = { ...about, ...sums, version: 1, on: DAY, recorded: assessment?.stated, expected: assessment?.stated };
    // The sum of the grant is not that of its instalments.
    expect(judged(lessGranted)).toEqual({ ...told, why: [{ code: 'granted-differs' }] });
    expect(record.grant?.budgetLine).toBeDefined();
    const unassessed = judged(eventsOf(percent).filter(({ type }) => type !== 'award-assessed'));
    for (const one of ['version', 'on', 'recorded', 'expected', 'changed']) expect(unassessed).not.toHaveProperty(one);
    expect(judged(eventsOf({ ...percent, steps: 1 }))).toBeUndefined();
  });

  it('Given the text stored under its version is another than the assessment cites, Then it was altered', () => {
    expect(judged(eventsOf(percent), { ...TEXT, hash: 'another' })).toMatchObject({ why: [{ code: 'text-altered' }] });
  });

  it('Given a text, Then what it does not promise, or not on that day, is no sum', () => {
    expect(assessedUnder(PACK, TEXT, 'none', DAY, FACTS)).toEqual({ outcome: 'clause-missing' });
    const duty = PACK.clauses.find(({ shape }) => shape.kind === 'deadline');
    expect(assessedUnder(PACK, TEXT, duty?.id ?? '', DAY, FACTS)).toEqual({ outcome: 'clause-missing' });
    expect(() => assessedUnder(PACK, TEXT, 'G01', 'soon', FACTS)).toThrow(expect.objectContaining({ code: 'invalid-input' }));
    expect(assessedUnder(PACK, { ...TEXT, endedOn: DAY }, 'G01', DAY, FACTS)).toMatchObject({ outcome: 'not-in-force' });
    expect(() => assessedUnder({ ...PACK, clauses: null } as never, TEXT, 'G01', DAY, FACTS)).toThrow(TypeError);
  });

  it('Given the parts or the ceiling come out otherwise, Then it says which', () => {
    const against = (course: Course, change: (stated: Stated) => Stated) => {
      const { record, assessment } = foldAward(eventsOf(course)) as AwardOnRecord;
      return judge({ record, assessment, text: TEXT, expected: change(assessment?.stated as Stated), isMet: () => true })?.why[0];
    };
    const parts = (stated: Stated) => {
      const instalments = (stated.instalments ?? []).map((one) => ({ ...one, amount: one.no === 1 ? '300000.00' : '100000.00' }));
      return { ...stated, instalments };
    };
    expect(against(staged, parts)).toEqual({ code: 'schedule-differs' });
    expect(against(staged, (stated) => ({ ...stated, amount: '1.00' }))).toEqual({ code: 'amount-differs' });
    expect(against(officers, (stated) => ({ ...stated, ceiling: '1.00' }))).toEqual({ code: 'amount-differs' });
  });

  it('Given the bank has returned a payment, Then it is not paid any more and is still to be paid', () => {
    const returned = foldAward(eventsOf({ ...percent, isReturned: true }))?.record as AwardRecord;
    expect([returned.paid, isUnpaid(returned)]).toEqual([[{ no: 1, fen: 0 }], true]);
    const paid = foldAward(eventsOf(percent))?.record as AwardRecord;
    expect([paid.paid, isUnpaid(paid)]).toEqual([[{ no: 1, fen: 200_000_00 }], false]);
  });

  it('Given its text is unknown or altered, Then nobody can say what is due', () => {
    const undetermined = { undetermined: true, overpaid: '0.00', underpaid: '0.00' };
    expect(judged(eventsOf(percent), 'unknown')).toMatchObject({ why: [{ code: 'text-unknown' }], ...undetermined });
    expect(judged(eventsOf(percent), 'altered')).toMatchObject({ why: [{ code: 'text-altered' }], ...undetermined });
  });

  it('Given a fact is no longer known, Then nobody can say what is due', () => {
    const { 'rd.expenditure': _disputed, ...known } = FACTS;
    expect(judged(eventsOf(percent), TEXT, known)).toMatchObject({
      why: [{ code: 'outcome-differs' }],
      undetermined: true,
      overpaid: '0.00',
    });
    const altered = judged(eventsOf(percent), TEXT, { ...FACTS, 'rd.expenditure': 'much' });
    expect(altered).toMatchObject({ expected: { outcome: 'invalid' }, undetermined: true, overpaid: '0.00' });
  });

  it('Given its ground has gone, Then nothing is due, and all that was paid is too much', () => {
    const { record, assessment } = foldAward(eventsOf(percent)) as AwardOnRecord;
    const { 'certification.kind': _revoked, ...known } = FACTS;
    const assessed = assessedUnder(PACK, TEXT, record.clause, assessment?.on as string, known);
    const again = (withdrawn: readonly string[]) =>
      judge({ record, assessment, text: TEXT, expected: withoutGround(assessed, withdrawn), isMet: () => undefined, changed: [] });
    expect(again(['certification.kind'])).toMatchObject({ expected: { outcome: 'ground-gone' }, overpaid: '200000.00' });
    expect(again(['certification.kind'])).not.toHaveProperty('undetermined');
    expect(again(['enterprise.sme'])).toMatchObject({ undetermined: true, overpaid: '0.00' });
  });

  it('Given a fact of an instalment’s condition is in doubt today, Then nobody can say what is due of the award', () => {
    const { record, assessment } = foldAward(eventsOf(staged)) as AwardOnRecord;
    const today = (isMet: boolean | undefined) =>
      judge({ record, assessment, text: TEXT, expected: assessment?.stated, isMet: () => isMet, changed: [] });
    expect(today(undefined)).toMatchObject({ why: [{ code: 'unlocked-unclear', instalment: 2 }], undetermined: true, overpaid: '0.00' });
    expect(today(false)).toMatchObject({ why: [{ code: 'unlocked-unmet', instalment: 2 }], overpaid: '200000.00' });
    expect(today(true)).toBeUndefined();
    const changed = [{ input: 'certificate.expired', label: '证书到期', then: true, now: false }];
    expect(judge({ record, assessment, text: TEXT, expected: assessment?.stated, isMet: () => false, changed })).toMatchObject({ changed });
    expect(today(false)).not.toHaveProperty('changed');
    // Nor is anything underpaid of it.
    const [one, two] = record.grant?.instalments ?? [];
    const less = { ...record, grant: { ...record.grant, fen: 350_000_00, instalments: [{ ...one, fen: 150_000_00 }, two] } } as AwardRecord;
    const found = judge({ record: less, assessment, text: TEXT, expected: assessment?.stated, isMet: () => undefined, changed: [] });
    expect(found).toMatchObject({ undetermined: true, underpaid: '0.00' });
    // What is still locked is in nobody's doubt; nor is what the events say themselves of a text that is no longer there.
    const locked = foldAward(eventsOf({ ...staged, steps: 6 }))?.record as AwardRecord;
    expect(
      judge({ record: locked, assessment, text: TEXT, expected: assessment?.stated, isMet: () => undefined, changed: [] }),
    ).toBeUndefined();
    expect(judge({ record, assessment, text: TEXT, expected: assessment?.stated, isMet: () => undefined })).toBeUndefined();
    // The condition of the first was established by the assessment itself.
    const pending = (assessment?.stated.instalments ?? []).map((one) => (one.no === 1 ? { ...one, status: 'pending' as const } : one));
    const expected = { ...(assessment?.stated as Stated), instalments: pending };
    expect(judge({ record, assessment, text: TEXT, expected, isMet: () => true, changed: [] })).toMatchObject({
      undetermined: true,
      overpaid: '0.00',
    });
  });

  it('Given it was granted over a fact that was missing then and is now, Then all that was paid is too much', () => {
    const { record, assessment } = foldAward(eventsOf(percent)) as AwardOnRecord;
    const missing: Stated = { outcome: 'missing', missing: ['rd.expenditure'] };
    const granted = { ...(assessment as AssessmentOnRecord), stated: missing };
    const found = judge({ record, assessment: granted, text: TEXT, expected: missing, isMet: () => undefined });
    expect(found).toMatchObject({ why: [{ code: 'granted-differs', instalment: 1 }], overpaid: '200000.00' });
    expect(found).not.toHaveProperty('undetermined');
  });

  it('Given what was paid twice has all been demanded back, Then nothing is too much any more', () => {
    const twice = { no: 1, amount: '200000.00', batch: 'B9', line: 1, on: '2024-07-01', reference: 'R9' };
    const demand = { clawback: 1, cause: 'overpayment', fine: '0.00', dueOn: '2024-12-01', reason: '多付' };
    const demanded = (amount: string) =>
      judged(then(then(eventsOf(percent), 'instalment-overpaid', twice), 'clawback-demanded', { ...demand, principal: amount, amount }));
    expect(demanded('200000.00')).toBeUndefined();
    expect(demanded('199999.99')).toMatchObject({ why: [{ code: 'paid-twice' }], overpaid: '0.01' });
  });

  it('Given it was paid and never granted, Then all of it is too much, whoever can say what its text gives', () => {
    const found = judged(
      eventsOf(percent).filter(({ type }) => type !== 'award-granted'),
      'altered',
    );
    expect(found).toMatchObject({ why: [{ code: 'text-altered' }, { code: 'paid-not-granted' }], overpaid: '200000.00' });
    expect(found).not.toHaveProperty('undetermined');
  });

  it('Given what was paid and never granted has come back, or all been demanded back, Then nothing is too much any more', () => {
    const paid = eventsOf(percent).filter(({ type }) => type !== 'award-granted');
    const amount = '200000.00';
    const demand = { clawback: 1, cause: 'overpayment', fine: '0.00', dueOn: '2024-12-01', reason: '多付', principal: amount, amount };
    expect(judged(then(paid, 'instalment-returned', { no: 1, amount }))).toBeUndefined();
    expect(judged(then(paid, 'clawback-demanded', demand))).toBeUndefined();
  });

  it('Given a result, Then it says whether the condition of an instalment is met: at once where there is but one', () => {
    const instalments = (['met', 'pending', 'unmet', 'met'] as const).map((status, index) => ({ no: index + 1, amount: '1.00', status }));
    const said = (stated?: object) => [1, 2, 3, 4, 5].map((no) => statusOf(stated as Stated | undefined, no) === true);
    expect(said({ outcome: 'payable', amount: '4.00', instalments })).toEqual([true, false, false, true, false]);
    expect(said({ outcome: 'payable', amount: '4.00' })).toEqual([true, false, false, false, false]);
    expect(said({ outcome: 'discretionary', ceiling: '4.00' })).toEqual([true, false, false, false, false]);
    expect(said({ outcome: 'refused', instalments })).not.toContain(true);
    expect(said()).not.toContain(true);
  });

  it('Given a principal has been demanded back, Then only the rest is still too much', () => {
    const paidTooMuch = tampered(eventsOf(percent), 'instalment-paid', (data: object) => ({ ...data, amount: '260000.00' }));
    const demanded: Placed = {
      type: 'clawback-demanded',
      data: {
        clawback: 1,
        cause: 'overpayment',
        principal: '50000.00',
        fine: '0.00',
        amount: '50000.00',
        dueOn: '2024-12-01',
        reason: '多付',
      },
      award: paidTooMuch[0]?.award as string,
      position: 99,
      effectiveOn: '2024-08-01',
    };
    expect(judged([...paidTooMuch, demanded])).toMatchObject({ paid: '260000.00', demanded: '50000.00', overpaid: '10000.00' });
    expect(judged([...paidTooMuch, demanded, demanded])).toMatchObject({ demanded: '100000.00', overpaid: '0.00' });
  });
});
