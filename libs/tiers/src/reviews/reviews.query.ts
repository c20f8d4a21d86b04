import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { cursorKey, type Page, pageOf } from '@app/http';
import { notFound } from '@app/kernel';
import { Policies } from '@app/policies';
import { ReadModels, trueOn } from '@app/projections';
import { type OutlookView, outlookView } from '../diagnosis.query.js';
import { type LadderText, titleOf } from '../ladder.js';
import { Ladders } from '../ladders.js';
import type { Outlook } from '../propose.js';
import { proposals, reviews, type TierProposalRow, type TierReviewRow, type TierTables } from '../tables.js';
import { type InputView, inputViews } from '../wording.js';

/** One year's review of a ladder. */
export class FindReview extends Query<ReviewView> {
  constructor(
    readonly ladder: string,
    readonly year: number,
    /** The business day; the present when left out. */
    readonly on?: string,
  ) {
    super();
  }
}

export interface ReviewView {
  readonly ladder: string;
  readonly year: number;
  readonly status: string;
  readonly dueOn: string;
  readonly openedOn: string;
  readonly openedBy: string;
  readonly closedOn?: string;
  readonly closedBy?: string;
  readonly lapseReason?: string;
  readonly isLate: boolean;
  readonly scope?: string;
  readonly region?: string;
  readonly isWalkDone: boolean;
  readonly proposals: number;
  readonly undecided: number;
  readonly failed: number;
  readonly recommended: number;
  /** How many proposals of each kind are how far. */
  readonly kinds: readonly { readonly kind: string; readonly status: string; readonly count: number }[];
  readonly revision: number;
}

@QueryHandler(FindReview)
export class FindReviewHandler implements IQueryHandler<FindReview> {
  constructor(private readonly readModels: ReadModels) {}

  async execute({ ladder, year, on }: FindReview): Promise<ReviewView> {
    const row = await reviewRow(this.readModels, ladder, year, on);
    const kinds = await proposalsOn(this.readModels, on)
      .select(['kind', 'status', ({ fn }) => fn.countAll<number>().as('count')])
      .where('ladder', '=', ladder)
      .where('year', '=', year)
      .groupBy(['kind', 'status'])
      .orderBy('kind')
      .orderBy('status')
      .execute();
    return {
      ladder,
      year,
      status: row.status,
      dueOn: row.due_on,
      openedOn: row.opened_on,
      openedBy: row.opened_by,
      ...(row.closed_on !== null && { closedOn: row.closed_on }),
      ...(row.closed_by !== null && { closedBy: row.closed_by }),
      ...(row.lapse_reason !== null && { lapseReason: row.lapse_reason }),
      isLate: row.is_late === 1,
      ...(row.scope !== null && { scope: row.scope }),
      ...(row.region !== null && { region: row.region }),
      isWalkDone: row.is_walk_done === 1,
      proposals: row.proposals,
      undecided: row.undecided,
      failed: row.failed,
      recommended: row.recommended,
      kinds,
      revision: row.revision,
    };
  }
}

export interface ProposalsFilter {
  readonly status?: string;
  readonly kind?: string;
  /** The business day; the present when left out. */
  readonly on?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** What a review proposes, enterprise by enterprise. */
export class ListProposals extends Query<Page<ProposalView>> {
  constructor(
    readonly ladder: string,
    readonly year: number,
    readonly filter: ProposalsFilter,
  ) {
    super();
  }
}

export interface ProposalView {
  readonly creditCode: string;
  readonly name: string;
  readonly kind: string;
  readonly from: string | null;
  readonly fromTitle?: string;
  readonly to: string | null;
  readonly toTitle?: string;
  readonly status: string;
  readonly reason: string;
  readonly missing: readonly InputView[];
  readonly facts: unknown;
  readonly outlook: OutlookView;
  readonly proposedBy: string;
  readonly proposedOn: string;
  readonly decision?: {
    readonly to: string | null;
    readonly by: string | null;
    readonly on: string | null;
    readonly reason: string | null;
    readonly override?: string;
  };
  /** Why the decision could not be carried out. */
  readonly failure?: unknown;
}

@QueryHandler(ListProposals)
export class ListProposalsHandler implements IQueryHandler<ListProposals> {
  constructor(
    private readonly readModels: ReadModels,
    private readonly ladders: Ladders,
    private readonly policies: Policies,
  ) {}

