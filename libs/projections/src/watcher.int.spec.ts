import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type EventStore, lookingFrom, UNOBSERVED } from '@app/event-store';
import type { ProcessManager } from './process-manager.js';
import type { Checkpoint, ReadModels } from './read-models.js';
import { clock, Files, rowsOf, Totals } from './subscriptions.fixture.js';
import { Subscriptions } from './subscriptions.js';

const LONG_MS = 60_000;

describe('a process that watches another follow the ledger', () => {
  let files: Files;
  let store: EventStore;
  let readModels: ReadModels;
  let watching: Subscriptions;
  let opened: Subscriptions[];
  let reactions: number;
  const echo = (name: string): ProcessManager => ({
    name,
    handles: new Set(['poisoned']),
    react: async () => {
      reactions += 1;
    },
  });
  function open(following: 'for-others' | 'elsewhere', models: ReadModels): Subscriptions {
    const subscriptions = new Subscriptions(store, models, clock, UNOBSERVED, following);
    subscriptions.addProjection(new Totals());
    subscriptions.addProcessManager(echo('echo'));
    opened.push(subscriptions);
    return subscriptions;
  }
  beforeEach(async () => {
    files = new Files();
    store = files.store();
    readModels = files.readModels();
    opened = [];
    reactions = 0;
    watching = open('elsewhere', readModels);
    await watching.onApplicationBootstrap();
  });
  afterEach(async () => {
    for (const subscriptions of opened) await subscriptions.beforeApplicationShutdown();
    await files.remove();
  });

  it('neither projects nor reacts, and says that its tables are still to be built', async () => {
    await files.add(store, 'a');
    await files.add(store, 'b', 1, 'poisoned');
    expect(watching.status()).toEqual([
      { name: 'totals', kind: 'projection', position: 0, state: 'building' },
      { name: 'echo', kind: 'process-manager', position: 0, state: 'running' },
    ]);
    expect(await watching.followed(2, 100)).toBe(false);
    expect(reactions).toBe(0);
    await expect(rowsOf(readModels)).rejects.toMatchObject({ code: 'read-model-rebuilding' });
  });

  it('reads its own writes once the other has them, and knows that process managers have passed them', async () => {
    const worker = open('for-others', files.readModels());
    await worker.onApplicationBootstrap();
    for (let total = 1; total <= 5; total += 1) {
      await watching.atLeast(await files.add(store, 'a'));
      expect(await rowsOf(readModels)).toEqual([{ stream: 'a', total, applied: total }]);
    }
    // The manager has had nothing to react to: that it has passed all the same is what others wait for.
    expect(await watching.followed(5, LONG_MS)).toBe(true);
    expect(await watching.settled(LONG_MS)).toBe(true);
    expect(await watching.caughtUp('totals')).toBe(true);
    expect(watching.status()).toMatchObject([
      { name: 'totals', position: 5, state: 'running', movedAt: expect.any(String) },
      { name: 'echo', position: 5, state: 'running' },
    ]);
    expect(reactions).toBe(0);
  });

  it('sees tables that were built anew and took over', async () => {
    const worker = open('for-others', files.readModels());
    await files.addMany(store, 'a', 3);
    await worker.onApplicationBootstrap();
    await watching.atLeast(3);
    const generation = async () => (await readModels.checkpoint('totals'))?.generation;
    const before = await generation();
    await worker.rebuild(['totals']);
    while ((await generation()) === before) await new Promise(setImmediate);
    await watching.atLeast(await files.add(store, 'a'));
    expect(await rowsOf(readModels)).toEqual([{ stream: 'a', total: 4, applied: 4 }]);
  });

  it('waits for none that has stopped: it refuses by itself what it has not seen', async () => {
    const worker = open('for-others', files.readModels());
    await worker.onApplicationBootstrap();
    await watching.atLeast(await files.add(store, 'a'));
    await worker.beforeApplicationShutdown();
    await readModels.noteStop((await readModels.checkpoint('totals')) as Checkpoint, 'position 2: cannot be applied');
    const bad = await files.add(store, 'bad');
    const vantage = await watching.vantageAt(bad, 'asOf');
    await expect(lookingFrom(vantage, () => rowsOf(readModels))).rejects.toMatchObject({ code: 'read-model-behind' });
    await expect(watching.atLeast(bad)).rejects.toMatchObject({ code: 'read-model-behind' });
    expect(watching.status()).toMatchObject([{ name: 'totals', position: 1, state: 'running' }, { name: 'echo' }]);
  });

  it.each([
    ['rebuild', () => watching.rebuild(['totals'])],
    ['verify', () => watching.verify(['totals'])],
    ['resume a projection', () => watching.resume('totals')],
    ['resume a process manager', () => watching.resume('echo')],
  ])('leaves it to the other to %s', async (_, work) => {
    await expect(work()).rejects.toMatchObject({ code: 'projector-elsewhere' });
  });

  it('lets nobody wait once it ends', async () => {
    await files.add(store, 'a');
    const waiting = watching.followed(1, LONG_MS);
    await watching.beforeApplicationShutdown();
    expect(await waiting).toBe(false);
  });
});
