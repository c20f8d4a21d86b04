import { Injectable } from '@nestjs/common';
import { Executor } from '@app/event-store';
import { blacklistDecider } from './decide.js';
import { type BlacklistState, isListed, type Listing, listingOf, listingsInEffect } from './listing.js';
import { blacklistStream, partsOf, type Subject, subjectOf, subjectOfListing } from './subject.js';

/** The blacklist as the ledger stands now, for features that decide on it. */
@Injectable()
export class Blacklist {
  constructor(private readonly executor: Executor) {}

  /**
   * The listings of any of these subjects that have effect on a day, read from their streams. A credit code is looked up
   * as an enterprise and as an agency, whichever it is named as.
   * @throws Problem `invalid-input` for a subject that names nobody.
   */
  async listingsOf(subjects: readonly Subject[], on: string): Promise<readonly Listing[]> {
    const parts = subjects.flatMap(({ kind, id }) => partsOf(subjectOf(kind, id)));
    const streams = new Map(parts.map((subject) => [blacklistStream(subject), subject]));
    const listings: Listing[] = [];
    for (const subject of streams.values()) listings.push(...listingsInEffect(await this.load(subject), on));
    return listings;
  }

  /** A listing, in effect or not; `ended` is the day it was repaired or revoked. Undefined where there never was one. */
  async listing(id: string): Promise<(Listing & { readonly ended?: string }) | undefined> {
    const named = subjectOfListing(id);
    if (named === undefined) return undefined;
    const one = (await this.load(named.subject)).cases[named.no - 1];
    if (one === undefined || !isListed(one)) return undefined;
    return { ...listingOf(one), ...(one.status === 'ended' && { ended: one.ending.on }) };
  }

  private async load(subject: Subject): Promise<BlacklistState> {
    return (await this.executor.load(blacklistDecider, blacklistStream(subject))).state;
  }
}
