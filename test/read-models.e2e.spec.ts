import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { COMMAND_NOTED, EVENT_STORE, type EventStore } from '@app/event-store';
import { Subscriptions } from '@app/projections';
import { createLedger } from '../apps/api/src/create-ledger.js';
import { EVENT_DEFINITIONS } from '../apps/api/src/ledger.module.js';
import { comparePastWithFold } from './support/fold.js';

/** More for a long night: LEDGER_HISTORY_EVENTS=20000 LEDGER_HISTORY_RUNS=20 npm test -- read-models */
const EVENTS = Number(process.env['LEDGER_HISTORY_EVENTS'] ?? 2_000);
const RUNS = Number(process.env['LEDGER_HISTORY_RUNS'] ?? 1);

const GENERATOR = './bench/history.mjs';
const { writeHistoryFile } = (await import(GENERATOR)) as {
  writeHistoryFile(file: string, options: { events: number; seed: number }): Promise<number>;
};

async function typesIn(store: EventStore): Promise<readonly string[]> {
  const types = new Set<string>();
  for await (const page of store.readAll()) for (const { type } of page) types.add(type);
  return [...types].sort();
}

describe('read models over random histories', () => {
  it('are the same built as it went, built anew, and folded from scratch as of every tenth position', async () => {
    await fc.assert(
      fc.asyncProperty(fc.noShrink(fc.integer({ min: 1, max: 1_000_000 })), async (seed) => {
        const folder = mkdtempSync(join(tmpdir(), 'ledger-history-'));
        mkdirSync(folder, { recursive: true });
        const written = await writeHistoryFile(join(folder, 'ledger.db'), { events: EVENTS, seed });
        const ledger = await createLedger({ dataFolder: folder, logger: false, publishBundledPolicies: false });
        try {
          const subscriptions = ledger.app.get(Subscriptions);
          expect(await subscriptions.settled(300_000)).toBe(true);
          const store = ledger.app.get<EventStore>(EVENT_STORE);
          // The process managers have looked at all of it and found everything done: it is what a ledger would have written.
          expect(subscriptions.status().filter(({ state }) => state !== 'running')).toEqual([]);
          expect(await store.head()).toBe(written);
          expect(await typesIn(store)).toEqual([...Object.keys(EVENT_DEFINITIONS), COMMAND_NOTED].sort());
          const { differences, compared } = await comparePastWithFold(ledger, 10);
          expect(differences).toEqual([]);
          expect(compared).toBeGreaterThan((EVENTS / 10) * subscriptions.projections().length);
          await subscriptions.verify(subscriptions.projections().map(({ name }) => name));
          while (subscriptions.verifications().some(({ state }) => state === 'running')) await sleep(50);
          const unequal = subscriptions.verifications().filter(({ state }) => state !== 'equal');
          expect(unequal).toEqual([]);
        } finally {
          await ledger.close();
          rmSync(folder, { recursive: true, force: true });
        }
      }),
      { numRuns: RUNS },
    );
  }, 3_600_000);
});
