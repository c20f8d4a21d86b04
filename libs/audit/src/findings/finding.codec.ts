import type { EventDefinitions } from '@app/event-store';
import type { FindingEvent } from './finding.js';

/** The stored names and versions of a finding's events. */
export const findingEvents: EventDefinitions<FindingEvent> = {
  'finding-opened': { version: 1 },
  'finding-commented': { version: 1 },
  'finding-assigned': { version: 1 },
  'finding-resolved': { version: 1 },
  'finding-reopened': { version: 1 },
};
