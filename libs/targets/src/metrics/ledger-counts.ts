import { Injectable } from '@nestjs/common';
import { type ExpressionBuilder, type Kysely, sql } from 'kysely';
import { unreachable } from '@app/kernel';
import { type DossierTables, HNTE } from '@app/enterprises';
import type { Metric } from '@app/policies';
import { ReadModels } from '@app/projections';

/** What of the list of awards is counted, and how they stood before. */
interface CountedAward {
  readonly award: string;
  readonly pack: string;
  readonly status: string;
  readonly granted_on: string | null;
}
interface AwardTables {
  readonly award: CountedAward;
  readonly award_past: CountedAward & { readonly from_day: string; readonly until_day: string };
}

/** The years and the day for which something is counted. */
export interface CountedSpan {
  readonly pack: string;
  readonly region: string;
  /** The day that is counted for; nothing later counts. */
  readonly day: string;
  /** The first day from which arrivals and awards count; all until `day` where the target does not say. */
  readonly since?: string;
}

/** 台账计数: what the ledger's own records say. */
export interface LedgerCount {
  readonly metric: Metric;
  readonly day: string;
  readonly value: string;
  /** Enterprises that would count but for their region: another one, or none on record. */
  readonly elsewhere?: number;
  readonly withoutRegion?: number;
  /** Enterprises that would count but for a fact that nobody has stated, or that is in dispute. */
  readonly undetermined?: number;
}

type Enterprise = ExpressionBuilder<DossierTables, 'enterprise'>;

/** Counts actuals from the ledger's own records, in the database: however many enterprises there are, one row comes back. */
@Injectable()
export class LedgerCounts {
  constructor(private readonly readModels: ReadModels) {}

  private get tables(): Kysely<DossierTables & AwardTables> {
    return this.readModels.from<DossierTables & AwardTables>();
  }

  async count(metric: Metric, span: CountedSpan): Promise<LedgerCount> {
    const { day } = span;
    switch (metric) {
      case 'certificates-in-force':
        return { metric, ...(await this.enterprises(span, (one) => certified(one, day))) };
      case 'certificates-in-force-above-scale':
        return { metric, ...(await this.withFact(span, 'enterprise.aboveScale', (one) => certified(one, day))) };
      case 'tech-smes-registered':
        return { metric, ...(await this.withFact(span, 'enterprise.techSmeRegistered')) };
      case 'enterprises-relocated':
        return { metric, ...(await this.enterprises(span, (one) => arrived(one, span, false))) };
      case 'certified-enterprises-relocated':
        return { metric, ...(await this.enterprises(span, (one) => arrived(one, span, true))) };
      case 'awards-granted':
        return { metric, day, value: await this.awards(span) };
      default:
        return unreachable(metric);
    }
  }

  /** Enterprises that exist and have not moved out by the day, by whether their region begins with the pack's. */
  private async enterprises({ region, day }: CountedSpan, qualifies: (one: Enterprise) => ReturnType<Enterprise['exists']>) {
    const row = await this.tables
      .selectFrom('enterprise')
      .where((one) => one.or([one('merged_on', 'is', null), one('merged_on', '>', day)]))
      .where((one) => one.not(departed(one as Enterprise, day)))
      .where((one) => qualifies(one as Enterprise))
      .select([
        sql<number>`count(*) filter (where substr(region, 1, length(${region})) = ${region})`.as('here'),
        sql<number>`count(*) filter (where region is null)`.as('nowhere'),
        sql<number>`count(*)`.as('all'),
      ])
      .executeTakeFirstOrThrow();
    return { day, value: String(row.here), elsewhere: row.all - row.here - row.nowhere, withoutRegion: row.nowhere };
  }

  private async withFact(span: CountedSpan, fact: string, alsoQualifies?: (one: Enterprise) => ReturnType<Enterprise['exists']>) {
    const both = (state: 'true' | 'open') => (one: Enterprise) =>
      one.and([factIs(one, fact, span.day, state), ...(alsoQualifies === undefined ? [] : [alsoQualifies(one)])]) as never;
    const counted = await this.enterprises(span, both('true'));
    // Without a certificate to narrow it, nobody can say how many of all enterprises ought to have the fact.
    if (alsoQualifies === undefined) return counted;
    const { value: undetermined } = await this.enterprises(span, both('open'));
    return { ...counted, undetermined: Number(undetermined) };
  }

