import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EventStore, RecordedEvent } from '@app/event-store';
import { Problem, refused } from '@app/kernel';
import { type ProcessManager, ProcessManagerRunner } from './process-manager.js';
import { reactionContext } from './reaction-context.js';
import type { ReadModels } from './read-models.js';
import { subscriberLog } from './subscriber.js';
import { Files } from './subscriptions.fixture.js';
import { Watcher } from './watcher.js';

const LONG_MS = 60_000;

describe('a process manager', () => {
  let files: Files;
  let store: EventStore;
  let readModels: ReadModels;
  let running: ProcessManagerRunner[];
  let reacted: number[];
  let stops: jest.SpiedFunction<typeof subscriberLog.error>;
  beforeEach(() => {
    files = new Files();
    store = files.store();
    readModels = files.readModels();
    running = [];
    jest.spyOn(subscriberLog, 'warn').mockImplementation(() => undefined);
    stops = jest.spyOn(subscriberLog, 'error').mockImplementation(() => undefined);
    reacted = [];
  });
  afterEach(async () => {
    for (const runner of running) await runner.stop();
    jest.restoreAllMocks();
    await files.remove();
  });
  async function start(
    react: (event: RecordedEvent) => Promise<void> | void = () => undefined,
    name = 'manager',
  ): Promise<ProcessManagerRunner> {
    const manager: ProcessManager = {
      name,
      handles: new Set(['added']),
      react: async (event) => {
        reacted.push(event.position);
        await react(event);
      },
    };
    const runner = new ProcessManagerRunner(manager, store, readModels, new Watcher(readModels).manager(name));
    running.push(runner);
    await runner.gain();
    return runner;
  }
  const until = async (condition: () => boolean | Promise<boolean>) => {
    while (!(await condition())) await new Promise(setImmediate);
  };

  it('has those who wait see how another goes on when it is lost', async () => {
    const runner = await start();
    const waiting = runner.reached(1, LONG_MS);
    runner.lose();
    await start();
    await files.add(store, 'a');
    expect(await waiting).toBe(true);
  });

  it('reacts to every event it handles, in order, and keeps its place', async () => {
    await files.addMany(store, 'a', 2);
    await files.add(store, 'b', 1, 'other');
    const runner = await start();
    await files.add(store, 'c');
    expect(await runner.reached(4, LONG_MS)).toBe(true);
    await until(async () => (await readModels.checkpoint('manager'))?.position === 4);
    expect(reacted).toEqual([1, 2, 4]);
    expect(runner.status()).toEqual({
      name: 'manager',
      kind: 'process-manager',
      position: 4,
      state: 'running',
      movedAt: expect.any(String),
    });
  });

  it.each(['unavailable', 'conflict'] as const)('tries again while a command is %s, and says so meanwhile', async (kind) => {
    const statuses: string[] = [];
    const runner = await start(() => {
      statuses.push(runner.status().state);
      if (statuses.length < 3) throw new Problem(kind, 'try-later', '稍后再试');
    });
    await files.add(store, 'a');
    expect(await runner.reached(1, 0)).toBe(false);
    await until(() => runner.status().position === 1);
    expect(reacted).toEqual([1, 1, 1]);
    expect(statuses).toEqual(['running', 'retrying', 'retrying']);
    expect(runner.status()).toMatchObject({ state: 'running' });
    expect(runner.status()).not.toHaveProperty('error');
  });

  it.each([
    ['a refusal nobody expected', refused('no-reservation', '未占用指标'), 'no-reservation'],
    ['a fault in the code', new TypeError('undefined is not a function'), 'undefined is not a function'],
    ['anything else that is thrown', 'text', 'text'],
  ])(
    'stops before the event on %s, and says why',
    async (_, thrown, message) => {
      await files.addMany(store, 'a', 3);
      const runner = await start(({ position }) => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- a library may throw anything
        if (position === 2) throw thrown;
      });
      expect(await runner.reached(3, 600_000)).toBe(false);
      expect(runner.status()).toMatchObject({ position: 1, state: 'stopped', error: expect.stringContaining(message) });
      expect(runner.status().error).toContain('position 2');
      expect(stops.mock.calls).toEqual([[expect.stringMatching(/^the process manager \S+ has stopped at position 2; /)]]);
      expect(await runner.reached(1, LONG_MS)).toBe(true);
      expect(await runner.reached(2, LONG_MS)).toBe(false);
      await files.add(store, 'b');
      await until(() => reacted.length === 2);
      expect(reacted).toEqual([1, 2]);
    },
    20_000,
  );

  it('tells of a fault no longer once it has passed, though nothing new comes', async () => {
    await files.add(store, 'a');
    const { subscribe } = store;
    store.subscribe = async function* () {
      store.subscribe = subscribe;
      throw new Error('store away');
    };
    await readModels.saveCheckpoint({ name: 'manager', version: 1, position: 1 });
    const runner = await start();
    await until(() => runner.status().error === 'store away');
    await until(() => runner.status().state === 'running');
    expect(runner.status()).toMatchObject({ position: 1 });
    expect(reacted).toEqual([]);
  });

  it('goes on with the same event after a restart, at least once for each', async () => {
    await files.addMany(store, 'a', 3);
    const first = await start(({ position }) => {
      if (position === 3) throw new Error('broken');
    });
    expect(await first.reached(3, LONG_MS)).toBe(false);
    await first.stop();
    reacted = [];
    const second = await start();
    expect(await second.reached(3, LONG_MS)).toBe(true);
    expect(reacted.at(-1)).toBe(3);
    expect(new Set([1, 2, 3, ...reacted])).toEqual(new Set([1, 2, 3]));
    await second.stop();
    await until(async () => (await readModels.checkpoint('manager'))?.position === 3);
    reacted = [];
    await files.add(store, 'b');
    expect(await (await start()).reached(4, LONG_MS)).toBe(true);
    expect(reacted).toEqual([4]);
  });

  it('stops between two tries when it is told to', async () => {
    await files.add(store, 'a');
    const runner = await start(() => {
      throw new Problem('unavailable', 'try-later', '稍后再试');
    });
    await until(() => reacted.length > 0);
    await runner.stop();
    const tried = reacted.length;
    await files.add(store, 'b');
    expect(reacted).toHaveLength(tried);
    expect(await readModels.checkpoint('manager')).toBeUndefined();
  });

  it('does not begin when it is given to a process that is ending', async () => {
    const runner = await start();
    await runner.stop();
    const subscribe = jest.spyOn(store, 'subscribe');
    await runner.gain();
    expect(subscribe).not.toHaveBeenCalled();
  });

  it('does not begin when it is lost while it looks for its place, and does when it is gained again', async () => {
    const runner = await start();
    runner.lose();
    let found: () => void = () => undefined;
    const checkpoint = jest.spyOn(readModels, 'checkpoint');
    checkpoint.mockImplementationOnce(() => new Promise((resolve) => (found = () => resolve(undefined))));
    const subscribe = jest.spyOn(store, 'subscribe');
    const gaining = runner.gain();
    await until(() => checkpoint.mock.calls.length > 0);
    runner.lose();
    found();
    await gaining;
    expect(subscribe).not.toHaveBeenCalled();
    await files.add(store, 'a');
    await runner.gain();
    expect(await runner.reached(1, LONG_MS)).toBe(true);
  });

  it('finds its place anew when it is gained once more without having been lost', async () => {
    const runner = await start();
    await runner.gain();
    await files.add(store, 'a');
    expect(await runner.reached(1, LONG_MS)).toBe(true);
    expect(reacted).toEqual([1]);
  });

  it('is running again once a checkpoint that could not be saved is saved', async () => {
    jest.spyOn(readModels, 'saveCheckpoint').mockRejectedValueOnce(new Error('disk full'));
    const runner = await start();
    await files.add(store, 'b');
    await until(() => runner.status().state === 'retrying');
    expect(runner.status().error).toBe('disk full');
    await until(() => runner.status().state === 'running');
    expect((await readModels.checkpoint('manager'))?.position).toBe(1);
    expect(await runner.reached(1, LONG_MS)).toBe(true);
  }, 20_000);

  it('sends the same command for the same event, whenever it reacts', async () => {
    await files.add(store, 'a');
    for await (const [event] of store.readAll()) {
      const one = reactionContext(event as RecordedEvent, 'manager', { type: 'x' }, 'part');
      expect(reactionContext(event as RecordedEvent, 'manager', { type: 'x' }, 'part')).toEqual(one);
      expect(one).toMatchObject({
        actor: { id: 'ledger', roles: ['service'] },
        effectiveOn: '2024-05-01',
        today: '2024-05-01',
        causationId: event?.id,
      });
      const ids = [
        one,
        reactionContext(event as RecordedEvent, 'manager', { type: 'x' }),
        reactionContext(event as RecordedEvent, 'other', { type: 'x' }, 'part'),
      ].map(({ commandId }) => commandId);
      expect(new Set(ids).size).toBe(3);
      expect(reactionContext(event as RecordedEvent, 'manager', { type: 'y' }, 'part').contentHash).not.toBe(one.contentHash);
    }
  });
});
