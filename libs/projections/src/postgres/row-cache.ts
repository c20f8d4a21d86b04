import { LRUCache } from 'lru-cache';
import { MISSING, type StoredRow } from '../unit-of-work.js';

/**
 * Rows as they stand where this process has brought their tables. They stay right as long as nobody else writes these, which
 * every commit makes sure of. Of a table that this process has filled from the beginning, what is not here is not there.
 */
export class RowCache {
  private readonly rows: LRUCache<string, { readonly stored: StoredRow | undefined }>;
  private readonly whole = new Set<string>();

  constructor(most: number) {
    this.rows = new LRUCache({
      max: most,
      dispose: (_row, id, reason) => {
        if (reason === 'evict') this.whole.delete(tableOf(id));
      },
    });
  }

  /** A table that has just been made. */
  begun(table: string): void {
    this.whole.add(table);
  }

  get(table: string, key: string): StoredRow | undefined | typeof MISSING {
    const known = this.rows.get(idOf(table, key));
    if (known !== undefined) return known.stored;
    return this.whole.has(table) ? undefined : MISSING;
  }

  set(table: string, key: string, stored: StoredRow | undefined): void {
    // Of a whole table, what is not there need not be kept.
    if (stored === undefined && this.whole.has(table)) this.rows.delete(idOf(table, key));
    else this.rows.set(idOf(table, key), { stored });
  }

  /** Somebody else may have written these tables. */
  forget(tables: readonly string[]): void {
    const gone = new Set(tables);
    for (const table of gone) this.whole.delete(table);
    for (const id of [...this.rows.keys()]) if (gone.has(tableOf(id))) this.rows.delete(id);
  }
}

function idOf(table: string, key: string): string {
  return `${table}/${key}`;
}

function tableOf(id: string): string {
  return id.slice(0, id.indexOf('/'));
}
