import { Decimal, unreachable } from '@app/kernel';
import type { Comparison } from '@app/policies';
import {
  type Baseline,
  endOfPeriod,
  isWithin,
  type Plan,
  type Report,
  type Requirement,
  stands,
  statedFor,
  type TargetClause,
  type TargetRecord,
  yearsOf,
} from './target.js';

/** Why something cannot be said. A missing figure is never read as zero. */
export type Unknown = 'no-plan' | 'no-actual' | 'years-missing' | 'no-baseline' | 'base-not-positive';

/** 计划数 */
export interface PlanView extends Requirement {
  /** `pack`: the text states it; `unit`: set for this unit by a document. */
  readonly from: 'pack' | 'unit';
  readonly document?: string;
}

/** 实际数: what is held against the plan, and what it rests on. */
export interface ActualView {
  /** In the plan's terms; a quotient that does not end is cut off after six decimals, and judged uncut. */
  readonly value: string;
  /** The reported figure behind a difference or multiple, and its base. */
  readonly figure?: string;
  readonly base?: string;
  /** The last day the figures cover. */
  readonly through: string;
  /** Numbers of the reports counted. */
  readonly reports: readonly number[];
  /** Whether every one of them had been verified by the day asked about. */
  readonly verified: boolean;
}

/** 完成情况 of one unit for one year, on one day. */
export interface Evaluation {
  readonly year: number;
  readonly plan?: PlanView;
  /** Whether the plan falls due in the year asked about; before that the answer shows how far along it is. */
  readonly due: boolean;
  readonly actual?: ActualView;
  readonly achieved: 'yes' | 'no' | 'unknown';
  /** The figures reach to the day the plan is due, or the year's end before that: nothing of the year is still to come. */
  readonly final: boolean;
  readonly unknown?: Unknown;
  /** Years without the figures that are needed. */
  readonly missingYears?: readonly number[];
  /** 完成率: actual in percent of the plan, cut off after two decimals, so that 100.00 is never short of it. None for a plan of zero. */
  readonly ratio?: string;
  /** Actual less plan. */
  readonly difference?: string;
  /** What is missing to the plan; "0" where it is reached. */
  readonly gap?: string;
}

/** An exact quotient: dividing would round, and a rounded figure must not decide. `below` is more than zero. */
interface Quotient {
  readonly above: Decimal;
  readonly below: Decimal;
}
type Measure =
  { readonly quotient: Quotient; readonly view: ActualView } | { readonly unknown: Unknown; readonly missingYears?: readonly number[] };

const ONE = new Decimal(1);
const HUNDRED = new Decimal(100);

/** The year to show where none is asked for: that of the day, or the nearest of the target's own. */
export function usualYear(terms: TargetClause, on: string): number {
  const { first, last } = yearsOf(terms);
  const year = Number(on.slice(0, 4));
  return Math.max(first ?? -Infinity, Math.min(last ?? Infinity, year));
}

/** How a unit stands in a year, by what was on record on a day. */
export function evaluate(terms: TargetClause, unit: string, record: TargetRecord, year: number, on: string): Evaluation {
  const plan = planFor(terms, unit, record, year, on);
  const measure = measured(terms, record, plan, year, on);
  const due = plan?.year === year;
  const common = { year, ...(plan && { plan }), due };
  if ('unknown' in measure) return { ...common, achieved: 'unknown', final: false, ...measure };
  const { quotient, view } = measure;
  const final = view.through >= (due ? plan.dueOn : `${year}-12-31`);
  if (plan === undefined) return { ...common, actual: view, achieved: 'unknown', final, unknown: 'no-plan' };
  const wanted = new Decimal(plan.value);
  const difference = minus(quotient, wanted);
  const tolerance = new Decimal(plan.tolerance ?? 0);
  return {
    ...common,
    actual: view,
    achieved: meets(plan.comparison, difference.above, tolerance.times(difference.below)) ? 'yes' : 'no',
    final,
    ...(wanted.isPositive() && !wanted.isZero() && { ratio: ratioOf(quotient, wanted) }),
    difference: shown(difference),
    gap: shown({ above: gapOf(plan.comparison, difference.above, tolerance.times(difference.below)), below: difference.below }),
  };
}

/**
 * What is asked of the unit for the year: of the text, else of its own plan. A target that is due in a later year is
 * asked of the years before too, to show how far along it is.
 */
