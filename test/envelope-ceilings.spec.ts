import { describe, expect, test } from '@jest/globals';
import { type BudgetCommand, type BudgetEvent, budgetDecider } from '@app/budgets';
import { Problem } from '@app/kernel';
import { bundledCatalogue, bundledPacks, coverage } from '@app/policies';

const ceilings = coverage(bundledCatalogue(), bundledPacks()).flatMap(({ id, pack: packId, clause, handling }) => {
  const pack = bundledPacks().find((one) => one.id === packId);
  const envelope = pack?.envelopes.find((one) => one.clause === clause);
  return envelope === undefined || pack === undefined ? [] : [{ id, handling, pack: pack.id, envelope }];
});

/** What the decider says to an appropriation on a new line under an envelope. */
function appropriating({ pack, envelope }: (typeof ceilings)[number], amount: string): string {
  const period = envelope.period === 'annual' ? '2022' : `${envelope.period.from}-${envelope.period.to}`;
  const { clause, rule, title } = envelope;
  const context = { actorId: 'sun', roles: ['finance'], effectiveOn: '2022-05-01', today: '2022-05-01' };
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
  const at = { actorId: 'sun', effectiveOn: '2022-05-01', recordedAt: '2022-05-01T00:00:00Z' };
  const fold = (events: readonly BudgetEvent[]) =>
    events.reduce((state, event) => budgetDecider.evolve(state, event, at), budgetDecider.initialState);
  try {
    return budgetDecider
      .decide(appropriate, fold(budgetDecider.decide(open, budgetDecider.initialState, context)), context)
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

  test('J08 is a floor: more may be appropriated', () => {
    const floor = ceilings.find(({ id }) => id === 'J08') as (typeof ceilings)[number];
    expect(appropriating(floor, oneFenMore(floor.envelope.amount))).toBe('budget-appropriated');
  });
});
