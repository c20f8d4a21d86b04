import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { Problem } from '@app/kernel';
import { type EventRow, EVENTS_SCHEMA, LOCK_WAIT_MS } from '../events-schema.js';
import type { EventMetadata } from '../event.js';
import { onFile } from '../file-refused.js';
import { type Archive, type ArchiveState, diverged, type ReceivingArchive } from './archive.js';
import { canonicalRecord, type StoredRecord } from './stored-record.js';

const PAGE_SIZE = 512;
const COLUMNS = 'position, stream, revision, id, type, recorded_at, data, metadata';

/**
 * The file of an embedded ledger, read as it is; another process may be writing to it.
 * @throws Problem `no-ledger` when there is none.
 */
export function openLedgerFile(file: string): Archive {
  if (!existsSync(file)) throw new Problem('invalid', 'no-ledger', `there is no ledger at ${file}`);
  return new ReadableFile(file, new Database(file, { readonly: true, timeout: LOCK_WAIT_MS }));
}

class ReadableFile implements Archive {
  constructor(
    readonly name: string,
    private readonly database: Database.Database,
  ) {}

  async state(): Promise<ArchiveState> {
    return 'complete';
  }

  async head(): Promise<number> {
    return headOf(this.database);
  }

  read(): AsyncGenerator<readonly StoredRecord[]> {
    return pagesOf(this.database);
  }

  async close(): Promise<void> {
    this.database.close();
  }
}

/**
 * A ledger that moves into a file. It comes in under another name and gets its own in the end, so that there is never a
 * file of this name with half a ledger in it.
 */
export class ReceivingFile implements ReceivingArchive {
  private incoming: Database.Database | undefined;

  /** `incomingFile` stands beside `file`. */
  constructor(
    readonly file: string,
    private readonly incomingFile: string,
  ) {}

  get name(): string {
    return this.file;
  }

  async state(): Promise<ArchiveState> {
    if (existsSync(this.file)) return 'complete';
    return existsSync(this.incomingFile) ? 'incomplete' : 'empty';
  }

  async begin(): Promise<void> {
    this.opened();
  }

  private opened(): Database.Database {
    if (this.incoming !== undefined) return this.incoming;
    if (existsSync(this.file)) return (this.incoming = new Database(this.file, { readonly: true, timeout: LOCK_WAIT_MS }));
    return (this.incoming = onFile(this.incomingFile, () => {
      const incoming = new Database(this.incomingFile, { timeout: LOCK_WAIT_MS });
      incoming.pragma('journal_mode = WAL');
      incoming.pragma('synchronous = FULL');
      incoming.exec(EVENTS_SCHEMA);
      return incoming;
    }));
  }

  async head(): Promise<number> {
    return headOf(this.opened());
  }

  read(): AsyncGenerator<readonly StoredRecord[]> {
    return pagesOf(this.opened());
  }

  async takeIn(records: readonly StoredRecord[]): Promise<void> {
    const database = this.opened();
    const insert = database.prepare(`INSERT INTO events (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
    const at = database.prepare<[number], EventRow>(`SELECT ${COLUMNS} FROM events WHERE position = ?`);
    const end = database.prepare<[string], number | null>('SELECT max(revision) FROM events WHERE stream = ?').pluck();
    const adding = database.transaction(() => {
      let head = headOf(database);
      for (const record of records) {
        const { position, stream, revision, id, type, recordedAt, data, metadata } = record;
        if (position <= head) {
          const row = at.get(position);
          if (row !== undefined && canonicalRecord(recordOf(row)) === canonicalRecord(record)) continue;
          throw diverged(this, `at position ${position} it has another event than ${type} of ${stream}`);
        }
        if ((end.get(stream) ?? -1) !== revision - 1)
          throw diverged(this, `${stream} does not go on with revision ${revision} at position ${position}`);
        insert.run(position, stream, revision, id, type, recordedAt, JSON.stringify(data), JSON.stringify(metadata));
        head = position;
      }
    });
    onFile(this.incomingFile, () => adding.immediate());
    await nextTurn();
  }

  async finish(): Promise<void> {
    const database = this.opened();
    database.pragma('wal_checkpoint(TRUNCATE)');
    // One file, without a log beside it that would have to be renamed with it.
    database.pragma('journal_mode = DELETE');
    database.close();
    this.incoming = undefined;
    putInPlace(this.incomingFile, this.file);
  }

  async close(): Promise<void> {
    this.incoming?.close();
    this.incoming = undefined;
  }
}

/** Gives a file, or a folder with its files synced, its name, durably. */
export function putInPlace(from: string, to: string): void {
  sync(from);
  renameSync(from, to);
  sync(dirname(to));
}

/** Brings a file or the names in a folder onto the disk. */
export function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Removes a database that was never finished, with what SQLite keeps beside it. */
export function removeDatabase(file: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(file + suffix, { force: true });
}

function headOf(database: Database.Database): number {
  return database.prepare<[], number>('SELECT position FROM events ORDER BY position DESC LIMIT 1').pluck().get() ?? 0;
}

async function* pagesOf(database: Database.Database): AsyncGenerator<readonly StoredRecord[]> {
  const page = database.prepare<[number, number], EventRow>(`SELECT ${COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT +?`);
  for (let after = 0; ;) {
    const rows = page.all(after, PAGE_SIZE);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(recordOf);
    after = last.position;
    await nextTurn();
  }
}

function recordOf({ position, stream, revision, id, type, recorded_at: recordedAt, data, metadata }: EventRow): StoredRecord {
  const parsed = JSON.parse(metadata) as EventMetadata;
  return { position, stream, revision, id, type, recordedAt, data: JSON.parse(data) as unknown, metadata: parsed };
}
