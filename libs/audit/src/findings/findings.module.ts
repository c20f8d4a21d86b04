import { Module } from '@nestjs/common';
import { CalendarModule } from '@app/calendar';
import { PoliciesModule } from '@app/policies';
import { Subscriptions } from '@app/projections';
import { FindingsController } from './findings.controller.js';
import { FindingsProjection } from './findings.projection.js';
import { GetFindingHandler, ListFindingsHandler, SummariseFindingsHandler } from './findings.query.js';
import { OverdueDuties } from './overdue-duties.js';
import { OpenFindingHandler, RunFindingCommandHandler } from './run-finding-command.js';

/** 疑点 */
@Module({
  imports: [CalendarModule, PoliciesModule],
  controllers: [FindingsController],
  providers: [
    OverdueDuties,
    ListFindingsHandler,
    SummariseFindingsHandler,
    GetFindingHandler,
    OpenFindingHandler,
    RunFindingCommandHandler,
  ],
})
export class FindingsModule {
  constructor(subscriptions: Subscriptions) {
    subscriptions.addProjection(new FindingsProjection());
  }
}
