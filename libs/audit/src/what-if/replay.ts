import { yearsOf } from '@app/budgets';
import { Money } from '@app/kernel';
import { type Clause, isPaidFrom, type Pack } from '@app/policies';
import type { AwardOnRecord, AwardRecord, Stated } from '../recomputation/award-record.js';
import { instalmentsFen, lowered } from '../recomputation/judge.js';

/** How an award stood: granted, turned down by the computation, or not decided yet. */
export type Group = 'granted' | 'denied' | 'pending';

/** An award that would have come out otherwise. Amounts are decimal strings in yuan. */
export interface Otherwise {
  readonly award: string;
  readonly payee: string;
  readonly payeeName: string;
  readonly clause: string;
  /** Of the grant, or else of the assessment. */
  readonly year: string;
  readonly group: Group;
  readonly budgetLine?: string;
  readonly outcome: { readonly before: Stated['outcome']; readonly after: Stated['outcome'] };
  /** What was granted, or assessed where it is pending. */
  readonly before: string;
  /** What it would have been; left out where nobody can say. */
  readonly after?: string;
  /** Signed; zero where nobody can say. */
  readonly difference: string;
  /** Inputs the changed text asks for and no fact of the time answers. */
  readonly missing?: readonly string[];
  /** The most an officer could have set, where the changed text leaves the sum to one. */
  readonly ceiling?: string;
}

/** One award under a changed text. Sums in fen. */
export interface Replayed {
  readonly group: Group;
  readonly record: AwardRecord;
  readonly year: string;
  readonly before: number;
  /** Undefined where nobody can say. */
  readonly after: number | undefined;
  readonly outcome: { readonly before: Stated['outcome']; readonly after: Stated['outcome'] };
  readonly stated: Stated;
}

/**
 * What an award would have come to. Undefined for one on which a changed text has no bearing: never assessed, withdrawn,
 * revoked, or turned down by a person although the computation gave a sum. What an officer set or an approver lowered
 * stays, within what the changed text allows; of a lapsed award only what was paid counts. Pure.
 */
export function replayed({ record, assessment }: AwardOnRecord, after: Stated): Replayed | undefined {
  if (assessment === undefined) return undefined;
  const { stated } = assessment;
  const group = groupOf(record, stated);
  if (group === undefined) return undefined;
  const counted = (schedule: readonly number[]) =>
    lowered(record, schedule).reduce((sum, fen, index) => sum + (record.status === 'lapsed' && !isPaid(record, index + 1) ? 0 : fen), 0);
  const granted = record.grant?.instalments.map(({ fen }) => fen) ?? instalmentsFen(stated, record.setFen);
  // What was granted stays where the changed text leaves the sum to an officer.
  const setFen = record.grant?.fen ?? record.setFen;
  const isUnclear =
    UNCLEAR.has(after.outcome) ||
    // Nobody has said what an officer would have set.
    (after.outcome === 'discretionary' && setFen === undefined && stated.outcome !== 'discretionary');
  return {
    group,
    record,
    year: (record.grant?.on ?? assessment.on).slice(0, 4),
    before: group === 'denied' ? 0 : counted(granted),
    after: isUnclear ? undefined : counted(instalmentsFen(after, setFen)),
    outcome: { before: stated.outcome, after: after.outcome },
    stated: after,
  };
}

const UNCLEAR: ReadonlySet<Stated['outcome']> = new Set(['missing', 'invalid', 'unresolved']);

function groupOf({ status }: AwardRecord, { outcome }: Stated): Group | undefined {
  switch (status) {
    case 'granted':
    case 'lapsed':
      return 'granted';
    case 'open':
      return 'pending';
    case 'rejected':
      return outcome === 'payable' || outcome === 'discretionary' ? undefined : 'denied';
    case 'withdrawn':
    case 'revoked':
      return undefined;
  }
}

const isPaid = ({ paid }: AwardRecord, no: number) => paid.some((each) => each.no === no && each.fen > 0);

