export {
  availableOf,
  type BudgetEvent,
  type BudgetState,
  type ClosedLine,
  type EnvelopeTerms,
  type ExistingLine,
  type Figures,
  type OpenLine,
  type Payment,
  type Reservation,
  reservationOf,
  restOf,
} from './budget.js';
export { budgetEvents } from './budget.codec.js';
export { dayOfBudgetEvent } from './day-of-effect.js';
export { Budgets } from './budgets.js';
export { type BudgetsOptions, BudgetsModule } from './budgets.module.js';
export { type BudgetCommand, budgetDecider } from './decide.js';
export type { ReleaseInput, ReserveInput, SpendInput } from './decide-reservations.js';
export { ENVELOPE_LOOKUP, type EnvelopeLookup, type LineEnvelope, noEnvelopes } from './envelope-lookup.js';
export { RunBudgetCommand } from './handlers/run-budget-command.js';
export { IsPeriod } from './is-period.js';
export { budgetStream, isSameLine, LINE_PATTERN, type LineRef, lineOfStream, requireLine, yearsOf } from './line.js';
export type { BudgetLineRow, BudgetReservationRow } from './lines/budget-lines.projection.js';
export {
  type BudgetLineView,
  GetBudgetLine,
  ListBudgetLines,
  ListReservations,
  type LinesFilter,
  type ReservationsFilter,
  type ReservationView,
} from './lines/budget-lines.query.js';
