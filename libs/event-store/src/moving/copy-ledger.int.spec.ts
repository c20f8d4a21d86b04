import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { StandInNode } from '../../../../test/stand-in/node.mjs';
import { EventCodec } from '../codec.js';
import { parseAddress } from '../esdb/address.js';
import { EsdbArchive } from '../esdb/esdb-archive.js';
import { EsdbEventStore } from '../esdb/esdb-event-store.js';
import type { NewEvent, RecordedEvent } from '../event.js';
import { type EventStore, NO_STREAM } from '../event-store.js';
import { SqliteEventStore } from '../sqlite-event-store.js';
import type { Archive, ReceivingArchive } from './archive.js';
import { copyLedger, requireWhole } from './copy-ledger.js';
import { openLedgerFile, ReceivingFile } from './sqlite-archive.js';
import { type StoredRecord, summaryOf } from './stored-record.js';

const CODEC = new EventCodec({ 'thing-noted': { version: 2, upcasters: { 1: (data: object) => ({ ...data, lifted: true }) } } });
const OLD_CODEC = new EventCodec({ 'thing-noted': { version: 1 } });
const LIMITS = { callMs: 600, giveUpMs: 2_000, backOffMs: [5, 50], stallMs: 300 } as const;
const DENIED = { on: 'batchAppend', kind: 'refuse', code: 7, exception: 'access-denied', times: 1_000 } as const;

let folder: string;
const closers: (() => unknown)[] = [];
let files = 0;
const newPath = () => join(folder, `${(files += 1)}`);

beforeEach(() => {
  Logger.overrideLogger(false);
  folder = mkdtempSync(join(tmpdir(), 'ledger-copy-'));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true });
});

async function newNode(): Promise<StandInNode> {
  const node = await StandInNode.start({ file: newPath() });
  closers.push(() => node.stop());
  return node;
}

function opened<Kind extends { close(): Promise<void> }>(closable: Kind): Kind {
  closers.push(() => closable.close());
  return closable;
}

const embedded = (file: string, codec = OLD_CODEC) => opened(new SqliteEventStore(file, codec, { now: () => new Date() }));
const onNode = (node: StandInNode, codec = OLD_CODEC) =>
  opened(new EsdbEventStore({ address: parseAddress(node.url), indexFile: newPath(), limits: LIMITS }, codec));
const archiveOn = (node: StandInNode, callMs: number = LIMITS.callMs) =>
  opened(new EsdbArchive(parseAddress(node.url), { ...LIMITS, callMs }));
const receiving = (file: string) => opened(new ReceivingFile(file, `${file}.incoming`));

function newEvent(data: unknown, commandId = randomUUID()): NewEvent {
  const actor = { id: 'clerk-1', unit: '科技局', roles: ['clerk'] as const };
  const metadata = {
    effectiveOn: '2024-02-29',
    actor,
    commandId,
    commandHash: 'a'.repeat(64),
    correlationId: commandId,
    causationId: commandId,
  };
  return { id: randomUUID(), type: 'thing-noted', data, metadata };
}

interface Asked {
  readonly stream: string;
  readonly expected: number;
  readonly events: readonly NewEvent[];
  readonly position: number;
}

/** Fills a ledger with appends of one to three events to streams that take turns. */
async function fill(store: EventStore, appends: number, streams = 7): Promise<readonly Asked[]> {
  const ends = new Map<string, number>();
  const asked: Asked[] = [];
  for (let number = 0; number < appends; number += 1) {
    const stream = `thing-${(number * number) % streams}.甲`;
    const expected = ends.get(stream) ?? NO_STREAM;
    const commandId = randomUUID();
    const events = Array.from({ length: (number % 3) + 1 }, (_, index) =>
      newEvent({ number, index, text: '一次性“奖补”\u0000', 10: 1.5, deep: { b: [null, true], a: 'z' } }, commandId),
    );
    const { position } = await store.append(stream, expected, events);
    asked.push({ stream, expected, events, position });
    ends.set(stream, expected + events.length);
  }
  return asked;
}

