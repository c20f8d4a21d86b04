import { Kysely, PostgresDialect, type PostgresPool, sql } from 'kysely';
import type pg from 'pg';
import { forkNode } from '../forks.js';
import type { Projection } from '../projection.js';
import {
  type Batch,
  type Candidacy,
  type Candidate,
  type Checkpoint,
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
} from '../read-models.js';
import {
  formerTable,
  keepsHistory,
  type Key,
  postgresIndexStatements,
  postgresTableStatements,
  presentTable,
  quoted,
  type Row,
  SINCE,
  type Table,
} from '../table.js';
import { elsewhere } from '../subscriber.js';
import { identity, type StoredRow, UnitOfWork } from '../unit-of-work.js';
import { ask, BUILDERS, hasFallenSilent, isRowFault, problemOf, queryPool, SCHEMA, told, writerPool } from './connections.js';
import { arrayOf, arraysOf, type Column, copyLines, copyTo, type Written } from './copy.js';
import { Leases } from './leases.js';
import { migrate } from './migrations.js';
import { type CachedTable, RowCache } from './row-cache.js';
import { aloneInReporting, ensureReporting, replaceView, type ReportingView } from './reporting.js';
import type { PostgresSettings } from './settings.js';
import { keyArrays, statementsOf, type TableStatements } from './statements.js';

/** So many rows and more go to a table by COPY. */
const COPY_FROM = 50;
const MOST_CACHED_ROWS = 60_000;
/** How long it may take to learn what another process has changed. */
const REFRESH_MS = 500;
const ROWS_A_FETCH = 1_000;
/** PostgreSQL looks at 300 rows of a table for each unit of it: with its own 100 it takes longer over them than over the indexes. */
const STATISTICS_TARGET = 20;

/** So long one computes at a stretch, as far as projections allow. */
const BREATH_MS = 5;

/** What a batch has made, and what sends it to the server, in this order. */
interface Applied {
  readonly work: UnitOfWork;
  readonly writes: readonly Write[];
  /**
   * Where its rows are to be kept at hand: what was at hand when it was applied. Once this process has lost the tables and has
   * them back, others are, and what comes late of this batch reaches nobody.
   */
  readonly atHand: ReadonlyMap<Table, CachedTable>;
}

type Write = (client: pg.ClientBase) => Promise<unknown>;

interface StoredCheckpoint extends LiveCheckpoint {
  readonly shape: string;
}

type CheckpointOfAny = StoredCheckpoint & { readonly purpose: Purpose | 'former' };

/**
 * The read models in PostgreSQL, for any number of processes: the same tables as in SQLite, in the schema `ledger`.
 *
 * `apply` reads rows at once, and these are across a network: a batch is applied with what is at hand, the rows it missed are
 * fetched together, and where there are any of them it is applied again, until nothing is missing. Rows stay at hand from one
 * batch to the next as long as nobody else moves the checkpoint, which every commit makes sure of.
 */
export class PostgresReadModels extends ReadModels {
  readonly queries: Kysely<never>;
  readonly eventsAtOnce = 4_096;
  readonly buildersAtOnce = BUILDERS;
  readonly isShared = true;
  readonly nowMs = sql<number>`floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint`;
  private readonly pool: pg.Pool;
  private readonly writers: pg.Pool;
  /** The connections of `writers`. */
  private readonly writing = new Set<pg.PoolClient>();
  private readonly leases: Leases;
  private readonly cache = new RowCache(MOST_CACHED_ROWS);
  private readonly statements = new Map<string, TableStatements>();
  private liveRows: ReadonlyMap<string, StoredCheckpoint> = new Map();
  private refreshing: Promise<void> | undefined;
  private readonly timer: NodeJS.Timeout;

  private constructor(
    settings: PostgresSettings,
    private readonly reporting: readonly ReportingView[],
  ) {
    super();
    this.pool = queryPool(settings);
    this.leases = new Leases(this.pool, () => {
      // What hangs there would wait for as long as the network is silent, and keep this process from coming back.
      for (const client of this.writing) client.end().catch(() => undefined);
    });
    this.writers = writerPool(settings, this.leases.holder);
    this.writers.on('connect', (client) => this.writing.add(client)).on('remove', (client) => this.writing.delete(client));
    this.queries = new Kysely<never>({ dialect: new PostgresDialect({ pool: translating(this.pool) }), plugins: [this.history] });
    this.timer = setInterval(() => void this.refresh().catch(() => undefined), REFRESH_MS).unref();
  }

