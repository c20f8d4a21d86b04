/**
 * node postgres-worker.mjs <events file> <folder>: a worker that keeps every read model of a ledger in PostgreSQL, shared with
 * the others there are. Told to end, it says what it has used.
 */
import { createLedger } from '../../dist/apps/api/src/create-ledger.js';
import { EVENT_DEFINITIONS } from '../../dist/apps/api/src/ledger.module.js';
import { EventCodec, SqliteEventStore } from '../../dist/libs/event-store/src/index.js';
import { PostgresReadModels, readModelSettings, Subscriptions } from '../../dist/libs/projections/src/index.js';

const clock = { now: () => new Date() };

export async function projectionsOfALedger(folder) {
  const ledger = await createLedger({ dataFolder: folder, logger: false, publishBundledPolicies: false, esdb: 'none', postgres: 'none' });
  const all = ledger.app.get(Subscriptions).projections();
  await ledger.close();
  return all;
}

export const openStore = (file) => new SqliteEventStore(file, new EventCodec(EVENT_DEFINITIONS), clock);

if (process.send !== undefined) {
  const [file, folder] = process.argv.slice(2);
  const projections = await projectionsOfALedger(folder);
  const store = openStore(file);
  const readModels = await PostgresReadModels.open(readModelSettings(process.env));
  const subscriptions = new Subscriptions(store, readModels, clock, undefined, 'for-others');
  for (const projection of projections) subscriptions.addProjection(projection);
  let peak = 0;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 500);
  process.send({ ready: true });
  process.once('message', async () => {
    const before = process.cpuUsage();
    await subscriptions.onApplicationBootstrap();
    process.once('message', async () => {
      clearInterval(watch);
      const { user, system } = process.cpuUsage(before);
      process.send({ peakMb: Math.round(peak / 2 ** 20), cpuSeconds: Number(((user + system) / 1e6).toFixed(1)) });
      await subscriptions.beforeApplicationShutdown();
      await subscriptions.onApplicationShutdown();
      await store.close();
      process.disconnect();
    });
  });
}
