import { Money, Problem } from '@app/kernel';
import { assess, type Pack, type PolicyVersion } from '@app/policies';
import { type AssessmentOnRecord, type AwardRecord, type Facts, isSameSum, type Stated, statedBy } from './award-record.js';

/** A text as it applied at a position; or why there is none: never published, or no longer what its hash says. */
export type TextThen = PolicyVersion | 'unknown' | 'altered';

/** Why an award is not as it is computed again. `instalment` where one is meant. */
export interface Why {
  readonly code:
    | 'text-unknown'
    | 'text-altered'
    | 'outcome-differs'
    | 'amount-differs'
    | 'schedule-differs'
    | 'granted-unassessed'
    | 'granted-differs'
    | 'lowered-upward'
    | 'over-ceiling'
    | 'unlocked-unmet'
    | 'unlocked-unclear'
    | 'paid-not-granted'
    | 'paid-locked'
    | 'paid-differs'
    | 'paid-twice';
  readonly instalment?: number;
}

/** A fact that is known otherwise today. Left out: not known. */
export interface ChangedFact {
  readonly input: string;
  readonly label: string;
  readonly then?: string | boolean;
  readonly now?: string | boolean;
  /** The fact that says `now`; left out where a certificate, a relocation, a title or the registration says it. */
  readonly factId?: string;
  /** Whether what says `now` has been checked; left out with `now`. */
  readonly verified?: boolean;
}

/** An award that comes out otherwise when it is computed again. Amounts are decimal strings in yuan. */
export interface Difference {
  readonly award: string;
  readonly payee: string;
  readonly payeeName: string;
  readonly pack: string;
  readonly clause: string;
  readonly version?: number;
  /** The business date it was assessed for. */
  readonly on?: string;
  readonly status: AwardRecord['status'];
  readonly budgetLine?: string;
  /** What the assessment on record says. */
  readonly recorded?: Stated;
  /** What it comes to, computed again. */
  readonly expected?: Stated;
  readonly granted?: string;
  /** What the bank has paid and not returned. */
  readonly paid: string;
  /** Principals demanded back. */
  readonly demanded: string;
  /** Paid beyond what is due, less what has been demanded back. */
  readonly overpaid: string;
  /** Due and neither granted nor paid. */
  readonly underpaid: string;
  readonly why: readonly Why[];
  /** Nobody can say what is due: the text or a fact is missing. Nothing counts as over- or underpaid. */
  readonly undetermined?: true;
  readonly changed?: readonly ChangedFact[];
}

/** Whether an award comes out otherwise because of something nobody has checked yet, be it in part. */
export function isUnverified({ changed = [] }: Difference): boolean {
  return changed.some(({ verified }) => verified === false);
}

/** What a text gives on these facts; a clause it does not have, or that promises nothing, gives nothing. */
export function assessedUnder(
  pack: Pack,
  policy: Pick<PolicyVersion, 'version' | 'hash' | 'endedOn'>,
  clause: string,
  on: string,
  facts: Facts,
): Stated {
  try {
    return statedBy(assess(pack, clause, { on, facts, policy }));
  } catch (error) {
    if (error instanceof Problem && (error.code === 'clause-not-found' || error.code === 'clause-not-assessable'))
      return { outcome: 'clause-missing' };
    throw error;
  }
}

/** What is known of an award once it has been computed again. */
export interface Again {
  readonly record: AwardRecord;
  readonly assessment: AssessmentOnRecord | undefined;
  /** The text its assessment cites, as it stood then. */
  readonly text: TextThen;
  /** What the assessment comes to; undefined where there is none, or no text to make it under. */
  readonly expected: Stated | undefined;
  /** Whether the condition of an instalment holds that was not met at the assessment; undefined where nobody can say. */
  readonly isMet: (no: number) => boolean | undefined;
  readonly changed?: readonly ChangedFact[];
}

