import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { cursorKey, type Page, pageOf } from '@app/http';
import { ReadModels } from '@app/projections';
import type { DossierTables, EnterpriseRow } from './dossier.tables.js';

export interface EnterpriseSearch {
  /** The beginning of a credit code, of the present name or of a former one. */
  readonly q?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Enterprises by credit code, a page at a time. */
export class ListEnterprises extends Query<Page<EnterpriseSummary>> {
  constructor(readonly search: EnterpriseSearch) {
    super();
  }
}

export interface EnterpriseSummary {
  readonly creditCode: string;
  readonly name: string;
  readonly region?: string;
  readonly creditCodeFlagged: boolean;
  readonly status: string;
  readonly survivor?: string;
  readonly facts: number;
  readonly disputedFacts: number;
}

/** Sorts after every character, so that `>= q` and `< q + LAST` is "begins with q" on an index. */
const LAST = '\u{10FFFF}';

@QueryHandler(ListEnterprises)
export class ListEnterprisesHandler implements IQueryHandler<ListEnterprises> {
  constructor(private readonly readModels: ReadModels) {}

  async execute({ search: { q, limit, cursor } }: ListEnterprises): Promise<Page<EnterpriseSummary>> {
    const rows = this.readModels.from<DossierTables>();
    const after = cursorKey(cursor, ['string'])?.[0] as string | undefined;
    let query = rows
      .selectFrom('enterprise')
      .selectAll()
      .orderBy('credit_code')
      .limit(limit + 1);
    if (after !== undefined) query = query.where('credit_code', '>', after);
    const beginning = q?.trim() ?? '';
    if (beginning !== '') {
      const code = beginning.toUpperCase();
      const named = rows
        .selectFrom('enterprise_name')
        .select('credit_code')
        .where('name', '>=', beginning)
        .where('name', '<', beginning + LAST);
      query = query.where(({ and, or, eb }) =>
        or([and([eb('credit_code', '>=', code), eb('credit_code', '<', code + LAST)]), eb('credit_code', 'in', named)]),
      );
    }
    const page = pageOf(await query.execute(), limit, (row) => [row.credit_code]);
    return { ...page, items: page.items.map(summary) };
  }
}

function summary(row: EnterpriseRow): EnterpriseSummary {
  return {
    creditCode: row.credit_code,
    name: row.name,
    ...(row.region !== null && { region: row.region }),
    creditCodeFlagged: row.credit_code_flagged === 1,
    status: row.status,
    ...(row.survivor !== null && { survivor: row.survivor }),
    facts: row.facts,
    disputedFacts: row.disputed_facts,
  };
}
