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
  private lastMerger: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly executor: Executor,
    @Inject(FACT_VOCABULARY) vocabulary: FactVocabulary,
  ) {
    this.decider = enterpriseDecider(vocabulary);
  }

  async execute({ creditCode: code, command, context }: RunEnterpriseCommand): Promise<Receipt> {
    if (command.type === 'register' && creditCode(command.creditCode) !== code)
      throw new Error('an enterprise is registered under its own credit code');
    if (command.type === 'merge') return this.merge(code, command, context);
    return this.executor.execute(this.decider, enterpriseStream(code), command, context);
  }

  /**
   * Mergers are decided one after the other in the whole ledger: only a merger closes a dossier, so the survivor looked
   * up here still stands when the merger is appended, and two enterprises can never absorb each other. This holds
   * because a single process has the data folder.
   */
  private merge(code: CreditCode, command: MergeEnterprise, context: CommandContext): Promise<Receipt> {
    const merger = () => this.executor.execute(this.decider, enterpriseStream(code), () => this.withSurvivor(command), context);
    const merged = this.lastMerger.then(merger);
    this.lastMerger = merged.catch(() => undefined);
    return merged;
  }

  /** Looks up how the survivor stands: a decision sees one stream, and merging into nobody cannot be undone. */
  private async withSurvivor(command: MergeEnterprise): Promise<MergeEnterprise> {
    const { state } = await this.executor.load(this.decider, enterpriseStream(creditCode(command.survivor, 'survivor')));
    return { ...command, survivorStatus: state.status };
  }
}
