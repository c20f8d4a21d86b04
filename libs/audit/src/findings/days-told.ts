import { isBusinessDate } from '@app/kernel';
import type { DataOf, LedgerEventType } from '../ledger-event.js';
import type { Recorded } from './past.js';

/** How the data of events call a day. */
type DayName =
  | 'on'
  | 'from'
  | 'until'
  | 'since'
  | 'due'
  | 'day'
  | 'date'
  | 'asOf'
  | `${string}${'On' | 'From' | 'Until' | 'Since' | 'Due' | 'Day' | 'Date'}`;

type Member<Value> = NonNullable<Value> extends readonly (infer One)[] ? One : NonNullable<Value>;
type DayField<Data> = {
  [Field in keyof Data & string]-?: Field extends DayName ? (NonNullable<Data[Field]> extends string ? Field : never) : never;
}[keyof Data & string];
type DayFieldWithin<Data> = {
  [Field in keyof Data & string]-?: Member<Data[Field]> extends string | number | boolean
    ? never
    : `${Field}.${DayField<Member<Data[Field]>>}`;
}[keyof Data & string];
/** What in an event's data is called as days are: its own fields, and those of what it lists or holds. */
type DayPath<Type extends LedgerEventType> = DayField<DataOf<Type>> | DayFieldWithin<DataOf<Type>>;

/**
 * What such a field says. `told`: the day on which what the event records is said to have happened. `cited`: the day a paper
 * of somebody else bears, or an earlier record, which is told of on whatever day it is needed. `ahead`: the last day or the
 * first of something to come, or of something in force. `other`: no day at all.
 */
type Saying = 'told' | 'cited' | 'ahead' | 'other';

/** Every event whose data name a day has to say here what the day is, or the ledger does not compile. */
export const DAYS: {
  readonly [Type in LedgerEventType as DayPath<Type> extends never ? never : Type]: { readonly [Path in DayPath<Type>]: Saying };
} = {
  'agency-registered': { from: 'told', validUntil: 'ahead' },
  'agency-renewed': { validUntil: 'ahead' },
  'agency-renamed': { on: 'told' },
  'agency-inspected': { on: 'told' },
  'agency-struck-off': { on: 'told' },
  'award-assessed': { on: 'told', 'assessment.on': 'told' },
  'award-publicised': { from: 'told', until: 'ahead' },
  'award-grant-started': { 'clearances.on': 'cited', 'clearances.validUntil': 'ahead' },
  'instalment-paid': { on: 'told' },
  'instalment-returned': { on: 'told' },
  'instalment-overpaid': { on: 'told' },
  'overpayment-returned': { on: 'told' },
  'award-held': { until: 'ahead' },
  'clawback-demanded': { dueOn: 'ahead' },
  'clawback-received': { on: 'told' },
  'batch-results-recorded': { 'results.on': 'told', 'late.on': 'told' },
  'batch-unexpected-results': { 'results.on': 'told' },
  'batch-unexpected-resolved': { 'result.on': 'cited' },
  'blacklist-case-opened': { servedOn: 'told', statementLastDay: 'ahead' },
  'statement-recorded': { on: 'told' },
  'statement-waived': { on: 'told' },
  'listing-decided': { from: 'told', until: 'ahead', objectionLastDay: 'ahead', repairFrom: 'ahead' },
  'listing-objection-raised': { on: 'told' },
  'credit-repair-applied': { on: 'told', decisionDue: 'ahead' },
  'listing-ended': { on: 'told' },
  'budget-spent': { on: 'told' },
  'budget-spending-returned': { on: 'told' },
  'budget-closed': { on: 'told' },
  'duty-done': { on: 'told', due: 'ahead' },
  'enterprise-registered': { registeredOn: 'cited' },
  'certificate-recorded': { issuedOn: 'cited', expiresOn: 'ahead' },
  'certificate-revoked': { on: 'cited' },
  'relocation-recorded': { on: 'told', from: 'other' },
  'departure-recorded': { on: 'told' },
  'clearance-recorded': { on: 'cited', validUntil: 'ahead' },
  'title-awarded': { on: 'told' },
  'title-withdrawn': { on: 'told' },
  'finding-opened': { day: 'cited' },
  'policy-published': { from: 'ahead', until: 'ahead' },
  'policy-amended': { from: 'ahead', until: 'ahead' },
  'policy-expired': { on: 'told' },
  'policy-repealed': { on: 'told' },
  'tier-review-opened': { dueOn: 'ahead' },
  'tier-review-closed': { on: 'told' },
  'tier-review-lapsed': { on: 'told' },
  'tier-recommended': { on: 'told', dueOn: 'ahead' },
  'actual-reported': { asOf: 'cited' },
  'baseline-reported': { asOf: 'cited' },
  'tier-proposals-made': { 'walk.until': 'other', 'proposals.from': 'other' },
  'tier-proposals-decided': { 'decisions.from': 'other' },
  'tier-promoted': { from: 'other' },
  'tier-demoted': { from: 'other' },
  'tier-removed': { from: 'other' },
};

const TOLD: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(DAYS).map(([type, days]) => [type, Object.keys(days).filter((path) => days[path as keyof typeof days] === 'told')]),
);

/** The earliest day on which an event is said to have happened: the one it takes effect on, or one its data tell of. */
export function earliestDayTold(event: Recorded): string {
  const told = (TOLD.get(event.type) ?? []).flatMap((path) => valuesAt(event.data, path)).filter(isBusinessDate);
  return told.reduce<string>((earliest, day) => (day < earliest ? day : earliest), event.metadata.effectiveOn);
}

/** What stands at a path, in every member of what is a list. */
function valuesAt(data: object, path: string): readonly unknown[] {
  return path
    .split('.')
    .reduce<readonly unknown[]>((at, field) => at.flatMap((one) => (one as Record<string, unknown>)[field] ?? []), [data]);
}
