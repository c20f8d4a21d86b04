import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const SHAPE = /^[A-Za-z0-9._-]{1,64}$/;
/** W3C Trace Context, version 00: the trace's id is the second part, and not all zeros. */
const TRACE_PARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

const correlations = new AsyncLocalStorage<string>();

/** 关联编号: what one request, its events and its log lines have in common. Undefined outside of requests. */
export function currentCorrelation(): string | undefined {
  return correlations.getStore();
}

/** The caller's `X-Correlation-Id`, else the trace its `traceparent` names, else a fresh one; what is malformed counts as left out. */
export function correlationIdOf(headers: IncomingHttpHeaders): string {
  const { 'x-correlation-id': own, traceparent } = headers;
  if (typeof own === 'string' && SHAPE.test(own)) return own;
  return TRACE_PARENT.exec(typeof traceparent === 'string' ? traceparent : '')?.[1] ?? randomUUID();
}

/** The server's `request.id` is the correlation id; it is answered as `X-Correlation-Id`, and known to all that a request does. */
export function addCorrelation(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    void reply.header('x-correlation-id', request.id);
    done();
  });
  // Not before: what comes after the body has been read runs where its last part arrived.
  fastify.addHook('preValidation', (request: FastifyRequest, _reply: FastifyReply, done: () => void) => correlations.run(request.id, done));
}
