import {
  type Decider,
  type DecisionContext,
  type Evidence,
  forbidden,
  invalidField,
  refused,
  requireNoPersonalNumber,
  requireToday,
  unreachable,
} from '@app/kernel';
import { type EventReference, evolve, type FindingEvent, type FindingState, type OpenedData, type Outcome, untouched } from './finding.js';

/** What people may ask of a finding. */
export type FindingAction =
  | { readonly type: 'open' }
  | { readonly type: 'comment'; readonly text: string; readonly evidence?: readonly Evidence[] }
  | { readonly type: 'assign'; readonly to: string }
  | {
      readonly type: 'resolve';
      readonly outcome: Outcome;
      readonly reason: string;
      /** The event that put it right. */
      readonly correction?: EventReference;
      readonly evidence?: readonly Evidence[];
    }
  | { readonly type: 'reopen'; readonly reason: string };

/** An action with what was looked up about the finding. */
export interface FindingCommand {
  readonly action: FindingAction;
  /** Whose acts it is about. */
  readonly officers: readonly string[];
  /** What has to be taken down first, where nothing keeps a record of the finding. */
  readonly unrecorded?: OpenedData;
  readonly openedOn?: readonly Evidence[];
}

/** The life of one finding. */
export const findingDecider: Decider<FindingCommand, FindingEvent, FindingState> = { initialState: untouched, decide, evolve };

function decide(command: FindingCommand, state: FindingState, context: DecisionContext): readonly FindingEvent[] {
  requireToday(context);
  requireNoPersonalNumber(wordsOf(command));
  const { unrecorded, openedOn } = command;
  const opened: readonly FindingEvent[] =
    unrecorded !== undefined && state.status === 'untouched' ? [{ type: 'finding-opened', data: unrecorded, ...documented(openedOn) }] : [];
  const events = decideAction(command, state, context);
  return command.action.type === 'open' || events.length > 0 ? [...opened, ...events] : [];
}

/** What people have written: ids, streams and codes are no words. */
function wordsOf({ action, unrecorded }: FindingCommand): object {
  const { type: _type, ...said } = action;
  const { correction: _event, ...words } = said as Readonly<Record<string, unknown>>;
  return { ...words, ...(unrecorded && { title: unrecorded.title, detail: unrecorded.detail, rule: unrecorded.rule }) };
}

function decideAction({ action, officers }: FindingCommand, state: FindingState, context: DecisionContext): readonly FindingEvent[] {
  if (action.type !== 'comment') requireAuditor(context);
  switch (action.type) {
    case 'open':
      return [];
    case 'comment': {
      const { text } = action;
      if (context.actorId !== state.assignee) requireAuditor(context);
      if (state.lastComment?.by === context.actorId && state.lastComment.text === text) return [];
      return [{ type: 'finding-commented', data: { text }, ...documented(action.evidence) }];
    }
    case 'assign':
      if (state.status === 'resolved') throw alreadyResolved(state);
      return state.assignee === action.to ? [] : [{ type: 'finding-assigned', data: { to: action.to } }];
    case 'resolve':
      return resolve(action, officers, state, context);
    case 'reopen':
      if (state.status === 'resolved') return [{ type: 'finding-reopened', data: { reason: action.reason } }];
      if (state.reopenedFor === action.reason) return [];
      throw refused('finding-not-resolved', 'the finding is open');
    default:
      return unreachable(action);
  }
}

function resolve(
  { outcome, reason, correction, evidence }: Extract<FindingAction, { type: 'resolve' }>,
  officers: readonly string[],
  state: FindingState,
  { actorId }: DecisionContext,
): readonly FindingEvent[] {
  if (officers.includes(actorId))
    throw refused('duties-not-separated', `the finding is about what ${actorId} did: somebody else resolves it`, { actor: actorId });
  if (outcome === 'confirmed' && (evidence ?? []).length === 0)
    throw refused('evidence-required', 'name the document that a confirmed finding rests on');
  if (outcome === 'corrected' && correction === undefined)
    throw invalidField('correction', 'required', 'name the event that put it right: its stream and revision');
  if (outcome === 'unfounded' && correction !== undefined)
    throw invalidField('correction', 'outcome', 'must be left out of a finding that is unfounded: there was nothing to put right');
  if (state.status === 'resolved') {
    const { resolution } = state;
    const isSame = resolution?.outcome === outcome && resolution.reason === reason && isSameEvent(resolution.correction, correction);
    if (isSame) return [];
    throw alreadyResolved(state);
  }
  const data = { outcome, reason, ...(correction && { correction }) };
  return [{ type: 'finding-resolved', data, ...documented(evidence) }];
}

function isSameEvent(one: EventReference | undefined, other: EventReference | undefined): boolean {
  return one?.stream === other?.stream && one?.revision === other?.revision;
}

function requireAuditor({ roles }: DecisionContext): void {
  if (!roles.includes('auditor'))
    throw forbidden('role-required', 'auditors see to findings; others comment on those that are assigned to them');
}

function alreadyResolved({ resolution }: FindingState) {
  return refused('finding-resolved', `the finding is resolved as ${resolution?.outcome}: reopen it first`, {
    outcome: resolution?.outcome,
  });
}

function documented(evidence: readonly Evidence[] = []): { readonly evidence?: readonly Evidence[] } {
  return evidence.length > 0 ? { evidence } : {};
}
