import { randomUUID } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fastCheck from 'fast-check';
import type { EventDefinition } from './codec.js';
import type { EventMetadata, NewEvent, RecordedEvent } from './event.js';
import {
  type Appended,
  type EventStore,
  isProblem,
  MAX_APPEND_BYTES,
  MAX_STREAM_NAME_LENGTH,
  NO_STREAM,
  type SubscribeOptions,
} from './event-store.js';

/** A ledger of the adapter under test. */
export interface ConformanceLedger {
  readonly store: EventStore;
  /** Opens the same ledger anew, with other definitions if given, after the suite has closed the store it had. */
  reopen(definitions?: Readonly<Record<string, EventDefinition>>): Promise<EventStore>;
  /** Closes whatever is still open and clears up. */
  dispose(): Promise<void>;
}

/** What an adapter promises beyond the port. Each flag adds tests. */
export interface ConformanceCapabilities {
  /** Positions are 1, 2, 3 … and nobody else writes to the ledger while the suite runs. */
  readonly gapFreePositions?: boolean;
  /** An event id that stands in another stream is refused. */
  readonly idsUniqueAcrossStreams?: boolean;
  /** How many writers retry against each other: they need about half the square of it in calls. 64 when left out. */
  readonly retryingWriters?: number;
}

/** The events the suite stores; the adapter's codec must know them. */
export const CONFORMANCE_DEFINITIONS: Readonly<Record<string, EventDefinition>> = {
  'thing-noted': { version: 1 },
  'thing-forgotten': { version: 1 },
};

/** The same events after a release that renamed a field of `thing-noted`. */
const NEXT_DEFINITIONS: Readonly<Record<string, EventDefinition>> = {
  ...CONFORMANCE_DEFINITIONS,
  'thing-noted': { version: 2, upcasters: { 1: ({ note }: { note: string }) => ({ remark: note }) } },
};

const conflict = (code: 'wrong-revision' | 'duplicate-event') => ({ name: 'Problem', kind: 'conflict', code });
const closedOrUnavailable = { name: 'Problem', kind: 'unavailable', code: 'store-unavailable' };

function metadataOf(commandId: string, more: Partial<EventMetadata> = {}): EventMetadata {
  return {
    effectiveOn: '2024-02-29',
    actor: { id: 'clerk-1', unit: '科技局', roles: ['clerk'] },
    commandId,
    commandHash: 'a'.repeat(64),
    correlationId: commandId,
    causationId: commandId,
    ...more,
  };
}

function newEvent(data: unknown, type = 'thing-noted'): NewEvent {
  return { id: randomUUID(), type, data, metadata: metadataOf(randomUUID()) };
}

const numbered = (count: number, first = 0) => Array.from({ length: count }, (_, index) => newEvent({ number: first + index }));
const numbersOf = (events: readonly RecordedEvent[]) => events.map((event) => (event.data as { number: number }).number);
const range = (from: number, to: number) => Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);

let streams = 0;
/** A name that nothing else on a shared node can have used. */
function newStream(): string {
  streams += 1;
  return `conformance-${randomUUID()}.${streams}`;
}

/** No test reads more: an adapter that delivers without end must fail, not hang. */
const MOST_EVENTS = 50_000;

async function flatten(pages: AsyncIterable<readonly RecordedEvent[]>): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const page of pages) {
    expect(page.length).toBeGreaterThan(0);
    events.push(...page);
    if (events.length > MOST_EVENTS) throw new Error('the read does not end');
  }
  return events;
}

/** Appends in batches that every adapter takes; answers the position of each batch's last event. */
async function fill(store: EventStore, stream: string, count: number): Promise<readonly number[]> {
  const positions: number[] = [];
  for (let first = 0; first < count; first += 250) {
    const appended = await store.append(stream, first - 1, numbered(Math.min(250, count - first), first));
    positions.push(appended.position);
  }
  return positions;
}

/** What became of several appends: the answers, and the problems of those refused. */
async function settle(appends: readonly Promise<Appended>[]): Promise<{ answers: Appended[]; problems: unknown[] }> {
  const settled = await Promise.allSettled(appends);
  return {
    answers: settled.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])),
    problems: settled.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : [])),
  };
}

/** Follows a subscription until the events that `wanted` picks number `count`, then aborts it and waits for its end. */
export async function follow(
  store: EventStore,
  options: Omit<SubscribeOptions, 'signal'>,
  wanted: (event: RecordedEvent) => boolean,
  count: number,
  beforeEachPage: () => Promise<void> = async () => undefined,
): Promise<RecordedEvent[]> {
  const controller = new AbortController();
  const events: RecordedEvent[] = [];
  let delivered = 0;
  for await (const page of store.subscribe({ ...options, signal: controller.signal })) {
    delivered += page.length;
    if (delivered > MOST_EVENTS) throw new Error('the subscription delivers without end');
    await beforeEachPage();
    events.push(...page.filter(wanted));
    if (events.length >= count) controller.abort();
  }
  return events;
}

const turnOfTheLoop = () => new Promise<void>((resolve) => setImmediate(resolve));
const isOf =
  (...names: readonly string[]) =>
  (event: RecordedEvent) =>
    names.includes(event.stream);

function expectStrictlyIncreasing(numbers: readonly number[]): void {
  for (const [index, number] of numbers.entries()) {
    if (index > 0) expect(number).toBeGreaterThan(numbers[index - 1] as number);
  }
}

/**
 * What every adapter of the port must do, tested through the port alone.
 *
 * Most tests share one ledger and use streams of their own, so that the suite also runs against a server that others use.
 */
