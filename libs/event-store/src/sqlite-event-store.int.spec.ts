import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import Database from 'better-sqlite3';
import { EventCodec, type EventDefinition } from './codec.js';
import type { NewEvent, RecordedEvent } from './event.js';
import { eventStoreConformance, follow } from './event-store.conformance.js';
import { NO_STREAM } from './event-store.js';
import { SqliteEventStore } from './sqlite-event-store.js';

const systemClock = { now: () => new Date() };

eventStoreConformance(
  'SqliteEventStore',
  async (definitions) => {
    const folder = mkdtempSync(join(tmpdir(), 'ledger-conformance-'));
    const openWith = (known: typeof definitions) => new SqliteEventStore(join(folder, 'ledger.db'), new EventCodec(known), systemClock);
    const stores = [openWith(definitions)];
    return {
      store: stores[0] as SqliteEventStore,
      async reopen(known = definitions) {
        const store = openWith(known);
        stores.push(store);
        return store;
      },
      async dispose() {
        for (const store of stores) await store.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
  { gapFreePositions: true, idsUniqueAcrossStreams: true },
);

const DEFINITIONS: Readonly<Record<string, EventDefinition>> = { 'thing-noted': { version: 1 } };

let folder: string;
let file: string;
const closers: (() => Promise<void> | void)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-sqlite-'));
  file = join(folder, 'ledger.db');
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true });
});

function openStore(definitions = DEFINITIONS, clock: { now(): Date } = systemClock): SqliteEventStore {
  const store = new SqliteEventStore(file, new EventCodec(definitions), clock);
  closers.push(() => store.close());
  return store;
}

/** A connection beside the store, as anyone with access to the file can open one. */
function openRaw(): Database.Database {
  const raw = new Database(file);
  closers.push(() => {
    raw.close();
  });
  return raw;
}

/** The store's own connection, for settings that hold for one connection only. */
const connectionOf = (store: SqliteEventStore) => (store as unknown as { database: Database.Database }).database;

function newEvent(data: unknown = {}, type = 'thing-noted'): NewEvent {
  const id = randomUUID();
  const actor = { id: 'clerk-1', unit: '科技局', roles: ['clerk' as const] };
  return {
    id,
    type,
    data,
    metadata: { effectiveOn: '2024-02-29', actor, commandId: id, commandHash: id, correlationId: id, causationId: id },
  };
}

async function flatten(pages: AsyncIterable<readonly RecordedEvent[]>): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const page of pages) events.push(...page);
  return events;
}

async function appendOneByOne(store: SqliteEventStore, stream: string, count: number): Promise<void> {
  for (let revision = 0; revision < count; revision += 1) await store.append(stream, revision - 1, [newEvent({ revision })]);
}

const followed = (store: SqliteEventStore, count: number) => follow(store, { after: 0 }, () => true, count);

const positionsOf = (events: readonly RecordedEvent[]) => events.map((event) => event.position);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('the file', () => {
  it('is in WAL mode, and a commit waits for the disk', () => {
    const connection = connectionOf(openStore());
    expect(connection.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(connection.pragma('synchronous', { simple: true })).toBe(2);
  });

  it('holds an append when it is acknowledged', async () => {
    const store = openStore();
    const count = openRaw().prepare('SELECT count(*) FROM events').pluck();
    const seen = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        await store.append(`stream-${index}`, NO_STREAM, [newEvent()]);
        return count.get();
      }),
    );
    expect(seen).toEqual(seen.map(() => 20));
  });

  const edits = [
    ["UPDATE events SET data = '{}'"],
    ['UPDATE events SET position = position + 10 WHERE position = 2'],
    ["UPDATE OR REPLACE events SET recorded_at = '2020-01-01T00:00:00.000Z' WHERE position = 1"],
    ['DELETE FROM events'],
    ['DELETE FROM events WHERE position = 2'],
    ["INSERT OR REPLACE INTO events VALUES (1, 'stream', 0, 'other-id', 'thing-noted.v1', '2020-01-01T00:00:00.000Z', '{}', '{}')"],
    ["REPLACE INTO events SELECT 9, stream, revision, 'other-id', type, recorded_at, '{}', metadata FROM events WHERE position = 2"],
    ["REPLACE INTO events SELECT 9, 'other', 0, id, type, recorded_at, '{}', metadata FROM events WHERE position = 1"],
    ['INSERT INTO events SELECT * FROM events WHERE true ON CONFLICT DO UPDATE SET data = 1'],
  ] as const;

  it.each(edits)('forbids whoever opens it to say: %s', async (statement) => {
    const store = openStore();
    await store.append('stream', NO_STREAM, [newEvent({ note: 1 }), newEvent({ note: 2 })]);
    const before = await flatten(store.readAll());
    const raw = openRaw();
    expect(() => raw.exec(statement)).toThrow(/events are never/);
    expect(await flatten(store.readAll())).toEqual(before);
    expect(await store.append('stream', 1, [newEvent()])).toMatchObject({ revision: 2, position: 3 });
  });
});

