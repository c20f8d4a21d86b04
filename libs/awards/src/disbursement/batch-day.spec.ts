import { describe, expect, it } from '@jest/globals';
import type { BatchEvent, LineResult } from './batch.js';
import { countingBy, firstDayOf } from './batch-day.js';

const result = (line: number, on: string): LineResult => ({ line, result: 'paid', on, reference: `R${line}`, reason: '' });
const on = (effectiveOn: string, event: BatchEvent) => ({ ...event, metadata: { effectiveOn } });
const told = on('2024-05-20', {
  type: 'batch-results-recorded',
  data: { file: 'b.csv', sha256: 'x', results: [result(1, '2024-05-12'), result(2, '2024-05-15')], late: [result(3, '2024-05-11')] },
});

describe('what counts of a batch by a day', () => {
  it("is of the bank's results what the bank had done by then", () => {
    expect(firstDayOf(told)).toBe('2024-05-11');
    expect(countingBy(told, '2024-05-10')).toBeUndefined();
    expect(countingBy(told, '2024-05-11')?.data).toEqual({ file: 'b.csv', sha256: 'x', results: [], late: [result(3, '2024-05-11')] });
    expect(countingBy(told, '2024-05-14')?.data).toMatchObject({ results: [result(1, '2024-05-12')] });
    expect(countingBy(told, '2024-05-15')).toEqual(told);
  });

  it('is anything else from the day on which it takes effect', () => {
    const cancelled = on('2024-05-20', { type: 'batch-cancelled', data: { reason: '作废' } });
    expect(firstDayOf(cancelled)).toBe('2024-05-20');
    expect([countingBy(cancelled, '2024-05-19'), countingBy(cancelled, '2024-05-20')]).toEqual([undefined, cancelled]);
  });
});
