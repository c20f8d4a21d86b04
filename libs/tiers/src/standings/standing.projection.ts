import { asDomainEvent, type RecordedEvent } from '@app/event-store';
import type { Projection, Rows } from '@app/projections';
import type { TierEvent } from '../tier.js';
import { changeTable, standingTable } from '../tables.js';

/** Name of the projection, for those who must wait for it. */
export const STANDINGS = 'tier-standings';

/** In which tier every enterprise stood when: intervals by business date, and the changes between them. */
export class StandingProjection implements Projection {
  readonly name = STANDINGS;
  readonly version = 1;
  readonly tables = [standingTable, changeTable] as never[];
  readonly handles: ReadonlySet<string> = new Set<TierEvent['type']>([
    'tier-assigned',
    'tier-entered-directly',
    'tier-promoted',
    'tier-demoted',
    'tier-removed',
  ]);

  apply(recorded: RecordedEvent, rows: Rows): void {
    const event = asDomainEvent<TierEvent>(recorded);
    const { ladder, creditCode: credit_code } = event.data;
    const { revision, metadata, recordedAt: recorded_at, position } = recorded;
    const on = metadata.effectiveOn;
    const from = 'from' in event.data ? event.data.from : null;
    if (from !== null) {
      // The event just before began what this one ends: a standing ends with the next change, and every change is an event.
      const before = rows.get(standingTable, ladder, credit_code, revision - 1);
      if (before === undefined || before.tier !== from) throw new Error(`${credit_code} does not stand in ${from} of ${ladder}`);
      rows.put(standingTable, { ...before, valid_until: on });
    }
    const tier = event.type === 'tier-removed' ? null : event.data.tier;
    if (tier !== null) rows.put(standingTable, { ladder, credit_code, revision, tier, valid_from: on, valid_until: null });
    const { reason, outsideReview, review, override, restsOn } = event.data;
    rows.put(changeTable, {
      ladder,
      credit_code,
      revision,
      change: event.type,
      from_tier: from,
      to_tier: tier,
      changed_on: on,
      reason,
      actor: metadata.actor.id,
      outside_review: outsideReview === true ? 1 : 0,
      review_year: review?.year ?? null,
      decided_by: review?.decidedBy ?? null,
      override: override === undefined ? null : JSON.stringify(override),
      rests_on: JSON.stringify(restsOn),
      policy: JSON.stringify(event.policy ?? null),
      evidence: JSON.stringify(event.evidence ?? []),
      recorded_at,
      position,
    });
  }
}
