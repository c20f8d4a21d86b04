import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import type { EventStore, RecordedEvent, SubscribeOptions } from '@app/event-store';
import { Projector } from './projector.js';
import type { ReadModels } from './read-models.js';
import { subscriberLog } from './subscriber.js';
import { Files, rowsOf, Totals } from './subscriptions.fixture.js';

const EVENTS = 60;
const NAMES = ['one', 'two', 'three', 'four'];
const LONG_MS = 60_000;

const MISFORTUNES = ['deposed-and-back', 'not-written', 'written-but-nobody-told', 'poisoned'] as const;

/** What befalls a projection while its tables are built, at a commit of its. */
interface Befalling {
  readonly name: string;
  readonly atCommit: number;
  readonly what: (typeof MISFORTUNES)[number];
}

const befalling: fc.Arbitrary<Befalling> = fc.record({
  name: fc.constantFrom(...NAMES),
  atCommit: fc.integer({ min: 1, max: EVENTS }),
  what: fc.constantFrom(...MISFORTUNES),
});

describe('tables that are built side by side', () => {
  let files: Files;
  beforeEach(() => {
    files = new Files();
    jest.spyOn(subscriberLog, 'warn').mockImplementation(() => undefined);
    jest.spyOn(subscriberLog, 'error').mockImplementation(() => undefined);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await files.remove();
  });

  it(
    'hold every event once, whatever befalls some of them on the way',
    async () => {
      const store = inSmallPages(files.store());
      await files.addMany(store, 'a', EVENTS / 2);
      const head = await files.addMany(store, 'b', EVENTS / 2);
      const play = async (befallings: readonly Befalling[], turns: readonly number[]): Promise<void> => {
        const another = new Files();
        const readModels = ofManyHands(another.readModels());
        const poisoned = new Map(
          befallings.flatMap(({ name, atCommit, what }) => (what === 'poisoned' ? [[name, atCommit] as const] : [])),
        );
        const projector = new Projector(store, readModels);
        for (const name of NAMES) projector.add(new Totals(name, 1, ({ position }) => poisoned.get(name) === position));
        const commits = new Map<string, number>();
        const commit = readModels.commit.bind(readModels);
        let turn = 0;
        const wait = async () => {
          const count = turns[(turn += 1) % turns.length] ?? 0;
          for (let no = 0; no < count; no += 1) await new Promise(setImmediate);
        };
        jest.spyOn(readModels, 'commit').mockImplementation(async (batches) => {
          const name = batches[0]?.from.name ?? '';
          const no = (commits.get(name) ?? 0) + 1;
          commits.set(name, no);
          const befallen = befallings.filter((one) => one.name === name && one.atCommit === no).map(({ what }) => what);
          await wait();
          if (befallen.includes('deposed-and-back')) {
            projector.lose([name]);
            void projector.gain([name]);
            await wait();
            return batches.map(() => ({ kind: 'deposed' as const }));
          }
          if (befallen.includes('not-written')) throw new Error('the server is gone');
          const outcomes = await commit(batches);
          await wait();
          if (befallen.includes('written-but-nobody-told')) throw new Error('the connection broke');
          return outcomes;
        });
        projector.start();
        while (!(await projector.reached(head, 20))) {
          // It answers at once for one that has stopped.
          await new Promise(setImmediate);
          for (const name of [...poisoned.keys()]) {
            const stopped = projector.status().some((one) => one.name === name && one.error?.startsWith('position') === true);
            if (!stopped) continue;
            poisoned.delete(name);
            await projector.resume(name);
          }
        }
        for (const name of NAMES) {
          const each = { total: EVENTS / 2, applied: EVENTS / 2 };
          expect([name, await rowsOf(readModels, name)]).toEqual([
            name,
            [
              { stream: 'a', ...each },
              { stream: 'b', ...each },
            ],
          ]);
        }
        await projector.stop();
        await another.remove();
      };
      const turns = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 5, maxLength: 20 });
      await fc.assert(fc.asyncProperty(fc.array(befalling, { minLength: 1, maxLength: 4 }), turns, play), { numRuns: 15 });
    },
    LONG_MS,
  );
});

/** As a store whose pages hold one event each. */
function inSmallPages(store: EventStore): EventStore {
  const subscribe = store.subscribe.bind(store);
  jest.spyOn(store, 'subscribe').mockImplementation(async function* (options: SubscribeOptions): AsyncGenerator<readonly RecordedEvent[]> {
    for await (const page of subscribe(options)) for (const event of page) yield [event];
  });
  return store;
}

/** As read models that are built by several at once. */
function ofManyHands(readModels: ReadModels): ReadModels {
  return Object.defineProperty(readModels, 'buildersAtOnce', { value: 3 });
}
