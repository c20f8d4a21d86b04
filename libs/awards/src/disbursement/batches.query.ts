import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { asDomainEvent, contextOf, EVENT_STORE, type EventStore, Executor, type RecordedEvent } from '@app/event-store';
import { Money, notFound } from '@app/kernel';
import { cursorKey, type Page, pageOf } from '@app/http';
import { ReadModels, trueOn } from '@app/projections';
import {
  batchDecider,
  type BatchEvent,
  type BatchState,
  batchStream,
  batchTotal,
  type ExistingBatch,
  type UnexpectedPayment,
} from './batch.js';
import { countingBy } from './batch-day.js';
import { batches, type BatchTables } from './batches.projection.js';

export interface BatchSummary {
  readonly batch: string;
  readonly title: string;
  readonly status: string;
  readonly total: string;
  readonly lines: number;
  readonly dropped: number;
  /** Lines of a frozen batch the bank has said nothing of yet; 0 of one it has settled. */
  readonly awaiting: number;
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
    /** The business day; the present when left out. */
    readonly on?: string,
  ) {
    super();
  }
}

@QueryHandler(ListBatches)
export class ListBatchesHandler implements IQueryHandler<ListBatches> {
  constructor(private readonly readModels: ReadModels) {}

  async execute({ limit, cursor, on }: ListBatches): Promise<Page<BatchSummary>> {
    const tables = this.readModels.from<BatchTables>();
    let query = (on === undefined ? tables.selectFrom('payment_batch') : tables.selectFrom(trueOn(batches, on).as('payment_batch')))
      .selectAll()
      .orderBy('batch')
      .limit(limit + 1);
    const after = cursorKey(cursor, ['string']);
    if (after !== undefined) query = query.where('batch', '>', after[0] as string);
    const rows = await query.execute();
    const summaries = rows.map(({ total_fen, prepared_on, frozen_on, from_day: _from, ...row }) => ({
      ...row,
      total: Money.formatFen(total_fen),
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
  constructor(
    readonly batch: string,
    /** The business day: what counted by then; everything when left out. */
    readonly on?: string,
  ) {
    super();
  }
}

/** Reads the batch's own stream, so that the answer is never behind. */
@QueryHandler(GetBatch)
export class GetBatchHandler implements IQueryHandler<GetBatch> {
  constructor(
    private readonly executor: Executor,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  async execute({ batch, on }: GetBatch): Promise<BatchDetail> {
    const stream = batchStream(batch);
    const { state, revision } = on === undefined ? await this.executor.load(batchDecider, stream) : await this.loadOn(stream, on);
    if (state.status === 'none')
      throw notFound('batch-unknown', `there is no payment batch ${batch}${on === undefined ? '' : ` on ${on}`}`);
    const total = batchTotal(state.lines).toString();
    return { batch, revision, total, dropped: droppedOf(state), unexpected: unexpectedOf(state), state };
  }

  private async loadOn(stream: string, on: string): Promise<{ readonly state: BatchState; readonly revision: number }> {
    let [state, revision] = [batchDecider.initialState, -1];
    for await (const page of this.store.readStream(stream)) {
      for (const event of page) {
        const counted = countingBy(event as RecordedEvent & BatchEvent, on);
        if (counted === undefined) continue;
        state = batchDecider.evolve(state, asDomainEvent<BatchEvent>(counted), contextOf(event));
        revision = event.revision;
      }
    }
    return { state, revision };
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
