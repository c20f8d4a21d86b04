import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type EventStore, lookingFrom, type RecordedEvent } from '@app/event-store';
import type { ProcessManager } from './process-manager.js';
import type { ReadModels } from './read-models.js';
import { PositionGate } from './subscriber.js';
import { clock, Files, rowsOf, Totals } from './subscriptions.fixture.js';
import { Subscriptions } from './subscriptions.js';
import { Verifications } from './verifications.js';

describe('subscriptions', () => {
  let files: Files;
  let store: EventStore;
  let readModels: ReadModels;
  let subscriptions: Subscriptions;
  beforeEach(() => {
    files = new Files();
    store = files.store();
    readModels = files.readModels();
    subscriptions = new Subscriptions(store, readModels, clock);
  });
  afterEach(async () => {
    await subscriptions.beforeApplicationShutdown();
    await files.remove();
  });
  const manager = (name: string, react: (event: RecordedEvent) => Promise<void> = async () => undefined): ProcessManager => ({
    name,
    handles: new Set(['added']),
    react,
  });

  it('let a query read what a command has just written', async () => {
    subscriptions.addProjection(new Totals());
    await subscriptions.onApplicationBootstrap();
    for (let index = 1; index <= 20; index += 1) {
      await subscriptions.atLeast(await files.add(store, 'a'));
      expect(await rowsOf(readModels)).toEqual([{ stream: 'a', total: index, applied: index }]);
    }
  });

  it('tell what has come of a comparison also where it was not heard that its beginning had been noted', async () => {
    subscriptions.addProjection(new Totals());
    await subscriptions.onApplicationBootstrap();
    await subscriptions.atLeast(await files.add(store, 'a'));
    const { begin } = Verifications.prototype;
    const deaf = jest.spyOn(Verifications.prototype, 'begin').mockImplementationOnce(async function (this: Verifications, ...asked) {
      await begin.apply(this, asked);
      throw new Error('no answer');
    });
    await expect(subscriptions.verify(['totals'])).rejects.toThrow('no answer');
    deaf.mockRestore();
    while ((await subscriptions.verifications()).some(({ state }) => state === 'running')) await sleep(10);
    expect(await subscriptions.verifications()).toMatchObject([{ name: 'totals', state: 'equal' }]);
  });

  it('refuse a position the ledger does not have', async () => {
    subscriptions.addProjection(new Totals());
    await subscriptions.onApplicationBootstrap();
    await files.add(store, 'a');
    await expect(subscriptions.atLeast(2)).rejects.toMatchObject({
      kind: 'invalid',
      code: 'position-ahead',
      errors: [{ field: 'Ledger-Position' }],
    });
    await expect(subscriptions.atLeast(1)).resolves.toBeUndefined();
    await expect(subscriptions.atLeast(0)).resolves.toBeUndefined();
  });

  it('do not start on read models that know more than the ledger', async () => {
    subscriptions.addProjection(new Totals());
    await readModels.saveCheckpoint({ name: 'echo', version: 1, position: 7 });
    subscriptions.addProcessManager(manager('echo'));
    await expect(subscriptions.onApplicationBootstrap()).rejects.toMatchObject({ kind: 'unavailable', code: 'read-models-ahead' });
  });

  it('do not start on the read models of another ledger', async () => {
    subscriptions.addProjection(new Totals());
    await files.add(store, 'a');
    await readModels.belongTo('the first event of another');
    await expect(subscriptions.onApplicationBootstrap()).rejects.toMatchObject({ code: 'read-models-of-another-ledger' });
  });

  it('follow nothing, and say so, where another ledger came first while theirs was empty', async () => {
    subscriptions.addProjection(new Totals());
    await subscriptions.onApplicationBootstrap();
    await subscriptions.probe();
    await readModels.belongTo('the first event of another');
    const position = await files.add(store, 'a');
    expect(await subscriptions.caughtUp('totals')).toBe(false);
    expect(subscriptions.status()).toMatchObject([{ state: 'retrying', position: 0, error: expect.stringContaining('another') }]);
    await expect(subscriptions.probe()).rejects.toMatchObject({ code: 'read-models-of-another-ledger' });
    expect(await rowsOf(readModels)).toEqual([]);
    expect(position).toBe(1);
  });

  it('wait for one projection, whatever has become of the others', async () => {
    await files.add(store, 'a');
    subscriptions.addProjection(new Totals('stuck', 1, () => true));
    subscriptions.addProjection(new Totals());
    await subscriptions.onApplicationBootstrap();
    expect(await subscriptions.caughtUp('totals')).toBe(true);
    expect(await subscriptions.caughtUp('stuck')).toBe(false);
  });

  it('wait for nothing any more once the program is ending', async () => {
    subscriptions.addProjection(new Totals());
    await files.add(store, 'a');
    // Never started: what it waits for does not come.
    const waiting = subscriptions.caughtUp('totals');
    await subscriptions.beforeApplicationShutdown();
    expect(await waiting).toBe(false);
  });

  it('say that the read models are behind when one has stopped', async () => {
    subscriptions.addProjection(new Totals('totals', 1, () => true));
    await subscriptions.onApplicationBootstrap();
    const position = await files.add(store, 'a');
    await expect(subscriptions.atLeast(position)).rejects.toMatchObject({ kind: 'unavailable', code: 'read-model-behind' });
    expect(subscriptions.status()).toMatchObject([{ name: 'totals', state: 'stopped', position: 0 }]);
  });

  it('let the past be looked at in the other read models while one is being built or has stopped', async () => {
    await files.addMany(store, 'a', 3);
    const earlier = new Subscriptions(store, readModels, clock);
    for (const name of ['totals', 'poisoned']) earlier.addProjection(new Totals(name));
    await earlier.onApplicationBootstrap();
    expect(await earlier.settled(60_000)).toBe(true);
    await earlier.beforeApplicationShutdown();
    const bad = await files.add(store, 'bad');
    const gone = Object.create(store) as EventStore;
    // What is to be built from the first event never gets there.
    gone.subscribe = (options) =>
      options.after === 0 ? store.subscribe({ ...options, after: Number.MAX_SAFE_INTEGER }) : store.subscribe(options);
    subscriptions = new Subscriptions(gone, readModels, clock);
    for (const projection of [new Totals(), new Totals('poisoned', 1, ({ stream }) => stream === 'bad'), new Totals('new')])
      subscriptions.addProjection(projection);
    await subscriptions.onApplicationBootstrap();
    while (subscriptions.status()[1]?.state !== 'stopped') await new Promise(setImmediate);
    const vantage = await subscriptions.vantageAt(bad, 'asOf');
    const then = (name: string) => lookingFrom(vantage, () => rowsOf(readModels, name));
    expect((await then('totals')).map(({ stream }) => stream)).toEqual(['a', 'bad']);
    await expect(then('poisoned')).rejects.toMatchObject({ kind: 'unavailable', code: 'read-model-behind' });
    await expect(then('new')).rejects.toMatchObject({ code: 'read-model-rebuilding' });
    const before = await subscriptions.vantageAt(bad - 1, 'asOf');
    expect(await lookingFrom(before, () => rowsOf(readModels, 'poisoned'))).toEqual([{ stream: 'a', total: 3, applied: 3 }]);
  });

  it('settle when nothing follows from anything any more', async () => {
    subscriptions.addProjection(new Totals());
    subscriptions.addProcessManager(
      manager('echo', async ({ stream }) => {
        if (stream.length < 5) await files.add(store, `${stream}x`);
      }),
    );
    await subscriptions.onApplicationBootstrap();
    const position = await files.add(store, 'a');
    expect(await subscriptions.settled(60_000)).toBe(true);
    expect((await rowsOf(readModels)).map(({ stream }) => stream)).toEqual(['a', 'ax', 'axx', 'axxx', 'axxxx']);
    expect(await subscriptions.followed(position + 4, 60_000)).toBe(true);
    expect(subscriptions.status().map(({ name, kind }) => `${kind} ${name}`)).toEqual(['projection totals', 'process-manager echo']);
  });

  it('do not settle behind a process manager that has stopped', async () => {
    subscriptions.addProcessManager(
      manager('broken', async () => {
        throw new Error('broken');
      }),
    );
    await subscriptions.onApplicationBootstrap();
    const position = await files.add(store, 'a');
    expect(await subscriptions.settled(600_000)).toBe(false);
    expect(await subscriptions.followed(position, 600_000)).toBe(false);
  }, 20_000);

  it('say of a process manager that it has no tables to be built or compared', async () => {
    subscriptions.addProcessManager(manager('echo'));
    const refusal = { code: 'projection-unknown', detail: expect.stringContaining('process manager') };
    await expect(subscriptions.rebuild(['echo'])).rejects.toMatchObject(refusal);
    await expect(subscriptions.verify(['echo'])).rejects.toMatchObject(refusal);
  });

  it('refuse two subscribers of one name: they would share a checkpoint', () => {
    subscriptions.addProjection(new Totals('one'));
    subscriptions.addProcessManager(manager('two'));
    expect(() => subscriptions.addProjection(new Totals('one'))).toThrow('one');
    expect(() => subscriptions.addProjection(new Totals('two'))).toThrow('two');
    expect(() => subscriptions.addProcessManager(manager('one'))).toThrow('one');
    expect(() => subscriptions.addProcessManager(manager('two'))).toThrow('two');
    expect(subscriptions.status().map(({ name }) => name)).toEqual(['one', 'two']);
  });
});

describe('a position gate', () => {
  it('lets through who waits for what has been reached, and nobody else', async () => {
    const gate = new PositionGate(3);
    expect(await gate.reached(3, 600_000)).toBe(true);
    const answers: string[] = [];
    const waiting = [4, 5, 9].map((position) => gate.reached(position, 600_000).then((reached) => answers.push(`${position} ${reached}`)));
    gate.advance(5);
    await Promise.all(waiting.slice(0, 2));
    expect(answers).toEqual(['4 true', '5 true']);
    gate.advance(2);
    expect(gate.position).toBe(5);
    gate.giveUp();
    await Promise.all(waiting);
    expect(answers).toEqual(['4 true', '5 true', '9 false']);
    expect(await gate.reached(9, 1)).toBe(false);
  });
});