/** Whether there is anything to tell of it. */
export function isOtherwise({ before, after, outcome }: Replayed): boolean {
  return after === undefined ? outcome.before !== outcome.after : after !== before;
}

export function otherwise({ group, record, year, before, after, outcome, stated }: Replayed): Otherwise {
  const yuan = (fen: number) => Money.formatFen(fen);
  return {
    award: record.award,
    payee: record.payee,
    payeeName: record.payeeName,
    clause: record.clause,
    year,
    group,
    ...(record.grant && { budgetLine: record.grant.budgetLine }),
    outcome,
    before: yuan(before),
    ...(after !== undefined && { after: yuan(after) }),
    difference: yuan((after ?? before) - before),
    ...(stated.missing && { missing: stated.missing }),
    ...(after === undefined && stated.ceiling !== undefined && { ceiling: stated.ceiling }),
  };
}

/** Awards, and their sums before and after, as decimal strings in yuan. */
export interface Sums {
  readonly awards: number;
  readonly before: string;
  readonly after: string;
  readonly difference: string;
}

/** A budget line of the policy as it stands now. */
export interface LineNow {
  readonly line: string;
  readonly period: string;
  readonly isOpen: boolean;
  readonly availableFen: number;
}

export interface LineSums {
  readonly budgetLine: string;
  /** How much more it would have had to pay; negative for less. */
  readonly difference: string;
  readonly available: string;
  /** It could not have paid that. */
  readonly breaks: boolean;
}

export interface WhatIfSummary {
  readonly pack: string;
  /** What was changed, as it was asked; none where a whole text was sent. */
  readonly set: readonly string[];
  /** Awards the changed text bears on. */
  readonly awards: number;
  /** Awards it has no bearing on: never assessed, withdrawn, revoked, turned down by a person. */
  readonly untouched: number;
  readonly gaining: number;
  readonly losing: number;
  /** Turned down by the computation, and payable under the changed text. */
  readonly newlyPayable: number;
  /** Awards of which nobody can say what they would have come to. They count as unchanged. */
  readonly undetermined: number;
  readonly total: Sums;
  readonly byGroup: Readonly<Record<Group, Sums>>;
  readonly byClause: readonly (Sums & { readonly clause: string; readonly title: string })[];
  readonly byLine: readonly LineSums[];
  /** Money for awards that have no line yet, where not one line alone could pay it. */
  readonly unassigned: readonly Unassigned[];
  /** Position of the last event looked at. */
  readonly position: number;
}

export interface Unassigned {
  readonly clause: string;
  readonly year: string;
  readonly difference: string;
  /** The lines any of which could pay it; empty where none could. */
  readonly lines: readonly string[];
}

interface Tally {
  awards: number;
  before: bigint;
  after: bigint;
}

/** Adds up what a changed text would have meant, award by award; keeps sums alone. */
export class WhatIfTotals {
  private untouched = 0;
  private gaining = 0;
  private losing = 0;
  private newlyPayable = 0;
  private undetermined = 0;
  private readonly groups: Record<Group, Tally> = { granted: none(), denied: none(), pending: none() };
  private readonly clauses = new Map<string, Tally>();
  private readonly lines = new Map<string, bigint>();
  /** By clause and year: the lines that paid, and what awards without a line would need. */
  private readonly years = new Map<string, { readonly lines: Set<string>; open: bigint }>();

  leaveOut(): void {
    this.untouched += 1;
  }

