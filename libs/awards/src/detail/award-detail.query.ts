import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Inject } from '@nestjs/common';
import { asDomainEvent, contextOf, EVENT_STORE, type EventStore, type RecordedEvent } from '@app/event-store';
import { type Actor, type Evidence, notFound, type PolicyCitation } from '@app/kernel';
import { type AwardEvent, type AwardState, awardStream, evolveAward, initialAward } from '../award.js';

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
  constructor(readonly award: string) {
    super();
  }
}

/** Reads the award's own stream, so that the answer is never behind. */
@QueryHandler(GetAward)
export class GetAwardHandler implements IQueryHandler<GetAward> {
  constructor(@Inject(EVENT_STORE) private readonly store: EventStore) {}

  async execute({ award }: GetAward): Promise<AwardDetail> {
    let state = initialAward;
    let revision = -1;
    const timeline: TimelineEntry[] = [];
    for await (const page of this.store.readStream(awardStream(award))) {
      for (const event of page) {
        state = evolveAward(state, asDomainEvent<AwardEvent>(event), contextOf(event));
        revision = event.revision;
        timeline.push(entry(event));
      }
    }
    if (revision < 0) throw notFound('award-unknown', `there is no award ${award}`);
    return { award, revision, state, timeline };
  }
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
