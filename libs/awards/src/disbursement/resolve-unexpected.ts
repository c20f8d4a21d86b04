import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { type Evidence, refused } from '@app/kernel';
import { awardStream, isGranted } from '../award.js';
import { awardDecider } from '../decide.js';
import type { BatchState, UnexpectedOutcome } from './batch.js';
import { RunBatchCommand } from './run-batch-command.js';

/** Says what the bank did with a payment nobody expected. */
export class ResolveUnexpected extends Command<Receipt> {
  constructor(
    readonly batch: string,
    readonly line: number,
    readonly input: { readonly outcome: UnexpectedOutcome; readonly reason: string; readonly evidence?: readonly Evidence[] },
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(ResolveUnexpected)
export class ResolveUnexpectedHandler implements ICommandHandler<ResolveUnexpected> {
  constructor(
    private readonly commands: CommandBus,
    private readonly executor: Executor,
  ) {}

  execute({ batch, line, input, context }: ResolveUnexpected): Promise<Receipt> {
    const prepare = async (state: BatchState) => {
      if (input.outcome === 'accepted') await this.requireNowhereElse(state, line);
      return { type: 'resolve-unexpected' as const, line, ...input };
    };
    return this.commands.execute(new RunBatchCommand(batch, prepare, context));
  }

  /** While another batch may still pay it, nobody knows whether this payment is one too many. */
  private async requireNowhereElse(state: BatchState, number: number): Promise<void> {
    const line = state.status === 'none' ? undefined : state.lines.find((each) => each.line === number);
    if (line?.unexpected === undefined) return;
    const { state: award } = await this.executor.load(awardDecider, awardStream(line.award));
    const instalment = isGranted(award) ? award.instalments.find(({ no }) => no === line.instalment) : undefined;
    if (instalment?.status !== 'ordered') return;
    throw refused(
      'instalment-in-batch',
      `instalment ${instalment.no} of ${line.award} is in batch ${instalment.batch}, line ${instalment.line}, as well: cancel that batch or take in its results first`,
      { batch: instalment.batch, line: instalment.line },
    );
  }
}
