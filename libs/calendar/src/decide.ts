import {
  businessDate,
  type Decider,
  type DecisionContext,
  type Evidence,
  invalidField,
  refused,
  requireToday,
  unreachable,
} from '@app/kernel';
import { type DutyEvent, type DutyState, evolve, initialState } from './duty.js';
import type { DutyInstance } from './instances.js';

export interface DoDuty {
  readonly type: 'do';
  readonly on: string;
  readonly note?: string;
  readonly evidence: readonly Evidence[];
}
export interface ReopenDuty {
  readonly type: 'reopen';
  readonly reason: string;
}
/** What can be asked of a duty. */
export type DutyCommand = DoDuty | ReopenDuty;
/** A command with the duty as the published pack sets it; the handler looks it up. */
export interface DutyOrder {
  readonly command: DutyCommand;
  readonly duty: DutyInstance;
}

/** The decider of a duty's stream. */
export const dutyDecider: Decider<DutyOrder, DutyEvent, DutyState> = { initialState, decide, evolve };

function decide({ command, duty }: DutyOrder, state: DutyState, context: DecisionContext): readonly DutyEvent[] {
  switch (command.type) {
    case 'do':
      return done(command, duty, state, context);
    case 'reopen':
      return reopen(command, duty, state, context);
    default:
      return unreachable(command);
  }
}

function done(command: DoDuty, duty: DutyInstance, state: DutyState, { effectiveOn }: DecisionContext): readonly DutyEvent[] {
  const on = businessDate(command.on, 'on');
  if (on > effectiveOn) throw invalidField('on', 'not-in-the-future', `must not be later than ${effectiveOn}`);
  if (on < duty.begins) throw invalidField('on', 'within-period', `what is owed for ${duty.period} is done from ${duty.begins} on`);
  if (command.evidence.length === 0) throw refused('evidence-required', 'name the document that shows it was done');
  if (state.status === 'done') {
    if (state.done.on === on) return [];
    throw refused('duty-done', `${duty.id} was done on ${state.done.on}`, { doneOn: state.done.on });
  }
  const data = { on, due: duty.due, ...(command.note !== undefined && { note: command.note }) };
  return [{ type: 'duty-done', data, policy: duty.policy, evidence: command.evidence }];
}

function reopen({ reason }: ReopenDuty, duty: DutyInstance, state: DutyState, context: DecisionContext): readonly DutyEvent[] {
  const { actorId } = context;
  requireToday(context);
  if (state.status === 'open') {
    if (state.past.at(-1)?.reopened?.reason === reason) return [];
    throw refused('duty-not-done', `nobody has marked ${duty.id} as done`);
  }
  if (state.done.by === actorId) throw refused('duties-not-separated', 'a duty is reopened by somebody else than who marked it as done');
  return [{ type: 'duty-reopened', data: { reason }, policy: duty.policy }];
}
