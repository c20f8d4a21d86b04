import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { type DossierTables, nameOnDay } from '@app/enterprises';
import { cursorKey, type Page, pageOf } from '@app/http';
import { businessDateAt, CLOCK, type Clock, type CreditCode, invalidField } from '@app/kernel';
import type { ClauseReference, Tier } from '@app/policies';
import { ReadModels } from '@app/projections';
import { rankOf } from '../ladder.js';
import { Ladders } from '../ladders.js';
import type { TierChangeRow, TierTables } from '../tables.js';

type Tables = TierTables & Pick<DossierTables, 'enterprise'>;

/** The ladders of the published policies, and how many stand where today, or stood on a day. */
export class ListLadders extends Query<Page<LadderView>> {
  constructor(readonly on?: string) {
    super();
  }
}

export interface LadderView {
  readonly ladder: string;
  readonly pack: string;
  readonly version: number;
  readonly policy: string;
  /** A draft's ladder can be read, not used. */
  readonly status: string;
  /** How many tiers the text speaks of, where it names fewer. */
  readonly size?: number;
  readonly diagnosis?: ClauseReference;
  readonly clearances: readonly string[];
  /** Lowest first. */
  readonly tiers: readonly (Pick<Tier, 'id' | 'title'> & { readonly gates: readonly string[]; readonly standing: number })[];
}

@QueryHandler(ListLadders)
export class ListLaddersHandler implements IQueryHandler<ListLadders> {
  constructor(
    private readonly ladders: Ladders,
    private readonly readModels: ReadModels,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ on = businessDateAt(this.clock.now()) }: ListLadders): Promise<Page<LadderView>> {
    const counts = await this.readModels
      .from<Tables>()
      .selectFrom('tier_standing')
      .innerJoin('enterprise', 'enterprise.credit_code', 'tier_standing.credit_code')
      .select(['ladder', 'tier', ({ fn }) => fn.countAll<number>().as('count')])
      .where('valid_from', '<=', on)
      .where((where) => where.or([where('valid_until', 'is', null), where('valid_until', '>', on)]))
      .where((where) => where.or([where('merged_on', 'is', null), where('merged_on', '>', on)]))
      .groupBy(['ladder', 'tier'])
      .execute();
    const texts = await this.ladders.all(on);
    return {
      items: texts.map(({ ladder, pack, version, tiers, size, diagnosis, clearances }) => ({
        ladder,
        pack: pack.id,
        version,
        policy: pack.title,
        status: pack.status,
        ...(size !== undefined && { size }),
        ...(diagnosis && { diagnosis }),
        clearances,
        tiers: tiers.map(({ id, title, gates = [] }) => {
          const standing = counts.find((one) => one.ladder === ladder && one.tier === id)?.count ?? 0;
          return { id, title, gates, standing };
        }),
      })),
    };
  }
}

