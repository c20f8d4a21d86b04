import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RecordedEvent } from '@app/event-store';
import { Money } from '@app/kernel';
import { SqliteReadModels } from '@app/projections';
import { budget, by, PAYEE } from '../award.fixture.js';
import { recorded } from '../list/recorded.fixture.js';
import { BalancesProjection } from './balances.projection.js';
import { GetBalances, GetBalancesHandler, GetTrialBalance, GetTrialBalanceHandler } from './balances.query.js';

const OTHER = '91360799MA0000000U';
const GRANTED_ON = '2024-01-01';
const stream = 'budget-test-2024.awards.2024';
const id = (payee: string) => `test-2024.T1.${payee}.P1`;
const dims = (payee: string) => ({ award: id(payee), payee, clause: 'T1' });
const day = fc.constantFrom('2024-02-01', '2024-02-29', '2024-03-01', '2024-06-30');
const step = fc
  .tuple(
    fc.constantFrom(PAYEE, OTHER),
    fc.integer({ min: 1, max: 10_000_000 }).map((fen) => Money.fromFen(fen).toString()),
  )
  .chain(([payee, amount]) =>
    fc.constantFrom<{ stream: string; type: string; data: object }>(
      { stream, type: 'budget-appropriated', data: { amount } },
      { stream: 'budget-test-2024.reserve.2024', type: 'budget-transferred-in', data: { amount } },
      { stream, type: 'budget-reserved', data: { amount, ...dims(payee) } },
      { stream, type: 'budget-spent', data: { amount, ...dims(payee) } },
      { stream, type: 'budget-spending-returned', data: { amount, ...dims(payee) } },
      { stream: `award-${id(payee)}`, type: 'instalment-returned', data: { amount } },
      { stream: `award-${id(payee)}`, type: 'clawback-demanded', data: { amount } },
      { stream: `award-${id(payee)}`, type: 'clawback-received', data: { amount } },
    ),
  );
const granted = [PAYEE, OTHER].map((payee, index) =>
  recorded(`award-${id(payee)}`, 5, { type: 'award-granted', data: { budget } }, by('ledger', GRANTED_ON), index + 1),
);
/** What the bank does, which is told of later. */
const OF_THE_BANK = ['budget-spent', 'budget-spending-returned', 'instalment-returned', 'clawback-received'];
const TOLD_ON = '2024-12-30';
/** Entered in any order, for any day: every event with the day from which it counts. */
const history = fc.array(fc.tuple(step, day), { maxLength: 25 }).map((steps): readonly (readonly [RecordedEvent, string])[] => [
  ...granted.map((event) => [event, GRANTED_ON] as const),
  ...steps.map(([{ stream: name, type, data }, on], index) => {
    const [told, effectiveOn] = OF_THE_BANK.includes(type) ? [{ ...data, on }, TOLD_ON] : [data, on];
    return [recorded(name, index, { type, data: told }, by('ledger', effectiveOn), index + 10), on] as const;
  }),
]);

/** What a ledger that knows these events answers. */
async function answers(events: readonly RecordedEvent[], on?: string) {
  const readModels = new SqliteReadModels(':memory:');
  const projection = new BalancesProjection();
  await readModels.fill(projection, 100, (rows) => events.forEach((event) => projection.apply(event, rows)));
  const balances = new GetBalancesHandler(readModels);
  const asked = [
    new GetBalances('line', {}, on),
    new GetBalances('year', { line: 'awards' }, on),
    new GetBalances('clause', {}, on),
    new GetBalances('payee', {}, on),
    new GetBalances('line', { payee: OTHER }, on),
  ];
  const trial = await new GetTrialBalanceHandler(readModels).execute(new GetTrialBalance(on));
  const answered = { trial, balances: [] as unknown[] };
  for (const query of asked) answered.balances.push(await balances.execute(query));
  await readModels.close();
  return answered;
}

describe('the balances on a day', () => {
  it('are those of a ledger that knows only what had taken effect by then, and they balance', async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.constantFrom('2024-01-31', '2024-02-29', '2024-05-05', '2024-12-31'), async (dated, on) => {
        const answered = await answers(
          dated.map(([event]) => event),
          on,
        );
        expect(answered).toEqual(await answers(dated.flatMap(([event, from]) => (from <= on ? [event] : []))));
        expect(answered.trial).toMatchObject({ difference: '0.00', balanced: true });
      }),
      { numRuns: 60 },
    );
  });
});
