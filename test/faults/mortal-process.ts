import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Kysely, KyselyPlugin } from 'kysely';
import type pg from 'pg';
import { type EsdbAddress, type EventStore, VantageEventStore } from '@app/event-store';
import { type Clock, Problem } from '@app/kernel';
import {
  PostgresReadModels,
  type PostgresSettings,
  type ProcessManager,
  ReadModels,
  SqliteReadModels,
  Subscriptions,
} from '@app/projections';
import { DataFolder } from '../../apps/api/src/data-folder.js';
import { LedgerModule } from '../../apps/api/src/ledger.module.js';
import { Metrics } from '../../apps/api/src/operations/metrics.js';
import { Routes } from './routes.js';

/** Something a process waits for. */
export interface Point {
  /**
   * `send` is what the client of EventStoreDB sends: of one append the claim and then the events. `statement` is what is sent
   * to PostgreSQL of one transaction, and `commit` the last of it: without its answer nobody knows whether anything was written.
   */
  readonly kind: 'append' | 'send' | 'read' | 'page' | 'query' | 'reaction' | 'rows' | 'statement' | 'commit' | 'checkpoint';
  /** What it is about: the events appended, the reaction, the subscriber, the stream, the tables asked, the command of the statement. */
  readonly of: string;
  /** In answer to what a process manager appends. */
  readonly by?: Reaction;
}

export interface Reaction {
  readonly manager: string;
  /** The type of the event it deals with. */
  readonly to: string;
}

/**
 * What becomes of the process at a point. It dies `before` the call is made, or `after` it has taken effect and before that
 * is known, or with the call on its way, so that it takes effect `late`, under its successor. Or it lives on and the call
 * fails with an outcome nobody knows: it was `lost`, or `done`, or is `delayed` until something else has been done.
 */
export type Fate = 'before' | 'after' | 'late' | 'lost' | 'done' | 'delayed';

/** Something written whose sender has given it up, as it arrives at the store that is open by then. */
type Straggler = (store: VantageEventStore) => Promise<unknown>;

/** Set while the test itself looks: that is no point of anything. */
const looking = new AsyncLocalStorage<true>();
export const unharmed = <Result>(look: () => Promise<Result>): Promise<Result> => looking.run(true, look);

const BURIED_MS = 500;
/** One of its own each time: whatever waits for it can then be forgotten together with it. */
const forever = () => new Promise<never>(() => undefined);
const unanswered = () => new Problem('unavailable', 'store-unavailable', 'no answer came in time; retry the same command');
/** As the client of EventStoreDB says it. */
const unavailable = () => Object.assign(new Error('14 UNAVAILABLE: no answer came in time'), { code: 14 });
/** As the client of PostgreSQL says it. */
const disconnected = () => new Error(DISCONNECTED);
const DISCONNECTED = 'Connection terminated unexpectedly';
const unreadable = () => new Problem('unavailable', 'read-models-unavailable', 'the read models cannot be reached just now; retry');

/** Whose instances are whose: what a process has made while it opened, or by anything it has begun since, is its own. */
const owners = new WeakMap<object, MortalProcess>();
/** Whatever a process has begun is within it. Node never lets go of some of that, what resolves names for one: it is not to keep the dead. */
const within = new AsyncLocalStorage<{ process: MortalProcess }>();
const reacting = new AsyncLocalStorage<Reaction>();

/**
 * A process of the ledger within this one: the modules the programs are made of, over the files or the node of a data
 * folder. Every call to the store, every query and every write of the read models is a point at which it can be killed: from then on
 * nothing it has begun goes on, as after SIGKILL, and its files are closed so that another may open them.
 */
export class MortalProcess {
  /** Resolves when it dies. */
  readonly death: Promise<void>;
  isDead = false;
  /** Why it did not start. */
  failure: unknown;
  /** Asked at every point. */
  fate: (point: Point) => Fate | undefined = () => undefined;
  /** Asked before that: what has to happen first, elsewhere. */
  first: (point: Point) => Promise<void> | undefined = () => undefined;
  /** What this process, or the one before it, has sent and is still on its way. */
  stragglers: readonly Straggler[] = [];
  readonly managers: ProcessManager[] = [];
  private app: INestApplicationContext | undefined;
  private routes: Routes | undefined;
  private store: VantageEventStore | undefined;
  private readModels: ReadModels | undefined;
  /** Makes a point of every query of its read models. */
  queryPoints: KyselyPlugin | undefined;
  private subscriptions: Subscriptions | undefined;
  private tellDeath: () => void = () => undefined;
  private readonly place: { process: MortalProcess } = { process: this };

