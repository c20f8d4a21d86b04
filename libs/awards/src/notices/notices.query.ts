import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Money } from '@app/kernel';
import { cursorKey, type Page, pageOf } from '@app/http';
import { ReadModels, trueOn } from '@app/projections';
import type { AwardStatus } from '../award.js';
import { awards, type AwardTables } from '../list/awards.projection.js';

/** One award on public notice. */
export interface NoticedAward {
  readonly award: string;
  readonly pack: string;
  readonly clause: string;
  readonly payee: string;
  readonly payeeName: string;
  /** What was put on the notice, in yuan. */
  readonly amount: string | null;
  /** First and last day. */
  readonly startsOn: string;
  readonly endsOn: string;
  readonly place: string | null;
  readonly status: string;
}

export interface NoticeFilter {
  readonly pack?: string;
  readonly clause?: string;
  /** On view on this day, as awards stood then. */
  readonly on?: string;
  /** First day of the notice. */
  readonly from?: string;
}

export class ListPublicNotices extends Query<Page<NoticedAward>> {
  constructor(
    readonly filter: NoticeFilter,
    readonly limit: number,
    readonly cursor?: string,
  ) {
    super();
  }
}

/** Awards that left the procedure are on notice no more. */
const GONE: readonly AwardStatus[] = ['rejected', 'withdrawn'];

/** The notices that stand: of an award that was sent back and put on notice again, the later one. By award. */
@QueryHandler(ListPublicNotices)
export class ListPublicNoticesHandler implements IQueryHandler<ListPublicNotices> {
  constructor(private readonly readModels: ReadModels) {}

  async execute({ filter, limit, cursor }: ListPublicNotices): Promise<Page<NoticedAward>> {
    const { pack, clause, on, from } = filter;
    const tables = this.readModels.from<AwardTables>();
    let query = (on === undefined ? tables.selectFrom('award') : tables.selectFrom(trueOn(awards, on).as('award')))
      .select(['award', 'pack', 'clause', 'payee', 'payee_name', 'notice_fen', 'notice_from', 'notice_until', 'notice_place', 'status'])
      .where('notice_from', 'is not', null)
      .where('status', 'not in', GONE)
      .orderBy('award')
      .limit(limit + 1);
    if (pack !== undefined) query = query.where('pack', '=', pack);
    if (clause !== undefined) query = query.where('clause', '=', clause);
    if (from !== undefined) query = query.where('notice_from', '=', from);
    if (on !== undefined) query = query.where('notice_from', '<=', on).where('notice_until', '>=', on);
    const after = cursorKey(cursor, ['string']);
    if (after !== undefined) query = query.where('award', '>', after[0] as string);
    const noticed = (await query.execute()).map((row): NoticedAward => ({
      award: row.award,
      pack: row.pack,
      clause: row.clause,
      payee: row.payee,
      payeeName: row.payee_name,
      amount: row.notice_fen === null ? null : Money.formatFen(row.notice_fen),
      startsOn: row.notice_from as string,
      endsOn: row.notice_until as string,
      place: row.notice_place,
      status: row.status,
    }));
    return pageOf(noticed, limit, ({ award }) => [award]);
  }
}
