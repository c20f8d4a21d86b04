import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fastCheck from 'fast-check';
import { contentHash, type Decider, Problem, refused, unreachable } from '@app/kernel';
import { EventCodec, type EventDefinitions } from './codec.js';
import type { RecordedEvent } from './event.js';
import { isProblem, NO_STREAM } from './event-store.js';
import { asDomainEvent, type CommandContext, contextOf, Executor, type Receipt } from './executor.js';
import { SqliteEventStore } from './sqlite-event-store.js';

type CounterEvent =
  | { readonly type: 'counter-opened'; readonly data: { readonly limit: number } }
  | { readonly type: 'counter-added'; readonly data: { readonly by: number } }
  | { readonly type: 'counter-labelled'; readonly data: { readonly label: string } };

interface Counter {
  readonly limit: number | undefined;
  readonly total: number;
  readonly label: string;
}

type CounterCommand =
  | { readonly type: 'open'; readonly limit: number }
  | { readonly type: 'add'; readonly by: number }
  | { readonly type: 'add-each'; readonly amounts: readonly number[] }
  /** Quiet when the counter has that label. */
  | { readonly type: 'label'; readonly label: string };

const initialCounter: Counter = { limit: undefined, total: 0, label: '' };

/** A counter that is opened once and never passes its limit. Adding is not idempotent: only the executor makes a repeat harmless. */
const counterDecider: Decider<CounterCommand, CounterEvent, Counter> = {
  initialState: initialCounter,
  decide(command, state) {
    if (command.type === 'open') {
      if (state.limit === undefined) return [{ type: 'counter-opened', data: { limit: command.limit } }];
      throw refused('already-open', 'the counter is open');
    }
    if (state.limit === undefined) throw refused('not-open', 'the counter is not open');
    switch (command.type) {
      case 'add':
        return additions([command.by], state);
      case 'add-each':
        return additions(command.amounts, state);
      case 'label':
        return command.label === state.label ? [] : [{ type: 'counter-labelled', data: { label: command.label } }];
      default:
        return unreachable(command);
    }
  },
  evolve(state, event) {
    switch (event.type) {
      case 'counter-opened':
        return { ...state, limit: event.data.limit };
      case 'counter-added':
        return { ...state, total: state.total + event.data.by };
      case 'counter-labelled':
        return { ...state, label: event.data.label };
      default:
        return unreachable(event);
    }
  },
};

function additions(amounts: readonly number[], state: Counter): readonly CounterEvent[] {
  const total = amounts.reduce((sum, by) => sum + by, state.total);
  if (total > (state.limit as number) || total < 0) throw refused('limit-exceeded', `${total} is outside 0 to ${state.limit}`);
  return amounts.map((by) => ({ type: 'counter-added', data: { by } }));
}

const definitions: EventDefinitions<CounterEvent> = {
  'counter-opened': { version: 1 },
  'counter-added': { version: 1 },
  'counter-labelled': { version: 1 },
};

function contextFor(commandId: string, content: unknown, more: Partial<CommandContext> = {}): CommandContext {
  return {
    commandId,
    contentHash: contentHash(content),
    actor: { id: 'clerk-1', unit: '科技局', roles: ['clerk'] },
    effectiveOn: '2024-02-29',
    today: '2024-02-29',
    correlationId: randomUUID(),
    causationId: commandId,
    ...more,
  };
}

let folder: string;
let stores: SqliteEventStore[];
/** Two executors on two connections to one file, as two processes have them. */
let first: Executor;
let second: Executor;

function openStore(): SqliteEventStore {
  const store = new SqliteEventStore(join(folder, 'ledger.db'), new EventCodec(definitions), { now: () => new Date() });
  stores.push(store);
  return store;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-executor-'));
  stores = [];
  first = new Executor(openStore());
  second = new Executor(openStore());
});

afterEach(async () => {
  for (const store of stores) await store.close();
  rmSync(folder, { recursive: true });
});

type Options = Partial<CommandContext> & { readonly id?: string };

function run(executor: Executor, stream: string, command: CounterCommand, { id = randomUUID(), ...more }: Options = {}): Promise<Receipt> {
  return executor.execute(counterDecider, stream, command, contextFor(id, { stream, command }, more));
}

const open = (executor: Executor, stream: string, limit: number, options?: Options) =>
  run(executor, stream, { type: 'open', limit }, options);