  /**
   * Connects, and brings the schema up to date; `reporting` are views for reporting tools, kept over the tables queries see.
   * @throws Problem `read-models-unavailable` when the server cannot be reached.
   */
  static async open(settings: PostgresSettings, reporting: readonly ReportingView[] = []): Promise<PostgresReadModels> {
    const models = new PostgresReadModels(settings, reporting);
    try {
      await models.transaction((client) => client.query(`${EXCLUSIVELY('schema')}; CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`));
      await migrate(models.queries);
      await models.transaction((client) => ensureReporting(client, reporting));
      await models.refresh();
      return models;
    } catch (error) {
      await models.close();
      throw problemOf(error);
    }
  }

  protected prepared(projection: Projection): Promise<Generations> {
    const { name, version } = projection;
    return this.changing(name, async (client) => {
      const rows = await checkpointsOf(client, name);
      const of = (purpose: Purpose) => rows.find((row) => row.purpose === purpose);
      // Another process may have brought them here.
      for (const row of rows) this.cache.forget(tablesOfShape(row.shape, row.generation));
      // A comparison that was interrupted is not worth going on with.
      for (const row of rows) if (row.purpose === 'checking') await this.drop(client, row);
      const usable = (row: StoredCheckpoint | undefined) => row?.version === version && row.shape === shapesOf(projection);
      const [live, building] = [of('live'), of('building')];
      if (building !== undefined && !usable(building)) await this.drop(client, building);
      const next = building !== undefined && usable(building) ? checkpointOf(building) : undefined;
      if (live !== undefined && usable(live)) return { live: checkpointOf(live), building: next };
      return { live: undefined, building: next ?? (await this.begun(client, projection, 'building')) };
    });
  }

  begin(projections: readonly Projection[], purpose: Exclude<Purpose, 'live'>): Promise<readonly Checkpoint[]> {
    return this.transaction(async (client) => {
      const begun: Checkpoint[] = [];
      for (const projection of [...projections]) {
        await this.alone(client, projection.name);
        const rows = await checkpointsOf(client, projection.name);
        if (purpose === 'building') for (const row of rows) if (row.purpose === purpose) await this.drop(client, row);
        begun.push(await this.begun(client, projection, purpose));
      }
      return begun;
    });
  }

  private async begun(client: pg.ClientBase, projection: Projection, purpose: Purpose): Promise<Checkpoint> {
    const { name, version } = projection;
    const tables = projection.tables as unknown as readonly Table[];
    const { rows } = await client.query<{ generation: number }>(
      `INSERT INTO checkpoint (name, generation, version, position, purpose, shape)
       SELECT $1, coalesce(max(generation), 0) + 1, $2, 0, $3, $4 FROM checkpoint WHERE name = $1 RETURNING generation`,
      [name, version, purpose, shapesOf(projection)],
    );
    const generation = rows[0]?.generation as number;
    await client.query(tables.flatMap((table) => postgresTableStatements(table, generation)).join('; '));
    // By its statements a table is found again when it has to be forgotten.
    for (const table of tables) if (table.writtenOnceAt === undefined) this.cache.begun(this.of(table, generation).present);
    return { name, generation, version, position: 0 };
  }

  /** A table at a time: what is ready stays ready, and whoever takes over waits for no more than one. */
  async complete(projection: Projection, { name, generation }: Generation): Promise<void> {
    for (const table of projection.tables as unknown as readonly Table[]) {
      await this.changing(name, async (client) => {
        for (const statement of postgresIndexStatements(table, generation)) await client.query(statement);
        // Queries are planned by what is known of the rows. A smaller sample is told as much, until autovacuum takes a closer look.
        await client.query(`SET LOCAL default_statistics_target = ${STATISTICS_TARGET}`);
        for (const each of tablesOf(table, generation)) await client.query(`ANALYZE "${each}"`);
      });
    }
  }

