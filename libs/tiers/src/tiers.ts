import { Inject, Injectable } from '@nestjs/common';
import { asDomainEvent, contextOf, EVENT_STORE, type EventStore, Executor } from '@app/event-store';
import { tierDecider } from './decide.js';
import { reviewDecider } from './decide-review.js';
import { type ReviewState, reviewStream } from './review.js';
import { evolveTier, outside, type TierEvent, type TierState, tierStream } from './tier.js';

/** Standings and reviews as the ledger has them now, from their events. */
@Injectable()
export class Tiers {
  constructor(
    private readonly executor: Executor,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  /** Where an enterprise stands in a ladder. */
  async load(ladder: string, creditCode: string): Promise<TierState> {
    return (await this.executor.load(tierDecider, tierStream(ladder, creditCode))).state;
  }

  /** Where an enterprise stood in a ladder on a day. */
  async on(ladder: string, creditCode: string, day: string): Promise<TierState> {
    let state = outside;
    for await (const page of this.store.readStream(tierStream(ladder, creditCode))) {
      for (const event of page)
        if (event.metadata.effectiveOn <= day) state = evolveTier(state, asDomainEvent<TierEvent>(event), contextOf(event));
    }
    return state;
  }

  /** A ladder's review of a year. */
  async review(ladder: string, year: number): Promise<ReviewState> {
    return (await this.executor.load(reviewDecider, reviewStream(ladder, year))).state;
  }
}
