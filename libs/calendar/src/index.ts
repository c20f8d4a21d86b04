export { type DutyFinding, type DutyView, GetAgenda, GetDutyFindings, severityOf } from './agenda/agenda.query.js';
export { CalendarModule } from './calendar.module.js';
export type { DutyCommand } from './decide.js';
export { Duties, type StandingDuty } from './duties.js';
export { type DutyEvent, dutyOfStream, type DutyRef } from './duty.js';
export { dutyEvents } from './duty.codec.js';
export { showsDone } from './fulfilment.js';
export { RunDutyCommand } from './handlers/run-duty-command.js';
