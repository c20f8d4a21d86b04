import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { requireFittingFacts } from '../fact-values.js';
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
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly executor: Executor,
    private readonly policies: Policies,
  ) {}

  /** One after the other, whatever their policies: two new packs must not pass each other unseen. */
  execute(command: RunPolicyCommand): Promise<Receipt> {
    const run = () => this.run(command);
    const running = this.last.then(run, run);
    this.last = running;
    return running;
  }

  private async run({ pack, command, context }: RunPolicyCommand): Promise<Receipt> {
    // Checked inside the execution, so that a retry of a command done before is answered as then, whatever has been published since.
    const receipt = await this.executor.execute(policyDecider, policyStream(pack), () => this.checked(command), context);
    await this.policies.noteChange(pack);
    return receipt;
  }

  /** What a decision on one stream cannot see: the facts the other policies speak of. */
  private async checked(command: PolicyCommand): Promise<PolicyCommand> {
    if (command.type === 'publish' || command.type === 'amend') {
      await this.policies.upToDate();
      requireFittingFacts(
        command.pack,
        this.policies.packs().filter(({ id }) => id !== command.pack.id),
      );
    }
    return command;
  }
}
