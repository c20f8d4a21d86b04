/** @jest-environment ./test/support/virtual-environment.mjs */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostgresServer } from '../stand-in/postgres.mjs';
import { play, type Report, type Schedule } from './schedule.js';

/** Short ones: `npm run soak` plays any number of longer ones. */
const ROUNDS = 4;
const NUMBER: Readonly<Record<Schedule['store'], number>> = { embedded: 24, 'stand-in': 8 };
/** With read models in PostgreSQL: in its course the database crashes, and the leases go to another worker. */
const ON_POSTGRES: Readonly<Record<Schedule['store'], number>> = { embedded: 123, 'stand-in': 124 };
const STORES = ['embedded', 'stand-in'] as const;
const schedules = STORES.flatMap((store) =>
  Array.from({ length: NUMBER[store] }, (_, index) => ({ seed: index + 1, store, kind: 'simulated' as const, rounds: ROUNDS })),
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

  it.each(STORES)('%s: the same seed plays the same history, faults and all', async (store) => {
    const { ms: _, ...first } = reports.find((report) => report.store === store) as Report;
    const { ms: __, ...again } = await play(first);
    expect(again).toEqual(first);
  });

  it.each(STORES)('%s over PostgreSQL', (store) =>
    passes({ seed: ON_POSTGRES[store], store, kind: 'simulated', rounds: ROUNDS }, postgres),
  );

  it('had something to get wrong', () => {
    // A schedule alone may see few.
    const struck = reports.reduce((sum, { deaths, disturbances }) => sum + deaths + disturbances, 0);
    expect(struck).toBeGreaterThan(5 * reports.length);
  });
});
