/** All of the adapter that others use; entered by `esdbAdapter`. */
export { examineStore, prepareStore } from './care.js';
export { EsdbArchive } from './esdb-archive.js';
export { EsdbEventStore } from './esdb-event-store.js';
