import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KeyFilter } from './key-filter.js';

describe('KeyFilter', () => {
  it('has every key that was added, however many', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 200 }), fc.string(), (keys, other) => {
        const filter = new KeyFilter();
        expect(filter.mayHave(other)).toBe(false);
        for (const key of keys) filter.add(key);
        for (const key of keys) expect(filter.mayHave(key)).toBe(true);
      }),
    );
  });

  it('takes few of the keys that were not added for one of those that were, after layers of them', () => {
    const filter = new KeyFilter();
    const key = (no: number) => `award-${no}/${no % 7};`;
    for (let no = 0; no < 50_000; no += 1) filter.add(key(no));
    const had = (from: number, to: number) => {
      let count = 0;
      for (let no = from; no < to; no += 1) if (filter.mayHave(key(no))) count += 1;
      return count;
    };
    expect(had(0, 50_000)).toBe(50_000);
    expect(had(50_000, 150_000)).toBeLessThan(2_000);
  });
});
