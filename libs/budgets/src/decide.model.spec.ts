import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type DecisionContext, Problem } from '@app/kernel';
import { availableOf, type BudgetEvent, type BudgetState, evolve, initialState } from './budget.js';
import { type BudgetCommand, decide } from './decide.js';
import { line, next, service, serviceLater } from './specification.fixture.js';

const SEQUENCES = 300;
const COMMANDS = 80;
const other = { ...line, line: 'others' };

const amount = fc
  .oneof({ weight: 6, arbitrary: fc.integer({ min: 1, max: 400 }) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 100_000 }) })
  .map((fen) => (fen / 100).toFixed(2));
const award = fc.constantFrom('a', 'b');
const payment = fc.record({
  award,
  instalment: fc.constantFrom(1, 2),
  amount: fc.constantFrom('0.50', '0.50', '0.50', '1.00'),
  payment: fc.constantFrom('p1', 'p2'),
  on: fc.constantFrom('2024-06-28', '2024-06-28', '2024-06-29'),
});
const document = fc.record({
  amount,
  reason: fc.constantFrom('r1', 'r2'),
  evidence: fc.constantFrom([{ title: 'd1' }], [{ title: 'd2', documentNo: '2号' }]),
});
// Few sums, so that what was sent is also taken back now and then.
const journey = fc.record({
  transfer: fc.constantFrom('t1', 't2', 't3'),
  amount: fc.constantFrom('0.40', '0.70'),
  reason: fc.constant('r'),
});

const command: fc.Arbitrary<BudgetCommand> = fc.oneof(
  document.map((data) => ({ type: 'appropriate' as const, ...data })),
  fc.tuple(document, fc.constantFrom('', '-')).map(([data, sign]) => ({ type: 'adjust' as const, ...data, amount: sign + data.amount })),
  fc
    .tuple(journey, fc.constantFrom('open' as const, 'closed' as const))
    .map(([data, targetStatus]) => ({ type: 'transfer-out' as const, to: other, targetStatus, evidence: [{ title: 'd' }], ...data })),
  journey.map((data) => ({ type: 'receive-transfer' as const, from: other, ...data, transfer: `in-${data.transfer}` })),
  fc.tuple(journey, fc.constantFrom(other, next)).map(([data, from]) => ({ type: 'take-back-transfer' as const, from, ...data })),
  fc
    .tuple(award, amount, fc.subarray(['k1', 'k2']))
    .map(([id, sum, exclusive]) => ({ type: 'reserve' as const, award: id, payee: 'x', clause: 'J07', amount: sum, exclusive, grant: {} })),
  { weight: 4, arbitrary: payment.map((data) => ({ type: 'spend' as const, ...data })) },
  { weight: 3, arbitrary: payment.map((data) => ({ type: 'return-spending' as const, ...data })) },
  award.map((id) => ({ type: 'release' as const, award: id, reason: 'r' })),
  fc.constantFrom('open' as const, 'none' as const).map((targetStatus) => ({ type: 'close' as const, to: next, targetStatus })),
);
// A line closes rarely, or most sequences would say little about an open one.
const sequence = fc
  .array(fc.tuple(command, fc.integer({ min: 0, max: 9 })), { maxLength: COMMANDS, size: 'max' })
  .map((drawn) => drawn.filter(([{ type }, die]) => type !== 'close' || die === 0).map(([one]) => one));

// After so many commands the year is over.
const yearEnd = fc.integer({ min: 0, max: COMMANDS });

