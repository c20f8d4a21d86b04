import { Injectable } from '@nestjs/common';
import { Executor } from '@app/event-store';
import { tierDecider } from './decide.js';
import { reviewDecider } from './decide-review.js';
import { type ReviewState, reviewStream } from './review.js';
import { type TierState, tierStream } from './tier.js';

/** Standings and reviews as the ledger has them now, from their events. */
@Injectable()
export class Tiers {
  constructor(private readonly executor: Executor) {}

  /** Where an enterprise stands in a ladder. */
  async load(ladder: string, creditCode: string): Promise<TierState> {
    return (await this.executor.load(tierDecider, tierStream(ladder, creditCode))).state;
  }

  /** A ladder's review of a year. */
  async review(ladder: string, year: number): Promise<ReviewState> {
    return (await this.executor.load(reviewDecider, reviewStream(ladder, year))).state;
  }
}
