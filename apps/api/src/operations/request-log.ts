import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { AuthenticatedRequest } from '@app/http';
import type { Metrics } from './metrics.js';

/** Asked every few seconds by machines: told of only where somebody looks closely. */
const QUIET = new Set(['/health', '/health/live', '/health/ready', '/metrics']);

/** Counts and logs every answer by its route's template: addresses name enterprises, and queries hold what people look for. */
export function addRequestLog(fastify: FastifyInstance, metrics: Metrics, log: Logger | undefined): void {
  fastify.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    const { method, id: correlationId } = request;
    const { statusCode: status, elapsedTime } = reply;
    const route = request.is404 ? 'unknown' : (request.routeOptions.url ?? 'unknown');
    metrics.request(method, route, status, elapsedTime / 1_000);
    if (log !== undefined) {
      const { actor } = request as AuthenticatedRequest;
      const level = status >= 500 ? 'warn' : QUIET.has(route) ? 'debug' : 'info';
      const line = {
        context: 'http',
        correlationId,
        method,
        route,
        status,
        ms: Math.round(elapsedTime * 10) / 10,
        ...(actor && { roles: actor.roles }),
      };
      log[level](line, 'request');
    }
    done();
  });
}
