import type { BudgetEvent } from './budget.js';

/**
 * The business day from which an event of a budget line counts: what the bank paid or sent back counts from the bank's
 * own day, which the ledger learns of later; everything else from the day on which it takes effect, and so does what was
 * recorded before the bank's day was kept.
 */
export function dayOfBudgetEvent(event: BudgetEvent & { readonly metadata: { readonly effectiveOn: string } }): string {
  const { effectiveOn } = event.metadata;
  if (event.type !== 'budget-spent' && event.type !== 'budget-spending-returned') return effectiveOn;
  return event.data.on ?? effectiveOn;
}
