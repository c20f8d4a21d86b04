import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Money, Problem } from '@app/kernel';
import { isGranted, paidOf, standingOf } from './award.js';
import {
  apply,
  assess,
  by,
  completeGrant,
  demand,
  discretionary,
  granted,
  Life,
  oneOff,
  order,
  paid,
  publicise,
  publicised,
  receive,
  recommend,
  settle,
  staged,
  startGrant,
  unlock,
  writeOff,
} from './award.fixture.js';
import { type AwardCommand, decideAward } from './decide.js';

const people = ['clerk-1', 'reviewer-1', 'approver-1', 'approver-2', 'payer-1', 'ledger'] as const;
const amount = fc.constantFrom('0.00', '0.01', '1.00', '30000.00', '100000.00', '150000.00', '200000.00');
const batch = fc.constantFrom('B1', 'B2');
const no = fc.constantFrom(1, 1, 2, 3);

const commands: fc.Arbitrary<AwardCommand> = fc.oneof(
  fc.constantFrom<AwardCommand>(
    apply,
    assess(oneOff),
    assess(staged),
    assess(discretionary),
    recommend,
    { type: 'review', recommended: true, amount: '300000.00', reason: '成效突出' },
    publicise,
    startGrant('g1'),
    startGrant('g2'),
    completeGrant('g1'),
    completeGrant('g2'),
    { type: 'fail-grant', grant: 'g1', code: 'budget-exhausted', detail: '不足' },
    { type: 'raise-objection', by: '某企业', reason: '数据不实' },
    { type: 'decide-objection', objection: 1, upheld: false, reason: '查无实据' },
    { type: 'decide-objection', objection: 1, upheld: true, reason: '属实' },
    { type: 'propose-override', amounts: ['150000.00'], reason: '核减' },
    { type: 'propose-override', amounts: ['60000.00', '100000.00'], reason: '核减' },
    { type: 'drop-override', reason: '恢复' },
    { type: 'hold', reason: '黑名单' },
    { type: 'release-hold', reason: '修复' },
    { type: 'hold', reason: '失信', bound: { listing: 'L1', until: '2024-05-06' } },
    { type: 'release-hold', reason: '修复', listing: 'L1' },
    { type: 'hold', reason: '待核实', bound: { payment: 'B1/1/P1' } },
    { type: 'release-hold', reason: '已核实', payment: 'B1/1/P1' },
    { type: 'accept-payment', no: 1, batch: 'B1', line: 1, payer: 'payer-1', on: '2024-05-20', reference: 'P1' },
    { type: 'accept-payment', no: 2, batch: 'B2', line: 2, payer: 'payer-1', on: '2024-05-20', reference: 'P2' },
    { type: 'lapse', reason: '逾期' },
    { type: 'revoke', cause: 'fraud', reason: '骗补' },
  ),
  fc.tuple(no, fc.boolean()).map(([which, met]) => unlock(which, { met })),
  fc.tuple(no, batch, fc.constantFrom('payer-1', 'clerk-1')).map(([which, where, payer]) => order(which, where, which, payer)),
  fc
    .tuple(fc.constantFrom('paid' as const, 'returned' as const), no, batch)
    .map(([result, which, where]) => settle(result, which, where, which)),
  fc
    .tuple(no, batch)
    .map(([which, where]): AwardCommand => ({ type: 'cancel-order', no: which, batch: where, line: which, reason: '作废' })),
  fc
    .tuple(amount, fc.constantFrom('fraud' as const, 'overpayment' as const), fc.constantFrom(undefined, '20'))
    .map(([principal, cause, finePercent]) => demand(principal, { cause, ...(finePercent !== undefined && { finePercent }) })),
  fc
    .tuple(amount, fc.constantFrom('R1', 'R2', 'R3'), fc.constantFrom(1, 2))
    .map(([sum, reference, which]) => receive(sum, reference, which)),
  fc.tuple(amount, fc.constantFrom('破产', '注销'), fc.constantFrom(1, 2)).map(([sum, reason, which]) => writeOff(sum, reason, which)),
);
interface Step {
  readonly command: AwardCommand;
  readonly actor: string;
  readonly day: string;
}
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({ command: commands, actor: fc.constantFrom(...people), day: fc.constantFrom('2024-05-01', '2024-05-06', '2024-06-01') }),
  { minLength: 20, maxLength: 60, size: 'max' },
);
/** From nothing or from further on, so that the later life is reached often. */
const starts = fc.constantFrom(Life.none, publicised(staged), granted(oneOff), granted(staged), paid(staged));