  async promote(projection: Projection, checkpoint: Checkpoint): Promise<boolean> {
    const { name, generation, position } = checkpoint;
    const isPromoted = await this.changing(name, async (client) => {
      const standing = 'SELECT 1 FROM checkpoint WHERE name = $1 AND generation = $2 AND position = $3 FOR UPDATE';
      if ((await client.query(standing, [name, generation, position])).rowCount === 0) return false;
      await client.query(`UPDATE checkpoint SET purpose = 'former' WHERE name = $1 AND purpose = 'live'`, [name]);
      await client.query(`UPDATE checkpoint SET purpose = 'live' WHERE name = $1 AND generation = $2`, [name, generation]);
      const tables = projection.tables as unknown as readonly Table[];
      // They are there, unless a server has lost what was built last.
      for (const table of tables) for (const statement of postgresIndexStatements(table, generation)) await client.query(statement);
      await aloneInReporting(client);
      for (const table of tables) {
        const columns = quoted(Object.keys(table.columns));
        await replaceView(client, `"${table.name}"`, `SELECT ${columns} FROM "${presentTable(table, generation)}"`);
      }
      // Those over tables with other columns have gone with them.
      await ensureReporting(client, this.reporting);
      return true;
    });
    // Where something was lost, the rows at hand are ahead of the tables.
    if (!isPromoted) this.forget(checkpoint);
    await this.refresh();
    return isPromoted;
  }

  /** By whoever comes to it, under a lease or not: nobody sees what is `former` or makes it anything else, and its number is not given again. */
  async dropFormerGenerations({ name }: Projection): Promise<void> {
    for (const row of (await ask<CheckpointOfAny>(this.pool, CHECKPOINTS, [name])).rows) {
      if (row.purpose !== 'former') continue;
      const tables = tablesOfShape(row.shape, row.generation);
      for (const table of tables) await this.writers.query(`DROP TABLE IF EXISTS "${table}"`);
      this.cache.forget(tables);
      await ask(this.pool, `DELETE FROM checkpoint WHERE name = $1 AND generation = $2 AND purpose = 'former'`, [name, row.generation]);
    }
  }

  abandon({ name, generation }: Generation): Promise<void> {
    return this.changing(name, async (client) => {
      const row = (await checkpointsOf(client, name)).find((one) => one.generation === generation);
      if (row !== undefined) await this.drop(client, row);
    });
  }

  private async drop(client: pg.ClientBase, { name, generation, shape }: StoredCheckpoint): Promise<void> {
    const tables = tablesOfShape(shape, generation);
    this.cache.forget(tables);
    await client.query(`DROP TABLE IF EXISTS ${quoted(tables)}`);
    await client.query('DELETE FROM checkpoint WHERE name = $1 AND generation = $2', [name, generation]);
  }

  async generations(name: string): Promise<Generations> {
    const { rows } = await ask<CheckpointOfAny>(this.pool, CHECKPOINTS, [name]);
    const of = (purpose: Purpose) => rows.filter((row) => row.purpose === purpose).map(checkpointOf)[0];
    return { live: of('live'), building: of('building') };
  }

  async present({ name, generation }: Generation): Promise<Checkpoint | undefined> {
    const { rows } = await ask<CheckpointOfAny>(this.pool, CHECKPOINTS, [name]);
    const live = rows.find(({ purpose }) => purpose === 'live');
    // Whatever was known: it may have been set back.
    if (live !== undefined) this.liveRows = new Map(this.liveRows).set(name, live);
    return rows.filter((row) => row.generation === generation && row.purpose !== 'former').map(checkpointOf)[0];
  }

  async furthest(): Promise<Checkpoint | undefined> {
    const furthest = 'SELECT name, generation, version, position FROM checkpoint ORDER BY position DESC LIMIT 1';
    return (await ask<Checkpoint>(this.pool, furthest)).rows[0];
  }

  protected async notedLedger(first: string | undefined): Promise<string | undefined> {
    if (first !== undefined) await ask(this.pool, 'INSERT INTO ledger (one, first_event) VALUES (1, $1) ON CONFLICT DO NOTHING', [first]);
    const { rows } = await ask<{ first_event: string }>(this.pool, 'SELECT first_event FROM ledger', []);
    return rows[0]?.first_event;
  }

