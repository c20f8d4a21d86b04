import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { copyLedger, esdbAdapter, type EsdbAddress, openLedgerFile, parseAddress } from '@app/event-store';
import { DataFolder } from '../../apps/api/src/data-folder.js';
import { StandInNode } from '../stand-in/node.mjs';
import { ADMINISTRATOR_URL, emptied, NODE_URL, preparedNode } from '../stand-in/real-node.js';
import { GROUPS, SecuredNode } from '../stand-in/secured.mjs';

/** Where a stand-in node keeps its log, in the data folder of the ledger it stands in for. */
export const STAND_IN_LOG = 'node.log';

const CHOSEN = process.env['LEDGER_TEST_STORE'] ?? (NODE_URL === undefined ? 'sqlite' : 'node');

export type StoreKind = 'sqlite' | 'stand-in' | 'node' | 'relayed-node';

/**
 * What the suites that serve a ledger run on, all of them by this one switch: `LEDGER_TEST_STORE=stand-in` for the client
 * with the stand-in node, `LEDGER_TEST_ESDB_URL` for a real node or cluster; otherwise SQLite.
 */
export const STORE: StoreKind = storeKind(CHOSEN);

/** For suites to which it matters when something was recorded, on a calendar turned by hand: a relay tells it for a real node. */
export const onOurClock = (kind: StoreKind): StoreKind => (kind === 'node' ? 'relayed-node' : kind);

/** For suites about EventStoreDB alone: the real node where that is under test, otherwise the stand-in. */
export const ESDB = STORE === 'node' ? 'node' : 'stand-in';

/** The stores of suites that run on more than the chosen one: SQLite and the stand-in, unless something else was asked for. */
export const STORES: readonly StoreKind[] =
  process.env['LEDGER_TEST_STORE'] === undefined && NODE_URL === undefined ? ['sqlite', 'stand-in'] : [STORE];

function storeKind(text: string): StoreKind {
  if (text === 'sqlite' || text === 'stand-in' || (text === 'node' && NODE_URL !== undefined)) return text;
  throw new Error(`LEDGER_TEST_STORE must be sqlite or stand-in, or LEDGER_TEST_ESDB_URL be set; it is ${text}`);
}

/** Whether the node under test can be prepared: of a real one somebody has to say who its administrator is. */
export const HAS_ADMINISTRATOR = STORE !== 'node' || ADMINISTRATOR_URL !== undefined;

/** A node as it is delivered, on which nobody has set any rights: how the service connects to it, and how its administrator. */
export async function deliveredNode(): Promise<{ readonly service: string; readonly administrator: string; stop(): Promise<void> }> {
  if (STORE === 'node') return { service: await emptied(), administrator: String(ADMINISTRATOR_URL), stop: async () => undefined };
  const node = await SecuredNode.start();
  return { service: node.urlOf('office'), administrator: node.urlOf('admin'), stop: () => node.stop() };
}

/** What a node is started with that is to be killed and given faults: a log in a folder, or the real node, which it goes before. */
export async function nodeToStrike(kind: typeof ESDB, dataFolder: string): Promise<{ readonly file: string; readonly upstream?: string }> {
  return { file: join(dataFolder, STAND_IN_LOG), ...(kind === 'node' && { upstream: await preparedNode() }) };
}

/** Where one ledger under test keeps its events. */
export class StoreUnderTest {
  private constructor(
    readonly kind: StoreKind,
    private readonly url?: string,
    private readonly server?: { stop(): Promise<void> },
  ) {}

  /**
   * A store without anything in it. `now` is the clock of the ledger, in milliseconds: a stand-in records by it, and a real node
   * behind a relay seems to. It has been prepared as `ledger store setup` does, and the ledger connects as somebody who may do no
   * more than it must; a real node only where its administrator is known. That takes one ledger at a time: see `emptied`.
   * `inProcess`: a stand-in for work in virtual time.
   */
  static async start(dataFolder: string, now?: () => number, kind: StoreKind = STORE, inProcess = false): Promise<StoreUnderTest> {
    if (kind === 'sqlite') return new StoreUnderTest(kind);
    if (kind === 'node') return new StoreUnderTest(kind, await preparedNode());
    if (kind === 'relayed-node') {
      const relay = await StandInNode.start({ upstream: await preparedNode(), ...(now && { now }) });
      return new StoreUnderTest(kind, relay.url, relay);
    }
    const standIn = await SecuredNode.start({ file: join(dataFolder, STAND_IN_LOG), inProcess, ...(now && { now }) });
    await (await esdbAdapter()).prepareStore(parseAddress(standIn.urlOf('admin')), GROUPS);
    return new StoreUnderTest(kind, standIn.urlOf('office'), standIn);
  }

  /**
   * A store with the ledger of a data folder, for histories that are written as files and years that are played in folders:
   * where another store is under test the ledger moves there, and the folder keeps the rest.
   */
  static async holding(dataFolder: string, now?: () => number, kind: StoreKind = STORE): Promise<StoreUnderTest> {
    const store = await StoreUnderTest.start(dataFolder, now, kind);
    if (store.url === undefined) return store;
    const { ledgerFile } = new DataFolder(dataFolder);
    const source = openLedgerFile(ledgerFile);
    const target = new (await esdbAdapter()).EsdbArchive(parseAddress(store.url));
    try {
      await copyLedger(source, target);
    } finally {
      await Promise.all([source.close(), target.close()]);
    }
    for (const ending of ['', '-wal', '-shm']) rmSync(`${ledgerFile}${ending}`, { force: true });
    return store;
  }

  /** For `createLedger`. */
  get setting(): EsdbAddress | 'none' {
    return this.url === undefined ? 'none' : parseAddress(this.url);
  }

  /** For programs that are started. */
  get environment(): Readonly<Record<string, string>> {
    return this.url === undefined ? { LEDGER_STORE: 'sqlite' } : { LEDGER_STORE: 'esdb', LEDGER_ESDB_URL: this.url };
  }

  /** How many events of a ledger it holds, where that is not a file. */
  async events(): Promise<number> {
    if (this.url === undefined) return 0;
    const archive = new (await esdbAdapter()).EsdbArchive(parseAddress(this.url));
    try {
      let events = 0;
      for await (const page of archive.read()) events += page.length;
      return events;
    } finally {
      await archive.close();
    }
  }

  /** @throws Error when nothing was recorded in the node: then something else was tested. */
  async close(): Promise<void> {
    if (this.url === undefined) return;
    const events = await this.events();
    await this.server?.stop();
    if (events === 0) throw new Error('no ledger has used the store under test');
  }
}
