import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { RecordedEvent } from '@app/event-store';
import { notFound, Problem } from '@app/kernel';
import { type RecordedStep, stepOf } from './entry.js';
import { Links } from './links.js';
import { isConfidential } from './shown.js';

/** One event near another, without its data. */
export type NearbyStep = Omit<RecordedStep, 'data' | 'id' | 'correlationId'>;

/** Something an event led to: `depth` 1 it brought about itself, 2 by way of `causedBy`, and so on. */
export interface Consequence extends NearbyStep {
  readonly depth: number;
  readonly causedBy: number;
}

/** An event whole, with what led to it and what it led to. */
export interface EventView extends RecordedStep {
  /** The nearest first; the last is what a person did. */
  readonly causes: readonly NearbyStep[];
  /** The nearest first. */
  readonly consequences: readonly Consequence[];
  /**
   * There are more consequences than are shown; or nobody can tell, because the timeline has stopped or is being built. Who
   * mends what an event has stopped must be able to read that event.
   */
  readonly isCut: boolean;
}

export class GetEvent extends Query<EventView> {
  constructor(
    readonly position: number,
    readonly seesAll: boolean,
  ) {
    super();
  }
}

const MOST_CAUSES = 100;
const MOST_CONSEQUENCES = 500;

@QueryHandler(GetEvent)
export class GetEventHandler implements IQueryHandler<GetEvent> {
  constructor(private readonly links: Links) {}

  async execute({ position, seesAll }: GetEvent): Promise<EventView> {
    const [event] = await this.links.events([position]);
    if (event === undefined || !isShown(event, seesAll)) throw notFound('event-unknown', `there is no event at position ${position}`);
    const { consequences, isCut } = await this.consequencesOf(event, seesAll);
    return { ...stepOf(event, seesAll), causes: await this.causesOf(event, seesAll), consequences, isCut };
  }

  /** Ends at what may not be seen: what lies behind it would tell of it. */
  private async causesOf(event: RecordedEvent, seesAll: boolean): Promise<readonly NearbyStep[]> {
    const causes: NearbyStep[] = [];
    for (let last = event; causes.length < MOST_CAUSES;) {
      const cause = await this.links.causeOf(last);
      if (cause === undefined || !isShown(cause, seesAll)) break;
      causes.push(nearby(cause));
      last = cause;
    }
    return causes;
  }

  private async consequencesOf(event: RecordedEvent, seesAll: boolean) {
    const consequences: Consequence[] = [];
    let isCut = false;
    let level: readonly RecordedEvent[] = [event];
    for (let depth = 1; level.length > 0; depth += 1) {
      const room = MOST_CONSEQUENCES - consequences.length;
      // One more than there is room for tells that there are more.
      const effects = await this.links.effectsOf(level, room + 1, seesAll).catch(unlessUnavailable);
      if (effects === undefined) return { consequences, isCut: true };
      const found = level.flatMap(({ id, position }) => (effects.get(id)?.first ?? []).map((link) => ({ ...link, causedBy: position })));
      isCut ||= found.length > room;
      const next = await this.links.events(found.slice(0, room).map(({ position }) => position));
      next.forEach((each, index) => consequences.push({ ...nearby(each), depth, causedBy: found[index]?.causedBy ?? event.position }));
      level = next;
    }
    return { consequences, isCut };
  }
}

function unlessUnavailable(error: unknown): undefined {
  if (!(error instanceof Problem) || error.kind !== 'unavailable') throw error;
  return undefined;
}

function isShown(event: RecordedEvent, seesAll: boolean): boolean {
  return seesAll || !isConfidential(event);
}

function nearby(event: RecordedEvent): NearbyStep {
  const { data: _data, id: _id, correlationId: _correlation, ...step } = stepOf(event, true);
  return step;
}
