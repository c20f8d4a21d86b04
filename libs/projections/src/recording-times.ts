import type { EventStore, RecordedEvent } from '@app/event-store';
import type { Projection, Rows } from './projection.js';
import type { ReadModels } from './read-models.js';
import { table } from './table.js';

/** The first event of a second, as the ledger counts seconds: its clock never goes backwards here. */
interface RecordingTimeRow {
  /** `YYYY-MM-DDTHH:MM:SS` in UTC: the latest second any event up to here was recorded in. */
  readonly second: string;
  readonly position: number;
}

interface LatestRow {
  readonly one: number;
  /** The latest instant any event so far was recorded at. */
  readonly recorded_at: string;
}

const recordingTimeTable = table<RecordingTimeRow>({
  name: 'recording_time',
  columns: { second: 'text', position: 'integer' },
  key: ['second'],
});
const latestTable = table<LatestRow>({
  name: 'recording_latest',
  columns: { one: 'integer', recorded_at: 'text' },
  key: ['one'],
  isPrivate: true,
});

/**
 * Which part of the ledger was known at which time. Where a writer's clock was set back, what it recorded counts as
 * recorded at the latest time before: an answer for an earlier time never holds what was recorded later.
 */
export class RecordingTimesProjection implements Projection {
  readonly name = 'recording-times';
  readonly version = 1;
  readonly tables = [recordingTimeTable, latestTable] as never[];
  readonly handles = 'all' as const;

  apply({ recordedAt, position }: RecordedEvent, rows: Rows): void {
    const latest = rows.get(latestTable, 1)?.recorded_at;
    if (latest !== undefined && recordedAt <= latest) return;
    rows.put(latestTable, { one: 1, recorded_at: recordedAt });
    if (latest?.slice(0, 19) !== recordedAt.slice(0, 19)) rows.put(recordingTimeTable, { second: recordedAt.slice(0, 19), position });
  }
}

/** The position of the last event that was recorded at or before an instant; 0 where there was none. */
export async function positionAt(instant: Date, store: EventStore, readModels: ReadModels): Promise<number> {
  const at = instant.toISOString();
  const first = await readModels
    .from<{ recording_time: RecordingTimeRow }>()
    .selectFrom('recording_time')
    .select('position')
    .where('second', '<=', at.slice(0, 19))
    .orderBy('second', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (first === undefined) return 0;
  let last = first.position - 1;
  let latest = '';
  for await (const page of store.readAll({ after: last })) {
    for (const { recordedAt, position } of page) {
      if (recordedAt > latest) latest = recordedAt;
      if (latest > at) return last;
      last = position;
    }
  }
  return last;
}
