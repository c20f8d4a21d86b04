import fastCheck from 'fast-check';
import { awardDecider, awardId } from '@app/awards';
import { addDays, type Actor, type BusinessDate, Money, type Role } from '@app/kernel';
import { assess, bundledPacks, type Pack, packHash } from '@app/policies';
import { type AwardOnRecord, bearsOnSums, type Facts, foldAward, type Placed } from './award-record.js';

/** A bundled policy with percent, staged and discretionary clauses. For specs only. */
export const PACK = bundledPacks().find(({ id }) => id === 'ganzhou-etdz-2023') as Pack;
export const POLICY = { version: 1, hash: packHash(PACK) };
export const DAY = '2024-05-20' as BusinessDate;
const PAYEE = '91360703MA38XXXX0X';
const person = (id: string, ...roles: readonly Role[]): Pick<Actor, 'id' | 'roles'> => ({ id, roles });

/** What happens to one award, chosen at random. */
export interface Course {
  readonly clause: 'G01' | 'G04' | 'G12';
  readonly facts: Facts;
  readonly laterFacts: Facts;
  /** How far it goes. */
  readonly steps: number;
  readonly recommended: boolean;
  /** Of an officer's sum, and of what an approver lowers it to, in percent. */
  readonly share: number;
  readonly isLowered: boolean;
  readonly isReturned: boolean;
  readonly isRevoked: boolean;
}

const flag = fastCheck.boolean();
const money = fastCheck.integer({ min: 10_000, max: 900_000_000 }).map((fen) => Money.fromFen(fen).toString());
const g01 = fastCheck.record(
  {
    'certification.kind': fastCheck.constantFrom('first', 'first', 'first', 'renewal'),
    'rd.expenditure': money,
    'enterprise.aboveScale': flag,
    'enterprise.sme': flag,
    'enterprise.techSmeRegistered': flag,
  },
  { requiredKeys: ['certification.kind', 'rd.expenditure', 'enterprise.aboveScale'] },
);
const moved = { 'relocation.origin': 'out-of-province', 'relocation.whole': true, 'certificate.validAtRelocation': true } as const;
const stage = fastCheck.record(
  { 'certificate.filed': flag, 'certificate.expired': flag, 'recertification.applied': flag },
  { requiredKeys: [] },
);
const g04 = stage.map((facts) => ({ ...moved, ...facts }));
const g12 = fastCheck.record({ 'conversion.mode': fastCheck.constantFrom('new-company', 'cooperation', 'direct') });

const happenings = {
  steps: fastCheck.integer({ min: 0, max: 8 }),
  recommended: fastCheck.integer({ min: 0, max: 9 }).map((dice) => dice > 0),
  share: fastCheck.integer({ min: 1, max: 100 }),
  isLowered: flag,
  isReturned: flag,
  isRevoked: flag,
};
const allMet = { ...moved, 'certificate.filed': true, 'certificate.expired': true, 'recertification.applied': true };

/** Any course an award of these clauses can take. */
export const courses: fastCheck.Arbitrary<Course> = fastCheck.oneof(
  fastCheck.record({ clause: fastCheck.constant('G01' as const), facts: g01, laterFacts: g01, ...happenings }),
  fastCheck.record({ clause: fastCheck.constant('G04' as const), facts: g04, laterFacts: fastCheck.constant(allMet), ...happenings }),
  fastCheck.record({ clause: fastCheck.constant('G12' as const), facts: g12, laterFacts: g12, ...happenings }),
);

