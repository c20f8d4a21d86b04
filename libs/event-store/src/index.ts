export * from './codec.js';
export * from './event.js';
export * from './event-store.js';
export * from './event-store.module.js';
export * from './executor.js';
export { SqliteEventStore } from './sqlite-event-store.js';
export { currentVantage, lookingFrom, type Vantage, VantageEventStore } from './vantage.js';