const add = (executor: Executor, stream: string, by: number, options?: Options) => run(executor, stream, { type: 'add', by }, options);
const addEach = (executor: Executor, stream: string, amounts: readonly number[], options?: Options) =>
  run(executor, stream, { type: 'add-each', amounts }, options);
const label = (executor: Executor, stream: string, text: string, options?: Options) =>
  run(executor, stream, { type: 'label', label: text }, options);

const load = (stream: string) => new Executor(stores[0] as SqliteEventStore).load(counterDecider, stream);

async function history(stream: string): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const page of (stores[0] as SqliteEventStore).readStream(stream)) events.push(...page);
  return events;
}

describe('the state after a retry', () => {
  type Dated = { readonly type: 'counter-opened'; readonly data: { readonly limit: number } };
  const dated: Decider<'open', Dated, readonly string[]> = {
    initialState: [],
    decide: (_command, days) => (days.length === 0 ? [{ type: 'counter-opened', data: { limit: 1 } }] : []),
    evolve: (days, _event, at) => [...days, at.effectiveOn],
  };
  const command = (executor: Executor, effectiveOn: string) =>
    executor.execute(dated, 'counter-a', 'open', contextFor('command-1', 'open', { effectiveOn, today: effectiveOn }));

  it('bears the day that was recorded, not the day of the retry', async () => {
    await command(first, '2024-02-28');
    expect(await command(second, '2024-03-15')).toMatchObject({ replayed: true });
    expect((await second.load(dated, 'counter-a')).state).toEqual(['2024-02-28']);
  });
});

describe('a command', () => {
  it('is decided and recorded, and its receipt says where', async () => {
    expect(await open(first, 'counter-a', 10)).toEqual({ stream: 'counter-a', revision: 0, position: 1, events: 1, replayed: false });
    expect(await add(first, 'counter-a', 4)).toEqual({ stream: 'counter-a', revision: 1, position: 2, events: 1, replayed: false });
    expect(await load('counter-a')).toEqual({ state: { limit: 10, total: 4, label: '' }, revision: 1, position: 2 });
  });

  it('may cause several events, recorded all or none', async () => {
    await open(first, 'counter-a', 10);
    expect(await addEach(first, 'counter-a', [1, 2, 3])).toEqual({
      stream: 'counter-a',
      revision: 3,
      position: 4,
      events: 3,
      replayed: false,
    });
    await expect(addEach(first, 'counter-a', [1, 2, 3])).rejects.toMatchObject({ kind: 'refused', code: 'limit-exceeded' });
    expect((await history('counter-a')).map((event) => event.type)).toEqual([
      'counter-opened',
      'counter-added',
      'counter-added',
      'counter-added',
    ]);
  });

  it('may be quiet: nothing is recorded, and the receipt says where the stream stands', async () => {
    await open(first, 'counter-a', 10);
    await label(first, 'counter-a', '甲');
    expect(await label(first, 'counter-a', '甲')).toEqual({ stream: 'counter-a', revision: 1, position: 2, events: 0, replayed: false });
    expect(await addEach(second, 'counter-a', [])).toEqual({ stream: 'counter-a', revision: 1, position: 2, events: 0, replayed: false });
    expect(await history('counter-a')).toHaveLength(2);
  });

  it('that is refused records nothing', async () => {
    await expect(add(first, 'counter-a', 1)).rejects.toMatchObject({ code: 'not-open' });
    expect(await history('counter-a')).toEqual([]);
  });
});