  private constructor() {
    this.death = new Promise((resolve) => (this.tellDeath = resolve));
  }

  /**
   * Starts a process, which may die of it. `fate` holds from the first call on.
   */
  static async start(
    dataFolder: string,
    clock: Clock,
    {
      esdb,
      postgres,
      role = 'all',
      fate,
      first,
      stragglers = [],
    }: {
      esdb?: EsdbAddress;
      postgres?: PostgresSettings;
      role?: 'all' | 'worker';
      fate?: MortalProcess['fate'];
      first?: MortalProcess['first'];
      stragglers?: readonly Straggler[];
    } = {},
  ): Promise<MortalProcess> {
    const process = new MortalProcess();
    if (fate !== undefined) process.fate = fate;
    if (first !== undefined) process.first = first;
    process.stragglers = stragglers;
    const metrics = new Metrics();
    const parts = {
      folder: new DataFolder(dataFolder),
      clock,
      esdb,
      postgres,
      role,
      metrics,
      metricsAccess: 'open',
      observer: metrics,
    } as const;
    const module = LedgerModule.forRoot(parts);
    const created = within.run(process.place, () => NestFactory.createApplicationContext(module, { logger: false, abortOnError: false }));
    // A start that fails is a death: whoever runs it starts it again.
    const failed = created.catch((error: unknown) => {
      process.failure = error;
      process.die();
    });
    const app = (await Promise.race([failed, process.death])) ?? undefined;
    if (app !== undefined) {
      process.app = app;
      process.routes = new Routes(app, clock);
    }
    return process;
  }

  get<Part>(token: abstract new (...args: never[]) => Part): Part {
    if (this.app === undefined) throw new Error('it died before it was ready');
    return this.app.get(token);
  }

  /** Calls a route; never answers once the process has died. @throws Problem what the route refuses. */
  call(asked: Parameters<Routes['call']>[0]): Promise<Record<string, unknown>> {
    const { routes } = this;
    if (routes === undefined || this.isDead) return forever();
    return routes.call(asked).then(
      (answer) => (this.isDead ? forever() : answer),
      (error: unknown) => {
        if (this.isDead) return forever();
        throw error;
      },
    );
  }

  /** As SIGKILL. */
  die(): void {
    if (this.isDead) return;
    this.isDead = true;
    this.tellDeath();
  }

  /** Closes what a dead process has left open, as an operating system does. */
  async bury(): Promise<void> {
    this.die();
    // Only so that no timer of it goes on; it never ends, for what it waits for never comes.
    this.subscriptions?.beforeApplicationShutdown().catch(() => undefined);
    await this.store?.close().catch(() => undefined);
    // A connection that a dead call still holds keeps its pool from ending.
    await Promise.race([this.readModels?.close().catch(() => undefined), sleep(BURIED_MS)]);
    this.place.process = MortalProcess.ofTheDead();
  }

  /** Stands for one who has ended: nothing that one has begun is answered any more. */
  private static ofTheDead(): MortalProcess {
    const nobody = new MortalProcess();
    nobody.die();
    return nobody;
  }

  async stop(): Promise<void> {
    await this.app?.close();
    this.place.process = MortalProcess.ofTheDead();
  }

  /** Takes note of a part of the process. */
  owns(part: object): void {
    if (part instanceof VantageEventStore) {
      this.store = part;
      watchWire(part, this);
    }
    if (part instanceof ReadModels) {
      this.readModels = part;
      this.queryPoints = queryPoints(part, this);
      if (part instanceof PostgresReadModels) watchWriting(part, this);
    }
    if (part instanceof Subscriptions) this.subscriptions = part;
  }

  /** Lets the first of what is on its way arrive. What comes of it nobody learns. */
  async arrive(store = this.store): Promise<void> {
    const [first, ...rest] = this.stragglers;
    this.stragglers = rest;
    if (first !== undefined && store !== undefined) await first(store).catch(() => undefined);
  }

  /** One call, and what becomes of it; `straggler` is how it arrives when its sender no longer waits for it. */
  async pass<Result>(point: Point, call: () => Promise<Result>, straggler?: Straggler): Promise<Result> {
    const isLooking = looking.getStore() === true;
    const first = this.isDead || isLooking ? undefined : reacting.exit(() => this.first(point));
    if (first !== undefined) await first;
    if (this.isDead) return unheard(point);
    const fate = isLooking ? undefined : this.fate(point);
    if (straggler !== undefined && (fate === 'late' || fate === 'delayed')) this.stragglers = [...this.stragglers, straggler];
    if (fate === 'before' || fate === 'late') this.die();
    if (this.isDead) return unheard(point);
    const failure = FAILURES[point.kind] ?? unanswered;
    if (fate === 'lost' || fate === 'delayed') throw failure();
    const result = await call().finally(() => fate === 'after' && this.die());
    if (this.isDead) return unheard(point);
    if (fate === 'done') throw failure();
    return result;
  }
}

