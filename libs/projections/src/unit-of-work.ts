import type { Rows } from './projection.js';
import { type ColumnValue, type Key, keepsHistory, type Row, type Table } from './table.js';

/** A row as it stands, and the position since which it does. */
export interface StoredRow {
  readonly row: Row;
  readonly since: number;
}

/** A row that holds no more: from `since` up to but not including `until`. */
export interface FormerRow {
  readonly row: Row;
  readonly since: number;
  readonly until: number;
}

/** In place of a row: it is not known yet. */
export const MISSING = Symbol('missing');

/** What a batch makes of one row. */
export interface Change {
  readonly key: Key;
  /** `identity` of the key. */
  readonly id: string;
  /** What stands now, or undefined for nothing. */
  readonly row: Row | undefined;
  readonly since: number;
  /** Nothing is stored under its key so far, as far as one has looked. */
  readonly isNew: boolean;
  /** What has ended in this batch, oldest first. */
  readonly former: readonly FormerRow[];
}

interface Entry {
  readonly key: Key;
  readonly id: string;
  row: Row | undefined;
  /** The position since which it stands so. */
  since: number;
  /** Nothing is stored under its key. */
  readonly isNew: boolean;
  touched: boolean;
  readonly former: FormerRow[];
}

/**
 * The changed rows of one batch, held in memory until they are written together. A hot row is written once a batch;
 * each version it had in between goes to its history.
 */
export class UnitOfWork implements Rows {
  private readonly tables = new Map<Table, Map<string, Entry>>();
  private position = 0;
  private readonly missing = new Map<Table, Map<string, Key>>();

  /** `read` answers with the row that is stored, undefined for none, or `MISSING` for one that has still to be fetched. */
  constructor(private readonly read: (table: Table, key: Key, id: string) => StoredRow | undefined | typeof MISSING) {}

  /** Rows that were asked for and have still to be fetched: what was made without them counts for nothing. */
  get misses(): ReadonlyMap<Table, ReadonlyMap<string, Key>> {
    return this.missing;
  }

  /** Applies the event at a position. When rows are missing, what it throws may be for want of them; the next event tells which more are. */
  during(position: number, apply: () => void): void {
    this.at(position);
    try {
      apply();
    } catch (error) {
      if (this.missing.size === 0) throw error;
    }
  }

  /** The event at this position is being applied: what is put from here on holds since then. */
  at(position: number): void {
    this.position = position;
  }

  get<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, ...key: Key): R | undefined {
    return this.entry(table, key).row as R | undefined;
  }

  put<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, row: R): void {
    const key = table.key.map((column) => row[column]) as unknown as Key;
    this.change(table, key, row);
  }

  remove<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, ...key: Key): void {
    this.change(table, key, undefined);
  }

  *changes(): Iterable<readonly [Table, Iterable<Change>]> {
    for (const [table, entries] of this.tables) yield [table, changed(entries.values())];
  }

  private change(table: Table, key: Key, row: Row | undefined): void {
    if (!keepsHistory(table)) {
      const id = identity(key);
      this.entriesOf(table).set(id, {
        key,
        id,
        row,
        since: this.position,
        isNew: table.writtenOnceAt !== undefined,
        touched: true,
        former: [],
      });
      return;
    }
    const entry = this.entry(table, key);
    if (isSame(table, entry.row, row)) return;
    // Versions within one event never stood: nobody could look at the ledger in between.
    if (entry.row !== undefined && entry.since < this.position)
      entry.former.push({ row: entry.row, since: entry.since, until: this.position });
    entry.row = row;
    entry.since = this.position;
    entry.touched = true;
  }

  private entry(table: Table, key: Key): Entry {
    const entries = this.entriesOf(table);
    const id = identity(key);
    let entry = entries.get(id);
    if (entry === undefined) {
      const read = this.read(table, key, id);
      if (read === MISSING) this.miss(table, id, key);
      const stored = read === MISSING ? undefined : read;
      entry = { key, id, row: stored?.row, since: stored?.since ?? 0, isNew: stored === undefined, touched: false, former: [] };
      entries.set(id, entry);
    }
    return entry;
  }

  private miss(table: Table, id: string, key: Key): void {
    let keys = this.missing.get(table);
    if (keys === undefined) this.missing.set(table, (keys = new Map<string, Key>()));
    keys.set(id, key);
  }

  private entriesOf(table: Table): Map<string, Entry> {
    let rows = this.tables.get(table);
    if (rows === undefined) this.tables.set(table, (rows = new Map<string, Entry>()));
    return rows;
  }
}

function* changed(entries: Iterable<Entry>): Iterable<Change> {
  for (const entry of entries) if (entry.touched) yield entry;
}

function isSame({ columns }: Table, one: Row | undefined, other: Row | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  for (const column in columns) if (one[column] !== other[column]) return false;
  return true;
}

/** One text a key: each part says where it ends, since parts run together would let two keys be one. */
export function identity(key: Key): string {
  if (key.length === 1) return String(key[0]);
  let text = '';
  for (const part of key) text += typeof part === 'number' ? `${part};` : `${part.length}:${part}`;
  return text;
}
