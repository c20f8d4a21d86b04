import { describe, expect, it } from '@jest/globals';
import { DAYS, earliestDayTold } from './days-told.js';
import type { Recorded } from './past.js';

const TODAY = '2024-05-31';
const [EARLIER, EARLIEST] = ['2024-03-02', '2024-03-01'];

/** An event of today whose data say nothing but what stands at a path; what holds a field may be a list. */
function event(type: string, path: string, ...days: readonly unknown[]): Recorded {
  const [outer = '', inner] = path.split('.');
  const data = inner === undefined ? { [outer]: days[0] } : { [outer]: days.map((day) => ({ [inner]: day })) };
  return { type, data, metadata: { effectiveOn: TODAY } } as unknown as Recorded;
}

const every = Object.entries(DAYS).flatMap(([type, days]) =>
  Object.entries(days as Readonly<Record<string, string>>).map(([path, saying]) => [type, path, saying] as const),
);

describe('the earliest day on which an event is said to have happened', () => {
  it.each(every.filter(([, , saying]) => saying === 'told'))('%s: its %s counts', (type, path) => {
    expect(earliestDayTold(event(type, path, EARLIEST))).toBe(EARLIEST);
    expect(earliestDayTold(event(type, path, '2024-06-01'))).toBe(TODAY);
  });

  it.each(every.filter(([, , saying]) => saying !== 'told'))('%s: its %s does not', (type, path) => {
    expect(earliestDayTold(event(type, path, EARLIEST))).toBe(TODAY);
  });

  it('is the earliest of a list, and no day where what stands there is none', () => {
    expect(earliestDayTold(event('batch-results-recorded', 'results.on', EARLIER, EARLIEST, EARLIER))).toBe(EARLIEST);
    expect(earliestDayTold(event('batch-results-recorded', 'results.on', 'yesterday', undefined))).toBe(TODAY);
  });

  it('is the day it takes effect on where its data name none, and where they leave out what they may', () => {
    expect(earliestDayTold(event('fact-verified', 'factId', 'F1'))).toBe(TODAY);
    expect(earliestDayTold(event('batch-results-recorded', 'results.on'))).toBe(TODAY);
  });
});
