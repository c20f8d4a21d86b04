import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { cursorKey, type Page, pageOf } from '@app/http';
import { ReadModels } from '@app/projections';
import type { DossierTables } from './dossier.tables.js';
import { nameOnDay } from './name-on-day.js';
import { titleView, type TitleView } from './find-dossier.query.js';

export interface TitleSearch {
  readonly title: string;
  readonly year?: number;
  /** The business day: who held it or had held it by then; the present when left out. */
  readonly on?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Who holds a title, by year and credit code, a page at a time; those it was withdrawn from are shown as such. */
export class ListTitleHolders extends Query<Page<TitleHolder>> {
  constructor(readonly search: TitleSearch) {
    super();
  }
}

export interface TitleHolder extends Omit<TitleView, 'evidence' | 'withdrawn'> {
  readonly creditCode: string;
  readonly enterprise: string;
  readonly withdrawnOn?: string;
  readonly withdrawalReason?: string;
}

@QueryHandler(ListTitleHolders)
export class ListTitleHoldersHandler implements IQueryHandler<ListTitleHolders> {
  constructor(private readonly readModels: ReadModels) {}

  async execute({ search: { title, year, on, limit, cursor } }: ListTitleHolders): Promise<Page<TitleHolder>> {
    const after = cursorKey(cursor, ['number', 'string']) as readonly [number, string] | undefined;
    let query = this.readModels
      .from<DossierTables>()
      .selectFrom('enterprise_title')
      .innerJoin('enterprise', 'enterprise.credit_code', 'enterprise_title.credit_code')
      .selectAll('enterprise_title')
      .select(nameOnDay(on).as('enterprise'))
      .where('enterprise_title.title', '=', title)
      .orderBy('enterprise_title.year')
      .orderBy('enterprise_title.credit_code')
      .limit(limit + 1);
    if (on !== undefined) query = query.where('enterprise_title.awarded_on', '<=', on);
    if (year !== undefined) query = query.where('enterprise_title.year', '=', year);
    if (after !== undefined) {
      const [lastYear, lastCode] = after;
      query = query.where(({ and, or, eb }) =>
        or([
          eb('enterprise_title.year', '>', lastYear),
          and([eb('enterprise_title.year', '=', lastYear), eb('enterprise_title.credit_code', '>', lastCode)]),
        ]),
      );
    }
    const page = pageOf(await query.execute(), limit, (row) => [row.year, row.credit_code]);
    return {
      ...page,
      items: page.items.map((row) => {
        const { withdrawn, ...held } = titleView(row, on ?? '9999-12-31');
        const ended = withdrawn && { withdrawnOn: withdrawn.on, withdrawalReason: withdrawn.reason };
        return { creditCode: row.credit_code, enterprise: row.enterprise, ...held, ...ended };
      }),
    };
  }
}
