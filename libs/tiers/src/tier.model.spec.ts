import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CommandContext, EventCodec, Executor, type RecordedEvent, SqliteEventStore } from '@app/event-store';
import { contentHash, derivedId, Problem } from '@app/kernel';
import type { ColumnValue, Row, Rows, Table } from '@app/projections';
import { type ApplyReview, type TierCommand, tierDecider } from './decide.js';
import { CODE, ground, LADDER } from './specification.fixture.js';
import { StandingProjection } from './standings/standing.projection.js';
import type { TierStandingRow } from './tables.js';
import { evolveTier, outside, standingOf, type TierEvent, tierStream } from './tier.js';
import { tierEvents } from './tier.codec.js';

const tier = fc.constantFrom('low', 'mid', 'high');
const place = fc.option(tier, { nil: null });
const command: fc.Arbitrary<TierCommand> = fc.oneof(
  fc
    .tuple(fc.constantFrom('assign' as const, 'promote' as const, 'demote' as const), tier)
    .map(([type, to]) => ({ type, to, reason: 'r', ground })),
  fc.constant({ type: 'remove' as const, reason: 'r', ground }),
  tier.map((entry) => ({
    type: 'enter' as const,
    clause: 'E',
    reason: 'r',
    ground: { ...ground, entry: { outcome: 'placed' as const, tier: entry } },
  })),
  fc.constant({ type: 'leave-by-merger' as const, ladder: LADDER, creditCode: CODE, survivor: 'S' }),
  fc.tuple(place, place).map(([from, to]) => {
    const action: ApplyReview = { type: 'apply-review', from, to, reason: 'r', review: { year: 2024, decidedBy: 'a' } };
    return { ...action, ground };
  }),
);
/** Days go on or stand still; now and then one reaches back, as a late reaction does. */
const step = fc.tuple(command, fc.constantFrom(0, 0, 1, 1, 3, -2));

const dayOf = (day: number) => new Date(Date.UTC(2024, 0, 10 + day)).toISOString().slice(0, 10);

/** Rows held in memory, by key. */
class MemoryRows implements Rows {
  private readonly tables = new Map<string, Map<string, Row>>();
  of(name: string): Map<string, Row> {
    const known = this.tables.get(name) ?? new Map<string, Row>();
    this.tables.set(name, known);
    return known;
  }
  get<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, ...key: readonly (string | number)[]): R | undefined {
    return this.of(table.name).get(JSON.stringify(key)) as unknown as R | undefined;
  }
  put<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, row: R): void {
    this.of(table.name).set(JSON.stringify(table.key.map((column) => row[column])), row);
  }
  remove(): void {
    throw new Error('nothing is removed from a history');
  }
}

/** Where it stood at the end of each day, told from the events alone. */
function standingsByDay(history: readonly RecordedEvent[], days: readonly string[]): readonly (string | undefined)[] {
  return days.map((day) => {
    const until = history.filter(({ metadata }) => metadata.effectiveOn <= day);
    const folded = until.reduce(
      (state, event) => evolveTier(state, event as unknown as TierEvent, { actorId: 'a', effectiveOn: event.metadata.effectiveOn }),
      outside,
    );
    return standingOf(folded);
  });
}

function expectIntervalsEqual(history: readonly RecordedEvent[]): void {
  const rows = new MemoryRows();
  const projection = new StandingProjection();
  for (const event of history) projection.apply(event, rows);
  const intervals = [...rows.of('tier_standing').values()] as unknown as TierStandingRow[];
  const days = Array.from({ length: 200 }, (_, index) => dayOf(index - 5));
  const told = days.map((day) => {
    const holding = intervals.filter(({ valid_from, valid_until }) => valid_from <= day && (valid_until === null || day < valid_until));
    expect(holding.length).toBeLessThanOrEqual(1);
    return holding[0]?.tier;
  });
  expect(told).toEqual(standingsByDay(history, days));
  expect(rows.of('tier_change').size).toBe(history.length);
}

function recorded(event: TierEvent, revision: number, effectiveOn: string): RecordedEvent {
  const metadata = {
    effectiveOn,
    actor: { id: 'a', unit: 'u', roles: [] },
    commandId: 'c',
    commandHash: 'h',
    correlationId: 'c',
    causationId: 'c',
  };
  return {
    id: `e${revision}`,
    stream: tierStream(LADDER, CODE),
    revision,
    position: revision + 1,
    recordedAt: '2024-01-01T00:00:00Z',
    ...event,
    metadata,
  };
}

describe('random commands', () => {
  it('leave at most one standing, intervals that never overlap and equal the events, and do nothing twice', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
        let state = tierDecider.initialState;
        let day = 0;
        const history: RecordedEvent[] = [];
        for (const [asked, move] of steps) {
          day = Math.max(0, day + move);
          const context = { actorId: 'a', roles: ['service'], effectiveOn: dayOf(day), today: dayOf(day) };
          const events = decideOrNothing(() => tierDecider.decide(asked, state, context));
          for (const event of events) {
            history.push(recorded(event, history.length, context.effectiveOn));
            state = tierDecider.evolve(state, event, context);
          }
          if (events.length > 0 && asked.type !== 'promote' && asked.type !== 'demote')
            expect(tierDecider.decide(asked, state, context)).toEqual([]);
        }
        expectIntervalsEqual(history);
      }),
      { numRuns: 200 },
    );
  });
});

function decideOrNothing(decide: () => readonly TierEvent[]): readonly TierEvent[] {
  try {
    return decide();
  } catch (error) {
    if (error instanceof Problem) return [];
    throw error;
  }
}

describe('concurrent writers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tiers-'));
  // Two stores on one file, each with an executor of its own, as two processes would have.
  const stores = [1, 2].map(() => new SqliteEventStore(join(folder, 'events.db'), new EventCodec(tierEvents), { now: () => new Date(0) }));
  const executors = stores.map((store) => new Executor(store));
  afterAll(async () => {
    for (const store of stores) await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  let runs = 0;

  it('never put an enterprise into a ladder twice', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(command, fc.constantFrom(0, 1)), { minLength: 2, maxLength: 12 }), async (commands) => {
        runs += 1;
        const stream = tierStream(`${LADDER}-${runs}`, CODE);
        const answers = await Promise.allSettled(
          commands.map(([asked, writer], index) =>
            (executors[writer] as Executor).execute(tierDecider, stream, asked, context(`${runs} ${index}`)),
          ),
        );
        const faults = answers.flatMap((one) =>
          one.status === 'rejected' && !(one.reason instanceof Problem) ? [one.reason as Error] : [],
        );
        expect(faults).toEqual([]);
        const history: RecordedEvent[] = [];
        for await (const page of (stores[0] as SqliteEventStore).readStream(stream)) history.push(...page);
        // The fold throws where one would stand twice, or move from where it does not stand.
        expectIntervalsEqual(history);
        const written = answers.reduce((sum, one) => sum + (one.status === 'fulfilled' ? one.value.events : 0), 0);
        expect(written).toBe(history.length);
      }),
      { numRuns: 40 },
    );
  });
});

function context(id: string): CommandContext {
  const day = dayOf(0);
  const commandId = derivedId('spec', id);
  const actor = { id: 'a', unit: 'u', roles: ['service' as const] };
  return { commandId, contentHash: contentHash(id), actor, effectiveOn: day, today: day, correlationId: commandId, causationId: commandId };
}
