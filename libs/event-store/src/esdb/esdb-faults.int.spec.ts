import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { status as grpcStatus } from '@grpc/grpc-js';
import { type Fault, StandInNode } from '../../../../test/stand-in/node.mjs';
import { StandInProcess } from '../../../../test/stand-in/process.mjs';
import { EventCodec } from '../codec.js';
import type { NewEvent, RecordedEvent } from '../event.js';
import { NO_STREAM } from '../event-store.js';
import { parseAddress } from './address.js';
import { CLAIMS_STREAM } from './claims.js';
import { LedgerClient } from './client.js';
import { EsdbArchive } from './esdb-archive.js';
import { EsdbEventStore } from './esdb-event-store.js';
import type { Limits } from './session.js';

/** So many appends may wait. */
const MOST_WAITING = 20_000;
const LIMITS: Limits = { callMs: 600, giveUpMs: 30_000, backOffMs: [5, 50], stallMs: 300 };
/** Gives up soon: for what is not going to work. */
const IMPATIENT: Partial<Limits> = { callMs: 250, giveUpMs: 600 };

let folder: string;
let node: StandInNode;
const closers: (() => unknown)[] = [];
beforeEach(async () => {
  Logger.overrideLogger(false);
  folder = mkdtempSync(join(tmpdir(), 'ledger-esdb-faults-'));
  node = await StandInNode.start({ file: join(folder, 'node.log') });
  closers.push(() => node.stop());
});

// A rejection that nobody hears fails the test it comes in: jest sees to that.
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true });
});

let indexes = 0;
function open(url = node.url, limits: Partial<Limits> = {}, indexFile = join(folder, `claims-${(indexes += 1)}.db`)): EsdbEventStore {
  const options = { address: parseAddress(url), indexFile, limits: { ...LIMITS, ...limits } };
  const store = new EsdbEventStore(options, new EventCodec({ 'thing-noted': { version: 1 } }));
  closers.push(() => store.close());
  return store;
}

const newStream = () => `fault-${randomUUID()}`;
function newEvent(number = 0, commandHash = 'a'.repeat(64)): NewEvent {
  const commandId = randomUUID();
  const actor = { id: 'clerk-1', unit: '科技局', roles: ['clerk'] as const };
  const metadata = { effectiveOn: '2024-02-29', actor, commandId, commandHash, correlationId: commandId, causationId: commandId };
  return { id: randomUUID(), type: 'thing-noted', data: { number }, metadata };
}

async function flatten(pages: AsyncIterable<readonly RecordedEvent[]>): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const page of pages) events.push(...page);
  return events;
}
const numbersOf = (events: readonly RecordedEvent[]) => events.map(({ data }) => (data as { number: number }).number);
const range = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Follows the ledger until `count` events of a stream have come. */
async function follow(store: EsdbEventStore, stream: string, count: number, onPage: () => unknown = () => undefined): Promise<number[]> {
  const controller = new AbortController();
  const numbers: number[] = [];
  for await (const page of store.subscribe({ after: 0, signal: controller.signal })) {
    numbers.push(...numbersOf(page.filter((event) => event.stream === stream)));
    await onPage();
    if (numbers.length >= count) controller.abort();
  }
  return numbers;
}

/** Another node with the log of the first, for that to follow. */
async function newLeader(): Promise<StandInNode> {
  const leader = await StandInNode.start({ log: node.log });
  closers.push(() => leader.stop());
  return leader;
}

/** A way to a node on which connections can die as when a cable is pulled: nobody is told, and nothing comes through any more. */
async function mortalConnectionTo({ port }: StandInNode): Promise<{ readonly url: string; cut(): void }> {
  const ends: Socket[] = [];
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const end of [near, far]) end.on('error', () => undefined);
    near.pipe(far).pipe(near);
    ends.push(near, far);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closers.push(() => {
    for (const end of ends) end.destroy();
    server.close();
  });
  const cut = () => {
    for (const end of ends) end.unpipe().pause();
  };
  return { url: `esdb://127.0.0.1:${(server.address() as AddressInfo).port}?tls=false`, cut };
}

