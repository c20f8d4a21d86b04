import type { AwardEvent } from '@app/awards';
import { Money, unreachable } from '@app/kernel';
import type { Assessment } from '@app/policies';

/** What an assessment says of money, apart from how it got there. Amounts are decimal strings in yuan. */
export interface Stated {
  /**
   * As the engine names it; `clause-missing` where the text has no such clause that could be assessed; `ground-gone` where
   * what it rested on has been withdrawn, `missing` then names the inputs.
   */
  readonly outcome: Assessment['outcome'] | 'clause-missing' | 'ground-gone';
  readonly amount?: string;
  readonly ceiling?: string;
  readonly instalments?: readonly { readonly no: number; readonly amount: string; readonly status: 'met' | 'unmet' | 'pending' }[];
  /** Inputs nobody has stated. */
  readonly missing?: readonly string[];
  /** Ids of the gates that say no. */
  readonly failed?: readonly string[];
}

export type Facts = Readonly<Record<string, string | boolean>>;

/** An assessment as the ledger holds it, with everything needed to make it again. */
export interface AssessmentOnRecord {
  readonly position: number;
  readonly version: number;
  readonly packHash: string;
  /** The business date it was made for. */
  readonly on: string;
  readonly facts: Facts;
  readonly stated: Stated;
}

/** What became of an award as far as its sums are concerned. Amounts in fen. Plain data: it is kept as JSON. */
export interface AwardRecord {
  readonly award: string;
  readonly pack: string;
  readonly clause: string;
  readonly payee: string;
  readonly payeeName: string;
  readonly occasion: { readonly kind: string; readonly reference: string };
  /** `open`: neither granted nor turned down yet. */
  readonly status: 'open' | 'rejected' | 'withdrawn' | 'granted' | 'lapsed' | 'revoked';
  /** Position of the last event that bears on it. */
  readonly position: number;
  /** The assessment that counts. `later` are the instalments whose condition was not met then. */
  readonly assessed?: { readonly position: number; readonly later: readonly number[] };
  /** The sum an officer set under a discretionary clause. */
  readonly setFen?: number;
  readonly grant?: {
    readonly position: number;
    readonly on: string;
    readonly fen: number;
    /** `<pack>.<line>.<period>` */
    readonly budgetLine: string;
    readonly instalments: readonly { readonly no: number; readonly fen: number }[];
    /** Lowered by an approver below what was computed. */
    readonly lowered: boolean;
  };
  /** `facts` where the condition was established after the assessment; else those of the assessment count. */
  readonly unlocked: readonly { readonly no: number; readonly position: number; readonly on: string; readonly facts?: Facts }[];
  /** What the bank has paid and not returned, by instalment. */
  readonly paid: readonly { readonly no: number; readonly fen: number }[];
  /** 重复拨付 that has not been returned. */
  readonly overpaidFen: number;
  /** Principals demanded back. */
  readonly demandedFen: number;
}

/** The award events that bear on sums. */
export const RECORD_EVENTS = [
  'award-applied',
  'award-assessed',
  'award-reviewed',
  'award-rejected',
  'award-withdrawn',
  'award-objection-decided',
  'award-granted',
  'award-lapsed',
  'award-revoked',
  'instalment-unlocked',
  'instalment-paid',
  'instalment-returned',
  'instalment-overpaid',
  'overpayment-returned',
  'clawback-demanded',
] as const satisfies readonly AwardEvent['type'][];

type RecordEvent = Extract<AwardEvent, { readonly type: (typeof RECORD_EVENTS)[number] }>;

/** Whether an event bears on sums. */
export function bearsOnSums({ type }: { readonly type: string }): boolean {
  return (RECORD_EVENTS as readonly string[]).includes(type);
}

/** An event that bears on sums, with its place. */
export type Placed = RecordEvent & { readonly award: string; readonly position: number; readonly effectiveOn: string };

const fenOf = (amount: string) => Money.parse(amount).toFen();