  async saveCheckpoint({ name, version, position }: Omit<Checkpoint, 'generation'>): Promise<void> {
    const token = this.leases.tokenFor(name);
    // Where processes compete, the lease must still be ours when this is written.
    const held = token === undefined ? 'SELECT true' : 'SELECT true FROM lease WHERE name = $1 AND token = $4 FOR KEY SHARE';
    const { rowCount } = await ask(
      this.pool,
      `WITH held AS (${held})
       INSERT INTO checkpoint (name, generation, version, position, purpose, shape) SELECT $1, 0, $2, $3, 'live', '[]' FROM held
       ON CONFLICT (name, generation) DO UPDATE SET version = excluded.version, position = excluded.position, failure = NULL`,
      [name, version, position, ...(token === undefined ? [] : [token])],
    );
    if (rowCount === 0) throw elsewhere(name);
  }

  async commit(batches: readonly Batch[]): Promise<readonly Outcome[]> {
    const outcomes = new Array<Outcome | undefined>(batches.length);
    try {
      const works = await this.applied(batches, (index, error) => (outcomes[index] = { kind: 'failed', error }));
      await this.transaction(async (client) => {
        const standing = await this.locked(client, batches);
        const written = [...works].filter(([index]) => (outcomes[index] = standing(batches[index] as Batch)).kind === 'committed');
        if (written.length === 0) return;
        for (const [, { writes }] of written) for (const write of writes) await write(client);
        const committed = written.map(([index]) => batches[index] as Batch);
        await client.query(ADVANCE, [...generationArrays(committed), arrayOf(committed.map(({ to }) => to))]);
      });
      for (const [index, one] of works) this.remember(batches[index] as Batch, one, outcomes[index] as Outcome);
    } catch (error) {
      // Whether it was written or not, only the tables can tell.
      for (const { from } of batches) this.forget(from);
      if (!isRowFault(error)) throw problemOf(error);
      if (batches.length === 1) return [{ kind: 'failed', error }];
      // One of them is at fault; together they are written all or not at all.
      const each: Outcome[] = [];
      for (const batch of batches) each.push(...(await this.commit([batch])));
      return each;
    }
    return outcomes as readonly Outcome[];
  }

  /** Applies batches until nothing they read is missing, and makes ready what is to be written of them. */
  private async applied(batches: readonly Batch[], fail: (index: number, error: unknown) => void): Promise<ReadonlyMap<number, Applied>> {
    const applied = new Map<number, Applied>();
    // What was fetched for these batches is at hand until they are written, however little is kept.
    const fetched = new Map<string, Map<string, StoredRow | undefined>>();
    const settle = (index: number, work: UnitOfWork, error?: unknown) => {
      const { generation } = (batches[index] as Batch).from;
      const atHand = new Map([...work.changes()].map(([table]) => [table, this.cache.of(this.of(table, generation).present)]));
      const thrown = error ?? thrownBy(() => applied.set(index, { work, writes: this.writesOf(generation, work), atHand }));
      if (thrown !== undefined) fail(index, thrown);
    };
    const breath = new Breath();
    let left = [...batches.entries()];
    while (left.length > 0) {
      const incomplete: { readonly index: number; readonly batch: Batch; readonly work: UnitOfWork; readonly error: unknown }[] = [];
      for (const [index, batch] of left) {
        const work = new UnitOfWork((table) => {
          const { present } = this.of(table, batch.from.generation);
          const [rows, known] = [fetched.get(present), this.cache.of(present)];
          return (id) => (rows?.has(id) === true ? rows.get(id) : known.get(id));
        });
        const error = thrownBy(() => batch.apply(work));
        if (work.hasMissed) incomplete.push({ index, batch, work, error });
        else settle(index, work, error);
        await breath.taken();
      }
      left = [];
      if (incomplete.length === 0) break;
      const found = await this.fetch(incomplete, fetched);
      for (const { index, batch, work, error } of incomplete) {
        // Most of what is not at hand is new: then it was applied to what is there, which is nothing.
        if (error !== undefined || work.hasThrown || found.has(batch)) left.push([index, batch]);
        else settle(index, work);
        await breath.taken();
      }
    }
    return applied;
  }

