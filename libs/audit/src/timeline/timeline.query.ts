import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Dossiers, creditCodesOf } from '@app/enterprises';
import type { RecordedEvent } from '@app/event-store';
import { cursorKey, type Page, pageOf } from '@app/http';
import { addDays, type BusinessDate, type CreditCode, notFound, startOf } from '@app/kernel';
import { ReadModels } from '@app/projections';
import { type RecordedStep, stepOf } from './entry.js';
import { type Link, linkOf, Links, notConfidential } from './links.js';
import type { Reference } from './references.js';
import { isConfidential } from './shown.js';
import type { TimelineTables } from './timeline.projection.js';

/** One event of a timeline. */
export interface TimelineEntry extends Omit<RecordedStep, 'data'> {
  /** Left out where it is long: `GET /v1/audit/events/<position>` has it whole. */
  readonly data?: unknown;
  readonly dataOmitted?: true;
  /** The event that brought it about; null where a person did. */
  readonly causedBy: Link | null;
  /** The first events it brought about itself, and how many there are. */
  readonly caused: readonly Link[];
  readonly causedCount: number;
}

/** Days are business days in Asia/Shanghai, the last one included. */
export interface TimelineFilter {
  readonly recordedFrom?: string;
  readonly recordedUntil?: string;
  readonly effectiveFrom?: string;
  readonly effectiveUntil?: string;
  readonly event?: string;
  readonly actor?: string;
  readonly order: 'ascending' | 'descending';
}

/** Everything that happened to, or was done by, somebody or something. */
export class GetTimeline extends Query<Page<TimelineEntry>> {
  constructor(
    readonly about: Reference,
    readonly filter: TimelineFilter,
    /** Whether whoever asks sees the history of the black-list and the findings of auditors. */
    readonly seesAll: boolean,
    readonly limit: number,
    readonly cursor?: string,
  ) {
    super();
  }
}

const MOST_EFFECTS = 20;
/** A batch of a thousand lines, or a whole policy, would hide everything around it. */
const LONGEST_DATA = 16_000;

@QueryHandler(GetTimeline)
export class GetTimelineHandler implements IQueryHandler<GetTimeline> {
  constructor(
    private readonly readModels: ReadModels,
    private readonly dossiers: Dossiers,
    private readonly links: Links,
  ) {}

  async execute(asked: GetTimeline): Promise<Page<TimelineEntry>> {
    const { items, next } = pageOf(await this.positions(asked), asked.limit, (position) => [position]);
    if (items.length === 0) await this.checkKnown(asked);
    return { items: await this.entries(items, asked.seesAll), ...(next !== undefined && { next }) };
  }

  /** What may not be seen is answered like what does not exist. @throws Problem `timeline-unknown`. */
  private async checkKnown({ about, seesAll }: GetTimeline): Promise<void> {
    const all = new GetTimeline(about, { order: 'ascending' }, seesAll, 1);
    if ((await this.positions(all)).length === 0)
      throw notFound('timeline-unknown', `nothing in the ledger is about ${about.kind} ${about.id}`);
  }

  private async positions({ about, filter, seesAll, limit, cursor }: GetTimeline): Promise<readonly number[]> {
    const isAscending = filter.order === 'ascending';
    let query = this.readModels
      .from<TimelineTables>()
      .selectFrom('timeline_reference')
      .innerJoin('timeline_event', 'timeline_event.position', 'timeline_reference.position')
      .select('timeline_reference.position')
      .where('kind', '=', about.kind)
      .orderBy('timeline_reference.position', isAscending ? 'asc' : 'desc')
      .limit(limit + 1);
    const ids = await this.idsOf(about);
    // One id is read in order; an event may be about several.
    query = ids.length === 1 ? query.where('id', '=', ids[0] as string) : query.where('id', 'in', ids).distinct();
    const after = cursorKey(cursor, ['number'])?.[0] as number | undefined;
    if (after !== undefined) query = query.where('timeline_reference.position', isAscending ? '>' : '<', after);
    const { recordedFrom, recordedUntil, effectiveFrom, effectiveUntil, event, actor } = filter;
    if (recordedFrom !== undefined) query = query.where('recorded_at', '>=', startOf(recordedFrom as BusinessDate).toISOString());
    if (recordedUntil !== undefined)
      query = query.where('recorded_at', '<', startOf(addDays(recordedUntil as BusinessDate, 1)).toISOString());
    if (effectiveFrom !== undefined) query = query.where('effective_on', '>=', effectiveFrom);
    if (effectiveUntil !== undefined) query = query.where('effective_on', '<=', effectiveUntil);
    if (event !== undefined) query = query.where('type', '=', event);
    if (actor !== undefined) query = query.where('actor', '=', actor);
    if (!seesAll) query = query.where(notConfidential);
    return (await query.execute()).map(({ position }) => position);
  }

  /** An enterprise goes on with the awards of those it has absorbed, which keep the codes they were made under. */
  private async idsOf({ kind, id }: Reference): Promise<readonly string[]> {
    const dossier = kind === 'enterprise' ? await this.dossiers.load(id as CreditCode) : undefined;
    return dossier === undefined ? [id] : creditCodesOf(dossier);
  }

  private async entries(positions: readonly number[], seesAll: boolean): Promise<readonly TimelineEntry[]> {
    const events = await this.links.events(positions);
    const effects = await this.links.effectsOf(events, MOST_EFFECTS, seesAll);
    const causes = new Map<string, Link | null>();
    const causeOf = async (event: RecordedEvent): Promise<Link | null> => {
      const { causationId, commandId } = event.metadata;
      if (causationId === commandId) return null;
      const known = causes.get(causationId);
      if (known !== undefined) return known;
      const cause = await this.links.causeOf(event);
      const link = cause === undefined || (!seesAll && isConfidential(cause)) ? null : linkOf(cause);
      causes.set(causationId, link);
      return link;
    };
    const entries: TimelineEntry[] = [];
    for (const event of events) {
      const { data, ...step } = stepOf(event, seesAll);
      const { count = 0, first = [] } = effects.get(event.id) ?? {};
      const content = JSON.stringify(data).length > LONGEST_DATA ? { dataOmitted: true as const } : { data };
      entries.push({ ...step, ...content, causedBy: await causeOf(event), caused: first, causedCount: count });
    }
    return entries;
  }
}
