import { Module } from '@nestjs/common';
import { PoliciesModule } from '@app/policies';
import { Subscriptions } from '@app/projections';
import { TargetEntriesProjection } from './entries/entries.projection.js';
import { ListTargetEntriesHandler, TargetRecords } from './entries/entries.query.js';
import { RunTargetCommandHandler } from './handlers/run-target-command.js';
import { GetIndicatorHandler, ListIndicatorsHandler } from './indicators/indicators.query.js';
import { TargetCountsProjection } from './metrics/counts.projection.js';
import { LedgerCounts } from './metrics/ledger-counts.js';
import { PublishedTargets } from './published-targets.js';
import { GetTargetTableHandler } from './tables/target-table.query.js';
import { TargetsController } from './targets.controller.js';

/** 目标任务: actual figures against the targets of the published packs. What the ledger's own records say is counted beside. */
@Module({
  imports: [PoliciesModule],
  controllers: [TargetsController],
  providers: [
    PublishedTargets,
    TargetRecords,
    LedgerCounts,
    RunTargetCommandHandler,
    ListIndicatorsHandler,
    GetIndicatorHandler,
    ListTargetEntriesHandler,
    GetTargetTableHandler,
  ],
})
export class TargetsModule {
  constructor(subscriptions: Subscriptions) {
    subscriptions.addProjection(new TargetEntriesProjection());
    subscriptions.addProjection(new TargetCountsProjection());
  }
}
