import { asDomainEvent, type RecordedEvent } from '@app/event-store';
import { unreachable } from '@app/kernel';
import { type Projection, type Rows, table } from '@app/projections';
import { clauseOfStream, endOfPeriod, type TargetEvent, type TargetRecord } from '../target.js';
import { targetEvents } from '../target.codec.js';

/** One reported, planned or base figure; kept when it is put right. */
export interface TargetEntryRow {
  readonly stream: string;
  readonly kind: 'actual' | 'plan' | 'baseline';
  readonly no: number;
  readonly pack: string;
  readonly clause: string;
  readonly unit: string;
  /** None for the base of every year. */
  readonly year: number | null;
  readonly period: string | null;
  readonly ends_on: string | null;
  readonly value: string;
  readonly source_unit: string | null;
  readonly as_of: string | null;
  readonly document: string | null;
  readonly corrects_no: number | null;
  readonly corrected_by_no: number | null;
  readonly corrected_on: string | null;
  readonly recorded_by: string;
  readonly recorded_on: string;
  readonly verified_by: string | null;
  readonly verified_on: string | null;
  /** JSON. */
  readonly evidence: string;
  readonly position: number;
}

export interface TargetTables {
  readonly target_entry: TargetEntryRow;
}

const entryTable = table<TargetEntryRow>({
  name: 'target_entry',
  columns: {
    stream: 'text',
    kind: 'text',
    no: 'integer',
    pack: 'text',
    clause: 'text',
    unit: 'text',
    year: 'integer',
    period: 'text',
    ends_on: 'text',
    value: 'text',
    source_unit: 'text',
    as_of: 'text',
    document: 'text',
    corrects_no: 'integer',
    corrected_by_no: 'integer',
    corrected_on: 'text',
    recorded_by: 'text',
    recorded_on: 'text',
    verified_by: 'text',
    verified_on: 'text',
    evidence: 'text',
    position: 'integer',
  },
  key: ['stream', 'kind', 'no'],
  indexes: [['pack', 'clause', 'stream', 'kind', 'no']],
});

/** Every figure ever entered for a target, with what put it right. */
export class TargetEntriesProjection implements Projection {
  readonly name = 'target-entries';
  readonly version = 1;
  readonly tables = [entryTable] as never[];
  readonly handles: ReadonlySet<string> = new Set(Object.keys(targetEvents));

  apply(recorded: RecordedEvent, rows: Rows): void {
    const event = asDomainEvent<TargetEvent>(recorded);
    switch (event.type) {
      case 'actual-reported': {
        const { year, period, sourceUnit, asOf } = event.data;
        return put(recorded, rows, 'actual', event, { year, period, ends_on: endOfPeriod(period), source_unit: sourceUnit, as_of: asOf });
      }
      case 'actual-verified': {
        const row = entry(rows, recorded.stream, 'actual', event.data.report);
        const { actor, effectiveOn } = recorded.metadata;
        return rows.put(entryTable, { ...row, verified_by: actor.id, verified_on: effectiveOn });
      }
      case 'plan-set':
        return put(recorded, rows, 'plan', event, { year: event.data.year, document: event.data.document });
      case 'baseline-reported': {
        const { year = null, sourceUnit, asOf } = event.data;
        return put(recorded, rows, 'baseline', event, { year, source_unit: sourceUnit, as_of: asOf });
      }
      default:
        return unreachable(event);
    }
  }
}

function put(
  { stream, position, metadata: { actor, effectiveOn } }: RecordedEvent,
  rows: Rows,
  kind: TargetEntryRow['kind'],
  { data, evidence = [] }: Exclude<TargetEvent, { type: 'actual-verified' }>,
  own: Partial<TargetEntryRow>,
): void {
  const { no, unit, value, corrects } = data;
  if (corrects !== undefined)
    rows.put(entryTable, { ...entry(rows, stream, kind, corrects), corrected_by_no: no, corrected_on: effectiveOn });
  rows.put(entryTable, {
    stream,
    kind,
    no,
    ...clauseOfStream(stream),
    unit,
    year: null,
    period: null,
    ends_on: null,
    value,
    source_unit: null,
    as_of: null,
    document: null,
    corrects_no: corrects ?? null,
    corrected_by_no: null,
    corrected_on: null,
    recorded_by: actor.id,
    recorded_on: effectiveOn,
    verified_by: null,
    verified_on: null,
    evidence: JSON.stringify(evidence),
    position,
    ...own,
  });
}

function entry(rows: Rows, stream: string, kind: TargetEntryRow['kind'], no: number): TargetEntryRow {
  const row = rows.get(entryTable, stream, kind, no);
  if (row === undefined) throw new Error(`${stream} has no ${kind} ${no}`);
  return row;
}

/** The rows of one stream as the evaluation reads them. */
export function recordOfRows(rows: readonly TargetEntryRow[]): TargetRecord {
  const of = (kind: TargetEntryRow['kind']) => rows.filter((row) => row.kind === kind);
  return {
    reports: of('actual').map((row) => ({
      ...figure(row),
      year: row.year as number,
      period: row.period as string,
      sourceUnit: row.source_unit as string,
      asOf: row.as_of as string,
      ...(row.verified_by !== null && { verified: { by: row.verified_by, on: row.verified_on as string } }),
    })),
    plans: of('plan').map((row) => ({ ...figure(row), year: row.year as number, document: row.document as string })),
    baselines: of('baseline').map((row) => ({
      ...figure(row),
      ...(row.year !== null && { year: row.year }),
      sourceUnit: row.source_unit as string,
      asOf: row.as_of as string,
    })),
  };
}

function figure(row: TargetEntryRow) {
  const { no, unit, value, recorded_by, recorded_on, corrects_no, corrected_by_no, corrected_on } = row;
  return {
    no,
    unit,
    value,
    by: recorded_by,
    on: recorded_on,
    evidence: JSON.parse(row.evidence) as [],
    ...(corrects_no !== null && { corrects: corrects_no }),
    ...(corrected_by_no !== null && { correctedBy: { no: corrected_by_no, on: corrected_on as string } }),
  };
}
