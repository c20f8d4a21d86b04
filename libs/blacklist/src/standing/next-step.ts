import { addDays, type BusinessDate } from '@app/kernel';

/** What a case waits for. */
export type NextStep =
  /** The subject's statement, until the last day of the period. */
  | { readonly step: 'statement'; readonly due: string }
  /** The decision on the notice, which can be taken since a day. */
  | { readonly step: 'decision'; readonly possibleFrom: string }
  /** The decision on an objection or on an application for credit repair, and by when. */
  | { readonly step: 'objection-decision' | 'repair-decision'; readonly due: string };

export interface Waiting {
  readonly isNoticed: boolean;
  readonly heardOn: string | undefined;
  readonly statementLastDay: string;
  readonly objectionDue: string | undefined;
  readonly repairDue: string | undefined;
}

/** The step that comes next; undefined when nothing waits. An objection goes before a repair. */
export function nextStepOf(waiting: Waiting, today: string): NextStep | undefined {
  const { isNoticed, heardOn, statementLastDay, objectionDue, repairDue } = waiting;
  if (isNoticed) {
    if (heardOn !== undefined) return { step: 'decision', possibleFrom: heardOn };
    if (today <= statementLastDay) return { step: 'statement', due: statementLastDay };
    return { step: 'decision', possibleFrom: addDays(statementLastDay as BusinessDate, 1) };
  }
  if (objectionDue !== undefined) return { step: 'objection-decision', due: objectionDue };
  return repairDue === undefined ? undefined : { step: 'repair-decision', due: repairDue };
}
