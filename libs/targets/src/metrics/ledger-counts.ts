import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { Metric } from '@app/policies';
import { ReadModels } from '@app/projections';
import type { Counter } from './counted.js';
import { type CountTables, daysOf, monthOf } from './counts.projection.js';

/** The years and the day for which something is counted. */
export interface CountedSpan {
  readonly pack: string;
  readonly region: string;
  /** The day that is counted for; nothing later counts. */
  readonly day: string;
  /** The first year in which arrivals and awards count; all until `day` where the target does not say. */
  readonly since?: number;
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

/** Counts actuals from the ledger's own records: however many there are, sums over months and days answer. */
@Injectable()
export class LedgerCounts {
  constructor(private readonly readModels: ReadModels) {}

  async count(metric: Metric, span: CountedSpan): Promise<LedgerCount> {
    const { day } = span;
    if (metric === 'awards-granted') return { metric, day, value: String((await this.sums(metric, span.pack, span)).here) };
    const isArrival = metric === 'enterprises-relocated' || metric === 'certified-enterprises-relocated';
    const years = isArrival ? span : { day };
    const { here, nowhere, all } = await this.sums(metric, span.region, years);
    const counted = { metric, day, value: String(here), elsewhere: all - here - nowhere, withoutRegion: nowhere };
    // Only where a certificate narrows it can anybody say how many of all enterprises ought to have the fact.
    if (metric !== 'certificates-in-force-above-scale') return counted;
    return { ...counted, undetermined: (await this.sums(`${metric}?`, span.region, years)).here };
  }

  /** By whether the region begins with the one asked for; `nowhere`: none is on record. */
  private async sums(counter: Counter | 'awards-granted', region: string, { day, since = 0 }: Pick<CountedSpan, 'day' | 'since'>) {
    const month = monthOf(day);
    const row = await this.readModels
      .from<CountTables>()
      .selectFrom('target_count')
      .where('counter', 'in', [counter, daysOf(counter, month)])
      .where('day', '<=', day)
      // Of the month of the day its days count alone.
      .where('day', '<>', month)
      .where('year', '>=', since)
      .select([
        sql<number>`coalesce(sum(case when substr(region, 1, length(${region})) = ${region} then change else 0 end), 0)`.as('here'),
        sql<number>`coalesce(sum(case when region = '' then change else 0 end), 0)`.as('nowhere'),
        sql<number>`coalesce(sum(change), 0)`.as('all'),
      ])
      .executeTakeFirstOrThrow();
    return row;
  }
}
