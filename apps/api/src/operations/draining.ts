import type { FastifyInstance } from 'fastify';

/** How often connections that have nothing more to say are looked for. */
const LOOK_MS = 50;

const draining = new WeakSet<object>();

/** Tells whoever is still answered while a server drains that the connection ends with that. */
export function addDraining(fastify: FastifyInstance): void {
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (draining.has(fastify.server)) void reply.header('connection', 'close');
    done(null, payload);
  });
}

/**
 * Takes no more connections and waits for what is under way, as long as it may take; then ends it. Answers how many
 * connections had to be cut off.
 */
export async function drained(fastify: FastifyInstance, limitMs: number): Promise<number> {
  const { server } = fastify;
  draining.add(server);
  const closed = fastify.close();
  let cutOff = 0;
  // One that was kept open for another request is idle only once its answer has gone out.
  const looking = setInterval(() => server.closeIdleConnections(), LOOK_MS);
  const limit = setTimeout(() => {
    server.getConnections((_error, count) => {
      cutOff = count;
      server.closeAllConnections();
    });
  }, limitMs);
  await closed;
  clearInterval(looking);
  clearTimeout(limit);
  return cutOff;
}
