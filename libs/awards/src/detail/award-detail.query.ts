import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Inject } from '@nestjs/common';
import { Blacklist, type Sight } from '@app/blacklist';
import { asDomainEvent, contextOf, EVENT_STORE, type EventStore, type RecordedEvent } from '@app/event-store';
import { type Actor, businessDateAt, CLOCK, type Clock, type Evidence, notFound, type PolicyCitation } from '@app/kernel';
import {
  type AwardEvent,
  type AwardState,
  awardStream,
  evolveAward,
  type Hold,
  initialAward,
  isGranted,
  withoutListingReasons,
} from '../award.js';
import { dayOfEffect } from '../day-of-effect.js';
import { isInEffect } from '../standing.js';

/** One entry of an award's history: who did what when, under which clause, on what evidence. */
export interface TimelineEntry {
  readonly revision: number;
  readonly position: number;
  readonly event: string;
  readonly effectiveOn: string;
  readonly recordedAt: string;
  readonly actor: Actor;
  readonly policy?: PolicyCitation;
  readonly evidence?: readonly Evidence[];
  readonly data: unknown;
}

/** An award as it stands, with the facts and the trace it rests on and everything that ever happened to it. */
export interface AwardDetail {
  readonly award: string;
  readonly revision: number;
  readonly state: AwardState;
  readonly timeline: readonly TimelineEntry[];
}

export class GetAward extends Query<AwardDetail> {
  constructor(
    readonly award: string,
    /** Of whoever asks: which of the listings behind its holds are named. */
    readonly sight: Sight,
    /** The business day: what had taken effect by then; everything when left out. */
    readonly on?: string,
    /** Leaves out why a listing held the award then: it may have ended since. */
    readonly hidesListings = false,
  ) {
    super();
  }
}

/** Reads the award's own stream, so that the answer is never behind. */
@QueryHandler(GetAward)
export class GetAwardHandler implements IQueryHandler<GetAward> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly blacklist: Blacklist,
  ) {}

  async execute({ award, sight, on, hidesListings }: GetAward): Promise<AwardDetail> {
    let state = initialAward;
    let revision = -1;
    const timeline: TimelineEntry[] = [];
    for await (const page of this.store.readStream(awardStream(award))) {
      for (const event of page) {
        if (on !== undefined && dayOfEffect(event as RecordedEvent & AwardEvent) > on) continue;
        state = evolveAward(state, asDomainEvent<AwardEvent>(event), contextOf(event));
        revision = event.revision;
        timeline.push(entry(event));
      }
    }
    if (revision < 0) throw notFound('award-unknown', `there is no award ${award}${on === undefined ? '' : ` on ${on}`}`);
    const shown = sight === 'history' ? undefined : await this.listingsShown(timeline, sight);
    if (shown === undefined) return { award, revision, state, timeline };
    return {
      award,
      revision,
      state: stateShown(state, shown, hidesListings),
      timeline: timeline.map((step) => ({ ...step, data: withoutListing(withoutReason(step.data, shown), shown) })),
    };
  }

  /** The listings a timeline speaks of that somebody without the history may know: those in effect, if any. */
  private async listingsShown(timeline: readonly TimelineEntry[], sight: Sight): Promise<ReadonlySet<string>> {
    const shown = new Set<string>();
    if (sight === 'published') return shown;
    const today = businessDateAt(this.clock.now());
    const named = new Set(timeline.flatMap(({ data }) => (data as Bound).listing ?? []));
    for (const id of named) {
      const listing = await this.blacklist.listing(id);
      if (listing !== undefined && isInEffect(listing, today)) shown.add(id);
    }
    return shown;
  }
}

/** What holds, and the events of holds, say of the listing they are bound to. */
interface Bound {
  readonly listing?: string;
  readonly until?: string;
}

/** Without the listing and its term, unless it is shown. Anything that names no listing stays as it is. */
function withoutListing<Part>(part: Part, shown: ReadonlySet<string>): Part | Omit<Part, keyof Bound> {
  const { listing, until: _until, ...rest } = part as Part & Bound;
  return listing === undefined || shown.has(listing) ? part : rest;
}

/** What has happened may have ended since, and is told without its reason; what holds now is told with it. */
function withoutReason(data: unknown, shown: ReadonlySet<string>): unknown {
  const { reason: _reason, ...rest } = data as Bound & { readonly reason?: string };
  return rest.listing === undefined || shown.has(rest.listing) ? data : rest;
}

function stateShown(state: AwardState, shown: ReadonlySet<string>, hidesListings: boolean): AwardState {
  if (!isGranted(state)) return state;
  const holds = hidesListings ? withoutListingReasons(state.holds) : state.holds;
  return { ...state, holds: holds.map((hold) => withoutListing(hold, shown) as Hold) };
}

function entry({ revision, position, type, data, recordedAt, metadata }: RecordedEvent): TimelineEntry {
  const { effectiveOn, actor, policy, evidence } = metadata;
  return {
    revision,
    position,
    event: type,
    effectiveOn,
    recordedAt,
    actor,
    ...(policy && { policy }),
    ...(evidence && { evidence }),
    data,
  };
}
