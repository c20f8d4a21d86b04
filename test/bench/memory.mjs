/**
 * memory.server: the resident memory of a real server process on a ledger of a million events, after it has answered
 * thousands of queries and commands. Values in MB; ratio = limit/value, where the limit is what is allowed. Its read
 * models are built by that very process before, so the most it ever had counts: `memory.server.peak`.
 * memory.idle.*: of a process of each role that has nothing to do, over the embedded store, and over EventStoreDB (the stand-in)
 * and PostgreSQL.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresServer } from '../stand-in/postgres.mjs';
import { StandInProcess } from '../stand-in/process.mjs';
import { fact, registration, creditCodeNo } from './enterprises.mjs';
import { request, sendAll } from './load.mjs';
import { note, report, seconds, withFolder } from './measure.mjs';
import { caughtUp, livedLedger, memoryOf, startServer, tokenFor } from './server.mjs';

const EVENTS = Number(process.env.LEDGER_BENCH_EVENTS ?? 1_000_000);
const ALLOWED_MB = 300;
const ALLOWED_IDLE_MB = 200;
const IDLE_SECONDS = 30;
const CONNECTIONS = 16;
/** Other codes than those of the history. */
const DISTRICT = '360702';

function requests(token) {
  const headers = { authorization: `Bearer ${token}` };
  const get = (path) => request('GET', path, { headers });
  let commands = 0;
  const post = (path, body) => request('POST', path, { headers: { ...headers, 'idempotency-key': `memory-${(commands += 1)}` }, body });
  const queries = Array.from({ length: 3_000 }, (_, index) => {
    // Codes of the history, as its generator makes them.
    const code = creditCodeNo((index * 7) % Math.floor(EVENTS / 30), '360703');
    const paths = [
      `/v1/enterprises/${code}`,
      `/v1/enterprises?q=${code.slice(0, 14)}&limit=20`,
      `/v1/awards?payee=${code}`,
      `/v1/awards/ganzhou-etdz-2023.G01.${creditCodeNo(0, '360703')}.once`,
      '/v1/awards?status=granted&limit=100',
      '/v1/due-instalments?on=2026-06-01',
      '/v1/payment-batches?limit=50',
      '/v1/budgets?limit=50',
    ];
    return get(paths[index % paths.length]);
  });
  const registrations = Array.from({ length: 1_500 }, (_, index) => post('/v1/enterprises', registration(index, DISTRICT)));
  const facts = Array.from({ length: 1_500 }, (_, index) =>
    post(`/v1/enterprises/${creditCodeNo(index, DISTRICT)}/facts`, { facts: [fact(index)] }),
  );
  return [queries, registrations, facts, [get('/v1/balances/trial')]];
}

function memoryServer() {
  return withFolder(async (folder) => {
    const head = await livedLedger(folder, EVENTS);
    const server = await startServer(folder, { timeoutMs: 600_000 });
    try {
      const built = await seconds(() => caughtUp(server));
      const start = memoryOf(server.pid);
      note(
        `  memory.server: read models built in ${built.toFixed(0)} s, then ${start.now.toFixed(0)} MB, at most ${start.peak.toFixed(0)} MB`,
      );
      let served = 0;
      for (const group of requests(await tokenFor(folder))) {
        await sendAll(server.port, group, CONNECTIONS);
        served += group.length;
      }
      await caughtUp(server);
      const { now, peak } = memoryOf(server.pid);
      const figure = (name, value) =>
        report({ name, value, unit: 'MB', limit: ALLOWED_MB, ratio: ALLOWED_MB / value, target: 1, events: head, requests: served });
      figure('memory.server', now);
      figure('memory.server.peak', peak);
    } finally {
      await server.stop();
    }
  });
}

function memoryIdle() {
  return withFolder(async (folder) => {
    const node = await StandInProcess.start({ file: join(folder, 'node.log') });
    const postgres = await PostgresServer.start();
    const beyond = { LEDGER_ESDB_URL: node.url, LEDGER_READ_MODELS_URL: await postgres.database() };
    // The worker publishes the bundled policies; the other finds them.
    const settings = {
      all: {},
      worker: { ...beyond, LEDGER_ROLE: 'worker' },
      api: { ...beyond, LEDGER_ROLE: 'api' },
    };
    const servers = [];
    try {
      for (const [role, one] of Object.entries(settings)) {
        const server = await startServer(join(folder, role), { settings: one });
        servers.push(server);
        await caughtUp(server);
        await sleep(IDLE_SECONDS * 1_000);
        const { now, peak } = memoryOf(server.pid);
        const rest = {
          limit: ALLOWED_IDLE_MB,
          ratio: ALLOWED_IDLE_MB / now,
          target: 1,
          idleSeconds: IDLE_SECONDS,
          peakMb: Math.round(peak),
        };
        report({ name: `memory.idle.${role}`, value: now, unit: 'MB', ...rest });
      }
    } finally {
      for (const server of servers) await server.stop();
      await postgres.stop();
      await node.kill();
    }
  });
}

export const figures = { 'memory.server': memoryServer, 'memory.idle': memoryIdle };
