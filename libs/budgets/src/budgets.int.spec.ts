import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventCodec, Executor, type NewEvent, SqliteEventStore } from '@app/event-store';
import { contentHash, Problem } from '@app/kernel';
import { budgetEvents } from './budget.codec.js';
import { reservationOf } from './budget.js';
import { budgetDecider } from './decide.js';
import { Budgets } from './budgets.js';
import { BudgetLedger, clock, context } from './ledger.fixture.js';
import { budgetStream } from './line.js';
import { figures, line } from './specification.fixture.js';

const WRITERS = 64;
const payee = '91440700MA4UNJ1X0A';
const asked = (award: string, amount: string) => ({ award, payee, clause: 'J07', amount, grant: { grant: award } });

describe('budgets on a real ledger', () => {
  let folder: ReturnType<typeof BudgetLedger.folder>;
  let ledger: BudgetLedger;
  beforeEach(async () => {
    folder = BudgetLedger.folder();
    ledger = await BudgetLedger.open(folder.path);
  });
  afterEach(async () => {
    await ledger.close();
    folder.remove();
  });

  it('never overdraws a line under 64 writers, and the sum adds up', async () => {
    await ledger.fund(line, '100.00');
    const outcomes = await Promise.allSettled(
      Array.from({ length: WRITERS }, (_, index) =>
        ledger.budgets.reserve(line, asked(`award-${index}`, '3.00'), context(`w${index}`, ['approver'])),
      ),
    );
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Problem] : []));
    expect(outcomes.length - refusals.length).toBe(33);
    expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(['budget-exhausted']));
    expect(figures(await ledger.state(line))).toMatchObject({ available: '1.00', reserved: '99.00' });
  });

  it('never overdraws a line when 64 writers come through two processes', async () => {
    await ledger.fund(line, '100.00');
    const store = new SqliteEventStore(join(folder.path, 'events.db'), new EventCodec(budgetEvents), clock);
    const elsewhere = new Executor(store);
    const reserve = (index: number): Promise<unknown> => {
      const input = asked(`award-${index}`, '3.00');
      if (index % 2 === 0) return ledger.budgets.reserve(line, input, context(`w${index}`, ['approver']));
      return elsewhere.execute(budgetDecider, budgetStream(line), { type: 'reserve', ...input }, context(`w${index}`, ['service']));
    };
    const untilDecided = async (index: number): Promise<unknown> => {
      for (;;) {
        try {
          return await reserve(index);
        } catch (error) {
          if (!(error instanceof Problem) || error.code !== 'too-much-contention') throw error;
        }
      }
    };
    const outcomes = await Promise.allSettled(Array.from({ length: WRITERS }, (_, index) => untilDecided(index)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(33);
    expect(figures(await ledger.state(line))).toMatchObject({ available: '1.00', reserved: '99.00' });
    await store.close();
  });

  it('acts for the award as the ledger, under ids of its own', async () => {
    await ledger.fund(line, '100.00');
    const caller = { ...context('grant', ['approver']), expectedRevision: 99 };
    const first = await ledger.budgets.reserve(line, asked('a', '10.00'), caller);
    expect(first).toMatchObject({ events: 1, replayed: false });
    expect(await ledger.budgets.reserve(line, { ...asked('a', '10.00'), grant: { later: true } }, caller)).toMatchObject({
      revision: first.revision,
      replayed: true,
    });
    const [event] = (await ledger.events()).slice(-1);
    expect(event?.metadata).toMatchObject({
      actor: { id: 'ledger', roles: ['service'] },
      causationId: caller.commandId,
      correlationId: caller.correlationId,
    });
    expect(event?.metadata.commandId).not.toBe(caller.commandId);
  });

  it('pays, takes back, pays again and releases', async () => {
    await ledger.fund(line, '100.00');
    const { budgets } = ledger;
    await budgets.reserve(line, asked('a', '20.00'), context('grant'));
    const pay = (payment: string) => ({ award: 'a', instalment: 1, amount: '10.00', payment, on: clock.today });
    await budgets.spend(line, pay('p1'), context('pay'));
    expect(await budgets.spend(line, pay('p1'), context('pay'))).toMatchObject({ replayed: true });
    await expect(budgets.spend(line, pay('p2'), context('pay'))).rejects.toMatchObject({ code: 'instalment-already-spent' });
    await budgets.returnSpending(line, pay('p1'), context('return'));
    await budgets.spend(line, pay('p2'), context('pay'));
    await budgets.release(line, { award: 'a', reason: '失效' }, context('lapse'));
    expect(figures(await ledger.state(line))).toMatchObject({
      available: '90.00',
      reserved: '0.00',
      spent: '10.00',
      returnedTurnover: '10.00',
    });
    expect(reservationOf(await ledger.state(line), 'a')).toMatchObject({
      live: false,
      payments: [{ payment: 'p1', returned: true }, { payment: 'p2' }],
    });
  });

  it('knows a payment again that a program recorded which did not keep the bank’s day', async () => {
    await ledger.fund(line, '100.00');
    await ledger.budgets.reserve(line, asked('a', '20.00'), context('grant'));
    const store = new SqliteEventStore(join(folder.path, 'events.db'), new EventCodec(budgetEvents), clock);
    const append = store.append.bind(store);
    store.append = (stream, revision, events) => append(stream, revision, events.map(withoutDay));
    const older = new Budgets(new Executor(store));
    const pay = { award: 'a', instalment: 1, amount: '10.00', payment: 'p1', on: '2024-06-28' };
    await older.spend(line, pay, context('pay'));
    const old = (await ledger.events()).at(-1);
    expect(old?.data).not.toHaveProperty('on');
    // As every program has hashed it: nothing more may tell two commands apart.
    const { on: _on, ...identity } = pay;
    expect(old?.metadata.commandHash).toBe(contentHash({ type: 'spend', ...identity }));
    // Decided first on the state of before, then on the present one, then anew.
    for (let times = 0; times < 2; times += 1)
      expect(await ledger.budgets.spend(line, pay, context('pay'))).toMatchObject({ events: 1, replayed: true });
    expect(await ledger.budgets.spend(line, pay, context('pay again'))).toMatchObject({ events: 0 });
    await older.returnSpending(line, { ...pay, on: '2024-06-29' }, context('return'));
    for (let times = 0; times < 2; times += 1)
      expect(await ledger.budgets.returnSpending(line, { ...pay, on: '2024-06-29' }, context('return'))).toMatchObject({ replayed: true });
    expect(figures(await ledger.state(line))).toMatchObject({ reserved: '20.00', spent: '0.00', returnedTurnover: '10.00' });
    await store.close();
  });

  it('does not answer an old reservation as if it still stood', async () => {
    await ledger.fund(line, '100.00');
    await ledger.budgets.reserve(line, asked('a', '10.00'), context('grant'));
    await ledger.budgets.release(line, { award: 'a', reason: '未能拨付' }, context('undo'));
    await expect(ledger.budgets.reserve(line, asked('a', '10.00'), context('grant'))).rejects.toMatchObject({
      code: 'reservation-released',
    });
    expect(reservationOf(await ledger.state(line), 'a')?.live).toBe(false);
    await ledger.budgets.reserve(line, asked('a', '10.00'), context('grant again'));
    expect(reservationOf(await ledger.state(line), 'a')).toMatchObject({ live: true, round: 2 });
    // A process manager that sees the old cause again does not take the new reservation away.
    await ledger.budgets.release(line, { award: 'a', reason: '未能拨付' }, context('undo'));
    expect(reservationOf(await ledger.state(line), 'a')?.live).toBe(true);
  });
});

function withoutDay(event: NewEvent): NewEvent {
  const { on: _on, ...data } = event.data as { readonly on?: string };
  return { ...event, data };
}
