import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { type BusinessDate, daysBetween, invalidField } from '@app/kernel';
import { cursorKey, type Page, pageOf } from '@app/http';
import { Duties, type StandingDuty } from '../duties.js';
import type { DutyStatus } from '../duty.js';
import type { DutyInstance } from '../instances.js';
import type { Proof } from '../records/duty-records.js';

/** A duty as the calendar shows it. */
export type DutyView = {
  readonly id: string;
  readonly pack: string;
  readonly clause: string;
  readonly period: string;
  readonly title: string;
  readonly action: string;
  readonly due: string;
  readonly citation: DutyInstance['citation'];
  readonly proof?: Proof;
} & DutyStatus;

/** 逾期: what an inspector is told of a duty that was not done in time. */
export interface DutyFinding {
  readonly code: 'duty-overdue';
  readonly severity: Severity;
  readonly pack: string;
  readonly clause: string;
  readonly period: string;
  readonly action: string;
  readonly due: string;
  /** Until it was done, or until the day asked about. */
  readonly daysOver: number;
  /** When it was done after all; left out while it is open. */
  readonly doneOn?: string;
  readonly citation: DutyInstance['citation'];
}
export type Severity = 'low' | 'medium' | 'high';

export interface AgendaFilter {
  /** The day for which the answer is given. */
  readonly on: string;
  /** Duties due from this day on; those overdue are shown whatever their age. The first day of the year when left out. */
  readonly from?: string;
  /** Duties due by this day; the last of the year when left out. */
  readonly until?: string;
  readonly pack?: string;
  readonly status?: DutyStatus['status'];
  readonly limit: number;
  readonly cursor?: string;
}

/** What is due, done and overdue. */
export class GetAgenda extends Query<Page<DutyView>> {
  constructor(readonly filter: AgendaFilter) {
    super();
  }
}

/** The overdue duties as findings; with `late` also those that were done too late. */
export class GetDutyFindings extends Query<Page<DutyFinding>> {
  constructor(readonly filter: Pick<AgendaFilter, 'on' | 'pack' | 'limit' | 'cursor'> & { readonly late?: true }) {
    super();
  }
}

const BEGINNING = '1949-10-01';
/** Plans of the longest kind run ten years. */
const MOST_YEARS_AHEAD = 10;

@QueryHandler(GetAgenda)
export class GetAgendaHandler implements IQueryHandler<GetAgenda> {
  constructor(private readonly duties: Duties) {}

  async execute({ filter }: GetAgenda): Promise<Page<DutyView>> {
    const { on, pack, status, limit } = filter;
    const year = on.slice(0, 4);
    const { from = `${year}-01-01`, until = `${year}-12-31` } = filter;
    if (until < from) throw invalidField('until', 'after-from', `must not be before ${from}`);
    if (Number(until.slice(0, 4)) > Number(year) + MOST_YEARS_AHEAD)
      throw invalidField('until', 'years-ahead', `must be within ${MOST_YEARS_AHEAD} years of ${on}`);
    const all = await this.duties.standing(pack, { from: BEGINNING, until }, on);
    const shown = all.filter(({ duty, standing }) => {
      const isInView = duty.due >= from || standing.status === 'overdue';
      return isInView && (status === undefined || standing.status === status);
    });
    return paged(shown, limit, filter.cursor, view);
  }
}

@QueryHandler(GetDutyFindings)
export class GetDutyFindingsHandler implements IQueryHandler<GetDutyFindings> {
  constructor(private readonly duties: Duties) {}

  async execute({ filter: { on, pack, limit, cursor, late } }: GetDutyFindings): Promise<Page<DutyFinding>> {
    const all = await this.duties.standing(pack, { from: BEGINNING, until: on }, on);
    return paged(
      all.filter(({ standing: { status } }) => status === 'overdue' || (late === true && status === 'done-late')),
      limit,
      cursor,
      finding,
    );
  }
}

function paged<View>(
  all: readonly StandingDuty[],
  limit: number,
  cursor: string | undefined,
  show: (one: StandingDuty) => View,
): Page<View> {
  const after = cursorKey(cursor, ['string', 'string']);
  const rest = after === undefined ? all : all.filter(({ duty }) => isAfter([duty.due, duty.id], after as readonly [string, string]));
  const { items, next } = pageOf(rest.slice(0, limit + 1), limit, ({ duty }) => [duty.due, duty.id]);
  return { items: items.map(show), ...(next !== undefined && { next }) };
}

const isAfter = ([due, id]: readonly [string, string], [otherDue, otherId]: readonly [string, string]) =>
  due === otherDue ? id > otherId : due > otherDue;

function view({ duty, standing, proof }: StandingDuty): DutyView {
  const { id, policy, period, title, action, due, citation } = duty;
  return { id, pack: policy.pack, clause: policy.clause, period, title, action, due, ...standing, citation, ...(proof && { proof }) };
}

function finding({ duty: { policy, period, action, due, citation }, standing }: StandingDuty): DutyFinding {
  const doneOn = 'doneOn' in standing ? standing.doneOn : undefined;
  const daysOver = 'daysOver' in standing ? standing.daysOver : daysBetween(due as BusinessDate, (doneOn ?? due) as BusinessDate);
  const { pack, clause } = policy;
  const done = doneOn !== undefined && { doneOn };
  return { code: 'duty-overdue', severity: severityOf(daysOver), pack, clause, period, action, due, daysOver, ...done, citation };
}

/** Up to a month over is low, up to a quarter medium. */
export function severityOf(daysOver: number): Severity {
  return daysOver <= 30 ? 'low' : daysOver <= 90 ? 'medium' : 'high';
}
