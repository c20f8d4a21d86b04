import { asDomainEvent, type RecordedEvent } from '@app/event-store';
import { unreachable } from '@app/kernel';
import { changeFrom, type Projection, type Rows, type Since } from '@app/projections';
import type { ReviewEvent } from '../review.js';
import {
  proposals,
  proposalTable,
  recommendationTable,
  reviews,
  reviewTable,
  type TierProposalRow,
  type TierReviewRow,
} from '../tables.js';

type Of<Type extends ReviewEvent['type']> = Extract<ReviewEvent, { type: Type }>;
type Counts = Partial<Record<'proposals' | 'undecided' | 'failed' | 'recommended', number>>;

/** Reviews, their proposals and recommendations. */
export class ReviewProjection implements Projection {
  readonly name = 'tier-reviews';
  readonly version = 3;
  readonly tables = [reviews.now, reviews.past, proposals.now, proposals.past, recommendationTable] as never[];
  readonly handles: ReadonlySet<string> = new Set<ReviewEvent['type']>([
    'tier-review-opened',
    'tier-proposals-made',
    'tier-proposals-decided',
    'tier-decision-failed',
    'tier-review-closed',
    'tier-review-lapsed',
    'tier-recommended',
  ]);

  apply(recorded: RecordedEvent, rows: Rows): void {
    const event = asDomainEvent<ReviewEvent>(recorded);
    const { ladder, year } = event.data;
    const { revision, position, metadata } = recorded;
    const on = metadata.effectiveOn;
    if (event.type === 'tier-review-opened') return changeFrom(rows, reviews, [ladder, year], on, () => opened(recorded, event));
    if (rows.get(reviewTable, ladder, year) === undefined)
      throw new Error(`${event.type} before the review of ${ladder} in ${year} was opened`);
    const change = this.changeBy(recorded, event, rows);
    changeFrom(rows, reviews, [ladder, year], on, (row) => row && { ...row, ...change(row), revision, position });
  }

  /** Applies an event to proposals and recommendations, and tells what it changes of the review on whichever day. */
  private changeBy(
    recorded: RecordedEvent,
    event: Exclude<ReviewEvent, { type: 'tier-review-opened' }>,
    rows: Rows,
  ): (row: TierReviewRow) => Partial<TierReviewRow> {
    const { actor } = recorded.metadata;
    switch (event.type) {
      case 'tier-proposals-made': {
        const { scope, region = null, until, isDone } = event.data.walk;
        const counts = propose(recorded, event, rows);
        return (row) => ({ ...added(row, counts), scope, region, walked_until: until, is_walk_done: isDone ? 1 : 0 });
      }
      case 'tier-proposals-decided': {
        const counts = decide(recorded, event, rows);
        return (row) => added(row, counts);
      }
      case 'tier-decision-failed': {
        const { ladder, year, creditCode, code, detail } = event.data;
        proposalOf(rows, ladder, year, creditCode);
        putProposal(
          rows,
          recorded,
          [ladder, year, creditCode],
          (row) => row && { ...row, status: 'failed', failure: JSON.stringify({ code, detail }) },
        );
        return (row) => added(row, { undecided: 1, failed: 1 });
      }
      case 'tier-review-closed': {
        const closed = { status: 'closed' as const, closed_on: event.data.on, closed_by: actor.id, is_late: event.data.isLate ? 1 : 0 };
        return () => closed;
      }
      case 'tier-review-lapsed': {
        const lapsed = { status: 'lapsed' as const, closed_on: event.data.on, closed_by: actor.id, lapse_reason: event.data.reason };
        return () => lapsed;
      }
      case 'tier-recommended': {
        const counts = recommend(recorded, event, rows);
        return (row) => added(row, counts);
      }
      default:
        return unreachable(event);
    }
  }
}

function putProposal(
  rows: Rows,
  { metadata }: RecordedEvent,
  key: readonly (string | number)[],
  change: (row: TierProposalRow | undefined) => Omit<TierProposalRow, keyof Since> | undefined,
): void {
  changeFrom(rows, proposals, key, metadata.effectiveOn, change);
}

