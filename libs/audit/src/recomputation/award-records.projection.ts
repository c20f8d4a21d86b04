import { asDomainEvent, type RecordedEvent } from '@app/event-store';
import { JsonColumn, type Projection, type Rows, table } from '@app/projections';
import {
  type AssessmentOnRecord,
  assessmentIn,
  type AwardRecord,
  evolveRecord,
  isUnpaid,
  type Placed,
  RECORD_EVENTS,
} from './award-record.js';

/** An award's sums. `record` is the JSON of the `AwardRecord`; the other columns are what is asked for. */
export interface AwardRecordRow {
  readonly award: string;
  readonly pack: string;
  readonly position: number;
  /** Position of the assessment that counts. */
  readonly assessed_at: number | null;
  /** 1 while something granted has not been paid. */
  readonly unpaid: number;
  readonly record: string;
}

/** One assessment, never changed: its facts and what it said, in JSON. */
export interface AwardAssessmentRow {
  readonly award: string;
  readonly position: number;
  readonly version: number;
  readonly pack_hash: string;
  readonly day: string;
  readonly facts: string;
  readonly stated: string;
}

export interface AwardRecordTables {
  readonly award_record: AwardRecordRow;
  readonly award_assessment: AwardAssessmentRow;
}

const recordTable = table<AwardRecordRow>({
  name: 'award_record',
  columns: { award: 'text', pack: 'text', position: 'integer', assessed_at: 'integer', unpaid: 'integer', record: 'text' },
  key: ['award'],
  indexes: [['unpaid', 'award']],
});

const recorded = new JsonColumn<AwardRecordRow, 'record', AwardRecord>('record');

const assessmentTable = table<AwardAssessmentRow>({
  name: 'award_assessment',
  columns: { award: 'text', position: 'integer', version: 'integer', pack_hash: 'text', day: 'text', facts: 'text', stated: 'text' },
  key: ['award', 'position'],
  writtenOnceAt: 'position',
});

/** An event that bears on sums, as the records are folded from it. */
export function placed(event: RecordedEvent): Placed {
  const { stream, position, metadata } = event;
  return { ...asDomainEvent<Placed>(event), award: stream.slice('award-'.length), position, effectiveOn: metadata.effectiveOn };
}

/**
 * The facts of every assessment and what was granted and paid on them, without the traces that make most of an event:
 * read from the events themselves, a recomputation of the whole ledger takes several times as long.
 */
export class AwardRecordsProjection implements Projection {
  readonly name = 'award-records';
  readonly version = 1;
  readonly tables = [recordTable, assessmentTable] as never[];
  readonly handles = new Set<string>(RECORD_EVENTS);

  apply(found: RecordedEvent, rows: Rows): void {
    const event = placed(found);
    const before = rows.get(recordTable, event.award);
    const record = evolveRecord(before && recorded.in(before), event);
    const { award, pack, position: at, assessed } = record;
    const asked = { award, pack, position: at, assessed_at: assessed?.position ?? null, unpaid: isUnpaid(record) ? 1 : 0 };
    rows.put(recordTable, recorded.row(asked, record));
    const assessment = assessmentIn(event);
    if (assessment === undefined) return;
    const { position, version, packHash, on, facts, stated } = assessment;
    rows.put(assessmentTable, {
      award: record.award,
      position,
      version,
      pack_hash: packHash,
      day: on,
      facts: JSON.stringify(facts),
      stated: JSON.stringify(stated),
    });
  }
}

export function recordIn({ record }: Pick<AwardRecordRow, 'record'>): AwardRecord {
  return JSON.parse(record) as AwardRecord;
}

export function assessmentOf(row: Omit<AwardAssessmentRow, 'award'>): AssessmentOnRecord {
  const { position, version, pack_hash: packHash, day: on, facts, stated } = row;
  return {
    position,
    version,
    packHash,
    on,
    facts: JSON.parse(facts) as AssessmentOnRecord['facts'],
    stated: JSON.parse(stated) as AssessmentOnRecord['stated'],
  };
}
