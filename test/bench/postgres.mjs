/**
 * postgres.rebuild: read models are built in PostgreSQL from a realistic history by two workers that share them, as in the
 * cluster of docker/, and by one alone (postgres.rebuild.one-worker), against a bare COPY of the very same rows into the same
 * tables, indexes built after as there: the middle one of three such runs, which differ by a third. Values in rows a second of
 * the whole.
 * postgres.catch-up: the seconds it took, and events a second, against 120 seconds for a million.
 * The server runs beside on the same machine, with its settings as they come but for memory.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import copyStreams from 'pg-copy-streams';
import { PostgresReadModels } from '../../dist/libs/projections/src/index.js';
import { postgresIndexStatements } from '../../dist/libs/projections/src/table.js';
import { PostgresServer } from '../stand-in/postgres.mjs';
import { writeHistoryFile } from './history.mjs';
import { median, note, report, seconds, withFolder } from './measure.mjs';
import { openStore, projectionsOfALedger } from './postgres-worker.mjs';

const EVENTS = Number(process.env.LEDGER_BENCH_EVENTS ?? 1_000_000);
const ALLOWED_SECONDS_A_MILLION = 120;
const BARE_RUNS = 3;
const WORKER = fileURLToPath(new URL('./postgres-worker.mjs', import.meta.url));

/** Workers on an empty database, until what queries see of every projection has got to the end. */
async function built(file, folder, url, projections, head, count) {
  const readModels = await PostgresReadModels.open({ url, pool: 1, timeoutMs: 600_000 });
  const workers = Array.from({ length: count }, (_, no) =>
    // As the product is started.
    fork(WORKER, [file, join(folder, `${count}-${no}`)], {
      execArgv: ['--max-semi-space-size=8'],
      env: { ...process.env, LEDGER_READ_MODELS_URL: url },
    }),
  );
  try {
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    const time = await seconds(async () => {
      for (const worker of workers) worker.send('begin');
      for (let turn = 0; ; turn += 1) {
        const live = await readModels.liveCheckpoints();
        const positions = projections.map(({ name }) => live.get(name)?.position ?? 0);
        if (positions.every((position) => position >= head)) return;
        if (workers.some(({ exitCode }) => exitCode !== null)) throw new Error('a worker has ended');
        if (turn % 100 === 0) note(`  postgres: ${positions.filter((position) => position >= head).length} of ${positions.length} built`);
        await sleep(50);
      }
    });
    const used = workers.map(async (worker) => {
      worker.send('end');
      const [one] = await once(worker, 'message');
      await once(worker, 'exit');
      return one;
    });
    return { time, used: await Promise.all(used) };
  } finally {
    for (const worker of workers) worker.kill('SIGKILL');
    await readModels.close();
  }
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
    const store = openStore(file);
    const head = await store.head();
    await store.close();
    const projections = await projectionsOfALedger(join(folder, 'empty'));
    const server = await PostgresServer.start({ fsync: 'on', shared_buffers: '512MB', max_wal_size: '4GB' });
    try {
      const run = async (workers) => {
        const url = await server.database();
        const { time, used } = await built(file, folder, url, projections, head, workers);
        note(`  postgres: ${workers === 1 ? 'one worker' : `${workers} workers`} ${time.toFixed(1)} s`);
        return { url, time, used };
      };
      const alone = await run(1);
      const shared = await run(2);
      const client = new pg.Client({ connectionString: shared.url });
      await client.connect();
      const tables = await rowsIn(client);
      await client.end();
      const rows = tables.reduce((sum, { count }) => sum + count, 0);
      const limits = [];
      for (let turn = 0; turn < BARE_RUNS; turn += 1) {
        const { copying, indexing } = await bare(await server.database(), tables, projections);
        note(`  postgres: ${rows} rows; bare COPY ${copying.toFixed(1)} s, indexes ${indexing.toFixed(1)} s`);
        limits.push(copying + indexing);
      }
      const limit = median(limits);
      for (const [name, { time, used }, target] of [
        ['postgres.rebuild', shared, 0.4],
        ['postgres.rebuild.one-worker', alone, undefined],
      ])
        report({ name, value: rows / time, unit: 'rows/s', limit: rows / limit, ratio: limit / time, target, rows, used });
      const allowed = (ALLOWED_SECONDS_A_MILLION * EVENTS) / 1_000_000;
      report({
        name: 'postgres.catch-up',
        value: shared.time,
        unit: 's',
        limit: allowed,
        ratio: allowed / shared.time,
        target: 1,
        events: EVENTS,
        eventsASecond: Math.round(EVENTS / shared.time),
        oneWorker: Number(alone.time.toFixed(1)),
      });
    } finally {
      await server.stop();
    }
  });
}

export const figures = { 'postgres.rebuild': rebuild };
