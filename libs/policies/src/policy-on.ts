import { policyDecider, type PolicyEvent, type PolicyState } from './policy.js';

/** An event of a policy with the business date it was recorded for. */
export interface DatedPolicyEvent {
  readonly event: PolicyEvent;
  readonly effectiveOn: string;
}

/**
 * The business day from which an event of a policy counts: a text from the day it has force (always, where it states
 * none), a draft and the answer to an open question from the day they were published, an end from the day it names.
 */
export function dayOfPolicyEvent({ event, effectiveOn }: DatedPolicyEvent): string {
  switch (event.type) {
    case 'policy-published':
    case 'policy-amended':
      return event.data.status === 'in-force' ? (event.data.from ?? '') : effectiveOn;
    case 'policy-expired':
    case 'policy-repealed':
      return event.data.on;
    case 'interpretation-settled':
      return effectiveOn;
  }
}

/** A policy as it stood on a business day, according to what is known now: the texts that had begun by then. */
export function policyOn(events: Iterable<DatedPolicyEvent>, day: string): PolicyState {
  let state: PolicyState = policyDecider.initialState;
  for (const dated of events) {
    const { event } = dated;
    if (dayOfPolicyEvent(dated) > day) continue;
    const isText = event.type === 'policy-published' || event.type === 'policy-amended';
    if (state.status === 'unpublished' && !isText) continue;
    // The texts before may begin later, as a draft that the text in force has replaced does.
    const first = state.status === 'unpublished' && event.type === 'policy-amended';
    state = policyDecider.evolve(state, first ? { type: 'policy-published', data: event.data } : event, CONTEXT);
  }
  return state;
}

const CONTEXT = { actorId: '', effectiveOn: '' };
