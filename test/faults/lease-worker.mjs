/** node lease-worker.mjs <events file>: a worker with one projection and one process manager; says what it gains, loses and reacts to. */
import { Logger } from '@nestjs/common';
import { EventCodec, SqliteEventStore } from '../../dist/libs/event-store/src/index.js';
import { PostgresReadModels, Projector, readModelSettings, table } from '../../dist/libs/projections/src/index.js';
import { ProcessManagerRunner } from '../../dist/libs/projections/src/process-manager.js';

export const counts = table({ name: 'lease_count', columns: { stream: 'text', total: 'integer' }, key: ['stream'] });
export const projection = {
  name: 'counts',
  version: 1,
  tables: [counts],
  handles: new Set(['added']),
  apply({ stream }, rows) {
    const before = rows.get(counts, stream)?.total ?? 0;
    rows.put(counts, { stream, total: before + 1 });
  },
};
export const openStore = (file) => new SqliteEventStore(file, new EventCodec({ added: { version: 1 } }), { now: () => new Date() });

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

if (process.argv[2] !== undefined) {
  // The lines on stdout are for the spec.
  Logger.overrideLogger(false);
  const store = openStore(process.argv[2]);
  const readModels = await PostgresReadModels.open(readModelSettings(process.env));
  const projector = new Projector(store, readModels);
  projector.add(projection);
  const manager = { name: 'echo', handles: new Set(['added']), react: async ({ position }) => say({ reacted: position }) };
  const standing = {};
  const runner = new ProcessManagerRunner(
    manager,
    store,
    readModels,
    projector.watcher.manager(manager.name),
    () => standing.candidacy?.holds(manager.name) ?? true,
    true,
  );
  standing.candidacy = await readModels.stand([projection.name, manager.name], {
    gained: async (names) => {
      await projector.gain(names);
      if (names.includes(manager.name)) await runner.gain();
      for (const gained of names) say({ gained });
    },
    lost: (names) => {
      projector.lose(names);
      if (names.includes(manager.name)) runner.lose();
      for (const lost of names) say({ lost });
    },
  });
  say({ ready: true });
  process.on('SIGTERM', async () => {
    await Promise.all([projector.stop(), runner.stop()]);
    await standing.candidacy.end();
    process.exit(0);
  });
}
