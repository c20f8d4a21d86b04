import type { EventDefinitions } from '@app/event-store';
import type { BlacklistEvent } from './listing.js';

/** Stored names and versions of the blacklist's events. */
export const blacklistEvents: EventDefinitions<BlacklistEvent> = {
  'blacklist-case-opened': { version: 1 },
  'statement-recorded': { version: 1 },
  'statement-waived': { version: 1 },
  'listing-decided': { version: 1 },
  'listing-declined': { version: 1 },
  'listing-objection-raised': { version: 1 },
  'listing-objection-decided': { version: 1 },
  'credit-repair-applied': { version: 1 },
  'credit-repair-refused': { version: 1 },
  'listing-ended': { version: 1 },
};
