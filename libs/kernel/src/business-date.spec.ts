import { describe, expect, it } from '@jest/globals';
import fastCheck from 'fast-check';
import { addDays, addYears, businessDate, businessDateAt, daysBetween, isBusinessDate, startOf, yearOf } from './business-date.js';

const day = (text: string) => businessDate(text);

/** Every existing day of the ledger's range, built from its parts. */
const anyDay = fastCheck
  .date({ min: new Date('1949-10-01T00:00:00Z'), max: new Date('9998-12-31T00:00:00Z'), noInvalidDate: true })
  .map((date) => day(date.toISOString().slice(0, 10)));

describe('businessDate', () => {
  it.each(['1949-10-01', '2000-02-29', '2024-02-29', '2023-12-31', '2400-02-29', '9998-12-31'])('accepts the existing day %s', (text) => {
    expect(isBusinessDate(text)).toBe(true);
    expect(businessDate(text)).toBe(text);
  });

  const noDays = [
    ...['2023-02-29', '1900-02-29', '2100-02-29', '2024-02-30', '2024-04-31', '2024-13-01', '2024-00-10', '2024-01-00', '2024-01-32'],
    ...[
      '1949-09-30',
      '9999-01-01',
      '2024-1-1',
      '20240101',
      '2024/01/01',
      ' 2024-01-01',
      '2024-01-01 ',
      '2024-01-01\n',
      '2024-01-01T00:00:00Z',
    ],
    ...['+02024-01-01', '２０２４-01-01', '', 'today'],
  ];

  it.each(noDays)('refuses %j, naming the field', (text) => {
    expect(isBusinessDate(text)).toBe(false);
    expect(() => businessDate(text, 'effectiveOn')).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        code: 'invalid-input',
        errors: [expect.objectContaining({ field: 'effectiveOn', rule: 'date' })],
      }),
    );
  });

  it.each([20240101, null, undefined, new Date('2024-01-01'), ['2024-01-01']])('refuses what is no text: %p', (value) => {
    expect(isBusinessDate(value)).toBe(false);
    expect(() => businessDate(value)).toThrow(expect.objectContaining({ code: 'invalid-input' }));
  });
});

describe('businessDateAt', () => {
  it.each([
    ['2024-02-28T15:59:59.999Z', '2024-02-28'],
    ['2024-02-28T16:00:00.000Z', '2024-02-29'],
    ['2023-02-28T16:00:00.000Z', '2023-03-01'],
    ['2024-12-31T15:59:59.999Z', '2024-12-31'],
    ['2024-12-31T16:00:00.000Z', '2025-01-01'],
    ['2024-06-30T00:00:00.000Z', '2024-06-30'],
  ])('puts %s on %s in Shanghai', (instant, expected) => {
    expect(businessDateAt(new Date(instant))).toBe(expected);
  });
});

describe('startOf', () => {
  it('is midnight in Shanghai', () => {
    expect(startOf(day('2024-03-01')).toISOString()).toBe('2024-02-29T16:00:00.000Z');
    expect(startOf(day('2025-01-01')).toISOString()).toBe('2024-12-31T16:00:00.000Z');
  });

  it('is the first instant of its day: a millisecond earlier is the day before', () => {
    fastCheck.assert(
      fastCheck.property(
        anyDay.filter((date) => date > '1949-10-01'),
        (date) => {
          const start = startOf(date);
          expect(businessDateAt(start)).toBe(date);
          expect(businessDateAt(new Date(start.getTime() - 1))).toBe(addDays(date, -1));
        },
      ),
    );
  });
});

describe('addDays and daysBetween', () => {
  it.each([
    ['2024-02-28', 1, '2024-02-29'],
    ['2024-02-29', 1, '2024-03-01'],
    ['2023-02-28', 1, '2023-03-01'],
    ['2024-12-31', 1, '2025-01-01'],
    ['2024-01-01', -1, '2023-12-31'],
    ['2024-03-01', -1, '2024-02-29'],
    ['2024-01-01', 366, '2025-01-01'],
    ['2024-05-05', 0, '2024-05-05'],
  ])('%s and %i days is %s', (from, days, expected) => {
    expect(addDays(day(from), days)).toBe(expected);
    expect(daysBetween(day(from), day(expected))).toBe(days);
    expect(Object.is(daysBetween(day(expected), day(expected)), 0)).toBe(true);
  });

  it('undo each other, and text order is time order', () => {
    fastCheck.assert(
      fastCheck.property(anyDay, anyDay, (from, to) => {
        const days = daysBetween(from, to);
        expect(addDays(from, days)).toBe(to);
        expect(Math.sign(days)).toBe(from < to ? 1 : from > to ? -1 : 0);
        expect(daysBetween(to, from) + days).toBe(0);
      }),
    );
  });
});

describe('addYears', () => {
  it.each([
    ['2024-02-29', 1, '2025-02-28'],
    ['2024-02-29', 4, '2028-02-29'],
    ['2096-02-29', 4, '2100-02-28'],
    ['2024-02-29', -1, '2023-02-28'],
    ['2023-02-28', 1, '2024-02-28'],
    ['2024-03-01', 1, '2025-03-01'],
    ['2024-12-31', 3, '2027-12-31'],
    ['2024-05-05', 0, '2024-05-05'],
  ])('%s and %i years is %s', (from, years, expected) => {
    expect(addYears(day(from), years)).toBe(expected);
  });

  it('keeps month and day, but for 29 February', () => {
    fastCheck.assert(
      fastCheck.property(
        anyDay.filter((date) => date < '9900-01-01'),
        fastCheck.integer({ min: 0, max: 90 }),
        (date, years) => {
          const moved = addYears(date, years);
          expect(isBusinessDate(moved)).toBe(true);
          expect(yearOf(moved)).toBe(yearOf(date) + years);
          expect([date.slice(4), date.slice(4) === '-02-29' ? '-02-28' : date.slice(4)]).toContain(moved.slice(4));
        },
      ),
    );
  });
});

describe('a result outside the calendar', () => {
  it.each([
    ['one day more than the last', () => addDays(day('9998-12-31'), 1)],
    ['more days than time has', () => addDays(day('2024-05-05'), 1e12)],
    ['one day less than the first', () => addDays(day('1949-10-01'), -1)],
    ['a year of five digits', () => addYears(day('9998-05-05'), 5)],
    ['a year too early', () => addYears(day('1950-05-05'), -5)],
    ['29 February of a year of five digits', () => addYears(day('2024-02-29'), 9_000)],
  ])('is refused, not bent: %s', (_name, calculate) => {
    expect(calculate).toThrow(expect.objectContaining({ code: 'invalid-input' }));
  });
});
