import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { forkNode, nodesAt } from './forks.js';

const MOST = 2 ** 53 - 1;
const position = fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 2_000_000 }), fc.integer({ min: 1, max: MOST - 2 }));
const span = fc.tuple(position, position).map(([one, other]) => [Math.min(one, other), Math.max(one, other) + 1] as const);

describe('the interval tree over positions', () => {
  it('files a span under a number within it', () => {
    fc.assert(
      fc.property(span, ([since, until]) => {
        const node = forkNode(since, until);
        expect(node).toBeGreaterThanOrEqual(since);
        expect(node).toBeLessThan(until);
      }),
    );
  });

  it('finds a span from every position in it', () => {
    fc.assert(
      fc.property(span, fc.double({ min: 0, max: 1, noNaN: true }), ([since, until], share) => {
        const at = Math.min(until - 1, since + Math.floor((until - since) * share));
        expect(nodesAt(at, until)).toContain(forkNode(since, until));
      }),
      { numRuns: 1_000 },
    );
  });

  it('looks under a few dozen numbers at most', () => {
    fc.assert(fc.property(position, (at) => expect(nodesAt(at, MOST).length).toBeLessThanOrEqual(55)));
    for (const at of [1, 524_288, 700_000]) expect(nodesAt(at, 1_000_000)).toHaveLength(21);
  });

  it('files spans that follow each other under numbers of their own', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 4_000 }), { minLength: 2 }), (ends) => {
        const sorted = [...ends].sort((a, b) => a - b);
        const nodes = sorted.slice(1).map((until, index) => forkNode(sorted[index] as number, until));
        expect(new Set(nodes).size).toBe(nodes.length);
      }),
    );
  });
});