describe('repeating a command', () => {
  const repeats: readonly [string, () => Executor][] = [
    ['the same process', () => first],
    ['a process that knows nothing yet', () => new Executor(openStore())],
    ['a process whose state is stale', () => second],
  ];

  /** Leaves `second` with the state right before the command that is repeated. */
  async function openAndLetBothKnow(): Promise<void> {
    await open(first, 'counter-a', 100);
    await second.load(counterDecider, 'counter-a');
  }

  it.each(repeats)('in %s answers as the first time and records nothing', async (_where, executor) => {
    await openAndLetBothKnow();
    const receipt = await add(first, 'counter-a', 5, { id: 'command-1' });
    expect(receipt).toMatchObject({ replayed: false });
    for (let repeat = 0; repeat < 3; repeat += 1) {
      expect(await add(executor(), 'counter-a', 5, { id: 'command-1' })).toEqual({ ...receipt, replayed: true });
    }
    expect(await load('counter-a')).toMatchObject({ state: { total: 5 }, revision: 1 });
  });

  it.each(repeats)('of several events in %s answers as the first time, also when more has happened', async (_where, executor) => {
    await openAndLetBothKnow();
    const receipt = await addEach(first, 'counter-a', [1, 2, 3], { id: 'command-1' });
    expect(receipt).toMatchObject({ revision: 3, events: 3 });
    await add(first, 'counter-a', 7);
    await open(first, 'counter-b', 1);
    expect(await addEach(executor(), 'counter-a', [1, 2, 3], { id: 'command-1' })).toEqual({ ...receipt, replayed: true });
    expect(await load('counter-a')).toMatchObject({ state: { total: 13 }, revision: 4 });
  });

  it.each(repeats)('in %s answers as the first time, also when it would be refused now', async (_where, executor) => {
    await openAndLetBothKnow();
    const receipt = await add(first, 'counter-a', 60, { id: 'command-1' });
    await add(first, 'counter-a', 40);
    expect(await add(executor(), 'counter-a', 60, { id: 'command-1' })).toEqual({ ...receipt, replayed: true });
    expect(await load('counter-a')).toMatchObject({ state: { total: 100 } });
  });

  it.each(repeats)('in %s answers as the first time, also when it would be quiet now', async (_where, executor) => {
    await openAndLetBothKnow();
    const receipt = await label(first, 'counter-a', '甲', { id: 'command-1' });
    expect(await label(executor(), 'counter-a', '甲', { id: 'command-1' })).toEqual({ ...receipt, replayed: true });
    await label(first, 'counter-a', '乙');
    expect(await label(executor(), 'counter-a', '甲', { id: 'command-1' })).toEqual({ ...receipt, replayed: true });
    expect(await load('counter-a')).toMatchObject({ state: { label: '乙' }, revision: 2 });
  });

  it('goes on from the right revision afterwards', async () => {
    await openAndLetBothKnow();
    await add(first, 'counter-a', 5, { id: 'command-1' });
    await add(first, 'counter-a', 6);
    await add(second, 'counter-a', 5, { id: 'command-1' });
    expect(await add(second, 'counter-a', 7)).toMatchObject({ revision: 3, replayed: false });
    expect(await load('counter-a')).toMatchObject({ state: { total: 18 } });
  });

  it('is recognised when both are under way at once, in one process or in two', async () => {
    await openAndLetBothKnow();
    const receipts = await Promise.all(
      [first, second, first, second].map((executor) => add(executor, 'counter-a', 5, { id: 'command-1' })),
    );
    expect(receipts.filter((receipt) => !receipt.replayed)).toHaveLength(1);
    for (const receipt of receipts) expect(receipt).toMatchObject({ revision: 1, position: 2, events: 1 });
    expect(await load('counter-a')).toMatchObject({ state: { total: 5 }, revision: 1 });
  });

  it('recalls the command alone: what another recorded right behind it does not count', async () => {
    await openAndLetBothKnow();
    const receipt = await addEach(first, 'counter-a', [1, 1], { id: 'command-1' });
    await addEach(first, 'counter-a', [2, 2], { id: 'command-2' });
    expect(await addEach(first, 'counter-a', [1, 1], { id: 'command-1' })).toEqual({ ...receipt, revision: 2, events: 2, replayed: true });
  });
});

describe('a command id used again with other content', () => {
  const reused = { kind: 'refused', code: 'idempotency-key-reused' };

  beforeEach(async () => {
    await open(first, 'counter-a', 10);
    await open(first, 'counter-b', 10);
    await second.load(counterDecider, 'counter-a');
    await second.load(counterDecider, 'counter-b');
    await add(first, 'counter-a', 5, { id: 'command-1' });
  });

  afterEach(async () => {
    expect((await load('counter-a')).state.total).toBe(5);
    expect((await load('counter-b')).state.total).toBe(0);
  });

  it('is refused on the same stream', async () => {
    await expect(add(first, 'counter-a', 4, { id: 'command-1' })).rejects.toMatchObject(reused);
  });

  it('is refused on another stream', async () => {
    await expect(add(first, 'counter-b', 5, { id: 'command-1' })).rejects.toMatchObject(reused);
    await expect(open(first, 'counter-c', 5, { id: 'command-1' })).rejects.toMatchObject(reused);
    expect(await history('counter-c')).toEqual([]);
  });

  it('is refused by a process whose state is stale', async () => {
    await expect(add(second, 'counter-a', 4, { id: 'command-1' })).rejects.toMatchObject(reused);
    await expect(add(second, 'counter-b', 5, { id: 'command-1' })).rejects.toMatchObject(reused);
  });

  it('is refused by a process whose state is stale, even if it would cause the very same event', async () => {
    const sameEffect = run(second, 'counter-a', { type: 'add-each', amounts: [5] }, { id: 'command-1' });
    await expect(sameEffect).rejects.toMatchObject(reused);
  });

  it('is refused where the command would be refused anyway, or quiet', async () => {
    await expect(add(first, 'counter-a', 500, { id: 'command-1' })).rejects.toMatchObject(reused);
    await expect(addEach(first, 'counter-b', [], { id: 'command-1' })).rejects.toMatchObject(reused);
    await expect(add(second, 'counter-a', 1, { id: 'command-1', expectedRevision: 77 })).rejects.toMatchObject(reused);
  });
});

