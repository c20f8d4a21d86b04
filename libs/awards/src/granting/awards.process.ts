import { Injectable } from '@nestjs/common';
import { Budgets } from '@app/budgets';
import { Executor, type RecordedEvent } from '@app/event-store';
import { type ProcessManager, reactionContext, Subscriptions } from '@app/projections';
import type { BudgetLineReference } from '../award.js';
import { awardDecider } from '../decide.js';
import { Grants, isFinal } from './grants.js';

const NAME = 'award-grants';

/** Finishes grants that a crash left half-done, and gives back the budget of awards that have ended. */
@Injectable()
export class AwardsProcess implements ProcessManager {
  readonly name = NAME;
  readonly handles = new Set([
    'award-grant-started',
    'award-lapsed',
    'award-revoked',
    'instalment-paid',
    'instalment-returned',
    'instalment-order-cancelled',
  ]);

  constructor(
    private readonly executor: Executor,
    private readonly grants: Grants,
    private readonly budgets: Budgets,
    subscriptions: Subscriptions,
  ) {
    subscriptions.addProcessManager(this);
  }

  async react(event: RecordedEvent): Promise<void> {
    if (event.type === 'award-grant-started') return this.finishGrant(event);
    return this.releaseRest(event);
  }

  private async finishGrant(event: RecordedEvent): Promise<void> {
    const { grant, budget } = event.data as { grant: string; budget: BudgetLineReference };
    const award = event.stream.slice('award-'.length);
    try {
      await this.grants.complete(award, grant);
    } catch (error) {
      if (!isFinal(error)) throw error;
      // The refusal has been recorded on the award, or the grant is long over. All that can be left is its reservation.
      await this.grants.abandon(award, grant, budget, event.metadata.effectiveOn);
    }
  }

  /** Once an award has ended and nothing of it is at the bank any more, what it still holds of the budget is free. */
  private async releaseRest(event: RecordedEvent): Promise<void> {
    const { state } = await this.executor.load(awardDecider, event.stream);
    if (state.status !== 'ended' || state.instalments.some(({ status }) => status === 'ordered')) return;
    const release = { award: event.stream.slice('award-'.length), grant: { id: state.grant.id }, reason: state.reason };
    await this.budgets.release(state.grant.budget, release, reactionContext(event, NAME, release));
  }
}
