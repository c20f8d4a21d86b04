import Database from 'better-sqlite3';
import { Kysely, sql, type SqliteDatabase, SqliteDialect } from 'kysely';
import { LRUCache } from 'lru-cache';
import { forkNode } from './forks.js';
import type { Projection } from './projection.js';
import {
  type Batch,
  type Candidacy,
  type Candidate,
  type Checkpoint,
  FEW,
  type Generation,
  type Generations,
  type LiveCheckpoint,
  type LiveTables,
  type Outcome,
  type Purpose,
  ReadModels,
  shapesOf,
  type Snapshot,
  tablesOfShape,
} from './read-models.js';
import {
  type ColumnValue,
  createStatements,
  formerTable,
  isWalked,
  keepsHistory,
  type Key,
  NODE,
  presentTable,
  quoted,
  type Row,
  SINCE,
  type Table,
  UNTIL,
} from './table.js';
import { UnitOfWork } from './unit-of-work.js';

const LOCK_WAIT_MS = 10_000;
const MOST_STATEMENTS = 500;

interface TableStatements {
  readonly select: Database.Statement<(string | number)[], Row>;
  readonly upsert: Database.Statement<ColumnValue[]>;
  readonly remove: Database.Statement<(string | number)[]>;
  readonly former: Database.Statement<ColumnValue[]> | undefined;
  readonly columns: readonly string[];
}

/**
 * The read models of an embedded ledger: one SQLite file. Commits need not be durable one by one (`synchronous=NORMAL`):
 * a checkpoint is committed with the rows it covers, so after a power cut the projector simply goes on from an earlier place.
 */
export class SqliteReadModels extends ReadModels {
  readonly queries: Kysely<never>;
  readonly eventsAtOnce = 1;
  readonly buildersAtOnce = 1;
  readonly isShared = false;
  readonly nowMs = sql<number>`CAST(unixepoch('subsec') * 1000 AS INTEGER)`;
  private readonly database: Database.Database;
  private readonly statements = new Map<string, TableStatements>();
  private readonly cachedStatements = new Map<string, Database.Statement>();
  /** By table, as of when it was first asked. */
  private readonly few = new Map<string, number>();

  constructor(private readonly file: string) {
    super();
    this.database = new Database(file, { timeout: LOCK_WAIT_MS });
    this.database.pragma('journal_mode = WAL');
    this.database.pragma('synchronous = NORMAL');
    this.transaction(() => this.createCheckpoints());
    this.queries = new Kysely<never>({ dialect: new SqliteDialect({ database: preparing(this.database) }), plugins: [this.history] });
  }

  private createCheckpoints(): void {
    const columns = this.database.pragma('table_info(checkpoint)') as readonly { readonly name: string }[];
    // Read models of the first format: they are derived, and are built anew.
    if (columns.length > 0 && !columns.some(({ name }) => name === 'generation')) this.dropEverything();
    else if (columns.length > 0 && !columns.some(({ name }) => name === 'failure'))
      this.database.exec('ALTER TABLE checkpoint ADD COLUMN failure TEXT');
    this.database.exec(
      `CREATE TABLE IF NOT EXISTS checkpoint (
         name TEXT NOT NULL, generation INTEGER NOT NULL, version INTEGER NOT NULL, position INTEGER NOT NULL,
         purpose TEXT NOT NULL, shape TEXT NOT NULL, failure TEXT, PRIMARY KEY (name, generation)) STRICT, WITHOUT ROWID;
       CREATE TABLE IF NOT EXISTS ledger (one INTEGER PRIMARY KEY CHECK (one = 1), first_event TEXT NOT NULL) STRICT;
       CREATE TABLE IF NOT EXISTS errand (
         id TEXT NOT NULL, name TEXT NOT NULL, work TEXT NOT NULL, asked_at INTEGER NOT NULL, state TEXT NOT NULL, problem TEXT,
         PRIMARY KEY (id, name)) STRICT, WITHOUT ROWID;
       CREATE TABLE IF NOT EXISTS verification (
         name TEXT PRIMARY KEY, run TEXT NOT NULL, state TEXT NOT NULL, told_at INTEGER NOT NULL, result TEXT NOT NULL) STRICT`,
    );
    // What came of imports: not derived, and not missed where it is lost.
    this.database.exec(
      `CREATE TABLE IF NOT EXISTS import_report (
         id TEXT PRIMARY KEY, run TEXT NOT NULL, uploaded_by TEXT NOT NULL, content TEXT NOT NULL, state TEXT NOT NULL,
         begun_at INTEGER NOT NULL, told_at INTEGER NOT NULL, summary TEXT NOT NULL, errors TEXT NOT NULL) STRICT`,
    );
  }

