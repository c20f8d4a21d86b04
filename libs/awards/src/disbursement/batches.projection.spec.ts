import { describe, expect, it } from '@jest/globals';
import { project, recorded } from '../list/recorded.fixture.js';
import type { BatchCommand } from './batch.js';
import { batchDecider } from './batch.js';
import { line, on, prepare, results, row } from './batch.fixture.js';
import { BatchesProjection, type BatchRow } from './batches.projection.js';

/** The read model after each command: the bank's results are recorded ten days later than anything else. */
function after(...commands: readonly BatchCommand[]) {
  let state = batchDecider.initialState;
  const events = commands.flatMap((command) => {
    const isOthers = command.type === 'resolve-unexpected' || command.type === 'cancel';
    const at = on(command.type === 'record-results' ? '2024-05-20' : '2024-05-10', isOthers ? 'payer-2' : 'payer-1');
    const decided = batchDecider.decide(command, state, at);
    state = decided.reduce((folded, event) => batchDecider.evolve(folded, event, at), state);
    return decided.map((event) => ({ event, at }));
  });
  return project(
    new BatchesProjection(),
    events.map(({ event, at }, revision) => recorded('batch-B1', revision, event, at)),
  );
}

/** The row of batch B1. */
function rowAfter(...commands: readonly BatchCommand[]): BatchRow {
  return after(...commands).all<BatchRow>('payment_batch')[0] as BatchRow;
}

describe('the list of batches', () => {
  const prepared = prepare(line(1), line(2, '0.50'));
  const start: BatchCommand = { type: 'start-freeze' };
  const freeze: BatchCommand = { type: 'freeze', dropped: [{ line: 2, code: 'award-held', detail: '暂缓' }] };
  it('shows the total of what goes to the bank', () => {
    expect(rowAfter(prepared)).toEqual({
      from_day: '2024-05-10',
      batch: 'B1',
      title: '第一批',
      status: 'draft',
      total_fen: 10_000_050,
      lines: 2,
      dropped: 0,
      awaiting: 0,
      unexpected: 0,
      prepared_on: '2024-05-10',
      frozen_on: null,
      revision: 0,
    });
    expect(rowAfter(prepared, start)).toMatchObject({ status: 'freezing', revision: 1 });
    expect(rowAfter(prepared, start, freeze)).toMatchObject({
      status: 'frozen',
      total_fen: 10_000_000,
      dropped: 1,
      frozen_on: '2024-05-10',
      revision: 2,
    });
    expect(rowAfter(prepared, start, freeze, results(row(1, 'paid', '2024-05-10')))).toMatchObject({ status: 'frozen', revision: 3 });
    expect(rowAfter(prepared, { type: 'cancel', reason: '有误' })).toMatchObject({ status: 'cancelled', revision: 1 });
  });
  it('shows a batch that lost every line as cancelled, with nothing for the bank', () => {
    const dropped = [1, 2].map((number) => ({ line: number, code: 'award-held', detail: '暂缓' }));
    expect(rowAfter(prepared, start, { type: 'freeze', dropped })).toMatchObject({ status: 'cancelled', total_fen: 0, dropped: 2 });
  });
  it('counts the lines the bank has yet to answer, each from the bank’s own day', () => {
    expect(rowAfter(prepared)).toMatchObject({ awaiting: 0 });
    expect(rowAfter(prepared, start, freeze)).toMatchObject({ awaiting: 1 });
    const both = prepare(line(1), line(2));
    const frozen: BatchCommand = { type: 'freeze', dropped: [] };
    const paid = results(row(1, 'paid', '2024-05-10'));
    expect(rowAfter(both, start, frozen)).toMatchObject({ awaiting: 2 });
    expect(rowAfter(both, start, frozen, paid)).toMatchObject({ awaiting: 1 });
    // A payment that comes back has been answered already.
    expect(rowAfter(both, start, frozen, paid, results(row(1, 'returned', '2024-05-10')))).toMatchObject({ awaiting: 1 });
    expect(rowAfter(both, start, frozen, paid, results(row(2, 'returned', '2024-05-10')))).toMatchObject({ awaiting: 0 });
    const rows = after(both, start, frozen, results(row(1, 'paid', '2024-05-12'), row(2, 'returned', '2024-05-15')));
    expect(rows.all('payment_batch_past')).toMatchObject([
      { until_day: '2024-05-12', awaiting: 2 },
      { until_day: '2024-05-15', awaiting: 1 },
    ]);
    expect(rows.all('payment_batch')).toMatchObject([{ from_day: '2024-05-15', awaiting: 0 }]);
    expect(rowAfter(prepared, start, freeze, { type: 'cancel', reason: '有误' })).toMatchObject({ status: 'cancelled', awaiting: 0 });
  });
  it('counts the lines with an unexpected payment until each is resolved', () => {
    const returned = results(row(1, 'returned', '2024-05-10'));
    const unexpected = results(row(1, 'paid', '2024-05-10'));
    const resolve: BatchCommand = { type: 'resolve-unexpected', line: 1, outcome: 'accepted', reason: '银行确认' };
    expect(rowAfter(prepared, start, freeze, returned, unexpected)).toMatchObject({ unexpected: 1 });
    expect(rowAfter(prepared, start, freeze, returned, unexpected, resolve)).toMatchObject({ unexpected: 0 });
  });
  it('stops at an event of a batch nobody prepared', () => {
    const stray = recorded('batch-B9', 1, { type: 'batch-cancelled', data: { reason: 'x' } }, on('2024-05-10'));
    expect(() => project(new BatchesProjection(), [stray])).toThrow('never prepared');
  });
});
