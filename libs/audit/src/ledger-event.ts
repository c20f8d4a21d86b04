import type { AgencyEvent } from '@app/agencies';
import type { AwardEvent, BatchEvent } from '@app/awards';
import type { BlacklistEvent } from '@app/blacklist';
import type { BudgetEvent } from '@app/budgets';
import type { DutyEvent } from '@app/calendar';
import type { EnterpriseEvent } from '@app/enterprises';
import type { COMMAND_NOTED } from '@app/event-store';
import type { DomainEvent } from '@app/kernel';
import type { PolicyEvent } from '@app/policies';
import type { TargetEvent } from '@app/targets';
import type { ReviewEvent, TierEvent } from '@app/tiers';
import type { FindingEvent } from './findings/finding.js';

/** A command that changed nothing: what it was about, and where that stood. */
type CommandNoted = DomainEvent<typeof COMMAND_NOTED, { readonly stream: string; readonly revision: number; readonly position: number }>;

/** Everything that can stand in the ledger. */
export type LedgerEvent =
  | AgencyEvent
  | AwardEvent
  | BatchEvent
  | BlacklistEvent
  | BudgetEvent
  | CommandNoted
  | DutyEvent
  | EnterpriseEvent
  | FindingEvent
  | PolicyEvent
  | ReviewEvent
  | TargetEvent
  | TierEvent;

export type LedgerEventType = LedgerEvent['type'];
export type DataOf<Type extends LedgerEventType> = Extract<LedgerEvent, { readonly type: Type }>['data'];
