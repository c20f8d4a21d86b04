import 'reflect-metadata';
import type { Socket } from 'node:net';
import { Logger, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { type EsdbAddress, storeSettings } from '@app/event-store';
import { refuseDeepBodies, sendProblem } from '@app/http';
import type { Clock } from '@app/kernel';
import { BundledPolicies } from '@app/policies';
import { DataFolder } from './data-folder.js';
import { LedgerModule } from './ledger.module.js';

const MAX_BODY_BYTES = 3_000_000;
const MAX_PARAMETER_LENGTH = 1_000;

export const SYSTEM_CLOCK: Clock = { now: () => new Date() };

export interface LedgerOptions {
  readonly dataFolder: string;
  readonly clock?: Clock;
  /** `false` for none. */
  readonly logger: LoggerService | false;
  /** Publishes the packs that come with the program on a ledger that does not know them yet. */
  readonly publishBundledPolicies: boolean;
  /** Where the events are: an EventStoreDB, or the data folder whatever the environment says; by default what that says. */
  readonly store?: EsdbAddress | 'embedded';
}

export interface Ledger {
  readonly app: NestFastifyApplication;
  readonly folder: DataFolder;
  close(): Promise<void>;
}

/**
 * Opens the ledger of a data folder: stores, features, projector and HTTP routes, ready for `listen` or `inject`.
 * @throws Problem `data-folder-in-use` when another process works on the folder; `store-incomplete` while a ledger moves in.
 */
export async function createLedger({
  dataFolder,
  clock = SYSTEM_CLOCK,
  logger,
  publishBundledPolicies,
  store = storeSettings(process.env) ?? 'embedded',
}: LedgerOptions): Promise<Ledger> {
  // Whatever this process creates is its owner's alone: the ledger names people and accounts.
  process.umask(0o077);
  // Before the framework does so itself: the event store may have something to say when it is made.
  Logger.overrideLogger(logger);
  const folder = new DataFolder(dataFolder);
  folder.acquire();
  let app: NestFastifyApplication | undefined;
  try {
    folder.refuseIncomplete();
    app = await NestFactory.create<NestFastifyApplication>(
      LedgerModule.forRoot(folder, clock, store === 'embedded' ? undefined : store),
      httpServer(),
      {
        logger,
        abortOnError: false,
      },
    );
    const fastify = app.getHttpAdapter().getInstance();
    refuseDeepBodies(fastify);
    fastify.decorateRequest('clock', { getter: () => clock });
    describeApi(app);
    await app.init();
    await fastify.ready();
    if (publishBundledPolicies) await app.get(BundledPolicies).publishNew();
    const opened = app;
    return {
      app: opened,
      folder,
      close: async () => {
        await opened.close();
        folder.release();
      },
    };
  } catch (error) {
    // Whatever already follows the ledger must have ended before somebody else may take the folder.
    await app?.close().catch(() => undefined);
    folder.release();
    throw error;
  }
}

function httpServer(): FastifyAdapter {
  const logger = new Logger('http');
  return new FastifyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: 60_000,
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => sendProblem(error, request, reply, logger),
    clientErrorHandler: answerUnreadable,
  } as never);
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
function describeApi(app: NestFastifyApplication): void {
  let description: OpenAPIObject | undefined;
  const build = () =>
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
    );
  app
    .getHttpAdapter()
    .getInstance()
    .get('/openapi.json', (_request: FastifyRequest, reply: FastifyReply) => {
      void reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify((description ??= build())));
    });
}
