import type { DecisionContext } from '@app/kernel';
import { PAYEE, policy } from '../award.fixture.js';
import { type BatchCommand, batchDecider, type BatchLine, type BatchState, type LineResult, type ReportedResult } from './batch.js';

export const line = (number: number, amount = '100000.00', more: Partial<BatchLine> = {}): BatchLine => ({
  line: number,
  award: `test-2024.T1.${PAYEE}.${number}`,
  instalment: 1,
  amount,
  payee: PAYEE,
  payeeName: '赣州甲科技有限公司',
  account: '6222 0000 0000 0001',
  documentNo: '虚构财〔2024〕3号',
  policy,
  ...more,
});

export const on = (day: string, actorId = 'payer-1'): DecisionContext => ({ actorId, roles: [], effectiveOn: day, today: day });

/** The state after a series of commands. */
export function after(...commands: readonly (readonly [BatchCommand, DecisionContext])[]): BatchState {
  return commands.reduce((state, [command, context]) => then(state, command, context), batchDecider.initialState);
}

export function then(state: BatchState, command: BatchCommand, context: DecisionContext): BatchState {
  return batchDecider.decide(command, state, context).reduce((folded, event) => batchDecider.evolve(folded, event, context), state);
}

export const prepare = (...lines: readonly BatchLine[]): BatchCommand => ({ type: 'prepare', title: '第一批', lines });
export const draft = (...lines: readonly BatchLine[]) => after([prepare(...lines), on('2024-05-10')]);
export const freezing = (...lines: readonly BatchLine[]) => then(draft(...lines), { type: 'start-freeze' }, on('2024-05-10'));
/** Frozen on 10 May 2024; the given line numbers are dropped. */
export function frozen(lines: readonly BatchLine[], ...dropped: readonly number[]): BatchState {
  const gone = dropped.map((number) => ({ line: number, code: 'award-held', detail: '暂缓' }));
  return then(freezing(...lines), { type: 'freeze', dropped: gone }, on('2024-05-10', 'ledger'));
}

export type Row = ReportedResult;
export const row = (number: number, result: LineResult['result'], day: string, more: Partial<Row> = {}): Row => ({
  line: number,
  result,
  on: day,
  reference: `${result}-${number}`,
  reason: result === 'returned' ? '账号不符' : '',
  amount: '100000.00',
  ...more,
});
export const results = (...rows: readonly Row[]): BatchCommand => ({
  type: 'record-results',
  file: '回单.csv',
  sha256: 'f'.repeat(64),
  results: rows,
});