describe('If-Match', () => {
  beforeEach(async () => {
    await open(first, 'counter-a', 10);
    await second.load(counterDecider, 'counter-a');
  });

  it('lets the command pass when the stream stands there', async () => {
    expect(await add(first, 'counter-a', 1, { expectedRevision: 0 })).toMatchObject({ revision: 1 });
    expect(await open(first, 'counter-b', 1, { expectedRevision: NO_STREAM })).toMatchObject({ revision: 0 });
  });

  it.each([NO_STREAM, 0, 2, 99])('refuses the command when the stream stands at 1, not %i', async (expectedRevision) => {
    await add(first, 'counter-a', 1);
    for (const executor of [first, second, new Executor(openStore())]) {
      await expect(add(executor, 'counter-a', 1, { expectedRevision })).rejects.toMatchObject({
        kind: 'precondition-failed',
        code: 'precondition-failed',
        extra: { expected: expectedRevision, actual: 1 },
      });
    }
    expect(await history('counter-a')).toHaveLength(2);
  });

  it('is judged on the fresh state: a stale process lets the right revision pass', async () => {
    await add(first, 'counter-a', 1);
    expect(await add(second, 'counter-a', 1, { expectedRevision: 1 })).toMatchObject({ revision: 2 });
  });

  it('does not stand in the way of a repeat', async () => {
    const receipt = await add(first, 'counter-a', 1, { id: 'command-1', expectedRevision: 0 });
    await add(first, 'counter-a', 2);
    for (const executor of [first, second, new Executor(openStore())]) {
      expect(await add(executor, 'counter-a', 1, { id: 'command-1', expectedRevision: 0 })).toEqual({ ...receipt, replayed: true });
    }
  });

  it('lets one of many pass that name the same revision', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => add(index % 2 === 0 ? first : second, 'counter-a', 1, { expectedRevision: 0 })),
    );
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(refusals).toHaveLength(19);
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'precondition-failed' });
    expect(await load('counter-a')).toMatchObject({ state: { total: 1 }, revision: 1 });
  });
});

describe('a state that is stale because another process wrote', () => {
  beforeEach(async () => {
    await open(first, 'counter-a', 10);
    await add(first, 'counter-a', 10);
    await label(first, 'counter-a', '甲');
    await second.load(counterDecider, 'counter-a');
  });

  it('does not refuse what is allowed now', async () => {
    await expect(add(second, 'counter-a', 3)).rejects.toMatchObject({ code: 'limit-exceeded' });
    await add(first, 'counter-a', -5);
    expect(await add(second, 'counter-a', 3)).toMatchObject({ revision: 4 });
    expect((await load('counter-a')).state.total).toBe(8);
  });

  it('does not allow what is refused now', async () => {
    await add(first, 'counter-a', -5);
    await second.load(counterDecider, 'counter-a');
    await add(first, 'counter-a', 4);
    await expect(add(second, 'counter-a', 3)).rejects.toMatchObject({ code: 'limit-exceeded' });
    expect((await load('counter-a')).state.total).toBe(9);
  });

  it('does not keep a command quiet that is due now', async () => {
    await label(first, 'counter-a', '乙');
    expect(await label(second, 'counter-a', '甲')).toMatchObject({ events: 1, revision: 4 });
    expect((await load('counter-a')).state.label).toBe('甲');
  });

  it('does not hide where a quiet command finds the stream', async () => {
    await add(first, 'counter-a', -1);
    expect(await label(second, 'counter-a', '甲')).toEqual({ stream: 'counter-a', revision: 3, position: 4, events: 0, replayed: false });
  });
});

