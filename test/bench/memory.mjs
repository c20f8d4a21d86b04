/**
 * memory.server: the resident memory of a real server process on a ledger of a million events, after it has answered
 * thousands of queries and commands. Values in MB; ratio = limit/value, where the limit is what is allowed. Its read
 * models are built by that very process before it is ready, so the most it ever had counts: `memory.server.peak`.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { SqliteReadModels } from '../../dist/libs/projections/src/index.js';
import { fact, registration, creditCodeNo } from './enterprises.mjs';
import { writeHistoryFile } from './history.mjs';
import { request, sendAll } from './load.mjs';
import { note, report, seconds, withFolder } from './measure.mjs';
import { memoryOf, startServer, tokenFor } from './server.mjs';

const EVENTS = Number(process.env.LEDGER_BENCH_EVENTS ?? 1_000_000);
const ALLOWED_MB = 300;
const CONNECTIONS = 16;
/** Other codes than those of the history. */
const DISTRICT = '360702';

/** A ledger that has lived: its process managers have dealt with all of it. (They may go over it again: that changes nothing, but takes its time.) */
async function settle(folder, head, subscribers) {
  const readModels = new SqliteReadModels(join(folder, 'read-models.db'));
  for (const { name, kind } of subscribers)
    if (kind === 'process-manager') await readModels.saveCheckpoint({ name, version: 1, position: head });
  await readModels.close();
}

const healthOf = async (server) => (await fetch(`${server.url}/health`)).json();

function subscribersOfALedger() {
  return withFolder(async (folder) => {
    const server = await startServer(folder);
    const { subscribers } = await healthOf(server);
    await server.stop();
    return subscribers;
  });
}

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
    const file = join(folder, 'ledger.db');
    let head = 0;
    const time = await seconds(async () => (head = await writeHistoryFile(file, { events: EVENTS })));
    note(`  memory.server: ${head} events, ${Math.round(statSync(file).size / 2 ** 20)} MB, in ${time.toFixed(0)} s`);
    await settle(folder, head, await subscribersOfALedger());
    const server = await startServer(folder, { timeoutMs: 600_000 });
    try {
      const start = memoryOf(server.pid);
      note(
        `  memory.server: read models built in ${server.readySeconds.toFixed(0)} s, then ${start.now.toFixed(0)} MB, at most ${start.peak.toFixed(0)} MB`,
      );
      let served = 0;
      for (const group of requests(await tokenFor(folder))) {
        await sendAll(server.port, group, CONNECTIONS);
        served += group.length;
      }
      const { status, position } = await healthOf(server);
      if (status !== 'ok' || position < head) throw new Error(`the server is ${status} at ${position}`);
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

export const figures = { 'memory.server': memoryServer };
