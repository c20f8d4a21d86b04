import { datedTable, type Since, table } from '@app/projections';

/** A time in which an enterprise stood in a tier: from `valid_from` until before `valid_until`; still, where that is null. */
export interface TierStandingRow {
  readonly ladder: string;
  readonly credit_code: string;
  /** Revision of the event that began it. */
  readonly revision: number;
  readonly tier: string;
  readonly valid_from: string;
  readonly valid_until: string | null;
}

/** One change of a standing, with what it rests on. */
export interface TierChangeRow {
  readonly ladder: string;
  readonly credit_code: string;
  readonly revision: number;
  readonly change: string;
  readonly from_tier: string | null;
  readonly to_tier: string | null;
  readonly changed_on: string;
  readonly reason: string;
  readonly actor: string;
  readonly outside_review: number;
  readonly review_year: number | null;
  readonly decided_by: string | null;
  /** JSON; null where everything was met. */
  readonly override: string | null;
  /** JSON. */
  readonly rests_on: string;
  readonly policy: string;
  readonly evidence: string;
  readonly recorded_at: string;
  readonly position: number;
}

/** One year's review of a ladder. */
export interface TierReviewRow extends Since {
  readonly ladder: string;
  readonly year: number;
  /** `lapsed`: ended undecided, because its policy had ended; `closed_on` says when. */
  readonly status: 'open' | 'closed' | 'lapsed';
  readonly due_on: string;
  readonly opened_on: string;
  readonly opened_by: string;
  readonly closed_on: string | null;
  readonly closed_by: string | null;
  /** Why it lapsed. */
  readonly lapse_reason: string | null;
  readonly is_late: number;
  readonly scope: string | null;
  readonly region: string | null;
  readonly walked_until: string | null;
  readonly is_walk_done: number;
  readonly proposals: number;
  readonly undecided: number;
  readonly failed: number;
  readonly recommended: number;
  readonly pack: string;
  readonly version: number;
  readonly revision: number;
  readonly position: number;
}

/** What a review proposes for one enterprise, and what was decided. */
export interface TierProposalRow extends Since {
  readonly ladder: string;
  readonly year: number;
  readonly credit_code: string;
  readonly name: string;
  readonly kind: string;
  readonly from_tier: string | null;
  readonly to_tier: string | null;
  /** `failed`: the decision could not be carried out and is open again. */
  readonly status: 'open' | 'decided' | 'failed';
  readonly reason: string;
  /** JSON arrays and objects. */
  readonly missing: string;
  readonly facts: string;
  readonly outlook: string;
  readonly pack: string;
  readonly version: number;
  readonly proposed_by: string;
  readonly proposed_on: string;
  readonly decided_to: string | null;
  readonly decided_by: string | null;
  readonly decided_on: string | null;
  readonly decision_reason: string | null;
  readonly override: string | null;
  readonly failure: string | null;
}

/** An enterprise recommended for certification in a year. */
export interface TierRecommendationRow {
  readonly ladder: string;
  readonly year: number;
  readonly credit_code: string;
  readonly name: string;
  readonly tier: string;
  readonly recommended_on: string;
  readonly is_late: number;
  readonly reason: string;
  readonly recommended_by: string;
  /** JSON array. */
  readonly clearances: string;
  readonly position: number;
}

/** Tables by name, as queries read them. */
export interface TierTables {
  readonly tier_standing: TierStandingRow;
  readonly tier_change: TierChangeRow;
  readonly tier_review: TierReviewRow;
  readonly tier_proposal: TierProposalRow;
  readonly tier_recommendation: TierRecommendationRow;
}

export const standingTable = table<TierStandingRow>({
  name: 'tier_standing',
  columns: { ladder: 'text', credit_code: 'text', revision: 'integer', tier: 'text', valid_from: 'text', valid_until: 'text' },
  key: ['ladder', 'credit_code', 'revision'],
  indexes: [['ladder', 'tier', 'credit_code'], ['credit_code']],
});

export const changeTable = table<TierChangeRow>({
  name: 'tier_change',
  columns: {
    ladder: 'text',
    credit_code: 'text',
    revision: 'integer',
    change: 'text',
    from_tier: 'text',
    to_tier: 'text',
    changed_on: 'text',
    reason: 'text',
    actor: 'text',
    outside_review: 'integer',
    review_year: 'integer',
    decided_by: 'text',
    override: 'text',
    rests_on: 'text',
    policy: 'text',
    evidence: 'text',
    recorded_at: 'text',
    position: 'integer',
  },
  key: ['ladder', 'credit_code', 'revision'],
  indexes: [['credit_code', 'position']],
});

export const reviewTable = table<TierReviewRow>({
  name: 'tier_review',
  columns: {
    ladder: 'text',
    year: 'integer',
    status: 'text',
    due_on: 'text',
    opened_on: 'text',
    opened_by: 'text',
    closed_on: 'text',
    closed_by: 'text',
    lapse_reason: 'text',
    is_late: 'integer',
    scope: 'text',
    region: 'text',
    walked_until: 'text',
    is_walk_done: 'integer',
    proposals: 'integer',
    undecided: 'integer',
    failed: 'integer',
    recommended: 'integer',
    pack: 'text',
    version: 'integer',
    revision: 'integer',
    position: 'integer',
    from_day: 'text',
  },
  key: ['ladder', 'year'],
});

/** Reviews by business day. */
export const reviews = datedTable(reviewTable);

export const proposalTable = table<TierProposalRow>({
  name: 'tier_proposal',
  columns: {
    ladder: 'text',
    year: 'integer',
    credit_code: 'text',
    name: 'text',
    kind: 'text',
    from_tier: 'text',
    to_tier: 'text',
    status: 'text',
    reason: 'text',
    missing: 'text',
    facts: 'text',
    outlook: 'text',
    pack: 'text',
    version: 'integer',
    proposed_by: 'text',
    proposed_on: 'text',
    decided_to: 'text',
    decided_by: 'text',
    decided_on: 'text',
    decision_reason: 'text',
    override: 'text',
    failure: 'text',
    from_day: 'text',
  },
  key: ['ladder', 'year', 'credit_code'],
  indexes: [['ladder', 'year', 'status', 'credit_code']],
});

/** Proposals by business day. */
export const proposals = datedTable(proposalTable);

export const recommendationTable = table<TierRecommendationRow>({
  name: 'tier_recommendation',
  columns: {
    ladder: 'text',
    year: 'integer',
    credit_code: 'text',
    name: 'text',
    tier: 'text',
    recommended_on: 'text',
    is_late: 'integer',
    reason: 'text',
    recommended_by: 'text',
    clearances: 'text',
    position: 'integer',
  },
  key: ['ladder', 'year', 'credit_code'],
});
