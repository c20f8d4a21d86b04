import { asDomainEvent, Executor, type RecordedEvent } from '@app/event-store';
import { type CreditCode, Problem } from '@app/kernel';
import { type ProcessManager, reactionContext } from '@app/projections';
import type { ApplyReview } from '../decide.js';
import { type ReviewCommand, reviewDecider } from '../decide-review.js';
import { Ladders } from '../ladders.js';
import type { DecisionData, ReviewEvent } from '../review.js';
import { TierChanges } from '../tier-changes.js';
import { Injectable } from '@nestjs/common';

/** Nothing that comes later changes these answers. */
const FINAL: ReadonlySet<Problem['kind']> = new Set(['refused', 'not-found', 'invalid', 'forbidden']);

/**
 * Carries what a review decides into the standings, under the text the decision cites. What an enterprise's standing no
 * longer allows (it was moved meanwhile, merged, black-listed) is given back to the review, which has to decide again.
 */
@Injectable()
export class ReviewDecisions implements ProcessManager {
  readonly name = 'tier-review-decisions';
  readonly handles: ReadonlySet<string> = new Set<ReviewEvent['type']>(['tier-proposals-decided']);

  constructor(
    private readonly executor: Executor,
    private readonly ladders: Ladders,
    private readonly changes: TierChanges,
  ) {}

  async react(recorded: RecordedEvent): Promise<void> {
    const event = asDomainEvent<ReviewEvent>(recorded);
    if (event.type !== 'tier-proposals-decided' || event.policy === undefined) return;
    const { ladder } = event.data;
    const text = await this.ladders.cited(event.policy.pack, event.policy.version, ladder);
    for (const decision of event.data.decisions) {
      if (decision.to === decision.from) continue;
      const action = actionOf(recorded, event, decision);
      const context = reactionContext(recorded, this.name, action, decision.creditCode);
      // Given back once, it stays back, whatever the standing would allow today.
      if ((await this.executor.replay(failureContext(recorded, this.name, decision))) !== undefined) continue;
      try {
        await this.changes.apply(text, decision.creditCode as CreditCode, action, context);
      } catch (problem) {
        if (!(problem instanceof Problem) || !FINAL.has(problem.kind)) throw problem;
        await this.giveBack(recorded, decision, problem);
      }
    }
  }

  private async giveBack(event: RecordedEvent, decision: DecisionData, { code, detail }: Problem): Promise<void> {
    const command: ReviewCommand = { type: 'fail', creditCode: decision.creditCode, decision, code, detail };
    await this.executor.execute(reviewDecider, event.stream, command, failureContext(event, this.name, decision));
  }
}

/** Its identity is the decision: the wording of a refusal may differ from one attempt to the next. */
function failureContext(event: RecordedEvent, manager: string, decision: DecisionData) {
  return reactionContext(event, manager, { type: 'fail', decision }, `${decision.creditCode} failed`);
}

function actionOf(
  { metadata }: RecordedEvent,
  { data, evidence }: Extract<ReviewEvent, { type: 'tier-proposals-decided' }>,
  { from, to, override }: DecisionData,
): ApplyReview {
  return {
    type: 'apply-review',
    from,
    to,
    reason: data.reason,
    ...(evidence && { evidence }),
    ...(override !== undefined && { override }),
    review: { year: data.year, decidedBy: metadata.actor.id },
  };
}
