import { Injectable } from '@nestjs/common';
import type { EnterpriseEvent } from '@app/enterprises';
import { asDomainEvent, Executor, type RecordedEvent } from '@app/event-store';
import { Problem } from '@app/kernel';
import { type ProcessManager, reactionContext, ReadModels, Subscriptions } from '@app/projections';
import { requireCaughtUp } from '../caught-up.js';
import { type LeaveByMerger, tierDecider } from '../decide.js';
import type { TierTables } from '../tables.js';
import { tierStream } from '../tier.js';
import { STANDINGS } from './standing.projection.js';

/** Removes an enterprise that has been merged away from every ladder it stands in: its survivor stands there by itself, or not. */
@Injectable()
export class MergerStandings implements ProcessManager {
  readonly name = 'tier-mergers';
  readonly handles: ReadonlySet<string> = new Set<EnterpriseEvent['type']>(['enterprise-merged']);

  constructor(
    private readonly executor: Executor,
    private readonly readModels: ReadModels,
    private readonly subscriptions: Subscriptions,
  ) {}

  async react(recorded: RecordedEvent): Promise<void> {
    const event = asDomainEvent<EnterpriseEvent>(recorded);
    if (event.type !== 'enterprise-merged') return;
    const creditCode = recorded.stream.slice('enterprise-'.length);
    await requireCaughtUp(this.subscriptions, STANDINGS);
    const standings = await this.readModels
      .from<TierTables>()
      .selectFrom('tier_standing')
      .select('ladder')
      .where('credit_code', '=', creditCode)
      .where('valid_until', 'is', null)
      .execute();
    for (const { ladder } of standings) {
      const { survivor } = event.data;
      const command: LeaveByMerger = {
        type: 'leave-by-merger',
        ladder,
        creditCode,
        survivor,
        ...(event.evidence && { evidence: event.evidence }),
      };
      await this.remove(recorded, command);
    }
  }

  /** On the day of the merger, or of a change made after it: a standing does not end before it began. */
  private async remove(recorded: RecordedEvent, command: LeaveByMerger): Promise<void> {
    const stream = tierStream(command.ladder, command.creditCode);
    const context = reactionContext(recorded, this.name, command, command.ladder);
    for (;;) {
      const { state } = await this.executor.load(tierDecider, stream);
      if (state.status !== 'placed') return;
      const on = state.since > context.effectiveOn ? state.since : context.effectiveOn;
      try {
        await this.executor.execute(tierDecider, stream, command, { ...context, effectiveOn: on, today: on });
        return;
      } catch (problem) {
        // It was moved between the two: by one who had looked at the dossier before the merger.
        if (!(problem instanceof Problem) || problem.code !== 'standing-changed') throw problem;
      }
    }
  }
}
