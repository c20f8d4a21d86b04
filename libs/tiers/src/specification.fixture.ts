import { expect } from '@jest/globals';
import { type Decider, type DecisionContext, type DomainEvent, type PolicyCitation, Problem } from '@app/kernel';
import type { Ground, TierAction, TierCommand } from './decide.js';
import type { ChangeData, TierEvent } from './tier.js';

export const CODE = '91520113MA6E1A2B3C';
export const LADDER = 'pool';
export const TODAY = '2024-04-15';
export const policy: PolicyCitation = { pack: 'p', version: 1, clause: 'L', hash: 'h' };
export const by = (actorId: string, ...roles: readonly string[]): DecisionContext => ({ actorId, roles, effectiveOn: TODAY, today: TODAY });
export const reviewer = by('reviewer-1', 'reviewer');
export const approver = by('approver-1', 'approver');
export const service = by('ledger', 'service');

/** Given events – when a command – then events, an exact refusal, or nothing. For specs only. */
export function specification<Command, Event extends DomainEvent, State>(decider: Decider<Command, Event, State>, author: DecisionContext) {
  return (...events: readonly Event[]) => {
    const state = events.reduce<State>((folded, event) => decider.evolve(folded, event, author), decider.initialState);
    return {
      when(command: Command, context: DecisionContext) {
        const run = () => decider.decide(command, state, context);
        return {
          then: (...expected: readonly Event[]) => expect(run()).toEqual(expected),
          thenMatches: (...expected: readonly object[]) => expect(run()).toMatchObject(expected),
          thenNothing: () => expect(run()).toEqual([]),
          thenRefused: (code: string, extra: Readonly<Record<string, unknown>> = {}) => {
            const problem = problemOf(run);
            expect({ code: problem.code, extra: problem.extra }).toMatchObject({ code, extra });
          },
        };
      },
    };
  };
}

export function problemOf(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('was not refused');
}

export const ground: Ground = {
  ladder: LADDER,
  creditCode: CODE,
  tiers: ['low', 'mid', 'high'],
  policy,
  listings: [],
  unmet: { failed: [], unknown: [] },
  restsOn: [],
  recordedBy: ['clerk-1'],
};

type WithoutReason<Action> = Action extends unknown ? Omit<Action, 'reason'> : never;
export const ask = (action: WithoutReason<TierAction>, more: Partial<Ground> = {}): TierCommand => ({
  ...action,
  reason: '评审',
  ground: { ...ground, ...more },
});

const data: ChangeData = { ladder: LADDER, creditCode: CODE, reason: '评审', restsOn: [], outsideReview: true };
export const assigned = (tier: string, more: Partial<ChangeData> = {}): TierEvent => ({
  type: 'tier-assigned',
  data: { ...data, ...more, tier },
  policy,
});
export const moved = (type: 'tier-promoted' | 'tier-demoted', from: string, tier: string, more: Partial<ChangeData> = {}): TierEvent => ({
  type,
  data: { ...data, ...more, from, tier },
  policy,
});
export const removed = (from: string, more: Partial<ChangeData> = {}): TierEvent => ({
  type: 'tier-removed',
  data: { ...data, ...more, from },
  policy,
});