/** Plays every step that is not refused; `judge` sees the life before and after each. */
function play(start: Life, played: readonly Step[], judge: (after: Life, step: Step, before: Life) => void): Life {
  return played.reduce<Life>((before, step) => {
    let after = before;
    try {
      after = before.do(step.command, by(step.actor, step.day));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
    judge(after, step, before);
    return after;
  }, start);
}

describe('any life of an award', () => {
  it('never pays more than was granted, nor grants more than was computed', () => {
    fc.assert(
      fc.property(starts, steps, (start, played) => {
        play(start, played, ({ state }) => {
          if (!isGranted(state)) return;
          const scheduled = Money.sum(state.instalments.map((instalment) => instalment.amount));
          expect(scheduled.equals(state.grant.amount)).toBe(true);
          expect(paidOf(state).isMoreThan(state.grant.amount)).toBe(false);
          expect(state.grant.amount.isMoreThan(Money.sum(state.review.schedule.map((each) => each.amount)))).toBe(false);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('never has an instalment in two batches, and pays it again only after a return', () => {
    fc.assert(
      fc.property(starts, steps, (start, played) => {
        const where = new Map<number, string>();
        for (const { event } of play(start, played, () => undefined).past) {
          if (event.type === 'instalment-ordered') {
            expect(where.has(event.data.no)).toBe(false);
            where.set(event.data.no, `ordered ${event.data.batch}/${event.data.line}`);
          } else if (event.type === 'instalment-paid') {
            expect(where.get(event.data.no)).toBe(`ordered ${event.data.batch}/${event.data.line}`);
            where.set(event.data.no, `paid ${event.data.batch}/${event.data.line}`);
          } else if (event.type === 'instalment-returned' || event.type === 'instalment-order-cancelled') {
            expect(where.get(event.data.no)).toContain(` ${event.data.batch}/${event.data.line}`);
            where.delete(event.data.no);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('accounts for every fen demanded back: received, written off or outstanding', () => {
    fc.assert(
      fc.property(starts, steps, (start, played) => {
        play(start, played, ({ state }) => {
          if (!isGranted(state)) return;
          for (const { principal, fine, received, writtenOff, outstanding } of state.clawbacks) {
            expect(received.plus(writtenOff).plus(outstanding).equals(principal.plus(fine))).toBe(true);
            expect(outstanding.isNegative).toBe(false);
          }
        });
      }),
      { numRuns: 200 },
    );
  });

  it('never demands more than the bank has paid, less what it has back or is still owed', () => {
    fc.assert(
      fc.property(starts, steps, (start, played) => {
        play(start, played, ({ state, past }, _, before) => {
          if (!isGranted(state) || !past.slice(before.past.length).some(({ event }) => event.type === 'clawback-demanded')) return;
          const claimed = state.clawbacks.map(({ principal, fine, writtenOff }) => {
            const forgiven = writtenOff.minus(fine);
            return forgiven.isNegative ? principal : principal.minus(forgiven);
          });
          expect(Money.sum(claimed).isMoreThan(standingOf(state))).toBe(false);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('does nothing more when an accepted command is repeated', () => {
    fc.assert(
      fc.property(starts, steps, (start, played) => {
        play(start, played, (after, { command, actor, day }, before) => {
          if (after === before) return;
          let repeated: readonly unknown[] = [];
          try {
            repeated = decideAward(command, after.state, by(actor, day));
          } catch (error) {
            if (!(error instanceof Problem)) throw error;
          }
          expect(repeated).toEqual([]);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('keeps apply, review, approve and pay with four people', () => {
    fc.assert(
      fc.property(starts, steps, (start, played) => {
        play(start, played, ({ state }) => {
          if (!isGranted(state)) return;
          const duties = [[state.appliedBy], [state.review.reviewedBy], [state.grant.approver], state.payers].map(
            (holders) => new Set(holders),
          );
          duties.forEach((one, index) =>
            duties.slice(index + 1).forEach((other) => expect([...one].filter((person) => other.has(person))).toEqual([])),
          );
        });
      }),
      { numRuns: 200 },
    );
  });

  it('reaches payment, return and clawback in these plays', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(starts, steps, (start, played) => {
        for (const { event } of play(start, played, () => undefined).past) seen.add(event.type);
      }),
      { numRuns: 200, seed: 7 },
    );
    expect([...seen]).toEqual(
      expect.arrayContaining([
        'instalment-paid',
        'instalment-returned',
        'clawback-demanded',
        'clawback-received',
        'clawback-written-off',
        'instalment-overpaid',
        'award-revoked',
        'award-override-proposed',
      ]),
    );
  });
});
