import { asDomainEvent, type RecordedEvent } from '@app/event-store';
import { unreachable } from '@app/kernel';
import { changeFrom, datedTable, type Projection, type Rows, type Since, type Table, table } from '@app/projections';
import { type AgencyEvent, creditCodeOfStream, dayOfAgencyEvent } from '../agency.js';
import { agencyEvents } from '../agency.codec.js';

/** One row an agency, with its last registration: held while registered_from <= day <= valid_until and day < struck_off_on. */
export interface AgencyRow extends Since {
  readonly credit_code: string;
  readonly credit_code_flagged: number;
  readonly name: string;
  /** JSON */
  readonly services: string;
  readonly contact_unit: string;
  readonly registration: number;
  readonly registered_from: string;
  readonly valid_until: string | null;
  readonly struck_off_on: string | null;
  readonly inspections: number;
  /** The finding of the latest inspection, by its own day. */
  readonly finding: string | null;
  readonly inspected_on: string | null;
  /** The latest day on which fraud was found. */
  readonly fraud_on: string | null;
  readonly revision: number;
  readonly position: number;
}

/** The tables, by name, as queries read them. */
export interface AgencyTables {
  readonly agency: AgencyRow;
}

export const agencyTable = table<AgencyRow>({
  name: 'agency',
  columns: {
    credit_code: 'text',
    credit_code_flagged: 'integer',
    name: 'text',
    services: 'text',
    contact_unit: 'text',
    registration: 'integer',
    registered_from: 'text',
    valid_until: 'text',
    struck_off_on: 'text',
    inspections: 'integer',
    finding: 'text',
    inspected_on: 'text',
    fraud_on: 'text',
    revision: 'integer',
    position: 'integer',
    from_day: 'text',
  },
  key: ['credit_code'],
  indexes: [['name']],
});

/** Agencies by business day. */
export const agencies = datedTable(agencyTable);

/** The register of service agencies. */
export class AgenciesProjection implements Projection {
  readonly name = 'agencies';
  readonly version = 2;
  readonly tables = [agencies.now, agencies.past] as unknown as readonly Table<never>[];
  readonly handles: ReadonlySet<string> = new Set(Object.keys(agencyEvents));

  apply(recorded: RecordedEvent, rows: Rows): void {
    const event = asDomainEvent<AgencyEvent>(recorded);
    const code = creditCodeOfStream(recorded.stream);
    const { revision, position, metadata } = recorded;
    const day = dayOfAgencyEvent(event, metadata.effectiveOn);
    if (event.type === 'agency-registered') {
      const { name, services, contactUnit, registration, from, validUntil = null, creditCodeFlagged } = event.data;
      return changeFrom(rows, agencies, [code], day, (row) => ({
        credit_code: code,
        credit_code_flagged: creditCodeFlagged ? 1 : 0,
        name,
        services: JSON.stringify(services),
        contact_unit: contactUnit,
        registration,
        registered_from: from,
        valid_until: validUntil,
        struck_off_on: null,
        inspections: row?.inspections ?? 0,
        finding: row?.finding ?? null,
        inspected_on: row?.inspected_on ?? null,
        fraud_on: row?.fraud_on ?? null,
        revision,
        position,
      }));
    }
    if (rows.get(agencyTable, code) === undefined) throw new Error(`${event.type} for ${code}, which was never registered`);
    changeFrom(rows, agencies, [code], day, (row) => row && { ...row, ...changesOf(event, row), revision, position });
  }
}

function changesOf(event: Exclude<AgencyEvent, { type: 'agency-registered' }>, known: AgencyRow): Partial<AgencyRow> {
  switch (event.type) {
    case 'agency-renewed':
      return { valid_until: event.data.validUntil ?? null };
    case 'agency-renamed':
      return { name: event.data.name };
    case 'agency-inspected': {
      const { on, finding } = event.data;
      const isLatest = known.inspected_on === null || on >= known.inspected_on;
      const isLatestFraud = finding === 'fraud' && (known.fraud_on === null || on > known.fraud_on);
      return { inspections: known.inspections + 1, ...(isLatest && { finding, inspected_on: on }), ...(isLatestFraud && { fraud_on: on }) };
    }
    case 'agency-struck-off':
      return { struck_off_on: event.data.on };
    default:
      return unreachable(event);
  }
}
