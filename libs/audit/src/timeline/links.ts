import { Inject, Injectable } from '@nestjs/common';
import { type ExpressionBuilder, sql } from 'kysely';
import { EVENT_STORE, type EventStore, eventId, type RecordedEvent } from '@app/event-store';
import { ReadModels } from '@app/projections';
import { CONFIDENTIAL } from './shown.js';
import type { TimelineTables } from './timeline.projection.js';

/** An event that another one brought about, or was brought about by. */
export interface Link {
  readonly position: number;
  readonly event: string;
  readonly stream: string;
}

/** What an event brought about itself: the first few, and how many there are. */
export interface Effects {
  readonly count: number;
  readonly first: readonly Link[];
}

/** Leaves out the confidential streams, each kind of which is a range of names: "." follows "-". */
export const notConfidential = (on: ExpressionBuilder<TimelineTables, 'timeline_event'>) =>
  on.and(
    CONFIDENTIAL.map((prefix) => on.or([on('timeline_event.stream', '<', `${prefix}-`), on('timeline_event.stream', '>=', `${prefix}.`)])),
  );

type Caused = Pick<RecordedEvent, 'id' | 'metadata'>;

/** The causes and effects of events, as the ledger and its read model tell them. */
@Injectable()
export class Links {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    private readonly readModels: ReadModels,
  ) {}

  /** Events by position, in the order asked for. Those side by side are read together. */
  async events(positions: readonly number[]): Promise<readonly RecordedEvent[]> {
    const found = new Map<number, RecordedEvent>();
    const sorted = [...positions].sort((one, other) => one - other);
    for (let from = 0, to = 0; from < sorted.length; from = to) {
      to = from + 1;
      while (to < sorted.length && sorted[to] === (sorted[to - 1] as number) + 1) to += 1;
      const first = sorted[from] as number;
      for await (const page of this.store.readAll({ after: first - 1, limit: to - from }))
        for (const event of page) found.set(event.position, event);
    }
    return positions.flatMap((position) => found.get(position) ?? []);
  }

  /**
   * The event that brought another about; undefined where a person did. A cause is an event, or a command, which stands
   * for the first event it led to.
   */
  async causeOf({ metadata: { causationId, commandId } }: Caused): Promise<RecordedEvent | undefined> {
    if (causationId === commandId) return undefined;
    return (await this.store.findEvent(causationId)) ?? this.store.findEvent(eventId(causationId, 0));
  }

  /** The first `most` effects of each of these events, by event id. */
  async effectsOf(events: readonly Caused[], most: number, seesAll: boolean): Promise<ReadonlyMap<string, Effects>> {
    const owners = new Map(events.flatMap((event) => causesOf(event).map((cause) => [cause, event.id] as const)));
    const effects = new Map<string, { count: number; first: Link[] }>();
    if (owners.size === 0) return effects;
    const rows = await this.readModels
      .from<TimelineTables>()
      .with('numbered', (tables) =>
        tables
          .selectFrom('timeline_effect')
          .innerJoin('timeline_event', 'timeline_event.position', 'timeline_effect.position')
          .select(['cause', 'timeline_event.position', 'type', 'stream'])
          .select(sql<number>`row_number() over (partition by cause order by timeline_event.position)`.as('number'))
          .select(sql<number>`count(*) over (partition by cause)`.as('count'))
          .where('cause', 'in', [...owners.keys()])
          .$if(!seesAll, (query) => query.where(notConfidential)),
      )
      .selectFrom('numbered')
      .selectAll()
      .where('number', '<=', most)
      .orderBy('position')
      .execute();
    for (const { cause, number, count, position, type, stream } of rows) {
      const owner = owners.get(cause) as string;
      const known = effects.get(owner) ?? { count: 0, first: [] };
      effects.set(owner, known);
      if (number === 1) known.count += count;
      if (known.first.length < most) known.first.push({ position, event: type, stream });
    }
    return effects;
  }
}

/** Under which causes the effects of an event are found: its own id and, for the first of a command, the command's. */
function causesOf({ id, metadata: { commandId } }: Caused): readonly string[] {
  return id === eventId(commandId, 0) ? [id, commandId] : [id];
}

export function linkOf({ position, type, stream }: RecordedEvent): Link {
  return { position, event: type, stream };
}
