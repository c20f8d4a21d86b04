import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { awardStream } from '../award.js';
import { type AwardCommand, awardDecider } from '../decide.js';

/** A command on one award that needs nothing but the award itself. */
export class RunAwardCommand extends Command<Receipt> {
  constructor(
    readonly award: string,
    readonly command: AwardCommand,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(RunAwardCommand)
export class RunAwardCommandHandler implements ICommandHandler<RunAwardCommand> {
  constructor(private readonly executor: Executor) {}

  execute({ award, command, context }: RunAwardCommand): Promise<Receipt> {
    return this.executor.execute(awardDecider, awardStream(award), command, context);
  }
}
