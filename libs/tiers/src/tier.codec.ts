import type { EventDefinitions } from '@app/event-store';
import type { ReviewEvent } from './review.js';
import type { TierEvent } from './tier.js';

/** Stored names and versions of the events of standings and reviews. */
export const tierEvents: EventDefinitions<TierEvent | ReviewEvent> = {
  'tier-assigned': { version: 1 },
  'tier-entered-directly': { version: 1 },
  'tier-promoted': { version: 1 },
  'tier-demoted': { version: 1 },
  'tier-removed': { version: 1 },
  'tier-review-opened': { version: 1 },
  'tier-proposals-made': { version: 1 },
  'tier-proposals-decided': { version: 1 },
  'tier-decision-failed': { version: 1 },
  'tier-review-closed': { version: 1 },
  'tier-review-lapsed': { version: 1 },
  'tier-recommended': { version: 1 },
};
