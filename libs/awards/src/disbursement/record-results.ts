import { Command, CommandBus, CommandHandler, type ICommandHandler, QueryBus } from '@nestjs/cqrs';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { awardStream, isGranted, paymentOf } from '../award.js';
import { awardDecider } from '../decide.js';
import type { ReportedResult } from './batch.js';
import { GetBatch, type ShownUnexpected } from './batches.query.js';
import { RunBatchCommand } from './run-batch-command.js';

export interface UnexpectedReport extends ShownUnexpected {
  /** Whether the award is held because of it; one that has ended is not, and pays nothing more anyway. */
  readonly held: boolean;
  readonly note: string;
}

export interface RecordedResults extends Receipt {
  /** Lines of this file whose payment nobody expected and nobody has resolved. Nothing of them is booked. */
  readonly unexpected: readonly UnexpectedReport[];
  /** Lines of this file that a cancelled batch had dropped before: of them nothing was taken in. */
  readonly skipped: readonly number[];
}

/** Takes in the bank's file, and tells of what in it a person has to look into. */
export class RecordResults extends Command<RecordedResults> {
  constructor(
    readonly batch: string,
    readonly file: { readonly file: string; readonly sha256: string; readonly results: readonly ReportedResult[] },
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(RecordResults)
export class RecordResultsHandler implements ICommandHandler<RecordResults> {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    private readonly executor: Executor,
  ) {}

  async execute({ batch, file, context }: RecordResults): Promise<RecordedResults> {
    const receipt = await this.commands.execute(new RunBatchCommand(batch, { type: 'record-results', ...file }, context));
    const detail = await this.queries.execute(new GetBatch(batch));
    const reported = new Set(file.results.map(({ line }) => line));
    const unexpected: UnexpectedReport[] = [];
    for (const line of detail.unexpected) if (reported.has(line.line)) unexpected.push(await this.report(batch, line));
    const skipped = detail.dropped.map(({ line }) => line).filter((line) => reported.has(line));
    return { ...receipt, unexpected, skipped };
  }

  private async report(batch: string, line: ShownUnexpected): Promise<UnexpectedReport> {
    const { state } = await this.executor.load(awardDecider, awardStream(line.award));
    const payment = paymentOf({ batch, line: line.line, reference: line.paid.reference });
    const held = isGranted(state) && state.holds.some((hold) => hold.payment === payment);
    const note = `银行称已支付，账上未登记：${held ? '奖补已暂缓拨付，' : ''}须向银行核实后处理（resolve-unexpected）`;
    return { ...line, held, note };
  }
}
