import type { Server } from 'node:http';

interface Drainable {
  readonly server: Pick<Server, 'getConnections' | 'closeAllConnections'>;
  close(): PromiseLike<unknown>;
}

/**
 * Takes no more connections and waits for what is under way, as long as it may take; then ends it. Answers how many
 * connections had to be cut off.
 */
export async function drained(fastify: Drainable, limitMs: number): Promise<number> {
  const closed = Promise.resolve(fastify.close());
  let cutOff = 0;
  const timer = setTimeout(() => {
    fastify.server.getConnections((_error, count) => {
      cutOff = count;
      fastify.server.closeAllConnections();
    });
  }, limitMs);
  await closed;
  clearTimeout(timer);
  return cutOff;
}
