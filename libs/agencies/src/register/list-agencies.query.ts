import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { cursorKey, type Page, pageOf } from '@app/http';
import { ReadModels, trueOn } from '@app/projections';
import { agencies, type AgencyRow, type AgencyTables } from './agencies.projection.js';

export const AGENCY_STATUSES = ['registered', 'lapsed', 'struck-off'] as const;
/** 已备案, 备案到期, 已注销. */
export type AgencyStatus = (typeof AGENCY_STATUSES)[number];

export interface AgencySearch {
  readonly today: string;
  /** The business day as of which they are shown; today when left out. */
  readonly on?: string;
  /** The beginning of a credit code or of the present name. */
  readonly q?: string;
  readonly status?: AgencyStatus;
  readonly limit: number;
  readonly cursor?: string;
}

export interface AgencySummary {
  readonly creditCode: string;
  readonly creditCodeFlagged: boolean;
  readonly name: string;
  readonly services: readonly string[];
  readonly contactUnit: string;
  readonly status: AgencyStatus;
  readonly from: string;
  /** The last day of the registration. */
  readonly validUntil?: string;
  readonly struckOffOn?: string;
  readonly inspections: number;
  readonly lastFinding?: string;
  /** Fraud was found: a blacklist case may be opened. */
  readonly blacklistSuggested: boolean;
}

/** Service agencies by credit code, a page at a time. */
export class ListAgencies extends Query<Page<AgencySummary>> {
  constructor(readonly search: AgencySearch) {
    super();
  }
}

/** Sorts after every character, so that `>= q` and `< q + LAST` is "begins with q" on an index. */
const LAST = '\u{10FFFF}';

@QueryHandler(ListAgencies)
export class ListAgenciesHandler implements IQueryHandler<ListAgencies> {
  constructor(private readonly readModels: ReadModels) {}

  async execute({ search: { today: present, on, q, status, limit, cursor } }: ListAgencies): Promise<Page<AgencySummary>> {
    const today = on ?? present;
    const after = cursorKey(cursor, ['string'])?.[0] as string | undefined;
    const tables = this.readModels.from<AgencyTables>();
    let query = (on === undefined ? tables.selectFrom('agency') : tables.selectFrom(trueOn(agencies, on).as('agency')))
      .selectAll()
      .orderBy('credit_code')
      .limit(limit + 1);
    if (after !== undefined) query = query.where('credit_code', '>', after);
    const beginning = q?.trim() ?? '';
    if (beginning !== '') {
      const code = beginning.toUpperCase();
      query = query.where(({ and, or, eb }) =>
        or([
          and([eb('credit_code', '>=', code), eb('credit_code', '<', code + LAST)]),
          and([eb('name', '>=', beginning), eb('name', '<', beginning + LAST)]),
        ]),
      );
    }
    if (status === 'struck-off') query = query.where('struck_off_on', 'is not', null);
    else if (status !== undefined) {
      query = query.where('struck_off_on', 'is', null);
      query =
        status === 'lapsed'
          ? query.where('valid_until', '<', today)
          : query.where(({ or, eb }) => or([eb('valid_until', 'is', null), eb('valid_until', '>=', today)]));
    }
    const page = pageOf(await query.execute(), limit, (row) => [row.credit_code]);
    return { ...page, items: page.items.map((row) => summary(row, today)) };
  }
}

/** How a registration that has begun stands today. */
export function statusOf(validUntil: string | undefined, struckOffOn: string | undefined, today: string): AgencyStatus {
  if (struckOffOn !== undefined) return 'struck-off';
  return validUntil !== undefined && validUntil < today ? 'lapsed' : 'registered';
}

function summary(row: AgencyRow, today: string): AgencySummary {
  const { valid_until: validUntil, struck_off_on: struckOffOn, finding } = row;
  return {
    creditCode: row.credit_code,
    creditCodeFlagged: row.credit_code_flagged === 1,
    name: row.name,
    services: JSON.parse(row.services) as string[],
    contactUnit: row.contact_unit,
    status: statusOf(validUntil ?? undefined, struckOffOn ?? undefined, today),
    from: row.registered_from,
    ...(validUntil !== null && { validUntil }),
    ...(struckOffOn !== null && { struckOffOn }),
    inspections: row.inspections,
    ...(finding !== null && { lastFinding: finding }),
    blacklistSuggested: row.fraud_on !== null,
  };
}
