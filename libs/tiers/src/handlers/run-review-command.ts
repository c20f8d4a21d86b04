import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { type Evidence, Problem } from '@app/kernel';
import { Subscriptions } from '@app/projections';
import { type Choice, type ReviewCommand, requireReviewed, reviewDecider } from '../decide-review.js';
import { citationOfClause, citationOfTier, dueDay, type LadderText } from '../ladder.js';
import { Ladders } from '../ladders.js';
import type { ProposalKind } from '../propose.js';
import { reviewStream, type ReviewState } from '../review.js';
import { TierChanges } from '../tier-changes.js';
import type { Unmet } from '../tier.js';

/** How long a close waits for the decisions before it. */
const CARRIED_OUT_MS = 5_000;

interface Documented {
  readonly evidence?: readonly Evidence[];
}

/** What officers may ask of a review, proposing and recommending apart. */
export type ReviewAction =
  | { readonly type: 'open' }
  | ({ readonly type: 'decide'; readonly choices: readonly Choice[]; readonly reason: string } & Documented)
  | ({
      readonly type: 'decide-all';
      readonly kind: ProposalKind;
      readonly decision: 'accept' | 'keep';
      readonly reason: string;
    } & Documented)
  | ({ readonly type: 'close' } & Documented)
  | ({ readonly type: 'lapse'; readonly reason: string } & Documented);

/** Opens a review, decides on its proposals, ends it. */
export class RunReviewCommand extends Command<Receipt> {
  constructor(
    readonly ladder: string,
    readonly year: number,
    readonly action: ReviewAction,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(RunReviewCommand)
export class RunReviewCommandHandler implements ICommandHandler<RunReviewCommand> {
  constructor(
    private readonly executor: Executor,
    private readonly ladders: Ladders,
    private readonly changes: TierChanges,
    private readonly subscriptions: Subscriptions,
  ) {}

  async execute({ ladder, year, action, context }: RunReviewCommand): Promise<Receipt> {
    const isEnd = action.type === 'close' || action.type === 'lapse';
    // Whatever comes in while a close waits has to be carried out too: it is decided on the review as it stood then.
    const carriedOut = isEnd ? await this.requireCarriedOut(reviewStream(ladder, year)) : undefined;
    const expectedRevision = context.expectedRevision ?? carriedOut;
    return this.executor.execute(
      reviewDecider,
      reviewStream(ladder, year),
      async (state) => {
        const on = context.effectiveOn;
        const text = isEnd ? await this.ladders.applied(ladder, on) : await this.ladders.inForce(ladder, on);
        return this.completed(text, year, action, state, on);
      },
      { ...context, ...(expectedRevision !== undefined && { expectedRevision }) },
    );
  }

  /**
   * A review is not closed while its decisions are on their way into the standings: one that cannot be carried out comes
   * back. Waits outside the stream's queue, in which what comes back has to stand.
   */
  private async requireCarriedOut(stream: string): Promise<number> {
    const { position, revision } = await this.executor.load(reviewDecider, stream);
    if (await this.subscriptions.followed(position, CARRIED_OUT_MS, 'tier-review-decisions')) return revision;
    throw new Problem('unavailable', 'decisions-under-way', 'the decisions are still being carried out; retry');
  }

  private async completed(text: LadderText, year: number, action: ReviewAction, state: ReviewState, on: string): Promise<ReviewCommand> {
    const due = dueDay(text, 'tier-review', year);
    const policy = due.clause === undefined ? citationOfTier(text) : citationOfClause(text, due.clause);
    if (action.type === 'open') return { type: 'open', ladder: text.ladder, year, dueOn: due.on, policy };
    if (action.type === 'lapse') return { ...action, isInForce: await this.ladders.isInForce(text.ladder, on), policy };
    if (action.type !== 'decide') return { ...action, policy };
    const { proposals } = requireReviewed(state);
    const unmet: Record<string, Unmet> = {};
    for (const { creditCode, to = proposals.get(creditCode)?.to } of action.choices) {
      const isMove = typeof to === 'string' && to !== proposals.get(creditCode)?.from;
      if (isMove && proposals.has(creditCode)) unmet[creditCode] = await this.changes.unmet(text, creditCode, to, on, year);
    }
    return { ...action, tiers: text.tiers.map(({ id }) => id), unmet, policy };
  }
}
