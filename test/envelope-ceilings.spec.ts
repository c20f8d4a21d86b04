import { describe, expect, test } from '@jest/globals';
import { type BudgetCommand, type BudgetEvent, budgetDecider } from '@app/budgets';
import { Problem } from '@app/kernel';
import { bundledCatalogue, bundledPacks, coverage } from '@app/policies';

const ceilings = coverage(bundledCatalogue(), bundledPacks()).flatMap(({ id, pack: packId, clause, handling }) => {
  const pack = bundledPacks().find((one) => one.id === packId);
  const envelope = pack?.envelopes.find((one) => one.clause === clause);
  return envelope === undefined || pack === undefined ? [] : [{ id, handling, pack: pack.id, envelope }];
});

const OPENED = '2022-05-01';
const yearsOf = ({ envelope }: (typeof ceilings)[number]) => (envelope.period === 'annual' ? { from: 2022, to: 2022 } : envelope.period);

/** What the decider says on a day to an appropriation on a line opened under an envelope. */
function appropriating(ceiling: (typeof ceilings)[number], amount: string, day = OPENED): string {
  const { pack, envelope } = ceiling;
  const { from, to } = yearsOf(ceiling);
  const period = from === to ? `${from}` : `${from}-${to}`;
  const { clause, rule, title } = envelope;
  const on = (today: string) => ({ actorId: 'sun', roles: ['finance'], effectiveOn: today, today });
  const open: BudgetCommand = {
    type: 'open',
    line: { pack, line: envelope.id, period },
    title,
    envelope: { clause, amount: envelope.amount, rule },
  };
  const appropriate: BudgetCommand = {
    type: 'appropriate',
    amount,
    reason: '年初预算',
    evidence: [{ title: '预算批复', documentNo: '财〔2022〕1号' }],
  };
  const at = { actorId: 'sun', effectiveOn: OPENED, recordedAt: `${OPENED}T00:00:00Z` };
  const fold = (events: readonly BudgetEvent[]) =>
    events.reduce((state, event) => budgetDecider.evolve(state, event, at), budgetDecider.initialState);
  try {
    return budgetDecider
      .decide(appropriate, fold(budgetDecider.decide(open, budgetDecider.initialState, on(OPENED))), on(day))
      .map(({ type }) => type)
      .join();
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

const oneFenMore = (amount: string) => amount.replace(/\.00$/, '.01');

describe('the sums the documents set aside', () => {
  test('are those of J05, J07 and J08', () =>
    expect(ceilings.map(({ id, handling }) => `${id} ${handling}`)).toEqual(['J05 executable', 'J07 executable', 'J08 tracked']));

  test.each(ceilings.filter(({ handling }) => handling === 'executable').map((one) => [one.id, one] as const))(
    '%s may be appropriated whole, and not a fen more',
    (_id, one) => {
      expect(appropriating(one, one.envelope.amount)).toBe('budget-appropriated');
      expect(appropriating(one, oneFenMore(one.envelope.amount))).toBe('over-envelope');
    },
  );

  test.each(ceilings.map((one) => [one.id, one] as const))('%s may be appropriated until its years are over', (_id, one) => {
    const { to } = yearsOf(one);
    expect(appropriating(one, one.envelope.amount, `${to}-12-31`)).toBe('budget-appropriated');
    expect(appropriating(one, one.envelope.amount, `${to + 1}-01-01`)).toBe('period-over');
  });

  test('J08 is a floor: more may be appropriated', () => {
    const floor = ceilings.find(({ id }) => id === 'J08') as (typeof ceilings)[number];
    expect(appropriating(floor, oneFenMore(floor.envelope.amount))).toBe('budget-appropriated');
  });
});
