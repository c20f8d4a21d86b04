import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { Policies, policyStream } from '../policies.js';
import { type PolicyCommand, policyDecider } from '../policy.js';

/** A command on one policy. */
export class RunPolicyCommand extends Command<Receipt> {
  constructor(
    readonly pack: string,
    readonly command: PolicyCommand,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(RunPolicyCommand)
export class RunPolicyCommandHandler implements ICommandHandler<RunPolicyCommand> {
  constructor(
    private readonly executor: Executor,
    private readonly policies: Policies,
  ) {}

  async execute({ pack, command, context }: RunPolicyCommand): Promise<Receipt> {
    const receipt = await this.executor.execute(policyDecider, policyStream(pack), command, context);
    await this.policies.noteChange(pack);
    return receipt;
  }
}
