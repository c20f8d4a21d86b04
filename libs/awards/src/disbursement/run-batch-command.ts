import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type CommandContext, Executor, type Prepare, type Receipt } from '@app/event-store';
import { Subscriptions } from '@app/projections';
import { type BatchCommand, batchDecider, type BatchState, batchStream } from './batch.js';

/** A command on one payment batch. */
export class RunBatchCommand extends Command<Receipt> {
  constructor(
    readonly batch: string,
    readonly command: BatchCommand | Prepare<BatchCommand, BatchState>,
    readonly context: CommandContext,
  ) {
    super();
  }
}

/** How long a caller waits for awards and budgets to follow; they follow all the same when it takes longer. */
const FOLLOW_MS = 20_000;

@CommandHandler(RunBatchCommand)
export class RunBatchCommandHandler implements ICommandHandler<RunBatchCommand> {
  constructor(
    private readonly executor: Executor,
    private readonly subscriptions: Subscriptions,
  ) {}

  /** The batch decides; awards and budgets are carried along by the payments process, which the answer waits for. */
  async execute({ batch, command, context }: RunBatchCommand): Promise<Receipt> {
    const receipt = await this.executor.execute(batchDecider, batchStream(batch), command, context);
    await this.subscriptions.followed(receipt.position, FOLLOW_MS);
    return receipt;
  }
}
