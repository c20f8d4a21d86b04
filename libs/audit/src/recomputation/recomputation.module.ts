import { Module } from '@nestjs/common';
import { PoliciesModule } from '@app/policies';
import { Subscriptions } from '@app/projections';
import { AwardRecords } from './award-records.js';
import { AwardRecordsProjection } from './award-records.projection.js';
import { FactsToday } from './facts-today.js';
import { RecomputationController } from './recomputation.controller.js';
import { Recompute } from './recompute.js';

/** 复算 */
@Module({
  imports: [PoliciesModule],
  controllers: [RecomputationController],
  providers: [AwardRecords, FactsToday, Recompute],
  exports: [AwardRecords, FactsToday],
})
export class RecomputationModule {
  constructor(subscriptions: Subscriptions) {
    subscriptions.addProjection(new AwardRecordsProjection());
  }
}