  private dropEverything(): void {
    const tables = this.database
      .prepare<[], { name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
      .all();
    for (const { name } of tables) this.database.exec(`DROP TABLE "${name}"`);
  }

  protected async prepared(projection: Projection): Promise<Generations> {
    return this.transaction(() => {
      const { name, version } = projection;
      const { live, building } = this.generationsOf(name);
      // A comparison that was interrupted is not worth going on with.
      for (const generation of this.generationsFor(name, 'checking')) this.drop({ name, generation });
      const usable = (checkpoint: Checkpoint | undefined) =>
        checkpoint !== undefined && checkpoint.version === version && this.shapeOfGeneration(checkpoint) === shapesOf(projection);
      if (building !== undefined && !usable(building)) this.drop(building);
      const next = usable(building) ? building : undefined;
      return usable(live) ? { live, building: next } : { live: undefined, building: next ?? this.begun(projection, 'building') };
    });
  }

  async begin(projections: readonly Projection[], purpose: Exclude<Purpose, 'live'>): Promise<readonly Checkpoint[]> {
    return this.transaction(() =>
      projections.map((projection) => {
        const { name } = projection;
        if (purpose === 'building') for (const generation of this.generationsFor(name, purpose)) this.drop({ name, generation });
        return this.begun(projection, purpose);
      }),
    );
  }

  private begun(projection: Projection, purpose: Purpose): Checkpoint {
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
      shapesOf(projection),
    );
    return checkpoint;
  }

  async promote(projection: Projection, { name, generation, position }: Checkpoint): Promise<boolean> {
    return this.transaction(() => {
      const stands = this.cached('SELECT 1 FROM checkpoint WHERE name = ? AND generation = ? AND position = ?');
      if (stands.get(name, generation, position) === undefined) return false;
      this.cached(`UPDATE checkpoint SET purpose = 'former' WHERE name = ? AND purpose = 'live'`).run(name);
      this.cached(`UPDATE checkpoint SET purpose = 'live' WHERE name = ? AND generation = ?`).run(name, generation);
      for (const table of projection.tables as unknown as readonly Table[]) {
        const columns = quoted(Object.keys(table.columns));
        this.database.exec(`DROP VIEW IF EXISTS "${table.name}"`);
        this.database.exec(`CREATE VIEW "${table.name}" AS SELECT ${columns} FROM "${presentTable(table, generation)}"`);
      }
      return true;
    });
  }

  async dropFormerGenerations({ name }: Projection): Promise<void> {
    for (const generation of this.generationsFor(name, 'former')) {
      for (const table of this.tablesOf({ name, generation })) {
        await new Promise(setImmediate);
        if (!this.database.open) return;
        this.dropTable(table);
      }
      this.forget({ name, generation });
    }
  }

  async complete(): Promise<void> {
    // Indexes are filled with the rows.
  }