async function flatten<Item>(pages: AsyncIterable<readonly Item[]>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...page);
  return items;
}

/** A ledger whose events end far beyond what a new node would give. */
async function advancedNode(): Promise<StandInNode> {
  const node = await newNode();
  const junk = { type: '$junk', contentType: 'application/json', data: Buffer.alloc(50_000, ' '), metadata: Buffer.alloc(0) };
  node.log.append('$junk', [{ ...junk, id: randomUUID() }]);
  return node;
}

interface House {
  readonly archive: () => ReceivingArchive;
  readonly source: () => Archive;
  readonly store: (codec?: EventCodec) => EventStore;
}
async function houseOn(node: StandInNode | Promise<StandInNode>): Promise<House> {
  const running = await node;
  return { archive: () => archiveOn(running), source: () => archiveOn(running), store: (codec) => onNode(running, codec) };
}
function houseIn(file: string): House {
  return { archive: () => receiving(file), source: () => opened(openLedgerFile(file)), store: (codec) => embedded(file, codec) };
}

const MOVES: readonly { readonly name: string; from(): Promise<House>; to(): Promise<House> }[] = [
  { name: 'the embedded store to EventStoreDB', from: async () => houseIn(newPath()), to: () => houseOn(newNode()) },
  { name: 'EventStoreDB to the embedded store', from: () => houseOn(newNode()), to: async () => houseIn(newPath()) },
  { name: 'one EventStoreDB to another that is behind it', from: () => houseOn(advancedNode()), to: () => houseOn(newNode()) },
  { name: 'one file to another', from: async () => houseIn(newPath()), to: async () => houseIn(newPath()) },
];

