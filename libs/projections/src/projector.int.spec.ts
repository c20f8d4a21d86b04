import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import Database from 'better-sqlite3';
import { type EventStore, lookingFrom } from '@app/event-store';
import { Problem } from '@app/kernel';
import { Projector } from './projector.js';
import type { Projection } from './projection.js';
import type { Checkpoint, Purpose, ReadModels } from './read-models.js';
import { subscriberLog } from './subscriber.js';
import { clock, Files, rowsOf, Totals } from './subscriptions.fixture.js';

const LONG_MS = 60_000;

describe('the projector', () => {
  let files: Files;
  let store: EventStore;
  let readModels: ReadModels;
  let running: Projector[];
  /** What operators read in the log. */
  let said: string[];
  beforeEach(() => {
    files = new Files();
    store = files.store();
    readModels = files.readModels();
    running = [];
    said = [];
    const say = (text: unknown) => void said.push(String(text));
    jest.spyOn(subscriberLog, 'warn').mockImplementation(say);
    jest.spyOn(subscriberLog, 'error').mockImplementation(say);
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
  /** Queries see all its tables from here on. */
  async function live(projector: Projector): Promise<Projector> {
    while (!projector.status().every(({ state }) => state === 'running')) await new Promise(setImmediate);
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
    expect(projector.status()).toEqual([
      { name: 'totals', kind: 'projection', position: last, state: 'running', movedAt: expect.any(String) },
    ]);
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
    while (projector.status()[0]?.state !== 'retrying') await new Promise(setImmediate);
    expect(projector.status()).toMatchObject([{ position: 0, state: 'retrying', error: 'disk full' }]);
    const beside = files.readModels();
    expect(await beside.generations('totals')).toMatchObject({ live: undefined, building: { position: 0 } });
    expect(rowsIn('totals_count__1')).toBe(0);
    save.mockRestore();
    expect(await projector.reached(3, LONG_MS)).toBe(true);
    expect(await rowsOf(beside)).toEqual([{ stream: 'a', total: 3, applied: 3 }]);
    expect(await beside.checkpoint('totals')).toMatchObject({ name: 'totals', version: 1, position: 3 });
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
    const poisoned = new Totals('poisoned', 1, ({ stream }) => stream === 'bad');
    const projector = await live(start([poisoned, new Totals()]));
    await files.addMany(store, 'a', 2);
    await files.add(store, 'bad');
    await files.addMany(store, 'c', 2);
    expect(await projector.reached(5, LONG_MS)).toBe(false);
    await files.add(store, 'd');
    while (projector.status()[1]?.position !== 6) await new Promise(setImmediate);
    expect(projector.status()).toEqual([
      {
        name: 'poisoned',
        kind: 'projection',
        position: 2,
        state: 'stopped',
        movedAt: expect.any(String),
        error: 'position 3: cannot be applied',
      },
      { name: 'totals', kind: 'projection', position: 6, state: 'running', movedAt: expect.any(String) },
    ]);
    expect(said).toEqual(['the projection poisoned has stopped after position 2; "ledger projections list" says why']);
    // What it holds is told of where it has been, and of nothing else: here, and wherever else the tables are read.
    for (const models of [readModels, files.readModels()]) {
      models.register(poisoned);
      const at = (position: number, isPresent?: true) =>
        lookingFrom({ position, now: clock.now(), ...(isPresent && { isPresent }) }, () => rowsOf(models, 'poisoned'));
      const refused = { kind: 'unavailable', code: 'read-model-behind', detail: expect.stringMatching(/poisoned .*position 2 /) };
      await expect(rowsOf(models, 'poisoned')).rejects.toMatchObject(refused);
      await expect(at(6, true)).rejects.toMatchObject(refused);
      await expect(at(3)).rejects.toMatchObject(refused);
      expect(await at(2)).toEqual([{ stream: 'a', total: 2, applied: 2 }]);
    }
    expect((await rowsOf(readModels)).map(({ stream }) => stream)).toEqual(['a', 'bad', 'c', 'd']);
    expect(await projector.reached(2, LONG_MS)).toBe(true);
    expect(await projector.reached(3, LONG_MS)).toBe(false);
  });

  it('stops one projection whose row does not fit its table; the others go on', async () => {
    const projector = await live(start([new Totals('halves', 2), new Totals('wholes')]));
    await files.addMany(store, 'a', 2);
    await files.add(store, 'bad', 0.5);
    await files.add(store, 'c');
    expect(await projector.reached(4, LONG_MS)).toBe(false);
    expect(projector.status()).toMatchObject([
      { name: 'halves', position: 4, state: 'running' },
      { name: 'wholes', position: 2, state: 'stopped', error: expect.stringMatching(/^position 3: cannot store/) },
    ]);
    expect(await rowsOf(readModels, 'halves')).toHaveLength(3);
    await expect(rowsOf(readModels, 'wholes')).rejects.toMatchObject({ code: 'read-model-behind' });
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
    // It is not being built any more, and whoever asks for more learns why.
    const stopped = { code: 'projection-stopped', detail: expect.stringContaining('position 1') };
    await expect(broken.verify(['totals'])).rejects.toMatchObject(stopped);
    await expect(broken.rebuild(['totals'])).rejects.toMatchObject(stopped);
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
    expect(await readModels.checkpoint('totals')).toMatchObject({ name: 'totals', version: 2, position: 3 });
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

  it('tells no longer of a write without an answer when it finds it written', async () => {
    const projector = start();
    await files.add(store, 'a');
    expect(await projector.reached(1, LONG_MS)).toBe(true);
    const { commit } = readModels;
    readModels.commit = async (batches) => {
      readModels.commit = commit;
      await commit.call(readModels, batches);
      throw new Error('no answer');
    };
    await files.add(store, 'a', 10);
    while (projector.status()[0]?.state !== 'retrying') await new Promise(setImmediate);
    expect(projector.status()).toMatchObject([{ error: 'no answer' }]);
    while (projector.status()[0]?.state !== 'running') await new Promise(setImmediate);
    expect(projector.status()).toMatchObject([{ position: 2 }]);
    expect(await rowsOf(readModels)).toEqual([{ stream: 'a', total: 11, applied: 2 }]);
  });

  it('follows again from where the tables stand when these have been set back', async () => {
    const projector = start();
    await files.add(store, 'a');
    expect(await projector.reached(1, LONG_MS)).toBe(true);
    const { commit } = readModels;
    // Acknowledged, and lost.
    readModels.commit = async (batches) =>
      batches.map(({ from, to }) => ({ kind: 'committed', checkpoint: { ...from, position: to } }) as const);
    await files.add(store, 'a', 10);
    expect(await projector.reached(2, LONG_MS)).toBe(true);
    readModels.commit = commit;
    await files.add(store, 'b', 100);
    expect(await projector.reached(3, LONG_MS)).toBe(true);
    expect(await rowsOf(readModels)).toEqual([
      { stream: 'a', total: 11, applied: 2 },
      { stream: 'b', total: 100, applied: 1 },
    ]);
  });

  it('shows no tables that have lost what they were given last before they were seen', async () => {
    await files.addMany(store, 'a', 3);
    const { commit } = readModels;
    // Acknowledged, and lost with the server; nothing comes after it.
    readModels.commit = async (batches) => {
      readModels.commit = commit;
      return batches.map(({ from, to }) => ({ kind: 'committed', checkpoint: { ...from, position: to } }) as const);
    };
    const projector = start();
    expect(await projector.reached(3, LONG_MS)).toBe(true);
    expect(await rowsOf(readModels)).toEqual([{ stream: 'a', total: 3, applied: 3 }]);
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
      if (fail) throw new Problem('unavailable', 'store-unavailable', 'store away');
      return subscribe(options);
    };
    await files.add(store, 'a');
    const projector = start();
    while (projector.status()[0]?.state !== 'retrying') await new Promise(setImmediate);
    expect(projector.status()).toMatchObject([{ position: 0, state: 'retrying', error: expect.stringContaining('store away') }]);
    // Once, however often it is tried.
    await sleep(600);
    expect(said).toEqual(['1 projections cannot go on and try again: store-unavailable: store away']);
    fail = false;
    expect(await projector.reached(1, LONG_MS)).toBe(true);
    expect(projector.status()).toMatchObject([{ position: 1, state: 'running' }]);
  });

  it('tells of a fault no longer once it has passed, though nothing new comes', async () => {
    const subscribe = store.subscribe.bind(store);
    let faults = 0;
    store.subscribe = async function* (options) {
      if (options.after === 1 && faults === 0) {
        faults += 1;
        throw new Error('store away');
      }
      yield* subscribe(options);
    };
    await files.add(store, 'a');
    const projector = start();
    expect(await projector.reached(1, LONG_MS)).toBe(true);
    while (projector.status()[0]?.error !== 'store away') await new Promise(setImmediate);
    await live(projector);
    expect(projector.status()).toMatchObject([{ position: 1, state: 'running' }]);
  });

  /** A store whose subscriptions from the beginning wait until they are let on. */
  function gated(): { readonly held: EventStore; letOn(): void } {
    let letOn: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (letOn = resolve));
    const held = Object.create(store) as EventStore;
    held.subscribe = async function* (options) {
      if (options.after === 0) await gate;
      yield* store.subscribe(options);
    };
    return { held, letOn: () => letOn() };
  }

  it('goes on with the others while a new projection is being built, which queries cannot see until then', async () => {
    await files.addMany(store, 'a', 3);
    await stop(await started(start()));
    const { held, letOn } = gated();
    const projector = start([new Totals(), new Totals('new')], held);
    const last = await files.add(store, 'b');
    expect(await projector.reached(last, LONG_MS, 'totals')).toBe(true);
    expect(projector.status()).toMatchObject([
      { state: 'running', position: 4 },
      { state: 'building', position: 0 },
    ]);
    await expect(rowsOf(readModels, 'new')).rejects.toMatchObject({ code: 'read-model-rebuilding' });
    letOn();
    expect(await projector.reached(last, LONG_MS)).toBe(true);
    expect(await rowsOf(readModels, 'new')).toEqual(await rowsOf(readModels));
  });

  it('shows what an older version has left until the newer one is built', async () => {
    await files.addMany(store, 'a', 3);
    await stop(await started(start()));
    const { held, letOn } = gated();
    const projector = start([new Totals('totals', 2)], held, files.readModels());
    await files.add(store, 'a');
    expect(projector.status()).toMatchObject([{ state: 'building' }]);
    expect(await projector.reached(1, 50)).toBe(false);
    expect(await rowsOf(readModels)).toEqual([{ stream: 'a', total: 3, applied: 3 }]);
    letOn();
    expect(await projector.reached(4, LONG_MS)).toBe(true);
    expect(await rowsOf(readModels)).toEqual([{ stream: 'a', total: 8, applied: 4 }]);
  });

  it('goes on building where it was when it is started again', async () => {
    await files.addMany(store, 'a', 2_000);
    const halting = Object.create(store) as EventStore;
    halting.subscribe = async function* (options) {
      for await (const page of store.subscribe(options)) {
        yield page;
        await new Promise((resolve) => options.signal.addEventListener('abort', resolve));
      }
    };
    const first = start([new Totals()], halting);
    while (first.status()[0]?.position === 0) await new Promise(setImmediate);
    await stop(first);
    expect(await readModels.checkpoint('totals')).toBeUndefined();
    const from: number[] = [];
    const watched = Object.create(store) as EventStore;
    watched.subscribe = (options) => (from.push(options.after), store.subscribe(options));
    const second = start([new Totals()], watched, files.readModels());
    expect(await second.reached(2_000, LONG_MS)).toBe(true);
    expect(from[0]).toBeGreaterThan(0);
    expect(await rowsOf(readModels)).toEqual([{ stream: 'a', total: 2_000, applied: 2_000 }]);
  });

  async function started(projector: Projector): Promise<Projector> {
    expect(await projector.reached(await store.head(), LONG_MS)).toBe(true);
    return projector;
  }

  it('takes new tables into use though the ledger goes on all the time, however far apart its positions are', async () => {
    for (let part = 0; part < 3; part += 1) await files.addMany(store, `a${part}`, 1_000);
    const APART = 10_000;
    const busy = Object.create(store) as EventStore;
    busy.head = async () => (await files.add(store, 'b')) * APART;
    busy.subscribe = async function* ({ after, signal }) {
      for await (const page of store.subscribe({ after: after / APART, signal }))
        yield page.map((event) => ({ ...event, position: event.position * APART }));
    };
    const projector = await live(start([new Totals()], busy));
    expect(projector.status()[0]?.position).toBeGreaterThan(3_000 * APART);
    expect(await projector.reached((await store.head()) * APART, LONG_MS)).toBe(true);
    expect((await rowsOf(readModels))[0]).toEqual({ stream: 'a0', total: 1_000, applied: 1_000 });
  });

  it('rebuilds beside the live tables, which go on, and swaps', async () => {
    for (let index = 0; index < 20; index += 1) await files.add(store, `s${index % 3}`, index);
    const { held, letOn } = gated();
    // The live tables stand at the end already.
    await stop(await started(start()));
    const projector = start([new Totals()], held);
    // A bug of an earlier release has left a wrong row.
    tamper("UPDATE totals_count__1 SET total = 999 WHERE stream = 's0'");
    await projector.rebuild(['totals']);
    await expect(projector.rebuild(['totals'])).rejects.toMatchObject({ code: 'projection-building' });
    const meanwhile = await files.add(store, 's1', 100);
    expect(await projector.reached(meanwhile, LONG_MS)).toBe(true);
    expect(projector.status()).toMatchObject([{ state: 'running', position: meanwhile, beside: { purpose: 'rebuild', position: 0 } }]);
    expect((await rowsOf(readModels))[0]?.total).toBe(999);
    letOn();
    while (projector.status()[0]?.beside !== undefined) await new Promise(setImmediate);
    expect((await rowsOf(readModels)).map(({ total }) => total)).toEqual([63, 170, 57]);
    const after = await files.add(store, 's2', 1);
    expect(await projector.reached(after, LONG_MS)).toBe(true);
    expect((await rowsOf(readModels))[2]?.total).toBe(58);
    await stop(projector);
    expect(tables()).toEqual(['totals_count__2', 'totals_count__2_former']);
  });

  it('finds the live tables equal to ones built anew, row for row, and what is not', async () => {
    for (let index = 0; index < 700; index += 1) await files.add(store, `s${index % 3}`, index);
    const projector = start();
    await projector.reached(700, LONG_MS);
    const [equal] = await Promise.all(await projector.verify(['totals']));
    expect(equal).toEqual({ position: 700, rows: 3 + 697, different: 0, differences: [] });
    tamper("UPDATE totals_count__1 SET total = total + 1 WHERE stream = 's1'");
    tamper("UPDATE totals_count__1_former SET total = total + 1 WHERE stream = 's2' AND _since = 6");
    const [different] = await Promise.all(await projector.verify(['totals']));
    expect(different).toMatchObject({ different: 2, differences: [{ table: 'totals_count' }, { table: 'totals_count (former)' }] });
    tamper("DELETE FROM totals_count__1_former WHERE stream = 's0'");
    expect((await Promise.all(await projector.verify(['totals'])))[0]?.different).toBeGreaterThan(200);
    expect(tables()).toEqual(['totals_count__1', 'totals_count__1_former']);
    await expect(projector.verify(['nobody'])).rejects.toMatchObject({ code: 'projection-unknown' });
  });

  it('resumes a projection at the event it stopped at, once it can be applied, and not before', async () => {
    await files.addMany(store, 'a', 2);
    const isPoison = { is: true };
    const projector = start([new Totals('totals', 1, ({ stream }) => isPoison.is && stream === 'bad'), new Totals('other')]);
    await projector.reached(2, LONG_MS);
    await files.add(store, 'bad');
    expect(await projector.reached(3, LONG_MS)).toBe(false);
    const last = await files.add(store, 'c');
    expect(await projector.reached(last, LONG_MS, 'other')).toBe(true);
    await projector.resume('totals');
    while (projector.status()[0]?.state !== 'stopped') await new Promise(setImmediate);
    isPoison.is = false;
    await projector.resume('totals');
    expect(await projector.reached(last, LONG_MS)).toBe(true);
    expect(await rowsOf(readModels)).toEqual(await rowsOf(readModels, 'other'));
    await expect(projector.resume('totals')).rejects.toMatchObject({ code: 'projection-not-stopped' });
    // It is back among the others.
    const next = await files.add(store, 'd');
    expect(await projector.reached(next, LONG_MS)).toBe(true);
  });

  /** Read models that build several projections side by side, as a server does; what each commit was of. */
  function sideBySide(): { readonly models: ReadModels; readonly commits: (readonly string[])[] } {
    const models = Object.assign(files.readModels(), { buildersAtOnce: 4 });
    const commits: (readonly string[])[] = [];
    const commit = models.commit.bind(models);
    models.commit = (batches) => {
      commits.push(batches.map(({ from }) => from.name));
      return commit(batches);
    };
    return { models, commits };
  }

  it('resumes a projection that stopped while others go on being built, and feeds it once', async () => {
    await files.addMany(store, 'a', 2_000);
    const isPoison = { is: true };
    let letOn: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (letOn = resolve));
    const held = Object.create(store) as EventStore;
    // Whoever follows from the beginning gets no more than the first page until it is let on.
    held.subscribe = async function* (options) {
      for await (const page of store.subscribe(options)) {
        yield page;
        if (options.after === 0) await gate;
      }
    };
    const { models, commits } = sideBySide();
    const projector = start([new Totals('one', 1, ({ position }) => isPoison.is && position === 100), new Totals('other')], held, models);
    while (projector.status()[0]?.state !== 'stopped' || projector.status()[1]?.position === 0) await new Promise(setImmediate);
    isPoison.is = false;
    await projector.resume('one');
    expect(await projector.reached(2_000, LONG_MS, 'one')).toBe(true);
    expect(projector.status()).toMatchObject([
      { state: 'running', position: 2_000 },
      { state: 'building', position: 512 },
    ]);
    letOn();
    const last = await files.add(store, 'b');
    expect(await projector.reached(last, LONG_MS)).toBe(true);
    await live(projector);
    commits.length = 0;
    const next = await files.add(store, 'c');
    expect(await projector.reached(next, LONG_MS)).toBe(true);
    expect(commits.flat().sort()).toEqual(['one', 'other']);
    expect(await rowsOf(models, 'one')).toEqual(await rowsOf(models, 'other'));
  });

  it('passes over nothing when it loses a projection in the midst of building several, and gains it again', async () => {
    for (const stream of ['a', 'b', 'c']) await files.addMany(store, stream, 1_000);
    const { models } = sideBySide();
    let letOn: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (letOn = resolve));
    const { commit } = models;
    let isAtFirst = false;
    // Its first page is under way while the others of it wait.
    models.commit = async (batches) => {
      const outcomes = await commit(batches);
      if (batches[0]?.from.name === 'one' && batches[0].from.position === 0) {
        isAtFirst = true;
        await gate;
      }
      return outcomes;
    };
    const projector = start([new Totals('one'), new Totals('other')], store, models);
    while (!isAtFirst || (projector.status()[1]?.position ?? 0) < 1_500) await new Promise(setImmediate);
    projector.lose(['one']);
    letOn();
    expect(await projector.reached(3_000, LONG_MS, 'other')).toBe(true);
    await projector.gain(['one']);
    expect(await projector.reached(3_000, LONG_MS)).toBe(true);
    expect(await rowsOf(models, 'one')).toEqual(await rowsOf(models, 'other'));
  });

  it('tries no event after one that it was deposed at: that one would be passed over', async () => {
    await files.add(store, 'a');
    const projector = await live(start());
    const tried: number[] = [];
    readModels.commit = async (batches) => {
      tried.push(...batches.map(({ to }) => to));
      return batches.map(({ from, to }) =>
        to === from.position + 1 ? { kind: 'deposed' } : { kind: 'failed', error: new Error('at fault') },
      );
    };
    await files.addMany(store, 'b', 3);
    while (tried.length < 2) await new Promise(setImmediate);
    await stop(projector);
    expect(tried).toEqual([4, 2]);
  });

  it('keeps the live tables when what is built beside them meets an event it cannot apply', async () => {
    await files.addMany(store, 'a', 2);
    const isPoison = { is: false };
    const projector = start([new Totals('totals', 1, () => isPoison.is)]);
    await projector.reached(2, LONG_MS);
    isPoison.is = true;
    await projector.rebuild(['totals']);
    while (projector.status()[0]?.beside?.error === undefined) await new Promise(setImmediate);
    expect(projector.status()).toMatchObject([{ state: 'running', beside: { error: 'position 1: cannot be applied' } }]);
    await expect(Promise.all(await projector.verify(['totals']))).rejects.toThrow('cannot be applied');
    isPoison.is = false;
    await projector.rebuild(['totals']);
    while (projector.status()[0]?.beside !== undefined) await new Promise(setImmediate);
    expect(await rowsOf(readModels)).toEqual([{ stream: 'a', total: 2, applied: 2 }]);
  });

  it('compares with the live tables where they stand, however they go on meanwhile', async () => {
    await files.addMany(store, 'a', 3);
    const live: (() => void)[] = [];
    let isHeld = false;
    const steered = Object.create(store) as EventStore;
    // The live tables are given their next page only once the comparison, which is ahead of them, has its own in hand.
    steered.subscribe = async function* (options) {
      for await (const page of store.subscribe(options)) {
        if (isHeld && options.after > 0) await new Promise<void>((resolve) => live.push(resolve));
        else if (isHeld) {
          isHeld = false;
          for (const letOn of live) letOn();
          while (projector.status()[0]?.position !== last) await new Promise(setImmediate);
        }
        yield page;
      }
    };
    await stop(await started(start()));
    const projector = start([new Totals()], steered, files.readModels());
    isHeld = true;
    const last = await files.addMany(store, 'b', 3);
    while (live.length === 0) await new Promise(setImmediate);
    const [verified] = await Promise.all(await projector.verify(['totals']));
    expect(isHeld).toBe(false);
    expect(verified).toMatchObject({ position: last, different: 0 });
  });

  it('can verify again after a comparison that failed', async () => {
    await files.addMany(store, 'a', 3);
    const projector = await started(start());
    const away = { rows: () => ({ next: () => Promise.reject(new Error('disk away')) }), close: () => Promise.resolve() };
    jest.spyOn(readModels, 'snapshot').mockResolvedValueOnce(away);
    await expect(Promise.all(await projector.verify(['totals']))).rejects.toThrow('disk away');
    expect(tables()).toEqual(['totals_count__1', 'totals_count__1_former']);
    expect((await Promise.all(await projector.verify(['totals'])))[0]?.different).toBe(0);
  });

  it('reads no longer what it compares once it has lost it, and leaves alone what it compares when it has it back', async () => {
    await files.addMany(store, 'a', 3);
    const projector = await started(start());
    const row = { done: false as const, value: { stream: 'a', total: 1, applied: 1 } };
    let isRead = false;
    let read: () => void = () => undefined;
    const closing = new Promise<void>((closed) => {
      const next = () => {
        isRead = true;
        return Promise.resolve(row);
      };
      jest.spyOn(readModels, 'snapshot').mockResolvedValueOnce({
        rows: () => ({ next }),
        close: () => new Promise((resolve) => ((read = resolve), closed())),
      });
    });
    const [lost] = await projector.verify(['totals']);
    const failing = expect(lost).rejects.toMatchObject({ code: 'projector-elsewhere' });
    while (!isRead) await new Promise(setImmediate);
    projector.lose(['totals']);
    await failing;
    await closing;
    await projector.gain(['totals']);
    const subscribe = store.subscribe.bind(store);
    const held = new Promise<void>((resolve) => {
      jest.spyOn(store, 'subscribe').mockImplementationOnce(async function* (options) {
        // What is compared anew stands at the beginning, in tables of the same number, when the first comparison has ended.
        read();
        await sleep(0);
        resolve();
        yield* subscribe(options);
      });
    });
    const [verified] = await projector.verify(['totals']);
    await held;
    expect(await verified).toEqual({ position: 3, rows: 3, different: 0, differences: [] });
    expect(tables()).toEqual(['totals_count__1', 'totals_count__1_former']);
  });

  it('does not compare the tables in use with themselves when another has dropped what was built beside them', async () => {
    await files.addMany(store, 'a', 3);
    const projector = await started(start());
    const subscribe = store.subscribe.bind(store);
    jest.spyOn(store, 'subscribe').mockImplementationOnce(async function* (options) {
      await files.readModels().prepare(new Totals());
      yield* subscribe(options);
    });
    await expect(Promise.all(await projector.verify(['totals']))).rejects.toThrow('dropped');
    expect(tables()).toEqual(['totals_count__1', 'totals_count__1_former']);
    expect((await Promise.all(await projector.verify(['totals'])))[0]?.different).toBe(0);
  });

  it('has those who wait for what it loses see how another goes on with it', async () => {
    await files.addMany(store, 'a', 3);
    const projector = await started(start());
    const waiting = projector.reached(4, LONG_MS);
    projector.lose(['totals']);
    start([new Totals()], store, files.readModels());
    await files.add(store, 'b');
    expect(await waiting).toBe(true);
  });

  it('begins none of several rebuilds when one of them cannot begin', async () => {
    await files.addMany(store, 'a', 3);
    const projector = await started(start([new Totals(), new Totals('other')]));
    const inner = readModels as unknown as { begun(projection: Projection, purpose: Purpose): Checkpoint };
    const begun = inner.begun.bind(readModels);
    const failing = jest.spyOn(inner, 'begun').mockImplementation((projection, purpose) => {
      if (projection.name === 'other') throw new Error('disk full');
      return begun(projection, purpose);
    });
    await expect(projector.rebuild(['totals', 'other'])).rejects.toThrow('disk full');
    await expect(projector.verify(['totals', 'other'])).rejects.toThrow('disk full');
    failing.mockRestore();
    expect(tables().filter((name) => name.startsWith('totals'))).toEqual(['totals_count__1', 'totals_count__1_former']);
    await projector.rebuild(['totals', 'other']);
    while (projector.status().some(({ beside }) => beside !== undefined)) await new Promise(setImmediate);
    expect(await rowsOf(readModels, 'other')).toEqual(await rowsOf(readModels));
  });

  function tamper(sql: string): void {
    const database = new Database(files.readModelsFile);
    expect(database.prepare(sql).run().changes).toBeGreaterThan(0);
    database.close();
  }

  function rowsIn(name: string): number {
    const database = new Database(files.readModelsFile, { readonly: true });
    const { count } = database.prepare<[], { count: number }>(`SELECT count(*) AS count FROM "${name}"`).get() as { count: number };
    database.close();
    return count;
  }

  function tables(): readonly string[] {
    const database = new Database(files.readModelsFile, { readonly: true });
    const names = database
      .prepare<[], { name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB '*__[0-9]*' ORDER BY name")
      .all();
    database.close();
    return names.map(({ name }) => name);
  }
});
