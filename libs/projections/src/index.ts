export type { ProcessManager } from './process-manager.js';
export { isHandled, type Projection, type Rows } from './projection.js';
export { Projector } from './projector.js';
export { ProjectionsModule } from './projections.module.js';
export { reactionContext } from './reaction-context.js';
export { ReadModels } from './read-models.js';
export type { SubscriberStatus } from './subscriber.js';
export { Subscriptions } from './subscriptions.js';
export { type ColumnValue, type Row, type Table, table } from './table.js';
