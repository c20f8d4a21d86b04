import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { type TargetCommand, targetDecider } from '../decide.js';
import { PublishedTargets } from '../published-targets.js';
import { type TargetRef, targetStream, unitOf } from '../target.js';

/** Runs `command` on the figures of a unit. What the published pack says of it is looked up on the way. */
export class RunTargetCommand extends Command<Receipt> {
  constructor(
    readonly target: TargetRef,
    readonly command: TargetCommand,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(RunTargetCommand)
export class RunTargetCommandHandler implements ICommandHandler<RunTargetCommand> {
  constructor(
    private readonly executor: Executor,
    private readonly targets: PublishedTargets,
  ) {}

  async execute({ target: { pack, clause, unit: asked }, command, context }: RunTargetCommand): Promise<Receipt> {
    const { terms, policy } = await this.targets.target(pack, clause, context.effectiveOn);
    const unit = unitOf(terms, asked);
    return this.executor.execute(targetDecider, targetStream(pack, clause, unit), { command, terms, unit, policy }, context);
  }
}
