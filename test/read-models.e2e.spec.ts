import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { namesOf } from '@app/exports';
import { COMMAND_NOTED, EVENT_STORE, type EventStore } from '@app/event-store';
import { bundledPacks } from '@app/policies';
import { Subscriptions } from '@app/projections';
import { createLedger } from '../apps/api/src/create-ledger.js';
import { EVENT_DEFINITIONS } from '../apps/api/src/ledger.module.js';
import { comparePastWithFold } from './support/fold.js';
import { StoreUnderTest } from './support/store-under-test.js';
import { untoldIn } from './support/untold.js';

const NAMES = namesOf(bundledPacks);

/** More for a long night: LEDGER_HISTORY_EVENTS=20000 LEDGER_HISTORY_RUNS=20 npm test -- read-models */
const EVENTS = Number(process.env['LEDGER_HISTORY_EVENTS'] ?? 2_000);
const RUNS = Number(process.env['LEDGER_HISTORY_RUNS'] ?? 1);

const GENERATOR = './bench/history.mjs';
const { writeHistoryFile } = (await import(GENERATOR)) as {
  writeHistoryFile(file: string, options: { events: number; seed: number }): Promise<number>;
};

/** The kinds of events there are, and what timelines would tell of them in words of the code. */
async function eventsIn(store: EventStore) {
  const types = new Set<string>();
  const untold = new Set<string>();
  for await (const page of store.readAll())
    for (const { type, data } of page) {
      types.add(type);
      for (const what of untoldIn('audit/timeline/enterprise/1', { event: type, data }, NAMES)) untold.add(`${type}: ${what}`);
    }
  return { types: [...types].sort(), untold: [...untold] };
}

describe('read models over random histories', () => {
  it('are the same built as it went, built anew, and folded from scratch as of every tenth position', async () => {
    await fc.assert(
      fc.asyncProperty(fc.noShrink(fc.integer({ min: 1, max: 1_000_000 })), async (seed) => {
        const folder = mkdtempSync(join(tmpdir(), 'ledger-history-'));
        mkdirSync(folder, { recursive: true });
        const written = await writeHistoryFile(join(folder, 'ledger.db'), { events: EVENTS, seed });
        const kept = await StoreUnderTest.holding(folder);
        const ledger = await createLedger({ dataFolder: folder, logger: false, publishBundledPolicies: false, esdb: kept.setting });
        try {
          const subscriptions = ledger.app.get(Subscriptions);
          expect(await subscriptions.settled(300_000)).toBe(true);
          const store = ledger.app.get<EventStore>(EVENT_STORE);
          // The process managers have looked at all of it and found everything done: it is what a ledger would have written.
          expect(subscriptions.status().filter(({ state }) => state !== 'running')).toEqual([]);
          expect(await store.head()).toBe(written);
          const { types, untold } = await eventsIn(store);
          expect(types).toEqual([...Object.keys(EVENT_DEFINITIONS), COMMAND_NOTED].sort());
          expect(untold).toEqual([]);
          const { differences, compared } = await comparePastWithFold(ledger, 10);
          expect(differences).toEqual([]);
          expect(compared).toBeGreaterThan((EVENTS / 10) * subscriptions.projections().length);
          await subscriptions.verify(subscriptions.projections().map(({ name }) => name));
          while ((await subscriptions.verifications()).some(({ state }) => state === 'running')) await sleep(50);
          const unequal = (await subscriptions.verifications()).filter(({ state }) => state !== 'equal');
          expect(unequal).toEqual([]);
        } finally {
          await ledger.close();
          await kept.close();
          rmSync(folder, { recursive: true, force: true });
        }
      }),
      { numRuns: RUNS },
    );
  }, 3_600_000);
});

describe('a policy', () => {
  it.each(bundledPacks().map((pack) => [pack.id, pack] as const))('is told in words wherever it is changed: %s', (_id, pack) => {
    const { inputs, ...rest } = pack;
    // The words of a fact are told by themselves.
    const parts = [...Object.values(inputs).map((input) => ({ ...input, words: null })), { pack: rest }];
    expect(parts.flatMap((part) => untoldIn('policies/*', part, NAMES))).toEqual([]);
  });
});