export function eventStoreConformance(
  name: string,
  open: (definitions: Readonly<Record<string, EventDefinition>>) => Promise<ConformanceLedger>,
  capabilities: ConformanceCapabilities = {},
): void {
  describe(`${name} as an event store`, () => {
    let ledger: ConformanceLedger;
    let store: EventStore;

    beforeAll(async () => {
      ledger = await open(CONFORMANCE_DEFINITIONS);
      store = ledger.store;
    });

    afterAll(() => ledger.dispose());

    const read = (stream: string) => flatten(store.readStream(stream));

    /** For tests that close the store: a ledger of their own, cleared up whatever happens. */
    async function withOwnLedger(work: (own: ConformanceLedger) => Promise<void>): Promise<void> {
      const own = await open(CONFORMANCE_DEFINITIONS);
      try {
        await work(own);
      } finally {
        await own.dispose();
      }
    }

    describe('reading back', () => {
      it('gives every event as it was appended, with its place and its time', async () => {
        const stream = newStream();
        const policy = { pack: 'city-2024', version: 3, clause: 'article-7', hash: 'b'.repeat(64) };
        const evidence = [{ title: '专项审计报告', documentNo: '〔2024〕12号', sha256: 'c'.repeat(64) }];
        const first = { ...newEvent({ note: 'first' }), metadata: metadataOf('command-1', { policy, evidence }) };
        const second = newEvent({ note: 'second' }, 'thing-forgotten');

        const appended = await store.append(stream, NO_STREAM, [first, second]);
        const events = await read(stream);

        expect(appended).toEqual({ revision: 1, position: events[1]?.position, repeated: false });
        expect(events).toEqual([
          { ...first, stream, revision: 0, position: events[0]?.position, recordedAt: events[0]?.recordedAt },
          { ...second, stream, revision: 1, position: appended.position, recordedAt: events[1]?.recordedAt },
        ]);
        for (const { recordedAt } of events) expect(new Date(recordedAt).toISOString()).toBe(recordedAt);
      });

      it('gives no page for a stream that does not exist', async () => {
        const pages: unknown[] = [];
        for await (const page of store.readStream(newStream())) pages.push(page);
        for await (const page of store.readStream(newStream(), { direction: 'backwards' })) pages.push(page);
        expect(pages).toEqual([]);
      });

      describe('of a stream of 1500 events', () => {
        const stream = newStream();
        let before: number;

        beforeAll(async () => {
          before = await store.head();
          await fill(store, stream, 1_500);
        });

        it.each([
          [{}, range(0, 1_500)],
          [{ from: 0, limit: 1 }, [0]],
          [{ limit: 0 }, []],
          [{ from: 1_499 }, [1_499]],
          [{ from: 1_500 }, []],
          [{ from: 476 }, range(476, 1_500)],
          [{ from: 300, limit: 900 }, range(300, 1_200)],
          [{ limit: 511 }, range(0, 511)],
          [{ limit: 512 }, range(0, 512)],
          [{ limit: 513 }, range(0, 513)],
          [{ limit: 1_024 }, range(0, 1_024)],
          [{ limit: 1_500 }, range(0, 1_500)],
          [{ limit: 5_000 }, range(0, 1_500)],
        ])('forwards with %j', async (options, expected) => {
          expect(numbersOf(await flatten(store.readStream(stream, options)))).toEqual(expected);
        });

        it.each([
          [{}, range(0, 1_500)],
          [{ limit: 1 }, [1_499]],
          [{ limit: 0 }, []],
          [{ from: 0 }, [0]],
          [{ from: 10, limit: 3 }, range(8, 11)],
          [{ from: 10, limit: 500 }, range(0, 11)],
          [{ from: 1_023 }, range(0, 1_024)],
          [{ from: 1_200, limit: 900 }, range(301, 1_201)],
          [{ from: 9_999, limit: 2 }, range(1_498, 1_500)],
          [{ limit: 1_500 }, range(0, 1_500)],
        ])('backwards with %j', async (options, expected) => {
          expect(numbersOf(await flatten(store.readStream(stream, { ...options, direction: 'backwards' })))).toEqual(
            [...expected].reverse(),
          );
        });

        it('keeps pages bounded, and an early end of the reader ends the read', async () => {
          const sizes: number[] = [];
          for await (const page of store.readStream(stream)) sizes.push(page.length);
          expect(sizes.length).toBeGreaterThan(1);
          expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000);

          for await (const page of store.readStream(stream)) {
            expect(numbersOf(page)[0]).toBe(0);
            break;
          }
          expect(await read(stream)).toHaveLength(1_500);
        });

        it('the whole ledger reads the same events at the same positions, both ways', async () => {
          const forwards = await read(stream);
          const all = await flatten(store.readAll({ after: before }));
          expect(all.filter(isOf(stream))).toEqual(forwards);
          expectStrictlyIncreasing(all.map((event) => event.position));

          const after = (all.at(-1) as RecordedEvent).position + 1;
          const backwards = await flatten(store.readAll({ after, direction: 'backwards', limit: all.length }));
          expect(backwards).toEqual([...all].reverse());
        });

        it.each([0, 1, 511, 512, 513, 1_024, 1_499])('the whole ledger reads with limit %i', async (limit) => {
          const all = await flatten(store.readAll({ after: before }));
          expect(await flatten(store.readAll({ after: before, limit }))).toEqual(all.slice(0, limit));

          const last = (all.at(-1) as RecordedEvent).position;
          const expected = all.slice(0, -1).reverse().slice(0, limit);
          expect(await flatten(store.readAll({ after: last, direction: 'backwards', limit }))).toEqual(expected);
        });

        describe('of some types alone', () => {
          const rare = newStream();
          let end: number;

          beforeAll(async () => {
            for (let revision = 0; revision < 3; revision += 1) {
              await store.append(rare, revision - 1, [newEvent({ revision }, 'thing-forgotten')]);
              await fill(store, newStream(), 600);
            }
            end = (await store.head()) + 1;
          });

          it.each([[['thing-forgotten']], [['thing-noted']], [['thing-noted', 'thing-forgotten']], [[]]])(
            'the whole ledger reads %j, both ways',
            async (types) => {
              const all = await flatten(store.readAll({ after: before }));
              const expected = all.filter(({ type }) => (types as readonly string[]).includes(type));
              expect(await flatten(store.readAll({ after: before, types }))).toEqual(expected);
              const limit = expected.length;
              expect(await flatten(store.readAll({ after: end, direction: 'backwards', types, limit }))).toEqual([...expected].reverse());
            },
          );

          it('a limit counts the events of these types', async () => {
            const types = ['thing-forgotten'];
            const forgotten = (await flatten(store.readAll({ after: before, types }))).filter(isOf(rare));
            expect(forgotten.map(({ revision }) => revision)).toEqual([0, 1, 2]);
            expect(await flatten(store.readAll({ after: before, types, limit: 2 }))).toEqual(forgotten.slice(0, 2));
            const backwards = await flatten(store.readAll({ after: end, direction: 'backwards', types, limit: 2 }));
            expect(backwards).toEqual(forgotten.slice(1).reverse());
            const [first] = forgotten as [RecordedEvent];
            expect(await flatten(store.readAll({ after: first.position, types, limit: 1 }))).toEqual(forgotten.slice(1, 2));
          });

          it('nothing recorded while it is read is passed over', async () => {
            const types = ['thing-forgotten'];
            const from = await store.head();
            const stream = newStream();
            await store.append(stream, NO_STREAM, [newEvent({ number: 0 }, 'thing-forgotten')]);
            const seen: RecordedEvent[] = [];
            for await (const page of store.readAll({ after: from, types })) {
              if (seen.length === 0) {
                await store.append(stream, 0, [newEvent({ number: 1 }, 'thing-forgotten')]);
                await fill(store, newStream(), 5_000);
                await store.append(stream, 1, [newEvent({ number: 2 }, 'thing-forgotten')]);
              }
              seen.push(...page);
            }
            expect(numbersOf(seen)).toEqual(range(0, seen.length));
          });

          it('a type that the codec does not know is an error', async () => {
            await expect(flatten(store.readAll({ types: ['thing-unheard-of'] }))).rejects.toThrow('thing-unheard-of');
          });
        });

        it('the whole ledger reads exactly what comes after or before a position', async () => {
          const events = await read(stream);
          const middle = events[700] as RecordedEvent;
          const next = (await flatten(store.readAll({ after: middle.position, limit: 1 })))[0];
          const previous = (await flatten(store.readAll({ after: middle.position, limit: 1, direction: 'backwards' })))[0];
          expect(next).toEqual(events[701]);
          expect(previous).toEqual(events[699]);
          expect(await flatten(store.readAll({ after: Number.MAX_SAFE_INTEGER }))).toEqual([]);
        });
      });

      it('finds an event by its id, and nothing for an id that is not recorded', async () => {
        const stream = newStream();
        const events = numbered(3);
        await store.append(stream, NO_STREAM, events);
        const recorded = await read(stream);
        for (const [index, event] of events.entries()) expect(await store.findEvent(event.id)).toEqual(recorded[index]);
        expect(await store.findEvent(randomUUID())).toBeUndefined();
      });

      it('tells the head: the position of the last event', async () => {
        const before = await store.head();
        const { position } = await store.append(newStream(), NO_STREAM, numbered(2));
        expect(position).toBeGreaterThan(before);
        expect(await store.head()).toBeGreaterThanOrEqual(position);
        const [last] = await flatten(store.readAll({ direction: 'backwards', limit: 1 }));
        expect(last?.position).toBe(await store.head());
      });
    });

    describe('the expected revision', () => {
      it('lets a stream begin once', async () => {
        const stream = newStream();
        await store.append(stream, NO_STREAM, numbered(1));
        await expect(store.append(stream, NO_STREAM, numbered(1))).rejects.toMatchObject({
          ...conflict('wrong-revision'),
          extra: { stream, expected: NO_STREAM, actual: 0 },
        });
        expect(await read(stream)).toHaveLength(1);
      });

      it('must be the last one: neither earlier nor later', async () => {
        const stream = newStream();
        await store.append(stream, NO_STREAM, numbered(3));
        for (const expected of [NO_STREAM, 0, 1, 3, 4, 1_000]) {
          await expect(store.append(stream, expected, numbered(1))).rejects.toMatchObject({
            ...conflict('wrong-revision'),
            extra: { stream, expected, actual: 2 },
          });
        }
        expect(await store.append(stream, 2, numbered(2, 3))).toMatchObject({ revision: 4 });
        expect(numbersOf(await read(stream))).toEqual(range(0, 5));
      });

      it('cannot be met by a stream that does not exist', async () => {
        const stream = newStream();
        await expect(store.append(stream, 0, numbered(1))).rejects.toMatchObject({
          ...conflict('wrong-revision'),
          extra: { stream, expected: 0, actual: NO_STREAM },
        });
        expect(await read(stream)).toEqual([]);
      });

      it.each([-2, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('is refused when it is no revision: %p', async (expected) => {
        const stream = newStream();
        await expect(store.append(stream, expected, numbered(1))).rejects.toMatchObject({ kind: 'invalid' });
        expect(await read(stream)).toEqual([]);
      });

      it('belongs to its stream alone', async () => {
        const [one, other] = [newStream(), newStream()];
        await store.append(one, NO_STREAM, numbered(3));
        await store.append(other, NO_STREAM, numbered(1));
        expect(await store.append(one, 2, numbered(1))).toMatchObject({ revision: 3 });
        expect(await store.append(other, 0, numbered(1))).toMatchObject({ revision: 1 });
      });

      it('lets exactly one of 64 concurrent appends win each revision', async () => {
        const stream = newStream();
        const winners: string[] = [];
        for (let revision = 0; revision < 8; revision += 1) {
          const rivals = Array.from({ length: 64 }, () => newEvent({ revision }));
          const outcomes = await Promise.allSettled(rivals.map((event) => store.append(stream, revision - 1, [event])));
          const won = outcomes.flatMap((outcome, index) => (outcome.status === 'fulfilled' ? [{ ...outcome.value, index }] : []));
          expect(won).toEqual([expect.objectContaining({ revision })]);
          for (const outcome of outcomes) {
            if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(conflict('wrong-revision'));
          }
          winners.push((rivals[won[0]?.index as number] as NewEvent).id);
        }
        expect((await read(stream)).map((event) => event.id)).toEqual(winners);
      });

      const { retryingWriters = 64 } = capabilities;
      it(`lets ${retryingWriters} writers that retry all get their event in, each once`, async () => {
        const stream = newStream();
        const events = numbered(retryingWriters);
        const appendUntilIn = async (event: NewEvent): Promise<Appended> => {
          for (let expected = NO_STREAM; expected < events.length;) {
            try {
              return await store.append(stream, expected, [event]);
            } catch (error) {
              if (!isProblem(error, 'wrong-revision')) throw error;
              expected = error.extra['actual'] as number;
            }
          }
          throw new Error('more conflicts than writers');
        };
        const answers = await Promise.all(events.map(appendUntilIn));
        const recorded = await read(stream);
        expect(answers.map((answer) => recorded[answer.revision]?.id)).toEqual(events.map((event) => event.id));
        expect(recorded.map((event) => event.revision)).toEqual(range(0, retryingWriters));
      });
    });

    describe('repeating an append', () => {
      it('answers as the first time and adds nothing', async () => {
        const stream = newStream();
        const events = numbered(3);
        const { revision, position } = await store.append(stream, NO_STREAM, events);
        for (let repeat = 0; repeat < 3; repeat += 1) {
          expect(await store.append(stream, NO_STREAM, events)).toEqual({ revision, position, repeated: true });
        }
        expect(await read(stream)).toHaveLength(3);
      });

      it('answers as the first time when later events follow', async () => {
        const stream = newStream();
        await store.append(stream, NO_STREAM, numbered(2));
        const events = numbered(2, 2);
        const { revision, position } = await store.append(stream, 1, events);
        await store.append(stream, 3, numbered(5, 4));
        await store.append(newStream(), NO_STREAM, numbered(1));
        expect(await store.append(stream, 1, events)).toEqual({ revision, position, repeated: true });
        expect(numbersOf(await read(stream))).toEqual(range(0, 9));
      });

      it('is recognised when both are under way at the same time', async () => {
        const stream = newStream();
        const events = numbered(2);
        const answers = await Promise.all(Array.from({ length: 8 }, () => store.append(stream, NO_STREAM, events)));
        for (const answer of answers) expect(answer).toMatchObject({ revision: 1, position: answers[0]?.position });
        expect(answers.filter((answer) => !answer.repeated)).toHaveLength(1);
        expect(await read(stream)).toHaveLength(2);
      });

      it('is recognised whatever the correlation of the retry', async () => {
        const stream = newStream();
        const event = newEvent({ note: 'once' });
        const { revision, position } = await store.append(stream, NO_STREAM, [event]);
        const retry = { ...event, metadata: { ...event.metadata, correlationId: 'another request', causationId: 'another request' } };
        expect(await store.append(stream, NO_STREAM, [retry])).toEqual({ revision, position, repeated: true });
        expect(await read(stream)).toEqual([expect.objectContaining({ metadata: event.metadata })]);
      });

      it('is refused with more events than the first time, and adds none of them', async () => {
        const stream = newStream();
        const events = numbered(3);
        await store.append(stream, NO_STREAM, events.slice(0, 2));
        await expect(store.append(stream, NO_STREAM, events)).rejects.toMatchObject({ kind: 'conflict' });
        expect(await read(stream)).toHaveLength(2);
      });
    });

    describe('an event id', () => {
      const original = () => newEvent({ note: 'original' });

      it.each<[string, (event: NewEvent) => NewEvent]>([
        ['data', (event) => ({ ...event, data: { note: 'altered' } })],
        ['type', (event) => ({ ...event, type: 'thing-forgotten' })],
        ['command content', (event) => ({ ...event, metadata: { ...event.metadata, commandHash: 'd'.repeat(64) } })],
      ])('is not answered as a repeat with other %s', async (_what, alter) => {
        const stream = newStream();
        const event = original();
        await store.append(stream, NO_STREAM, [event]);
        const [recorded] = await read(stream);
        await expect(store.append(stream, NO_STREAM, [alter(event)])).rejects.toMatchObject(conflict('duplicate-event'));
        expect(await read(stream)).toEqual([recorded]);

        await store.append(stream, 0, [original()]);
        await expect(store.append(stream, NO_STREAM, [alter(event)])).rejects.toMatchObject(conflict('duplicate-event'));
        expect(await read(stream)).toHaveLength(2);
      });

      it('is not answered as a repeat when only a later event of the append differs', async () => {
        const stream = newStream();
        const [first, second] = [original(), original()];
        await store.append(stream, NO_STREAM, [first, second]);
        const altered = [first, { ...second, data: { note: 'altered' } }];
        await expect(store.append(stream, NO_STREAM, altered)).rejects.toMatchObject(conflict('duplicate-event'));
        expect(await read(stream)).toEqual([expect.objectContaining({ id: first.id }), expect.objectContaining({ data: second.data })]);
      });

      it('stands once in a stream: the same event at the next revision is refused', async () => {
        const stream = newStream();
        const event = original();
        await store.append(stream, NO_STREAM, [event]);
        await expect(store.append(stream, 0, [event])).rejects.toMatchObject(conflict('duplicate-event'));
        await expect(store.append(stream, 0, [newEvent({}), event])).rejects.toMatchObject(conflict('duplicate-event'));
        expect(await read(stream)).toHaveLength(1);
      });

      it('stands once in an append', async () => {
        const stream = newStream();
        const event = original();
        await expect(store.append(stream, NO_STREAM, [event, event])).rejects.toMatchObject(conflict('duplicate-event'));
        expect(await read(stream)).toEqual([]);
      });

      if (capabilities.idsUniqueAcrossStreams === true) {
        it('is refused in another stream, at whatever revision', async () => {
          const [one, other] = [newStream(), newStream()];
          const event = original();
          await store.append(one, NO_STREAM, [event]);
          await expect(store.append(other, NO_STREAM, [event])).rejects.toMatchObject({
            ...conflict('duplicate-event'),
            extra: { id: event.id },
          });
          await store.append(other, NO_STREAM, [original()]);
          await expect(store.append(other, 0, [original(), event])).rejects.toMatchObject({
            ...conflict('duplicate-event'),
            extra: { id: event.id },
          });
          await expect(store.append(other, NO_STREAM, [event])).rejects.toMatchObject(conflict('duplicate-event'));
          expect(await read(other)).toHaveLength(1);
          expect(await store.findEvent(event.id)).toMatchObject({ stream: one, revision: 0 });
        });
      }

      it('that is refused harms no append that travels with it', async () => {
        const taken = original();
        const home = newStream();
        await store.append(home, NO_STREAM, [taken]);
        const names = Array.from({ length: 20 }, newStream);
        const { answers, problems } = await settle([
          ...names.slice(0, 10).map((stream) => store.append(stream, NO_STREAM, numbered(2))),
          store.append(home, 0, [taken]),
          store.append(home, 7, numbered(1)),
          ...names.slice(10).map((stream) => store.append(stream, NO_STREAM, numbered(2))),
        ]);
        expect(problems).toEqual([
          expect.objectContaining(conflict('duplicate-event')),
          expect.objectContaining(conflict('wrong-revision')),
        ]);
        expect(answers).toHaveLength(20);
        for (const stream of names) expect(numbersOf(await read(stream))).toEqual([0, 1]);
      });
    });

    describe('an append of several events', () => {
      it('is stored whole and in order', async () => {
        const stream = newStream();
        const { revision, position } = await store.append(stream, NO_STREAM, numbered(100));
        const events = await read(stream);
        expect(numbersOf(events)).toEqual(range(0, 100));
        expect(events.at(-1)).toMatchObject({ revision, position });
        expectStrictlyIncreasing(events.map((event) => event.position));
      });

      it('leaves nothing when it is refused', async () => {
        const stream = newStream();
        const [first] = numbered(1) as [NewEvent];
        await store.append(stream, NO_STREAM, [first]);
        const refusedEvents = numbered(5);
        await expect(store.append(stream, 3, refusedEvents)).rejects.toMatchObject(conflict('wrong-revision'));
        await expect(store.append(stream, 0, [...refusedEvents, first])).rejects.toMatchObject(conflict('duplicate-event'));
        expect(await read(stream)).toHaveLength(1);
        for (const event of refusedEvents) expect(await store.findEvent(event.id)).toBeUndefined();
        expect(await store.append(stream, 0, refusedEvents)).toMatchObject({ revision: 5 });
      });

      it('has at least one', async () => {
        await expect(store.append(newStream(), NO_STREAM, [])).rejects.toMatchObject({ kind: 'invalid' });
      });
    });

    describe('positions', () => {
      it('follow the order of acknowledgement within and across streams', async () => {
        const [one, other] = [newStream(), newStream()];
        const acknowledged: number[] = [await store.head()];
        for (let revision = 0; revision < 10; revision += 1) {
          for (const stream of [one, other]) acknowledged.push((await store.append(stream, revision - 1, numbered(1))).position);
        }
        expectStrictlyIncreasing(acknowledged);
        const all = (await flatten(store.readAll({ after: acknowledged[0] as number }))).filter(isOf(one, other));
        expect(all.map((event) => event.position)).toEqual(acknowledged.slice(1));
      });

      it('of many streams written at the same time are acknowledged as they are read', async () => {
        const before = await store.head();
        const names = Array.from({ length: 200 }, newStream);
        const acknowledged = await Promise.all(
          names.map(async (stream) => {
            const answers: Appended[] = [];
            for (let revision = 0; revision < 5; revision += 1)
              answers.push(await store.append(stream, revision - 1, numbered(1, revision)));
            return answers;
          }),
        );
        const all = (await flatten(store.readAll({ after: before }))).filter(isOf(...names));
        expect(all).toHaveLength(1_000);
        expectStrictlyIncreasing(all.map((event) => event.position));
        for (const [index, stream] of names.entries()) {
          const events = all.filter(isOf(stream));
          expect(numbersOf(events)).toEqual(range(0, 5));
          expect(events).toEqual(await read(stream));
          expect(acknowledged[index]).toEqual(events.map(({ revision, position }) => expect.objectContaining({ revision, position })));
        }
      });

      if (capabilities.gapFreePositions === true) {
        it('leave no gap, whatever is refused in between', async () => {
          const stream = newStream();
          const before = await store.head();
          const taken = newEvent({});
          await store.append(stream, NO_STREAM, [taken]);
          const appends = Array.from({ length: 60 }, (_, index) => {
            if (index % 3 === 0) return store.append(newStream(), NO_STREAM, numbered(2));
            if (index % 3 === 1) return store.append(stream, 50, numbered(1));
            return store.append(newStream(), NO_STREAM, [newEvent({}), taken]);
          });
          const { answers, problems } = await settle(appends);
          expect(answers).toHaveLength(20);
          expect(problems).toHaveLength(40);
          const positions = (await flatten(store.readAll({ after: before }))).map((event) => event.position);
          expect(positions).toEqual(range(before + 1, before + 42));
          expect(await store.head()).toBe(before + 41);
        });

        it('begin at 1, after a head of 0', async () => {
          await withOwnLedger(async (own) => {
            expect(await own.store.head()).toBe(0);
            expect(await flatten(own.store.readAll())).toEqual([]);
            expect(await flatten(own.store.readAll({ direction: 'backwards' }))).toEqual([]);
            expect(await own.store.append(newStream(), NO_STREAM, numbered(3))).toMatchObject({ revision: 2, position: 3 });
            expect((await flatten(own.store.readAll())).map((event) => event.position)).toEqual([1, 2, 3]);
            expect(await own.store.head()).toBe(3);
          });
        });
      }
    });

    describe('a subscription', () => {
      it('catches up and then goes live', async () => {
        const stream = newStream();
        const after = await store.head();
        await fill(store, stream, 700);
        let appendedLive = false;
        const events = await follow(store, { after }, isOf(stream), 710, async () => {
          if (appendedLive) return;
          appendedLive = true;
          for (let revision = 700; revision < 710; revision += 1) await store.append(stream, revision - 1, numbered(1, revision));
        });
        expect(numbersOf(events)).toEqual(range(0, 710));
        expect(events).toEqual(await read(stream));
      });

      it('that is waiting is given what is appended then', async () => {
        const stream = newStream();
        const controller = new AbortController();
        const subscription = store.subscribe({ after: await store.head(), signal: controller.signal })[Symbol.asyncIterator]();
        for (let revision = 0; revision < 3; revision += 1) {
          const waiting = subscription.next();
          await turnOfTheLoop();
          await store.append(stream, revision - 1, numbered(1, revision));
          const { value } = await waiting;
          expect(numbersOf(value as RecordedEvent[])).toEqual([revision]);
        }
        controller.abort();
        expect(await subscription.next()).toEqual({ done: true, value: undefined });
      });

      it('begins right after the position it is given', async () => {
        const stream = newStream();
        const [, second, third] = await fill(store, stream, 750);
        expect(numbersOf(await follow(store, { after: second as number }, isOf(stream), 250))).toEqual(range(500, 750));
        const { position } = await store.append(stream, 749, numbered(1, 750));
        expect(numbersOf(await follow(store, { after: third as number }, isOf(stream), 1))).toEqual([750]);
        await store.append(stream, 750, numbered(1, 751));
        expect(numbersOf(await follow(store, { after: position }, isOf(stream), 1))).toEqual([751]);
      });

      it('from 0 delivers the ledger from its first event', async () => {
        await fill(store, newStream(), 600);
        const beginning = await flatten(store.readAll({ limit: 2_000 }));
        const events = await follow(store, { after: 0 }, () => true, beginning.length);
        expect(events.slice(0, beginning.length)).toEqual(beginning);
      });

      it('is one of several, each at its own pace and each complete', async () => {
        const after = await store.head();
        const names = Array.from({ length: 5 }, newStream);
        const paces = [0, 0, 1, 5, 20];
        const followers = paces.map((turns) =>
          follow(store, { after }, isOf(...names), 500, async () => {
            for (let turn = 0; turn < turns; turn += 1) await turnOfTheLoop();
          }),
        );
        const writers = names.map(async (stream) => {
          for (let revision = 0; revision < 100; revision += 1) await store.append(stream, revision - 1, numbered(1, revision));
        });
        await Promise.all(writers);
        const expected = (await flatten(store.readAll({ after }))).filter(isOf(...names));
        expect(expected).toHaveLength(500);
        for (const events of await Promise.all(followers)) expect(events).toEqual(expected);
      });

      it('waits for a slow consumer, who still gets everything in order', async () => {
        const stream = newStream();
        const after = await store.head();
        let written = 0;
        const writing = (async () => {
          for (; written < 1_200; written += 20) await store.append(stream, written - 1, numbered(20, written));
        })();
        let atWork = 0;
        const events = await follow(store, { after }, isOf(stream), 1_200, async () => {
          atWork += 1;
          expect(atWork).toBe(1);
          for (let turn = 0; turn < 10; turn += 1) await turnOfTheLoop();
          atWork -= 1;
        });
        await writing;
        expect(numbersOf(events)).toEqual(range(0, 1_200));
      });

      it('delivers nothing when it is aborted beforehand', async () => {
        const signal = AbortSignal.abort();
        expect(await flatten(store.subscribe({ after: 0, signal }))).toEqual([]);
      });

      it('ends when it is aborted while waiting, and leaves no listener behind', async () => {
        const controller = new AbortController();
        const head = await store.head();
        const endings = Array.from({ length: 20 }, () => flatten(store.subscribe({ after: head, signal: controller.signal })));
        await store.append(newStream(), NO_STREAM, numbered(1));
        await turnOfTheLoop();
        controller.abort();
        for (const events of await Promise.all(endings)) expect(events.length).toBeLessThanOrEqual(1);
        expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
      });

      it('leaves no listener behind when its consumer stops early', async () => {
        const controller = new AbortController();
        const stream = newStream();
        const after = await store.head();
        await store.append(stream, NO_STREAM, numbered(5));
        for await (const page of store.subscribe({ after, signal: controller.signal })) {
          expect(page.length).toBeGreaterThan(0);
          break;
        }
        expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
      });

      it('collects no listeners while it lives', async () => {
        const controller = new AbortController();
        const stream = newStream();
        const counts: number[] = [];
        const subscription = store.subscribe({ after: await store.head(), signal: controller.signal })[Symbol.asyncIterator]();
        for (let revision = 0; revision < 20; revision += 1) {
          const waiting = subscription.next();
          await turnOfTheLoop();
          await store.append(stream, revision - 1, numbered(1));
          expect((await waiting).done).toBe(false);
          counts.push(getEventListeners(controller.signal, 'abort').length);
        }
        controller.abort();
        expect((await subscription.next()).done).toBe(true);
        expect(Math.max(...counts)).toBeLessThanOrEqual(2);
      });
    });

    describe('JSON', () => {
      const roundTrip = async (data: unknown) => {
        const stream = newStream();
        const event = newEvent(data);
        await store.append(stream, NO_STREAM, [event]);
        const [recorded] = await read(stream);
        expect(await store.findEvent(event.id)).toEqual(recorded);
        return (recorded as RecordedEvent).data;
      };

      it.each<[string, unknown]>([
        ['Chinese text', { note: '高新技术企业认定奖励：一次性给予40万元', 单位: '科技局' }],
        ['characters of four bytes', { note: '😀𠮷🇨🇳👩‍💻', '🔑': '𝄞' }],
        ['quotes, controls and blanks', { note: '"\\\'\n\r\t\b\f\u0000\u0001\u001f\u007f\u2028\u2029 \u00a0\u3000' }],
        ['half a surrogate pair', { note: '\ud83d' }],
        ['nesting', { a: [{ b: [{ c: [[], {}, [[[{ d: null }]]]] }] }], empty: {}, none: [] }],
        ['numbers', { values: [0, 1, -1, 0.1, 1e21, 1e-7, Number.MAX_SAFE_INTEGER, Number.MAX_VALUE, Number.MIN_VALUE] }],
        ['literals', { yes: true, no: false, nothing: null, empty: '' }],
        ['money as text', { amount: '9999999999999.99' }],
        ['a large text', { note: 'x'.repeat(300_000) }],
        ['a large Chinese text', { note: '政策'.repeat(100_000) }],
        ['many members', Object.fromEntries(range(0, 2_000).map((number) => [`member-${number}`, number]))],
        ['names that objects inherit', JSON.parse('{"__proto__":{"a":1},"constructor":"b","toString":null,"hasOwnProperty":1}')],
      ])('comes back unchanged: %s', async (_what, data) => {
        expect(JSON.stringify(await roundTrip(data))).toBe(JSON.stringify(data));
      });

      it('comes back unchanged, whatever it is', async () => {
        const stream = newStream();
        let expected = NO_STREAM;
        const anyJson = fastCheck.jsonValue({ noUnicodeString: false });
        await fastCheck.assert(
          fastCheck.asyncProperty(fastCheck.array(anyJson, { minLength: 1, maxLength: 10 }), async (values) => {
            const from = expected + 1;
            expected = (
              await store.append(
                stream,
                expected,
                values.map((value) => newEvent({ value })),
              )
            ).revision;
            const events = await flatten(store.readStream(stream, { from }));
            expect(events.map((event) => JSON.stringify(event.data))).toEqual(values.map((value) => JSON.stringify({ value })));
          }),
          { numRuns: 50 },
        );
      });

      it('is taken when the append is made: a later change of the object does not reach the ledger', async () => {
        const stream = newStream();
        const data = { note: 'as decided' };
        const appending = store.append(stream, NO_STREAM, [newEvent(data)]);
        data.note = 'altered';
        await appending;
        expect((await read(stream))[0]?.data).toEqual({ note: 'as decided' });
      });

      const cyclic: Record<string, unknown> = {};
      cyclic['self'] = cyclic;

      it.each<[string, unknown]>([
        ['a BigInt', { amount: 10n }],
        ['a cycle', cyclic],
        ['nothing at all', undefined],
        ['a function', () => 1],
        [
          'what fails to give its form',
          {
            toJSON: () => {
              throw new Error('no form');
            },
          },
        ],
      ])('is required: %s is refused at once, and harms no other append', async (_what, data) => {
        const [stream, other] = [newStream(), newStream()];
        const { answers, problems } = await settle([
          store.append(other, NO_STREAM, numbered(1)),
          store.append(stream, NO_STREAM, [newEvent({}), newEvent(data)]),
          store.append(other, 0, numbered(1, 1)),
        ]);
        expect(problems).toEqual([expect.any(Error)]);
        expect(answers).toHaveLength(2);
        expect(await read(stream)).toEqual([]);
        expect(numbersOf(await read(other))).toEqual([0, 1]);
      });
    });

    describe('a bad append', () => {
      it.each<[string, () => readonly NewEvent[]]>([
        ['one large event', () => [newEvent({ note: 'x'.repeat(MAX_APPEND_BYTES + 1) })]],
        ['one event large in bytes, not in characters', () => [newEvent({ note: '政'.repeat(MAX_APPEND_BYTES / 2) })]],
        ['large metadata', () => [{ ...newEvent({}), metadata: metadataOf('m'.repeat(MAX_APPEND_BYTES)) }]],
        ['many events, large together', () => Array.from({ length: 11 }, () => newEvent({ note: 'x'.repeat(MAX_APPEND_BYTES / 10) }))],
      ])('is refused as too large: %s', async (_what, events) => {
        const [stream, other] = [newStream(), newStream()];
        const small = store.append(other, NO_STREAM, numbered(1));
        await expect(store.append(stream, NO_STREAM, events())).rejects.toMatchObject({
          name: 'Problem',
          kind: 'invalid',
          code: 'append-too-large',
        });
        expect(await small).toMatchObject({ revision: 0 });
        expect(await read(stream)).toEqual([]);
      });

      it('is not one of just under the limit', async () => {
        const stream = newStream();
        const note = '政'.repeat(MAX_APPEND_BYTES / 3 - 1_000);
        await store.append(stream, NO_STREAM, [newEvent({ note })]);
        expect((await read(stream))[0]?.data).toEqual({ note });
      });

      it.each(['', 'x'.repeat(MAX_STREAM_NAME_LENGTH + 1)])('is refused for its stream name: %j', async (stream) => {
        await expect(store.append(stream, NO_STREAM, numbered(1))).rejects.toMatchObject({ name: 'Problem', kind: 'invalid' });
      });

      it.each(['award-city.第七条.91350100M000100Y43.2024', "it's; DROP TABLE events --", '100% 合格 #1?', '😀', 'UPPER', 'a/b\\c'])(
        'is not one to a stream named %j',
        async (suffix) => {
          const stream = `${newStream()}.${suffix}`;
          await store.append(stream, NO_STREAM, numbered(2));
          expect(await read(stream)).toEqual([
            expect.objectContaining({ stream, revision: 0 }),
            expect.objectContaining({ stream, revision: 1 }),
          ]);
          expect(await read(stream.toLowerCase() === stream ? stream.toUpperCase() : stream.toLowerCase())).toEqual([]);
        },
      );

      it('is not one to a stream with the longest name', async () => {
        const stream = newStream().padEnd(MAX_STREAM_NAME_LENGTH, 'x');
        await store.append(stream, NO_STREAM, numbered(1));
        expect(await read(stream)).toHaveLength(1);
        expect(await read(stream.slice(0, -1))).toEqual([]);
      });

      it('is one of an event no feature has defined', async () => {
        const stream = newStream();
        await expect(store.append(stream, NO_STREAM, [newEvent({}), newEvent({}, 'thing-unheard-of')])).rejects.toThrow('thing-unheard-of');
        expect(await read(stream)).toEqual([]);
      });
    });

    describe('closing and opening again', () => {
      it('keeps every event at its place', async () => {
        await withOwnLedger(async (own) => {
          const before = await own.store.head();
          const names = [newStream(), newStream()] as const;
          const events = numbered(2);
          await own.store.append(names[0], NO_STREAM, events);
          await fill(own.store, names[1], 600);
          const recorded = (await flatten(own.store.readAll({ after: before }))).filter(isOf(...names));
          expect(recorded).toHaveLength(602);
          await own.store.close();

          const reopened = await own.reopen();
          expect((await flatten(reopened.readAll({ after: before }))).filter(isOf(...names))).toEqual(recorded);
          expect(await reopened.append(names[0], NO_STREAM, events)).toEqual({
            revision: 1,
            position: recorded[1]?.position,
            repeated: true,
          });
          await expect(reopened.append(names[0], 0, numbered(1))).rejects.toMatchObject(conflict('wrong-revision'));
          const { position } = await reopened.append(names[0], 1, numbered(1));
          expect(position).toBeGreaterThan(recorded.at(-1)?.position as number);
        });
      });

      it('lifts what an earlier release wrote to the current version', async () => {
        await withOwnLedger(async (own) => {
          const stream = newStream();
          const event = newEvent({ note: 'written by the earlier release' });
          const { position } = await own.store.append(stream, NO_STREAM, [event]);
          await own.store.close();

          const reopened = await own.reopen(NEXT_DEFINITIONS);
          const lifted = { type: 'thing-noted', data: { remark: 'written by the earlier release' }, position };
          expect(await flatten(reopened.readStream(stream))).toEqual([expect.objectContaining(lifted)]);
          expect(await flatten(reopened.readAll({ after: position - 1, limit: 1 }))).toEqual([expect.objectContaining(lifted)]);
          expect(await flatten(reopened.readAll({ after: position - 1, types: ['thing-noted'], limit: 1 }))).toEqual([
            expect.objectContaining(lifted),
          ]);
          expect(await reopened.findEvent(event.id)).toMatchObject(lifted);
        });
      });

      it('settles every append that was under way, and keeps those it acknowledged', async () => {
        await withOwnLedger(async (own) => {
          const names = Array.from({ length: 600 }, newStream);
          const outcomes = Promise.allSettled(names.map((stream) => own.store.append(stream, NO_STREAM, numbered(1))));
          await own.store.close();
          const settled = await outcomes;
          const reopened = await own.reopen();
          for (const [index, outcome] of settled.entries()) {
            const events = await flatten(reopened.readStream(names[index] as string));
            if (outcome.status === 'fulfilled') expect(events).toEqual([expect.objectContaining({ position: outcome.value.position })]);
            else expect(outcome.reason).toMatchObject(closedOrUnavailable);
          }
        });
      });

      it('may be done twice; afterwards appends are refused, and subscriptions have ended', async () => {
        await withOwnLedger(async (own) => {
          const controller = new AbortController();
          const head = await own.store.head();
          const subscription = flatten(own.store.subscribe({ after: head, signal: controller.signal }));
          const ended = subscription.then(
            () => true,
            () => true,
          );
          await turnOfTheLoop();
          await own.store.close();
          await own.store.close();
          expect(await ended).toBe(true);
          expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
          await expect(own.store.append(newStream(), NO_STREAM, numbered(1))).rejects.toMatchObject(closedOrUnavailable);
        });
      });
    });
  });
}
