export { awardEvents } from './award.codec.js';
export { AwardsModule } from './awards.module.js';
export { batchEvents } from './disbursement/batch.codec.js';
export { ACCOUNT_FACT } from './disbursement/prepare-batch.js';