export interface StandingFilter {
  readonly tier?: string;
  /** The business day; today when left out. */
  readonly on?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Who stands in a ladder on a day. */
export class ListStanding extends Query<Page<StandingView>> {
  constructor(
    readonly ladder: string,
    readonly filter: StandingFilter,
  ) {
    super();
  }
}

export interface StandingView {
  readonly creditCode: string;
  readonly name: string;
  readonly tier: string;
  readonly from: string;
  readonly until?: string;
}

@QueryHandler(ListStanding)
export class ListStandingHandler implements IQueryHandler<ListStanding> {
  constructor(
    private readonly ladders: Ladders,
    private readonly readModels: ReadModels,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({
    ladder,
    filter: { tier, on = businessDateAt(this.clock.now()), limit, cursor },
  }: ListStanding): Promise<Page<StandingView>> {
    const text = await this.ladders.known(ladder, on);
    const [after] = cursorKey(cursor, ['string']) ?? [];
    let query = this.readModels
      .from<Tables>()
      .selectFrom('tier_standing')
      .innerJoin('enterprise', 'enterprise.credit_code', 'tier_standing.credit_code')
      .select(['tier_standing.credit_code', nameOnDay(on).as('name'), 'tier', 'valid_from', 'valid_until'])
      .where('ladder', '=', ladder)
      .where('valid_from', '<=', on)
      .where((where) => where.or([where('valid_until', 'is', null), where('valid_until', '>', on)]))
      // Nobody stands beside the enterprise it was merged into, even before the ledger has removed it.
      .where((where) => where.or([where('merged_on', 'is', null), where('merged_on', '>', on)]));
    if (tier !== undefined) {
      if (rankOf(text, tier) < 0) throw invalidField('tier', 'tier', `must be one of ${text.tiers.map(({ id }) => id).join(', ')}`);
      query = query.where('tier', '=', tier);
    }
    if (after !== undefined) query = query.where('tier_standing.credit_code', '>', after as string);
    const rows = await query
      .orderBy('tier_standing.credit_code')
      .limit(limit + 1)
      .execute();
    const page = pageOf(rows, limit, ({ credit_code }) => [credit_code]);
    return {
      ...page,
      items: page.items.map(({ credit_code, name, tier: standsIn, valid_from, valid_until }) => ({
        creditCode: credit_code,
        name: (name as string | null) ?? '',
        tier: standsIn,
        from: valid_from,
        ...(valid_until !== null && { until: valid_until }),
      })),
    };
  }
}

export interface HistoryFilter {
  readonly ladder?: string;
  /** Changes until this business day; all when left out. */
  readonly on?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** How an enterprise's standings have changed, oldest first. */
export class ListTierChanges extends Query<Page<TierChangeView>> {
  constructor(
    readonly creditCode: CreditCode,
    readonly filter: HistoryFilter,
  ) {
    super();
  }
}

export interface TierChangeView {
  readonly ladder: string;
  readonly change: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly on: string;
  readonly reason: string;
  readonly actor: string;
  readonly outsideReview: boolean;
  readonly review?: { readonly year: number; readonly decidedBy: string | null };
  readonly override?: unknown;
  readonly restsOn: unknown;
  readonly policy: unknown;
  readonly evidence: unknown;
  readonly recordedAt: string;
  readonly revision: number;
}

@QueryHandler(ListTierChanges)
export class ListTierChangesHandler implements IQueryHandler<ListTierChanges> {
  constructor(private readonly readModels: ReadModels) {}

  async execute({ creditCode, filter: { ladder, on, limit, cursor } }: ListTierChanges): Promise<Page<TierChangeView>> {
    const [after] = cursorKey(cursor, ['number']) ?? [];
    let query = this.readModels.from<Tables>().selectFrom('tier_change').selectAll().where('credit_code', '=', creditCode);
    if (ladder !== undefined) query = query.where('ladder', '=', ladder);
    if (on !== undefined) query = query.where('changed_on', '<=', on);
    if (after !== undefined) query = query.where('position', '>', after as number);
    const rows = await query
      .orderBy('position')
      .limit(limit + 1)
      .execute();
    const page = pageOf(rows, limit, ({ position }) => [position]);
    return { ...page, items: page.items.map(changeView) };
  }
}

function changeView(row: TierChangeRow): TierChangeView {
  return {
    ladder: row.ladder,
    change: row.change,
    from: row.from_tier,
    to: row.to_tier,
    on: row.changed_on,
    reason: row.reason,
    actor: row.actor,
    outsideReview: row.outside_review === 1,
    ...(row.review_year !== null && { review: { year: row.review_year, decidedBy: row.decided_by } }),
    ...(row.override !== null && { override: JSON.parse(row.override) as unknown }),
    restsOn: JSON.parse(row.rests_on) as unknown,
    policy: JSON.parse(row.policy) as unknown,
    evidence: JSON.parse(row.evidence) as unknown,
    recordedAt: row.recorded_at,
    revision: row.revision,
  };
}