type Outcome = readonly BudgetEvent[] | Problem;
function outcomeOf(one: BudgetCommand, state: BudgetState, context: DecisionContext): Outcome {
  try {
    return decide(one, state, context);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

/** The same figures counted from the history alone, in fen and by another road. */
function counted(history: readonly BudgetEvent[]) {
  const fen = (text: string) => Math.round(Number(text) * 100);
  let present = 0;
  let held = 0;
  let paid = 0;
  for (const { type, data } of history) {
    if (type === 'budget-appropriated' || type === 'budget-adjusted' || type === 'budget-transferred-in') present += fen(data.amount);
    else if (type === 'budget-transferred-out') present -= fen(data.amount);
    else if (type === 'budget-closed') present -= fen(data.carriedOver);
    else if (type === 'budget-reserved') held += fen(data.amount);
    else if (type === 'budget-released') held -= fen(data.amount);
    else if (type === 'budget-spent') [held, paid] = [held - fen(data.amount), paid + fen(data.amount)];
    else if (type === 'budget-spending-returned') [held, paid] = [held + fen(data.amount), paid - fen(data.amount)];
  }
  return { available: present - held - paid, reserved: held, spent: paid };
}

/** Instalments paid more than once at the same time, and payments made more than once at all. */
function doublePayments(history: readonly BudgetEvent[]): readonly string[] {
  const standing = new Map<string, number>();
  const made = new Map<string, number>();
  const found: string[] = [];
  for (const { type, data } of history) {
    if (type !== 'budget-spent' && type !== 'budget-spending-returned') continue;
    const instalment = `${data.award}/${data.instalment}`;
    const change = type === 'budget-spent' ? 1 : -1;
    standing.set(instalment, (standing.get(instalment) ?? 0) + change);
    if (change > 0) made.set(`${instalment}/${data.payment}`, (made.get(`${instalment}/${data.payment}`) ?? 0) + 1);
    const count = standing.get(instalment) as number;
    if (count < 0 || count > 1) found.push(`${instalment} stands paid ${count} times`);
  }
  for (const [which, times] of made) if (times > 1) found.push(`${which} was made ${times} times`);
  return found;
}

/** What only the line's own years may bring: money of its clause, or for another line of these years, and before they end no closing. */
function isOutOfTime({ type, data }: BudgetEvent, isOver: boolean): boolean {
  if (type === 'budget-closed') return !isOver;
  if (type === 'budget-adjusted') return isOver && !data.amount.startsWith('-');
  return isOver && (type === 'budget-appropriated' || type === 'budget-transferred-out');
}

function exclusionsAreKept(state: BudgetState): boolean {
  if (state.status === 'none') return true;
  const keys = [...state.reservations.values()].filter(({ live }) => live).flatMap(({ exclusive }) => exclusive);
  return new Set(keys).size === keys.length;
}

describe('whatever is asked of a line', () => {
  it('is never overdrawn, stays in balance and in its years, does nothing twice and pays no instalment twice', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(sequence, yearEnd, (commands, end) => {
        const start: readonly BudgetEvent[] = [
          { type: 'budget-line-opened', data: { ...line, title: 't', envelope: { clause: 'J07', amount: '30.00', rule: 'exactly' } } },
          { type: 'budget-appropriated', data: { amount: '10.00', reason: 'start' }, evidence: [{ title: 'start' }] },
        ];
        const history = [...start];
        let state = start.reduce(evolve, initialState);
        for (const [index, one] of commands.entries()) {
          const isOver = index >= end;
          const context = isOver ? serviceLater : service;
          const outcome = outcomeOf(one, state, context);
          if (outcome instanceof Problem) {
            // A refusal changes nothing, so it is the same again.
            expect(outcomeOf(one, state, context)).toMatchObject({ code: outcome.code, detail: outcome.detail });
            continue;
          }
          for (const { type } of outcome) seen.set(type, (seen.get(type) ?? 0) + 1);
          history.push(...outcome);
          state = outcome.reduce(evolve, state);
          expect(outcome.filter((event) => isOutOfTime(event, isOver))).toEqual([]);
          // A repeat is one even when it comes after the year.
          if (outcome.length > 0) for (const repeated of [context, serviceLater]) expect(outcomeOf(one, state, repeated)).toEqual([]);
          if (state.status === 'none') throw new Error('unreachable');
          const figures = { available: availableOf(state).toFen(), reserved: state.reserved.toFen(), spent: state.spent.toFen() };
          expect(figures).toEqual(counted(history));
          expect(Math.min(figures.available, figures.reserved, figures.spent)).toBeGreaterThanOrEqual(0);
          expect(state.appropriated.plus(state.adjusted).toFen()).toBeLessThanOrEqual(3_000);
          expect(exclusionsAreKept(state)).toBe(true);
        }
        expect(doublePayments(history)).toEqual([]);
        expect(history.reduce(evolve, initialState)).toEqual(state);
      }),
      { numRuns: SEQUENCES },
    );
    // The sequences must have reached every kind of event, or the test says nothing about it.
    expect([...seen.keys()].sort()).toEqual(
      [
        'budget-adjusted',
        'budget-appropriated',
        'budget-closed',
        'budget-released',
        'budget-reserved',
        'budget-spending-returned',
        'budget-spent',
        'budget-transferred-in',
        'budget-transferred-out',
      ].sort(),
    );
  });
});
