import { MISSING, type StoredRow } from '../unit-of-work.js';
import { KeyFilter } from './key-filter.js';

/**
 * Rows as they stand in the database, the latest used of all tables together. They stay right as long as nobody else writes
 * these, which every commit makes sure of. Of a table that this process has filled from the beginning it stays known which
 * keys were never written, also when the rows themselves had to be let go: most events bring new ones.
 */
export class RowCache {
  private readonly tables = new Map<string, CachedTable>();
  private used = 0;

  /** At least the `most` rows that were used last are kept, and never more than twice as many. */
  constructor(private readonly most: number) {}

  /** A table that has just been made. */
  begun(table: string): void {
    this.tables.set(table, new CachedTable(this.count, new KeyFilter()));
  }

  of(table: string): CachedTable {
    let rows = this.tables.get(table);
    if (rows === undefined) this.tables.set(table, (rows = new CachedTable(this.count)));
    return rows;
  }

  /** Somebody else may have written these tables. */
  forget(tables: readonly string[]): void {
    for (const table of tables) this.tables.delete(table);
  }

  private readonly count = (): void => {
    this.used += 1;
    if (this.used < this.most) return;
    this.used = 0;
    for (const rows of this.tables.values()) rows.age();
  };
}

const NOTHING = Symbol('nothing');

/** What is known of the rows of one table, by `identity` of their keys. */
export class CachedTable {
  /** Those used since the last look at how many there are, and those used before: what is in neither has been let go. */
  private recent = new Map<string, StoredRow | typeof NOTHING>();
  private former = new Map<string, StoredRow | typeof NOTHING>();

  /** `written`: every key that was ever written, where this process has written all of them. */
  constructor(
    private readonly count: () => void,
    private readonly written?: KeyFilter,
  ) {}

  /** The row, undefined for none, or `MISSING` where only the database can tell. */
  get(id: string): StoredRow | undefined | typeof MISSING {
    let known = this.recent.get(id);
    if (known === undefined) {
      known = this.former.get(id);
      if (known === undefined) return this.written?.mayHave(id) === false ? undefined : MISSING;
      this.keep(id, known);
    }
    return known === NOTHING ? undefined : known;
  }

  set(id: string, stored: StoredRow | undefined): void {
    if (stored !== undefined && this.get(id) === undefined) this.written?.add(id);
    this.keep(id, stored ?? NOTHING);
  }

  age(): void {
    this.former = this.recent;
    this.recent = new Map();
  }

  private keep(id: string, known: StoredRow | typeof NOTHING): void {
    const before = this.recent.size;
    this.recent.set(id, known);
    if (this.recent.size > before) this.count();
  }
}
