import { Command, CommandBus, CommandHandler, type ICommandHandler, QueryBus } from '@nestjs/cqrs';
import type { CommandContext, Receipt } from '@app/event-store';
import { GetBatch, type ShownDroppedLine } from './batches.query.js';
import { RunBatchCommand } from './run-batch-command.js';

export interface FrozenBatch extends Receipt {
  /** `frozen`; `cancelled` when every line was dropped; `freezing` when it takes long and goes on by itself. */
  readonly status: string;
  /** What goes to the bank. */
  readonly total: string;
  readonly dropped: readonly ShownDroppedLine[];
}

/** Freezes a draft, and tells what became of it. */
export class FreezeBatch extends Command<FrozenBatch> {
  constructor(
    readonly batch: string,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(FreezeBatch)
export class FreezeBatchHandler implements ICommandHandler<FreezeBatch> {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  async execute({ batch, context }: FreezeBatch): Promise<FrozenBatch> {
    const receipt = await this.commands.execute(new RunBatchCommand(batch, { type: 'start-freeze' }, context));
    const { state, total, dropped } = await this.queries.execute(new GetBatch(batch));
    return { ...receipt, status: state.status, total, dropped };
  }
}