  add({ group, record, year, before, after, outcome }: Replayed): void {
    const sum = after ?? before;
    if (after === undefined && outcome.before !== outcome.after) this.undetermined += 1;
    if (sum > before) this.gaining += 1;
    if (sum < before) this.losing += 1;
    if (group === 'denied' && sum > 0) this.newlyPayable += 1;
    for (const tally of [this.groups[group], clauseTally(this.clauses, record.clause)]) {
      tally.awards += 1;
      tally.before += BigInt(before);
      tally.after += BigInt(sum);
    }
    const key = `${record.clause} ${year}`;
    const ofYear = this.years.get(key) ?? { lines: new Set<string>(), open: 0n };
    this.years.set(key, ofYear);
    const line = record.grant?.budgetLine;
    const difference = BigInt(sum - before);
    if (line === undefined) ofYear.open += difference;
    else {
      ofYear.lines.add(line);
      this.lines.set(line, (this.lines.get(line) ?? 0n) + difference);
    }
  }

  /** `text` is the changed one, `linesNow` are the lines of its policy. */
  summary(about: Pick<WhatIfSummary, 'set' | 'position'>, text: Pack, linesNow: readonly LineNow[]): WhatIfSummary {
    const nameOf = ({ line, period }: LineNow) => `${text.id}.${line}.${period}`;
    const clauseOf = (id: string) => text.clauses.find((clause) => clause.id === id);
    const available = new Map(linesNow.map((line) => [nameOf(line), line.availableFen]));
    const lines = new Map(this.lines);
    const unassigned: Unassigned[] = [];
    for (const [key, { lines: paying, open }] of this.years) {
      if (open === 0n) continue;
      const [clause = '', year = ''] = key.split(' ');
      // The line that paid the clause that year; where none or several did, those a grant could draw from.
      const could = paying.size === 1 ? [...paying] : linesFor(clauseOf(clause), Number(year), linesNow).map(nameOf).sort();
      const [only] = could;
      if (only !== undefined && could.length === 1) lines.set(only, (lines.get(only) ?? 0n) + open);
      else unassigned.push({ clause, year, difference: Money.formatFen(open), lines: could });
    }
    const { granted, denied, pending } = this.groups;
    const total = [granted, denied, pending].reduce((one, other) => ({
      awards: one.awards + other.awards,
      before: one.before + other.before,
      after: one.after + other.after,
    }));
    return {
      pack: text.id,
      ...about,
      awards: total.awards,
      untouched: this.untouched,
      gaining: this.gaining,
      losing: this.losing,
      newlyPayable: this.newlyPayable,
      undetermined: this.undetermined,
      total: sumsOf(total),
      byGroup: { granted: sumsOf(granted), denied: sumsOf(denied), pending: sumsOf(pending) },
      byClause: [...this.clauses]
        .sort(byKey)
        .map(([clause, tally]) => ({ clause, title: clauseOf(clause)?.title ?? '', ...sumsOf(tally) })),
      byLine: [...lines]
        .filter(([, difference]) => difference !== 0n)
        .sort(byKey)
        .map(([budgetLine, difference]) => {
          const left = BigInt(available.get(budgetLine) ?? 0);
          return { budgetLine, difference: Money.formatFen(difference), available: Money.formatFen(left), breaks: difference > left };
        }),
      unassigned: unassigned.sort((one, other) => (`${one.clause} ${one.year}` < `${other.clause} ${other.year}` ? -1 : 1)),
    };
  }
}

/** The open lines that are for a year and may pay a clause. */
function linesFor(clause: Clause | undefined, year: number, linesNow: readonly LineNow[]): readonly LineNow[] {
  return linesNow.filter(({ line, period, isOpen }) => {
    const { first, last } = yearsOf(period);
    return isOpen && first <= year && year <= last && clause !== undefined && isPaidFrom(clause, line);
  });
}

const none = (): Tally => ({ awards: 0, before: 0n, after: 0n });
const byKey = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]) => (one < other ? -1 : one > other ? 1 : 0);

function clauseTally(clauses: Map<string, Tally>, clause: string): Tally {
  const tally = clauses.get(clause) ?? none();
  clauses.set(clause, tally);
  return tally;
}

function sumsOf({ awards, before, after }: Tally): Sums {
  return { awards, before: Money.formatFen(before), after: Money.formatFen(after), difference: Money.formatFen(after - before) };
}
