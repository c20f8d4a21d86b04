import { randomUUID } from 'node:crypto';
import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type CommandContext, decisionOf, Executor, type Receipt } from '@app/event-store';
import { type CreditCode, creditCode } from '@app/kernel';
import { type EnterpriseCommand, enterpriseDecider, type MergeEnterprise } from '../decide.js';
import { type EnterpriseState, enterpriseStream } from '../enterprise.js';
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
   * A merger is announced to the survivor between the look at the enterprise's own dossier and the append to it at that very
   * revision. Of two enterprises that would absorb each other, in whatever processes, one then finds its dossier moved on or
   * the other closed, however their steps fall; so it is with a ring of any length. In one process mergers take turns, since
   * each waits for its survivor's queue while its own waits for it.
   */
  private merge(code: CreditCode, command: MergeEnterprise, context: CommandContext): Promise<Receipt> {
    const prepared = (dossier: EnterpriseState) => this.withSurvivor(command, dossier, context);
    const merger = () => this.executor.execute(this.decider, enterpriseStream(code), prepared, context);
    const merged = this.lastMerger.then(merger);
    this.lastMerger = merged.catch(() => undefined);
    return merged;
  }

  /** Looks up how the survivor stands: a decision sees one stream, and merging into nobody cannot be undone. */
  private async withSurvivor(command: MergeEnterprise, dossier: EnterpriseState, context: CommandContext): Promise<MergeEnterprise> {
    // What is refused or done already, however the survivor stands, is not announced.
    const events = this.decider.decide({ ...command, survivorStatus: 'registered' }, dossier, decisionOf(context));
    const survivor = enterpriseStream(creditCode(command.survivor, 'survivor'));
    const status = async () => (await this.executor.load(this.decider, survivor)).state.status;
    const before = await status();
    if (events.length === 0 || dossier.status === 'unregistered' || before !== 'registered') return { ...command, survivorStatus: before };
    const { expectedRevision: _own, ...rest } = context;
    const announcement = { type: 'announce-absorption', creditCode: dossier.creditCode } as const;
    // Under an id of its own each time: an announcement from before this look at the dossier would protect nothing.
    await this.executor.execute(this.decider, survivor, announcement, { ...rest, commandId: randomUUID() });
    return { ...command, survivorStatus: await status() };
  }
}
