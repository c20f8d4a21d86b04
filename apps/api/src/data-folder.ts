import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import Database from 'better-sqlite3';
import { onFile } from '@app/event-store';
import { Problem } from '@app/kernel';
import type { Settings } from './operations/settings.js';

const [LEDGER, CLAIMS, SERVER, TOKEN_KEY] = ['ledger.db', 'claims.db', 'server.json', 'token.key'] as const;

/** The files of an embedded ledger. */
export class DataFolder {
  readonly ledgerFile: string;
  readonly readModelsFile: string;
  readonly tokenKeyFile: string;
  /** Copy of the claimed event ids where the ledger itself is kept in EventStoreDB. */
  readonly claimsFile: string;
  /** A ledger that is being copied in, and one that is being restored: neither is one yet. */
  readonly incomingFile: string;
  readonly restoringFile: string;
  /** Says where the ledger has moved to: the one that is here must not go on beside it. */
  private readonly movedFile: string;
  private readonly lockFile: string;
  private readonly workerLockFile: string;
  private readonly serverFile: string;
  private readonly locks: Database.Database[] = [];

  /**
   * Creates the folder, readable by its owner only, when it does not exist.
   * @param sharedKeyFile the key of the tokens, where it is kept outside for several processes; it is never made.
   */
  constructor(
    readonly path: string,
    private readonly sharedKeyFile?: string,
  ) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    this.ledgerFile = join(path, LEDGER);
    this.readModelsFile = join(path, 'read-models.db');
    this.tokenKeyFile = sharedKeyFile ?? join(path, TOKEN_KEY);
    this.claimsFile = join(path, CLAIMS);
    this.incomingFile = `${this.ledgerFile}.incoming`;
    this.restoringFile = `${this.ledgerFile}.restoring`;
    this.movedFile = `${this.ledgerFile}.moved`;
    this.lockFile = join(path, 'lock.db');
    this.workerLockFile = join(path, 'worker.db');
    this.serverFile = join(path, SERVER);
  }

  /**
   * Whether a folder holds a ledger, or the key of one that is about to begin; a key that is shared is kept elsewhere, and says
   * nothing of the folder. A folder that is not there is not made by asking.
   */
  static isOfALedger(path: string): boolean {
    return [TOKEN_KEY, LEDGER, CLAIMS, SERVER].some((name) => existsSync(join(path, name)));
  }

  /**
   * Makes this process the one that works on the folder, or with the roles `api` and `worker` one of several: any number
   * of the first and one of the second, and nobody who works alone. A lock is a transaction on a file of its own, which
   * the operating system gives up with the process, also when it is killed.
   * @throws Problem `data-folder-in-use` (unavailable); `token-key-missing` (unavailable) where a shared key is not there.
   */
  acquire(role: Settings['role'] = 'all'): void {
    if (this.sharedKeyFile !== undefined) DataFolder.requireSharedKey(this.sharedKeyFile);
    this.hold(this.lockFile, role === 'all');
    if (role === 'worker') this.hold(this.workerLockFile, true);
  }

  /** @throws Problem `token-key-missing` (unavailable) where a shared key is not there: whoever made one would be alone with it. */
  static requireSharedKey(file: string): void {
    if (existsSync(file)) return;
    throw new Problem('unavailable', 'token-key-missing', 'LEDGER_TOKEN_KEY_FILE names no file: each process would make a key of its own');
  }

  private hold(file: string, alone: boolean): void {
    try {
      onFile(file, () => {
        const lock = new Database(file, { timeout: 0 });
        this.locks.push(lock);
        lock.pragma('journal_mode = DELETE');
        lock.exec('CREATE TABLE IF NOT EXISTS holder (pid INTEGER)');
        lock.exec(alone ? 'BEGIN EXCLUSIVE' : 'BEGIN');
        // A shared lock begins with the first read.
        lock.prepare('SELECT count(*) FROM holder').get();
      });
    } catch (error) {
      this.release();
      if (String((error as { code?: unknown }).code).startsWith('SQLITE_BUSY')) {
        throw new Problem('unavailable', 'data-folder-in-use', `another process is working on the ledger in ${this.path}`);
      }
      throw error;
    }
  }

  /**
   * A folder for what a copy of the ledger to elsewhere needs for as long as it takes, for one copy at a time.
   * @throws Problem `data-folder-in-use`
   */
  holdCopying(): string {
    const copying = join(this.path, 'copying');
    mkdirSync(copying, { recursive: true });
    this.hold(join(copying, 'lock.db'), true);
    return copying;
  }

  /** @throws Problem `store-incomplete` while a copy or a restore has not come to its end: nothing must be recorded beside it. */
  refuseIncomplete(): void {
    const unfinished = [this.incomingFile, this.restoringFile].find((file) => existsSync(file));
    if (unfinished === undefined) return;
    throw new Problem(
      'unavailable',
      'store-incomplete',
      `${unfinished} is what a copy or a restore has not finished; run it again, or remove the file to begin without it`,
    );
  }

  /** Leaves word where the ledger has moved to, durably: from now on the folder is no ledger of its own. */
  retire(target: string, head: number): void {
    const text = `the ledger has moved to ${target}, as it stood at position ${head}`;
    writeFileSync(this.movedFile, `${text}\n`, { mode: 0o600, flush: true });
  }

  /** @throws Problem `ledger-moved` (invalid) where the ledger goes on elsewhere: two would go on side by side. */
  refuseMoved(): void {
    if (!existsSync(this.movedFile)) return;
    const text = readFileSync(this.movedFile, 'utf8').trim();
    throw new Problem(
      'invalid',
      'ledger-moved',
      `${text}; name that place (LEDGER_ESDB_URL for an EventStoreDB), or, to go on with what stands here and without all that was recorded there, remove ${this.movedFile}`,
    );
  }

  /** What a new ledger cannot be put beside: everything but the key of tokens, the lock and what is being finished. */
  inTheWay(): readonly string[] {
    const harmless = [this.tokenKeyFile, this.lockFile, this.incomingFile, this.restoringFile].map((file) => basename(file));
    return readdirSync(this.path).filter(
      (name) => !harmless.some((each) => name === each || (/^-(wal|shm|journal)$/.test(name.slice(each.length)) && name.startsWith(each))),
    );
  }

  release(): void {
    for (const lock of this.locks.splice(0)) lock.close();
  }

  /** Leaves word where the server of this folder listens, for command lines on the same machine. */
  announce(url: string): void {
    writeFileSync(this.serverFile, JSON.stringify({ url, pid: process.pid }), { mode: 0o600 });
  }

  /** Where the running server of this folder listens; only meaningful while the folder is in use. */
  announced(): string | undefined {
    if (!existsSync(this.serverFile)) return undefined;
    try {
      const { url } = JSON.parse(readFileSync(this.serverFile, 'utf8')) as { url?: unknown };
      return typeof url === 'string' ? url : undefined;
    } catch {
      return undefined;
    }
  }
}
