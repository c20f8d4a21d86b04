import type { RecordedEvent } from '@app/event-store';
import { Money } from '@app/kernel';
import { changeFrom, datedTable, type Projection, type Rows, type Since, table } from '@app/projections';
import { type BatchEvent, batchTotal } from './batch.js';
import { firstDayOf } from './batch-day.js';
import { batchEvents } from './batch.codec.js';

/** One payment batch as lists show it. */
export interface BatchRow extends Since {
  readonly batch: string;
  readonly title: string;
  readonly status: string;
  readonly total_fen: number;
  readonly lines: number;
  readonly dropped: number;
  /** Lines of a frozen batch the bank has said nothing of yet, by the bank's own days. */
  readonly awaiting: number;
  /** Lines of which the bank reports a payment nobody expects, and nobody has resolved. */
  readonly unexpected: number;
  readonly prepared_on: string;
  readonly frozen_on: string | null;
  readonly revision: number;
}

const batchTable = table<BatchRow>({
  name: 'payment_batch',
  columns: {
    batch: 'text',
    title: 'text',
    status: 'text',
    total_fen: 'integer',
    lines: 'integer',
    dropped: 'integer',
    awaiting: 'integer',
    unexpected: 'integer',
    prepared_on: 'text',
    frozen_on: 'text',
    revision: 'integer',
    from_day: 'text',
  },
  key: ['batch'],
});

/** Batches by business day. */
export const batches = datedTable(batchTable);

/** A line with an unexpected payment that nobody has resolved. */
export interface UnexpectedRow {
  readonly batch: string;
  readonly line: number;
}

const unexpectedTable = table<UnexpectedRow>({
  name: 'batch_unexpected',
  columns: { batch: 'text', line: 'integer' },
  key: ['batch', 'line'],
});

/** A line the bank has said something of: paid first and returned later, it has been answered once. */
export interface AnsweredRow {
  readonly batch: string;
  readonly line: number;
}

const answeredTable = table<AnsweredRow>({
  name: 'batch_answered',
  columns: { batch: 'text', line: 'integer' },
  key: ['batch', 'line'],
});

export interface BatchTables {
  readonly payment_batch: BatchRow;
  readonly batch_unexpected: UnexpectedRow;
  readonly batch_answered: AnsweredRow;
}

/** Payment batches for lists; a single batch is read from its own stream. */
export class BatchesProjection implements Projection {
  readonly name = 'batches';
  readonly version = 4;
  readonly tables = [batches.now, batches.past, unexpectedTable, answeredTable] as never[];
  readonly handles = new Set(Object.keys(batchEvents));

  apply(recorded: RecordedEvent, rows: Rows): void {
    const event = recorded as RecordedEvent & BatchEvent;
    const batch = event.stream.slice('batch-'.length);
    const { revision } = event;
    if (event.type === 'batch-prepared') {
      const lines = event.data.lines.map(({ amount }) => ({ amount, status: 'pending' as const }));
      const row = {
        batch,
        title: event.data.title,
        status: 'draft',
        total_fen: batchTotal(lines).toFen(),
        lines: lines.length,
        dropped: 0,
        awaiting: 0,
        unexpected: 0,
        prepared_on: event.metadata.effectiveOn,
        frozen_on: null,
        revision,
      };
      return changeFrom(rows, batches, [batch], row.prepared_on, () => row);
    }
    if (rows.get(batchTable, batch) === undefined) throw new Error(`${event.type} on batch ${batch}, which was never prepared`);
    const unexpected = unexpectedBy(event, batch, rows);
    changeFrom(
      rows,
      batches,
      [batch],
      firstDayOf(event),
      (row) => row && { ...row, ...changeOf(event, row), unexpected: row.unexpected + unexpected, revision },
    );
    for (const [day, answered] of answeredBy(event, batch, rows))
      changeFrom(rows, batches, [batch], day, (row) => row && { ...row, awaiting: row.awaiting - answered });
  }
}

/** Notes the lines the bank answers for the first time, and how many do so on which of its days. */
function answeredBy(event: RecordedEvent & BatchEvent, batch: string, rows: Rows): ReadonlyMap<string, number> {
  const days = new Map<string, number>();
  if (event.type !== 'batch-results-recorded') return days;
  for (const { line, on } of event.data.results) {
    if (rows.get(answeredTable, batch, line) !== undefined) continue;
    rows.put(answeredTable, { batch, line });
    days.set(on, (days.get(on) ?? 0) + 1);
  }
  return days;
}

/** Notes the lines with an unexpected payment, and by how many their number grows. */
function unexpectedBy(event: RecordedEvent & BatchEvent, batch: string, rows: Rows): number {
  if (event.type === 'batch-unexpected-resolved') {
    rows.remove(unexpectedTable, batch, event.data.line);
    return -1;
  }
  if (event.type !== 'batch-unexpected-results') return 0;
  const paid = event.data.results.filter(({ result, line }) => result === 'paid' && rows.get(unexpectedTable, batch, line) === undefined);
  const lines = new Set(paid.map(({ line }) => line));
  for (const line of lines) rows.put(unexpectedTable, { batch, line });
  return lines.size;
}

function changeOf(event: RecordedEvent & BatchEvent, { lines }: BatchRow): Partial<BatchRow> {
  switch (event.type) {
    case 'batch-freeze-started':
      return { status: 'freezing' };
    case 'batch-frozen':
      return {
        status: 'frozen',
        total_fen: Money.parse(event.data.total).toFen(),
        dropped: event.data.dropped.length,
        awaiting: lines - event.data.dropped.length,
        frozen_on: event.metadata.effectiveOn,
      };
    case 'batch-cancelled': {
      const { dropped } = event.data;
      return { status: 'cancelled', awaiting: 0, ...(dropped && { total_fen: 0, dropped: dropped.length }) };
    }
    case 'batch-prepared':
    case 'batch-results-recorded':
    case 'batch-unexpected-results':
    case 'batch-unexpected-resolved':
      return {};
  }
}
