import type { Evidence, PolicyCitation } from './actor.js';
import { invalidField } from './problem.js';

/** A fact of the domain as a decider produces it. `type` is the current name; the codec adds the stored version. */
export interface DomainEvent<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly data: Data;
  /** Set wherever a clause is applied. */
  readonly policy?: PolicyCitation;
  readonly evidence?: readonly Evidence[];
}

/**
 * The three pure pieces of a stream. `decide` returns the events a command causes or throws a `Problem`;
 * a command already applied returns no events. `evolve` folds one event and must not touch its arguments.
 * `at` tells `evolve` who did it and on which business date, as recorded in the envelope.
 */
export interface Decider<Command, Event extends DomainEvent, State> {
  readonly initialState: State;
  decide(command: Command, state: State, context: DecisionContext): readonly Event[];
  evolve(state: State, event: Event, at: EventContext): State;
}

/** What a decision may know besides the command and the state. Time comes in here, never from a clock. */
export interface DecisionContext {
  readonly actorId: string;
  readonly roles: readonly string[];
  /** The business date the command takes effect. */
  readonly effectiveOn: string;
  /** The business date on which the command is handled. */
  readonly today: string;
}

/**
 * A decision takes effect on the day it is taken: an earlier day would let it rest on what no longer stood, or change
 * what has been answered for that day. What happened earlier is recorded as a dated fact.
 * @throws Problem `invalid-input` naming `effectiveOn`.
 */
export function requireToday({ effectiveOn, today }: Pick<DecisionContext, 'effectiveOn' | 'today'>): void {
  if (effectiveOn !== today) throw invalidField('effectiveOn', 'today', `a decision takes effect on the day it is taken, ${today}`);
}

export interface EventContext {
  readonly actorId: string;
  readonly effectiveOn: string;
}

/** Folds a history, for specs and recomputation. */
export function fold<Event extends DomainEvent, State>(
  decider: Pick<Decider<never, Event, State>, 'initialState' | 'evolve'>,
  events: Iterable<{ readonly event: Event; readonly at: EventContext }>,
): State {
  let state = decider.initialState;
  for (const { event, at } of events) state = decider.evolve(state, event, at);
  return state;
}