const unavailable = { name: 'Problem', kind: 'unavailable', code: 'store-unavailable' };
const notReady = { on: 'batchAppend', kind: 'status', code: grpcStatus.UNAVAILABLE, message: 'Server Is Not Ready' } as const;

describe('an append, whatever happens to its calls', () => {
  const faults: readonly [string, Fault][] = [
    ['the answer is lost', { on: 'batchAppend', kind: 'lost-answer' }],
    ['the call is lost', { on: 'batchAppend', kind: 'silent' }],
    ['the answer is late', { on: 'batchAppend', kind: 'late-answer', delayMs: 600 }],
    ['the call is late and overtaken by its repeat', { on: 'batchAppend', kind: 'late', delayMs: 600 }],
    ['the call arrives twice', { on: 'batchAppend', kind: 'twice' }],
    ['the connection breaks after it was stored', { on: 'batchAppend', kind: 'break' }],
    ['the connection breaks before', { on: 'batchAppend', kind: 'refuse', code: grpcStatus.UNAVAILABLE }],
    ['the server cancels the call', { on: 'batchAppend', kind: 'refuse', code: grpcStatus.CANCELLED }],
    ['the server is not ready', notReady],
    ['the server is busy', { ...notReady, message: 'Server Is Busy' }],
    ['the server gives up before it is stored', { ...notReady, code: grpcStatus.DEADLINE_EXCEEDED, typeName: 'Timeout' }],
    [
      'the server gives up, and it is stored all the same',
      { ...notReady, kind: 'status-after', code: grpcStatus.DEADLINE_EXCEEDED, typeName: 'Timeout' },
    ],
    ['the server says something unknown', { ...notReady, kind: 'status-after', code: grpcStatus.UNKNOWN, typeName: 'Unknown' }],
  ];

  it.each(faults)('is done once and answered as new when %s', async (_what, fault) => {
    const store = open();
    const stream = newStream();
    await store.append(stream, NO_STREAM, [newEvent(0)]);
    const events = [newEvent(1), newEvent(2)];
    node.inject({ ...fault, stream });
    const { revision, position, repeated } = await store.append(stream, 0, events);
    const recorded = await flatten(store.readStream(stream));
    expect(numbersOf(recorded)).toEqual([0, 1, 2]);
    expect({ revision, position, repeated }).toEqual({ revision: 2, position: recorded[2]?.position, repeated: false });
    expect(recorded.slice(1).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    expect(node.pending).toBe(0);
    // What was late has arrived by now, too.
    if ('delayMs' in fault) await sleep(fault.delayMs);
    expect(await flatten(store.readStream(stream))).toEqual(recorded);
  });

  it.each(faults)('is done once when that happens to the claim of its ids: %s', async (_what, fault) => {
    const store = open();
    const stream = newStream();
    node.inject({ ...fault, stream: CLAIMS_STREAM });
    const event = newEvent(0);
    const answer = await store.append(stream, NO_STREAM, [event]);
    expect(node.pending).toBe(0);
    expect(await store.findEvent(event.id)).toMatchObject({ stream, revision: 0, position: answer.position });
    expect(await store.append(stream, 0, [newEvent(1)])).toMatchObject({ revision: 1, repeated: false });
    await expect(store.append(newStream(), NO_STREAM, [event])).rejects.toMatchObject({ code: 'duplicate-event' });
  });

  it('given up by its caller and stored late is recognised when the caller comes again', async () => {
    const store = open(node.url, IMPATIENT);
    const stream = newStream();
    const event = newEvent(0);
    node.inject({ on: 'batchAppend', kind: 'lost-answer', stream, times: 1 }, { on: 'batchAppend', kind: 'silent', stream, times: 50 });
    await expect(store.append(stream, NO_STREAM, [event])).rejects.toMatchObject(unavailable);
    node.calm();
    const patient = open();
    expect(await patient.append(stream, NO_STREAM, [event])).toMatchObject({ revision: 0, repeated: true });
    expect(numbersOf(await flatten(patient.readStream(stream)))).toEqual([0]);
  });

  it('that arrives after another has taken its place is refused by its revision', async () => {
    const [slow, other] = [open(node.url, IMPATIENT), open()];
    const stream = newStream();
    node.inject({ on: 'batchAppend', kind: 'held', stream }, { on: 'batchAppend', kind: 'silent', stream, times: 20 });
    await expect(slow.append(stream, NO_STREAM, [newEvent(1)])).rejects.toMatchObject(unavailable);
    node.calm();
    await other.append(stream, NO_STREAM, [newEvent(2)]);
    node.release();
    await sleep(50);
    expect(numbersOf(await flatten(other.readStream(stream)))).toEqual([2]);
  });

  it('does not wait for a mute server beyond the limit, and works again when that speaks', async () => {
    const [store, patient] = [open(node.url, IMPATIENT), open()];
    const stream = newStream();
    await patient.append(stream, NO_STREAM, [newEvent(0)]);
    node.mute();
    const event = newEvent(1);
    await expect(store.append(stream, 0, [event])).rejects.toMatchObject(unavailable);
    await expect(flatten(store.readStream(stream))).rejects.toMatchObject(unavailable);
    await expect(store.head()).rejects.toMatchObject(unavailable);
    node.unmute();
    expect(await patient.append(stream, 0, [event])).toMatchObject({ revision: 1 });
    expect(numbersOf(await flatten(patient.readStream(stream)))).toEqual([0, 1]);
  });

  it('gives up a connection that has died without a word, and works over a new one', async () => {
    const wire = await mortalConnectionTo(node);
    const store = open(wire.url, { giveUpMs: 3_000 });
    const stream = newStream();
    await store.append(stream, NO_STREAM, [newEvent(0)]);
    wire.cut();
    expect(await store.append(stream, 0, [newEvent(1)])).toMatchObject({ revision: 1, repeated: false });
    wire.cut();
    expect(numbersOf(await flatten(store.readStream(stream)))).toEqual([0, 1]);
  });

  it('needs no handshake: a server that does not answer what it can do is written to all the same', async () => {
    node.inject({ on: 'features', kind: 'silent', times: 10 });
    const stream = newStream();
    expect(await open().append(stream, NO_STREAM, [newEvent()])).toMatchObject({ revision: 0 });
    expect(node.seen.features).toBe(0);
  });

  it('does not depend on what the clocks say', async () => {
    node.clockAheadMs = 366 * 86_400_000;
    expect(await open().append(newStream(), NO_STREAM, [newEvent()])).toMatchObject({ revision: 0, repeated: false });
  });

  it('is unharmed by what happens on a connection to another node', async () => {
    const neighbour = await StandInNode.start();
    closers.push(() => neighbour.stop());
    const [store, other] = [open(node.url, { callMs: 30_000 }), open(neighbour.url, IMPATIENT)];
    const stream = newStream();
    node.inject({ on: 'batchAppend', kind: 'late-answer', delayMs: 300, stream });
    const appending = store.append(stream, NO_STREAM, [newEvent()]);
    neighbour.inject({ on: 'batchAppend', kind: 'break', times: 100 });
    await expect(other.append(newStream(), NO_STREAM, [newEvent()])).rejects.toMatchObject(unavailable);
    expect(await appending).toMatchObject({ revision: 0, repeated: false });
    // Sent once and answered once: the neighbour's failure did not reach it.
    expect(node.seen.batchAppend).toBe(2);
  });

  it.each([
    [
      'no rights',
      { on: 'batchAppend', kind: 'status', code: grpcStatus.PERMISSION_DENIED, message: 'x', typeName: 'AccessDenied' },
      'store-refused',
    ],
    [
      'a tombstone',
      { on: 'batchAppend', kind: 'status', code: grpcStatus.FAILED_PRECONDITION, message: 'x', typeName: 'StreamDeleted' },
      'store-refused',
    ],
    [
      'a size it does not take',
      { on: 'batchAppend', kind: 'status', code: grpcStatus.INVALID_ARGUMENT, message: 'x', typeName: 'MaximumAppendSizeExceeded' },
      'append-too-large',
    ],
  ] as const)('is not tried again for %s', async (_what, fault, code) => {
    const store = open();
    const stream = newStream();
    node.inject({ ...fault, stream, times: 5 });
    await expect(store.append(stream, NO_STREAM, [newEvent()])).rejects.toMatchObject({ name: 'Problem', code });
    expect(node.pending).toBe(1);
  });

  it('refuses more than may wait, and answers all of those that do', async () => {
    const store = open();
    const stream = newStream();
    await store.append(stream, NO_STREAM, [newEvent(0)]);
    node.mute();
    const waiting = Array.from({ length: MOST_WAITING }, () => store.append(stream, 0, [newEvent(1)]));
    await expect(store.append(newStream(), NO_STREAM, [newEvent(0)])).rejects.toMatchObject({ kind: 'unavailable', code: 'store-busy' });
    node.unmute();
    const outcomes = await Promise.allSettled(waiting);
    // They were all about the same place of one stream.
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(numbersOf(await flatten(store.readStream(stream)))).toEqual([0, 1]);
    await expect(store.append(newStream(), NO_STREAM, [newEvent(0)])).resolves.toMatchObject({ revision: 0 });
  });

  it('goes to the node that leads', async () => {
    const leader = await newLeader();
    const store = open();
    const stream = newStream();
    await store.append(stream, NO_STREAM, [newEvent(0)]);
    node.follow(leader);
    expect(await store.append(stream, 0, [newEvent(1)])).toMatchObject({ revision: 1, repeated: false });
    expect(leader.seen.batchAppend).toBeGreaterThan(0);
  });

  it('finds the leader of a cluster one of whose members is down', async () => {
    const gone = await StandInNode.start();
    await gone.stop();
    const store = open(`esdb://127.0.0.1:${gone.port},127.0.0.1:${node.port}?tls=false&gossipTimeout=1`, {
      callMs: 3_000,
      giveUpMs: 20_000,
    });
    expect(await store.append(newStream(), NO_STREAM, [newEvent()])).toMatchObject({ revision: 0 });
    expect(node.seen.gossip).toBeGreaterThan(0);
  });

  it('survives restarts of the node: nothing acknowledged is lost, nothing is there twice', async () => {
    const store = open();
    const names = Array.from({ length: 8 }, newStream);
    let over = false;
    const writers = names.map(async (stream) => {
      let acknowledged = 0;
      for (; !over; acknowledged += 1) await store.append(stream, acknowledged - 1, [newEvent(acknowledged)]);
      return acknowledged;
    });
    for (let restart = 0; restart < 4; restart += 1) {
      await sleep(150);
      await node.restart(50);
    }
    await sleep(150);
    over = true;
    for (const [index, acknowledged] of (await Promise.all(writers)).entries()) {
      expect(acknowledged).toBeGreaterThan(0);
      expect(numbersOf(await flatten(store.readStream(names[index] as string)))).toEqual(range(acknowledged));
    }
  });

  it('survives kills of a node that is a process of its own', async () => {
    const apart = await StandInProcess.start({ file: join(folder, 'killed.log') });
    closers.push(() => apart.kill());
    const store = open(apart.url, { giveUpMs: 20_000 });
    const names = Array.from({ length: 4 }, newStream);
    let over = false;
    const writers = names.map(async (stream) => {
      let acknowledged = 0;
      for (; !over; acknowledged += 1) await store.append(stream, acknowledged - 1, [newEvent(acknowledged)]);
      return acknowledged;
    });
    for (let killed = 0; killed < 2; killed += 1) {
      await sleep(200);
      await apart.kill();
      await apart.restart();
    }
    await sleep(200);
    over = true;
    for (const [index, acknowledged] of (await Promise.all(writers)).entries())
      expect(numbersOf(await flatten(store.readStream(names[index] as string)))).toEqual(range(acknowledged));
  });
});

describe('ids, across processes', () => {
  it('two that use one id for two streams at the same time: one is refused', async () => {
    const [one, other] = [open(), open()];
    for (let round = 0; round < 10; round += 1) {
      const event = newEvent(round);
      const names = [newStream(), newStream()];
      const outcomes = await Promise.allSettled([
        one.append(names[0] as string, NO_STREAM, [event]),
        other.append(names[1] as string, NO_STREAM, [event]),
      ]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'duplicate-event' } });
      const found = await Promise.all([one.findEvent(event.id), other.findEvent(event.id)]);
      expect(found[0]).toMatchObject({ stream: names[outcomes.findIndex(({ status }) => status === 'fulfilled')] });
      expect(found[1]).toEqual(found[0]);
    }
  });

  it('two that do the same at the same time: one is told it was a repeat, whatever else differs', async () => {
    const [one, other] = [open(), open()];
    for (let round = 0; round < 10; round += 1) {
      const event = newEvent(round);
      const stream = newStream();
      const next = { ...event, metadata: { ...event.metadata, effectiveOn: '2024-03-01' } };
      // In every other round the one who claimed the id is overtaken by the other between its claim and its write.
      if (round % 2 === 1) node.inject({ on: 'batchAppend', kind: 'late', delayMs: 100, stream });
      const answers = await Promise.all([one.append(stream, NO_STREAM, [event]), other.append(stream, NO_STREAM, [next])]);
      expect(answers.map(({ repeated }) => repeated).sort()).toEqual([false, true]);
      const [recorded, ...more] = await flatten(one.readStream(stream));
      expect(more).toEqual([]);
      // The one that was told it was new is the one that stands there.
      expect(recorded?.metadata.effectiveOn).toBe(answers[0].repeated ? '2024-03-01' : '2024-02-29');
      expect(answers[0].position).toBe(answers[1].position);
    }
  });

  it('a claim whose append never came leaves the command free and everything else refused', async () => {
    const store = open(node.url, IMPATIENT);
    const stream = newStream();
    const event = newEvent(0);
    node.inject({ on: 'batchAppend', kind: 'silent', stream, times: 50 });
    await expect(store.append(stream, NO_STREAM, [event])).rejects.toMatchObject(unavailable);
    const later = open();
    expect(await later.findEvent(event.id)).toBeUndefined();
    await expect(later.append(newStream(), NO_STREAM, [event])).rejects.toMatchObject({ code: 'duplicate-event' });
    const altered = { ...event, metadata: { ...event.metadata, commandHash: 'b'.repeat(64) } };
    await expect(later.append(stream, NO_STREAM, [altered])).rejects.toMatchObject({ code: 'duplicate-event' });
    node.calm();
    expect(await later.append(stream, NO_STREAM, [event])).toMatchObject({ revision: 0 });
    expect(await later.findEvent(event.id)).toMatchObject({ id: event.id, stream, data: { number: 0 } });
  });

  it('a lost copy of the claims is read anew, and one of another ledger is dropped', async () => {
    const file = join(folder, 'copy.db');
    const first = open(node.url, {}, file);
    const event = newEvent();
    const stream = newStream();
    await first.append(stream, NO_STREAM, [event]);
    await first.close();
    expect(await open().findEvent(event.id)).toMatchObject({ stream });

    const foreign = await StandInNode.start();
    closers.push(() => foreign.stop());
    const elsewhere = open(foreign.url, {}, file);
    expect(await elsewhere.findEvent(event.id)).toBeUndefined();
    expect(await elsewhere.append(newStream(), NO_STREAM, [event])).toMatchObject({ revision: 0 });
  });

  it('of two processes with one copy of the claims, both hear of a ledger that moves in meanwhile', async () => {
    const file = join(folder, 'shared.db');
    const early = open(node.url, {}, file);
    expect(await early.head()).toBe(0);
    const archive = new EsdbArchive(parseAddress(node.url));
    closers.push(() => archive.close());
    await archive.begin();
    // The other takes in what the claims say, before this one has looked again.
    const other = open(node.url, {}, file);
    await expect(other.head()).rejects.toMatchObject({ code: 'store-incomplete' });
    await expect(early.head()).rejects.toMatchObject({ code: 'store-incomplete' });
    const { id, data, metadata } = newEvent();
    const position = 50_000_000;
    const moved = { id, stream: newStream(), revision: 0, position, type: 'thing-noted.v1', recordedAt: '2024-01-01T00:00:00.000Z' };
    await archive.takeIn([{ ...moved, data, metadata }]);
    await archive.finish();
    // Refused as long as the file does not know better, by whichever of them.
    expect(await other.findEvent(id)).toMatchObject({ position });
    const [before, after] = [
      await other.append(newStream(), NO_STREAM, [newEvent()]),
      await early.append(newStream(), NO_STREAM, [newEvent()]),
    ];
    expect(before.position).toBeGreaterThan(position);
    expect(after.position).toBeGreaterThan(before.position);
  });
});

