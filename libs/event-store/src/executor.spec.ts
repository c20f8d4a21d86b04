import { describe, expect, it } from '@jest/globals';
import { type Decider, type DomainEvent, type Evidence, type PolicyCitation, Problem, refused } from '@app/kernel';
import type { NewEvent, RecordedEvent } from './event.js';
import { type Appended, duplicateEvent, type EventStore, NO_STREAM, type ReadStreamOptions, wrongRevision } from './event-store.js';
import { asDomainEvent, type CommandContext, contextOf, eventId, Executor } from './executor.js';

interface Tallied extends DomainEvent<'tallied', { readonly by: number }> {}

interface Tally {
  readonly total: number;
  readonly actors: readonly string[];
}

type TallyCommand =
  { readonly by: number; readonly policy?: PolicyCitation; readonly evidence?: readonly Evidence[] } | { readonly failWith: Error };

const tallyDecider: Decider<TallyCommand, Tallied, Tally> = {
  initialState: { total: 0, actors: [] },
  decide(command, state) {
    if ('failWith' in command) throw command.failWith;
    if (state.total + command.by > 100) throw refused('tally-full', `no room for ${command.by}`);
    const { by, ...citation } = command;
    return by === 0 ? [] : [{ type: 'tallied', data: { by }, ...citation }];
  },
  evolve: (state, event, at) => ({ total: state.total + event.data.by, actors: [...state.actors, `${at.actorId} ${at.effectiveOn}`] }),
};

/** A store in memory that can be told to misbehave; it counts what is asked of it. */
class ScriptedStore implements EventStore {
  readonly events: RecordedEvent[] = [];
  readonly appends: { stream: string; expectedRevision: number; events: readonly NewEvent[] }[] = [];
  readonly reads: { stream: string; from: number }[] = [];
  beforeAppend: (stream: string, attempt: number) => Promise<void> = async () => undefined;
  beforeEndOfRead: () => Promise<void> = async () => undefined;
  failReadsWith: Error | undefined;

  async append(stream: string, expectedRevision: number, events: readonly NewEvent[]): Promise<Appended> {
    this.appends.push({ stream, expectedRevision, events });
    await this.beforeAppend(stream, this.appends.length);
    const taken = events.find((event) => this.events.some((recorded) => recorded.id === event.id));
    if (taken !== undefined) throw duplicateEvent(stream, taken.id);
    const actual = this.events.filter((event) => event.stream === stream).length - 1;
    if (actual !== expectedRevision) throw wrongRevision(stream, expectedRevision, actual);
    return this.put(stream, events);
  }

  /** What another process has written. */
  put(stream: string, events: readonly NewEvent[]): Appended {
    for (const event of events) {
      const revision = this.events.filter((recorded) => recorded.stream === stream).length;
      this.events.push({ ...event, stream, revision, position: this.events.length + 1, recordedAt: '2024-01-01T00:00:00.000Z' });
    }
    const last = this.events.at(-1) as RecordedEvent;
    return { revision: last.revision, position: last.position, repeated: false };
  }

  async *readStream(stream: string, options: ReadStreamOptions = {}) {
    const from = options.from ?? 0;
    this.reads.push({ stream, from });
    if (this.failReadsWith !== undefined) throw this.failReadsWith;
    for (const event of this.events.filter((recorded) => recorded.stream === stream && recorded.revision >= from)) yield [event];
    await this.beforeEndOfRead();
  }

  async findEvent(id: string) {
    return this.events.find((event) => event.id === id);
  }

  readAll(): never {
    throw new Error('an executor reads streams only');
  }

  subscribe(): never {
    throw new Error('an executor does not subscribe');
  }

  async head() {
    return this.events.length;
  }

  async close() {}
}

function contextFor(commandId: string, more: Partial<CommandContext> = {}): CommandContext {
  return {
    commandId,
    contentHash: `hash of ${commandId}`,
    actor: { id: 'clerk-1', unit: '科技局', roles: ['clerk'] },
    effectiveOn: '2024-02-29',
    today: '2024-03-01',
    correlationId: `correlation of ${commandId}`,
    causationId: `cause of ${commandId}`,
    ...more,
  };
}

