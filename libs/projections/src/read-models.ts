import Database from 'better-sqlite3';
import { Kysely, type RawNode, sql, type SqliteDatabase, SqliteDialect } from 'kysely';
import { LRUCache } from 'lru-cache';
import { currentVantage } from '@app/event-store';
import { Problem } from '@app/kernel';
import { forkNode, nodesAt } from './forks.js';
import { HistoryPlugin } from './history.plugin.js';
import type { Projection } from './projection.js';
import {
  type ColumnValue,
  createStatements,
  formerTable,
  keepsHistory,
  NODE,
  presentTable,
  quoted,
  type Row,
  shapeOf,
  SINCE,
  type Table,
  UNTIL,
} from './table.js';
import { UnitOfWork } from './unit-of-work.js';

const LOCK_WAIT_MS = 10_000;
const MOST_STATEMENTS = 500;

/** Where a subscriber of the ledger stands. A projection has one for each generation of its tables; process managers have one. */
export interface Checkpoint {
  readonly name: string;
  readonly generation: number;
  readonly version: number;
  readonly position: number;
}

/** One generation of a projection's tables. */
export type Generation = Pick<Checkpoint, 'name' | 'generation'>;

/** What tables are for: to be seen by queries, to take their place once they are built, or to be compared with them. */
export type Purpose = 'live' | 'building' | 'checking';

/** What is there of a projection: the tables queries see, and those being built to take their place. */
export interface Generations {
  readonly live: Checkpoint | undefined;
  readonly building: Checkpoint | undefined;
}

interface TableStatements {
  readonly select: Database.Statement<(string | number)[], Row>;
  readonly upsert: Database.Statement<ColumnValue[]>;
  readonly remove: Database.Statement<(string | number)[]>;
  readonly former: Database.Statement<ColumnValue[]> | undefined;
  readonly columns: readonly string[];
}

interface KnownTable {
  readonly table: Table;
  readonly projection: string;
  readonly shape: string;
}

/**
 * The read models of an embedded ledger: one SQLite file, derived from the events and rebuildable from them.
 * Commits need not be durable one by one (`synchronous=NORMAL`): a checkpoint is committed with the rows it covers,
 * so after a power cut the projector simply goes on from an earlier place.
 *
 * Every row is kept with the positions between which it held, so that any query can be answered as of any position.
 * The tables of a projection have generations: a new one is built beside the live one, and a view lets queries see the
 * live one under the declared name.
 */
export class ReadModels {
  /** Typed queries; features name the tables they read. */
  readonly queries: Kysely<never>;
  private readonly database: Database.Database;
  private readonly statements = new Map<string, TableStatements>();
  private readonly known = new Map<string, KnownTable>();
  private readonly knownNames = new Set<string>();

  constructor(private readonly file: string) {
    this.database = new Database(file, { timeout: LOCK_WAIT_MS });
    this.database.pragma('journal_mode = WAL');
    this.database.pragma('synchronous = NORMAL');
    this.transaction(() => this.createCheckpoints());
    const plugin = new HistoryPlugin(this.knownNames, (table) => this.substitute(table));
    this.queries = new Kysely<never>({ dialect: new SqliteDialect({ database: preparing(this.database) }), plugins: [plugin] });
  }

  /** A query builder that knows the given tables: `from<{ award: AwardRow }>()`. From a vantage it reads them as they stood there. */
  from<Tables>(): Kysely<Tables> {
    return this.queries as unknown as Kysely<Tables>;
  }

  private createCheckpoints(): void {
    const columns = this.database.pragma('table_info(checkpoint)') as readonly { readonly name: string }[];
    // Read models of the first format: they are derived, and are built anew.
    if (columns.length > 0 && !columns.some(({ name }) => name === 'generation')) this.dropEverything();
    this.database.exec(
      `CREATE TABLE IF NOT EXISTS checkpoint (
         name TEXT NOT NULL, generation INTEGER NOT NULL, version INTEGER NOT NULL, position INTEGER NOT NULL,
         purpose TEXT NOT NULL, shape TEXT NOT NULL, PRIMARY KEY (name, generation)) STRICT, WITHOUT ROWID`,
    );
  }