  /** Fetches what was missed; answers for which of the batches there was something. */
  private async fetch(
    incomplete: readonly { readonly batch: Batch; readonly work: UnitOfWork }[],
    fetched: Map<string, Map<string, StoredRow | undefined>>,
  ): Promise<ReadonlySet<Batch>> {
    const withRows = new Set<Batch>();
    const client = await this.writers.connect();
    try {
      for (const { batch, work } of incomplete) {
        for (const [of, keys] of work.misses()) {
          const { table, present, select, id } = this.of(of, batch.from.generation);
          const rows = fetched.get(present) ?? new Map<string, StoredRow | undefined>();
          fetched.set(present, rows);
          for (const key of keys.keys()) rows.set(key, undefined);
          const known = this.cache.of(present);
          const found = await client.query<Row>({ name: `${id}s`, text: select, values: [...keyArrays(table, [...keys.values()])] });
          for (const { [SINCE]: since, ...row } of found.rows) {
            const key = table.key.map((column) => row[column]) as unknown as Key;
            rows.set(identity(key), { row, since: (since as number | undefined) ?? 0 });
          }
          if (found.rows.length > 0) withRows.add(batch);
          for (const key of keys.keys()) known.set(key, rows.get(key));
        }
      }
    } finally {
      client.release();
    }
    return withRows;
  }

  /** Which of these subscribers another process runs by now. The others stay with this one until the transaction ends. */
  private async deposedOf(client: pg.ClientBase, names: readonly string[]): Promise<ReadonlySet<string>> {
    const tokens = new Map(names.map((name) => [name, this.leases.tokenFor(name)]));
    const competing = names.filter((name) => tokens.get(name) !== undefined);
    const deposed = new Set(competing);
    if (competing.length === 0) return deposed;
    const shown = [arrayOf(competing), arrayOf(competing.map((name) => tokens.get(name)))];
    for (const { name } of (await client.query<{ name: string }>(HELD, shown)).rows) deposed.delete(name);
    return deposed;
  }

  /** Keeps others from changing what there is of a projection until the transaction ends. @throws Problem `projector-elsewhere`. */
  private async alone(client: pg.ClientBase, name: string): Promise<void> {
    await client.query(EXCLUSIVELY(name));
    if ((await this.deposedOf(client, [name])).has(name)) throw elsewhere(name);
  }

  /** Locks the checkpoints of batches, and what allows this process to move them; answers where each of them stands. */
  private async locked(client: pg.ClientBase, batches: readonly Batch[]): Promise<(batch: Batch) => Outcome> {
    const deposed = await this.deposedOf(client, [...new Set(batches.map(({ from }) => from.name))]);
    const { rows } = await client.query<Checkpoint>(LOCK, [...generationArrays(batches)]);
    return ({ from, to }) => {
      if (deposed.has(from.name)) return { kind: 'deposed' };
      const present = rows.find(({ name, generation }) => name === from.name && generation === from.generation);
      const stands = present !== undefined && present.position === from.position && present.version === from.version;
      return stands ? { kind: 'committed', checkpoint: { ...from, position: to } } : { kind: 'moved' };
    };
  }

  /**
   * What sends the rows of one batch: what is many by COPY, the rest as arrays.
   * @throws TypeError for a value that its column cannot hold: found before anything is sent, it stops its own projection alone.
   */
  private writesOf(generation: number, work: UnitOfWork): readonly Write[] {
    const writes: Write[] = [];
    const run = (name: string, text: string, values: readonly string[]) =>
      writes.push((client) => client.query({ name, text, values: [...values] }));
    /** Many by COPY, few by a statement. */
    const send = (written: Written, into: string, columns: readonly Column[], name: string, text: string) => {
      if (written.rows.length === 0) return;
      if (written.rows.length < COPY_FROM) return run(name, text, arraysOf(columns, written));
      const lines = copyLines(columns, written);
      return writes.push((client) => copyTo(client, into, columns, lines));
    };
    for (const [table, rows] of work.additions()) {
      const { id, present, presentColumns, upsert } = this.of(table, generation);
      send({ rows, numbers: [] }, present, presentColumns, `${id}u`, upsert);
    }
    for (const [table, changes] of work.changes()) {
      const { id, present, former, presentColumns, formerColumns, upsert, insertFormer, remove } = this.of(table, generation);
      const [added, changed, ended] = [nothingYet(), nothingYet(), nothingYet()];
      const removed: Key[] = [];
      const history = keepsHistory(table);
      const known = this.cache.of(present);
      for (const { key, id: identity, row, since, former: past, ...change } of changes) {
        // What was put without a look at what was there may be new all the same.
        const isNew = change.isNew || known.get(identity) === undefined;
        for (const one of past) {
          ended.rows.push(one.row);
          ended.numbers.push(one.since, one.until, forkNode(one.since, one.until));
        }
        if (row !== undefined) {
          const into = isNew ? added : changed;
          into.rows.push(row);
          if (history) into.numbers.push(since);
        } else if (!isNew) removed.push(key as Key);
      }
      if (removed.length > 0) run(`${id}r`, remove, keyArrays(table, removed));
      send(added, present, presentColumns, `${id}u`, upsert);
      if (changed.rows.length > 0) run(`${id}u`, upsert, arraysOf(presentColumns, changed));
      send(ended, former, formerColumns, `${id}f`, insertFormer);
    }
    return writes;
  }