describe('many commands at once', () => {
  it('64 on one stream never break its limit', async () => {
    await open(first, 'counter-a', 40);
    const outcomes = await Promise.allSettled(Array.from({ length: 64 }, () => add(first, 'counter-a', 1)));
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(refusals).toHaveLength(24);
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'limit-exceeded' });
    expect(await load('counter-a')).toMatchObject({ state: { total: 40 }, revision: 40 });
  });

  it('64 on one stream from two processes never break its limit, and each that is acknowledged stands once', async () => {
    await open(first, 'counter-a', 40);
    const ids = Array.from({ length: 64 }, (_, index) => `command-${index}`);
    const addPatiently = async (executor: Executor, id: string): Promise<Receipt> => {
      // Both share one event loop here, so that one of them can win every race: as a caller would, retry when told to.
      for (let attempt = 0; attempt < 10; attempt += 1) {
        try {
          return await add(executor, 'counter-a', 1, { id });
        } catch (error) {
          if (!isProblem(error, 'too-much-contention')) throw error;
        }
      }
      throw new Error('no end of contention');
    };
    const outcomes = await Promise.allSettled(ids.map((id, index) => addPatiently(index % 2 === 0 ? first : second, id)));
    const acknowledged = outcomes.flatMap((outcome, index) =>
      outcome.status === 'fulfilled' ? [{ id: ids[index], revision: outcome.value.revision }] : [],
    );
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(acknowledged).toHaveLength(40);
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'limit-exceeded' });

    const recorded = (await history('counter-a')).slice(1).map((event) => ({ id: event.metadata.commandId, revision: event.revision }));
    expect([...acknowledged].sort((one, other) => one.revision - other.revision)).toEqual(recorded);
  });

  it('conflicts of two processes are retried until every command is in', async () => {
    await open(first, 'counter-a', 1_000);
    const receipts = await Promise.all(
      Array.from({ length: 15 }, () => [addEach(first, 'counter-a', [1, 1]), addEach(second, 'counter-a', [2, 2])]).flat(),
    );
    expect(new Set(receipts.map((receipt) => receipt.revision)).size).toBe(30);
    expect(await load('counter-a')).toMatchObject({ state: { total: 90 }, revision: 60 });
    expect((await first.load(counterDecider, 'counter-a')).state).toEqual((await second.load(counterDecider, 'counter-a')).state);
  });

  it('two processes with one store between them take turns as well', async () => {
    const neighbour = new Executor(stores[0] as SqliteEventStore);
    await open(first, 'counter-a', 1_000);
    await Promise.all(Array.from({ length: 15 }, () => [add(first, 'counter-a', 1), add(neighbour, 'counter-a', 1)]).flat());
    expect(await load('counter-a')).toMatchObject({ state: { total: 30 }, revision: 30 });
  });

  it('on many streams do not mix', async () => {
    const streams = Array.from({ length: 30 }, (_, index) => `counter-${index}`);
    await Promise.all(
      streams.map(async (stream, index) => {
        await open(index % 2 === 0 ? first : second, stream, 1_000);
        await Promise.all([1, 2, 3].map((by) => add(by === 2 ? second : first, stream, by * index)));
      }),
    );
    for (const [index, stream] of streams.entries()) expect(await load(stream)).toMatchObject({ state: { total: index * 6 }, revision: 3 });
  });
});

