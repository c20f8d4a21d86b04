/**
 * The adapter of EventStoreDB, loaded where a ledger is kept there and nowhere else: with the client, gRPC and the messages
 * of the protocol it would be a fifth of the start of every program.
 */
export const esdbAdapter = () => import('./adapter.js');
