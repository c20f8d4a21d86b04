export { Agencies } from './agencies.js';
export { AgenciesModule } from './agencies.module.js';
export { type Agency, type AgencyEvent, agencyStream, type Finding, isRegisteredOn, nameOn } from './agency.js';
export { agencyEvents } from './agency.codec.js';
export type { AgencyCommand } from './decide.js';
export { RunAgencyCommand } from './handlers/run-agency-command.js';