describe('a rehearsal', () => {
  const head = () => (stores[0] as SqliteEventStore).head();
  beforeEach(async () => {
    await open(first, 'counter-a', 10);
    await add(first, 'counter-a', 4);
  });

  it('answers as the commands would be answered, and leaves no event, no note and every key free', async () => {
    const seen = await first.rehearse(async () => [
      await add(first, 'counter-a', 3, { id: 'command-1' }),
      await label(first, 'counter-a', '', { id: 'command-2' }),
      await open(first, 'counter-b', 5, { id: 'command-3' }),
    ]);
    const rehearsed = { replayed: false, rehearsed: true };
    expect(seen).toEqual([
      { stream: 'counter-a', revision: 2, position: 2, events: 1, ...rehearsed },
      { stream: 'counter-a', revision: 2, position: 2, events: 0, ...rehearsed },
      { stream: 'counter-b', revision: 0, position: 0, events: 1, ...rehearsed },
    ]);
    expect(await head()).toBe(2);
    // Nothing binds the keys to what was rehearsed under them.
    expect(await add(first, 'counter-a', 1, { id: 'command-1' })).toEqual({
      stream: 'counter-a',
      revision: 2,
      position: 3,
      events: 1,
      replayed: false,
    });
    expect(await add(first, 'counter-a', 1, { id: 'command-2' })).toMatchObject({ events: 1, replayed: false });
    expect(await open(first, 'counter-b', 7, { id: 'command-3' })).toMatchObject({ revision: 0, replayed: false });
    expect((await first.load(counterDecider, 'counter-a')).state.total).toBe(6);
  });

  it('sees what was rehearsed before it, in commands and look-ups, also of those sent at once', async () => {
    await first.rehearse(async () => {
      await Promise.all([1, 2, 3].map((by) => add(first, 'counter-a', by)));
      expect(await first.load(counterDecider, 'counter-a')).toEqual({
        state: { limit: 10, total: 10, label: '' },
        revision: 4,
        position: 2,
      });
      await expect(add(first, 'counter-a', 1)).rejects.toMatchObject({ kind: 'refused', code: 'limit-exceeded' });
      await expect(add(first, 'counter-a', -1, { expectedRevision: 1 })).rejects.toMatchObject({ code: 'precondition-failed' });
      expect(await add(first, 'counter-a', -1, { expectedRevision: 4 })).toMatchObject({ revision: 5 });
    });
    expect(await first.load(counterDecider, 'counter-a')).toMatchObject({ state: { total: 4 }, revision: 1 });
  });

  it('knows a command done before, in the ledger or in the rehearsal, and one with other content', async () => {
    const receipt = await add(first, 'counter-a', 1, { id: 'command-1' });
    const reused = { code: 'idempotency-key-reused' };
    await first.rehearse(async () => {
      expect(await add(first, 'counter-a', 1, { id: 'command-1' })).toEqual({ ...receipt, replayed: true, rehearsed: true });
      await expect(add(first, 'counter-a', 2, { id: 'command-1' })).rejects.toMatchObject(reused);
      const once = await add(first, 'counter-a', 2, { id: 'command-2' });
      expect(await add(first, 'counter-a', 2, { id: 'command-2' })).toEqual({ ...once, replayed: true });
      await expect(label(first, 'counter-a', '甲', { id: 'command-2' })).rejects.toMatchObject(reused);
      // A process manager's quiet command binds nothing.
      const actor = { id: 'ledger', unit: 'ledger', roles: ['service' as const] };
      await label(first, 'counter-a', '', { id: 'command-3', actor });
      expect(await label(first, 'counter-a', '甲', { id: 'command-3', actor })).toMatchObject({ events: 1, replayed: false });
    });
  });

  it('neither fills nor changes the cache', async () => {
    const read = jest.spyOn(stores[1] as SqliteEventStore, 'readStream');
    const readFrom = () => read.mock.calls.splice(0).map(([stream, options]) => [stream, options?.from]);
    await second.rehearse(() => add(second, 'counter-a', 3));
    expect(readFrom()).toEqual([['counter-a', 0]]);
    expect(await second.load(counterDecider, 'counter-a')).toMatchObject({ state: { total: 4 }, revision: 1 });
    expect(readFrom()).toEqual([['counter-a', 0]]);
    await add(first, 'counter-a', 1);
    await second.rehearse(() => add(second, 'counter-a', 3));
    await second.load(counterDecider, 'counter-a');
    expect(readFrom()).toEqual([
      ['counter-a', 2],
      ['counter-a', 2],
    ]);
  });

  it('neither keeps others waiting nor waits for them, and they do not see each other', async () => {
    let letGo = () => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const holding = (executor: Executor, id: string) =>
      executor.execute(
        counterDecider,
        'counter-a',
        async () => {
          await held;
          return { type: 'add', by: 1 } as const;
        },
        contextFor(id, id),
      );
    const rehearsed = first.rehearse(() => holding(first, 'command-1'));
    expect(await add(first, 'counter-a', 2)).toMatchObject({ revision: 2 });
    const written = holding(first, 'command-2');
    expect(await first.rehearse(() => add(first, 'counter-a', 4))).toMatchObject({ revision: 3, rehearsed: true });
    letGo();
    expect(await rehearsed).toMatchObject({ rehearsed: true });
    expect(await written).toEqual({ stream: 'counter-a', revision: 3, position: 4, events: 1, replayed: false });
    expect((await history('counter-a')).map(({ metadata }) => metadata.commandId)).not.toContain('command-1');
    expect((await load('counter-a')).state.total).toBe(7);
  });

  it('within another begins where that one stands, and leaves it as it was', async () => {
    await first.rehearse(async () => {
      await add(first, 'counter-a', 2);
      expect(await first.rehearse(() => add(first, 'counter-a', 4, { id: 'command-1' }))).toMatchObject({ revision: 3 });
      expect(await add(first, 'counter-a', 1, { id: 'command-1' })).toMatchObject({ revision: 3, replayed: false });
      expect((await first.load(counterDecider, 'counter-a')).state.total).toBe(7);
    });
  });

  it('lets nothing through to the store, not even what it left running or what goes around the decision', async () => {
    let late: Promise<Receipt> | undefined;
    await first.rehearse(async () => {
      late = new Promise((resolve) => setTimeout(resolve, 5)).then(() => add(first, 'counter-a', 1));
    });
    expect(await late).toMatchObject({ rehearsed: true });
    const receipt = { stream: 'counter-a', revision: 1, position: 2, events: 0, replayed: false };
    const { note } = first as unknown as { note: (receipt: Receipt, context: CommandContext) => Promise<Receipt> };
    await expect(first.rehearse(() => note.call(first, receipt, contextFor('command-1', 'x')))).rejects.toThrow('rehearsal');
    expect(await head()).toBe(2);
  });

  it('is refused what would be too much to hold, and the process goes on', async () => {
    await open(first, 'counter-b', 1_000_000);
    const ones = Array.from({ length: 1_000 }, () => 1);
    let taken = 0;
    const tooMuch = first.rehearse(async () => {
      for (; taken < 100; taken += 1) {
        await open(first, `counter-${taken}`, 1_000_000);
        await addEach(first, `counter-${taken}`, ones);
      }
    });
    await expect(tooMuch).rejects.toMatchObject({ kind: 'invalid', code: 'rehearsal-too-large' });
    expect(taken).toBe(49);
    // Of one stream alone no length is too much.
    expect(
      await first.rehearse(async () => {
        for (let time = 0; time < 60; time += 1) await addEach(first, 'counter-b', ones);
        return first.load(counterDecider, 'counter-b');
      }),
    ).toMatchObject({ state: { total: 60_000 } });
    expect(await head()).toBe(3);
  });
});