describe('reading and following', () => {
  const fill = async (store: EsdbEventStore, stream: string, count: number) => {
    for (let first = 0; first < count; first += 200)
      await store.append(
        stream,
        first - 1,
        Array.from({ length: Math.min(200, count - first) }, (_, index) => newEvent(first + index)),
      );
  };

  /** The node hears of it that a call has been cancelled, a little later. */
  const noReadsLeft = async () => {
    for (let tries = 0; node.openReads > 0 && tries < 100; tries += 1) await sleep(20);
    expect(node.openReads).toBe(0);
  };

  it.each<[string, Fault]>([
    ['breaks off', { on: 'read', kind: 'break', after: 100 }],
    ['falls silent', { on: 'read', kind: 'stall', after: 100 }],
    ['is never answered', { on: 'read', kind: 'silent' }],
    ['is refused for now', { on: 'read', kind: 'refuse', code: grpcStatus.UNAVAILABLE }],
  ])('a page that %s is read again, and nothing comes twice', async (_what, fault) => {
    const store = open();
    const stream = newStream();
    await fill(store, stream, 800);
    node.inject({ ...fault, times: 2 });
    expect(numbersOf(await flatten(store.readStream(stream)))).toEqual(range(800));
    node.inject({ ...fault, times: 2 });
    expect(numbersOf((await flatten(store.readAll())).filter((event) => event.stream === stream))).toEqual(range(800));
    expect(node.pending).toBe(0);
  });

  it.each<[string, (store: EsdbEventStore, stream: string, event: NewEvent) => Promise<unknown>, (position: number) => unknown]>([
    ['a stream', async (store, stream) => numbersOf(await flatten(store.readStream(stream))), () => [0, 1]],
    ['everything', async (store) => numbersOf(await flatten(store.readAll())), () => [0, 1]],
    ['the head', (store) => store.head(), (position) => position],
    ['an event by its id', async (store, _, { id }) => (await store.findEvent(id))?.position, (position) => position],
    ['a subscription', (store, stream) => follow(store, stream, 2), () => [0, 1]],
  ])('%s is never read as a node knows it that has fallen behind the one that leads', async (_what, read, expected) => {
    const [leader, stream, later] = [await newLeader(), newStream(), newEvent(1)];
    const store = open();
    await store.append(stream, NO_STREAM, [newEvent(0)]);
    node.follow(leader);
    const { position } = await open(leader.url).append(stream, 0, [later]);
    const delivered = node.delivered;
    expect(await read(store, stream, later)).toEqual(expected(position));
    expect(node.delivered).toBe(delivered);
  });

  it('a page that is left before its end ends its call', async () => {
    const [store, stream] = [open(), newStream()];
    await store.append(stream, NO_STREAM, [newEvent(0)]);
    const metadata = Buffer.from(JSON.stringify({ ...newEvent().metadata, moved: { position: -1, recordedAt: '' } }));
    node.log.append(stream, [
      { id: randomUUID(), type: 'thing-noted.v1', contentType: 'application/json', data: Buffer.from('{}'), metadata },
    ]);
    // It goes no further, and does not end either: as if there were much more to come.
    node.inject({ on: 'read', kind: 'stall', after: 2, stream });
    await expect(flatten(store.readStream(stream))).rejects.toMatchObject({ code: 'store-refused' });
    expect(node.pending).toBe(0);
    await noReadsLeft();
  });

  it('leaves no call open behind a reader or follower that stops early', async () => {
    const store = open();
    const stream = newStream();
    await fill(store, stream, 1_500);
    for await (const _page of store.readStream(stream)) break;
    for await (const _page of store.readAll()) break;
    for await (const _page of store.subscribe({ after: 0, signal: new AbortController().signal })) break;
    await noReadsLeft();
  });

  it.each<[string, Fault]>([
    ['is dropped', { on: 'subscribe', kind: 'break', after: 130, times: 4 }],
    ['stalls without a word', { on: 'subscribe', kind: 'stall', after: 200, times: 2 }],
    ['is not confirmed', { on: 'subscribe', kind: 'silent', times: 2 }],
    ['is refused for now', { on: 'subscribe', kind: 'refuse', code: grpcStatus.UNAVAILABLE, times: 3 }],
  ])('a subscription that %s comes back where it was: everything once and in order', async (_what, fault) => {
    const store = open();
    const stream = newStream();
    await fill(store, stream, 600);
    node.inject(fault);
    expect(await follow(store, stream, 600)).toEqual(range(600));
    expect(node.pending).toBe(0);
  });

  it('subscriptions dropped again and again while others write miss nothing', async () => {
    const store = open();
    const stream = newStream();
    const writing = (async () => {
      for (let number = 0; number < 120; number += 1) {
        await store.append(stream, number - 1, [newEvent(number)]);
        if (number % 20 === 10) node.dropSubscriptions();
      }
    })();
    expect(await follow(store, stream, 120)).toEqual(range(120));
    await writing;
  });

  it('passes over long stretches of the system’s own events', async () => {
    const store = open();
    const stream = newStream();
    await fill(store, stream, 2);
    for (let stretch = 0; stretch < 3_000; stretch += 1)
      node.log.append('$stats-0', [
        { id: randomUUID(), type: '$statsCollected', contentType: 'application/json', data: Buffer.from('{}'), metadata: Buffer.alloc(0) },
      ]);
    expect(await store.head()).toBe((await flatten(store.readStream(stream)))[1]?.position);
    // They are read once: who asks again and again on a quiet ledger gets the end alone.
    const readBefore = node.seen.read;
    expect(await store.head()).toBe((await flatten(store.readAll())).at(-1)?.position);
    const all = node.seen.read - readBefore;
    for (let time = 0; time < 5; time += 1) await store.head();
    expect(node.seen.read - readBefore - all).toBe(5);
    await store.append(stream, 1, [newEvent(2)]);
    expect(await store.head()).toBe((await flatten(store.readAll())).at(-1)?.position);
    expect(await follow(store, stream, 3)).toEqual([0, 1, 2]);
    expect(numbersOf(await flatten(store.readAll()))).toEqual([0, 1, 2]);
  });

  it('a follower that does not take what comes is not buried in it', async () => {
    const store = open();
    const stream = newStream();
    for (let first = 0; first < 6_000; first += 500)
      await store.append(
        stream,
        first - 1,
        Array.from({ length: 500 }, (_, index) => ({
          ...newEvent(first + index),
          data: { number: first + index, note: 'x'.repeat(1_000) },
        })),
      );
    const controller = new AbortController();
    const pages = store.subscribe({ after: 0, signal: controller.signal })[Symbol.asyncIterator]();
    const before = node.delivered;
    const { value } = await pages.next();
    await sleep(500);
    expect(node.delivered - before).toBeLessThan(4_000);
    const numbers = numbersOf(value as RecordedEvent[]);
    while (numbers.length < 6_000) numbers.push(...numbersOf((await pages.next()).value as RecordedEvent[]));
    expect(numbers).toEqual(range(6_000));
    controller.abort();
    await pages.return?.(undefined);
  });

  it('stops loudly at an event that is not the ledger’s', async () => {
    const store = open();
    node.log.append(newStream(), [
      { id: randomUUID(), type: 'thing-noted.v1', contentType: 'application/json', data: Buffer.from('{}'), metadata: Buffer.from('{}') },
    ]);
    await expect(flatten(store.readAll())).rejects.toThrow('was not written by the ledger');
    await expect(follow(store, '', 1)).rejects.toThrow('was not written by the ledger');
  });
});

