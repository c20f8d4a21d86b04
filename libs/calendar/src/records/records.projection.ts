import { lineOfStream, yearsOf } from '@app/budgets';
import { asDomainEvent, type RecordedEvent } from '@app/event-store';
import { type Projection, type Rows, table } from '@app/projections';
import { type DutyEvent, dutyOfStream } from '../duty.js';

/** A time a duty was said to be done. */
export interface DutyCompletionRow {
  readonly pack: string;
  readonly clause: string;
  readonly period: string;
  /** Revision of the event that says so. */
  readonly revision: number;
  readonly done_on: string;
  readonly note: string | null;
  readonly done_by: string;
  /** JSON. */
  readonly evidence: string;
  readonly reopened_on: string | null;
  readonly reopened_by: string | null;
  readonly reopened_reason: string | null;
}
/** When a version of a policy was published here. */
export interface CalendarPublicationRow {
  readonly pack: string;
  readonly version: number;
  readonly published_on: string;
}
/** The first appropriation on a budget line. */
export interface CalendarAppropriationRow {
  readonly stream: string;
  readonly pack: string;
  readonly first_year: number;
  readonly last_year: number;
  readonly appropriated_on: string;
}
export interface CalendarTables {
  readonly duty_completion: DutyCompletionRow;
  readonly calendar_publication: CalendarPublicationRow;
  readonly calendar_appropriation: CalendarAppropriationRow;
}

const completionTable = table<DutyCompletionRow>({
  name: 'duty_completion',
  columns: {
    pack: 'text',
    clause: 'text',
    period: 'text',
    revision: 'integer',
    done_on: 'text',
    note: 'text',
    done_by: 'text',
    evidence: 'text',
    reopened_on: 'text',
    reopened_by: 'text',
    reopened_reason: 'text',
  },
  key: ['pack', 'clause', 'period', 'revision'],
});
const publicationTable = table<CalendarPublicationRow>({
  name: 'calendar_publication',
  columns: { pack: 'text', version: 'integer', published_on: 'text' },
  key: ['pack', 'version'],
});
const appropriationTable = table<CalendarAppropriationRow>({
  name: 'calendar_appropriation',
  columns: { stream: 'text', pack: 'text', first_year: 'integer', last_year: 'integer', appropriated_on: 'text' },
  key: ['stream'],
  indexes: [['pack']],
});

type Publication = { readonly version: number };
type Handled = DutyEvent['type'] | 'policy-published' | 'policy-amended' | 'budget-appropriated';

/** What the calendar itself needs to know: duties marked as done, publications, and first appropriations. */
export class CalendarRecordsProjection implements Projection {
  readonly name = 'calendar';
  readonly version = 1;
  readonly tables = [completionTable, publicationTable, appropriationTable] as never[];
  readonly handles: ReadonlySet<string> = new Set<Handled>([
    'duty-done',
    'duty-reopened',
    'policy-published',
    'policy-amended',
    'budget-appropriated',
  ]);

  apply(recorded: RecordedEvent, rows: Rows): void {
    const { stream, revision, metadata } = recorded;
    switch (recorded.type as Handled) {
      case 'duty-done': {
        const { data, evidence = [] } = asDomainEvent<Extract<DutyEvent, { type: 'duty-done' }>>(recorded);
        return rows.put(completionTable, {
          ...dutyOfStream(stream),
          revision,
          done_on: data.on,
          note: data.note ?? null,
          done_by: metadata.actor.id,
          evidence: JSON.stringify(evidence),
          reopened_on: null,
          reopened_by: null,
          reopened_reason: null,
        });
      }
      case 'duty-reopened': {
        const { pack, clause, period } = dutyOfStream(stream);
        // Doing and reopening take turns, so what is reopened is always the event before.
        const row = rows.get(completionTable, pack, clause, period, revision - 1);
        if (row === undefined) throw new Error(`${stream} was reopened without having been done`);
        const { reason } = asDomainEvent<Extract<DutyEvent, { type: 'duty-reopened' }>>(recorded).data;
        const { effectiveOn, actor } = metadata;
        return rows.put(completionTable, { ...row, reopened_on: effectiveOn, reopened_by: actor.id, reopened_reason: reason });
      }
      case 'policy-published':
      case 'policy-amended': {
        const { version } = recorded.data as Publication;
        return rows.put(publicationTable, { pack: stream.slice('policy-'.length), version, published_on: metadata.effectiveOn });
      }
      case 'budget-appropriated': {
        const known = rows.get(appropriationTable, stream);
        if (known !== undefined && known.appropriated_on <= metadata.effectiveOn) return;
        const { pack, period } = lineOfStream(stream);
        const { first, last } = yearsOf(period);
        return rows.put(appropriationTable, { stream, pack, first_year: first, last_year: last, appropriated_on: metadata.effectiveOn });
      }
    }
  }
}
