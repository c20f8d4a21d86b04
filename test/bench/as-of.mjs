/**
 * as-of: queries of the past asked of a real server process over one connection, on a small ledger and on one of a million
 * events. For every route the 99th percentile at random positions; reported are the slowest route on the large ledger (limit
 * 10 ms) and the route whose median cost for the same answer, a single row, grows most from the small ledger to the large one
 * (limit 1.5 times). rebuild: a full rebuild of every read model of the large ledger beside the live ones while it serves,
 * with its memory.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { creditCodeNo } from './enterprises.mjs';
import { openConnection, request } from './load.mjs';
import { note, report, seconds, withFolder } from './measure.mjs';
import { caughtUp, livedLedger, memoryOf, startServer, tokenFor } from './server.mjs';

const LARGE = Number(process.env.LEDGER_BENCH_EVENTS ?? 1_000_000);
const SMALL = Math.min(10_000, LARGE / 10);
const ASKED = 1_000;
/** Before they count: a server that has just started compiles what it runs. */
const WARM_UP = 100;
const PAGE = 50;
const LIMIT_MS = 10;
const GROWTH = 1.5;
const HISTORY_DISTRICT = '360703';
/** About what the history writes for one enterprise. */
const EVENTS_AN_ENTERPRISE = 21;

/**
 * One question of each read model. `code`: an enterprise that was registered before the position. `page`: how much is asked
 * for, or undefined for a single row: what a larger ledger has more to say of is no cost of its size.
 */
const QUESTIONS = {
  dossier: ({ code }) => `/v1/enterprises/${code}`,
  'awards of an enterprise': ({ code }) => `/v1/awards?payee=${code}`,
  'awards by status': ({ page = 1 }) => `/v1/awards?status=granted&limit=${page}`,
  awards: ({ page = 1 }) => `/v1/awards?limit=${page}`,
  'due instalments': ({ page = 1 }) => `/v1/due-instalments?limit=${page}`,
  'balances of a payee': ({ code }) => `/v1/balances?by=payee&payee=${code}`,
  'balances of lines': ({ page, year, line }) =>
    page === undefined
      ? `/v1/balances?by=line&pack=${line.pack}&line=${line.line}&period=${line.period}`
      : `/v1/balances?by=line&pack=${line.pack}&period=${year}`,
  'budget lines': ({ page = 1 }) => `/v1/budgets?limit=${page}`,
  tiers: ({ page = 1 }) => `/v1/ladders/baiyun-cultivation/enterprises?limit=${page}`,
  blacklist: ({ page = 1 }) => `/v1/blacklist?limit=${page}`,
  targets: ({ page = 1 }) => `/v1/targets?limit=${page}`,
  batches: ({ page = 1 }) => `/v1/payment-batches?limit=${page}`,
};

async function open(folder, events) {
  mkdirSync(folder);
  const head = await livedLedger(folder, events);
  const server = await startServer(folder, { timeoutMs: 600_000 });
  const built = await seconds(() => caughtUp(server));
  const connection = await openConnection(server.port);
  const headers = { authorization: `Bearer ${await tokenFor(folder)}` };
  const ask = async (method, path, body) => {
    const { status, text } = await connection.send(request(method, path, { headers, body }));
    if (status >= 300 && status !== 404) throw new Error(`${path}: ${status} ${text}`);
    return text;
  };
  const memory = memoryOf(server.pid);
  note(
    `  as-of: ${head} events, read models built in ${built.toFixed(0)} s, ${memory.now.toFixed(0)} MB, at most ${memory.peak.toFixed(0)}`,
  );
  const close = () => {
    connection.close();
    return server.stop();
  };
  return { server, head, ask, close };
}

/** What each question costs at random positions after `from`. */
async function costs({ head, ask }, from, page) {
  const { items } = JSON.parse(await ask('GET', '/v1/budgets?limit=1'));
  const answers = new Map();
  let seed = 7;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  for (const [name, question] of Object.entries(QUESTIONS)) {
    const times = [];
    for (let index = 0; index < ASKED + WARM_UP; index += 1) {
      const position = from + 1 + Math.floor(random() * (head - from - 1));
      const code = creditCodeNo(Math.floor((random() * position) / EVENTS_AN_ENTERPRISE), HISTORY_DISTRICT);
      const path = question({ code, page, year: 2023 + (index % 3), line: items[0] });
      const start = performance.now();
      await ask('GET', `${path}${path.includes('?') ? '&' : '?'}asOf=${position}`);
      if (index >= WARM_UP) times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    answers.set(name, { median: times[Math.floor(times.length / 2)], p99: times[Math.floor(times.length * 0.99)] });
  }
  return answers;
}

function asOf() {
  return withFolder(async (folder) => {
    const small = await open(join(folder, 'small'), SMALL);
    const large = await open(join(folder, 'large'), LARGE);
    const after = await costs(large, 0, PAGE);
    // In turn, and the lower of two: a machine is not as fast at one time as at another.
    const rounds = { before: [], single: [] };
    for (let round = 0; round < 2; round += 1) {
      rounds.before.push(await costs(small, Math.floor(small.head / 2)));
      rounds.single.push(await costs(large, Math.floor(large.head / 2)));
    }
    await small.close();
    const lower = (answers) => ({ get: (name) => ({ median: Math.min(...answers.map((round) => round.get(name).median)) }) });
    const [before, single] = [lower(rounds.before), lower(rounds.single)];
    for (const [name, { median, p99 }] of after)
      note(
        `  as-of ${name}: median ${median.toFixed(2)}, p99 ${p99.toFixed(2)} ms; a single row ${before.get(name).median.toFixed(2)} -> ${single.get(name).median.toFixed(2)} ms`,
      );
    const most = (by) => [...after.keys()].reduce((worst, name) => (by(name) > by(worst) ? name : worst));
    const slowest = most((name) => after.get(name).p99);
    const p99 = after.get(slowest).p99;
    report({
      name: 'as-of.p99',
      value: p99,
      unit: 'ms',
      limit: LIMIT_MS,
      ratio: LIMIT_MS / p99,
      target: 1,
      route: slowest,
      events: large.head,
    });
    const growthOf = (name) => single.get(name).median / before.get(name).median;
    const grown = most(growthOf);
    report({
      name: 'as-of.growth',
      value: growthOf(grown),
      unit: 'times',
      limit: GROWTH,
      ratio: GROWTH / growthOf(grown),
      target: 1,
      route: grown,
    });
    const subscribers = JSON.parse(await large.ask('GET', '/v1/subscribers'));
    const names = subscribers.filter(({ kind }) => kind === 'projection').map(({ name }) => name);
    const time = await seconds(async () => {
      await large.ask('POST', '/v1/subscribers/rebuild', { names });
      await caughtUp(large.server);
    });
    report({
      name: 'rebuild',
      value: large.head / time,
      unit: 'events/s',
      limit: large.head / time,
      ratio: 1,
      seconds: Number(time.toFixed(1)),
      peakMegabytes: Math.round(memoryOf(large.server.pid).peak),
    });
    await large.close();
  });
}

export const figures = { 'as-of': asOf };
