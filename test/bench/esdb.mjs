/**
 * esdb.*: the adapter of EventStoreDB against its bare client, both on the stand-in node in a process of its own, which writes
 * what it is given to a file and does not wait for the disk. esdb.append.*: events of about 800 bytes, the same for both.
 * 64-clients: what the adapter gets through where there is work. The ids are claimed first (decision 0017), and the claims
 * of those who wait are one event.
 * one-client: shares its claim with nobody and waits for two answers where the bare one waits for one. About half is the
 * bound, whatever the code costs, so that it has no target: it tells what the promise of the ids costs one who is alone.
 * one-client.same-writes: the bare client writes the claims as well. What is left is what the code of the adapter costs.
 * esdb.read-all: everything that was written, read and decoded.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent, NO_STREAM, START } from '@eventstore/db-client';
import { EventCodec, esdbAdapter, parseAddress } from '../../dist/libs/event-store/src/index.js';
import { enterpriseEvents } from '../../dist/libs/enterprises/src/index.js';
import { StandInProcess } from '../stand-in/process.mjs';
import { concurrently, duel, seconds, withFolder } from './measure.mjs';
import { revisionOf, sampleEvent, STREAMS, streamOf, TYPE } from './sample-events.mjs';

/** A node with a client of either kind on it. */
async function withNode(work) {
  await withFolder(async (folder) => {
    const { EsdbEventStore } = await esdbAdapter();
    const node = await StandInProcess.start({ file: join(folder, 'node.log') });
    const options = { address: parseAddress(node.url), indexFile: join(folder, 'claims.db') };
    const store = new EsdbEventStore(options, new EventCodec(enterpriseEvents));
    const client = EventStoreDBClient.connectionString(node.url);
    try {
      await work(store, client);
    } finally {
      await store.close();
      await client.dispose();
      await node.kill();
    }
  });
}

async function appendFigure({ name, target, clients, slice, rounds, bareClaims = false }) {
  const events = Array.from({ length: slice * rounds }, (_, index) => sampleEvent(index));
  await withNode(async (store, client) => {
    const rate = (append) => async (round) =>
      slice / (await seconds(() => concurrently(clients, slice, (index) => append(round * slice + index))));
    const ours = (index) => store.append(streamOf(index), revisionOf(index) - 1, [events[index]]);
    const bareAppend = (stream, revision, event) =>
      client.appendToStream(stream, jsonEvent(event), { expectedRevision: revision === 0 ? NO_STREAM : BigInt(revision - 1) });
    let claimed = 0;
    const bareClaim = (stream, { commandHash }, id) => {
      const data = { claims: [{ stream, commandHash, ids: [id] }] };
      return bareAppend('bare-claims', claimed++, { id: randomUUID(), type: 'bare-ids-claimed', data, metadata: {} });
    };
    const bare = async (index) => {
      const { type, data, metadata } = events[index];
      const stream = `bare-${streamOf(index)}`;
      const id = randomUUID();
      if (bareClaims) await bareClaim(stream, metadata, id);
      await bareAppend(stream, revisionOf(index), { id, type: `${type}.v1`, data, metadata });
    };
    await duel({ name, unit: 'events/s', target, rounds }, rate(ours), rate(bare));
  });
}

async function readFigure({ name, events, rounds }) {
  await withNode(async (store, client) => {
    await concurrently(STREAMS, events, (index) => store.append(streamOf(index), revisionOf(index) - 1, [sampleEvent(index)]));
    const rate = (read) => async () => {
      let count = 0;
      const time = await seconds(async () => {
        count = await read();
      });
      if (count !== events) throw new Error(`${count} of ${events} events were read`);
      return events / time;
    };
    const ours = rate(async () => {
      let count = 0;
      for await (const page of store.readAll()) count += page.length;
      return count;
    });
    // By listening, which takes the client less than going from one event to the next.
    const bare = rate(
      () =>
        new Promise((resolve, reject) => {
          let count = 0;
          const listened = ({ event }) => {
            // Claims are events too; both sides pass over them.
            if (event?.type.startsWith(TYPE)) count += 1;
          };
          client
            .readAll({ fromPosition: START })
            .on('data', listened)
            .on('error', reject)
            .on('end', () => resolve(count));
        }),
    );
    await duel({ name, unit: 'events/s', target: 0.7, rounds }, ours, bare);
  });
}

const ALONE = { clients: 1, slice: 320, rounds: 15 };

export const figures = {
  'esdb.append.64-clients': () => appendFigure({ name: 'esdb.append.64-clients', target: 0.7, clients: STREAMS, slice: 3_200, rounds: 15 }),
  'esdb.append.one-client': () => appendFigure({ name: 'esdb.append.one-client', ...ALONE }),
  'esdb.append.one-client.same-writes': () =>
    appendFigure({ name: 'esdb.append.one-client.same-writes', target: 0.7, ...ALONE, bareClaims: true }),
  'esdb.read-all': () => readFigure({ name: 'esdb.read-all', events: 30_000, rounds: 9 }),
};
