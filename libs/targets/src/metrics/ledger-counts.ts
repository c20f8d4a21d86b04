import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { unreachable } from '@app/kernel';
import type { Metric } from '@app/policies';
import { ReadModels } from '@app/projections';
import type { Counter } from './counted.js';
import { type CountTables, daysOf, monthOf } from './counts.projection.js';

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

  /** One answer to each question. Query by query: united, a look at the past would read the whole table once for each. */
  async count(asked: readonly CountedSpan[]): Promise<readonly LedgerCount[]> {
    const counts: LedgerCount[] = [];
    for (const span of asked) counts.push(await this.counted(span));
    return counts;
  }

  private async counted({ metric, pack, region, day, since }: CountedSpan): Promise<LedgerCount> {
    switch (metric) {
      case 'awards-granted':
        return { metric, day, value: String((await this.sums(metric, pack, day, since)).here) };
      case 'enterprises-relocated':
      case 'certified-enterprises-relocated':
        return { metric, day, ...shares(await this.sums(metric, region, day, since)) };
      case 'certificates-in-force-above-scale': {
        const counted = shares(await this.sums(metric, region, day));
        // A certificate narrows it: so it can be said how many of all enterprises ought to have the fact.
        return { metric, day, ...counted, undetermined: (await this.sums(`${metric}?`, region, day)).here };
      }
      case 'certificates-in-force':
      case 'tech-smes-registered':
        return { metric, day, ...shares(await this.sums(metric, region, day)) };
      default:
        return unreachable(metric);
    }
  }

  /** By whether the region begins with the one asked for; `nowhere`: none is on record. */
  private sums(counter: Counter | 'awards-granted', region: string, day: string, since = 0) {
    const month = monthOf(day);
    return (
      this.readModels
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
        .executeTakeFirstOrThrow()
    );
  }
}

function shares({ here, nowhere, all }: { readonly here: number; readonly nowhere: number; readonly all: number }) {
  return { value: String(here), elsewhere: all - here - nowhere, withoutRegion: nowhere };
}
