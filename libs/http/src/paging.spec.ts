import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Problem } from '@app/kernel';
import { cursorKey, PageDto, pageOf } from './paging.js';

const isRefused = (cursor: string, types: readonly ('string' | 'number')[] = ['string']) => {
  try {
    cursorKey(cursor, types);
    return false;
  } catch (error) {
    return error instanceof Problem && error.code === 'invalid-input' && error.errors[0]?.field === 'cursor';
  }
};
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a page', () => {
  it('is the last when nothing was fetched beyond it', () => {
    expect(pageOf([1, 2], 2, (item) => [item])).toEqual({ items: [1, 2] });
    expect(pageOf([], 2, () => [0])).toEqual({ items: [] });
  });
  it('gives the sort key of its last row to go on from', () => {
    const page = pageOf(['a', 'b', 'c'], 2, (item) => [item, 7]);
    expect(page.items).toEqual(['a', 'b']);
    expect(cursorKey(page.next, ['string', 'number'])).toEqual(['b', 7]);
  });
  it('after page lists every row once, whatever the limit', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.string(), fc.integer()), { selector: (key) => JSON.stringify(key) }),
        fc.integer({ min: 1, max: 5 }),
        (keys, limit) => {
          const before = (a: readonly (string | number)[], b: readonly (string | number)[]) =>
            a[0] === b[0] ? Number(a[1]) - Number(b[1]) : String(a[0]) < String(b[0]) ? -1 : 1;
          const rows = [...keys].sort(before);
          const listed: unknown[] = [];
          for (let cursor: string | undefined, more = true; more;) {
            const after = cursorKey(cursor, ['string', 'number']);
            const fetched = rows.filter((row) => after === undefined || before(row, after) > 0).slice(0, limit + 1);
            const page = pageOf(fetched, limit, (row) => row);
            listed.push(...page.items);
            cursor = page.next;
            more = cursor !== undefined;
          }
          expect(listed).toEqual(rows);
        },
      ),
    );
  });
});

describe('a cursor', () => {
  it('may be left out', () => {
    expect(cursorKey(undefined, ['string'])).toBeUndefined();
  });
  it.each([
    '',
    'x',
    '!!!',
    encoded('b'),
    encoded(null),
    encoded({}),
    encoded([]),
    encoded([1]),
    encoded(['a', 'b']),
    encoded([null]),
    encoded([['a']]),
  ])('this ledger did not give out is refused: %j', (cursor) => {
    expect(isRefused(cursor)).toBe(true);
  });
  it('is refused or read, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((text) => Buffer.from(text).toString('base64url')),
        ),
        (cursor) => {
          if (isRefused(cursor, ['string', 'number'])) return;
          const [text, number] = cursorKey(cursor, ['string', 'number']) ?? [];
          expect([typeof text, typeof number]).toEqual(['string', 'number']);
        },
      ),
    );
  });
});

describe('the paging of a query', () => {
  const errorsOf = (query: object) => validateSync(plainToInstance(PageDto, query)).map(({ property }) => property);
  it('is a hundred items when nothing is said', () => {
    expect(plainToInstance(PageDto, {}).limit).toBe(100);
    expect(errorsOf({})).toEqual([]);
  });
  it.each(['1', '500'])('takes the limit %s', (limit) => {
    expect(errorsOf({ limit })).toEqual([]);
    expect(plainToInstance(PageDto, { limit }).limit).toBe(Number(limit));
  });
  it.each(['0', '501', '-1', '1.5', 'many', '1e999', ['1', '2']])('takes no limit %s', (limit) => {
    expect(errorsOf({ limit })).toEqual(['limit']);
  });
  it('takes no endless cursor', () => {
    expect(errorsOf({ cursor: 'a'.repeat(1_000) })).toEqual([]);
    expect(errorsOf({ cursor: 'a'.repeat(1_001) })).toEqual(['cursor']);
    expect(errorsOf({ cursor: ['a'] })).toEqual(['cursor']);
  });
});
