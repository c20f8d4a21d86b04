import type { EventDefinitions } from '@app/event-store';
import type { DutyEvent } from './duty.js';

/** The stored names and versions of a duty's events. */
export const dutyEvents: EventDefinitions<DutyEvent> = {
  'duty-done': { version: 1 },
  'duty-reopened': { version: 1 },
};
