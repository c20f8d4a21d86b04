import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { status as grpcStatus } from '@grpc/grpc-js';
import { type Fault, StandInNode } from '../../../../test/stand-in/node.mjs';
import { GROUPS, SecuredNode } from '../../../../test/stand-in/secured.mjs';
import { EventCodec } from '../codec.js';
import type { NewEvent, RecordedEvent } from '../event.js';
import { follow } from '../event-store.conformance.js';
import { NO_STREAM } from '../event-store.js';
import { parseAddress } from './address.js';
import { prepareStore } from './care.js';
import { EsdbEventStore } from './esdb-event-store.js';
import type { Limits } from './session.js';

const LIMITS: Limits = { callMs: 600, giveUpMs: 20_000, backOffMs: [5, 50], stallMs: 300 };
const [FIRST, SECOND, THIRD] = ['2024-05-06T04:00:00.000Z', '2024-05-07T04:00:00.000Z', '2024-05-08T04:00:00.000Z'];
const STREAM = 'thing-1';

function newEvent(number: number): NewEvent {
  const commandId = randomUUID();
  const actor = { id: 'clerk-1', unit: '科技局', roles: ['clerk'] as const };
  const metadata = { effectiveOn: '2024-05-06', actor, commandId, commandHash: 'a'.repeat(64), correlationId: commandId };
  return { id: randomUUID(), type: 'thing-noted', data: { number }, metadata: { ...metadata, causationId: commandId } };
}