  private async awards({ pack, day, since = '' }: CountedSpan): Promise<string> {
    const { count } = await this.tables
      .selectFrom('award')
      .where('pack', '=', pack)
      .where('granted_on', '<=', day)
      .where('granted_on', '>=', since)
      .where((one) =>
        one.or([
          one('status', '<>', 'revoked'),
          // Revoked since, it had been granted all the same.
          one.exists(
            one
              .selectFrom('award_past as then')
              .select('then.award')
              .whereRef('then.award', '=', 'award.award')
              .where('then.from_day', '<=', day)
              .where('then.until_day', '>', day)
              .where('then.status', '<>', 'revoked'),
          ),
        ]),
      )
      .select((award) => award.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return String(count);
  }
}

/**
 * A column by which records are not to be looked up: those of one enterprise are few, those of one kind are all there are,
 * and a database without figures of its own cannot know that.
 */
const byEnterprise = (column: string) => sql<string>`(${sql.ref(column)} || '')`;

/** A certificate counts on its last day, and no longer on the day it is revoked. */
function certified(one: Enterprise, day: string) {
  return one.exists(
    one
      .selectFrom('enterprise_certificate as c')
      .select('c.reference')
      .whereRef('c.credit_code', '=', 'enterprise.credit_code')
      .where(byEnterprise('c.kind'), '=', HNTE)
      .where('c.issued_on', '<=', day)
      .where('c.expires_on', '>=', day)
      .where((c) => c.or([c('c.revoked_on', 'is', null), c('c.revoked_on', '>', day)])),
  );
}

/** Whether its last move until the day was one out of the region. */
function departed(one: Enterprise, day: string) {
  return one.exists(
    one
      .selectFrom('enterprise_move as d')
      .select('d.move_no')
      .whereRef('d.credit_code', '=', 'enterprise.credit_code')
      .where(byEnterprise('d.kind'), '=', 'departure')
      .where('d.moved_on', '<=', day)
      .where((move) =>
        move.not(
          move.exists(
            move
              .selectFrom('enterprise_move as later')
              .select('later.move_no')
              .whereRef('later.credit_code', '=', 'd.credit_code')
              .whereRef('later.move_no', '>', 'd.move_no')
              .where('later.moved_on', '<=', day),
          ),
        ),
      ),
  );
}

/** Whether it moved in within the span, with a certificate in force on the day of the move where that is asked. */
function arrived(one: Enterprise, { day, since = '' }: CountedSpan, asCertified: boolean) {
  let arrival = one
    .selectFrom('enterprise_move as a')
    .select('a.move_no')
    .whereRef('a.credit_code', '=', 'enterprise.credit_code')
    .where(byEnterprise('a.kind'), '=', 'arrival')
    .where('a.moved_on', '>=', since)
    .where('a.moved_on', '<=', day);
  if (asCertified)
    arrival = arrival.where((move) =>
      move.exists(
        move
          .selectFrom('enterprise_certificate as c')
          .select('c.reference')
          .whereRef('c.credit_code', '=', 'a.credit_code')
          .where(byEnterprise('c.kind'), '=', HNTE)
          .whereRef('c.issued_on', '<=', 'a.moved_on')
          .whereRef('c.expires_on', '>=', 'a.moved_on')
          .where((c) => c.or([c('c.revoked_on', 'is', null), c('c.revoked_on', '>', c.ref('a.moved_on'))])),
      ),
    );
  return one.exists(arrival);
}

/**
 * Whether the fact that stands for the enterprise on the day says yes, or is open: not stated, or in dispute. Facts follow
 * each other by the day since which they hold, then in the order of recording; a corrected one no longer stands.
 */
function factIs(one: Enterprise, name: string, day: string, state: 'true' | 'open') {
  const place = sql<string>`coalesce(case when length(f.period) = 4 then f.period || '-00' else f.period end, f.effective_on)`;
  const standing = one
    .selectFrom('enterprise_fact as f')
    .whereRef('f.credit_code', '=', 'enterprise.credit_code')
    .where('f.name', '=', name)
    .where('f.subject', 'is', null)
    .where('f.corrected_by_no', 'is', null)
    .where(place, '<=', day)
    .orderBy(place, 'desc')
    .orderBy('f.fact_no', 'desc')
    .limit(1)
    .select(sql<string>`case when f.dispute_reason is null then f.value else 'open' end`.as('answer'));
  return one(sql<string>`coalesce((${standing}), 'open')`, '=', state);
}