describe('two stores on one file', () => {
  it('give out positions without a gap, and both read the same ledger', async () => {
    const [one, other] = [openStore(), openStore()];
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => [
        appendOneByOne(one, `one-${index}`, 10),
        appendOneByOne(other, `other-${index}`, 10),
      ]).flat(),
    );
    const events = await flatten(one.readAll());
    expect(positionsOf(events)).toEqual(upTo(400));
    expect(await flatten(other.readAll())).toEqual(events);
    expect(await one.head()).toBe(400);
    expect(await other.head()).toBe(400);
  });

  it('keep one order of revisions between them', async () => {
    const stores = [openStore(), openStore()];
    for (let revision = 0; revision < 10; revision += 1) {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 16 }, (_, index) => (stores[index % 2] as SqliteEventStore).append('hot', revision - 1, [newEvent()])),
      );
      expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
    }
    expect(await flatten((stores[0] as SqliteEventStore).readStream('hot'))).toHaveLength(10);
  });

  it('recognise what the other one recorded: a repeat, and an id that is taken', async () => {
    const [one, other] = [openStore(), openStore()];
    const event = newEvent({ note: 'once' });
    await one.append('stream', NO_STREAM, [event]);
    expect(await other.append('stream', NO_STREAM, [event])).toEqual({ revision: 0, position: 1, repeated: true });
    await expect(other.append('elsewhere', NO_STREAM, [event])).rejects.toMatchObject({ code: 'duplicate-event' });
  });

  it('deliver to the subscriptions of one what the other records', async () => {
    const [one, other] = [openStore(), openStore()];
    const following = [followed(one, 60), followed(other, 60), followed(one, 60)];
    await appendOneByOne(other, 'other', 30);
    await appendOneByOne(one, 'one', 30);
    for (const events of await Promise.all(following)) expect(positionsOf(events)).toEqual(upTo(60));
  });

  it('are not disturbed by a process that writes all the time', async () => {
    const store = openStore();
    const writer = startWriter(300);
    const exit = once(writer, 'exit');
    let written = 0;
    while (writer.exitCode === null && written < 50_000) {
      await store.append('ours', written - 1, [newEvent({ written })]);
      written += 1;
    }
    expect(await exit).toEqual([0, null]);
    expect(written).toBeGreaterThan(0);
    expect(await flatten(store.readStream('theirs'))).toHaveLength(300);
    expect(positionsOf(await followed(store, written + 300))).toEqual(upTo(written + 300));
  });
});

/** Another process that appends `count` events to the stream `theirs`, each in a transaction of its own. */
function startWriter(count: number): ChildProcess {
  const program = `
    import Database from 'better-sqlite3';
    const database = new Database(${JSON.stringify(file)}, { timeout: 60_000 });
    const insert = database.prepare(
      "INSERT INTO events SELECT coalesce(max(position), 0) + 1, 'theirs', ?, ?, 'thing-noted.v1', '2024-01-01T00:00:00.000Z', '{}', '{}' FROM events",
    );
    const append = database.transaction((revision) => insert.run(revision, 'their-event-' + revision));
    for (let revision = 0; revision < ${count}; revision += 1) append.immediate(revision);
    database.close();`;
  const writer = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: dirname(fileURLToPath(import.meta.url)),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  closers.push(() => {
    writer.kill('SIGKILL');
  });
  return writer;
}

