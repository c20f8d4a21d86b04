import { describe, expect, it } from '@jest/globals';
import { play, type Schedule } from './schedule.js';

/** `npm run soak` plays any number of others. */
const SEEDS: Readonly<Record<Schedule['store'], readonly number[]>> = {
  embedded: [1, 2, 3, 5, 8, 13],
  'stand-in': [21],
};
const schedules = (['embedded', 'stand-in'] as const).flatMap((store) =>
  SEEDS[store].map((seed) => ({ seed, store, kind: 'simulated' as const })),
);

describe('schedules of faults over random commands', () => {
  it.each(schedules.map((schedule) => [`${schedule.store}, seed ${schedule.seed}`, schedule] as const))('%s', async (_, schedule) => {
    const report = await play(schedule);
    expect(report.faults).toEqual([]);
    // There was something to get wrong.
    expect(report.acknowledged).toBeGreaterThan(60);
    expect(report.deaths + report.disturbances).toBeGreaterThan(4);
  });
});