describe('secrets', () => {
  const PASSWORD = 'v3ry-s3cret-pa55word';
  const written: string[] = [];

  beforeEach(() => {
    const log = (...words: unknown[]) => written.push(words.join(' '));
    Logger.overrideLogger({ log, warn: log, error: log, debug: log, verbose: log });
    for (const stream of [process.stdout, process.stderr])
      jest.spyOn(stream, 'write').mockImplementation((chunk) => written.push(String(chunk)) > 0);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    written.length = 0;
  });

  it('are in no log and no problem, also with DEBUG=*', async () => {
    const debug = createRequire(createRequire(import.meta.url).resolve('@eventstore/db-client'))('debug');
    debug.enable('*,esdb:*');
    closers.push(() => debug.disable());
    const gone = await StandInNode.start();
    await gone.stop();
    const problems: unknown[] = [];
    for (const url of [node.url, gone.url]) {
      const store = open(url.replace('//', `//ledger:${PASSWORD}@`), IMPATIENT);
      node.inject({ on: 'batchAppend', kind: 'break', times: 1 });
      await store.append(newStream(), NO_STREAM, [newEvent(123_456)]).catch((error: unknown) => problems.push(error));
      await store.head().catch((error: unknown) => problems.push(error));
      await store.close();
    }
    expect(problems).toHaveLength(2);
    const told = [...written, ...problems.map((problem) => `${(problem as Error).stack} ${JSON.stringify(problem)}`)].join('\n');
    expect(told).toContain('is not encrypted');
    expect(told).not.toContain(PASSWORD);
    expect(told).not.toContain(Buffer.from(`ledger:${PASSWORD}`).toString('base64'));
    expect(told).not.toContain('123456');
    expect([debug.enabled('esdb:connection'), debug.enabled('esdb:command:grpc'), debug.enabled('other')]).toEqual([false, false, true]);
  });

  it('are not even named when a certificate cannot be read', () => {
    const address = parseAddress(`esdb://ledger:${PASSWORD}@127.0.0.1?tlsCAFile=/nowhere/ca.crt`);
    expect(() => LedgerClient.to(address)).toThrow(
      /^store-address: a certificate or key file of the event store cannot be read: \/nowhere\/ca\.crt \(ENOENT\)$/,
    );
  });
});
