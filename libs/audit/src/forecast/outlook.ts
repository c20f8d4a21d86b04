import { Money } from '@app/kernel';
import type { Expectation } from './expectation.js';

/**
 * 支出预测: an instalment of a granted award that is still to be paid. Amounts are decimal strings in yuan.
 * `due`: unlocked and not paid. `certain`: falls due on a day that is known. `possible`: from a day on, once the rest has
 * been stated. `held`: unlocked, and not to be paid while its award is held. `barred`: not by what the enterprise's records say.
 */
export interface Outlook extends Partial<Expectation> {
  readonly award: string;
  readonly payee: string;
  readonly payeeName: string;
  readonly clause: string;
  readonly instalment: number;
  readonly amount: string;
  readonly budgetLine: string;
  readonly state: 'due' | 'certain' | 'possible' | 'held' | 'barred';
  /** First day without a hold on its award, where that is known. */
  readonly heldUntil?: string;
  /** `2027Q1`, of the day it is due or can be at the earliest; of the day asked about for what is due already. */
  readonly quarter?: string;
  /** Since when it has been due. */
  readonly dueSince?: string;
  /** Why no day can be told: the enterprise is not on record, or no text gives the condition. */
  readonly unknown?: 'no-dossier' | 'no-text';
}

export interface QuarterSums {
  /** Absent for what can fall due on no day. */
  readonly quarter?: string;
  readonly instalments: number;
  readonly due: string;
  readonly certain: string;
  readonly possible: string;
  readonly held: string;
  readonly barred: string;
}

export interface OutlookLine {
  readonly budgetLine: string;
  /** Everything of it that is still to be paid. */
  readonly unpaid: string;
  /** What the line holds for grants and has not spent. */
  readonly reserved: string;
  readonly available: string;
  /** What it holds and has left is less than what is still to be paid. */
  readonly short: boolean;
  readonly quarters: readonly QuarterSums[];
}

export interface OutlookSummary {
  readonly on: string;
  readonly instalments: number;
  readonly total: string;
  readonly byQuarter: readonly QuarterSums[];
  readonly byLine: readonly OutlookLine[];
}

/** The sums of one budget line in one quarter. */
export interface OutlookTotal extends QuarterSums {
  readonly budgetLine: string;
}

/** A summary as a list: by budget line, and of each in order of time. */
export function totalsOf({ byLine }: Pick<OutlookSummary, 'byLine'>): readonly OutlookTotal[] {
  return byLine.flatMap(({ budgetLine, quarters }) => quarters.map((sums) => ({ budgetLine, ...sums })));
}

/** The quarter of a business date: `2027Q1`. */
export function quarterOf(day: string): string {
  return `${day.slice(0, 4)}Q${Math.ceil(Number(day.slice(5, 7)) / 3)}`;
}

type Tally = Record<Outlook['state'], bigint> & { instalments: number };
type Quarters = Map<string, Tally>;

/** What a budget line holds, in fen. */
export interface LineStanding {
  readonly reserved: number;
  readonly available: number;
}

/** Adds up instalments by quarter and budget line; keeps sums alone. */
export class OutlookTotals {
  private readonly all: Quarters = new Map();
  private readonly lines = new Map<string, Quarters>();

  add({ budgetLine, quarter = '', state, amount }: Pick<Outlook, 'budgetLine' | 'quarter' | 'state' | 'amount'>): void {
    const ofLine = this.lines.get(budgetLine) ?? (new Map() as Quarters);
    this.lines.set(budgetLine, ofLine);
    for (const quarters of [this.all, ofLine]) {
      const tally = quarters.get(quarter) ?? { due: 0n, certain: 0n, possible: 0n, held: 0n, barred: 0n, instalments: 0 };
      tally[state] += BigInt(Money.parse(amount).toFen());
      tally.instalments += 1;
      quarters.set(quarter, tally);
    }
  }

  summary(on: string, standing: ReadonlyMap<string, LineStanding>): OutlookSummary {
    const byQuarter = quartersOf(this.all);
    return {
      on,
      instalments: byQuarter.reduce((sum, { instalments }) => sum + instalments, 0),
      total: Money.formatFen(totalOf(this.all)),
      byQuarter,
      byLine: [...this.lines]
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([budgetLine, quarters]) => {
          const { reserved, available } = standing.get(budgetLine) ?? { reserved: 0, available: 0 };
          const unpaid = totalOf(quarters);
          return {
            budgetLine,
            unpaid: Money.formatFen(unpaid),
            reserved: Money.formatFen(BigInt(reserved)),
            available: Money.formatFen(BigInt(available)),
            short: unpaid > BigInt(reserved) + BigInt(available),
            quarters: quartersOf(quarters),
          };
        }),
    };
  }
}

function totalOf(quarters: Quarters): bigint {
  return [...quarters.values()].reduce(
    (sum, { due, certain, possible, held, barred }) => sum + due + certain + possible + held + barred,
    0n,
  );
}

/** In order of time; what falls due on no day comes last. */
function quartersOf(quarters: Quarters): readonly QuarterSums[] {
  return [...quarters]
    .sort(([one], [other]) => (one === '' ? 1 : other === '' ? -1 : one < other ? -1 : 1))
    .map(([quarter, { instalments, due, certain, possible, held, barred }]) => ({
      ...(quarter !== '' && { quarter }),
      instalments,
      due: Money.formatFen(due),
      certain: Money.formatFen(certain),
      possible: Money.formatFen(possible),
      held: Money.formatFen(held),
      barred: Money.formatFen(barred),
    }));
}