/** Folds one event. @throws Error for an event of an award nobody applied for. */
export function evolveRecord(before: AwardRecord | undefined, event: Placed): AwardRecord {
  const { award, position, effectiveOn: on } = event;
  if (event.type === 'award-applied') {
    const { pack, clause, payee, payeeName, occasion } = event.data;
    const { kind, reference } = occasion;
    const nothing = { unlocked: [], paid: [], overpaidFen: 0, demandedFen: 0 };
    return { award, pack, clause, payee, payeeName, occasion: { kind, reference }, status: 'open', position, ...nothing };
  }
  if (before === undefined) throw new Error(`${event.type} on ${award}, which was never applied for`);
  const record: AwardRecord = { ...before, position };
  switch (event.type) {
    case 'award-assessed': {
      const { assessment } = event.data;
      const instalments = assessment.outcome === 'payable' ? (assessment.instalments ?? []) : [];
      return { ...record, assessed: { position, later: instalments.filter(({ status }) => status !== 'met').map(({ no }) => no) } };
    }
    case 'award-reviewed':
      return event.data.amount === undefined ? record : { ...record, setFen: fenOf(event.data.amount) };
    case 'award-rejected':
      return { ...record, status: 'rejected' };
    case 'award-withdrawn':
      return { ...record, status: 'withdrawn' };
    case 'award-objection-decided': {
      if (!event.data.upheld) return record;
      // It has to be assessed and reviewed again.
      const { assessed: _assessed, setFen: _set, ...rest } = record;
      return rest;
    }
    case 'award-granted': {
      const { amount, instalments, budget, override } = event.data;
      const grant = {
        position,
        on,
        fen: fenOf(amount),
        budgetLine: `${budget.pack}.${budget.line}.${budget.period}`,
        instalments: instalments.map(({ no, amount: part }) => ({ no, fen: fenOf(part) })),
        lowered: override !== undefined,
      };
      return { ...record, status: 'granted', grant };
    }
    case 'award-lapsed':
      return { ...record, status: 'lapsed' };
    case 'award-revoked':
      return { ...record, status: 'revoked' };
    case 'instalment-unlocked': {
      const { no, facts } = event.data;
      const later = record.assessed?.later.includes(no) === true;
      return { ...record, unlocked: [...record.unlocked, { no, position, on, ...(later && { facts }) }] };
    }
    case 'instalment-paid':
      return { ...record, paid: changed(record.paid, event.data.no, fenOf(event.data.amount)) };
    case 'instalment-returned':
      // One that comes back without having arrived was never counted.
      return { ...record, paid: changed(record.paid, event.data.no, -fenOf(event.data.amount)) };
    case 'instalment-overpaid':
      return { ...record, overpaidFen: record.overpaidFen + fenOf(event.data.amount) };
    case 'overpayment-returned':
      return { ...record, overpaidFen: record.overpaidFen - fenOf(event.data.amount) };
    case 'clawback-demanded':
      return { ...record, demandedFen: record.demandedFen + fenOf(event.data.principal) };
    default:
      return unreachable(event);
  }
}

/** An award's sums with the assessment they rest on. */
export interface AwardOnRecord {
  readonly record: AwardRecord;
  /** The assessment that counts; none before the first, or after an objection was upheld. */
  readonly assessment: AssessmentOnRecord | undefined;
}

/** One award folded from all of its events; undefined when there is none. */
export function foldAward(events: Iterable<Placed>): AwardOnRecord | undefined {
  let record: AwardRecord | undefined;
  const assessments = new Map<number, AssessmentOnRecord>();
  for (const event of events) {
    record = evolveRecord(record, event);
    const assessment = assessmentIn(event);
    if (assessment !== undefined) assessments.set(assessment.position, assessment);
  }
  return record && { record, assessment: record.assessed && assessments.get(record.assessed.position) };
}

function changed(paid: AwardRecord['paid'], no: number, fen: number): AwardRecord['paid'] {
  const before = paid.find((each) => each.no === no)?.fen ?? 0;
  const others = paid.filter((each) => each.no !== no);
  return [...others, { no, fen: Math.max(0, before + fen) }].sort((one, other) => one.no - other.no);
}

/** Whether something of a granted award is still to be paid. */
export function isUnpaid({ status, grant, paid }: AwardRecord): boolean {
  if (status !== 'granted' || grant === undefined) return false;
  return grant.instalments.some(({ no, fen }) => fen > (paid.find((each) => each.no === no)?.fen ?? 0));
}

/** The assessment an event holds; undefined for any other event. */
export function assessmentIn(event: Placed): AssessmentOnRecord | undefined {
  if (event.type !== 'award-assessed') return undefined;
  const { version, packHash, on, facts, assessment } = event.data;
  return { position: event.position, version, packHash, on, facts, stated: statedBy(assessment) };
}

/** What an assessment says of money. */
export function statedBy(assessment: Assessment): Stated {
  const { outcome } = assessment;
  switch (assessment.outcome) {
    case 'payable': {
      const { amount, instalments } = assessment;
      return {
        outcome,
        amount,
        ...(instalments && { instalments: instalments.map(({ no, amount: part, status }) => ({ no, amount: part, status })) }),
      };
    }
    case 'discretionary':
      return { outcome, ceiling: assessment.ceiling };
    case 'missing':
      return { outcome, missing: assessment.missing };
    case 'refused':
      return { outcome, failed: assessment.failed };
    case 'unresolved':
    case 'not-in-force':
    case 'passed':
    case 'placed':
    case 'invalid':
      return { outcome };
  }
}

/** Whether two assessments come to the same sums, instalment by instalment. */
export function isSameSum(one: Stated, other: Stated): boolean {
  return one.outcome === other.outcome && one.amount === other.amount && one.ceiling === other.ceiling && isSameSchedule(one, other);
}

function isSameSchedule({ instalments: one = [] }: Stated, { instalments: other = [] }: Stated): boolean {
  return (
    one.length === other.length &&
    one.every(({ no, amount, status }, index) => {
      const twin = other[index];
      return twin !== undefined && no === twin.no && amount === twin.amount && status === twin.status;
    })
  );
}
