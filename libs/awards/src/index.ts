export { type AwardEvent, awardId, awardStream } from './award.js';
export { awardEvents } from './award.codec.js';
export { awardDecider } from './decide.js';
export { AwardsModule } from './awards.module.js';
export { type AwardRow, type AwardTables, isHeld } from './list/awards.projection.js';
export type { BatchEvent, BatchLine } from './disbursement/batch.js';
export { batchEvents } from './disbursement/batch.codec.js';
export type { Entitlement } from './entitlements/entitlement.js';
export type { EntitlementPage } from './entitlements/find-entitlements.query.js';