/** Holds an award against what it comes to when it is computed again; undefined when everything agrees. Pure. */
export function judge(again: Again): Difference | undefined {
  const { record, assessment, text, expected, changed } = again;
  const { grant } = record;
  const why: Why[] = [];
  if (assessment === undefined) {
    if (grant !== undefined) why.push({ code: 'granted-unassessed' });
  } else if (typeof text === 'string' || text.hash !== assessment.packHash) {
    why.push({ code: text === 'unknown' ? 'text-unknown' : 'text-altered' });
  } else if (expected !== undefined && !isSameSum(assessment.stated, expected)) {
    why.push({ code: differenceOf(assessment.stated, expected) });
  }
  const isUnclear =
    why.length > 0 &&
    assessment !== undefined &&
    (expected === undefined || expected.outcome === 'missing' || expected.outcome === 'invalid');
  if (assessment !== undefined) examineGrant(record, assessment.stated, why);
  const due = lowered(record, instalmentsFen(expected, record.setFen));
  const sums = overAndUnder(again, due, why);
  if (why.length === 0) return undefined;
  // Of what nobody granted nothing was to be paid, whatever its text gives.
  const isGroundless = why.some(({ code }) => code === 'paid-not-granted');
  const undetermined = !isGroundless && (isUnclear || why.some(({ code }) => code === 'unlocked-unclear'));
  const yuan = (fen: number) => Money.formatFen(fen);
  return {
    award: record.award,
    payee: record.payee,
    payeeName: record.payeeName,
    pack: record.pack,
    clause: record.clause,
    ...(assessment && { version: assessment.version, on: assessment.on }),
    status: record.status,
    ...(grant && { budgetLine: grant.budgetLine }),
    ...(assessment && { recorded: assessment.stated }),
    ...(expected && { expected }),
    ...(grant && { granted: yuan(grant.fen) }),
    paid: yuan(standingFen(record)),
    demanded: yuan(record.demandedFen),
    overpaid: yuan(undetermined ? 0 : sums.over),
    underpaid: yuan(undetermined ? 0 : sums.under),
    why,
    ...(undetermined && { undetermined }),
    ...(changed && changed.length > 0 && { changed }),
  };
}

function differenceOf(recorded: Stated, expected: Stated): Why['code'] {
  if (recorded.outcome !== expected.outcome) return 'outcome-differs';
  return recorded.amount === expected.amount && recorded.ceiling === expected.ceiling ? 'schedule-differs' : 'amount-differs';
}

/** Everything the bank has paid and not returned. */
export function standingFen({ paid, overpaidFen }: AwardRecord): number {
  return paid.reduce((sum, { fen }) => sum + fen, overpaidFen);
}

/** What a computed result gives instalment by instalment, in fen; nothing where it gives no sum. `setFen` is the officer's sum. */
export function instalmentsFen(stated: Stated | undefined, setFen: number | undefined): readonly number[] {
  if (stated?.outcome === 'discretionary') return [Math.min(setFen ?? 0, fenOf(stated.ceiling as string))];
  if (stated?.outcome !== 'payable') return [];
  return stated.instalments === undefined ? [fenOf(stated.amount as string)] : stated.instalments.map(({ amount }) => fenOf(amount));
}

const fenOf = (amount: string) => Money.parse(amount).toFen();

/** Whether what was granted is what was assessed. An approver may lower what was computed, never raise it. */
function examineGrant({ grant, setFen }: AwardRecord, recorded: Stated, why: Why[]): void {
  if (grant === undefined) return;
  const granted = grant.instalments.map(({ fen }) => fen);
  if (granted.reduce((sum, fen) => sum + fen, 0) !== grant.fen) why.push({ code: 'granted-differs' });
  if (recorded.outcome === 'discretionary' && grant.fen > fenOf(recorded.ceiling as string)) {
    why.push({ code: 'over-ceiling' });
    return;
  }
  const computed = instalmentsFen(recorded, setFen);
  for (let index = 0; index < Math.max(granted.length, computed.length); index += 1) {
    const [given, asked] = [granted[index] ?? 0, computed[index] ?? 0];
    if (grant.lowered ? given > asked : given !== asked)
      why.push({ code: grant.lowered ? 'lowered-upward' : 'granted-differs', instalment: index + 1 });
  }
}

