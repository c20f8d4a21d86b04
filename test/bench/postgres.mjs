/**
 * postgres.rebuild: a fresh ledger process's read models are built in PostgreSQL from a realistic history, against a bare
 * COPY of the very same rows into the same tables, indexes built after as there: the middle one of three such runs, which
 * differ by a third. Values in rows a second of the whole.
 * postgres.catch-up: the seconds it took, and events a second, against 120 seconds for a million.
 * The server runs beside on the same machine, with its settings as they come but for memory.
 */
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import pg from 'pg';
import copyStreams from 'pg-copy-streams';
import { createLedger } from '../../dist/apps/api/src/create-ledger.js';
import { EVENT_DEFINITIONS } from '../../dist/apps/api/src/ledger.module.js';
import { EventCodec, SqliteEventStore } from '../../dist/libs/event-store/src/index.js';
import { PostgresReadModels, Projector, Subscriptions } from '../../dist/libs/projections/src/index.js';
import { postgresIndexStatements } from '../../dist/libs/projections/src/table.js';
import { PostgresServer } from '../stand-in/postgres.mjs';
import { writeHistoryFile } from './history.mjs';
import { median, note, report, seconds, withFolder } from './measure.mjs';

const EVENTS = Number(process.env.LEDGER_BENCH_EVENTS ?? 1_000_000);
const ALLOWED_SECONDS_A_MILLION = 120;
const BARE_RUNS = 3;

async function projectionsOfALedger(folder) {
  const ledger = await createLedger({ dataFolder: join(folder, 'empty'), logger: false, publishBundledPolicies: false });
  const all = ledger.app.get(Subscriptions).projections();
  await ledger.close();
  return all;
}

async function built(store, projections, url, head) {
  const readModels = await PostgresReadModels.open({ url, pool: 5, timeoutMs: 600_000 });
  const projector = new Projector(store, readModels);
  for (const projection of projections) projector.add(projection);
  let peak = 0;
  const cpu = process.cpuUsage();
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 500);
  const time = await seconds(async () => {
    projector.start();
    while (!(await projector.reached(head, 5_000))) {
      const statuses = projector.status();
      const stopped = statuses.find(({ state }) => state === 'stopped');
      if (stopped) throw new Error(`${stopped.name} stopped: ${stopped.error}`);
      note(`  postgres: at ${Math.min(...statuses.map(({ position }) => position))}`);
    }
  });
  clearInterval(watch);
  const { user, system } = process.cpuUsage(cpu);
  await projector.stop();
  await readModels.close();
  return { time, peakMb: Math.round(peak / 2 ** 20), cpuSeconds: Number(((user + system) / 1e6).toFixed(1)) };
}

/** The rows as COPY says them, a table after the other. */
async function rowsIn(client) {
  const { rows: tables } = await client.query(
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'ledger'::regnamespace AND relname LIKE '%\\_\\_1%' ORDER BY relname`,
  );
  const all = [];
  for (const { name } of tables) {
    const chunks = [];
    const stream = client.query(copyStreams.to(`COPY ledger."${name}" TO STDOUT`));
    stream.on('data', (chunk) => chunks.push(chunk));
    await once(stream, 'end');
    const { rows } = await client.query(`SELECT count(*)::int AS count FROM ledger."${name}"`);
    all.push({ name, chunks, count: rows[0].count });
  }
  return all;
}

/** The same tables, empty and without the indexes that ours gets after its rows; filled by COPY, then given them. */
async function bare(url, tables, projections) {
  const readModels = await PostgresReadModels.open({ url, pool: 5, timeoutMs: 600_000 });
  await readModels.begin(projections, 'building');
  await readModels.close();
  const client = new pg.Client({ connectionString: url, options: '-c search_path=ledger -c synchronous_commit=off' });
  await client.connect();
  const copying = await seconds(async () => {
    for (const { name, chunks } of tables) {
      const stream = client.query(copyStreams.from(`COPY "${name}" FROM STDIN`));
      for (const chunk of chunks) if (!stream.write(chunk)) await once(stream, 'drain');
      stream.end();
      await finished(stream);
    }
  });
  const indexing = await seconds(async () => {
    for (const table of projections.flatMap((projection) => projection.tables))
      for (const statement of postgresIndexStatements(table, 1)) await client.query(statement);
  });
  await client.end();
  return { copying, indexing };
}

function rebuild() {
  return withFolder(async (folder) => {
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'ledger.db');
    const written = await seconds(() => writeHistoryFile(file, { events: EVENTS }));
    note(`  postgres: history of ${EVENTS} events in ${written.toFixed(0)} s`);
    const store = new SqliteEventStore(file, new EventCodec(EVENT_DEFINITIONS), { now: () => new Date() });
    const projections = await projectionsOfALedger(folder);
    const server = await PostgresServer.start({ fsync: 'on', shared_buffers: '512MB', max_wal_size: '4GB' });
    try {
      const ours = await server.database();
      const { time, peakMb, cpuSeconds } = await built(store, projections, ours, await store.head());
      const client = new pg.Client({ connectionString: ours });
      await client.connect();
      const tables = await rowsIn(client);
      await client.end();
      const rows = tables.reduce((sum, { count }) => sum + count, 0);
      note(`  postgres: ${rows} rows; ours ${time.toFixed(1)} s`);
      const limits = [];
      for (let run = 0; run < BARE_RUNS; run += 1) {
        const { copying, indexing } = await bare(await server.database(), tables, projections);
        note(`  postgres: bare COPY ${copying.toFixed(1)} s, indexes ${indexing.toFixed(1)} s`);
        limits.push(copying + indexing);
      }
      const limit = median(limits);
      report({
        name: 'postgres.rebuild',
        value: rows / time,
        unit: 'rows/s',
        limit: rows / limit,
        ratio: limit / time,
        target: 0.4,
        rows,
        peakMb,
        cpuSeconds,
      });
      const allowed = (ALLOWED_SECONDS_A_MILLION * EVENTS) / 1_000_000;
      report({
        name: 'postgres.catch-up',
        value: time,
        unit: 's',
        limit: allowed,
        ratio: allowed / time,
        target: 1,
        events: EVENTS,
        eventsASecond: Math.round(EVENTS / time),
      });
    } finally {
      await server.stop();
      await store.close();
    }
  });
}

export const figures = { 'postgres.rebuild': rebuild };
