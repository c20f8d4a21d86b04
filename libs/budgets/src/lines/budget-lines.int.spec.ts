import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BudgetLedger, clock, context, MIDYEAR } from '../ledger.fixture.js';
import { figures, line, next } from '../specification.fixture.js';
import { type BudgetReservationRow } from './budget-lines.projection.js';
import { GetBudgetLine, ListBudgetLines, ListReservations } from './budget-lines.query.js';

const payee = '91440700MA4UNJ1X0A';

describe('the budget-lines read model', () => {
  let folder: ReturnType<typeof BudgetLedger.folder>;
  let ledger: BudgetLedger;
  beforeEach(async () => {
    clock.today = MIDYEAR;
    folder = BudgetLedger.folder();
    ledger = await BudgetLedger.open(folder.path);
  });
  afterEach(async () => {
    await ledger.close();
    folder.remove();
  });

  it('shows the figures the events add up to', async () => {
    const { budgets } = ledger;
    await ledger.fund(line, '100.00');
    await ledger.fund(next, '5.00');
    await ledger.run(line, { type: 'adjust', amount: '-10.00', reason: '压减', evidence: [{ title: '决定' }] }, 'adjust');
    await ledger.run(
      line,
      { type: 'transfer-out', transfer: 't', to: next, amount: '1.00', reason: '调剂', evidence: [{ title: '决定' }] },
      'send',
    );
    for (const award of ['a', 'b', 'c'])
      await budgets.reserve(line, { award, payee, clause: 'J07', amount: '20.00', grant: {} }, context(award));
    await budgets.spend(line, { award: 'a', instalment: 1, amount: '15.00', payment: 'p1', on: MIDYEAR }, context('pay'));
    await budgets.returnSpending(line, { award: 'a', instalment: 1, amount: '15.00', payment: 'p1', on: MIDYEAR }, context('back'));
    await budgets.spend(line, { award: 'a', instalment: 1, amount: '15.00', payment: 'p2', on: MIDYEAR }, context('pay again'));
    await budgets.release(line, { award: 'b', reason: '失效' }, context('lapse'));
    clock.today = '2025-03-01';
    await ledger.run(line, { type: 'close', to: next }, 'close');
    expect(await ledger.subscriptions.settled(5_000)).toBe(true);

    const view = await ledger.queries.execute(new GetBudgetLine(line));
    expect(view).toMatchObject(figures(await ledger.state(line)));
    expect(view).toMatchObject({
      status: 'closed',
      carriedOver: '49.00',
      available: '0.00',
      reserved: '25.00',
      spent: '15.00',
      returnedTurnover: '15.00',
      closedOn: '2025-03-01',
    });
    const { items } = await ledger.queries.execute(new ListBudgetLines({ limit: 10, period: '2025' }));
    expect(items).toMatchObject([{ ...next, ...figures(await ledger.state(next)), available: '55.00', transferredIn: '50.00' }]);

    const state = await ledger.state(line);
    const rows = await ledger.readModels
      .from<{ budget_reservation: BudgetReservationRow }>()
      .selectFrom('budget_reservation')
      .selectAll()
      .orderBy('award')
      .execute();
    expect(rows.map(({ award, amount_fen, spent_fen, status }) => [award, amount_fen, spent_fen, status])).toEqual(
      [...state.reservations.values()]
        .sort((one, two) => (one.award < two.award ? -1 : 1))
        .map((one) => [one.award, one.amount.toFen(), one.spent.toFen(), one.live ? 'live' : 'released']),
    );
  });

  it('pages lines and reservations by key', async () => {
    // When the money of 2026 may be passed.
    clock.today = '2025-03-01';
    await ledger.fund(line, '100.00');
    for (const period of ['2021-2023', '2025', '2026']) await ledger.fund({ ...line, period }, '1.00');
    for (const award of ['a', 'b', 'c'])
      await ledger.budgets.reserve(line, { award, payee, clause: 'J07', amount: '1.00', grant: {} }, context(award));
    await ledger.budgets.release(line, { award: 'b', reason: '失效' }, context('lapse'));
    expect(await ledger.subscriptions.settled(5_000)).toBe(true);
    const first = await ledger.queries.execute(new ListBudgetLines({ limit: 3, pack: line.pack }));
    expect(first.items.map(({ period }) => period)).toEqual(['2021-2023', '2024', '2025']);
    const second = await ledger.queries.execute(new ListBudgetLines({ limit: 3, pack: line.pack, cursor: first.next }));
    expect(second).toMatchObject({ items: [{ period: '2026' }] });
    expect(second.next).toBeUndefined();
    expect((await ledger.queries.execute(new ListBudgetLines({ limit: 3, pack: 'unknown' }))).items).toEqual([]);
    const held = await ledger.queries.execute(new ListReservations(line, { limit: 1, status: 'live' }));
    expect(held.items).toMatchObject([{ award: 'a', amount: '1.00', rest: '1.00' }]);
    expect((await ledger.queries.execute(new ListReservations(line, { limit: 1, status: 'live', cursor: held.next }))).items).toMatchObject(
      [{ award: 'c' }],
    );
    await expect(ledger.queries.execute(new ListReservations(next, { limit: 1 }))).resolves.toMatchObject({ items: [] });
    await expect(ledger.queries.execute(new GetBudgetLine({ ...line, period: '2030' }))).rejects.toMatchObject({
      code: 'budget-line-unknown',
    });
  });
});