  private dropEverything(): void {
    const tables = this.database
      .prepare<[], { name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
      .all();
    for (const { name } of tables) this.database.exec(`DROP TABLE "${name}"`);
  }

  /** Makes a projection's tables known to queries, and leaves what is there of them as it is. */
  declare(projection: Projection): void {
    for (const table of projection.tables as unknown as readonly Table[]) {
      const other = this.known.get(table.name);
      if (other !== undefined && other.projection !== projection.name)
        throw new Error(`${projection.name} and ${other.projection} both have a table ${table.name}`);
      this.known.set(table.name, { table, projection: projection.name, shape: shapeOf(table) });
      this.knownNames.add(table.name);
    }
  }

  /**
   * Makes a projection known and tells what is there of it. Where its live tables are of another version or shape, new ones
   * are begun beside them; until those take over, queries see the old ones where their shape is the same.
   */
  prepare(projection: Projection): Generations {
    this.declare(projection);
    const tables = projection.tables as unknown as readonly Table[];
    return this.transaction(() => {
      const { name, version } = projection;
      const { live, building } = this.generations(name);
      // A comparison that was interrupted is not worth going on with.
      for (const generation of this.generationsFor(name, 'checking')) this.drop({ name, generation });
      const usable = (checkpoint: Checkpoint | undefined) =>
        checkpoint !== undefined && checkpoint.version === version && this.shapeIs(checkpoint, tables);
      if (building !== undefined && !usable(building)) this.drop(building);
      const next = usable(building) ? building : undefined;
      return usable(live) ? { live, building: next } : { live: undefined, building: next ?? this.begun(projection) };
    });
  }

  /** Prepares a projection whose tables queries see at once, however far they are: for tools that feed them by hand. */
  openLive(projection: Projection): Checkpoint {
    const { live, building } = this.prepare(projection);
    if (live !== undefined) return live;
    const begun = building ?? this.begun(projection);
    this.promote(projection, begun);
    return begun;
  }

  /** Begins tables beside the live ones. */
  beginGeneration(projection: Projection, purpose: Exclude<Purpose, 'live'>): Checkpoint {
    return this.transaction(() => this.begun(projection, purpose));
  }

  private begun(projection: Projection, purpose: Purpose = 'building'): Checkpoint {
    const { name, version } = projection;
    const tables = projection.tables as unknown as readonly Table[];
    const last = this.cached('SELECT max(generation) AS last FROM checkpoint WHERE name = ?').get(name) as { readonly last: number | null };
    const checkpoint = { name, generation: (last.last ?? 0) + 1, version, position: 0 };
    for (const table of tables) for (const statement of createStatements(table, checkpoint.generation)) this.database.exec(statement);
    this.cached('INSERT INTO checkpoint (name, generation, version, position, purpose, shape) VALUES (?, ?, ?, 0, ?, ?)').run(
      name,
      checkpoint.generation,
      version,
      purpose,
      shapesOf(tables),
    );
    return checkpoint;
  }

  /** Lets queries see a generation from now on. What they saw before stays until it is dropped. */
  promote(projection: Projection, { name, generation }: Checkpoint): void {
    this.transaction(() => {
      this.cached(`UPDATE checkpoint SET purpose = 'former' WHERE name = ? AND purpose = 'live'`).run(name);
      this.cached(`UPDATE checkpoint SET purpose = 'live' WHERE name = ? AND generation = ?`).run(name, generation);
      for (const table of projection.tables as unknown as readonly Table[]) {
        const columns = quoted(Object.keys(table.columns));
        this.database.exec(`DROP VIEW IF EXISTS "${table.name}"`);
        this.database.exec(`CREATE VIEW "${table.name}" AS SELECT ${columns} FROM "${presentTable(table, generation)}"`);
      }
    });
  }

  /** Removes the tables of generations that nobody sees or builds any more, one table a turn. */
  async dropFormerGenerations(projection: Projection): Promise<void> {
    const { name } = projection;
    for (const generation of this.generationsFor(name, 'former')) {
      for (const table of this.tablesOf({ name, generation })) {
        await new Promise(setImmediate);
        if (!this.database.open) return;
        this.dropTable(table);
      }
      this.forget({ name, generation });
    }
  }

  /** Gives up tables that were being built. */
  abandon(generation: Generation): void {
    this.transaction(() => this.drop(generation));
  }

  private drop(generation: Generation): void {
    for (const table of this.tablesOf(generation)) this.dropTable(table);
    this.forget(generation);
  }

  private generationsFor(name: string, purpose: Purpose | 'former'): readonly number[] {
    const rows = this.cached('SELECT generation FROM checkpoint WHERE name = ? AND purpose = ?').all(name, purpose);
    return (rows as readonly Generation[]).map(({ generation }) => generation);
  }

  /** Every table of a generation, also of one whose projection declares other tables by now. */
  private tablesOf({ name, generation }: Generation): readonly string[] {
    const declared = tablesOfShape(this.shapeOfGeneration(name, generation)).map((table) => ({ name: table }));
    return declared.flatMap((table) => [presentTable(table, generation), formerTable(table, generation)]);
  }

  private dropTable(name: string): void {
    this.statements.delete(name);
    this.database.exec(`DROP TABLE IF EXISTS "${name}"`);
  }

  private forget({ name, generation }: Generation): void {
    this.cached('DELETE FROM checkpoint WHERE name = ? AND generation = ?').run(name, generation);
  }

  generations(name: string): Generations {
    const of = (purpose: Purpose) =>
      this.cached('SELECT name, generation, version, position FROM checkpoint WHERE name = ? AND purpose = ?').get(name, purpose) as
        Checkpoint | undefined;
    return { live: of('live'), building: of('building') };
  }

  private shapeOfGeneration(name: string, generation: number): string {
    const row = this.cached('SELECT shape FROM checkpoint WHERE name = ? AND generation = ?').get(name, generation) as
      { readonly shape: string } | undefined;
    return row?.shape ?? '[]';
  }

  private shapeIs({ name, generation }: Checkpoint, tables: readonly Table[]): boolean {
    return this.shapeOfGeneration(name, generation) === shapesOf(tables);
  }

  /** Where a process manager stands, or the live tables of a projection. */
  checkpoint(name: string): Checkpoint | undefined {
    return this.generations(name).live;
  }

  /** Where every process manager stands, and the live tables of every projection, by name. */
  liveCheckpoints(): ReadonlyMap<string, Checkpoint> {
    const rows = this.cached(`SELECT name, generation, version, position FROM checkpoint WHERE purpose = 'live'`).all();
    return new Map((rows as readonly Checkpoint[]).map((checkpoint) => [checkpoint.name, checkpoint]));
  }

  /** Where one generation stands; undefined when it is gone, or on its way out. */
  present({ name, generation }: Checkpoint): Checkpoint | undefined {
    return this.cached(
      `SELECT name, generation, version, position FROM checkpoint WHERE name = ? AND generation = ? AND purpose <> 'former'`,
    ).get(name, generation) as Checkpoint | undefined;
  }

  /** Notes where a process manager stands. */
  saveCheckpoint({ name, version, position }: Omit<Checkpoint, 'generation'>): void {
    this.cached(
      `INSERT INTO checkpoint (name, generation, version, position, purpose, shape) VALUES (?, 0, ?, ?, 'live', '[]')
       ON CONFLICT (name, generation) DO UPDATE SET version = excluded.version, position = excluded.position`,
    ).run(name, version, position);
  }

  begin(checkpoint: Checkpoint): UnitOfWork {
    return new UnitOfWork((table, key) => {
      const stored = this.of(table, checkpoint.generation).select.get(...key);
      if (stored === undefined) return undefined;
      const { [SINCE]: since, ...row } = stored;
      return { row, since: (since as number | undefined) ?? 0 };
    });
  }

  /**
   * Writes a batch's rows and its checkpoint in one transaction, provided the checkpoint still stands where the batch
   * began; false when another process has moved it, and nothing is written.
   */
  commit(work: UnitOfWork, from: Checkpoint, to: number): boolean {
    return this.transaction(() => {
      const present = this.present(from);
      if (present === undefined || present.position !== from.position || present.version !== from.version) return false;
      for (const [table, rows] of work.changes()) {
        const { upsert, remove, former, columns } = this.of(table, from.generation);
        for (const change of rows) {
          for (const { row, since, until } of change.former)
            former?.run(...columns.map((column) => row[column] as ColumnValue), since, until, forkNode(since, until));
          const { row } = change;
          if (row === undefined) remove.run(...change.key);
          else {
            const values = columns.map((column) => row[column] as ColumnValue);
            if (former !== undefined) values.push(change.since);
            upsert.run(...values);
          }
        }
      }
      this.advance({ ...from, position: to });
      return true;
    });
  }

  private advance({ name, generation, position }: Checkpoint): void {
    this.cached('UPDATE checkpoint SET position = ? WHERE name = ? AND generation = ?').run(position, name, generation);
  }

  /** Does several commits as one: all of them are written, or none. */
  together<Result>(commits: () => Result): Result {
    return this.transaction(commits);
  }

  /** A connection of its own that sees the file as it stands now, whatever is written meanwhile. To be closed. */
  snapshot(): Database.Database {
    const database = new Database(this.file, { readonly: true, timeout: LOCK_WAIT_MS });
    database.exec('BEGIN');
    // A read transaction begins with its first read.
    database.prepare('SELECT count(*) FROM checkpoint').get();
    return database;
  }

  /** What stands in place of a table for whoever asks; undefined for the table's own view. */
  private substitute(name: string): RawNode | undefined {
    const { table, projection, shape } = this.known.get(name) as KnownTable;
    if (table.isPrivate === true) throw new Error(`${name} is for its own projection alone`);
    const row = this.cached(`SELECT generation, position, shape FROM checkpoint WHERE name = ? AND purpose = 'live'`).get(projection) as
      { readonly generation: number; readonly position: number; readonly shape: string } | undefined;
    if (row === undefined || !this.isOneOf(shape, row.shape))
      throw new Problem('unavailable', 'read-model-rebuilding', `the read model ${projection} is being built; retry later`);
    const vantage = currentVantage();
    if (vantage === undefined) return undefined;
    // Being built anew, or stopped, it would answer from an earlier point than it is asked about.
    if (row.position < vantage.position)
      throw new Problem(
        'unavailable',
        'read-model-behind',
        `the read model ${projection} has not reached position ${vantage.position}; retry later`,
      );
    return asOf(table, row.generation, vantage.position, row.position);
  }

  private readonly shapes = new Map<string, ReadonlySet<string>>();

  private isOneOf(shape: string, stored: string): boolean {
    const shapes = this.shapes.get(stored) ?? new Set(JSON.parse(stored) as readonly string[]);
    this.shapes.set(stored, shapes);
    return shapes.has(shape);
  }

  private of(table: Table, generation: number): TableStatements {
    const present = presentTable(table, generation);
    let statements = this.statements.get(present);
    if (statements === undefined) {
      const columns = Object.keys(table.columns);
      const where = table.key.map((column) => `"${column}" = ?`).join(' AND ');
      const history = keepsHistory(table);
      const written = [...columns, ...(history ? [SINCE] : [])];
      const rest = written.filter((column) => !table.key.includes(column));
      const update = rest.length === 0 ? 'NOTHING' : `UPDATE SET ${rest.map((column) => `"${column}" = excluded."${column}"`).join(', ')}`;
      const insert = (name: string, into: readonly string[]) =>
        `INSERT INTO "${name}" (${quoted(into)}) VALUES (${into.map(() => '?').join(', ')})`;
      statements = {
        columns,
        select: this.database.prepare(`SELECT * FROM "${present}" WHERE ${where}`),
        upsert: this.database.prepare(`${insert(present, written)} ON CONFLICT (${quoted(table.key)}) DO ${update}`),
        remove: this.database.prepare(`DELETE FROM "${present}" WHERE ${where}`),
        former: history ? this.database.prepare(insert(formerTable(table, generation), [...columns, SINCE, UNTIL, NODE])) : undefined,
      };
      this.statements.set(present, statements);
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

/** The rows of a table as they stood at a position. `built`: how far the table has been built. */
function asOf(table: Table, generation: number, position: number, built: number): RawNode {
  const select = (from: string) => sql.raw(`SELECT ${quoted(Object.keys(table.columns))} FROM "${from}" WHERE`);
  const present = select(presentTable(table, generation));
  if (table.writtenOnceAt !== undefined) return sql`${present} ${sql.ref(table.writtenOnceAt)} <= ${position}`.toOperationNode();
  const [since, until, node] = [sql.ref(SINCE), sql.ref(UNTIL), sql.ref(NODE)];
  // Until the query runs, more may be built; what ends meanwhile is filed under numbers a little beyond.
  const nodes = sql.join(nodesAt(position, 2 * built + 1_000_000));
  return sql`${present} ${since} <= ${position} UNION ALL ${select(formerTable(table, generation))} ${node} IN (${nodes}) AND ${since} <= ${position} AND ${until} > ${position}`.toOperationNode();
}

/** Queries are prepared once: it takes about as long to read their text as to answer them. */
function preparing(database: Database.Database): SqliteDatabase {
  const statements = new LRUCache<string, Database.Statement>({ max: MOST_STATEMENTS });
  return {
    prepare(text) {
      const known = statements.get(text);
      // One that streams its rows is not at hand until it ends.
      if (known !== undefined && !known.busy) return known;
      const statement = database.prepare(text);
      statements.set(text, statement);
      return statement;
    },
    close: () => database.close(),
  };
}

function shapesOf(tables: readonly Table[]): string {
  return JSON.stringify(tables.map(shapeOf));
}

function tablesOfShape(shape: string): readonly string[] {
  return (JSON.parse(shape) as readonly string[]).map((one) => (JSON.parse(one) as readonly [string])[0]);
}
