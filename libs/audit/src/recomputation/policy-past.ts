import { asDomainEvent, contextOf, type EventStore } from '@app/event-store';
import { contentHash } from '@app/kernel';
import { type PolicyEvent, policyDecider, type PolicyState, policyStream, versionNumbered } from '@app/policies';
import type { TextThen } from './judge.js';

/**
 * The texts of a policy as they stood at each position: a reading settled later, or an end recorded later, was not there
 * when an earlier award was assessed.
 */
export class PolicyPast {
  private constructor(private readonly steps: readonly { readonly position: number; readonly state: PolicyState | 'altered' }[]) {}

  static async of(pack: string, store: EventStore): Promise<PolicyPast> {
    const steps: { position: number; state: PolicyState | 'altered' }[] = [];
    let state: PolicyState | 'altered' = policyDecider.initialState;
    for await (const page of store.readStream(policyStream(pack))) {
      for (const event of page) {
        state = state === 'altered' ? state : evolved(state, asDomainEvent<PolicyEvent>(event), contextOf(event));
        steps.push({ position: event.position, state });
      }
    }
    return new PolicyPast(steps);
  }

  /** A version as it stood just before an event was recorded. */
  textBefore(position: number, version: number): TextThen {
    const state = this.steps.findLast((step) => step.position < position)?.state ?? policyDecider.initialState;
    return state === 'altered' ? state : (versionNumbered(state, version) ?? 'unknown');
  }
}

/** A text is held against its hash each time: the ledger itself checks one hash once, and trusts it from then on. */
function evolved(state: PolicyState, event: PolicyEvent, at: ReturnType<typeof contextOf>): PolicyState | 'altered' {
  if ('pack' in event.data && contentHash(event.data.pack) !== event.data.hash) return 'altered';
  return policyDecider.evolve(state, event, at);
}
