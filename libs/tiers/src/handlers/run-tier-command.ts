import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { CommandContext, Receipt } from '@app/event-store';
import type { TierAction } from '../decide.js';
import { TierChanges } from '../tier-changes.js';

/** Changes where one enterprise stands in one ladder. */
export class RunTierCommand extends Command<Receipt> {
  constructor(
    readonly ladder: string,
    readonly creditCode: string,
    readonly action: TierAction,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(RunTierCommand)
export class RunTierCommandHandler implements ICommandHandler<RunTierCommand> {
  constructor(private readonly changes: TierChanges) {}

  execute({ ladder, creditCode, action, context }: RunTierCommand): Promise<Receipt> {
    return this.changes.run(ladder, creditCode, action, context);
  }
}