describe.each(MOVES)('a ledger that moves from $name', ({ from, to }) => {
  it('keeps everything, and goes on as if it had never moved', async () => {
    const [old, fresh] = [await from(), await to()];
    const before = old.store();
    const asked = await fill(before, 30);
    const copied = await copyLedger(old.source(), fresh.archive());
    expect(copied).toMatchObject({ events: 60, written: 60, wasComplete: false, head: asked.at(-1)?.position });

    const after = fresh.store();
    const events = await flatten(before.readAll());
    expect(events).toHaveLength(60);
    expect(await flatten(after.readAll())).toEqual(events);
    // Stored as it was, in its old version; only reading lifts it.
    expect(await flatten(fresh.store(CODEC).readAll())).toEqual(await flatten(old.store(CODEC).readAll()));
    expect(await after.head()).toBe(await before.head());
    for (const [index, { position, stream, revision }] of events.entries()) {
      if (index % 7 !== 0) continue;
      // As of any position, forwards and back, from a store that knows no place yet.
      const anew = fresh.store();
      expect(await flatten(anew.readAll({ after: position }))).toEqual(events.slice(index + 1));
      const next = events.slice(index + 1).filter((other) => other.position > position + 1);
      expect(await flatten(anew.readAll({ after: position + 1 }))).toEqual(next);
      expect(await flatten(anew.readAll({ after: position, direction: 'backwards' }))).toEqual(events.slice(0, index).reverse());
      const own = events.filter((other) => other.stream === stream);
      expect(await flatten(anew.readStream(stream, { from: revision }))).toEqual(own.slice(revision));
      expect(await anew.findEvent(events[index]?.id ?? '')).toEqual(events[index]);
    }

    // Every command of then is still known, and new ones stand after all of them.
    for (const { stream, expected, events: repeated, position } of asked.slice(0, 10))
      expect(await after.append(stream, expected, repeated)).toEqual({ revision: expected + repeated.length, position, repeated: true });
    const [first] = asked;
    await expect(after.append('thing-elsewhere', NO_STREAM, first?.events ?? [])).rejects.toMatchObject({ code: 'duplicate-event' });
    const added = [newEvent({ new: 1 }), newEvent({ new: 2 })];
    const answer = await after.append('thing-new', NO_STREAM, added);
    expect(answer.position).toBeGreaterThan(events.at(-1)?.position ?? 0);
    expect(await after.head()).toBe(answer.position);
    for (const store of [after, fresh.store()]) {
      const later = await flatten(store.readAll({ after: events.at(-1)?.position ?? 0 }));
      expect(later.map(({ id }) => id)).toEqual(added.map(({ id }) => id));
      expect(later.at(-1)?.position).toBe(answer.position);
      expect(await flatten(store.readAll())).toEqual([...events, ...later]);
      expect(await store.findEvent(added[1]?.id ?? '')).toEqual(later[1]);
    }

    // Followed from anywhere, also across the move.
    const following = new AbortController();
    const followed: RecordedEvent[] = [];
    for await (const page of fresh.store().subscribe({ after: events[49]?.position ?? 0, signal: following.signal })) {
      followed.push(...page);
      if (followed.length >= 12) following.abort();
    }
    expect(followed.map(({ position }) => position)).toEqual([
      ...events.slice(50).map(({ position }) => position),
      ...(await flatten(after.readStream('thing-new'))).map(({ position }) => position),
    ]);
  });

  it('has the digest that anyone can compute, and that every change changes', async () => {
    const [old, fresh] = [await from(), await to()];
    await fill(old.store(), 5);
    const { digest } = await copyLedger(old.source(), fresh.archive());
    const records = await flatten(fresh.source().read());
    expect(await summaryOf(old.source().read())).toEqual({ digest, events: 9, head: records.at(-1)?.position });
    const [first, ...rest] = records as [StoredRecord, ...StoredRecord[]];
    const changes: readonly Partial<StoredRecord>[] = [
      { id: randomUUID() },
      { stream: 'thing-0.乙' },
      { revision: 1 },
      { position: first.position + 1 },
      { type: 'thing-noted.v3' },
      { recordedAt: '2024-01-01T00:00:00.000Z' },
      { data: { ...(first.data as object), index: 9 } },
      { metadata: { ...first.metadata, effectiveOn: '2024-03-01' } },
    ];
    const digestOf = async (changed: readonly StoredRecord[]) => (await summaryOf(pagesOf(changed))).digest;
    expect(await digestOf(records)).toBe(digest);
    for (const change of changes) expect(await digestOf([{ ...first, ...change }, ...rest])).not.toBe(digest);
    expect(await digestOf([rest[0] as StoredRecord, first, ...rest.slice(1)])).not.toBe(digest);
    expect(await digestOf(rest)).not.toBe(digest);
  });

  it('refuses a place where something else is', async () => {
    const [old, other] = [await from(), await to()];
    await fill(old.store(), 3);
    await fill(other.store(), 3);
    await expect(copyLedger(old.source(), other.archive())).rejects.toMatchObject({ kind: 'conflict', code: 'copy-diverged' });
  });

  it('is the same ledger until either goes on', async () => {
    const [old, fresh] = [await from(), await to()];
    const writing = old.store();
    await fill(writing, 4);
    const copied = await copyLedger(old.source(), fresh.archive());
    expect(await copyLedger(old.source(), fresh.archive())).toEqual({ ...copied, written: 0, wasComplete: true });
    await writing.append('thing-new', NO_STREAM, [newEvent({})]);
    await expect(copyLedger(old.source(), fresh.archive())).rejects.toMatchObject({ code: 'copy-diverged' });
    expect(await copyLedger(old.source(), fresh.archive(), { until: copied.head })).toMatchObject({ wasComplete: true });
    await fresh.store().append('thing-other', NO_STREAM, [newEvent({})]);
    await expect(copyLedger(old.source(), fresh.archive(), { until: copied.head })).rejects.toMatchObject({ code: 'copy-diverged' });
  });
});

async function* pagesOf(records: readonly StoredRecord[]): AsyncGenerator<readonly StoredRecord[]> {
  yield records;
}

