import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { cursorKey, type Page, pageOf } from '@app/http';
import { ReadModels } from '@app/projections';
import type { Listing } from '../listing.js';
import { listingId, type SubjectKind } from '../subject.js';
import type { ListingClass } from '../terms.js';
import type { BlacklistCaseRow, BlacklistTables } from './cases.projection.js';

export interface ListingsFilter {
  /** The day on which they have effect. */
  readonly on: string;
  readonly kind?: SubjectKind;
  readonly listingClass?: ListingClass;
  /** Leaves out what the rules do not publish. */
  readonly onlyPublished: boolean;
  readonly limit: number;
  readonly cursor?: string;
}

/** A listing as it is shown. */
export interface ListingView extends Omit<Listing, 'subject'> {
  readonly kind: string;
  readonly id: string;
  readonly ground: string;
  readonly published: boolean;
}

/** Who is listed on a day. What was repaired or revoked, or has run out, is not there. */
export class ListListings extends Query<Page<ListingView>> {
  constructor(readonly filter: ListingsFilter) {
    super();
  }
}

@QueryHandler(ListListings)
export class ListListingsHandler implements IQueryHandler<ListListings> {
  constructor(private readonly readModels: ReadModels) {}

  async execute({ filter }: ListListings): Promise<Page<ListingView>> {
    const { on, kind, listingClass, onlyPublished, limit } = filter;
    const after = cursorKey(filter.cursor, ['string', 'string', 'number']) as [string, string, number] | undefined;
    let query = this.readModels
      .from<BlacklistTables>()
      .selectFrom('blacklist_case')
      .selectAll()
      .where('effect_from', '<=', on)
      .where('effect_until', '>', on)
      .where(({ or, eb }) => or([eb('ended_on', 'is', null), eb('ended_on', '>', on)]));
    if (kind !== undefined) query = query.where('kind', '=', kind);
    if (listingClass !== undefined) query = query.where('listing_class', '=', listingClass);
    if (onlyPublished) query = query.where('published', '=', 1);
    if (after !== undefined) query = query.where(({ eb, refTuple, tuple }) => eb(refTuple('kind', 'id', 'case_no'), '>', tuple(...after)));
    const rows = await query
      .orderBy('kind')
      .orderBy('id')
      .orderBy('case_no')
      .limit(limit + 1)
      .execute();
    const page = pageOf(rows, limit, ({ kind: last, id, case_no }) => [last, id, case_no]);
    return { ...page, items: page.items.map(listingView) };
  }
}

function listingView(row: BlacklistCaseRow): ListingView {
  const { kind, id, case_no, ground, listing_class, effect_from, effect_until, reason, published } = row;
  return {
    listing: listingId({ kind: kind as SubjectKind, id }, case_no),
    kind,
    id,
    listingClass: listing_class as ListingClass,
    ground,
    from: effect_from ?? '',
    until: effect_until ?? '',
    reason: reason ?? '',
    published: published === 1,
  };
}
