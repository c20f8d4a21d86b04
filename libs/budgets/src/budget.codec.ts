import type { EventDefinitions } from '@app/event-store';
import type { BudgetEvent } from './budget.js';

/** The stored names and versions of a budget line's events. */
export const budgetEvents: EventDefinitions<BudgetEvent> = {
  'budget-line-opened': { version: 1 },
  'budget-appropriated': { version: 1 },
  'budget-adjusted': { version: 1 },
  'budget-transferred-out': { version: 1 },
  'budget-transferred-in': { version: 1 },
  'budget-reserved': { version: 1 },
  'budget-released': { version: 1 },
  'budget-spent': { version: 1 },
  'budget-spending-returned': { version: 1 },
  'budget-closed': { version: 1 },
};
