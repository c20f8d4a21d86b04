import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Blacklist, isLegalPerson } from '@app/blacklist';
import { cursorKey, type Page, pageOf } from '@app/http';
import { Money, notFound } from '@app/kernel';
import { ReadModels } from '@app/projections';
import type { AwardRow, AwardTables } from '../list/awards.projection.js';
import { isInEffect, Standing } from '../standing.js';

/** An award that involves the subject of a listing: offered for review, decided on by people. */
export interface RelatedAward {
  readonly award: string;
  /** As what the listed subject takes part in it; as the payee where it is both payee and agency. */
  readonly relation: 'payee' | 'agency' | 'person';
  readonly clause: string;
  readonly payee: string;
  readonly payeeName: string;
  readonly status: string;
  readonly amount: string | null;
  readonly paid: string;
  /** Granted and not paid: what a hold would stop. */
  readonly unpaid: string;
  /** Whether it is held for this very listing today. */
  readonly held: boolean;
  readonly appliedOn: string;
  readonly grantedOn: string | null;
}

/** 关联奖补: the awards whose payee, agency or responsible person a listing is about. */
export class ListRelatedAwards extends Query<Page<RelatedAward>> {
  constructor(
    readonly listing: string,
    readonly today: string,
    /** Without it the listing must have effect today: what has ended is not everybody's to see. */
    readonly seesHistory: boolean,
    readonly limit: number,
    readonly cursor?: string,
  ) {
    super();
  }
}

@QueryHandler(ListRelatedAwards)
export class ListRelatedAwardsHandler implements IQueryHandler<ListRelatedAwards> {
  constructor(
    private readonly readModels: ReadModels,
    private readonly blacklist: Blacklist,
    private readonly standing: Standing,
  ) {}

  async execute({ listing: id, today, seesHistory, limit, cursor }: ListRelatedAwards): Promise<Page<RelatedAward>> {
    const listing = await this.blacklist.listing(id);
    const inEffect = listing !== undefined && isInEffect(listing, today);
    if (listing === undefined || !(inEffect || seesHistory)) throw notFound('listing-unknown', `there is no listing ${id}`);
    const { subject } = listing;
    const rows = this.readModels.from<AwardTables>();
    let query = rows
      .selectFrom('award')
      .selectAll()
      .select(({ selectFrom, exists }) => [
        selectFrom('instalment')
          .select(({ fn }) => fn.sum<number>('amount_fen').as('unpaid'))
          .whereRef('instalment.award', '=', 'award.award')
          .where('instalment.status', 'in', ['locked', 'unlocked', 'ordered'])
          .as('unpaid_fen'),
        exists(
          selectFrom('award_hold')
            .select('listing')
            .where('listing', '=', listing.listing)
            .whereRef('award_hold.award', '=', 'award.award'),
        ).as('held_for_it'),
      ])
      .orderBy('award')
      .limit(limit + 1);
    const party = isLegalPerson(subject) ? ('agency' as const) : ('person' as const);
    const codes = isLegalPerson(subject) ? await this.standing.codesOf(subject.id) : [];
    const named = rows
      .selectFrom('award_party')
      .select('award')
      .where('kind', '=', party)
      .where('id', '=', subject.id)
      .where('stands', '=', 1);
    query = query.where(({ or, eb }) => or([eb('award', 'in', named), ...(codes.length > 0 ? [eb('payee', 'in', codes)] : [])]));
    const after = cursorKey(cursor, ['string']);
    if (after !== undefined) query = query.where('award', '>', after[0] as string);
    const related = (await query.execute()).map((row) => ({
      ...shown(row),
      relation: codes.includes(row.payee) ? ('payee' as const) : party,
      unpaid: Money.formatFen(row.unpaid_fen ?? 0),
      held: inEffect && Number(row.held_for_it) === 1,
    }));
    return pageOf(related, limit, ({ award }) => [award]);
  }
}

function shown(row: AwardRow): Omit<RelatedAward, 'relation' | 'unpaid' | 'held'> {
  return {
    award: row.award,
    clause: row.clause,
    payee: row.payee,
    payeeName: row.payee_name,
    status: row.status,
    amount: row.amount_fen === null ? null : Money.formatFen(row.amount_fen),
    paid: Money.formatFen(row.paid_fen),
    appliedOn: row.applied_on,
    grantedOn: row.granted_on,
  };
}
