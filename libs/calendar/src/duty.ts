import { type BusinessDate, daysBetween, type DomainEvent, type EventContext, type Evidence, unreachable } from '@app/kernel';

/** Which duty: the clause that sets it, and the period. */
export interface DutyRef {
  readonly pack: string;
  readonly clause: string;
  readonly period: string;
}

/** Everything that can happen to a duty of one period (履职事项). */
export type DutyEvent =
  /** `on`: the day it was done; `due`: the last day on which that is in time. */
  | DomainEvent<'duty-done', { readonly on: string; readonly due: string; readonly note?: string }>
  | DomainEvent<'duty-reopened', { readonly reason: string }>;

/** A time it was said to be done. */
export interface Completion {
  readonly on: string;
  readonly note?: string;
  readonly by: string;
  readonly evidence: readonly Evidence[];
  readonly reopened?: { readonly by: string; readonly on: string; readonly reason: string };
}

export type DutyState =
  | { readonly status: 'open'; readonly past: readonly Completion[] }
  | { readonly status: 'done'; readonly past: readonly Completion[]; readonly done: Completion };

export const initialState: DutyState = { status: 'open', past: [] };

export function dutyStream({ pack, clause, period }: DutyRef): string {
  return `duty-${pack}.${clause}.${period}`;
}

/** The duty of a stream. None of its parts holds a full stop. */
export function dutyOfStream(stream: string): DutyRef {
  const [, pack, clause, period] = /^duty-([^.]+)\.([^.]+)\.([^.]+)$/.exec(stream) ?? [];
  if (pack === undefined || clause === undefined || period === undefined) throw new Error(`${stream} is not the stream of a duty`);
  return { pack, clause, period };
}

export function evolve(state: DutyState, event: DutyEvent, at: EventContext): DutyState {
  switch (event.type) {
    case 'duty-done': {
      const { on, note } = event.data;
      const done: Completion = { on, ...(note !== undefined && { note }), by: at.actorId, evidence: event.evidence ?? [] };
      return { status: 'done', past: state.past, done };
    }
    case 'duty-reopened': {
      if (state.status === 'open') throw new Error('a duty was reopened that had not been done');
      const reopened = { by: at.actorId, on: at.effectiveOn, reason: event.data.reason };
      return { status: 'open', past: [...state.past, { ...state.done, reopened }] };
    }
    default:
      return unreachable(event);
  }
}

/** 状态: how a duty stands on a day. */
export type DutyStatus =
  | { readonly status: 'due'; readonly daysLeft: number }
  | { readonly status: 'done' | 'done-late'; readonly doneOn: string }
  | { readonly status: 'overdue'; readonly daysOver: number };
export const STATUSES = ['due', 'done', 'done-late', 'overdue'] as const satisfies readonly DutyStatus['status'][];

/** The day it is due is the last day in time, to do it and to have it left to do. `doneOn`: none while it has not been done. */
export function statusOn(due: string, doneOn: string | undefined, day: string): DutyStatus {
  if (doneOn !== undefined && doneOn <= day) return { status: doneOn <= due ? 'done' : 'done-late', doneOn };
  const days = daysBetween(day as BusinessDate, due as BusinessDate);
  return days >= 0 ? { status: 'due', daysLeft: days } : { status: 'overdue', daysOver: -days };
}

/** Whether a completion counts on a day: done by then, and not reopened by then. */
export function counts({ on, reopened }: Pick<Completion, 'on' | 'reopened'>, day: string): boolean {
  return on <= day && (reopened === undefined || reopened.on > day);
}
