import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { Policies } from '@app/policies';
import { awardStream } from '../award.js';
import { awardDecider } from '../decide.js';

/** Opens the public notice (公示) of a reviewed award, for at least as long as the policy asks. */
export class PubliciseAward extends Command<Receipt> {
  constructor(
    readonly award: string,
    readonly input: { readonly from?: string; readonly days?: number; readonly place?: string },
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(PubliciseAward)
export class PubliciseAwardHandler implements ICommandHandler<PubliciseAward> {
  constructor(
    private readonly executor: Executor,
    private readonly policies: Policies,
  ) {}

  execute({ award, input, context }: PubliciseAward): Promise<Receipt> {
    const { from = context.today, place } = input;
    return this.executor.execute(
      awardDecider,
      awardStream(award),
      async (state) => {
        const minimumDays =
          'assessed' in state ? (await this.policies.version(state.pack, state.assessed.version)).pack.publicNotice.days : 1;
        return { type: 'publicise' as const, from, days: input.days ?? minimumDays, minimumDays, ...(place !== undefined && { place }) };
      },
      context,
    );
  }
}
