export { RunTierCommand } from './handlers/run-tier-command.js';
export type { TierTables } from './tables.js';
export { type TierEvent, type TierState, tierStream } from './tier.js';
export { tierEvents } from './tier.codec.js';
export { Tiers } from './tiers.js';
export { TiersModule } from './tiers.module.js';
export type { ReviewEvent, ReviewState } from './review.js';