/** How a call fails whose sender lives on. */
const FAILURES: Readonly<Partial<Record<Point['kind'], () => Error>>> = {
  send: unavailable,
  query: unreadable,
  statement: disconnected,
  commit: disconnected,
};

/** What becomes of a call of a dead process. The client of EventStoreDB would wait for its own time-out to close: it is told at once. */
const unheard = ({ kind }: Point) => (kind === 'send' ? Promise.reject(unanswered()) : forever());

/** As much of the adapter to EventStoreDB as sends something. */
interface Wire {
  readonly session: { readonly client: unknown };
  readonly writer: { send(client: unknown, stream: string, ...message: readonly unknown[]): Promise<unknown> };
}

function wireOf(store: VantageEventStore): Wire | undefined {
  const adapter = store['store'] as EventStore & Partial<Wire>;
  return adapter.session === undefined || adapter.writer === undefined ? undefined : (adapter as EventStore & Wire);
}

/** Everything the adapter sends is a point of its own: of one append it sends the claim and then the events. */
function watchWire(part: VantageEventStore, owner: MortalProcess): void {
  const wire = wireOf(part);
  if (wire === undefined) return;
  const { writer } = wire;
  const { send } = writer;
  writer.send = (client, stream, ...message) => {
    const straggler: Straggler = async (successor) => {
      const { session, writer: other } = wireOf(successor) as Wire;
      await send.call(other, session.client, stream, ...message);
    };
    return owner.pass({ kind: 'send', of: patternOf(stream) }, () => send.call(writer, client, stream, ...message), straggler);
  };
}

/** Every query is a point once it is answered: nothing is written by it, so to die before it or after it is the same. */
function queryPoints(part: ReadModels, owner: MortalProcess): KyselyPlugin {
  const asked = new WeakMap<object, string>();
  return {
    transformQuery({ node, queryId }) {
      const tables = [...part['history']['tablesIn'](node)];
      if (tables.length > 0) asked.set(queryId, tables.join('+'));
      return node;
    },
    async transformResult({ result, queryId }) {
      const of = asked.get(queryId);
      return of === undefined ? result : owner.pass({ kind: 'query', of }, async () => result);
    },
  };
}

/** Every statement of a writing is a point, but for COPY, which is over with the next: one that is not answered has lost its connection. */
function watchWriting(part: PostgresReadModels, owner: MortalProcess): void {
  const writers = part['writers'] as unknown as Calling<'connect'>;
  const { connect } = writers;
  const watched = new WeakSet<object>();
  const watch = (client: Calling<'query'> & Pick<pg.PoolClient, 'connection'>) => {
    if (watched.has(client)) return client;
    watched.add(client);
    const { query } = client;
    client.query = (...statement) => {
      const [asked] = statement as readonly [string | { readonly text: string; readonly submit?: unknown }];
      const call = () => query.apply(client, [...statement]) as Promise<unknown>;
      if (isCalledBack(statement) || (typeof asked === 'object' && asked.submit !== undefined)) return call();
      const text = typeof asked === 'string' ? asked : asked.text;
      const of = /\w+/.exec(text)?.[0] ?? '';
      return owner.pass({ kind: of === 'COMMIT' ? 'commit' : 'statement', of }, call).catch((error: unknown) => {
        if ((error as Error).message === DISCONNECTED) client.connection.stream.destroy();
        throw error;
      });
    };
    return client;
  };
  // What the pool asks for itself is no writing, but a single statement.
  writers.connect = (...called) => {
    const connected = connect.apply(writers, [...called]);
    return isCalledBack(called) ? connected : (connected as Promise<Parameters<typeof watch>[0]>).then(watch);
  };
}

type Calling<Name extends string> = Record<Name, (...parameters: readonly unknown[]) => unknown>;
const isCalledBack = (parameters: readonly unknown[]) => typeof parameters.at(-1) === 'function';

const store = VantageEventStore.prototype;
const original = {
  append: store.append,
  readStream: store.readStream,
  readAll: store.readAll,
  subscribe: store.subscribe,
  findEvent: store.findEvent,
  head: store.head,
  from: ReadModels.prototype.from,
  bootstrap: Subscriptions.prototype.onApplicationBootstrap,
  addProcessManager: Subscriptions.prototype.addProcessManager,
};

