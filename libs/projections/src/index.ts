export { changeFrom, type DatedTable, datedTable, nextMonth, type Since, type Spell, trueOn } from './dated-rows.js';
export { JsonColumn } from './json-column.js';
export type { ProcessManager } from './process-manager.js';
export { PostgresReadModels } from './postgres/postgres-read-models.js';
export {
  type GuideLanguage,
  meaningIn,
  prepareReportingRole,
  type ReportingColumn,
  REPORTING_ROLE,
  type ReportingView,
} from './postgres/reporting.js';
export { type PostgresSettings, readModelSettings, shown as shownReadModels } from './postgres/settings.js';
export { isHandled, type Projection, type Rows } from './projection.js';
export { Projector } from './projector.js';
export { ProjectionsModule } from './projections.module.js';
export { reactionContext } from './reaction-context.js';
export { ReadModels } from './read-models.js';
export { SqliteReadModels } from './sqlite-read-models.js';
export { goesOn, type SubscriberStatus } from './subscriber.js';
export { type Following, Subscriptions } from './subscriptions.js';
export { type ColumnValue, type Row, type Table, table } from './table.js';
export type { Verification } from './verifications.js';
