import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { withChanges } from './difference.fixture.js';
import { type Change, changesBetween, pathText } from './difference.js';
import { isSame, type Json } from './value.js';

const said = (changes: readonly Change[]) => changes.map(({ path, before, after }) => [pathText(path), before, after]);

describe('the difference between two answers', () => {
  it('is told field by field, in lists by what tells their elements apart', () => {
    const before = { award: 'A', status: 'reviewed', holds: ['x'], instalments: [{ no: 1, status: 'locked' }] };
    const after = {
      award: 'A',
      status: 'granted',
      holds: ['x', 'y'],
      paid: '0.00',
      instalments: [
        { no: 1, status: 'paid', on: '2024-05-01' },
        { no: 2, status: 'locked' },
      ],
    };
    expect(said(changesBetween(before, after))).toEqual([
      ['status', 'reviewed', 'granted'],
      ['holds', ['x'], ['x', 'y']],
      ['instalments[no=1].status', 'locked', 'paid'],
      ['instalments[no=1].on', undefined, '2024-05-01'],
      ['instalments[no=2]', undefined, { no: 2, status: 'locked' }],
      ['paid', undefined, '0.00'],
    ]);
  });

  it('is nothing between the same', () => {
    fc.assert(fc.property(answers, (value) => expect(changesBetween(value, structuredClone<Json>(value))).toEqual([])));
  });

  it('made in the earlier answer, gives the later one', () => {
    fc.assert(
      fc.property(answers, answers, (before, after) => {
        expect(isSame(withChanges(before, changesBetween(before, after)), after)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** Few names and values, so that two answers have much in common; lists with and without identities, in any order. */
const { answers } = fc.letrec<{ answers: Json; list: Json }>((tie) => ({
  answers: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Json>('a', 'b', 1, true, null),
    fc.dictionary(fc.constantFrom('no', 'status', 'parts', 'x'), tie('answers'), { maxKeys: 4 }) as fc.Arbitrary<Json>,
    tie('list'),
  ),
  list: fc.oneof(
    fc.array(tie('answers'), { maxLength: 3 }) as fc.Arbitrary<Json>,
    fc.array(fc.record({ no: fc.integer({ min: 1, max: 4 }), x: tie('answers') }), { maxLength: 4 }) as fc.Arbitrary<Json>,
  ),
}));