/** What is due of what was computed: no more than an approver has let stand. */
export function lowered({ grant }: AwardRecord, computed: readonly number[]): readonly number[] {
  return grant?.lowered === true ? computed.map((fen, index) => Math.min(fen, grant.instalments[index]?.fen ?? 0)) : computed;
}

interface Sums {
  readonly over: number;
  readonly under: number;
}

function overAndUnder({ record, assessment, expected, isMet, changed }: Again, due: readonly number[], why: Why[]): Sums {
  const { grant, paid, unlocked, status, overpaidFen, demandedFen } = record;
  if (grant === undefined) {
    const open = Math.max(0, standingFen(record) - demandedFen);
    if (open > 0) {
      why.push({ code: 'paid-not-granted' });
      return { over: open, under: 0 };
    }
    // One that was turned down, and should not have been, was given nothing.
    const denied = status === 'rejected' && assessment !== undefined && !gives(assessment.stated) && expected?.outcome === 'payable';
    return { over: 0, under: denied ? due.reduce((sum, fen) => sum + fen, 0) : 0 };
  }
  let over = overpaidFen;
  let under = 0;
  // One that was paid is looked at, whether anybody granted it or not.
  const count = Math.max(due.length, grant.instalments.length, ...paid.map(({ no }) => no));
  for (let index = 0; index < count; index += 1) {
    const no = index + 1;
    const given = grant.instalments[index]?.fen ?? 0;
    const paidFen = paid.find((each) => each.no === no)?.fen ?? 0;
    const unlock = unlocked.find((each) => each.no === no);
    const met = unlock !== undefined && (unlock.facts === undefined ? statusOf(expected, no) : isMet(no));
    if (unlock?.facts !== undefined && met === false) why.push({ code: 'unlocked-unmet', instalment: no });
    // By what is known today a fact of its condition is in doubt: that proves nothing either way.
    const isInDoubt = changed !== undefined && unlock !== undefined && (met === undefined || isPending(expected, no, unlock));
    if (isInDoubt) why.push({ code: 'unlocked-unclear', instalment: no });
    if (paidFen > 0 && unlock === undefined) why.push({ code: 'paid-locked', instalment: no });
    if (paidFen > 0 && paidFen !== given) why.push({ code: 'paid-differs', instalment: no });
    const dueFen = due[index] ?? 0;
    over += Math.max(0, paidFen - (met === false ? 0 : dueFen));
    if (status === 'granted' || (status === 'lapsed' && paidFen > 0))
      under += Math.max(0, dueFen - given, paidFen > 0 ? dueFen - paidFen : 0);
  }
  const open = Math.max(0, over - demandedFen);
  if (overpaidFen > 0 && open > 0) why.push({ code: 'paid-twice' });
  return { over: open, under };
}

function isPending(expected: Stated | undefined, no: number, { facts }: AwardRecord['unlocked'][number]): boolean {
  return facts === undefined && expected?.instalments?.find((each) => each.no === no)?.status === 'pending';
}

const gives = ({ outcome }: Stated) => outcome === 'payable' || outcome === 'discretionary';

/** Whether a result has an instalment's condition met; it has not of one that it does not know. What an officer sets is due at once. */
export function statusOf(expected: Stated | undefined, no: number): boolean | undefined {
  if (expected?.outcome === 'discretionary') return no === 1;
  if (expected?.outcome !== 'payable') return false;
  return expected.instalments === undefined ? no === 1 : expected.instalments.find((each) => each.no === no)?.status === 'met';
}