  async abandon(generation: Generation): Promise<void> {
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

  private tablesOf(generation: Generation): readonly string[] {
    return tablesOfShape(this.shapeOfGeneration(generation) ?? '[]', generation.generation);
  }

  private dropTable(name: string): void {
    this.statements.delete(name);
    this.database.exec(`DROP TABLE IF EXISTS "${name}"`);
  }

  private forget({ name, generation }: Generation): void {
    this.cached('DELETE FROM checkpoint WHERE name = ? AND generation = ?').run(name, generation);
  }

  async generations(name: string): Promise<Generations> {
    return this.generationsOf(name);
  }

  async liveCheckpoints(): Promise<ReadonlyMap<string, LiveCheckpoint>> {
    const rows = this.cached(`SELECT name, generation, version, position, failure FROM checkpoint WHERE purpose = 'live'`).all();
    return new Map((rows as readonly LiveCheckpoint[]).map((checkpoint) => [checkpoint.name, checkpoint]));
  }

  private generationsOf(name: string): Generations {
    const of = (purpose: Purpose) =>
      this.cached('SELECT name, generation, version, position FROM checkpoint WHERE name = ? AND purpose = ?').get(name, purpose) as
        Checkpoint | undefined;
    return { live: of('live'), building: of('building') };
  }

  private shapeOfGeneration({ name, generation }: Generation): string | undefined {
    const row = this.cached('SELECT shape FROM checkpoint WHERE name = ? AND generation = ?').get(name, generation);
    return (row as { readonly shape: string } | undefined)?.shape;
  }

  async present(generation: Generation): Promise<Checkpoint | undefined> {
    return this.presentOf(generation);
  }

  private presentOf({ name, generation }: Generation): Checkpoint | undefined {
    return this.cached(
      `SELECT name, generation, version, position FROM checkpoint WHERE name = ? AND generation = ? AND purpose <> 'former'`,
    ).get(name, generation) as Checkpoint | undefined;
  }

  async furthest(): Promise<Checkpoint | undefined> {
    return this.cached('SELECT name, generation, version, position FROM checkpoint ORDER BY position DESC LIMIT 1').get() as
      Checkpoint | undefined;
  }

  protected async notedLedger(first: string | undefined): Promise<string | undefined> {
    if (first !== undefined) this.cached('INSERT INTO ledger (one, first_event) VALUES (1, ?) ON CONFLICT DO NOTHING').run(first);
    return (this.cached('SELECT first_event FROM ledger').get() as { readonly first_event: string } | undefined)?.first_event;
  }

  async saveCheckpoint({ name, version, position }: Omit<Checkpoint, 'generation'>): Promise<void> {
    this.cached(
      `INSERT INTO checkpoint (name, generation, version, position, purpose, shape) VALUES (?, 0, ?, ?, 'live', '[]')
       ON CONFLICT (name, generation) DO UPDATE SET version = excluded.version, position = excluded.position, failure = NULL`,
    ).run(name, version, position);
  }

  async commit(batches: readonly Batch[]): Promise<readonly Outcome[]> {
    return this.transaction(() =>
      batches.map((batch): Outcome => {
        try {
          // Within the other transaction this is a savepoint: what fails leaves nothing of itself.
          return this.transaction(() => this.write(batch));
        } catch (error) {
          if (isStorageFault(error)) throw error;
          return { kind: 'failed', error };
        }
      }),
    );
  }

  private write({ from, to, apply }: Batch): Outcome {
    const present = this.presentOf(from);
    if (present === undefined || present.position !== from.position || present.version !== from.version) return { kind: 'moved' };
    const work = new UnitOfWork((table) => {
      const { select } = this.of(table, from.generation);
      return (_id, key) => {
        const stored = select.get(...key());
        if (stored === undefined) return undefined;
        const { [SINCE]: since, ...row } = stored;
        return { row, since: (since as number | undefined) ?? 0 };
      };
    });
    apply(work);
    for (const [table, rows] of work.additions()) {
      const { upsert, columns } = this.of(table, from.generation);
      for (const row of rows) upsert.run(...columns.map((column) => row[column] as ColumnValue));
    }
    for (const [table, rows] of work.changes()) {
      const { upsert, remove, former, columns } = this.of(table, from.generation);
      for (const change of rows) {
        for (const { row, since, until } of change.former)
          former?.run(...columns.map((column) => row[column] as ColumnValue), since, until, forkNode(since, until));
        const { row } = change;
        if (row === undefined) remove.run(...(change.key as Key));
        else {
          const values = columns.map((column) => row[column] as ColumnValue);
          if (former !== undefined) values.push(change.since);
          upsert.run(...values);
        }
      }
    }
    const checkpoint = { ...from, position: to };
    this.advance(checkpoint);
    return { kind: 'committed', checkpoint };
  }

  private advance({ name, generation, position }: Checkpoint): void {
    this.cached('UPDATE checkpoint SET position = ?, failure = NULL WHERE name = ? AND generation = ?').run(position, name, generation);
  }

  async noteStop({ name, generation, position }: Checkpoint, failure: string): Promise<void> {
    this.cached('UPDATE checkpoint SET failure = ? WHERE name = ? AND generation = ? AND position = ?').run(
      failure,
      name,
      generation,
      position,
    );
  }

  /** A connection of its own, that reads the file as it stood when it was opened. */
  async snapshot(): Promise<Snapshot> {
    const database = new Database(this.file, { readonly: true, timeout: LOCK_WAIT_MS });
    database.exec('BEGIN');
    // A read transaction begins with its first read.
    database.prepare('SELECT count(*) FROM checkpoint').get();
    return {
      async *rows(sql) {
        yield* database.prepare<[], Row>(sql).iterate();
        return undefined;
      },
      close: async () => void database.close(),
    };
  }

  /** A data folder has one process: it runs everything. */
  async stand(names: readonly string[], candidate: Candidate): Promise<Candidacy> {
    await candidate.gained(names);
    return { holds: () => true, end: async () => undefined };
  }

  async holders(): Promise<ReadonlyMap<string, string>> {
    return new Map();
  }

  protected live(projection: string): LiveTables | undefined {
    return this.cached(`SELECT generation, position, shape, failure FROM checkpoint WHERE name = ? AND purpose = 'live'`).get(
      projection,
    ) as LiveTables | undefined;
  }

  protected override fewBefore(table: Table, { generation, position }: LiveTables): number {
    if (!isWalked(table)) return 0;
    const present = presentTable(table, generation);
    let few = this.few.get(present);
    if (few === undefined) {
      // What is written from here on stands since later: it only takes rows away from before.
      const next = this.cached(`SELECT "${SINCE}" FROM "${present}" ORDER BY "${SINCE}" LIMIT 1 OFFSET ${FEW}`).pluck().get();
      this.few.set(present, (few = (next as number | undefined) ?? position));
    }
    return few;
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

  private cached(sql: string): Database.Statement {
    const statement = this.cachedStatements.get(sql) ?? this.database.prepare(sql);
    this.cachedStatements.set(sql, statement);
    return statement;
  }

  private transaction<Result>(work: () => Result): Result {
    return this.database.transaction(work).immediate();
  }

  async close(): Promise<void> {
    this.database.close();
  }
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

/** The file cannot be read or written just now. A value that does not fit its column is the projection's own fault. */
function isStorageFault(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' && code.startsWith('SQLITE_') && !/^SQLITE_(CONSTRAINT|MISMATCH|RANGE|ERROR)/.test(code);
}
