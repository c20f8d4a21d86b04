export { AuditModule } from './audit.module.js';
export { TIMELINE_EVENT_TYPES } from './timeline/references.js';
