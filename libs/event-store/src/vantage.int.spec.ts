import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Decider, derivedId, type DomainEvent } from '@app/kernel';
import { EventCodec } from './codec.js';
import type { NewEvent, RecordedEvent } from './event.js';
import { Executor } from './executor.js';
import { SqliteEventStore } from './sqlite-event-store.js';
import { currentVantage, lookingFrom, vantageClock, VantageEventStore } from './vantage.js';

type Noted = DomainEvent<'noted', { readonly no: number }>;
const numbers: Decider<never, Noted, readonly number[]> = {
  initialState: [],
  decide: () => [],
  evolve: (state, { data }) => [...state, data.no],
};
const STREAMS = ['a', 'b', 'c'] as const;
const COUNT = 1_400;

describe('a vantage', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vantage-'));
  const inner = new SqliteEventStore(join(folder, 'ledger.db'), new EventCodec({ noted: { version: 1 } }), { now: () => new Date() });
  const store = new VantageEventStore(inner);
  const executor = new Executor(store);
  const all: RecordedEvent[] = [];
  beforeAll(async () => {
    const revisions = new Map<string, number>();
    for (let no = 1; no <= COUNT; no += 1) {
      // One stream is much longer than a page.
      const stream = no % 10 === 0 ? 'b' : no % 97 === 0 ? 'c' : 'a';
      const revision = revisions.get(stream) ?? -1;
      await store.append(stream, revision, [noted(no)]);
      revisions.set(stream, revision + 1);
    }
    for await (const page of inner.readAll()) all.push(...page);
  }, 60_000);
  afterAll(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const from = (position: number) => ({ position, now: new Date('2024-01-01T00:00:00Z') });
  const position = fc.integer({ min: 0, max: COUNT });
  const direction = fc.constantFrom('forwards' as const, 'backwards' as const);
  const limit = fc.option(fc.integer({ min: 1, max: 700 }), { nil: undefined });

  it('ends every stream and the whole ledger there, in either direction', async () => {
    await fc.assert(
      fc.asyncProperty(position, fc.constantFrom(...STREAMS), direction, limit, async (at, stream, way, most) => {
        await lookingFrom(from(at), async () => {
          const seen = all.filter((event) => event.position <= at);
          const ordered = (events: readonly RecordedEvent[]) => (way === 'forwards' ? events : [...events].reverse()).slice(0, most);
          const options = { direction: way, ...(most !== undefined && { limit: most }) };
          expect(await flat(store.readStream(stream, options))).toEqual(ordered(seen.filter((event) => event.stream === stream)));
          expect(await flat(store.readAll(options))).toEqual(ordered(seen));
          expect(await store.head()).toBe(at);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('loads a stream as it stood there, whatever is cached of the present', async () => {
    for (const stream of STREAMS) await executor.load(numbers, stream);
    await fc.assert(
      fc.asyncProperty(position, fc.constantFrom(...STREAMS), async (at, stream) => {
        const { state, revision } = await lookingFrom(from(at), () => executor.load(numbers, stream));
        const seen = all.filter((event) => event.position <= at && event.stream === stream);
        expect(state).toEqual(seen.map(({ data }) => (data as { no: number }).no));
        expect(revision).toBe(seen.length - 1);
      }),
      { numRuns: 60 },
    );
    expect((await executor.load(numbers, 'a')).state.length).toBe(all.filter(({ stream }) => stream === 'a').length);
  });

  it('finds no event that was recorded later', async () => {
    const [early, late] = [all[9], all[900]] as [RecordedEvent, RecordedEvent];
    await lookingFrom(from(100), async () => {
      expect(await store.findEvent(early.id)).toEqual(early);
      expect(await store.findEvent(late.id)).toBeUndefined();
    });
    expect(await store.findEvent(late.id)).toEqual(late);
  });

  it('lets nobody write', async () => {
    await expect(lookingFrom(from(100), () => store.append('d', -1, [noted(0)]))).rejects.toThrow('looking at the past');
    expect(await flat(store.readStream('d'))).toEqual([]);
  });

  it('stands for the request that has it alone', async () => {
    const clock = vantageClock({ now: () => new Date('2026-01-01T00:00:00Z') });
    const years = await Promise.all([
      lookingFrom(from(5), async () => (await later(), clock.now().getUTCFullYear())),
      (async () => (await later(), clock.now().getUTCFullYear()))(),
    ]);
    expect(years).toEqual([2024, 2026]);
    expect(currentVantage()).toBeUndefined();
  });
});

const later = () => new Promise((resolve) => setTimeout(resolve, 1));

async function flat(pages: AsyncIterable<readonly RecordedEvent[]>): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const page of pages) events.push(...page);
  return events;
}

function noted(no: number): NewEvent {
  const id = derivedId('vantage', String(no));
  const metadata = {
    effectiveOn: '2024-01-01',
    actor: { id: 'a', unit: 'u', roles: [] },
    commandId: id,
    commandHash: 'h',
    correlationId: id,
    causationId: id,
  };
  return { id, type: 'noted', data: { no }, metadata };
}
