import type { EventDefinitions } from '@app/event-store';
import type { PolicyEvent } from './policy.js';

/** The stored form of every policy event. */
export const policyEvents: EventDefinitions<PolicyEvent> = {
  'policy-published': { version: 1 },
  'policy-amended': { version: 1 },
  'policy-expired': { version: 2, upcasters: { 1: (data: { readonly on: string }) => ({ ...data, reason: '未载明' }) } },
  'policy-repealed': { version: 1 },
  'interpretation-settled': { version: 1 },
};