function added(row: TierReviewRow, counts: Counts): Partial<TierReviewRow> {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, row[name as keyof Counts] + count]));
}

function propose(recorded: RecordedEvent, { data, policy }: Of<'tier-proposals-made'>, rows: Rows): Counts {
  const { ladder, year } = data;
  const { metadata } = recorded;
  const counts = { proposals: 0, undecided: 0, failed: 0 };
  for (const { creditCode: credit_code, name, kind, from, to = null, reason, missing, facts, outlook } of data.proposals) {
    const before = rows.get(proposalTable, ladder, year, credit_code);
    counts.proposals += before === undefined ? 1 : 0;
    counts.undecided += before === undefined || before.status === 'decided' ? 1 : 0;
    counts.failed -= before?.status === 'failed' ? 1 : 0;
    putProposal(rows, recorded, [ladder, year, credit_code], () => ({
      ladder,
      year,
      credit_code,
      name,
      kind,
      from_tier: from,
      to_tier: to,
      status: 'open',
      reason,
      missing: JSON.stringify(missing),
      facts: JSON.stringify(facts),
      outlook: JSON.stringify(outlook),
      pack: policy?.pack ?? '',
      version: policy?.version ?? 0,
      proposed_by: metadata.actor.id,
      proposed_on: metadata.effectiveOn,
      decided_to: null,
      decided_by: null,
      decided_on: null,
      decision_reason: null,
      override: null,
      failure: null,
    }));
  }
  return counts;
}

function decide(recorded: RecordedEvent, { data }: Of<'tier-proposals-decided'>, rows: Rows): Counts {
  const { ladder, year, reason, decisions } = data;
  const { metadata } = recorded;
  let failed = 0;
  for (const { creditCode, to, override = null } of decisions) {
    const before = proposalOf(rows, ladder, year, creditCode);
    failed -= before.status === 'failed' ? 1 : 0;
    const decided = { decided_to: to, decided_by: metadata.actor.id, decided_on: metadata.effectiveOn, decision_reason: reason };
    putProposal(
      rows,
      recorded,
      [ladder, year, creditCode],
      (row) => row && { ...row, ...decided, status: 'decided', override, failure: null },
    );
  }
  return { undecided: -decisions.length, failed };
}

function recommend({ metadata, position }: RecordedEvent, { data }: Of<'tier-recommended'>, rows: Rows): Counts {
  const { ladder, year, on, isLate, reason, recommended } = data;
  for (const { creditCode: credit_code, name, tier, clearances } of recommended) {
    rows.put(recommendationTable, {
      ladder,
      year,
      credit_code,
      name,
      tier,
      recommended_on: on,
      is_late: isLate ? 1 : 0,
      reason,
      recommended_by: metadata.actor.id,
      clearances: JSON.stringify(clearances),
      position,
    });
  }
  return { recommended: recommended.length };
}

function proposalOf(rows: Rows, ladder: string, year: number, creditCode: string): TierProposalRow {
  const row = rows.get(proposalTable, ladder, year, creditCode);
  if (row === undefined) throw new Error(`the review of ${ladder} in ${year} has no proposal for ${creditCode}`);
  return row;
}

function opened(
  { metadata, revision, position }: RecordedEvent,
  { data: { ladder, year, dueOn }, policy }: Of<'tier-review-opened'>,
): Omit<TierReviewRow, keyof Since> {
  return {
    ladder,
    year,
    status: 'open',
    due_on: dueOn,
    opened_on: metadata.effectiveOn,
    opened_by: metadata.actor.id,
    closed_on: null,
    closed_by: null,
    lapse_reason: null,
    is_late: 0,
    scope: null,
    region: null,
    walked_until: null,
    is_walk_done: 0,
    proposals: 0,
    undecided: 0,
    failed: 0,
    recommended: 0,
    pack: policy?.pack ?? '',
    version: policy?.version ?? 0,
    revision,
    position,
  };
}