/** One step of a random history. */
interface Step {
  readonly bySecond: boolean;
  readonly stream: string;
  readonly id: string;
  readonly command: CounterCommand;
  readonly expectedRevision: number | undefined;
}

const smallNumber = fastCheck.integer({ min: -4, max: 6 });
const anyCommand: fastCheck.Arbitrary<CounterCommand> = fastCheck.oneof(
  { weight: 1, arbitrary: fastCheck.record({ type: fastCheck.constant('open' as const), limit: fastCheck.integer({ min: 5, max: 12 }) }) },
  { weight: 4, arbitrary: fastCheck.record({ type: fastCheck.constant('add' as const), by: smallNumber }) },
  {
    weight: 2,
    arbitrary: fastCheck.record({ type: fastCheck.constant('add-each' as const), amounts: fastCheck.array(smallNumber, { maxLength: 3 }) }),
  },
  { weight: 2, arbitrary: fastCheck.record({ type: fastCheck.constant('label' as const), label: fastCheck.constantFrom('甲', '乙') }) },
);
// Few streams, ids and commands, so that repeats, reuse and conflicts are common.
const anyStep: fastCheck.Arbitrary<Step> = fastCheck.record({
  bySecond: fastCheck.boolean(),
  stream: fastCheck.constantFrom('counter-a', 'counter-b'),
  id: fastCheck.integer({ min: 1, max: 12 }).map((number) => `command-${number}`),
  command: anyCommand,
  expectedRevision: fastCheck.option(fastCheck.integer({ min: NO_STREAM, max: 6 }), { nil: undefined, freq: 5 }),
});

/** What an executor should answer, written down without a store, a cache or a second process. */
class SequentialModel {
  readonly streams = new Map<string, { state: Counter; revision: number }>();
  private readonly done = new Map<string, { readonly hash: string; readonly answer: unknown }>();

