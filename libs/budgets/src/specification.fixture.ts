import { expect } from '@jest/globals';
import { type DecisionContext, type Evidence, Problem } from '@app/kernel';
import { availableOf, type BudgetEvent, type BudgetState, evolve, initialState } from './budget.js';
import { type BudgetCommand, decide } from './decide.js';

/** Given events – when a command – then events, an exact refusal, or nothing. For specs only. */
export function given(...events: readonly BudgetEvent[]) {
  const state = events.reduce(evolve, initialState);
  return {
    when(command: BudgetCommand, context: Partial<DecisionContext> = {}) {
      const run = () => decide(command, state, { ...service, ...context });
      return {
        then: (...expected: readonly BudgetEvent[]) => expect(run()).toEqual(expected),
        thenNothing: () => expect(run()).toEqual([]),
        thenRefused: (code: string, extra: Readonly<Record<string, unknown>> = {}) => {
          const problem = problemOf(run);
          expect({ code: problem.code, extra: problem.extra }).toMatchObject({ code, extra });
        },
        thenInvalid: (field: string) => expect(problemOf(run)).toMatchObject({ code: 'invalid-input', errors: [{ field }] }),
      };
    },
  };
}

/** Something decided on a day, for that day. */
export const on = (day: string): Pick<DecisionContext, 'effectiveOn' | 'today'> => ({ effectiveOn: day, today: day });

/** In the year of `line`. */
export const service: DecisionContext = { actorId: 'ledger', roles: ['service'], ...on('2024-06-30') };
export const finance: DecisionContext = { actorId: 'f1', roles: ['finance'], ...on('2024-06-30') };
/** After it, when lines of that year are closed. */
export const serviceLater: DecisionContext = { ...service, ...on('2025-01-10') };
export const financeLater: DecisionContext = { ...finance, ...on('2025-01-10') };

export function problemOf(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('was not refused');
}

export const line = { pack: 'jiangmen-2021', line: 'research', period: '2024' };
export const next = { ...line, period: '2025' };
export const paper: readonly Evidence[] = [{ title: '拨款通知', documentNo: '江财〔2024〕3号' }];

export const opened = (envelope?: { clause: string; amount: string; rule: 'exactly' | 'at-least' }): BudgetEvent => ({
  type: 'budget-line-opened',
  data: { ...line, title: '研发奖补', ...(envelope && { envelope }) },
});
export const appropriated = (amount: string, reason = '年初预算'): BudgetEvent => ({
  type: 'budget-appropriated',
  data: { amount, reason },
  evidence: paper,
});
const to = (award: string) => ({ award, payee: '91440700MA4UNJ1X0A', clause: 'J07' });
export const reserved = (award: string, amount: string, exclusive?: readonly string[]): BudgetEvent => ({
  type: 'budget-reserved',
  data: { ...to(award), amount, ...(exclusive && { exclusive }), grant: { grant: 'g1' } },
});
export const released = (award: string, amount: string): BudgetEvent => ({
  type: 'budget-released',
  data: { ...to(award), amount, reason: '失效' },
});
/** When the bank paid, or sent back, where a spec does not say so. */
export const AT_BANK = '2024-06-28';
export const spent = (award: string, instalment: number, amount: string, payment: string, at = AT_BANK): BudgetEvent => ({
  type: 'budget-spent',
  data: { ...to(award), instalment, amount, payment, on: at },
});
export const returned = (award: string, instalment: number, amount: string, payment: string, at = AT_BANK): BudgetEvent => ({
  type: 'budget-spending-returned',
  data: { ...to(award), instalment, amount, payment, on: at },
});
export const closed = (carriedOver: string, target?: typeof line): BudgetEvent => ({
  type: 'budget-closed',
  data: { on: '2025-01-10', carriedOver, ...(target && { to: target }) },
});
export const reserve = (award: string, amount: string, exclusive?: readonly string[]): BudgetCommand => ({
  type: 'reserve',
  ...to(award),
  amount,
  ...(exclusive && { exclusive }),
  grant: { grant: 'g1' },
});

export function figures(state: BudgetState) {
  if (state.status === 'none') throw new Error('no line');
  const {
    appropriated: funded,
    adjusted,
    transferredIn,
    transferredOut,
    carriedOver,
    reserved: held,
    spent: paid,
    returnedTurnover,
  } = state;
  const sums = {
    appropriated: funded,
    adjusted,
    transferredIn,
    transferredOut,
    carriedOver,
    available: availableOf(state),
    reserved: held,
    spent: paid,
    returnedTurnover,
  };
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum.toString()]));
}
