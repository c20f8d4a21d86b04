import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Problem } from '@app/kernel';
import { by, granted, type Life, order } from './award.fixture.js';
import { holdsOn } from './award.js';
import type { AwardCommand } from './decide.js';

const DAYS = ['2024-05-06', '2024-05-07', '2024-05-10', '2024-05-20', '2024-06-01', '2024-07-01'] as const;
const UNTIL = { L1: '2024-05-10', L2: '2024-06-01' } as const;
type Listing = keyof typeof UNTIL;
/** `bind` and `end` are the ledger's own doing, `meddle` is a person's attempt to release a listing's hold. */
type Move =
  { readonly what: 'officer' } | { readonly what: 'release' } | { readonly what: 'bind' | 'end' | 'meddle'; readonly listing: Listing };

const moves: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.oneof(
    fc.constantFrom<Move>({ what: 'officer' }, { what: 'release' }),
    fc.record({ what: fc.constantFrom('bind' as const, 'end' as const, 'meddle' as const), listing: fc.constantFrom<Listing>('L1', 'L2') }),
  ),
  { maxLength: 12 },
);

function commandOf(move: Move): AwardCommand {
  if (move.what === 'officer') return { type: 'hold', reason: '核查' };
  if (move.what === 'release') return { type: 'release-hold', reason: '核查完毕' };
  const { listing } = move;
  return move.what === 'bind'
    ? { type: 'hold', reason: '失信', bound: { listing, until: UNTIL[listing] } }
    : { type: 'release-hold', reason: '终止', listing };
}

describe('holds', () => {
  it('end exactly with what they are bound to: the listing, its term, or the officer who placed them', () => {
    fc.assert(
      fc.property(moves, fc.array(fc.nat({ max: DAYS.length - 1 }), { minLength: 12, maxLength: 12 }), (played, steps) => {
        let life: Life = granted();
        /** What the award is held for, by the rules alone: `officer`, or a listing that has not ended. */
        const model = new Set<string>();
        const days = [...steps].sort((a, b) => a - b).map((step) => DAYS[step] as string);
        played.forEach((move, index) => {
          const on = days[index] as string;
          const roles = move.what === 'bind' || move.what === 'end' ? ['service'] : [];
          try {
            life = life.do(commandOf(move), { ...by(roles.length > 0 ? 'ledger' : 'approver-2', on), roles });
          } catch (error) {
            if (!(error instanceof Problem) || error.code !== 'hold-of-listing') throw error;
          }
          if (move.what === 'officer') model.add('officer');
          else if (move.what === 'release') model.delete('officer');
          else if (move.what === 'bind') model.add(move.listing);
          // A person meddling with a listing's hold gets nowhere before its term is over.
          else if (move.what === 'end' || on >= UNTIL[move.listing]) model.delete(move.listing);
        });
        for (const day of DAYS.filter((each) => each >= (days.at(-1) as string))) {
          const expected = [...model].filter((one) => one === 'officer' || day < UNTIL[one as Listing]).sort();
          expect(
            holdsOn(life.granted, day)
              .map(({ listing }) => listing ?? 'officer')
              .sort(),
          ).toEqual(expected);
          const asked = () => life.when(order(), by('ledger', day));
          if (expected.length > 0) expect(asked).toThrow('award-held');
          else expect(asked()).toHaveLength(1);
        }
      }),
      { numRuns: 500 },
    );
  });
});
