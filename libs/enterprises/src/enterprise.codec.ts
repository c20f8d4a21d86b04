import type { EventDefinitions } from '@app/event-store';
import type { EnterpriseEvent } from './enterprise.js';

/** Stored names and versions of a dossier's events. */
export const enterpriseEvents: EventDefinitions<EnterpriseEvent> = {
  'enterprise-registered': { version: 1 },
  'enterprise-renamed': { version: 1 },
  'fact-recorded': { version: 1 },
  'fact-verified': { version: 1 },
  'fact-disputed': { version: 1 },
  'certificate-recorded': { version: 1 },
  'certificate-revoked': { version: 1 },
  'clearance-recorded': { version: 1 },
  'title-awarded': { version: 1 },
  'title-withdrawn': { version: 1 },
  'relocation-recorded': { version: 1 },
  'departure-recorded': { version: 1 },
  'enterprise-merged': { version: 1 },
  'absorption-announced': { version: 1 },
  'enterprise-absorbed': { version: 1 },
};
