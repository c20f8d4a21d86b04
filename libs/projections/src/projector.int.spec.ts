import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EventStore } from '@app/event-store';
import { Projector } from './projector.js';
import type { ReadModels } from './read-models.js';
import { Files, rowsOf, Totals } from './subscriptions.fixture.js';

const LONG_MS = 60_000;

describe('the projector', () => {
  let files: Files;
  let store: EventStore;
  let readModels: ReadModels;
  let running: Projector[];
  beforeEach(() => {
    files = new Files();
    store = files.store();
    readModels = files.readModels();
    running = [];
  });
  afterEach(async () => {
    for (const projector of running) await projector.stop();
    jest.restoreAllMocks();
    await files.remove();
  });
  function start(projections: readonly Totals[] = [new Totals()], from = store, into = readModels): Projector {
    const projector = new Projector(from, into);
    for (const projection of projections) projector.add(projection);
    running.push(projector);
    projector.start();
    return projector;
  }
  async function stop(projector: Projector): Promise<void> {
    await projector.stop();
    running = running.filter((each) => each !== projector);
  }

  it('catches up and then goes live, passing over what it does not handle', async () => {
    await files.add(store, 'a', 5);
    const projector = start();
    expect(await projector.reached(1, LONG_MS)).toBe(true);
    await files.add(store, 'a', 6);
    const last = await files.add(store, 'b', 9, 'other');
    expect(await projector.reached(last, LONG_MS)).toBe(true);
    expect(await rowsOf(readModels)).toEqual([{ stream: 'a', total: 11, applied: 2 }]);
    expect(projector.status()).toEqual([{ name: 'totals', kind: 'projection', position: last, state: 'running' }]);
  });

  it('commits rows and checkpoint together: what fails leaves neither, and is done again', async () => {
    await files.addMany(store, 'a', 3);
    const projector = new Projector(store, readModels);
    projector.add(new Totals());
    running.push(projector);
    const save = jest.spyOn(readModels as unknown as { advance(): void }, 'advance').mockImplementation(() => {
      throw Object.assign(new Error('disk full'), { code: 'SQLITE_FULL' });
    });
    projector.start();
    while (projector.status()[0]?.state !== 'stopped') await new Promise(setImmediate);
    expect(projector.status()).toMatchObject([{ position: 0, state: 'stopped', error: 'disk full' }]);
    const beside = files.readModels();
    expect(beside.checkpoint('totals')?.position).toBe(0);
    expect(await rowsOf(beside)).toEqual([]);
    save.mockRestore();
    expect(await projector.reached(3, LONG_MS)).toBe(true);
    expect(await rowsOf(beside)).toEqual([{ stream: 'a', total: 3, applied: 3 }]);
    expect(beside.checkpoint('totals')).toMatchObject({ name: 'totals', version: 1, position: 3 });
    expect(projector.status()).toMatchObject([{ state: 'running' }]);
  });

  it('goes on from its checkpoint when it is started again', async () => {
    await files.addMany(store, 'a', 3);
    const first = start();
    await first.reached(3, LONG_MS);
    await stop(first);
    await files.add(store, 'a');
    const second = start([new Totals()], store, files.readModels());
    expect(await second.reached(4, LONG_MS)).toBe(true);
    expect(await rowsOf(readModels)).toEqual([{ stream: 'a', total: 4, applied: 4 }]);
  });

  it('applies every event once when two projectors share the files', async () => {
    await files.addMany(store, 'a', 700);
    const [one, other] = [start(), start([new Totals()], files.store(), files.readModels())];
    for (let index = 0; index < 40; index += 1) await files.add(store, `b${index % 3}`);
    const last = await store.head();
    expect(await Promise.all([one.reached(last, LONG_MS), other.reached(last, LONG_MS)])).toEqual([true, true]);
    expect(await rowsOf(readModels)).toEqual([
      { stream: 'a', total: 700, applied: 700 },
      { stream: 'b0', total: 14, applied: 14 },
      { stream: 'b1', total: 13, applied: 13 },
      { stream: 'b2', total: 13, applied: 13 },
    ]);
  });

  it('stops one projection before the event it cannot apply, and says so; the others go on', async () => {
    await files.addMany(store, 'a', 2);
    await files.add(store, 'bad');
    await files.addMany(store, 'c', 2);
    const poisoned = new Totals('poisoned', 1, ({ stream }) => stream === 'bad');
    const projector = start([poisoned, new Totals()]);
    expect(await projector.reached(5, LONG_MS)).toBe(false);
    await files.add(store, 'd');
    while (projector.status()[1]?.position !== 6) await new Promise(setImmediate);
    expect(projector.status()).toEqual([
      { name: 'poisoned', kind: 'projection', position: 2, state: 'stopped', error: 'position 3: cannot be applied' },
      { name: 'totals', kind: 'projection', position: 6, state: 'running' },
    ]);
    expect(await rowsOf(readModels, 'poisoned')).toEqual([{ stream: 'a', total: 2, applied: 2 }]);
    expect((await rowsOf(readModels)).map(({ stream }) => stream)).toEqual(['a', 'bad', 'c', 'd']);
    expect(await projector.reached(2, LONG_MS)).toBe(true);
    expect(await projector.reached(3, LONG_MS)).toBe(false);
  });

  it('stops one projection whose row does not fit its table; the others go on', async () => {
    await files.addMany(store, 'a', 2);
    await files.add(store, 'bad', 0.5);
    await files.add(store, 'c');
    const projector = start([new Totals('halves', 2), new Totals('wholes')]);
    expect(await projector.reached(4, LONG_MS)).toBe(false);
    expect(projector.status()).toMatchObject([
      { name: 'halves', position: 4, state: 'running' },
      { name: 'wholes', position: 2, state: 'stopped', error: expect.stringMatching(/^position 3: cannot store/) },
    ]);
    expect(await rowsOf(readModels, 'halves')).toHaveLength(3);
    expect(await rowsOf(readModels, 'wholes')).toEqual([{ stream: 'a', total: 2, applied: 2 }]);
  });

  it('tells those who wait as soon as a projection stops', async () => {
    const projector = start([new Totals('totals', 1, () => true)]);
    const waiting = projector.reached(1, 600_000);
    await files.add(store, 'bad');
    expect(await waiting).toBe(false);
  }, 20_000);

  it('goes on behind the event once the code can apply it', async () => {
    await files.add(store, 'bad');
    const broken = start([new Totals('totals', 1, () => true)]);
    expect(await broken.reached(1, LONG_MS)).toBe(false);
    await stop(broken);
    const mended = start();
    expect(await mended.reached(1, LONG_MS)).toBe(true);
    expect(await rowsOf(readModels)).toEqual([{ stream: 'bad', total: 1, applied: 1 }]);
  });

  it('builds a read model anew when its version changes, from the first event', async () => {
    await files.addMany(store, 'a', 3);
    const old = start();
    await old.reached(3, LONG_MS);
    await stop(old);
    const raised = start([new Totals('totals', 2)], store, files.readModels());
    expect(await raised.reached(3, LONG_MS)).toBe(true);
    expect(await rowsOf(readModels)).toEqual([{ stream: 'a', total: 6, applied: 3 }]);
    expect(readModels.checkpoint('totals')).toMatchObject({ name: 'totals', version: 2, position: 3 });
  });

  it('stops, and writes nothing, when another version of it has taken over the tables', async () => {
    await files.addMany(store, 'a', 3);
    const old = start();
    await old.reached(3, LONG_MS);
    const raised = start([new Totals('totals', 2)], files.store(), files.readModels());
    expect(await raised.reached(3, LONG_MS)).toBe(true);
    await files.add(store, 'a');
    expect(await raised.reached(4, LONG_MS)).toBe(true);
    expect(await old.reached(4, LONG_MS)).toBe(false);
    expect(old.status()).toMatchObject([{ state: 'stopped', error: expect.stringContaining('version 2') }]);
    expect(await rowsOf(readModels)).toEqual([{ stream: 'a', total: 8, applied: 4 }]);
  });

  it('holds the same rows whether built as it went or all at once', async () => {
    const live = start([new Totals('live')]);
    for (let index = 0; index < 30; index += 1) await files.add(store, `s${index % 4}`, index);
    await live.reached(30, LONG_MS);
    const rebuilt = start([new Totals('rebuilt')], store, files.readModels());
    await rebuilt.reached(30, LONG_MS);
    expect(await rowsOf(readModels, 'rebuilt')).toEqual(await rowsOf(readModels, 'live'));
  });

  it('reports a store it cannot read, and goes on when it can again', async () => {
    const subscribe = store.subscribe.bind(store);
    let fail = true;
    store.subscribe = (options) => {
      if (fail) throw new Error('store away');
      return subscribe(options);
    };
    await files.add(store, 'a');
    const projector = start();
    while (projector.status()[0]?.state !== 'stopped') await new Promise(setImmediate);
    expect(projector.status()).toMatchObject([{ position: 0, state: 'stopped', error: 'store away' }]);
    fail = false;
    expect(await projector.reached(1, LONG_MS)).toBe(true);
    expect(projector.status()).toMatchObject([{ position: 1, state: 'running' }]);
  });
});
