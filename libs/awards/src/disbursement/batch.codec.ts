import type { EventDefinitions } from '@app/event-store';
import type { BatchEvent } from './batch.js';

/** The stored form of every batch event. */
export const batchEvents: EventDefinitions<BatchEvent> = {
  'batch-prepared': { version: 1 },
  'batch-freeze-started': { version: 1 },
  'batch-frozen': { version: 1 },
  'batch-cancelled': { version: 1 },
  'batch-results-recorded': { version: 1 },
  'batch-unexpected-results': { version: 1 },
  'batch-unexpected-resolved': { version: 1 },
};
