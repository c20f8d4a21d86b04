import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { Inject } from '@nestjs/common';
import { Executor } from '@app/event-store';
import { businessDateAt, CLOCK, type Clock, refused } from '@app/kernel';
import { awardStream, heldBecause, holdsOn, isGranted, owedOf } from '../award.js';
import { paymentBar } from '../award-rules.js';
import { awardDecider } from '../decide.js';
import type { BatchLineState, ExistingBatch } from './batch.js';
import { GetBatch } from './batches.query.js';
import { paymentFile, type PaymentFileFormat } from './payment-file.js';

/** The payment list of a batch, as a file for the bank. */
export class ExportBatch extends Query<Buffer> {
  constructor(
    readonly batch: string,
    readonly format: PaymentFileFormat,
  ) {
    super();
  }
}

/** A line that was ordered, and must not be paid any more. */
export interface BarredLine {
  readonly line: number;
  readonly award: string;
  readonly instalment: number;
  readonly code: 'award-held' | 'award-status' | 'unexpected-results' | 'clawback-outstanding';
  readonly detail: string;
}

@QueryHandler(ExportBatch)
export class ExportBatchHandler implements IQueryHandler<ExportBatch> {
  constructor(
    private readonly queries: QueryBus,
    private readonly executor: Executor,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Orders stand when an award is held or ends afterwards; the list that would make the bank pay is refused instead.
   * @throws Problem `batch-barred` naming every line that must not be paid now; `batch-status`.
   */
  async execute({ batch, format }: ExportBatch): Promise<Buffer> {
    const { state } = await this.queries.execute(new GetBatch(batch));
    const content = await paymentFile(batch, state, format);
    const lines = await this.barred(state);
    if (lines.length > 0) {
      const named = lines.slice(0, MOST_NAMED).map(({ line, detail }) => `line ${line}: ${detail}`);
      const more = lines.length > MOST_NAMED ? `; and ${lines.length - MOST_NAMED} more` : '';
      throw refused('batch-barred', `these lines must not be paid now: ${named.join('; ')}${more}`, { lines });
    }
    return content;
  }

  private async barred({ lines }: ExistingBatch): Promise<readonly BarredLine[]> {
    const today = businessDateAt(this.clock.now());
    const barred: BarredLine[] = [];
    for (const line of lines.filter(({ status }) => status === 'pending')) {
      const bar = await this.barOf(line, today);
      if (bar !== undefined) barred.push({ line: line.line, award: line.award, instalment: line.instalment, ...bar });
    }
    return barred;
  }

  private async barOf({ award }: BatchLineState, today: string): Promise<Pick<BarredLine, 'code' | 'detail'> | undefined> {
    const { state } = await this.executor.load(awardDecider, awardStream(award));
    if (state.status !== 'granted') return { code: 'award-status', detail: `the award is ${isGranted(state) ? state.how : state.status}` };
    const holds = holdsOn(state, today);
    const bar = paymentBar(heldBecause(holds), owedOf(state));
    return holds.some(({ payment }) => payment !== undefined) && bar !== undefined ? { ...bar, code: 'unexpected-results' } : bar;
  }
}

const MOST_NAMED = 20;
