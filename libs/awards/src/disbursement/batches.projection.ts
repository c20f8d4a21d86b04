import type { RecordedEvent } from '@app/event-store';
import { Money } from '@app/kernel';
import { type Projection, type Rows, table } from '@app/projections';
import { type BatchEvent, batchTotal } from './batch.js';
import { batchEvents } from './batch.codec.js';

/** One payment batch as lists show it. */
export interface BatchRow {
  readonly batch: string;
  readonly title: string;
  readonly status: string;
  readonly total_fen: number;
  readonly lines: number;
  readonly dropped: number;
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
    prepared_on: 'text',
    frozen_on: 'text',
    revision: 'integer',
  },
  key: ['batch'],
});

export interface BatchTables {
  readonly payment_batch: BatchRow;
}

/** Payment batches for lists; a single batch is read from its own stream. */
export class BatchesProjection implements Projection {
  readonly name = 'batches';
  readonly version = 1;
  readonly tables = [batchTable] as never[];
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
      };
      rows.put(batchTable, { ...row, prepared_on: event.metadata.effectiveOn, frozen_on: null, revision });
      return;
    }
    const before = rows.get(batchTable, batch);
    if (before === undefined) throw new Error(`${event.type} on batch ${batch}, which was never prepared`);
    rows.put(batchTable, { ...before, ...changeOf(event), revision });
  }
}

function changeOf(event: RecordedEvent & BatchEvent): Partial<BatchRow> {
  switch (event.type) {
    case 'batch-freeze-started':
      return { status: 'freezing' };
    case 'batch-frozen':
      return {
        status: 'frozen',
        total_fen: Money.parse(event.data.total).toFen(),
        dropped: event.data.dropped.length,
        frozen_on: event.metadata.effectiveOn,
      };
    case 'batch-cancelled':
      return { status: 'cancelled' };
    case 'batch-prepared':
    case 'batch-results-recorded':
    case 'batch-unexpected-results':
      return {};
  }
}
