import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger as Pino } from 'pino';
import { addCorrelation, correlationIdOf, refuseDeepBodies, sendProblem } from '@app/http';
import { type Clock, notFound } from '@app/kernel';
import { addDraining } from './operations/draining.js';
import type { Metrics } from './operations/metrics.js';
import { addRequestLog } from './operations/request-log.js';
import type { Tracing } from './operations/tracing.js';

const MAX_BODY_BYTES = 3_000_000;
const MAX_PARAMETER_LENGTH = 1_000;

export function httpServer(): FastifyAdapter {
  const logger = new Logger('http');
  return new FastifyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: 60_000,
    requestIdHeader: false,
    genReqId: (request: { readonly headers: FastifyRequest['headers'] }) => correlationIdOf(request.headers),
    // What comes on a connection that is still open while the server drains is finished like the rest.
    return503OnClosing: false,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      void reply.header('x-correlation-id', request.id);
      sendProblem(error, request, reply, logger);
    },
    clientErrorHandler: answerUnreadable,
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
  } as never);
}

/** What is done with every request, whichever route it is for. Before any route is registered. */
export function prepareServer(
  fastify: FastifyInstance,
  { clock, metrics, log, tracing }: { clock: Clock; metrics: Metrics; log: Pino | undefined; tracing: Tracing | undefined },
): void {
  addCorrelation(fastify);
  addDraining(fastify);
  addRequestLog(fastify, metrics, log);
  tracing?.addTo(fastify);
  refuseDeepBodies(fastify);
  fastify.decorateRequest('clock', { getter: () => clock });
}

/** What a worker serves: itself, and the read models and process managers it runs. */
const FOR_OPERATORS = /^\/(health|metrics|v1\/subscribers)(\/|$)/;

/** Of all routes only those are answered that are about this process. Before any route is registered. */
export function serveOperatorsAlone(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', async ({ routeOptions }) => {
    if (FOR_OPERATORS.test(routeOptions.url ?? '')) return;
    throw notFound('route-not-found', 'a worker answers operators alone: /health, /metrics and /v1/subscribers');
  });
}

/** A request that is not even HTTP still gets a problem document. */
function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return;
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const code = 'malformed-request';
  const body = JSON.stringify({
    type: `urn:policy-ledger:problem:${code}`,
    title: 'malformed request',
    status,
    code,
    detail: `not a readable HTTP request (${error.code ?? error.message})`,
  });
  socket.end(
    `HTTP/1.1 ${status} Bad Request\r\ncontent-type: application/problem+json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/** Serves the OpenAPI 3.1 description, built on first use. */
export function describeApi(app: NestFastifyApplication): void {
  let description: Promise<string> | undefined;
  app
    .getHttpAdapter()
    .getInstance()
    .get('/openapi.json', async (_request: FastifyRequest, reply: FastifyReply) => {
      void reply.header('content-type', 'application/json; charset=utf-8');
      return (description ??= describe(app));
    });
}

async function describe(app: NestFastifyApplication): Promise<string> {
  const { DocumentBuilder, SwaggerModule } = await import('@nestjs/swagger');
  return JSON.stringify(
    SwaggerModule.createDocument(
      app,
      new DocumentBuilder()
        .setOpenAPIVersion('3.1.0')
        .setTitle('政策台账 Policy ledger')
        .setDescription(
          'Commands need `Idempotency-Key`; `If-Match` carries a revision; every command answers with `Ledger-Position`. Errors are problem documents (RFC 9457).',
        )
        .setVersion('1')
        .addBearerAuth()
        .addSecurityRequirements('bearer')
        .build(),
    ),
  );
}
