import { type DecisionContext, invalidField } from '@app/kernel';

/**
 * A decision takes effect on the day it is taken: an earlier day would let it rest on a policy, a certificate or an
 * account that no longer stands, or end a notice before it began. What happened earlier is recorded as a dated fact.
 */
export function requireToday({ effectiveOn, today }: DecisionContext): void {
  if (effectiveOn !== today) throw invalidField('effectiveOn', 'today', `a decision takes effect on the day it is taken, ${today}`);
}