it('a ledger that was copied in several batches to a node that is behind it is read from any position', async () => {
  const [old, fresh] = [await houseOn(advancedNode()), await houseOn(newNode())];
  const writing = old.store();
  for (let number = 0; number < 12; number += 1)
    await writing.append(
      `thing-${number}`,
      NO_STREAM,
      Array.from({ length: 50 }, (_, index) => newEvent({ number, index })),
    );
  await copyLedger(old.source(), fresh.archive());
  const events = await flatten(writing.readAll());
  for (const index of [0, 100, 254, 255, 256, 300, 511, 512, 590]) {
    const position = events[index]?.position as number;
    const anew = fresh.store();
    expect(await flatten(anew.readAll({ after: position }))).toEqual(events.slice(index + 1));
    expect(await flatten(anew.readAll({ after: position, direction: 'backwards' }))).toEqual(events.slice(0, index).reverse());
  }
});

describe('a copy into EventStoreDB that is broken off', () => {
  it('goes on from every point at which it can end, and nobody can use what is there until it has arrived', async () => {
    const file = newPath();
    await fill(embedded(file), 6);
    const complete = await summaryOf(opened(openLedgerFile(file)).read());
    const whole = await newNode();
    await copyLedger(opened(openLedgerFile(file)), archiveOn(whole));
    const calls = whole.seen.batchAppend;
    // It begins, claims, writes six commands, two of them neighbours of one stream, and ends.
    expect(calls).toBe(8);
    const ends = ['refused', 'not answered'].flatMap((end) => Array.from({ length: calls }, (_, call) => ({ end, call })));
    for (const { end, call } of ends) {
      const node = await newNode();
      const lost = { on: 'batchAppend', kind: 'lost-answer' } as const;
      node.inject({ on: 'batchAppend', kind: 'late', delayMs: 0, times: call }, ...(end === 'refused' ? [] : [lost]), DENIED);
      const [source, target] = [opened(openLedgerFile(file)), archiveOn(node, 100)];
      await expect(copyLedger(source, target)).rejects.toMatchObject({ code: 'store-refused' });
      await target.close();
      node.calm();
      const arrived = end !== 'refused' && call === calls - 1;
      const store = onNode(node);
      if (node.log.records.length > 1 && !arrived) {
        const incomplete = { kind: 'unavailable', code: 'store-incomplete' };
        await expect(store.head()).rejects.toMatchObject(incomplete);
        await expect(flatten(store.readAll())).rejects.toMatchObject(incomplete);
        await expect(store.append('thing-new', NO_STREAM, [newEvent({})])).rejects.toMatchObject(incomplete);
        await expect(copyLedger(archiveOn(node), receiving(newPath()))).rejects.toMatchObject({ code: 'store-incomplete' });
        await expect(requireWhole(archiveOn(node))).rejects.toMatchObject(incomplete);
      }
      await store.close();
      expect(await copyLedger(opened(openLedgerFile(file)), archiveOn(node))).toMatchObject({ ...complete, wasComplete: arrived });
      expect(await flatten(onNode(node).readAll())).toEqual(await flatten(embedded(file).readAll()));
    }
  });

  it('is done once by two that copy at the same time', async () => {
    const file = newPath();
    await fill(embedded(file), 200, 20);
    const node = await newNode();
    const copies = await Promise.all([1, 2].map(() => copyLedger(opened(openLedgerFile(file)), archiveOn(node))));
    expect(copies[0]?.digest).toBe(copies[1]?.digest);
    expect(await flatten(onNode(node).readAll())).toEqual(await flatten(embedded(file).readAll()));
  });

  it('refuses what no ledger has written, and one that was written to before it arrived', async () => {
    const file = newPath();
    await fill(embedded(file), 3);
    const foreign = await newNode();
    const event = {
      id: randomUUID(),
      type: 'order-placed',
      contentType: 'application/json',
      data: Buffer.from('{}'),
      metadata: Buffer.from('{}'),
    };
    foreign.log.append('order-1', [event]);
    await expect(copyLedger(opened(openLedgerFile(file)), archiveOn(foreign))).rejects.toMatchObject({ code: 'target-not-empty' });

    const early = await newNode();
    const running = onNode(early);
    expect(await running.head()).toBe(0);
    await archiveOn(early).begin();
    await expect(running.append('thing-new', NO_STREAM, [newEvent({})])).rejects.toMatchObject({ code: 'store-incomplete' });
  });
});

