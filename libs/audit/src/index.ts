export { AuditModule } from './audit.module.js';
export { findingEvents } from './findings/finding.codec.js';
export { TIMELINE_EVENT_TYPES } from './timeline/references.js';
