/** append.*: the event store alone, events of about 800 bytes with their metadata. */
import { join } from 'node:path';
import { EventCodec, SqliteEventStore } from '../../dist/libs/event-store/src/index.js';
import { enterpriseEvents } from '../../dist/libs/enterprises/src/index.js';
import { BareStore } from './bare-store.mjs';
import { concurrently, duel, seconds, withFolder } from './measure.mjs';
import { revisionOf, sampleEvent, STREAMS, streamOf, TYPE } from './sample-events.mjs';

const rowOf = (event, index) => [
  index + 1,
  streamOf(index),
  revisionOf(index),
  event.id,
  `${TYPE}.v1`,
  '2024-05-20T03:04:05.678Z',
  JSON.stringify(event.data),
  JSON.stringify(event.metadata),
];

async function appendFigure({ name, target, clients, slice, rounds }) {
  const events = Array.from({ length: slice * rounds }, (_, index) => sampleEvent(index));
  const rows = events.map(rowOf);
  const bytes = rows.reduce((sum, row) => sum + Buffer.byteLength(row[6]) + Buffer.byteLength(row[7]), 0) / rows.length;
  await withFolder(async (folder) => {
    const store = new SqliteEventStore(join(folder, 'ledger.db'), new EventCodec(enterpriseEvents), { now: () => new Date() });
    const bare = await BareStore.open(join(folder, 'bare.db'));
    // One client goes round the streams; of 64 clients each keeps to its own, as commands on one stream do.
    const append = (index) => store.append(streamOf(index), revisionOf(index) - 1, [events[index]]);
    const ours = async (round) => slice / (await seconds(() => concurrently(clients, slice, (index) => append(round * slice + index))));
    await duel({ name, unit: 'events/s', target, rounds, bytesPerEvent: Math.round(bytes) }, ours, (round) =>
      bare.rate(rows.slice(round * slice, (round + 1) * slice), clients),
    );
    if ((await store.head()) !== events.length) throw new Error('an append is missing');
    await store.close();
    bare.close();
  });
}

export const figures = {
  'append.one-client': () => appendFigure({ name: 'append.one-client', target: 0.8, clients: 1, slice: 640, rounds: 31 }),
  'append.64-clients': () => appendFigure({ name: 'append.64-clients', target: 0.6, clients: STREAMS, slice: 3_200, rounds: 21 }),
};
