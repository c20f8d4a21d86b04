import type { EventDefinitions } from '@app/event-store';
import type { TargetEvent } from './target.js';

/** The stored names and versions of a target's events. */
export const targetEvents: EventDefinitions<TargetEvent> = {
  'actual-reported': { version: 1 },
  'actual-verified': { version: 1 },
  'plan-set': { version: 1 },
  'baseline-reported': { version: 1 },
};
