export { awardEvents } from './award.codec.js';
export { AwardsModule } from './awards.module.js';
export { batchEvents } from './disbursement/batch.codec.js';
export type { Entitlement } from './entitlements/entitlement.js';
export type { EntitlementPage } from './entitlements/find-entitlements.query.js';