function planFor(terms: TargetClause, unit: string, { plans }: TargetRecord, year: number, on: string): PlanView | undefined {
  const stated = statedFor(terms, unit, year);
  if (stated !== undefined) return { ...stated, from: 'pack' };
  const own = plans.find((plan) => plan.year === year && stands(plan, on));
  if (own !== undefined) return ownPlan(terms, own);
  const { shape } = terms.clause;
  const years = yearsOf(terms);
  if (shape.kind !== 'target' || 'eachYear' in shape.due || years.last === undefined || !isWithin(years, year)) return undefined;
  const last = statedFor(terms, unit, years.last);
  if (last !== undefined) return { ...last, from: 'pack' };
  const later = plans.find((plan) => plan.year === years.last && stands(plan, on));
  return later && ownPlan(terms, later);
}

function ownPlan({ clause: { shape } }: TargetClause, { value, year, document }: Plan): PlanView {
  const { comparison, tolerance } = shape.kind === 'target' ? shape : { comparison: 'at-least' as const, tolerance: undefined };
  return { value, comparison, ...(tolerance !== undefined && { tolerance }), year, dueOn: `${year}-12-31`, from: 'unit', document };
}

function measured(terms: TargetClause, record: TargetRecord, plan: PlanView | undefined, year: number, on: string): Measure {
  const { shape } = terms.clause;
  const until = plan?.year === year ? plan.dueOn : `${year}-12-31`;
  const latest = latestOf(record.reports, year, until, on);
  if (latest === undefined) return { unknown: 'no-actual' };
  const view = { value: latest.value, through: endOfPeriod(latest.period), reports: [latest.no], verified: isVerified(latest, on) };
  const single = { quotient: { above: new Decimal(latest.value), below: ONE }, view };
  if (shape.kind === 'target-table') return single;
  const since = 'since' in shape.due ? shape.due.since : undefined;
  // Where the text does not say from when a sum or an average runs, the figure reported is that sum or average.
  const spread = (shape.counts === 'cumulative' || shape.counts === 'yearly-average') && since !== undefined;
  const figure = spread ? overYears(record.reports, shape.counts === 'yearly-average', since, year, latest, on) : single;
  if (shape.baseline === undefined || 'unknown' in figure) return figure;
  return againstBase(figure, baseFor(record.baselines, year, on), shape.unit);
}

/** The report that reaches furthest by a day, and of those the one made last. */
function latestOf(reports: readonly Report[], year: number, until: string, on: string): Report | undefined {
  let latest: Report | undefined;
  for (const report of reports) {
    const end = endOfPeriod(report.period);
    if (report.year !== year || end > until || !stands(report, on)) continue;
    if (latest === undefined || end >= endOfPeriod(latest.period)) latest = report;
  }
  return latest;
}

/** The sum or the average of the years. Every earlier year counts whole; an average has no place for a part of a year. */
function overYears(reports: readonly Report[], average: boolean, since: number, year: number, latest: Report, on: string): Measure {
  if (since > year) return { unknown: 'no-actual' };
  const years = Array.from({ length: year - since + 1 }, (_, index) => since + index);
  const found = years.map((one) => (one === year ? latest : latestOf(reports, one, `${one}-12-31`, on)));
  const isWhole = (report: Report) => endOfPeriod(report.period) === `${report.year}-12-31`;
  const missingYears = years.filter((one, index) => {
    const report = found[index];
    return report === undefined || ((average || one < year) && !isWhole(report));
  });
  if (missingYears.length > 0) return { unknown: 'years-missing', missingYears };
  const counted = found as readonly Report[];
  const above = counted.reduce((sum, { value }) => sum.plus(value), new Decimal(0));
  const quotient = { above, below: average ? new Decimal(years.length) : ONE };
  return {
    quotient,
    view: {
      value: shown(quotient),
      through: endOfPeriod(latest.period),
      reports: counted.map(({ no }) => no),
      verified: counted.every((report) => isVerified(report, on)),
    },
  };
}

const isVerified = ({ verified }: Report, on: string): boolean => verified !== undefined && verified.on <= on;

function baseFor(baselines: readonly Baseline[], year: number, on: string): Baseline | undefined {
  const standing = baselines.filter((baseline) => stands(baseline, on));
  return standing.find((baseline) => baseline.year === year) ?? standing.find((baseline) => baseline.year === undefined);
}

/**
 * The figure in terms of its base, by the unit of measure: 倍 is a multiple, % a growth rate, anything else (家, 百分点) a difference.
 */
