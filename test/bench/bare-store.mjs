/** The bare machine's side: better-sqlite3 with the very table, indexes and pragmas of the event store, and nothing else. */
import Database from 'better-sqlite3';
import { EventCodec, SqliteEventStore } from '../../dist/libs/event-store/src/index.js';
import { seconds } from './measure.mjs';

const COLUMNS = 'position, stream, revision, id, type, recorded_at, data, metadata';

/** An event file without an event store: writes ready-made rows durably. */
export class BareStore {
  static async open(file) {
    // Made by the event store itself, so that table and indexes cannot differ.
    await new SqliteEventStore(file, new EventCodec({}), { now: () => new Date() }).close();
    return new BareStore(file);
  }

  constructor(file) {
    this.database = new Database(file);
    this.database.pragma('journal_mode = WAL');
    this.database.pragma('synchronous = FULL');
    const insert = this.database.prepare(`INSERT INTO events (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
    this.insertEach = (rows) => rows.forEach((row) => insert.run(...row));
    this.insertTogether = this.database.transaction(this.insertEach);
  }

  /** Inserts a second, `size` rows to a transaction. */
  async rate(rows, size) {
    const groups = Array.from({ length: Math.ceil(rows.length / size) }, (_, index) => rows.slice(index * size, (index + 1) * size));
    const time = await seconds(() => groups.forEach(size === 1 ? this.insertEach : this.insertTogether));
    return rows.length / time;
  }

  close() {
    this.database.close();
  }
}

/** The rows of a ledger file in the order of the table's columns. */
export function rowsOf(file) {
  const database = new Database(file, { readonly: true });
  const rows = database.prepare(`SELECT ${COLUMNS} FROM events ORDER BY position`).raw().all();
  database.close();
  return rows;
}
