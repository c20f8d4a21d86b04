import type { EventDefinitions } from '@app/event-store';
import type { AgencyEvent } from './agency.js';

/** Stored names and versions of a service agency's events. */
export const agencyEvents: EventDefinitions<AgencyEvent> = {
  'agency-registered': { version: 1 },
  'agency-renewed': { version: 1 },
  'agency-renamed': { version: 1 },
  'agency-inspected': { version: 1 },
  'agency-struck-off': { version: 1 },
};
