import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { copyLedger, esdbAdapter, type EsdbAddress, openLedgerFile, parseAddress } from '@app/event-store';
import { DataFolder } from '../../apps/api/src/data-folder.js';
import { GROUPS, SecuredNode } from '../stand-in/secured.mjs';

/** Where a stand-in node keeps its log, in the data folder of the ledger it stands in for. */
export const STAND_IN_LOG = 'node.log';

const NODE_URL = process.env['LEDGER_TEST_ESDB_URL'];
const RESET = process.env['LEDGER_TEST_ESDB_RESET'];
const CHOSEN = process.env['LEDGER_TEST_STORE'] ?? (NODE_URL === undefined ? 'sqlite' : 'node');
const RESET_LIMIT_MS = 120_000;

export type StoreKind = 'sqlite' | 'stand-in' | 'node';

/**
 * What the suites that serve a ledger run on, all of them by this one switch: `LEDGER_TEST_STORE=stand-in` for the client
 * with the stand-in node, `LEDGER_TEST_ESDB_URL` for a real node or cluster; otherwise SQLite.
 */
export const STORE: StoreKind = storeKind(CHOSEN);

/** For suites to which it matters when something was recorded, on a calendar turned by hand: a real node records by a clock of its own. */
export const STORE_ON_OUR_CLOCK: StoreKind = STORE === 'node' ? 'stand-in' : STORE;

/** The stores of suites that run on more than the chosen one: SQLite and the stand-in, unless something else was asked for. */
export const STORES: readonly StoreKind[] =
  process.env['LEDGER_TEST_STORE'] === undefined && NODE_URL === undefined ? ['sqlite', 'stand-in'] : [STORE];

function storeKind(text: string): StoreKind {
  if (text === 'sqlite' || text === 'stand-in' || (text === 'node' && NODE_URL !== undefined)) return text;
  throw new Error(`LEDGER_TEST_STORE must be sqlite or stand-in, or LEDGER_TEST_ESDB_URL be set; it is ${text}`);
}

/** Where one ledger under test keeps its events. */
export class StoreUnderTest {
  private constructor(
    readonly kind: StoreKind,
    private readonly url: string | undefined,
    private readonly standIn: SecuredNode | undefined,
  ) {}

  /**
   * A store without anything in it. `now` is the clock of the ledger, in milliseconds: a stand-in records by it. It has been
   * prepared as `ledger store setup` does, and the ledger connects as somebody who may do no more than it must. A real node
   * has a clock of its own, and takes one ledger at a time: see `empty`. `inProcess`: a stand-in for work in virtual time.
   */
  static async start(dataFolder: string, now?: () => number, kind: StoreKind = STORE, inProcess = false): Promise<StoreUnderTest> {
    if (kind === 'sqlite') return new StoreUnderTest(kind, undefined, undefined);
    if (kind === 'node') {
      await empty(NODE_URL as string);
      return new StoreUnderTest(kind, NODE_URL, undefined);
    }
    const standIn = await SecuredNode.start({ file: join(dataFolder, STAND_IN_LOG), inProcess, ...(now && { now }) });
    await (await esdbAdapter()).prepareStore(parseAddress(standIn.urlOf('admin')), GROUPS);
    return new StoreUnderTest(kind, standIn.urlOf('office'), standIn);
  }

  /**
   * A store with the ledger of a data folder, for histories that are written as files and years that are played in folders:
   * where another store is under test the ledger moves there, and the folder keeps the rest.
   */
  static async holding(dataFolder: string, now?: () => number): Promise<StoreUnderTest> {
    const store = await StoreUnderTest.start(dataFolder, now);
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

  /** How many events of a ledger a stand-in holds. */
  events(): number {
    return this.standIn?.node.log.records.filter(({ stream }) => !stream.startsWith('$') && stream !== 'ledger-claims').length ?? 0;
  }

  /** @throws Error when nothing was recorded in the stand-in: then something else was tested. */
  async close(): Promise<void> {
    if (this.standIn === undefined) return;
    await this.standIn.stop();
    if (this.events() === 0) throw new Error('no ledger has used the store under test');
  }
}

/**
 * Streams of a real node cannot be deleted between two ledgers, and a ledger owns its node. So it has to be empty each time:
 * `LEDGER_TEST_ESDB_RESET` is a shell command that empties it, such as the restart of a node that keeps everything in memory.
 */
async function empty(url: string): Promise<void> {
  if (RESET !== undefined) {
    const { status, stderr } = spawnSync(RESET, { shell: true, encoding: 'utf8', timeout: RESET_LIMIT_MS });
    if (status !== 0) throw new Error(`LEDGER_TEST_ESDB_RESET failed: ${stderr}`);
  }
  for (const until = performance.now() + RESET_LIMIT_MS; ;) {
    const archive = new (await esdbAdapter()).EsdbArchive(parseAddress(url), { giveUpMs: 2_000 });
    try {
      if ((await archive.state()) === 'empty') return;
      throw new Error(
        `${archive.name} holds a ledger already; give each suite an empty node, or a command that empties it in LEDGER_TEST_ESDB_RESET`,
      );
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'store-unavailable' || RESET === undefined || performance.now() > until) throw error;
    } finally {
      await archive.close();
    }
    await sleep(500);
  }
}
