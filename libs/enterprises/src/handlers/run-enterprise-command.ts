import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { type CreditCode, creditCode } from '@app/kernel';
import { type EnterpriseCommand, enterpriseDecider, type MergeEnterprise } from '../decide.js';
import { enterpriseStream } from '../enterprise.js';
import { FACT_VOCABULARY, type FactVocabulary } from '../vocabulary.js';

/** Decides a command on the dossier of one enterprise. */
export class RunEnterpriseCommand extends Command<Receipt> {
  constructor(
    readonly creditCode: CreditCode,
    readonly command: EnterpriseCommand,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(RunEnterpriseCommand)
export class RunEnterpriseCommandHandler implements ICommandHandler<RunEnterpriseCommand> {
  private readonly decider: ReturnType<typeof enterpriseDecider>;

  constructor(
    private readonly executor: Executor,
    @Inject(FACT_VOCABULARY) vocabulary: FactVocabulary,
  ) {
    this.decider = enterpriseDecider(vocabulary);
  }

  async execute({ creditCode: code, command, context }: RunEnterpriseCommand): Promise<Receipt> {
    if (command.type === 'register' && creditCode(command.creditCode) !== code)
      throw new Error('an enterprise is registered under its own credit code');
    const decidable = command.type === 'merge' ? await this.withSurvivor(command) : command;
    return this.executor.execute(this.decider, enterpriseStream(code), decidable, context);
  }

  /** Looks up how the survivor stands: a decision sees one stream, and merging into nobody cannot be undone. */
  private async withSurvivor(command: MergeEnterprise): Promise<MergeEnterprise> {
    const { state } = await this.executor.load(this.decider, enterpriseStream(creditCode(command.survivor, 'survivor')));
    return { ...command, survivorStatus: state.status };
  }
}
