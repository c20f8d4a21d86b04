import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostgresServer } from '../stand-in/postgres.mjs';
import { play, type Report, type Schedule } from './schedule.js';

/** `npm run soak` plays any number of others. */
const SEEDS: Readonly<Record<Schedule['store'], readonly number[]>> = {
  embedded: [1, 2, 3, 5, 8, 13],
  'stand-in': [21],
};
/** With read models in PostgreSQL: in its course the database crashes, and the leases go to another worker. */
const ON_POSTGRES = 123;
const schedules = (['embedded', 'stand-in'] as const).flatMap((store) =>
  SEEDS[store].map((seed) => ({ seed, store, kind: 'simulated' as const })),
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
    expect(report.acknowledged).toBeGreaterThan(60);
  }

  it.each(schedules.map((schedule) => [`${schedule.store}, seed ${schedule.seed}`, schedule] as const))('%s', (_, schedule) =>
    passes(schedule),
  );

  it(`embedded over PostgreSQL, seed ${ON_POSTGRES}`, () => passes({ seed: ON_POSTGRES, store: 'embedded', kind: 'simulated' }, postgres));

  it('had something to get wrong', () => {
    // A schedule alone may see few: at which call a fault strikes depends on how the calls of several officers interleave.
    const struck = reports.reduce((sum, { deaths, disturbances }) => sum + deaths + disturbances, 0);
    expect(struck).toBeGreaterThan(3 * reports.length);
  });
});