describe('the copy of the claimed ids', () => {
  // Nothing here is about a node that is slow.
  const PATIENT = { ...LIMITS, callMs: 10_000, giveUpMs: 20_000 };

  it('is kept where it is told for as long as a ledger moves in, and is gone afterwards, also when that failed', async () => {
    const [file, work, node] = [newPath(), newPath(), await newNode()];
    await fill(embedded(file), 3);
    for (const isRefused of [true, false]) {
      if (isRefused) node.inject({ ...DENIED, stream: 'thing-' });
      const target = new EsdbArchive(parseAddress(node.url), PATIENT, work);
      const copying = copyLedger(opened(openLedgerFile(file)), target);
      if (isRefused) await expect(copying).rejects.toMatchObject({ code: 'store-refused' });
      else expect(await copying).toMatchObject({ wasComplete: false });
      expect(readdirSync(work)).toContain('claims.db');
      await target.close();
      expect(existsSync(work)).toBe(false);
      node.calm();
    }
    // A source needs none, wherever it would be kept.
    const source = opened(new EsdbArchive(parseAddress(node.url), PATIENT, work));
    expect(await copyLedger(source, receiving(newPath()))).toMatchObject({ wasComplete: false });
    expect(existsSync(work)).toBe(false);
  });

  it('is named when its disk refuses it', async () => {
    const [file, work] = [newPath(), newPath()];
    await fill(embedded(file), 3);
    mkdirSync(join(work, 'claims.db'), { recursive: true });
    const target = opened(new EsdbArchive(parseAddress((await newNode()).url), PATIENT, work));
    await expect(copyLedger(opened(openLedgerFile(file)), target)).rejects.toMatchObject({
      ...{ kind: 'unavailable', code: 'file-refused' },
      message: expect.stringContaining(join(work, 'claims.db')),
    });
  });
});

describe('a copy', () => {
  it('of a ledger that goes on meanwhile is not complete, unless it was said where it ends', async () => {
    const file = newPath();
    const writing = embedded(file);
    const asked = await fill(writing, 6);
    const target = newPath();
    const grow = { onProgress: () => void writing.append(`thing-${randomUUID()}`, NO_STREAM, [newEvent({})]) };
    const first = receiving(target);
    await expect(copyLedger(opened(openLedgerFile(file)), first, grow)).rejects.toMatchObject({ code: 'copy-source-moved' });
    await first.close();
    expect(existsSync(target)).toBe(false);

    const { head } = await copyLedger(opened(openLedgerFile(file)), receiving(target));
    expect(head).toBe(await writing.head());
    const part = newPath();
    const until = asked[3]?.position as number;
    expect(await copyLedger(opened(openLedgerFile(file)), receiving(part), { until, ...grow })).toMatchObject({ head: until });
    const inside = asked.find(({ events }) => events.length === 3)?.position as number;
    await expect(copyLedger(opened(openLedgerFile(file)), receiving(newPath()), { until: inside - 1 })).rejects.toMatchObject({
      code: 'copy-end',
    });
    await expect(copyLedger(opened(openLedgerFile(file)), receiving(newPath()), { until: 1_000 })).rejects.toMatchObject({
      code: 'position-ahead',
    });
  });

  it('says that a target differs which does not give back what it was given', async () => {
    const file = newPath();
    await fill(embedded(file), 3);
    const honest = receiving(newPath());
    const forgetful: ReceivingArchive = {
      name: honest.name,
      state: () => honest.state(),
      begin: () => honest.begin(),
      head: () => honest.head(),
      read: () => honest.read(),
      takeIn: (records) => honest.takeIn(records.map((record) => ({ ...record, recordedAt: '2024-01-01T00:00:00.000Z' }))),
      finish: () => honest.finish(),
      close: () => honest.close(),
    };
    await expect(copyLedger(opened(openLedgerFile(file)), forgetful)).rejects.toMatchObject({ code: 'copy-diverged' });
    expect(existsSync(honest.file)).toBe(false);
  });
});
