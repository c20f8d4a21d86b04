/** @jest-environment ./test/support/virtual-environment.mjs */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostgresServer } from '../stand-in/postgres.mjs';
import { ESDB } from '../support/store-under-test.js';
import { play, type Report, type Schedule } from './schedule.js';

/** Short ones: `npm run soak` plays any number of longer ones. */
const ROUNDS = 4;
/** `onPostgres`, with read models there: in its course the database crashes, and the leases go to another worker. */
const STORES = [
  { store: 'embedded', number: 20, onPostgres: 123 },
  { store: ESDB, number: 6, onPostgres: 124 },
] as const;
const schedules = STORES.flatMap(({ store, number }) =>
  Array.from({ length: number }, (_, index): Schedule => ({ seed: index + 1, store, kind: 'simulated', rounds: ROUNDS })),
);

describe('schedules of faults over random commands', () => {
  const reports: Report[] = [];
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await PostgresServer.start();
  });
  afterAll(() => postgres.stop());

  async function passes(schedule: Schedule, on?: PostgresServer): Promise<void> {
    const report = await play(schedule, on);
    reports.push(report);
    expect(report.faults).toEqual([]);
    expect(report.acknowledged).toBeGreaterThan(30);
  }

  it.each(schedules.map((schedule) => [`${schedule.store}, seed ${schedule.seed}`, schedule] as const))('%s', (_, schedule) =>
    passes(schedule),
  );

  it.each(STORES.filter(({ store }) => store !== 'node'))(
    '$store: the same seed plays the same history, faults and all',
    async ({ store }) => {
      const { ms: _, ...first } = reports.find((report) => report.store === store) as Report;
      const { ms: __, ...again } = await play(first);
      expect(again).toEqual(first);
    },
  );

  it.each(STORES)('$store over PostgreSQL', ({ store, onPostgres }) =>
    passes({ seed: onPostgres, store, kind: 'simulated', rounds: ROUNDS }, postgres),
  );

  it('had something to get wrong', () => {
    // A schedule alone may see few.
    const struck = reports.reduce((sum, { deaths, disturbances }) => sum + deaths + disturbances, 0);
    expect(struck).toBeGreaterThan(5 * reports.length);
  });
});