/** The node behind the relay is a stand-in here: a real one is told nothing of it, and asked for nothing it does not have. */
describe('a relay before a node of certificates and rights', () => {
  let folder: string;
  let behind: SecuredNode;
  let relay: StandInNode;
  let today: string;
  let store: EsdbEventStore;
  beforeEach(async () => {
    Logger.overrideLogger(false);
    folder = mkdtempSync(join(tmpdir(), 'ledger-relay-'));
    today = FIRST;
    behind = await SecuredNode.start();
    await prepareStore(parseAddress(behind.urlOf('admin')), GROUPS);
    relay = await StandInNode.start({ upstream: behind.urlOf('office'), now: () => Date.parse(today) });
    store = openAt(relay.url);
  });
  afterEach(async () => {
    await store.close();
    await relay.stop();
    await behind.stop();
    rmSync(folder, { recursive: true });
  });

  const openAt = (url: string) =>
    new EsdbEventStore(
      { address: parseAddress(url), indexFile: join(folder, `${randomUUID()}.db`), limits: LIMITS },
      new EventCodec({ 'thing-noted': { version: 1 } }),
    );

  async function read(from: EsdbEventStore): Promise<readonly RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for await (const page of from.readStream(STREAM)) events.push(...page);
    return events;
  }

  /** The first events that come by. */
  const followed = (count: number) => follow(store, { after: 0 }, () => true, count);

  it('says of every event that it was recorded when the clock of the test said, wherever it is read', async () => {
    for (const [number, day] of [FIRST, SECOND, THIRD].entries()) {
      today = day;
      await store.append(STREAM, number - 1, [newEvent(number)]);
    }
    await relay.restart();
    const recorded = await read(store);
    expect(recorded.map(({ recordedAt }) => recordedAt)).toEqual([FIRST, SECOND, THIRD]);
    expect(await followed(3)).toEqual(recorded);
    // The node itself knows nothing of that day.
    const direct = openAt(behind.urlOf('office'));
    const kept = await read(direct).finally(() => direct.close());
    expect(kept).toEqual(recorded.map((event) => ({ ...event, recordedAt: expect.any(String) })));
    expect(kept.filter(({ recordedAt }) => recordedAt < '2025')).toEqual([]);
  });

  it('keeps to when an event was sent first, though it is sent again', async () => {
    relay.inject({ on: 'batchAppend', kind: 'lost-answer', stream: STREAM });
    const appending = store.append(STREAM, NO_STREAM, [newEvent(0)]);
    while (relay.pending > 0 || !behind.node.log.records.some(({ stream }) => stream === STREAM)) await new Promise(setImmediate);
    today = SECOND;
    expect(await appending).toMatchObject({ revision: 0, repeated: false });
    expect(await read(store)).toMatchObject([{ recordedAt: FIRST }]);
  });

  it.each<readonly [string, Fault]>([
    ['the answer is lost', { on: 'batchAppend', kind: 'lost-answer' }],
    ['the call is lost', { on: 'batchAppend', kind: 'silent' }],
    ['the call is late and overtaken by its repeat', { on: 'batchAppend', kind: 'late', delayMs: 600 }],
    ['the call arrives twice', { on: 'batchAppend', kind: 'twice' }],
    ['the connection breaks after it was stored', { on: 'batchAppend', kind: 'break' }],
    ['it is said to have failed', { on: 'batchAppend', kind: 'status-after', code: grpcStatus.UNAVAILABLE, message: 'busy' }],
  ])('loses nothing and has nothing twice when %s', async (_what, fault) => {
    relay.inject(fault);
    const following = followed(4);
    for (let number = 0; number < 4; number += 1) await store.append(STREAM, number - 1, [newEvent(number)]);
    const numbersOf = (events: readonly RecordedEvent[]) => events.map(({ data }) => (data as { number: number }).number);
    expect(numbersOf(await following)).toEqual([0, 1, 2, 3]);
    expect(numbersOf(await read(store))).toEqual([0, 1, 2, 3]);
    expect(relay.pending).toBe(0);
  });

  it('breaks a read and a subscription in their midst, and nothing is missed', async () => {
    for (let number = 0; number < 3; number += 1) await store.append(STREAM, number - 1, [newEvent(number)]);
    const { read: reads, subscribe: subscriptions } = relay.seen;
    relay.inject({ on: 'read', kind: 'break', after: 1, stream: STREAM }, { on: 'subscribe', kind: 'break', after: 1 });
    expect(await read(store)).toHaveLength(3);
    expect(relay.seen.read).toBe(reads + 2);
    const following = followed(5);
    for (const number of [3, 4]) await store.append(STREAM, number - 1, [newEvent(number)]);
    expect(await following).toEqual(await read(store));
    while (relay.seen.subscribe < subscriptions + 2) await new Promise(setImmediate);
  });

  it('is a node that was away when the one behind it is', async () => {
    await store.append(STREAM, NO_STREAM, [newEvent(0)]);
    await behind.node.stop();
    const appending = store.append(STREAM, 0, [newEvent(1)]);
    await behind.node.restart();
    expect(await appending).toMatchObject({ revision: 1, repeated: false });
    expect(await read(store)).toHaveLength(2);
  });

  it('finds who leads a cluster, and leads nobody past itself', async () => {
    const plain = await StandInNode.start();
    const before = await StandInNode.start({ upstream: plain.url.replace('esdb:', 'esdb+discover:') });
    const follower = openAt(before.url);
    const leader = { 'leader-endpoint-host': '127.0.0.1', 'leader-endpoint-port': plain.port };
    plain.inject({ on: 'batchAppend', kind: 'refuse', code: grpcStatus.NOT_FOUND, exception: 'not-leader', trailers: leader });
    for (let number = 0; number < 3; number += 1) await follower.append(STREAM, number - 1, [newEvent(number)]);
    expect(plain.pending).toBe(0);
    // The claim that was refused came again; after it each append is a claim and its event.
    expect([before.seen.batchAppend, plain.seen.batchAppend]).toEqual([7, 7]);
    expect(plain.seen.gossip).toBeGreaterThan(0);
    await follower.close();
    await before.stop();
    await plain.stop();
  });

  it('may do what the user of its address may', async () => {
    const stranger = await StandInNode.start({ upstream: behind.urlOf('stranger') });
    const refused = openAt(stranger.url);
    await expect(refused.append(STREAM, NO_STREAM, [newEvent(0)])).rejects.toMatchObject({ code: 'store-refused' });
    await refused.close();
    await stranger.stop();
  });
});
