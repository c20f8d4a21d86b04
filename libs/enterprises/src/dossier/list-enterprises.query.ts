import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { cursorKey, type Page, pageOf } from '@app/http';
import { ReadModels } from '@app/projections';
import type { DossierTables, EnterpriseRow } from './dossier.tables.js';
import { nameOnDay } from './name-on-day.js';

export interface EnterpriseSearch {
  /** The beginning of a credit code, of the present name or of a former one. */
  readonly q?: string;
  /** The business day: those registered by then, as they were called and stood; the present when left out. */
  readonly on?: string;
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

  async execute({ search: { q, on, limit, cursor } }: ListEnterprises): Promise<Page<EnterpriseSummary>> {
    const rows = this.readModels.from<DossierTables>();
    const after = cursorKey(cursor, ['string'])?.[0] as string | undefined;
    let query = rows
      .selectFrom('enterprise')
      .selectAll()
      .orderBy('credit_code')
      .limit(limit + 1);
    if (after !== undefined) query = query.where('credit_code', '>', after);
    if (on !== undefined) query = query.where('effective_on', '<=', on);
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
    const found = on === undefined ? page.items : await this.asOn(page.items, on);
    return { ...page, items: found.map(summary) };
  }

  /** The same enterprises as of a day: their names, whether they were merged, and the facts that held by then. */
  private async asOn(page: readonly EnterpriseRow[], on: string): Promise<readonly EnterpriseRow[]> {
    if (page.length === 0) return [];
    const codes = page.map(({ credit_code }) => credit_code);
    const rows = this.readModels.from<DossierTables>();
    const names = await rows
      .selectFrom('enterprise')
      .select(['credit_code', nameOnDay(on).as('name')])
      .where('credit_code', 'in', codes)
      .execute();
    const facts = await rows
      .selectFrom('enterprise_fact')
      .select(({ fn, eb }) => [
        'credit_code',
        fn.countAll<number>().as('facts'),
        fn
          .sum<number>(
            eb
              .case()
              .when(eb.and([eb('dispute_reason', 'is not', null), eb('corrected_by_no', 'is', null)]))
              .then(1)
              .else(0)
              .end(),
          )
          .as('disputed_facts'),
      ])
      .where('credit_code', 'in', codes)
      .where('effective_on', '<=', on)
      .groupBy('credit_code')
      .execute();
    const nameOf = new Map(names.map(({ credit_code, name }) => [credit_code, name]));
    const factsOf = new Map(facts.map((row) => [row.credit_code, row]));
    return page.map((row) => {
      const merged = row.merged_on !== null && row.merged_on <= on;
      const held = factsOf.get(row.credit_code);
      return {
        ...row,
        name: nameOf.get(row.credit_code) ?? row.name,
        facts: held?.facts ?? 0,
        disputed_facts: held?.disputed_facts ?? 0,
        ...(!merged && { status: 'registered', survivor: null }),
      };
    });
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