function againstBase({ quotient, view }: Extract<Measure, { view: ActualView }>, baseline: Baseline | undefined, unit: string): Measure {
  if (baseline === undefined) return { unknown: 'no-baseline' };
  const base = new Decimal(baseline.value);
  const { above, below } = quotient;
  const whole = below.times(base);
  const isRelative = unit === '倍' || unit === '%';
  if (isRelative && !base.greaterThan(0)) return { unknown: 'base-not-positive' };
  const compared: Quotient =
    unit === '倍'
      ? { above, below: whole }
      : unit === '%'
        ? { above: above.minus(whole).times(HUNDRED), below: whole }
        : { above: above.minus(whole), below };
  return { quotient: compared, view: { ...view, value: shown(compared), figure: view.value, base: baseline.value } };
}

/** Whether a difference from the plan meets it. 超过 and 以上 stay apart: what equals the plan is not more than it. */
function meets(comparison: Comparison, difference: Decimal, tolerance: Decimal): boolean {
  switch (comparison) {
    case 'at-least':
      return difference.greaterThanOrEqualTo(0);
    case 'more-than':
      return difference.greaterThan(0);
    case 'at-most':
      return difference.lessThanOrEqualTo(0);
    case 'less-than':
      return difference.lessThan(0);
    case 'exactly':
      return difference.isZero();
    case 'about':
      return difference.abs().lessThanOrEqualTo(tolerance);
    default:
      return unreachable(comparison);
  }
}

function gapOf(comparison: Comparison, difference: Decimal, tolerance: Decimal): Decimal {
  switch (comparison) {
    case 'at-least':
    case 'more-than':
      return Decimal.max(difference.negated(), 0);
    case 'at-most':
    case 'less-than':
      return Decimal.max(difference, 0);
    case 'exactly':
    case 'about':
      return Decimal.max(difference.abs().minus(tolerance), 0);
    default:
      return unreachable(comparison);
  }
}

function minus({ above, below }: Quotient, value: Decimal): Quotient {
  return { above: above.minus(value.times(below)), below };
}

function ratioOf({ above, below }: Quotient, plan: Decimal): string {
  return above.times(HUNDRED).div(below.times(plan)).toDecimalPlaces(2, Decimal.ROUND_FLOOR).toFixed(2);
}

function shown({ above, below }: Quotient): string {
  return above.div(below).toDecimalPlaces(6, Decimal.ROUND_DOWN).plus(0).toFixed();
}

/** A row that sums up the others is not ranked among them. */
const TOTALS = /^(全[国省市县区]|合计|总计)$/;

export interface UnitEvaluation {
  readonly unit: string;
  readonly evaluation: Evaluation;
}
/** 1 for the best; ties share a rank, what is unknown has none. */
export type Ranked<Unit extends UnitEvaluation> = Unit & { readonly rank?: number };

/** Best first, what is unknown last. By the share of the plan reached; by the bare difference where a plan of zero has no share. */
export function ranked<Unit extends UnitEvaluation>(units: readonly Unit[]): readonly Ranked<Unit>[] {
  const known = units.filter(({ unit, evaluation }) => evaluation.achieved !== 'unknown' && !TOTALS.test(unit));
  const rest = units.filter((unit) => !known.includes(unit));
  const byShare = known.every(({ evaluation }) => evaluation.ratio !== undefined);
  const scores = new Map(known.map((unit) => [unit, scoreOf(unit.evaluation, byShare)] as const));
  const score = (unit: Unit) => scores.get(unit) as Decimal;
  const order = known.toSorted((one, other) => score(other).comparedTo(score(one)));
  const places = order.map((unit): Ranked<Unit> => ({ ...unit, rank: 1 + order.findIndex((other) => score(other).equals(score(unit))) }));
  return [...places, ...rest];
}

/** The greater the better. */
function scoreOf({ plan, actual, difference = '0' }: Evaluation, byShare: boolean): Decimal {
  const comparison = plan?.comparison ?? 'at-least';
  if (comparison === 'exactly' || comparison === 'about') return new Decimal(difference).abs().negated();
  const score = byShare ? new Decimal(actual?.value ?? 0).div(plan?.value ?? 1) : new Decimal(difference);
  return comparison === 'at-most' || comparison === 'less-than' ? score.negated() : score;
}

/** How many units have reached their plan. */
export function tally(evaluations: readonly Evaluation[]): Readonly<Record<Evaluation['achieved'], number>> {
  const count = (answer: Evaluation['achieved']) => evaluations.filter(({ achieved }) => achieved === answer).length;
  return { yes: count('yes'), no: count('no'), unknown: count('unknown') };
}