describe('an event of a type this release does not know', () => {
  it('stops every read loudly, and hides nothing that stands before it', async () => {
    const newer = openStore({ ...DEFINITIONS, 'thing-invented': { version: 1 } });
    const invented = newEvent({}, 'thing-invented');
    await newer.append('known', NO_STREAM, [newEvent(), newEvent()]);
    await newer.append('mixed', NO_STREAM, [newEvent(), invented, newEvent()]);

    const older = openStore();
    const unknown = /unknown event type thing-invented\.v1/;
    expect(await flatten(older.readStream('known'))).toHaveLength(2);
    expect(await flatten(older.readStream('mixed', { limit: 1 }))).toHaveLength(1);
    expect(await flatten(older.readAll({ limit: 3 }))).toHaveLength(3);
    await expect(flatten(older.readStream('mixed'))).rejects.toThrow(unknown);
    await expect(flatten(older.readStream('mixed', { direction: 'backwards' }))).rejects.toThrow(unknown);
    await expect(flatten(older.readAll())).rejects.toThrow(unknown);
    await expect(flatten(older.readAll({ direction: 'backwards' }))).rejects.toThrow(unknown);
    await expect(followed(older, 5)).rejects.toThrow(unknown);
    await expect(older.findEvent(invented.id)).rejects.toThrow(unknown);
  });

  it('is one of a newer version, too', async () => {
    const newer = openStore({ 'thing-noted': { version: 2, upcasters: { 1: (data) => data } } });
    await newer.append('stream', NO_STREAM, [newEvent()]);
    await expect(flatten(openStore().readStream('stream'))).rejects.toThrow(/unknown event type thing-noted\.v2/);
  });
});

describe('the clock', () => {
  it('may go backwards without disturbing the order', async () => {
    let time = Date.parse('2024-03-01T00:00:00.000Z');
    const store = openStore(DEFINITIONS, { now: () => new Date((time -= 60_000)) });
    await appendOneByOne(store, 'stream', 20);
    await appendOneByOne(store, 'other', 5);
    const events = await flatten(store.readAll());
    expect(positionsOf(events)).toEqual(upTo(25));
    expect(positionsOf(await followed(store, 25))).toEqual(upTo(25));
    expect((await flatten(store.readStream('stream'))).map((event) => (event.data as { revision: number }).revision)).toEqual(
      upTo(20).map((number) => number - 1),
    );
    const times = events.map((event) => event.recordedAt);
    expect(times).toEqual([...times].sort().reverse());
    expect(new Set(times).size).toBe(25);
  });
});

