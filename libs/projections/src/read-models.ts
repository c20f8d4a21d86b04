import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import type { Projection, Rows } from './projection.js';
import { type ColumnValue, createStatements, quoted, type Row, type Table } from './table.js';

const LOCK_WAIT_MS = 10_000;

/** Where a subscriber of the ledger stands. */
export interface Checkpoint {
  readonly name: string;
  readonly version: number;
  readonly position: number;
}

interface TableStatements {
  readonly select: Database.Statement<(string | number)[], Row>;
  readonly upsert: Database.Statement<ColumnValue[]>;
  readonly remove: Database.Statement<(string | number)[]>;
  readonly columns: readonly string[];
}

/**
 * The read models of an embedded ledger: one SQLite file, derived from the events and rebuildable from them.
 * Commits need not be durable one by one (`synchronous=NORMAL`): a checkpoint is committed with the rows it covers,
 * so after a power cut the projector simply goes on from an earlier place.
 */
export class ReadModels {
  /** Typed queries; features name the tables they read. */
  readonly queries: Kysely<never>;
  private readonly database: Database.Database;
  private readonly statements = new Map<string, TableStatements>();

  constructor(file: string) {
    this.database = new Database(file, { timeout: LOCK_WAIT_MS });
    this.database.pragma('journal_mode = WAL');
    this.database.pragma('synchronous = NORMAL');
    this.database.exec(
      `CREATE TABLE IF NOT EXISTS checkpoint (name TEXT PRIMARY KEY, version INTEGER NOT NULL, position INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
    );
    this.queries = new Kysely<never>({ dialect: new SqliteDialect({ database: this.database }) });
  }

  /** A query builder that knows the given tables: `from<{ award: AwardRow }>()`. */
  from<Tables>(): Kysely<Tables> {
    return this.queries as unknown as Kysely<Tables>;
  }

  /** Creates a projection's tables, or empties them when its version has changed. Returns where to go on from. */
  prepare(projection: Projection): Checkpoint {
    return this.transaction(() => {
      const stored = this.checkpoint(projection.name);
      const changed = stored !== undefined && stored.version !== projection.version;
      for (const table of projection.tables as readonly Table[]) {
        if (changed) this.database.exec(`DROP TABLE IF EXISTS "${table.name}"`);
        for (const statement of createStatements(table as Table<never>)) this.database.exec(statement);
      }
      const checkpoint = changed || stored === undefined ? { name: projection.name, version: projection.version, position: 0 } : stored;
      this.saveCheckpoint(checkpoint);
      return checkpoint;
    });
  }

  checkpoint(name: string): Checkpoint | undefined {
    return this.cached('SELECT name, version, position FROM checkpoint WHERE name = ?').get(name) as Checkpoint | undefined;
  }

  saveCheckpoint({ name, version, position }: Checkpoint): void {
    this.cached(
      'INSERT INTO checkpoint (name, version, position) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET version = excluded.version, position = excluded.position',
    ).run(name, version, position);
  }

  begin(): UnitOfWork {
    return new UnitOfWork((table, key) => this.of(table).select.get(...key));
  }

  /**
   * Writes a batch's rows and its checkpoint in one transaction, provided the checkpoint still stands where the batch
   * began; false when another process has moved it, and nothing is written.
   */
  commit(work: UnitOfWork, from: Checkpoint, to: number): boolean {
    return this.transaction(() => {
      const present = this.checkpoint(from.name);
      if (present === undefined || present.position !== from.position || present.version !== from.version) return false;
      for (const [table, rows] of work.changes()) {
        const { upsert, remove, columns } = this.of(table);
        for (const { key, row } of rows) {
          if (row === undefined) remove.run(...key);
          else upsert.run(...columns.map((column) => row[column] as ColumnValue));
        }
      }
      this.saveCheckpoint({ ...from, position: to });
      return true;
    });
  }

  /** Does several commits as one: all of them are written, or none. */
  together<Result>(commits: () => Result): Result {
    return this.transaction(commits);
  }

  private of(table: Table): TableStatements {
    let statements = this.statements.get(table.name);
    if (statements === undefined) {
      const columns = Object.keys(table.columns);
      const where = table.key.map((column) => `"${column}" = ?`).join(' AND ');
      const rest = columns.filter((column) => !table.key.includes(column));
      const update = rest.length === 0 ? 'NOTHING' : `UPDATE SET ${rest.map((column) => `"${column}" = excluded."${column}"`).join(', ')}`;
      statements = {
        columns,
        select: this.database.prepare(`SELECT * FROM "${table.name}" WHERE ${where}`),
        upsert: this.database.prepare(
          `INSERT INTO "${table.name}" (${quoted(columns)}) VALUES (${columns.map(() => '?').join(', ')}) ON CONFLICT (${quoted(table.key)}) DO ${update}`,
        ),
        remove: this.database.prepare(`DELETE FROM "${table.name}" WHERE ${where}`),
      };
      this.statements.set(table.name, statements);
    }
    return statements;
  }

  private readonly prepared = new Map<string, Database.Statement>();

  private cached(sql: string): Database.Statement {
    const statement = this.prepared.get(sql) ?? this.database.prepare(sql);
    this.prepared.set(sql, statement);
    return statement;
  }

  private transaction<Result>(work: () => Result): Result {
    return this.database.transaction(work).immediate();
  }

  close(): void {
    this.database.close();
  }
}

type Key = readonly (string | number)[];
interface Change {
  readonly key: Key;
  readonly row: Row | undefined;
}

/** The changed rows of one batch, held in memory until they are written together. A hot row is written once a batch. */
export class UnitOfWork implements Rows {
  private readonly tables = new Map<Table, Map<string, Change>>();

  constructor(private readonly read: (table: Table, key: Key) => Row | undefined) {}

  get<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, ...key: Key): R | undefined {
    const rows = this.rowsOf(table);
    const id = identity(key);
    const known = rows.get(id);
    if (known !== undefined) return known.row as R | undefined;
    return this.read(table, key) as R | undefined;
  }

  put<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, row: R): void {
    const key = table.key.map((column) => row[column]) as unknown as Key;
    this.rowsOf(table).set(identity(key), { key, row });
  }

  remove<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, ...key: Key): void {
    this.rowsOf(table).set(identity(key), { key, row: undefined });
  }

  *changes(): Iterable<readonly [Table, Iterable<Change>]> {
    for (const [table, rows] of this.tables) yield [table, rows.values()];
  }

  private rowsOf(table: Table): Map<string, Change> {
    let rows = this.tables.get(table);
    if (rows === undefined) this.tables.set(table, (rows = new Map<string, Change>()));
    return rows;
  }
}

/** One text a key: parts run together would let two keys be one. */
function identity(key: Key): string {
  return key.length === 1 ? String(key[0]) : JSON.stringify(key);
}
