/** append.*: the event store alone, events of about 800 bytes with their metadata. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { EventCodec, SqliteEventStore } from '../../dist/libs/event-store/src/index.js';
import { enterpriseEvents } from '../../dist/libs/enterprises/src/index.js';
import { BareStore } from './bare-store.mjs';
import { concurrently, duel, seconds, withFolder } from './measure.mjs';

const STREAMS = 64;
const TYPE = 'fact-recorded';

function sampleEvent(index) {
  const commandId = randomUUID();
  return {
    id: randomUUID(),
    type: TYPE,
    data: {
      factId: `F${1 + Math.floor(index / STREAMS)}`,
      name: 'rd.expenditure',
      value: `${1_000_000 + index}.00`,
      period: '2023',
      sourceUnit: '赣州经济技术开发区税务局企业所得税管理科',
      corrects: 'F1',
    },
    metadata: {
      effectiveOn: '2024-05-20',
      actor: { id: 'clerk.liu', unit: '科技创新局', roles: ['clerk', 'reviewer'] },
      commandId,
      commandHash: '5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
      correlationId: commandId,
      causationId: commandId,
      evidence: [
        {
          title: '企业所得税年度纳税申报表（A107012）',
          documentNo: `赣开税申〔2024〕${index}号`,
          sha256: '9bee50c4bd09d11adfe2b1cd112703a0ad2e918993e22692256af4cda2859a7f',
        },
      ],
    },
  };
}

const streamOf = (index) => `enterprise-91360700MA35${String(index % STREAMS).padStart(6, '0')}`;
const revisionOf = (index) => Math.floor(index / STREAMS);

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