describe('pages', () => {
  it('stay small however long the ledger, and are read only when they are asked for', async () => {
    const store = openStore();
    for (let batch = 0; batch < 6; batch += 1)
      await store.append(
        `stream-${batch}`,
        NO_STREAM,
        Array.from({ length: 500 }, () => newEvent()),
      );
    for (const read of [store.readAll(), store.readAll({ direction: 'backwards' }), store.readAll({ limit: 2_999 })]) {
      const sizes: number[] = [];
      for await (const page of read) sizes.push(page.length);
      expect(sizes.length).toBeGreaterThan(5);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(512);
    }

    const controller = new AbortController();
    const sizes: number[] = [];
    let total = 0;
    for await (const page of store.subscribe({ after: 0, signal: controller.signal })) {
      sizes.push(page.length);
      total += page.length;
      if (total >= 3_000) controller.abort();
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(512);

    const reading = store.readAll()[Symbol.asyncIterator]();
    await reading.next();
    await store.append('late', NO_STREAM, [newEvent()]);
    const rest = await flatten({ [Symbol.asyncIterator]: () => reading });
    expect(rest.at(-1)).toMatchObject({ stream: 'late', position: 3_001 });
  });
});

describe('a write that fails', () => {
  const unavailable = { name: 'Problem', kind: 'unavailable', code: 'store-unavailable' };
  let said: Set<string>;
  beforeEach(() => {
    said = new Set();
    const log = () => undefined;
    Logger.overrideLogger({ log, warn: log, error: (text: unknown) => void said.add(String(text)) });
  });

  /** Queues more appends than one group takes; answers how many were refused as unavailable. */
  async function queueAppends(store: SqliteEventStore, data: unknown): Promise<void> {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 300 }, (_, index) => store.append(`failed-${index}`, NO_STREAM, [newEvent(data)])),
    );
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: unavailable });
  }

  it('refuses every queued append as unavailable and leaves nothing; later appends work again', async () => {
    const store = openStore();
    await store.append('stream', NO_STREAM, [newEvent()]);
    const raw = openRaw();
    raw.exec("CREATE TRIGGER disk_is_broken BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'broken'); END");
    await queueAppends(store, {});
    expect(await store.head()).toBe(1);

    raw.exec('DROP TRIGGER disk_is_broken');
    expect(await store.append('stream', 0, [newEvent()])).toMatchObject({ revision: 1, position: 2 });
    expect(await store.append('failed-0', NO_STREAM, [newEvent()])).toMatchObject({ revision: 0, position: 3 });
  });

  it('may be that of a full disk', async () => {
    const store = openStore();
    await store.append('stream', NO_STREAM, [newEvent()]);
    const connection = connectionOf(store);
    connection.pragma(`max_page_count = ${String(connection.pragma('page_count', { simple: true }))}`);
    await queueAppends(store, { note: 'x'.repeat(10_000) });
    expect([...said]).toEqual(['the file of the ledger cannot be written: database or disk is full (SQLITE_FULL)']);
    expect(await store.head()).toBe(1);
    expect(await flatten(store.readAll())).toHaveLength(1);

    connection.pragma('max_page_count = 1000000');
    expect(await store.append('stream', 0, [newEvent({ note: 'x'.repeat(10_000) })])).toMatchObject({ revision: 1, position: 2 });
  });

  it('names the reason, and may be retried as the same append', async () => {
    const store = openStore();
    const event = newEvent({ note: 'retried' });
    const raw = openRaw();
    raw.exec("CREATE TRIGGER disk_is_broken BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'broken'); END");
    await expect(store.append('stream', NO_STREAM, [event])).rejects.toMatchObject({
      ...unavailable,
      detail: expect.stringContaining('SQLITE_'),
    });
    raw.exec('DROP TRIGGER disk_is_broken');
    expect(await store.append('stream', NO_STREAM, [event])).toEqual({ revision: 0, position: 1, repeated: false });
    expect(await store.append('stream', NO_STREAM, [event])).toEqual({ revision: 0, position: 1, repeated: true });
  });
});

describe('the queue', () => {
  it('is bounded: what finds it full is told to come back, the others are served', async () => {
    const store = openStore();
    const event = newEvent();
    const appends = Array.from({ length: 20_050 }, (_, index) =>
      store.append(`stream-${index}`, NO_STREAM, [{ ...event, id: `event-${index}` }]),
    );
    const outcomes = await Promise.allSettled(appends);
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(20_000);
    for (const outcome of outcomes.slice(20_000)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { kind: 'unavailable', code: 'store-busy' } });
    }
    expect(await store.head()).toBe(20_000);
    expect(await store.append('stream-20000', NO_STREAM, [newEvent()])).toMatchObject({ position: 20_001 });
  });

  it('is committed to the last append when the store is closed', async () => {
    const store = openStore();
    const appends = Array.from({ length: 700 }, (_, index) => store.append(`stream-${index}`, NO_STREAM, [newEvent()]));
    await store.close();
    const answers = await Promise.all(appends);
    expect(answers.map((answer) => answer.position)).toEqual(upTo(700));
    expect(await openStore().head()).toBe(700);
  });
});
