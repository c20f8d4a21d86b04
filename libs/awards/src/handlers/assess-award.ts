import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import type { Assessment } from '@app/policies';
import { awardStream } from '../award.js';
import { Assessor } from '../assessor.js';
import { awardDecider, requireAssessable } from '../decide.js';

/** Computes what the clause grants from the dossier as it stands, and records facts, version and trace. */
export class AssessAward extends Command<Receipt & { readonly assessment?: Assessment }> {
  constructor(
    readonly award: string,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(AssessAward)
export class AssessAwardHandler implements ICommandHandler<AssessAward> {
  constructor(
    private readonly executor: Executor,
    private readonly assessor: Assessor,
  ) {}

  async execute({ award, context }: AssessAward): Promise<Receipt & { readonly assessment?: Assessment }> {
    let assessment: Assessment | undefined;
    const receipt = await this.executor.execute(
      awardDecider,
      awardStream(award),
      async (state) => {
        const { record, policy } = await this.assessor.assess(requireAssessable(state), context.effectiveOn);
        assessment = record.assessment;
        return { type: 'assess' as const, record, policy };
      },
      context,
    );
    return receipt.replayed ? receipt : { ...receipt, ...(assessment && { assessment }) };
  }
}
