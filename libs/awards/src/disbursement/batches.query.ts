import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Executor } from '@app/event-store';
import { Money, notFound } from '@app/kernel';
import { cursorKey, type Page, pageOf } from '@app/http';
import { ReadModels } from '@app/projections';
import { batchDecider, batchStream, batchTotal, type ExistingBatch, type UnexpectedPayment } from './batch.js';
import type { BatchTables } from './batches.projection.js';

export interface BatchSummary {
  readonly batch: string;
  readonly title: string;
  readonly status: string;
  readonly total: string;
  readonly lines: number;
  readonly dropped: number;
  /** Lines with an unexpected payment that nobody has resolved. */
  readonly unexpected: number;
  readonly preparedOn: string;
  readonly frozenOn: string | null;
  readonly revision: number;
}

export class ListBatches extends Query<Page<BatchSummary>> {
  constructor(
    readonly limit: number,
    readonly cursor?: string,
  ) {
    super();
  }
}

@QueryHandler(ListBatches)
export class ListBatchesHandler implements IQueryHandler<ListBatches> {
  constructor(private readonly readModels: ReadModels) {}

  async execute({ limit, cursor }: ListBatches): Promise<Page<BatchSummary>> {
    let query = this.readModels
      .from<BatchTables>()
      .selectFrom('payment_batch')
      .selectAll()
      .orderBy('batch')
      .limit(limit + 1);
    const after = cursorKey(cursor, ['string']);
    if (after !== undefined) query = query.where('batch', '>', after[0] as string);
    const rows = await query.execute();
    const summaries = rows.map(({ total_fen, prepared_on, frozen_on, ...row }) => ({
      ...row,
      total: Money.fromFen(total_fen).toString(),
      preparedOn: prepared_on,
      frozenOn: frozen_on,
    }));
    return pageOf(summaries, limit, ({ batch }) => [batch]);
  }
}

/** A line that is not paid, and why. */
export interface ShownDroppedLine {
  readonly line: number;
  readonly award: string;
  readonly instalment: number;
  readonly code: string;
  readonly detail: string;
}

/** A line of which the bank reports a payment that somebody has to resolve. */
export interface ShownUnexpected extends UnexpectedPayment {
  readonly line: number;
  readonly award: string;
  readonly instalment: number;
  readonly amount: string;
}

export interface BatchDetail {
  readonly batch: string;
  readonly revision: number;
  /** What goes to the bank: everything but dropped lines. */
  readonly total: string;
  readonly dropped: readonly ShownDroppedLine[];
  readonly unexpected: readonly ShownUnexpected[];
  readonly state: ExistingBatch;
}

export class GetBatch extends Query<BatchDetail> {
  constructor(readonly batch: string) {
    super();
  }
}

/** Reads the batch's own stream, so that the answer is never behind. */
@QueryHandler(GetBatch)
export class GetBatchHandler implements IQueryHandler<GetBatch> {
  constructor(private readonly executor: Executor) {}

  async execute({ batch }: GetBatch): Promise<BatchDetail> {
    const { state, revision } = await this.executor.load(batchDecider, batchStream(batch));
    if (state.status === 'none') throw notFound('batch-unknown', `there is no payment batch ${batch}`);
    const total = batchTotal(state.lines).toString();
    return { batch, revision, total, dropped: droppedOf(state), unexpected: unexpectedOf(state), state };
  }
}

export function droppedOf({ lines }: ExistingBatch): readonly ShownDroppedLine[] {
  return lines.flatMap(({ line, award, instalment, dropped }) =>
    dropped === undefined ? [] : [{ line, award, instalment, code: dropped.code, detail: dropped.detail }],
  );
}

export function unexpectedOf({ lines }: ExistingBatch): readonly ShownUnexpected[] {
  return lines.flatMap(({ line, award, instalment, amount, unexpected }) =>
    unexpected === undefined ? [] : [{ line, award, instalment, amount, ...unexpected }],
  );
}
