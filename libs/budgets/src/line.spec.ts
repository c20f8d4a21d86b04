import { describe, expect, it } from '@jest/globals';
import { budgetStream, isPeriod, lineOfStream, yearsOf } from './line.js';
import { problemOf } from './specification.fixture.js';

describe('a budget line', () => {
  it('is a stream, and back', () => {
    const plan = { pack: 'jiangmen-2021', line: 'cultivation', period: '2021-2023' };
    expect(budgetStream(plan)).toBe('budget-jiangmen-2021.cultivation.2021-2023');
    expect(lineOfStream(budgetStream(plan))).toEqual(plan);
    expect(yearsOf(plan.period)).toEqual({ first: 2021, last: 2023 });
    expect(isPeriod(plan.period)).toBe(true);
  });

  it.each(['24', '2024-2024', '2024-2021', '2024-', '2000-2024', '0001', ' 2024', '２０２４'])('has no period %j', (period) => {
    expect(problemOf(() => budgetStream({ pack: 'p', line: 'l', period }))).toMatchObject({
      code: 'invalid-input',
      errors: [{ field: 'period' }],
    });
    expect(isPeriod(period)).toBe(false);
  });

  it.each(['', 'A', 'a.b', 'a b', '研发', 'x'.repeat(41)])('has no slug %j', (line) => {
    expect(problemOf(() => budgetStream({ pack: 'p', line, period: '2024' }))).toMatchObject({
      code: 'invalid-input',
      errors: [{ field: 'line' }],
    });
  });
});