/** Whose call it is; undefined where no mortal process is concerned. */
function ownerOf(part: object): MortalProcess | undefined {
  const known = owners.get(part);
  const owner = within.getStore()?.process;
  if (known !== undefined || owner === undefined) return known;
  owners.set(part, owner);
  owner.owns(part);
  return owner;
}

const patternOf = (stream: string) => stream.split('-')[0] as string;

/** Each page of a reading is a point. */
async function* eachPage<Page>(owner: MortalProcess, point: Point, pages: AsyncIterable<Page>): AsyncGenerator<Page> {
  const reading = pages[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await owner.pass(point, () => reading.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await reading.return?.();
  }
}

store.append = function (this: EventStore, ...append: Parameters<EventStore['append']>) {
  const owner = ownerOf(this);
  const arrive: Straggler = (at) => original.append.apply(at, append);
  const call = () => original.append.apply(this as VantageEventStore, append);
  if (owner === undefined) return call();
  const by = reacting.getStore();
  return owner.pass({ kind: 'append', of: append[2].map(({ type }) => type).join('+'), ...(by && { by }) }, call, arrive);
};
store.readStream = function (this: EventStore, stream, options) {
  const owner = ownerOf(this);
  const pages = original.readStream.call(this as VantageEventStore, stream, options);
  return owner === undefined ? pages : eachPage(owner, { kind: 'read', of: patternOf(stream) }, pages);
} as typeof store.readStream;
store.readAll = function (this: EventStore, options) {
  const owner = ownerOf(this);
  const pages = original.readAll.call(this as VantageEventStore, options);
  return owner === undefined ? pages : eachPage(owner, { kind: 'read', of: 'all' }, pages);
} as typeof store.readAll;
store.subscribe = function (this: EventStore, options) {
  const owner = ownerOf(this);
  const pages = original.subscribe.call(this as VantageEventStore, options);
  return owner === undefined ? pages : eachPage(owner, { kind: 'page', of: 'all' }, pages);
} as typeof store.subscribe;
store.findEvent = function (this: EventStore, id) {
  const owner = ownerOf(this);
  const call = () => original.findEvent.call(this as VantageEventStore, id);
  return owner === undefined ? call() : owner.pass({ kind: 'read', of: 'event' }, call);
};
store.head = function (this: EventStore) {
  const owner = ownerOf(this);
  const call = () => original.head.call(this as VantageEventStore);
  return owner === undefined ? call() : owner.pass({ kind: 'read', of: 'head' }, call);
};
for (const readModels of [SqliteReadModels.prototype, PostgresReadModels.prototype] as const) {
  const { furthest, commit, saveCheckpoint } = readModels as ReadModels;
  const watched: Pick<ReadModels, 'furthest' | 'commit' | 'saveCheckpoint'> = {
    // The first that is asked of them.
    furthest(this: ReadModels) {
      ownerOf(this);
      return furthest.call(this);
    },
    commit(this: ReadModels, batches) {
      const call = () => commit.call(this, batches);
      return ownerOf(this)?.pass({ kind: 'rows', of: 'page' }, call) ?? call();
    },
    saveCheckpoint(this: ReadModels, checkpoint) {
      const call = () => saveCheckpoint.call(this, checkpoint);
      return ownerOf(this)?.pass({ kind: 'checkpoint', of: checkpoint.name }, call) ?? call();
    },
  };
  Object.assign(readModels, watched);
}
ReadModels.prototype.from = function <Tables>(this: ReadModels) {
  const points = ownerOf(this)?.queryPoints;
  const queries = original.from.call(this) as Kysely<Tables>;
  return points === undefined ? queries : queries.withPlugin(points);
};
Subscriptions.prototype.onApplicationBootstrap = function (this: Subscriptions) {
  ownerOf(this);
  return original.bootstrap.call(this);
};
Subscriptions.prototype.addProcessManager = function (this: Subscriptions, manager: ProcessManager) {
  const owner = ownerOf(this);
  owner?.managers.push(manager);
  const react = manager.react.bind(manager);
  manager.react = (event) => {
    const reaction = { manager: manager.name, to: event.type };
    const call = () => reacting.run(reaction, () => react(event));
    return owner?.pass({ kind: 'reaction', of: `${manager.name} to ${event.type}` }, call) ?? call();
  };
  original.addProcessManager.call(this, manager);
};
