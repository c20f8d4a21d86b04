import { setTimeout as sleep } from 'node:timers/promises';
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
  const echo = (name: string, fails: () => boolean): ProcessManager => ({
    name,
    handles: new Set(['poisoned']),
    react: async () => {
      reactions += 1;
      if (fails()) throw new Error('cannot be dealt with');
      // It takes its time.
      await sleep(300);
    },
  });
  const until = async (condition: () => Promise<boolean>) => {
    while (!(await condition())) await sleep(10);
  };
  function open(following: 'for-others' | 'elsewhere', models: ReadModels, fails: () => boolean = () => false): Subscriptions {
    const subscriptions = new Subscriptions(store, models, clock, UNOBSERVED, following);
    subscriptions.addProjection(new Totals('totals', 1, fails));
    subscriptions.addProcessManager(echo('echo', fails));
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

  it('says of whatever it is asked to have done that nobody is there to do it', async () => {
    const asked = [watching.rebuild(['totals']), watching.verify(['totals']), watching.resume('totals'), watching.resume('echo')];
    const answers = await Promise.allSettled(asked);
    expect(answers).toEqual(asked.map(() => ({ status: 'rejected', reason: expect.objectContaining({ code: 'projector-elsewhere' }) })));
  });

  it('has work done by the process that runs what it is about, and sees what comes of it', async () => {
    const worker = open('for-others', files.readModels());
    await worker.onApplicationBootstrap();
    await files.add(store, 'a');
    expect(await worker.settled(LONG_MS)).toBe(true);
    // The first that is asked of it since, when what it saw at its start is no longer new.
    await sleep(100);
    expect(await watching.overview()).toMatchObject([{ name: 'totals', position: 1, state: 'running' }, { name: 'echo' }]);
    await watching.verify(['totals']);
    while ((await watching.verifications()).some(({ state }) => state === 'running')) await sleep(10);
    expect(await watching.verifications()).toMatchObject([{ name: 'totals', state: 'equal', position: 1, different: 0 }]);
    await watching.rebuild(['totals']);
    await until(async () => (await watching.overview()).every(({ beside }) => beside === undefined));
    expect((await readModels.checkpoint('totals'))?.generation).toBe(2);
    for (const name of ['totals', 'echo'])
      await expect(watching.resume(name)).rejects.toMatchObject({ kind: 'conflict', code: 'projection-not-stopped' });
    await expect(watching.resume('nobody')).rejects.toMatchObject({ code: 'projection-unknown' });
    await worker.beforeApplicationShutdown();
  });

  it('shows what has stopped elsewhere, and why, until it goes on', async () => {
    const failing = open('for-others', files.readModels(), () => true);
    await failing.onApplicationBootstrap();
    await files.add(store, 'bad', 1, 'poisoned');
    await until(async () => (await watching.overview()).every(({ state }) => state === 'stopped'));
    expect(await watching.overview()).toMatchObject([
      { name: 'totals', position: 0, state: 'stopped', error: 'position 1: cannot be applied' },
      { name: 'echo', position: 0, state: 'stopped', error: 'position 1: cannot be dealt with' },
    ]);
    // They meet the same event again.
    for (const name of ['totals', 'echo']) await watching.resume(name);
    await until(async () => reactions === 2 && (await watching.overview()).every(({ state }) => state === 'stopped'));
    await failing.beforeApplicationShutdown();

    const mended = open('for-others', files.readModels());
    await mended.onApplicationBootstrap();
    expect(await mended.settled(LONG_MS)).toBe(true);
    await until(async () => (await watching.overview()).every(({ position, error }) => position === 1 && error === undefined));
    await mended.beforeApplicationShutdown();
  });

  it('shows that what it has had resumed goes on, before that has noted how far it is', async () => {
    let fails = false;
    const mended = open('for-others', files.readModels(), () => fails);
    await mended.onApplicationBootstrap();
    await watching.atLeast(await files.add(store, 'a'));
    fails = true;
    await files.add(store, 'bad', 1, 'poisoned');
    await until(async () => (await watching.overview()).every(({ state }) => state === 'stopped'));
    fails = false;
    const head = store.head.bind(store);
    store.head = async () => {
      await sleep(300);
      return head();
    };
    for (const name of ['totals', 'echo']) {
      await watching.resume(name);
      expect((await watching.overview()).find((one) => one.name === name)).toMatchObject({ state: 'running' });
    }
    await mended.beforeApplicationShutdown();
  });

  it('lets nobody wait once it ends', async () => {
    await files.add(store, 'a');
    const waiting = watching.followed(1, LONG_MS);
    await watching.beforeApplicationShutdown();
    expect(await waiting).toBe(false);
  });
});