  private remember({ from, to }: Batch, { work, atHand }: Applied, { kind }: Outcome): void {
    if (kind !== 'committed') return this.forget(from);
    for (const [table, changes] of work.changes()) {
      const known = atHand.get(table) as CachedTable;
      for (const { id, row, since } of changes) known.set(id, row && { row, since });
    }
    const live = this.liveRows.get(from.name);
    if (live?.generation === from.generation)
      this.liveRows = new Map(this.liveRows).set(from.name, { ...live, position: to, failure: null });
  }

  private forget({ name, generation }: Generation): void {
    const tables = [...this.statements.values()].filter((one) => one.projection === name && one.generation === generation);
    this.cache.forget(tables.map(({ present }) => present));
  }

  async noteStop({ name, generation, position }: Checkpoint, failure: string): Promise<void> {
    const noted = 'UPDATE checkpoint SET failure = $4 WHERE name = $1 AND generation = $2 AND position = $3';
    const { rowCount } = await ask(this.pool, noted, [name, generation, position, failure]);
    const live = this.liveRows.get(name);
    if (rowCount === 1 && live?.generation === generation) this.liveRows = new Map(this.liveRows).set(name, { ...live, failure });
  }

  async snapshot(): Promise<Snapshot> {
    const client = await told(this.writers.connect());
    try {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      // What it sees is settled with its first query.
      await client.query('SELECT count(*) FROM checkpoint');
    } catch (error) {
      // Lent out for good it would be missing: there are few.
      client.release(true);
      throw problemOf(error);
    }
    let cursors = 0;
    return {
      async *rows(sql) {
        const cursor = `rows_${(cursors += 1)}`;
        await client.query(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${sql}`);
        for (;;) {
          const { rows } = await client.query<Row>(`FETCH ${ROWS_A_FETCH} FROM ${cursor}`);
          yield* rows;
          if (rows.length < ROWS_A_FETCH) return undefined;
        }
      },
      close: async () => {
        // A connection that has broken is not given back.
        const error = await client.query('ROLLBACK').then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        client.release(error !== undefined);
      },
    };
  }

  stand(names: readonly string[], candidate: Candidate): Promise<Candidacy> {
    return this.leases.stand(names, candidate);
  }

  /** Reads again what other processes may have changed: queries go by it. */
  private refresh(): Promise<void> {
    const live = `SELECT name, generation, version, position, shape, failure FROM checkpoint WHERE purpose = 'live'`;
    const before = this.liveRows;
    this.refreshing ??= ask<StoredCheckpoint>(this.pool, live)
      .then(({ rows }) => {
        // What was committed or noted here while this was read must not seem to be undone. What has been set back elsewhere is.
        const newest = (row: StoredCheckpoint) => {
          const known = this.liveRows.get(row.name);
          const isOurs = known !== before.get(row.name) && known?.generation === row.generation;
          return isOurs && known.position >= row.position ? known : row;
        };
        this.liveRows = new Map(rows.map((row) => [row.name, newest(row)]));
      })
      .finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  async liveCheckpoints(): Promise<ReadonlyMap<string, LiveCheckpoint>> {
    await this.refresh();
    return this.liveRows;
  }

  async holders(): Promise<ReadonlyMap<string, string>> {
    const held = `SELECT name, holder FROM lease WHERE holder <> '' AND expires_at > clock_timestamp()`;
    const { rows } = await ask<{ name: string; holder: string }>(this.pool, held);
    return new Map(rows.map(({ name, holder }) => [name, holder]));
  }

  protected live(projection: string): LiveTables | undefined {
    return this.liveRows.get(projection);
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.refreshing?.catch(() => undefined);
    await Promise.all([this.pool.end(), this.writers.end()]);
  }

  private of(table: Table, generation: number): TableStatements {
    const present = presentTable(table, generation);
    let statements = this.statements.get(present);
    if (statements === undefined) {
      statements = statementsOf(table, generation, this.projectionOf(table.name), this.statements.size);
      this.statements.set(present, statements);
    }
    return statements;
  }

  /** Changes what there is of one projection, while no other process does. @throws Problem `projector-elsewhere`. */
  private changing<Result>(name: string, work: (client: pg.ClientBase) => Promise<Result>): Promise<Result> {
    return this.leases.keeping(name, () =>
      this.transaction(async (client) => {
        await this.alone(client, name);
        return work(client);
      }),
    );
  }

  private async transaction<Result>(work: (client: pg.ClientBase) => Promise<Result>): Promise<Result> {
    const client = await told(this.writers.connect());
    let broken = false;
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => (broken = true));
      throw problemOf(error);
    } finally {
      client.release(broken);
    }
  }
}

const EXCLUSIVELY = (name: string) => `SELECT pg_advisory_xact_lock(hashtextextended('policy-ledger ${name.replaceAll("'", "''")}', 0))`;
const CHECKPOINTS =
  'SELECT name, generation, version, position, purpose, shape, failure FROM checkpoint WHERE name = $1 ORDER BY generation';
const GIVEN = 'unnest($1::text[], $2::integer[]) AS given (name, generation)';
const LOCK = `
  SELECT stored.name, stored.generation, stored.version, stored.position FROM ${GIVEN}
  JOIN checkpoint AS stored ON stored.name = given.name AND stored.generation = given.generation
  WHERE stored.purpose <> 'former' ORDER BY stored.name, stored.generation FOR UPDATE OF stored`;
/** Kept by whoever takes the lease over until this transaction ends. */
const HELD = `
  SELECT lease.name FROM unnest($1::text[], $2::bigint[]) AS given (name, token)
  JOIN lease ON lease.name = given.name AND lease.token = given.token ORDER BY lease.name FOR KEY SHARE OF lease`;
const ADVANCE = `
  UPDATE checkpoint AS stored SET position = given.position, failure = NULL FROM unnest($1::text[], $2::integer[], $3::bigint[]) AS given (name, generation, position)
  WHERE stored.name = given.name AND stored.generation = given.generation`;

function generationArrays(batches: readonly Batch[]): readonly [string, string] {
  return [arrayOf(batches.map(({ from }) => from.name)), arrayOf(batches.map(({ from }) => from.generation))];
}

function tablesOf(table: Table, generation: number): readonly string[] {
  const present = presentTable(table, generation);
  return keepsHistory(table) ? [present, formerTable(table, generation)] : [present];
}

async function checkpointsOf(client: pg.ClientBase, name: string): Promise<readonly CheckpointOfAny[]> {
  return (await client.query<CheckpointOfAny>(CHECKPOINTS, [name])).rows;
}

function checkpointOf({ name, generation, version, position }: Checkpoint): Checkpoint {
  return { name, generation, version, position };
}

function nothingYet() {
  return { rows: [] as Row[], numbers: [] as number[] } satisfies Written;
}

function thrownBy(work: () => void): unknown {
  try {
    work();
    return undefined;
  } catch (thrown) {
    return thrown ?? new Error('nothing was thrown');
  }
}

/** Lets others have their turn in the midst of long computing: what the server has answered, queries, leases. */
class Breath {
  private since = performance.now();

  async taken(): Promise<void> {
    if (performance.now() - this.since < BREATH_MS) return;
    await new Promise(setImmediate);
    this.since = performance.now();
  }
}

/** The pool as Kysely sees it: faults of the server reach whoever asked as problems. */
function translating(pool: pg.Pool): PostgresPool {
  return {
    async connect() {
      const client = await told(pool.connect());
      let isSilent = false;
      const fail = (error: unknown) => {
        isSilent ||= hasFallenSilent(error);
        throw problemOf(error);
      };
      return {
        query: (text: string, values: readonly unknown[]) => client.query(text, [...values]).catch(fail),
        release: () => client.release(isSilent),
      } as never;
    },
    end: () => pool.end(),
  };
}
