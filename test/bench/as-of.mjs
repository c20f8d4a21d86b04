/**
 * as-of: queries of the past over HTTP routes, in process, on a small ledger and on one of a million events. For every
 * route the 99th percentile at random positions; reported are the slowest route on the large ledger (limit 10 ms) and the
 * route whose median cost for the same answer, a single row, grows most from the small ledger to the large one (limit 1.5 times).
 * rebuild: a full rebuild of every read model of the large ledger beside the live ones while it serves, with its memory.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createLedger } from '../../dist/apps/api/src/create-ledger.js';
import { SqliteReadModels, Subscriptions } from '../../dist/libs/projections/src/index.js';
import { creditCodeNo } from './enterprises.mjs';
import { writeHistoryFile } from './history.mjs';
import { note, report, seconds, withFolder } from './measure.mjs';
import { tokenFor } from './server.mjs';

const LARGE = Number(process.env.LEDGER_BENCH_EVENTS ?? 1_000_000);
const SMALL = Math.min(10_000, LARGE / 10);
const ASKED = 400;
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

/** The process managers of a ledger that has lived have dealt with all of it. */
async function noteReactions(folder, head) {
  const empty = await createLedger({ dataFolder: join(folder, 'empty'), logger: false, publishBundledPolicies: false });
  const managers = empty.app
    .get(Subscriptions)
    .status()
    .filter(({ kind }) => kind === 'process-manager');
  await empty.close();
  const readModels = new SqliteReadModels(join(folder, 'read-models.db'));
  for (const { name } of managers) await readModels.saveCheckpoint({ name, version: 1, position: head });
  await readModels.close();
}

async function open(folder, events) {
  mkdirSync(folder);
  const head = await writeHistoryFile(join(folder, 'ledger.db'), { events });
  await noteReactions(folder, head);
  const ledger = await createLedger({ dataFolder: folder, logger: false, publishBundledPolicies: false });
  const subscriptions = ledger.app.get(Subscriptions);
  const built = await seconds(async () => {
    for (const { name } of subscriptions.projections()) if (!(await subscriptions.caughtUp(name))) throw new Error(`${name} has stopped`);
  });
  note(`  as-of: ${head} events, read models built in ${built.toFixed(0)} s, ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MB`);
  return { ledger, subscriptions, head, headers: { authorization: `Bearer ${await tokenFor(folder)}` } };
}

/** What each question costs at random positions after `from`. */
async function costs({ ledger, head, headers }, from, page) {
  const fastify = ledger.app.getHttpAdapter().getInstance();
  const { items } = (await fastify.inject({ method: 'GET', url: '/v1/budgets?limit=1', headers })).json();
  const answers = new Map();
  let seed = 7;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  for (const [name, question] of Object.entries(QUESTIONS)) {
    const times = [];
    for (let index = 0; index < ASKED + 20; index += 1) {
      const position = from + 1 + Math.floor(random() * (head - from - 1));
      const code = creditCodeNo(Math.floor((random() * position) / EVENTS_AN_ENTERPRISE), HISTORY_DISTRICT);
      const path = question({ code, page, year: 2023 + (index % 3), line: items[0] });
      const url = `${path}${path.includes('?') ? '&' : '?'}asOf=${position}`;
      const start = performance.now();
      const { statusCode, payload } = await fastify.inject({ method: 'GET', url, headers });
      if (index >= 20) times.push(performance.now() - start);
      if (statusCode !== 200 && statusCode !== 404) throw new Error(`${url}: ${statusCode} ${payload}`);
    }
    times.sort((a, b) => a - b);
    answers.set(name, { median: times[Math.floor(times.length / 2)], p99: times[Math.floor(times.length * 0.99)] });
  }
  return answers;
}

function asOf() {
  return withFolder(async (folder) => {
    const small = await open(join(folder, 'small'), SMALL);
    const before = await costs(small, Math.floor(small.head / 2));
    await small.ledger.close();
    const large = await open(join(folder, 'large'), LARGE);
    const after = await costs(large, 0, PAGE);
    const single = await costs(large, Math.floor(large.head / 2));
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
    const { subscriptions } = large;
    await subscriptions.rebuild(subscriptions.projections().map(({ name }) => name));
    let peak = 0;
    const time = await seconds(async () => {
      while (subscriptions.status().some(({ beside }) => beside !== undefined)) {
        peak = Math.max(peak, process.memoryUsage.rss());
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    });
    report({
      name: 'rebuild',
      value: large.head / time,
      unit: 'events/s',
      limit: large.head / time,
      ratio: 1,
      seconds: Number(time.toFixed(1)),
      peakMegabytes: Math.round(peak / 2 ** 20),
    });
    await large.ledger.close();
  });
}

export const figures = { 'as-of': asOf };
