import { Injectable } from '@nestjs/common';
import type { Metric } from '@app/policies';
import { ReadModels } from '@app/projections';
import type { Counter } from './counted.js';
import { type CountRow, type CountTables, daysOf, monthOf } from './counts.projection.js';

/** What is counted, for which years and which day. */
export interface CountedSpan {
  readonly metric: Metric;
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

  /** One answer to each question. Most are about one day: a list of them costs one look at the sums of each day asked about. */
  async count(asked: readonly CountedSpan[]): Promise<readonly LedgerCount[]> {
    const byDay = new Map<string, readonly Sum[]>();
    for (const { day } of asked) {
      if (byDay.has(day)) continue;
      const counters = asked.filter((span) => span.day === day).flatMap(({ metric }) => countersOf(metric));
      byDay.set(day, await this.sumsUntil(day, [...new Set(counters)]));
    }
    return asked.map((span) => counted(span, byDay.get(span.day) ?? []));
  }

  private sumsUntil(day: string, counters: readonly SumCounter[]): Promise<readonly Sum[]> {
    const month = monthOf(day);
    return (
      this.readModels
        .from<CountTables>()
        .selectFrom('target_count')
        .where('counter', 'in', [...counters, ...counters.map((counter) => daysOf(counter, month))])
        .where('day', '<=', day)
        // Of the month of the day its days count alone.
        .where('day', '<>', month)
        .groupBy(['counter', 'region', 'year'])
        .select(({ fn }) => ['counter', 'region', 'year', fn.sum('change').as('change')])
        .execute()
    );
  }
}

type SumCounter = Counter | 'awards-granted';

/** All changes until a day: as many as there are regions and years. */
type Sum = Pick<CountRow, 'counter' | 'region' | 'year'> & { readonly change: number | string | bigint };

/** What a metric is counted by. */
function countersOf(metric: Metric): readonly SumCounter[] {
  return metric === 'certificates-in-force-above-scale' ? [metric, `${metric}?`] : [metric];
}

function counted({ metric, pack, region, day, since = 0 }: CountedSpan, sums: readonly Sum[]): LedgerCount {
  const [own, unclear] = countersOf(metric).map((counter) =>
    sums.filter(({ counter: of, year }) => (of === counter || of === daysOf(counter, monthOf(day))) && (year === 0 || year >= since)),
  );
  const within = own ?? [];
  if (metric === 'awards-granted') return { metric, day, value: String(total(within, (granting) => granting === pack)) };
  const here = total(within, (other) => other.startsWith(region));
  const withoutRegion = total(within, (other) => other === '');
  return {
    metric,
    day,
    value: String(here),
    elsewhere: total(within, () => true) - here - withoutRegion,
    withoutRegion,
    // A certificate narrows it: so it can be said how many of all enterprises ought to have the fact.
    ...(unclear !== undefined && { undetermined: total(unclear, (other) => other.startsWith(region)) }),
  };
}

function total(sums: readonly Sum[], counts: (region: string) => boolean): number {
  return sums.reduce((all, { region, change }) => (counts(region) ? all + Number(change) : all), 0);
}
