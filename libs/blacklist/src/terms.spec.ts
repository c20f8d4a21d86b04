import { describe, expect, it } from '@jest/globals';
import type { BusinessDate } from '@app/kernel';
import { problemOf } from './blacklist.fixture.js';
import { addMonths, classTermsOf, LISTING_CLASSES, termsFrom, termsOn, TERMS } from './terms.js';

describe('the terms of a listing', () => {
  it.each([
    ['2017-07-31', '1171号', [undefined, [3, 12], [12, 36]]],
    ['2019-06-30', '1171号', [undefined, [3, 12], [12, 36]]],
    ['2019-07-01', '527号', [undefined, [3, 12], [6, 36]]],
    ['2023-04-30', '527号', [undefined, [3, 12], [6, 36]]],
    ['2023-05-01', '第58号', [undefined, [3, 36], [12, 36]]],
    ['2026-03-31', '第58号', [undefined, [3, 36], [12, 36]]],
    ['2026-04-01', '第36号', [[0, 3], [3, 12], [12, 36]]], // prettier-ignore
    ['2030-01-01', '第36号', [[0, 3], [3, 12], [12, 36]]], // prettier-ignore
  ])('on %s are those of %s', (day, document, ranges) => {
    const terms = termsOn(day);
    expect(terms.citation).toContain(document);
    const months = LISTING_CLASSES.map((name) => terms.classes[name]).map((each) => each && [each.minimumMonths, each.maximumMonths]);
    expect(months).toEqual(ranges);
    expect(termsFrom(terms.from)).toBe(terms);
  });

  it('are unknown before the first rule, and for a class the rule does not know', () => {
    expect(problemOf(() => termsOn('2017-07-30')).code).toBe('listing-terms-unknown');
    expect(problemOf(() => classTermsOf(termsOn('2026-03-31'), 'minor')).code).toBe('listing-class-unknown');
    expect(() => termsFrom('2026-04-02')).toThrow(/newer version/);
  });

  it('publish everything but what is minor, and follow each other', () => {
    expect(TERMS.flatMap(({ classes }) => Object.entries(classes).filter(([, { published }]) => !published))).toMatchObject([
      ['minor', {}],
    ]);
    expect(TERMS.map(({ from }) => from)).toEqual([...new Set(TERMS.map(({ from }) => from))].sort());
  });

  it.each([
    ['2026-05-10', 24, '2028-05-10'],
    ['2026-08-31', 6, '2027-02-28'],
    ['2027-08-31', 6, '2028-02-29'],
    ['2028-02-29', 12, '2029-02-28'],
    ['2026-12-31', 3, '2027-03-31'],
    ['2026-11-01', 1, '2026-12-01'],
    ['2026-12-01', 0, '2026-12-01'],
  ])('run from %s for %i months until %s', (from, months, until) => expect(addMonths(from as BusinessDate, months)).toBe(until));
});
