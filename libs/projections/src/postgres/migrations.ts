import { type Kysely, type Migration, Migrator, sql } from 'kysely';
import { SCHEMA } from './connections.js';

/** The fixed tables. Tables of read models are made by the projector, a generation at a time. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-checkpoints': {
    async up(database: Kysely<never>) {
      await sql`
        CREATE TABLE checkpoint (
          name text COLLATE "C" NOT NULL,
          generation integer NOT NULL,
          version integer NOT NULL,
          position bigint NOT NULL,
          purpose text NOT NULL,
          shape text NOT NULL,
          -- Why its worker has stopped; null while it runs.
          failure text,
          PRIMARY KEY (name, generation)
        ) WITH (fillfactor = 20, autovacuum_vacuum_threshold = 1000)`.execute(database);
      await sql`
        CREATE TABLE lease (
          name text COLLATE "C" PRIMARY KEY,
          holder text NOT NULL,
          -- Rises with every change of the holder: who shows an older one has been deposed.
          token bigint NOT NULL,
          expires_at timestamptz NOT NULL
        ) WITH (fillfactor = 20)`.execute(database);
      // Queries are written once, for SQLite and for PostgreSQL: what only the former has by this name.
      await sql`
        CREATE FUNCTION json_each(text) RETURNS TABLE (value text) LANGUAGE sql IMMUTABLE PARALLEL SAFE
          AS 'SELECT jsonb_array_elements_text($1::jsonb)'`.execute(database);
    },
  },
  '0002-ledger': {
    async up(database: Kysely<never>) {
      // Of which ledger these read models are.
      await sql`CREATE TABLE ledger (one integer PRIMARY KEY CHECK (one = 1), first_event text NOT NULL)`.execute(database);
    },
  },
  '0003-workers': {
    async up(database: Kysely<never>) {
      // The processes that share the leases.
      await sql`
        CREATE TABLE candidate (holder text PRIMARY KEY, expires_at timestamptz NOT NULL) WITH (fillfactor = 20)`.execute(database);
      // What is asked of one process and done by another.
      await sql`
        CREATE TABLE errand (
          id text NOT NULL,
          name text COLLATE "C" NOT NULL,
          work text NOT NULL,
          asked_at bigint NOT NULL,
          state text NOT NULL,
          problem text,
          PRIMARY KEY (id, name)
        ) WITH (fillfactor = 20)`.execute(database);
      await sql`
        CREATE TABLE verification (
          name text COLLATE "C" PRIMARY KEY, run text NOT NULL, state text NOT NULL, told_at bigint NOT NULL, result text NOT NULL
        )`.execute(database);
    },
  },
  '0004-import-reports': {
    async up(database: Kysely<never>) {
      // What came of imports: not derived, and not missed where it is lost.
      await sql`
        CREATE TABLE import_report (
          id text COLLATE "C" PRIMARY KEY,
          run text NOT NULL,
          uploaded_by text COLLATE "C" NOT NULL,
          content text NOT NULL,
          state text NOT NULL,
          begun_at bigint NOT NULL,
          told_at bigint NOT NULL,
          summary text NOT NULL,
          errors text NOT NULL
        )`.execute(database);
    },
  },
};

/**
 * What there is, with what a newer version of the program has added, which is left as it is: it only ever adds, and former
 * versions may come back. Asked for beforehand: while it migrates the migrator has a connection, and there may be one alone.
 */
async function known(database: Kysely<never>): Promise<Readonly<Record<string, Migration>>> {
  const table = `${SCHEMA}.kysely_migration`;
  const { rows } = await sql<{ there: boolean }>`SELECT to_regclass(${table}) IS NOT NULL AS there`.execute(database);
  if (rows[0]?.there !== true) return MIGRATIONS;
  const { rows: applied } = await sql<{ name: string }>`SELECT name FROM ${sql.table(table)}`.execute(database);
  return { ...Object.fromEntries(applied.map(({ name }) => [name, { up: async () => undefined }])), ...MIGRATIONS };
}

/** Brings the schema up to date; any number of processes may do so at once. @throws what the database says. */
export async function migrate(database: Kysely<never>): Promise<void> {
  const migrations = await known(database);
  const migrator = new Migrator({
    db: database as never,
    provider: { getMigrations: async () => migrations },
    migrationTableSchema: SCHEMA,
    // Their order would be told by the clocks of the machines that ran them.
    allowUnorderedMigrations: true,
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error instanceof Error ? error : new Error('the schema could not be brought up to date', { cause: error });
}
