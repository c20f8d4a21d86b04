import type { EventDefinitions } from '@app/event-store';
import type { AwardEvent } from './award.js';

/** The stored form of every award event. */
export const awardEvents: EventDefinitions<AwardEvent> = {
  'award-applied': { version: 1 },
  'award-assessed': { version: 1 },
  'award-reviewed': { version: 1 },
  'award-rejected': { version: 1 },
  'award-withdrawn': { version: 1 },
  'award-publicised': { version: 1 },
  'award-objection-raised': { version: 1 },
  'award-objection-decided': { version: 1 },
  'award-override-proposed': { version: 1 },
  'award-override-dropped': { version: 1 },
  'award-grant-started': { version: 1 },
  'award-grant-failed': { version: 1 },
  'award-granted': { version: 1 },
  'instalment-unlocked': { version: 1 },
  'instalment-ordered': { version: 1 },
  'instalment-order-cancelled': { version: 1 },
  'instalment-paid': { version: 1 },
  'instalment-returned': { version: 1 },
  'award-payee-confirmed': { version: 1 },
  'award-held': { version: 1 },
  'award-hold-released': { version: 1 },
  'award-lapsed': { version: 1 },
  'award-revoked': { version: 1 },
  'clawback-demanded': { version: 1 },
  'clawback-received': { version: 1 },
  'clawback-written-off': { version: 1 },
  'clawback-settled': { version: 1 },
};
