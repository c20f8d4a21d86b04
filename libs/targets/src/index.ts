export type { ReportActual, ReportBaseline, SetPlan, TargetCommand, VerifyActual } from './decide.js';
export type { Evaluation } from './evaluate.js';
export { RunTargetCommand } from './handlers/run-target-command.js';
export { GetIndicator, type IndicatorUnits, type IndicatorView, ListIndicators } from './indicators/indicators.query.js';
export type { TargetTables } from './entries/entries.projection.js';
export { GetTargetTable, type TargetTableView } from './tables/target-table.query.js';
export { type TargetEvent, type TargetRef } from './target.js';
export { targetEvents } from './target.codec.js';
export { TargetsModule } from './targets.module.js';
