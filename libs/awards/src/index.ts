export { awardEvents } from './award.codec.js';
export { AwardsModule } from './awards.module.js';
export { batchEvents } from './disbursement/batch.codec.js';
