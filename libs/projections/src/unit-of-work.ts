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
  /** `identity` of the key. */
  readonly id: string;
  /** The key, where the row does not say it: what was removed. */
  readonly key: Key | undefined;
  /** What stands now, or undefined for nothing. */
  readonly row: Row | undefined;
  readonly since: number;
  /** Nothing is stored under its key so far, as far as one has looked. */
  readonly isNew: boolean;
  /** What has ended in this batch, oldest first. */
  readonly former: readonly FormerRow[];
}

interface Entry {
  readonly id: string;
  key: Key | undefined;
  row: Row | undefined;
  /** The position since which it stands so. */
  since: number;
  /** Nothing is stored under its key. */
  readonly isNew: boolean;
  touched: boolean;
  former: FormerRow[];
}

/** What a batch has seen and made of the rows of one table. */
interface TableWork {
  readonly read: ReadRow;
  readonly keepsHistory: boolean;
  readonly columns: readonly string[];
  readonly entries: Map<string, Entry>;
  readonly missing: Map<string, Key>;
  /** Rows of a table whose rows are written once. */
  readonly additions: Row[];
}

/** Answers with the row that is stored, undefined for none, or `MISSING` for one that has still to be fetched. */
export type ReadRow = (id: string, key: () => Key) => StoredRow | undefined | typeof MISSING;

/** Stands for an empty list in all rows that have no former ones; never added to. */
const NONE: FormerRow[] = [];

/**
 * The changed rows of one batch, held in memory until they are written together. A hot row is written once a batch;
 * each version it had in between goes to its history.
 */
export class UnitOfWork implements Rows {
  private readonly tables = new Map<Table, TableWork>();
  private position = 0;
  private missed = false;
  private thrown = false;

  /** `of` tells how rows of a table are read. */
  constructor(private readonly of: (table: Table) => ReadRow) {}

  /** Whether rows were asked for that have still to be fetched. Unless there are none of them, what was made counts for nothing. */
  get hasMissed(): boolean {
    return this.missed;
  }

  /** Whether an event could not be applied, which may be for want of rows that were missed. */
  get hasThrown(): boolean {
    return this.thrown;
  }

  /** The keys of what was missed, by `identity`. */
  *misses(): Iterable<readonly [Table, ReadonlyMap<string, Key>]> {
    for (const [table, { missing }] of this.tables) if (missing.size > 0) yield [table, missing];
  }

  /** Applies the event at a position. When rows are missing, what it throws may be for want of them; the next event tells which more are. */
  during(position: number, apply: () => void): void {
    this.at(position);
    try {
      apply();
    } catch (error) {
      if (!this.missed) throw error;
      this.thrown = true;
    }
  }

  /** The event at this position is being applied: what is put from here on holds since then. */
  at(position: number): void {
    this.position = position;
  }

  get<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, ...key: Key): R | undefined {
    return this.entry(this.changeable(table), identity(key), () => key).row as R | undefined;
  }

  put<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, row: R): void {
    if (table.writtenOnceAt === undefined) this.change(table, idOf(table, row), undefined, row);
    else this.workOn(table).additions.push(row);
  }

  remove<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, ...key: Key): void {
    this.change(table, identity(key), key, undefined);
  }

  /** What has become of rows that may change. */
  *changes(): Iterable<readonly [Table, Iterable<Change>]> {
    for (const [table, { entries }] of this.tables) if (entries.size > 0) yield [table, changed(entries.values())];
  }

  /** Rows of tables whose rows are written once. */
  *additions(): Iterable<readonly [Table, readonly Row[]]> {
    for (const [table, { additions }] of this.tables) if (additions.length > 0) yield [table, additions];
  }

  private change(table: Table, id: string, key: Key | undefined, row: Row | undefined): void {
    const work = this.changeable(table);
    if (!work.keepsHistory) {
      // What was there before need not be known.
      const isNew = work.entries.get(id)?.isNew ?? false;
      work.entries.set(id, { id, key, row, since: this.position, isNew, touched: true, former: NONE });
      return;
    }
    const entry = this.entry(work, id, () => key ?? keyOf(table, row as Row));
    entry.key = key;
    if (isSame(work.columns, entry.row, row)) return;
    // Versions within one event never stood: nobody could look at the ledger in between.
    if (entry.row !== undefined && entry.since < this.position) {
      const former = { row: entry.row, since: entry.since, until: this.position };
      if (entry.former === NONE) entry.former = [former];
      else entry.former.push(former);
    }
    entry.row = row;
    entry.since = this.position;
    entry.touched = true;
  }

  private entry({ entries, read, missing }: TableWork, id: string, key: () => Key): Entry {
    let entry = entries.get(id);
    if (entry === undefined) {
      const found = read(id, key);
      if (found === MISSING) {
        missing.set(id, key());
        this.missed = true;
      }
      const stored = found === MISSING ? undefined : found;
      entry = {
        id,
        key: undefined,
        row: stored?.row,
        since: stored?.since ?? 0,
        isNew: stored === undefined,
        touched: false,
        former: NONE,
      };
      entries.set(id, entry);
    }
    return entry;
  }

  private changeable(table: Table): TableWork {
    if (table.writtenOnceAt === undefined) return this.workOn(table);
    throw new TypeError(`rows of ${table.name} are written once: they are neither read again nor removed`);
  }

  private workOn(table: Table): TableWork {
    let work = this.tables.get(table);
    if (work === undefined) {
      work = {
        read: this.of(table),
        keepsHistory: keepsHistory(table),
        columns: Object.keys(table.columns),
        entries: new Map(),
        missing: new Map(),
        additions: [],
      };
      this.tables.set(table, work);
    }
    return work;
  }
}

function* changed(entries: Iterable<Entry>): Iterable<Change> {
  for (const entry of entries) if (entry.touched) yield entry;
}

function isSame(columns: readonly string[], one: Row | undefined, other: Row | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  for (const column of columns) if (one[column] !== other[column]) return false;
  return true;
}

function keyOf(table: Pick<Table, 'key'>, row: Row): Key {
  return table.key.map((column) => row[column]) as unknown as Key;
}

/** `identity` of a row's key. */
function idOf({ key }: Pick<Table, 'key'>, row: Row): string {
  if (key.length === 1) return String(row[key[0] as string]);
  let text = '';
  for (const column of key) text += part(row[column] as string | number);
  return text;
}

/** One text a key: each part says where it ends, since parts run together would let two keys be one. */
export function identity(key: Key): string {
  if (key.length === 1) return String(key[0]);
  let text = '';
  for (const one of key) text += part(one);
  return text;
}

function part(one: string | number): string {
  return typeof one === 'number' ? `${one};` : `${one.length}:${one}`;
}
