import type { RecordedEvent } from '@app/event-store';
import { type Projection, type Rows, table } from '@app/projections';
import { type ReferenceKind, referencesOf } from './references.js';

/** An event as timelines filter it. What it holds is read from the ledger itself. */
export interface TimelineEventRow {
  readonly position: number;
  readonly stream: string;
  readonly type: string;
  readonly recorded_at: string;
  readonly effective_on: string;
  readonly actor: string;
}

/** Whom or what an event is about. */
export interface TimelineReferenceRow {
  readonly kind: ReferenceKind;
  readonly id: string;
  readonly position: number;
}

/** What brought an event about: the id of another event, or of the command whose first event it follows from. */
export interface TimelineEffectRow {
  readonly cause: string;
  readonly position: number;
}

export interface TimelineTables {
  readonly timeline_event: TimelineEventRow;
  readonly timeline_reference: TimelineReferenceRow;
  readonly timeline_effect: TimelineEffectRow;
}

const eventTable = table<TimelineEventRow>({
  name: 'timeline_event',
  columns: { position: 'integer', stream: 'text', type: 'text', recorded_at: 'text', effective_on: 'text', actor: 'text' },
  key: ['position'],
  writtenOnceAt: 'position',
});
const referenceTable = table<TimelineReferenceRow>({
  name: 'timeline_reference',
  columns: { kind: 'text', id: 'text', position: 'integer' },
  key: ['kind', 'id', 'position'],
  writtenOnceAt: 'position',
});
const effectTable = table<TimelineEffectRow>({
  name: 'timeline_effect',
  columns: { cause: 'text', position: 'integer' },
  key: ['cause', 'position'],
  writtenOnceAt: 'position',
});

/** Every event once, with what it is about and what brought it about. Rows are only ever added. */
export class TimelineProjection implements Projection {
  readonly name = 'timeline';
  readonly version = 1;
  readonly tables = [eventTable, referenceTable, effectTable] as never[];
  readonly handles = 'all' as const;

  apply(event: RecordedEvent, rows: Rows): void {
    const { position, stream, type, recordedAt, metadata } = event;
    const { effectiveOn, actor, commandId, causationId } = metadata;
    rows.put(eventTable, { position, stream, type, recorded_at: recordedAt, effective_on: effectiveOn, actor: actor.id });
    for (const { kind, id } of referencesOf(event)) rows.put(referenceTable, { kind, id, position });
    // A person's command is its own cause.
    if (causationId !== commandId) rows.put(effectTable, { cause: causationId, position });
  }
}