  answer({ stream, id, command, expectedRevision }: Step): unknown {
    const hash = contentHash({ stream, command });
    const before = this.done.get(id);
    if (before !== undefined) return before.hash === hash ? before.answer : 'idempotency-key-reused';
    const { state, revision } = this.streams.get(stream) ?? { state: initialCounter, revision: NO_STREAM };
    if (expectedRevision !== undefined && expectedRevision !== revision) return 'precondition-failed';
    const context = contextFor(id, {});
    let events: readonly CounterEvent[];
    try {
      events = counterDecider.decide(command, state, { actorId: context.actor.id, roles: [], effectiveOn: '', today: '' });
    } catch (error) {
      return (error as Problem).code;
    }
    const after = revision + events.length;
    const next = events.reduce(
      (folded, event) => counterDecider.evolve(folded, event, { actorId: context.actor.id, effectiveOn: '' }),
      state,
    );
    this.streams.set(stream, { state: next, revision: after });
    // Also a quiet command binds its id.
    this.done.set(id, { hash, answer: { stream, revision: after, events: events.length, replayed: true } });
    return { stream, revision: after, events: events.length, replayed: false };
  }
}

async function answerOf(prefix: string, { bySecond, stream, id, command, expectedRevision }: Step): Promise<unknown> {
  try {
    const context = { ...contextFor(prefix + id, { stream, command }), expectedRevision };
    const receipt = await (bySecond ? second : first).execute(counterDecider, prefix + stream, command, context);
    return { stream, revision: receipt.revision, events: receipt.events, replayed: receipt.replayed };
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

describe('any history', () => {
  it('of commands to two processes, one after another, is answered as the sequential model answers', async () => {
    await fastCheck.assert(
      fastCheck.asyncProperty(fastCheck.array(anyStep, { minLength: 1, maxLength: 40 }), async (steps) => {
        const prefix = `${randomUUID()}-`;
        const model = new SequentialModel();
        for (const step of steps) expect(await answerOf(prefix, step)).toEqual(model.answer(step));
        for (const [stream, { state, revision }] of model.streams) expect(await load(prefix + stream)).toMatchObject({ state, revision });
      }),
      { numRuns: 150 },
    );
  });

  it('is rehearsed as it then goes', async () => {
    await fastCheck.assert(
      fastCheck.asyncProperty(
        fastCheck.array(anyStep, { maxLength: 10 }),
        fastCheck.array(anyStep, { maxLength: 20 }),
        async (done, steps) => {
          const prefix = `${randomUUID()}-`;
          const byFirst = steps.map((step) => ({ ...step, bySecond: false }));
          const answers = async () => {
            const given: unknown[] = [];
            for (const step of byFirst) given.push(await answerOf(prefix, step));
            return given;
          };
          for (const step of done) await answerOf(prefix, step);
          const before = [await history(`${prefix}counter-a`), await history(`${prefix}counter-b`)];
          const rehearsed = await first.rehearse(answers);
          expect([await history(`${prefix}counter-a`), await history(`${prefix}counter-b`)]).toEqual(before);
          expect(rehearsed).toEqual(await answers());
        },
      ),
      { numRuns: 150 },
    );
  });

  it('of commands to two processes, all at once, is one that some order of the commands explains', async () => {
    await fastCheck.assert(
      fastCheck.asyncProperty(fastCheck.array(anyStep, { minLength: 2, maxLength: 12 }), async (steps) => {
        const prefix = `${randomUUID()}-`;
        for (const stream of ['counter-a', 'counter-b']) await open(first, prefix + stream, 10);
        const answers = await Promise.all(steps.map((step) => answerOf(prefix, step)));

        for (const stream of ['counter-a', 'counter-b']) {
          const events = await history(prefix + stream);
          let state = initialCounter;
          for (const event of events) {
            state = counterDecider.evolve(state, asDomainEvent<CounterEvent>(event), contextOf(event));
            // Only the end of a command has to respect the limit, but a command's events stand together.
            const next = events[event.revision + 1];
            if (next?.metadata.commandId === event.metadata.commandId) continue;
            expect(state.total).toBeGreaterThanOrEqual(0);
            expect(state.total).toBeLessThanOrEqual(state.limit as number);
          }
          const recorded = events.slice(1).map((event) => event.metadata.commandId);
          expect(new Set(recorded).size).toBe(recorded.filter((id, index) => recorded[index - 1] !== id).length);
          const acknowledged = steps.filter((step, index) => {
            const answer = answers[index] as { events?: number; replayed?: boolean };
            return step.stream === stream && answer.events !== undefined && answer.events > 0 && answer.replayed === false;
          });
          expect(new Set(acknowledged.map((step) => prefix + step.id))).toEqual(new Set(recorded));
          expect(acknowledged).toHaveLength(new Set(recorded).size);
        }
      }),
      { numRuns: 100 },
    );
  });
});