  async execute({ ladder, year, filter: { status, kind, on, limit, cursor } }: ListProposals): Promise<Page<ProposalView>> {
    await reviewRow(this.readModels, ladder, year, on);
    const [after] = cursorKey(cursor, ['string']) ?? [];
    let query = proposalsOn(this.readModels, on).selectAll().where('ladder', '=', ladder).where('year', '=', year);
    if (status !== undefined) query = query.where('status', '=', status as TierProposalRow['status']);
    if (kind !== undefined) query = query.where('kind', '=', kind);
    if (after !== undefined) query = query.where('credit_code', '>', after as string);
    const rows = await query
      .orderBy('credit_code')
      .limit(limit + 1)
      .execute();
    const page = pageOf(rows, limit, ({ credit_code }) => [credit_code]);
    const items: ProposalView[] = [];
    for (const row of page.items) items.push(await this.view(await this.ladders.cited(row.pack, row.version, ladder), row));
    return { ...page, items };
  }

  private async view(text: LadderText, row: TierProposalRow): Promise<ProposalView> {
    const { from_tier: from, to_tier: to, decided_by } = row;
    return {
      creditCode: row.credit_code,
      name: row.name,
      kind: row.kind,
      from,
      ...(from !== null && { fromTitle: titleOf(text, from) }),
      to,
      ...(to !== null && { toTitle: titleOf(text, to) }),
      status: row.status,
      reason: row.reason,
      missing: inputViews(text.pack, JSON.parse(row.missing) as string[]),
      facts: JSON.parse(row.facts) as unknown,
      outlook: await outlookView(text, JSON.parse(row.outlook) as Outlook, this.policies),
      proposedBy: row.proposed_by,
      proposedOn: row.proposed_on,
      ...(decided_by !== null && {
        decision: {
          to: row.decided_to,
          by: decided_by,
          on: row.decided_on,
          reason: row.decision_reason,
          ...(row.override !== null && { override: row.override }),
        },
      }),
      ...(row.failure !== null && { failure: JSON.parse(row.failure) as unknown }),
    };
  }
}

/** Whom a review has recommended for certification. */
export class ListRecommendations extends Query<Page<RecommendationView>> {
  constructor(
    readonly ladder: string,
    readonly year: number,
    readonly filter: { readonly on?: string; readonly limit: number; readonly cursor?: string },
  ) {
    super();
  }
}

export interface RecommendationView {
  readonly creditCode: string;
  readonly name: string;
  readonly tier: string;
  readonly on: string;
  readonly isLate: boolean;
  readonly reason: string;
  readonly by: string;
  readonly clearances: unknown;
}

@QueryHandler(ListRecommendations)
export class ListRecommendationsHandler implements IQueryHandler<ListRecommendations> {
  constructor(private readonly readModels: ReadModels) {}

  async execute({ ladder, year, filter: { on, limit, cursor } }: ListRecommendations): Promise<Page<RecommendationView>> {
    await reviewRow(this.readModels, ladder, year, on);
    const [after] = cursorKey(cursor, ['string']) ?? [];
    let query = this.readModels
      .from<TierTables>()
      .selectFrom('tier_recommendation')
      .selectAll()
      .where('ladder', '=', ladder)
      .where('year', '=', year);
    if (on !== undefined) query = query.where('recommended_on', '<=', on);
    if (after !== undefined) query = query.where('credit_code', '>', after as string);
    const rows = await query
      .orderBy('credit_code')
      .limit(limit + 1)
      .execute();
    const page = pageOf(rows, limit, ({ credit_code }) => [credit_code]);
    return {
      ...page,
      items: page.items.map((row) => ({
        creditCode: row.credit_code,
        name: row.name,
        tier: row.tier,
        on: row.recommended_on,
        isLate: row.is_late === 1,
        reason: row.reason,
        by: row.recommended_by,
        clearances: JSON.parse(row.clearances) as unknown,
      })),
    };
  }
}

function proposalsOn(readModels: ReadModels, on: string | undefined) {
  const tables = readModels.from<TierTables>();
  return on === undefined ? tables.selectFrom('tier_proposal') : tables.selectFrom(trueOn(proposals, on).as('tier_proposal'));
}

async function reviewRow(readModels: ReadModels, ladder: string, year: number, on: string | undefined): Promise<TierReviewRow> {
  const tables = readModels.from<TierTables>();
  const row = await (on === undefined ? tables.selectFrom('tier_review') : tables.selectFrom(trueOn(reviews, on).as('tier_review')))
    .selectAll()
    .where('ladder', '=', ladder)
    .where('year', '=', year)
    .executeTakeFirst();
  if (row === undefined)
    throw notFound('tier-review-unknown', `the review of ${ladder} in ${year} has not been opened${on === undefined ? '' : ` by ${on}`}`);
  return row;
}
