import 'reflect-metadata';
import { Logger, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Logger as Pino } from 'pino';
import { type EsdbAddress, type Observer, storeSettings } from '@app/event-store';
import type { Clock } from '@app/kernel';
import { BundledPolicies } from '@app/policies';
import { type PostgresSettings, readModelSettings } from '@app/projections';
import { DataFolder } from './data-folder.js';
import { describeApi, httpServer, prepareServer, serveOperatorsAlone } from './http-server.js';
import { LedgerModule, type LedgerParts } from './ledger.module.js';
import { drained } from './operations/draining.js';
import { Metrics } from './operations/metrics.js';
import { OPERATIONS, type Operations } from './operations/operations.js';
import { readEnvironment, type Settings } from './operations/settings.js';
import type { Tracing } from './operations/tracing.js';

export const SYSTEM_CLOCK: Clock = { now: () => new Date() };
const DRAIN_MS = 20_000;

export interface LedgerOptions {
  readonly dataFolder: string;
  readonly clock?: Clock;
  /** `false` for none. */
  readonly logger: LoggerService | false;
  /** Publishes the packs that come with the program on a ledger that does not know them yet. */
  readonly publishBundledPolicies: boolean;
  /** Where the events are: an EventStoreDB, or `none` for the data folder whatever the environment says; by default what that says. */
  readonly esdb?: EsdbAddress | 'none' | undefined;
  /** Where the read models are: a PostgreSQL, or `none` for the data folder whatever the environment says; by default what that says. */
  readonly postgres?: PostgresSettings | 'none' | undefined;
  /** The key of the tokens, where several processes share one outside their folders. */
  readonly tokenKeyFile?: string;
  /** Where one line an answer goes. */
  readonly requestLog?: Pino;
  /** Who may read /metrics; by default whoever reaches this process. */
  readonly metrics?: Settings['metrics'];
  readonly tracing?: Tracing | undefined;
  /** How long requests under way may take to finish when it closes, in milliseconds; 20 seconds when left out. */
  readonly drainMs?: number;
}

export interface Ledger {
  readonly app: NestFastifyApplication;
  readonly folder: DataFolder;
  /** Answers with the address it is reached at. */
  listen(port: number, host: string): Promise<string>;
  /**
   * Says that it is not ready, takes no more connections, finishes what is under way, ends what follows the ledger after
   * the page in work, and closes the stores. Answers how many requests had to be cut off.
   */
  close(): Promise<number>;
}

/**
 * Opens the ledger of a data folder: stores, features, projector and HTTP routes, ready for `listen` or `inject`. With the
 * role `api` it neither projects nor reacts, and answers from read models that a worker keeps up to date; with the role
 * `worker` it answers operators alone.
 * @throws Problem `data-folder-in-use` when another process works on the folder that cannot share it; `store-incomplete`
 *   while a ledger moves in; `ledger-moved` when it has moved elsewhere, and no EventStoreDB is named.
 */
export async function createLedger(options: LedgerOptions, role: Settings['role'] = 'all'): Promise<Ledger> {
  // Whatever this process creates is its owner's alone: the ledger names people and accounts.
  process.umask(0o077);
  // Before the framework does so itself: the event store may have something to say when it is made.
  Logger.overrideLogger(options.logger);
  const { dataFolder, clock = SYSTEM_CLOCK, logger, requestLog: log, tracing } = options;
  const { esdb = storeSettings(readEnvironment()), postgres = readModelSettings(readEnvironment()) } = options;
  const folder = new DataFolder(dataFolder, options.tokenKeyFile);
  folder.acquire(role);
  const metrics = new Metrics();
  let app: NestFastifyApplication | undefined;
  const places = { esdb: esdb === 'none' ? undefined : esdb, postgres: postgres === 'none' ? undefined : postgres };
  try {
    folder.refuseIncomplete();
    if (places.esdb === undefined) folder.refuseMoved();
    const observer = tracing === undefined ? metrics : both(metrics, tracing);
    const parts: LedgerParts = { folder, clock, ...places, role, metrics, metricsAccess: options.metrics ?? 'open', observer };
    const created = await NestFactory.create<NestFastifyApplication>(LedgerModule.forRoot(parts), httpServer(), {
      logger,
      abortOnError: false,
    });
    app = created;
    const fastify = created.getHttpAdapter().getInstance();
    prepareServer(fastify, { clock, metrics, log, tracing });
    if (role === 'worker') serveOperatorsAlone(fastify);
    else describeApi(created);
    await created.init();
    await fastify.ready();
    if (options.publishBundledPolicies && role !== 'api') await created.get(BundledPolicies).publishNew();
    const listen = async (port: number, host: string) => {
      await created.listen(port, host);
      return (await created.getUrl()).replace('[::1]', '127.0.0.1');
    };
    return { app: created, folder, listen, close: closing(created, fastify, folder, options) };
  } catch (error) {
    // Whatever already follows the ledger must have ended before somebody else may take the folder.
    await app?.close().catch(() => undefined);
    folder.release();
    throw error;
  }
}

function closing(
  app: NestFastifyApplication,
  fastify: FastifyInstance,
  folder: DataFolder,
  { drainMs = DRAIN_MS }: LedgerOptions,
): () => Promise<number> {
  return async () => {
    app.get<Operations>(OPERATIONS).drain();
    const cutOff = await drained(fastify, drainMs);
    await app.close();
    folder.release();
    return cutOff;
  };
}

function both(outer: Observer, inner: Observer): Observer {
  return { observe: (step, work) => outer.observe(step, () => inner.observe(step, work)) };
}
