import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RecordedEvent } from '@app/event-store';
import { Money } from '@app/kernel';
import { budget, by, PAYEE } from '../award.fixture.js';
import { project, recorded } from '../list/recorded.fixture.js';
import { type BalanceRow, BalancesProjection, type PostingRow } from './balances.projection.js';

const at = by('ledger', '2024-05-20');
const stream = 'budget-test-2024.awards.2024';
const id = (number: number) => `test-2024.T1.${PAYEE}.P${number}`;
const yuan = fc.integer({ min: 1, max: 10_000_000 }).map((fen) => Money.fromFen(fen).toString());
const dims = (number: number) => ({ award: id(number), payee: PAYEE, clause: 'T1' });
const step = fc
  .tuple(fc.nat(2), yuan)
  .chain(([number, amount]) =>
    fc.constantFrom<{ stream: string; type: string; data: object }>(
      { stream, type: 'budget-appropriated', data: { amount } },
      { stream, type: 'budget-adjusted', data: { amount: `-${amount}` } },
      { stream, type: 'budget-transferred-out', data: { amount } },
      { stream, type: 'budget-closed', data: { carriedOver: '0.00' } },
      { stream, type: 'budget-reserved', data: { amount, ...dims(number) } },
      { stream, type: 'budget-released', data: { amount, ...dims(number) } },
      { stream, type: 'budget-spent', data: { amount, ...dims(number) } },
      { stream, type: 'budget-spending-returned', data: { amount, ...dims(number) } },
      { stream: `award-${id(number)}`, type: 'instalment-returned', data: { amount, on: '2024-05-17' } },
      { stream: `award-${id(number)}`, type: 'clawback-demanded', data: { amount } },
      { stream: `award-${id(number)}`, type: 'clawback-received', data: { amount, on: '2024-05-17' } },
      { stream: `award-${id(number)}`, type: 'clawback-written-off', data: { amount } },
    ),
  );
const granted = [0, 1, 2].map((number, index) =>
  recorded(`award-${id(number)}`, 5, { type: 'award-granted', data: { budget } }, at, index + 1),
);
const events = fc
  .array(step, { maxLength: 40 })
  .map((steps): readonly RecordedEvent[] => [
    ...granted,
    ...steps.map(({ stream: name, type, data }, index) => recorded(name, index, { type, data }, at, index + 10)),
  ]);

describe('the balances', () => {
  it('balance, and run exactly as the sums of their postings', () => {
    fc.assert(
      fc.property(events, (history) => {
        const rows = project(new BalancesProjection(), history);
        const postings = rows.all<PostingRow>('posting');
        const balances = rows.all<BalanceRow>('balance');
        expect(postings.reduce((sum, { amount_fen }) => sum + amount_fen, 0)).toBe(0);
        for (const balance of balances) {
          const { account, pack, line, period, clause, payee } = balance;
          const own = postings.filter(
            (one) =>
              one.account === account &&
              one.pack === pack &&
              one.line === line &&
              one.period === period &&
              one.clause === clause &&
              one.payee === payee,
          );
          const sum = (part: (fen: number) => number) => own.reduce((total, { amount_fen }) => total + part(amount_fen), 0);
          expect(balance).toMatchObject({
            balance_fen: sum((fen) => fen),
            debit_fen: `${sum((fen) => Math.max(fen, 0))}`,
            credit_fen: `${sum((fen) => -Math.min(fen, 0))}`,
          });
        }
      }),
    );
  });

  it('carry line, clause and payee, also of a clawback', () => {
    const rows = project(new BalancesProjection(), [
      ...granted,
      recorded(stream, 0, { type: 'budget-reserved', data: { amount: '5.00', ...dims(0) } }, at, 10),
      recorded(`award-${id(0)}`, 9, { type: 'clawback-demanded', data: { amount: '3.00' } }, at, 11),
    ]);
    expect(rows.all<PostingRow>('posting')).toMatchObject([
      {
        position: 10,
        number: 0,
        account: 'reserved',
        pack: 'test-2024',
        line: 'awards',
        period: '2024',
        clause: 'T1',
        payee: PAYEE,
        award: id(0),
        amount_fen: 500,
        event_type: 'budget-reserved',
      },
      { position: 10, number: 1, account: 'available', clause: '', payee: '', award: '', amount_fen: -500 },
      { position: 11, number: 0, account: 'clawback-due', line: 'awards', period: '2024', clause: 'T1', payee: PAYEE, amount_fen: 300 },
      { position: 11, number: 1, account: 'clawback-claim', amount_fen: -300 },
    ]);
  });

  it('post nothing for nothing', () => {
    const rows = project(new BalancesProjection(), [recorded(stream, 0, { type: 'budget-closed', data: { carriedOver: '0.00' } }, at)]);
    expect(rows.all('posting')).toEqual([]);
    expect(rows.all('balance')).toEqual([]);
  });

  it('stop at money clawed back from an award that was never granted', () => {
    const stray = recorded(`award-${id(0)}`, 0, { type: 'clawback-demanded', data: { amount: '3.00' } }, at);
    expect(() => project(new BalancesProjection(), [stray])).toThrow('budget line or award');
  });

  it('go on counting exactly when the turnover outgrows a number', () => {
    const moves = Array.from({ length: 20 }, (_, index) =>
      recorded(
        stream,
        index,
        {
          type: index % 2 === 0 ? 'budget-appropriated' : 'budget-adjusted',
          data: { amount: `${index % 2 === 0 ? '' : '-'}9999999999999.99` },
        },
        at,
        index + 10,
      ),
    );
    expect(project(new BalancesProjection(), moves).all<BalanceRow>('balance')).toMatchObject([
      { account: 'available', debit_fen: '9999999999999990', credit_fen: '9999999999999990', balance_fen: 0 },
      { account: 'appropriation', debit_fen: '9999999999999990', credit_fen: '9999999999999990', balance_fen: 0 },
    ]);
  });

  it('stop before what stands on an account is no longer exact', () => {
    const most = { type: 'budget-appropriated', data: { amount: '9999999999999.99' } };
    const many = Array.from({ length: 10 }, (_, index) => recorded(stream, index, most, at));
    expect(() => project(new BalancesProjection(), many)).toThrow('exact integers');
  });
});