function foreignEvent(by: number): NewEvent {
  const { actor, effectiveOn, correlationId, causationId } = contextFor('foreign');
  const id = `foreign-${Math.random()}`;
  return {
    id,
    type: 'tallied',
    data: { by },
    metadata: { effectiveOn, actor, commandId: id, commandHash: id, correlationId, causationId },
  };
}

function setUp() {
  const store = new ScriptedStore();
  const executor = new Executor(store);
  let commands = 0;
  const add = (by: number, stream = 'tally-a') => executor.execute(tallyDecider, stream, { by }, contextFor(`command-${(commands += 1)}`));
  return { store, executor, add };
}

const turnOfTheLoop = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('the envelope of an event', () => {
  const policy: PolicyCitation = { pack: 'city-2024', version: 3, clause: 'article-7', hash: 'b'.repeat(64) };
  const evidence: readonly Evidence[] = [{ title: '专项审计报告', documentNo: '〔2024〕12号' }];

  it('says who, when and why, and binds the command id to its content', async () => {
    const { store, executor } = setUp();
    const context = contextFor('command-1');
    await executor.execute(tallyDecider, 'tally-a', { by: 1, policy, evidence }, context);
    expect(store.appends).toEqual([
      {
        stream: 'tally-a',
        expectedRevision: NO_STREAM,
        events: [
          {
            id: eventId('command-1', 0),
            type: 'tallied',
            data: { by: 1 },
            metadata: {
              effectiveOn: '2024-02-29',
              actor: context.actor,
              commandId: 'command-1',
              commandHash: 'hash of command-1',
              correlationId: 'correlation of command-1',
              causationId: 'cause of command-1',
              policy,
              evidence,
            },
          },
        ],
      },
    ]);
  });

  it('leaves out a citation and evidence that the event does not have', async () => {
    const { store, executor } = setUp();
    await executor.execute(tallyDecider, 'tally-a', { by: 1, evidence: [] }, contextFor('command-1'));
    expect(Object.keys(store.appends[0]?.events[0]?.metadata ?? {})).toEqual(expect.not.arrayContaining(['policy', 'evidence']));
  });

  it('opens to the event the domain knows, and to what evolve may know besides', async () => {
    const { store, executor } = setUp();
    await executor.execute(tallyDecider, 'tally-a', { by: 1, policy, evidence }, contextFor('command-1'));
    await executor.execute(tallyDecider, 'tally-a', { by: 2 }, contextFor('command-2', { effectiveOn: '2024-12-31' }));
    const [first, second] = store.events as [RecordedEvent, RecordedEvent];
    expect(asDomainEvent(first)).toEqual({ type: 'tallied', data: { by: 1 }, policy, evidence });
    expect(asDomainEvent(second)).toEqual({ type: 'tallied', data: { by: 2 } });
    expect(contextOf(first)).toEqual({ actorId: 'clerk-1', effectiveOn: '2024-02-29' });
    expect((await executor.load(tallyDecider, 'tally-a')).state.actors).toEqual(['clerk-1 2024-02-29', 'clerk-1 2024-12-31']);
  });

  it('has an id that depends on the command and the place of the event in it', () => {
    const ids = [eventId('a', 0), eventId('a', 1), eventId('b', 0), eventId('a0', 0), eventId('', 0), eventId('a', 10)];
    expect(new Set(ids).size).toBe(ids.length);
    expect(eventId('a', 0)).toBe(eventId('a', 0));
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe('the folded state', () => {
  it('is kept: a further command decides on it without reading the stream again', async () => {
    const { store, add } = setUp();
    await add(1);
    const readsSoFar = store.reads.length;
    for (let command = 0; command < 5; command += 1) await add(1);
    expect(store.reads).toHaveLength(readsSoFar);
    expect(store.appends.map((append) => append.expectedRevision)).toEqual([-1, 0, 1, 2, 3, 4]);
  });

  it('is the same whether kept or folded from the stream', async () => {
    const { store, executor, add } = setUp();
    await add(3);
    await add(4);
    const kept = await executor.load(tallyDecider, 'tally-a');
    expect(await new Executor(store).load(tallyDecider, 'tally-a')).toEqual(kept);
    expect(kept).toEqual({ state: { total: 7, actors: ['clerk-1 2024-02-29', 'clerk-1 2024-02-29'] }, revision: 1, position: 2 });
  });

  it('is loaded with what other processes have written since', async () => {
    const { store, executor, add } = setUp();
    await add(3);
    store.put('tally-a', [foreignEvent(20)]);
    expect(await executor.load(tallyDecider, 'tally-a')).toMatchObject({ state: { total: 23 }, revision: 1, position: 2 });
    expect(await executor.load(tallyDecider, 'tally-b')).toEqual({ state: tallyDecider.initialState, revision: NO_STREAM, position: 0 });
  });

  it('is not moved on by an append that failed', async () => {
    const { store, executor, add } = setUp();
    await add(1);
    store.beforeAppend = async () => {
      throw new Problem('unavailable', 'store-unavailable', 'disk full');
    };
    await expect(add(10)).rejects.toMatchObject({ code: 'store-unavailable' });
    // The outcome is unknown to the executor: here the write had reached the store after all.
    store.put('tally-a', [foreignEvent(10)]);
    store.beforeAppend = async () => undefined;
    expect(await add(5)).toMatchObject({ revision: 2, replayed: false });
    expect((await executor.load(tallyDecider, 'tally-a')).state.total).toBe(16);
  });

  it('never falls back behind what is known, however slow a reader', async () => {
    const { store, executor, add } = setUp();
    store.put('tally-a', [foreignEvent(1)]);
    let finishSlowRead = () => {};
    store.beforeEndOfRead = () => {
      store.beforeEndOfRead = async () => undefined;
      return new Promise<void>((resolve) => (finishSlowRead = resolve));
    };
    const slow = executor.load(tallyDecider, 'tally-a');
    await turnOfTheLoop();
    await add(1);
    finishSlowRead();
    expect(await slow).toMatchObject({ state: { total: 1 }, revision: 0 });
    await add(1);
    // The first one took the stream for a new one, as it does with a stream it has not seen; the store refused that.
    expect(store.appends.map((append) => append.expectedRevision)).toEqual([-1, 0, 1]);
  });
});

describe('conflicts', () => {
  it('are decided again on the fresh state', async () => {
    const { store, add } = setUp();
    await add(1);
    store.beforeAppend = async (stream, attempt) => {
      if (attempt < 5) store.put(stream, [foreignEvent(10)]);
    };
    expect(await add(1)).toMatchObject({ revision: 4 });
    expect(store.appends.map((append) => append.expectedRevision)).toEqual([-1, 0, 1, 2, 3]);
  });

  it('end in the refusal that the fresh state gives', async () => {
    const { store, add } = setUp();
    await add(1);
    store.beforeAppend = async (stream) => {
      store.put(stream, [foreignEvent(99)]);
    };
    await expect(add(1)).rejects.toMatchObject({ kind: 'refused', code: 'tally-full' });
    expect(store.appends).toHaveLength(2);
  });

  it('that do not end are told to the caller after a bounded number of attempts', async () => {
    const { store, add } = setUp();
    store.beforeAppend = async (stream, attempt) => {
      if (attempt > 100) throw new Error('the attempts do not end');
      store.put(stream, [foreignEvent(0)]);
    };
    await expect(add(1)).rejects.toMatchObject({ kind: 'conflict', code: 'too-much-contention' });
    expect(store.appends.length).toBeGreaterThan(1);
    expect(store.appends.length).toBeLessThanOrEqual(50);
  });
});

describe('failures', () => {
  it('of the decider that are no refusal come through as they are', async () => {
    const { store, executor } = setUp();
    const bug = new TypeError('a bug');
    await expect(executor.execute(tallyDecider, 'tally-a', { failWith: bug }, contextFor('command-1'))).rejects.toBe(bug);
    expect(store.appends).toEqual([]);
  });

  it('of a read stop the command: nothing is decided on half a history', async () => {
    const { store, executor, add } = setUp();
    store.put('tally-a', [foreignEvent(1)]);
    store.failReadsWith = new Error('unknown event type tallied.v9');
    await expect(add(1)).rejects.toThrow('unknown event type');
    await expect(executor.load(tallyDecider, 'tally-a')).rejects.toThrow('unknown event type');
    // All it tried was to begin the stream, which the store refuses because it exists.
    expect(store.appends.map((append) => append.expectedRevision)).toEqual([-1]);
    store.failReadsWith = undefined;
    expect(await add(1)).toMatchObject({ revision: 1 });
  });

  it('of one command do not hold up the next', async () => {
    const { executor, add } = setUp();
    const outcomes = await Promise.allSettled([
      add(1),
      executor.execute(tallyDecider, 'tally-a', { failWith: new Error('a bug') }, contextFor('bad')),
      add(2),
      add(1_000),
      add(3),
    ]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled']);
    expect((await executor.load(tallyDecider, 'tally-a')).state.total).toBe(6);
  });
});

describe('commands on one stream', () => {
  it('wait for each other, in order of arrival; those on another stream do not', async () => {
    const { store, executor } = setUp();
    const underWay: string[] = [];
    const releases: (() => void)[] = [];
    store.beforeAppend = (stream) => {
      underWay.push(stream);
      return new Promise<void>((resolve) => releases.push(resolve));
    };
    const settle = async () => {
      for (let turn = 0; turn < 5; turn += 1) await turnOfTheLoop();
    };
    const running = ['tally-a', 'tally-a', 'tally-b', 'tally-a'].map((stream, index) =>
      executor.execute(tallyDecider, stream, { by: index + 1 }, contextFor(`command-${index}`)),
    );
    await settle();
    expect(underWay).toEqual(['tally-a', 'tally-b']);
    for (let released = 0; released < running.length; released += 1) {
      releases[released]?.();
      await settle();
    }
    expect(await Promise.all(running)).toEqual([
      expect.objectContaining({ stream: 'tally-a', revision: 0 }),
      expect.objectContaining({ stream: 'tally-a', revision: 1 }),
      expect.objectContaining({ stream: 'tally-b', revision: 0 }),
      expect.objectContaining({ stream: 'tally-a', revision: 2 }),
    ]);
    expect(underWay).toEqual(['tally-a', 'tally-b', 'tally-a', 'tally-a']);
    expect(store.appends.map((append) => append.expectedRevision)).toEqual([-1, -1, 0, 1]);
  });
});

describe('a command that is prepared from the state', () => {
  it('is prepared anew for each fresh state', async () => {
    const { store, executor, add } = setUp();
    await add(1);
    store.put('tally-a', [foreignEvent(10)]);
    const seen: number[] = [];
    const double = async (state: Tally): Promise<TallyCommand> => {
      seen.push(state.total);
      await turnOfTheLoop();
      return { by: state.total };
    };
    expect(await executor.execute(tallyDecider, 'tally-a', double, contextFor('double'))).toMatchObject({ revision: 2 });
    expect(seen).toEqual([1, 11]);
    expect((await executor.load(tallyDecider, 'tally-a')).state.total).toBe(22);
  });

  it('may be refused by its preparation, on the fresh state only', async () => {
    const { store, executor, add } = setUp();
    await add(50);
    store.put('tally-a', [foreignEvent(-40)]);
    const halve = async (state: Tally): Promise<TallyCommand> => {
      if (state.total > 20) throw refused('too-much-to-halve', `${state.total}`);
      return { by: -state.total / 2 };
    };
    expect(await executor.execute(tallyDecider, 'tally-a', halve, contextFor('halve'))).toMatchObject({ revision: 2 });
    await add(40);
    await expect(executor.execute(tallyDecider, 'tally-a', halve, contextFor('halve again'))).rejects.toMatchObject({
      code: 'too-much-to-halve',
    });
  });

  it('answers a repeat as the first time, whatever its preparation says today', async () => {
    const { executor } = setUp();
    const context = contextFor('once');
    const first = await executor.execute(tallyDecider, 'tally-a', async () => ({ by: 5 }), context);
    const refuse = async (): Promise<TallyCommand> => {
      throw refused('not-today', 'the look-up has changed');
    };
    expect(await executor.execute(tallyDecider, 'tally-a', refuse, context)).toEqual({ ...first, replayed: true });
    expect(await executor.execute(tallyDecider, 'tally-a', async () => ({ by: 6 }), context)).toEqual({ ...first, replayed: true });
  });
});
