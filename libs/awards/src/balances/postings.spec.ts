import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { budgetEvents } from '@app/budgets';
import { Money } from '@app/kernel';
import { awardEvents } from '../award.codec.js';
import { batchEvents } from '../disbursement/batch.codec.js';
import { ACCOUNTS, lineOnly, POSTING_EVENTS, postingsOf } from './postings.js';

const line = { pack: 'test-2024', line: 'awards', period: '2024' };
const award = { ...line, clause: 'T1', payee: 'P', award: 'A' };
const fen = fc.integer({ min: 0, max: 999_999_999_999_999 }).map((amount) => Money.fromFen(amount).toString());
const signed = fc.tuple(fc.boolean(), fen).map(([isNegative, amount]) => (isNegative && amount !== '0.00' ? `-${amount}` : amount));
const event = fc.record({
  type: fc.constantFrom(...POSTING_EVENTS),
  data: fc.record({ amount: signed, carriedOver: fen, award: fc.string(), payee: fc.string(), clause: fc.string() }),
});
const sides = (type: string, data: object) =>
  postingsOf({ type, data }, line, award).map(({ account, amount, payee }) => `${account} ${amount.toString()} ${payee}`);

describe('postings', () => {
  it('of any event sum to zero', () => {
    fc.assert(
      fc.property(event, (one) => {
        const postings = postingsOf(one, line, award);
        expect(postings.length).toBeGreaterThan(0);
        expect(Money.sum(postings.map(({ amount }) => amount)).isZero).toBe(true);
        for (const { account } of postings) expect(ACCOUNTS).toHaveProperty([account]);
      }),
    );
  });

  const given = { amount: '5.00', carriedOver: '7.00', award: 'A', payee: 'P', clause: 'T1' };
  it.each([
    ['budget-appropriated', ['available 5.00 ', 'appropriation -5.00 ']],
    ['budget-adjusted', ['available 5.00 ', 'appropriation -5.00 ']],
    ['budget-transferred-in', ['available 5.00 ', 'transferred -5.00 ']],
    ['budget-transferred-out', ['transferred 5.00 ', 'available -5.00 ']],
    ['budget-closed', ['transferred 7.00 ', 'available -7.00 ']],
    ['budget-reserved', ['reserved 5.00 P', 'available -5.00 ']],
    ['budget-released', ['available 5.00 ', 'reserved -5.00 P']],
    ['budget-spent', ['spent 5.00 P', 'reserved -5.00 P']],
    ['budget-spending-returned', ['reserved 5.00 P', 'spent -5.00 P']],
    ['instalment-returned', ['returned 5.00 P', 'reserved -5.00 P', 'reserved 5.00 P', 'returned -5.00 P']],
    ['clawback-demanded', ['clawback-due 5.00 P', 'clawback-claim -5.00 P']],
    ['clawback-received', ['clawback-received 5.00 P', 'clawback-due -5.00 P']],
    ['clawback-written-off', ['clawback-written-off 5.00 P', 'clawback-due -5.00 P']],
  ])('of %s', (type, expected) => {
    expect(sides(type, given)).toEqual(expected);
  });
  it('are the same turned round for a downward adjustment', () => {
    expect(sides('budget-adjusted', { amount: '-5.00' })).toEqual(['available -5.00 ', 'appropriation 5.00 ']);
  });

  it('exist for every event named as one that posts, and for no other', () => {
    const all = Object.keys({ ...budgetEvents, ...awardEvents, ...batchEvents });
    for (const type of all)
      expect({ type, posts: postingsOf({ type, data: given }, line, award).length > 0 }).toEqual({ type, posts: POSTING_EVENTS.has(type) });
    expect([...POSTING_EVENTS].filter((type) => !all.includes(type))).toEqual([]);
  });
  it('belong to a line, and to an award where money is clawed back', () => {
    expect(() => postingsOf({ type: 'budget-spent', data: given }, undefined, award)).toThrow('budget line or award');
    expect(() => postingsOf({ type: 'clawback-demanded', data: given }, line, undefined)).toThrow('budget line or award');
    expect(lineOnly(award)).toEqual({ ...line, clause: '', payee: '', award: '' });
  });
});