/** The events of an award that the ledger's own rules let take this course. */
export function eventsOf(course: Course, pack: Pack = PACK): readonly Placed[] {
  const { clause, facts, laterFacts, steps } = course;
  const occasion = { kind: 'once', key: 'once', reference: 'once' } as const;
  const award = awardId(pack.id, clause, PAYEE, occasion);
  const policy = { pack: pack.id, clause, ...POLICY };
  const events: Placed[] = [];
  let state = awardDecider.initialState;
  let position = 1;
  const run = (command: Parameters<typeof awardDecider.decide>[0], by: Pick<Actor, 'id' | 'roles'>, on: BusinessDate) => {
    const context = { actorId: by.id, roles: by.roles, effectiveOn: on, today: on };
    for (const event of awardDecider.decide(command, state, context)) {
      state = awardDecider.evolve(state, event, { actorId: by.id, effectiveOn: on });
      position += 1;
      if (bearsOnSums(event)) events.push({ ...event, award, position, effectiveOn: on } as Placed);
    }
  };
  const clerk = person('clerk', 'clerk');
  const reviewer = person('reviewer', 'reviewer');
  const approver = person('approver', 'approver');
  const ledger = person('ledger', 'service');
  const application = { pack: pack.id, clause, payee: PAYEE, payeeName: '示例公司', occasion };
  run({ type: 'apply', ...application, listings: [], policy }, clerk, DAY);
  if (steps < 1) return events;
  const assessment = assess(pack, clause, { on: DAY, facts, policy: POLICY });
  run({ type: 'assess', record: { version: 1, packHash: POLICY.hash, on: DAY, facts, used: [], assessment }, policy }, clerk, DAY);
  if (steps < 2) return events;
  const gives = assessment.outcome === 'payable' || assessment.outcome === 'discretionary';
  if (!gives || !course.recommended) {
    run({ type: 'review', recommended: false, reason: '不予支持' }, reviewer, DAY);
    return events;
  }
  const part = (amount: string) => Money.fromFen(Math.max(1, Math.floor((Money.parse(amount).toFen() * course.share) / 100))).toString();
  const sum = assessment.outcome === 'discretionary' ? { amount: part(assessment.ceiling), reason: '核定' } : {};
  run({ type: 'review', recommended: true, ...sum }, reviewer, DAY);
  if (steps < 3) return events;
  run({ type: 'publicise', from: DAY, days: 5, minimumDays: 5 }, clerk, DAY);
  const granted = addDays(DAY, 6);
  if (
    course.isLowered &&
    course.share < 100 &&
    'review' in state &&
    Money.sum(state.review.schedule.map(({ amount }) => amount)).toFen() > 100
  ) {
    const amounts = state.review.schedule.map(({ amount }) => part(amount.toString()));
    run({ type: 'propose-override', amounts, reason: '预算有限' }, person('other-approver', 'approver'), granted);
  }
  if (steps < 4) return events;
  const budget = { pack: pack.id, line: 'awards', period: '2024' };
  run({ type: 'start-grant', grant: 'g', budget, documentNo: '1号', listings: [], clearances: [], policy }, approver, granted);
  run({ type: 'complete-grant', grant: 'g' }, ledger, granted);
  for (let no = 1; steps > 4 && 'instalments' in state && no <= state.instalments.length; no += 1) {
    if (state.instalments[no - 1]?.status === 'locked') {
      const then = assess(pack, clause, { on: granted, facts: laterFacts, policy: POLICY });
      const met = then.outcome === 'payable' && then.instalments?.[no - 1]?.status === 'met';
      if (steps < 7 || !met || state.instalments[no - 1]?.amount.isZero === true) break;
      run({ type: 'unlock', no, facts: laterFacts, used: [], met, needs: [], policy }, clerk, addDays(granted, 30));
    }
    const order = { no, batch: `B${no}`, line: 1 };
    run({ type: 'order', ...order, payer: 'finance', listings: [] }, ledger, addDays(granted, 31));
    if (steps < 6) break;
    const settle = { type: 'settle' as const, ...order, on: addDays(granted, 32), reference: `R${no}`, reason: '' };
    run({ ...settle, result: 'paid' }, ledger, addDays(granted, 32));
    if (course.isReturned) run({ ...settle, result: 'returned', reason: '账号有误' }, ledger, addDays(granted, 33));
  }
  if (steps < 8 || !course.isRevoked) return events;
  run({ type: 'revoke', cause: 'condition-broken', reason: '条件不再具备' }, approver, addDays(granted, 40));
  const paid =
    'instalments' in state ? Money.sum(state.instalments.flatMap((each) => (each.status === 'paid' ? [each.amount] : []))) : Money.zero;
  const demand = { cause: 'condition-broken' as const, principal: paid.toString(), dueOn: addDays(granted, 90), reason: '退回' };
  if (!paid.isZero) run({ type: 'demand-clawback', ...demand }, approver, addDays(granted, 40));
  return events;
}

/** An award of this course as it stands on record. */
export function onRecord(course: Course): AwardOnRecord {
  return foldAward(eventsOf(course)) as AwardOnRecord;
}
