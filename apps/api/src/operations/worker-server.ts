import { Logger } from '@nestjs/common';
import fastify, { type FastifyInstance } from 'fastify';
import { addCorrelation, sendProblem } from '@app/http';
import { notFound } from '@app/kernel';
import { serverOptions } from '../http-server.js';
import type { Operations } from './operations.js';

/** Health and metrics of a process that serves nothing else. */
export function workerServer(operations: Operations): FastifyInstance {
  const logger = new Logger('http');
  const server = fastify(serverOptions());
  addCorrelation(server);
  server.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, logger));
  server.setNotFoundHandler((request, reply) =>
    sendProblem(notFound('route-not-found', 'a worker serves health and metrics alone'), request, reply, logger),
  );
  server.get('/health', async (_request, reply) => {
    const health = await operations.health();
    return reply.status(health.status === 'ok' ? 200 : 503).send(health);
  });
  server.get('/health/live', async () => ({ status: 'live' }));
  server.get('/health/ready', async (_request, reply) => {
    const readiness = await operations.readiness();
    return reply.status(readiness.status === 'ready' ? 200 : 503).send(readiness);
  });
  server.get('/metrics', async ({ headers }, reply) => {
    const text = await operations.metrics(headers.authorization);
    return reply.header('content-type', 'text/plain; version=0.0.4; charset=utf-8').send(text);
  });
  return server;
}
