import { Module } from '@nestjs/common';
import { PoliciesModule } from '@app/policies';
import { Subscriptions } from '@app/projections';
import { GetAgendaHandler, GetDutyFindingsHandler } from './agenda/agenda.query.js';
import { CalendarController } from './calendar.controller.js';
import { Duties } from './duties.js';
import { RunDutyCommandHandler } from './handlers/run-duty-command.js';
import { DutyRecords } from './records/duty-records.js';
import { CalendarRecordsProjection } from './records/records.projection.js';

/** 履职日历: the recurring duties of the published packs. Reads the tables of tiers and dossiers to see duties done. */
@Module({
  imports: [PoliciesModule],
  controllers: [CalendarController],
  providers: [Duties, DutyRecords, RunDutyCommandHandler, GetAgendaHandler, GetDutyFindingsHandler],
  exports: [Duties],
})
export class CalendarModule {
  constructor(subscriptions: Subscriptions) {
    subscriptions.addProjection(new CalendarRecordsProjection());
  }
}
