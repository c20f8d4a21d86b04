import { describe, expect, it } from '@jest/globals';
import { project, recorded } from '../list/recorded.fixture.js';
import type { BatchCommand } from './batch.js';
import { batchDecider } from './batch.js';
import { line, on, prepare, results, row } from './batch.fixture.js';
import { BatchesProjection, type BatchRow } from './batches.projection.js';

/** The row of batch B1 after each command. */
function rowAfter(...commands: readonly BatchCommand[]): BatchRow {
  const at = on('2024-05-10');
  let state = batchDecider.initialState;
  const events = commands.flatMap((command) => {
    const by = command.type === 'resolve-unexpected' ? on('2024-05-10', 'payer-2') : at;
    const decided = batchDecider.decide(command, state, by);
    state = decided.reduce((folded, event) => batchDecider.evolve(folded, event, at), state);
    return decided;
  });
  return project(
    new BatchesProjection(),
    events.map((event, revision) => recorded('batch-B1', revision, event, at)),
  ).all<BatchRow>('payment_batch')[0] as BatchRow;
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
