import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { type DutyCommand, dutyDecider } from '../decide.js';
import { Duties } from '../duties.js';
import { type DutyRef, dutyStream } from '../duty.js';

/** Runs `command` on the duty of one period. */
export class RunDutyCommand extends Command<Receipt> {
  constructor(
    readonly duty: DutyRef,
    readonly command: DutyCommand,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(RunDutyCommand)
export class RunDutyCommandHandler implements ICommandHandler<RunDutyCommand> {
  constructor(
    private readonly executor: Executor,
    private readonly duties: Duties,
  ) {}

  /** The duty is looked up inside the execution, so that a retry is answered as then, whatever became of the policy. */
  execute({ duty, command, context }: RunDutyCommand): Promise<Receipt> {
    return this.executor.execute(dutyDecider, dutyStream(duty), async () => ({ command, duty: await this.duties.duty(duty) }), context);
  }
}
