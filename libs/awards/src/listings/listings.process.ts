import { Injectable } from '@nestjs/common';
import { Blacklist, isLegalPerson, type Listing } from '@app/blacklist';
import { Executor, type RecordedEvent } from '@app/event-store';
import { businessDateAt, Problem } from '@app/kernel';
import { type ProcessManager, reactionContext, ReadModels, Subscriptions } from '@app/projections';
import { awardStream } from '../award.js';
import { type AwardCommand, awardDecider } from '../decide.js';
import type { AwardTables, InstalmentRow } from '../list/awards.projection.js';
import { Standing } from '../standing.js';

const NAME = 'award-listings';
const PAGE = 200;
/** What can still be paid: an award without any such instalment is finished. */
const UNFINISHED: readonly InstalmentRow['status'][] = ['locked', 'unlocked', 'ordered'];

/**
 * Holds what is unpaid of a black-listed enterprise for as long as the listing stands, and releases every hold that is
 * bound to a listing, whoever placed it, when the listing ends. A term that runs out needs nobody: the holds know it.
 *
 * Everything is read as it stands when the event is dealt with. An event may be seen again long after, when read models
 * are built anew, and must then not hold for a listing that has ended meanwhile.
 */
@Injectable()
export class ListingsProcess implements ProcessManager {
  readonly name = NAME;
  readonly handles = new Set(['listing-decided', 'listing-ended', 'award-granted', 'award-held', 'enterprise-absorbed']);

  constructor(
    private readonly executor: Executor,
    private readonly readModels: ReadModels,
    private readonly subscriptions: Subscriptions,
    private readonly blacklist: Blacklist,
    private readonly standing: Standing,
  ) {
    subscriptions.addProcessManager(this);
  }

  async react(event: RecordedEvent): Promise<void> {
    switch (event.type) {
      case 'listing-decided':
        return this.holdAll(event, (event.data as { listing: string }).listing);
      case 'listing-ended':
        return this.releaseAll(event, (event.data as { listing: string }).listing);
      case 'award-granted':
        return this.holdGranted(event);
      case 'award-held':
        return this.releaseIfOver(event, (event.data as { listing?: string }).listing);
      case 'enterprise-absorbed':
        return this.holdMerged(event);
      default:
        throw new Error(`${NAME} does not handle ${event.type}`);
    }
  }

  private async holdAll(event: RecordedEvent, id: string): Promise<void> {
    const listing = await this.blacklist.listing(id);
    if (listing === undefined || listing.ended !== undefined || !isLegalPerson(listing.subject)) return;
    await this.holdUnfinished(event, [listing], await this.standing.codesOf(listing.subject.id));
  }

  /** Granted while the listing was being decided: neither decision saw the other. */
  private async holdGranted(event: RecordedEvent): Promise<void> {
    const { state } = await this.executor.load(awardDecider, event.stream);
    if (state.status !== 'granted') return;
    for (const listing of await this.countingFor(state.payee, event)) await this.hold(event, awardOf(event), listing);
  }

  /** A merger makes the listings of either enterprise count for the awards of both. */
  private async holdMerged(event: RecordedEvent): Promise<void> {
    const code = event.stream.slice('enterprise-'.length);
    const listings = await this.countingFor(code, event);
    if (listings.length > 0) await this.holdUnfinished(event, listings, await this.standing.codesOf(code));
  }

  /** The listings of a payee that counted on the day of an event and have not ended since. */
  private async countingFor(payee: string, event: RecordedEvent): Promise<readonly Listing[]> {
    const counted = await this.standing.ofPayee(payee, dayOf(event));
    const now = await Promise.all(counted.map(({ listing }) => this.blacklist.listing(listing)));
    return counted.filter((_listing, index) => now[index]?.ended === undefined);
  }

  private async holdUnfinished(event: RecordedEvent, listings: readonly Listing[], codes: readonly string[]): Promise<void> {
    await this.caughtUp();
    for (const code of codes) {
      for await (const award of this.unfinished(code)) for (const listing of listings) await this.hold(event, award, listing);
    }
  }

  private async releaseAll(event: RecordedEvent, listing: string): Promise<void> {
    await this.caughtUp();
    for await (const award of this.heldFor(listing)) await this.release(event, award, listing);
  }

  /** An officer may have placed it in the moment in which the listing ended. */
  private async releaseIfOver(event: RecordedEvent, listing: string | undefined): Promise<void> {
    if (listing === undefined) return;
    if ((await this.blacklist.listing(listing))?.ended !== undefined) await this.release(event, awardOf(event), listing);
  }

  /** The read models have to know every hold this process itself has placed so far, also after the event. */
  private async caughtUp(): Promise<void> {
    if (await this.subscriptions.caughtUp('awards')) return;
    throw new Problem('unavailable', 'read-model-behind', 'awards does not follow the ledger just now; "ledger projections list" says why');
  }

  private async *unfinished(payee: string): AsyncGenerator<string> {
    const rows = this.readModels.from<AwardTables>();
    for (let after = ''; ;) {
      const page = await rows
        .selectFrom('instalment')
        .select('award')
        .distinct()
        .where('payee', '=', payee)
        .where('award', '>', after)
        .where('status', 'in', UNFINISHED)
        .orderBy('award')
        .limit(PAGE)
        .execute();
      for (const { award } of page) yield award;
      if (page.length < PAGE) return;
      after = page.at(-1)?.award ?? after;
    }
  }

  private async *heldFor(listing: string): AsyncGenerator<string> {
    const rows = this.readModels.from<AwardTables>();
    for (let after = ''; ;) {
      const page = await rows
        .selectFrom('award_hold')
        .select('award')
        .where('listing', '=', listing)
        .where('award', '>', after)
        .orderBy('award')
        .limit(PAGE)
        .execute();
      for (const { award } of page) yield award;
      if (page.length < PAGE) return;
      after = page.at(-1)?.award ?? after;
    }
  }

  // Which listing it is stands in its own field, which is not for everybody.
  private hold(event: RecordedEvent, award: string, { listing, until }: Listing): Promise<void> {
    return this.run(event, award, listing, { type: 'hold', reason: '列入失信名单', bound: { listing, until } });
  }

  private release(event: RecordedEvent, award: string, listing: string): Promise<void> {
    return this.run(event, award, listing, { type: 'release-hold', reason: '失信名单记录已终止', listing });
  }

  private async run(event: RecordedEvent, award: string, listing: string, command: AwardCommand): Promise<void> {
    // What the listing says belongs to the moment: the command is known by award and listing.
    const context = reactionContext(event, NAME, [command.type, award, listing], `${command.type} ${award} ${listing}`);
    try {
      await this.executor.execute(awardDecider, awardStream(award), command, context);
    } catch (error) {
      // An award that has ended meanwhile pays nothing more, held or not.
      if (!(error instanceof Problem) || error.code !== 'award-status') throw error;
    }
  }
}

/** The day it happened: a grant that a crash cut short is completed later and still takes effect on its own day. */
function dayOf({ recordedAt, metadata: { effectiveOn } }: RecordedEvent): string {
  const recordedOn: string = businessDateAt(new Date(recordedAt));
  return recordedOn > effectiveOn ? recordedOn : effectiveOn;
}

const awardOf = (event: RecordedEvent) => event.stream.slice('award-'.length);
