import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Decimal } from '@app/kernel';
import type { TargetCounts } from '@app/policies';
import { cursorKey, type Page, pageOf } from '@app/http';
import { TargetRecords } from '../entries/entries.query.js';
import { type Evaluation, evaluate, type Ranked, ranked, tally, type UnitEvaluation, usualYear } from '../evaluate.js';
import { type CountedSpan, type LedgerCount, LedgerCounts } from '../metrics/ledger-counts.js';
import { type OpenQuestion, openQuestions, type PublishedTarget, PublishedTargets } from '../published-targets.js';
import { NO_RECORD, statedFor } from '../target.js';

/** An indicator: what a clause sets a figure for. */
export interface IndicatorHead {
  readonly pack: string;
  readonly clause: string;
  readonly title: string;
  readonly indicator: string;
  /** Unit of measure: 家, %, 亿元 … */
  readonly measure: string;
  /** A draft asks nothing of anybody yet. */
  readonly draft: boolean;
  readonly partOf?: string;
  readonly counts?: TargetCounts;
  readonly baseline?: string;
  readonly citation: { readonly line: number | readonly number[]; readonly quote: string };
  readonly openQuestions: readonly OpenQuestion[];
}

/** What the ledger counts itself, beside what was reported. */
export interface CountView extends LedgerCount {
  /** Reported less counted. */
  readonly difference?: string;
}

/** An indicator with how it stands: a plain target for its region, a table by how many of its rows have been reached. */
export type IndicatorView = IndicatorHead &
  (
    | ({ readonly kind: 'target'; readonly unit: string; readonly counted?: CountView } & Evaluation)
    | { readonly kind: 'target-table'; readonly year: number; readonly units: Readonly<Record<Evaluation['achieved'], number>> }
  );

export interface IndicatorFilter {
  readonly pack?: string;
  readonly year?: number;
  readonly on: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Every indicator of a pack, or of all packs, with its evaluation. */
export class ListIndicators extends Query<Page<IndicatorView>> {
  constructor(readonly filter: IndicatorFilter) {
    super();
  }
}

/** One indicator by unit, best first. */
export class GetIndicator extends Query<IndicatorUnits> {
  constructor(
    readonly pack: string,
    readonly clause: string,
    readonly filter: { readonly year?: number; readonly on: string },
  ) {
    super();
  }
}

export type IndicatorUnits = IndicatorHead & {
  readonly year: number;
  readonly units: readonly Ranked<UnitEvaluation & { readonly stated: boolean }>[];
  readonly summary: Readonly<Record<Evaluation['achieved'], number>>;
  readonly counted?: CountView;
};

type Records = Awaited<ReturnType<TargetRecords['ofClauses']>>;

@QueryHandler(ListIndicators)
export class ListIndicatorsHandler implements IQueryHandler<ListIndicators> {
  constructor(
    private readonly targets: PublishedTargets,
    private readonly records: TargetRecords,
    private readonly counts: LedgerCounts,
  ) {}

  async execute({ filter: { pack, year, on, limit, cursor } }: ListIndicators): Promise<Page<IndicatorView>> {
    const all = await this.targets.all(pack, on);
    const after = cursorKey(cursor, ['string', 'string']);
    const from = after === undefined ? 0 : 1 + all.findIndex(({ policy }) => policy.pack === after[0] && policy.clause === after[1]);
    const { items, next } = pageOf(all.slice(from, from + limit + 1), limit, ({ policy }) => [policy.pack, policy.clause]);
    const records: Records = items.length === 0 ? new Map() : await this.records.ofClauses(items.map(({ policy }) => policy));
    const evaluated = items.map((target) => {
      const asked = year ?? usualYear(target.terms, on);
      const evaluations = evaluatedUnits(target, records, asked, on);
      return { target, year: asked, evaluations, span: evaluations[0] && countedSpan(target, evaluations[0], on) };
    });
    const spans = evaluated.flatMap(({ span }) => span ?? []);
    const counts = await this.counts.count(spans);
    const views = evaluated.map(({ target, year: asked, evaluations, span }): IndicatorView => {
      const [regional] = evaluations;
      if (target.terms.clause.shape.kind === 'target-table' || regional === undefined)
        return { ...headOf(target), kind: 'target-table', year: asked, units: tally(evaluations) };
      const count = span && counts[spans.indexOf(span)];
      const view = regionalView(target, regional);
      return count ? { ...view, counted: compared(count, regional) } : view;
    });
    return { items: views, ...(next !== undefined && { next }) };
  }
}

/** The region's figure of a plain target, every row's of a table. */
function evaluatedUnits(target: PublishedTarget, records: Records, year: number, on: string): readonly Evaluation[] {
  const blank = blankEvaluations(target, year, on);
  return target.units.map(({ unit, stream }, index) => {
    const known = records.get(stream);
    return known === undefined ? (blank[index] as Evaluation) : evaluate(target.terms, unit, known.record, year, on);
  });
}

/** By year: lists ask for the same again and again, and most units have reported nothing. */
const blanks = new WeakMap<PublishedTarget, Map<number, readonly Evaluation[]>>();
/** Nobody looks at more years in turn; whoever asks for every year there could be must not fill the memory. */
const MOST_YEARS = 16;

/** How units stand of which nothing is recorded: that is for the text alone to say, whatever the day. */
function blankEvaluations(target: PublishedTarget, year: number, on: string): readonly Evaluation[] {
  const years = blanks.get(target) ?? new Map<number, readonly Evaluation[]>();
  blanks.set(target, years);
  const known = years.get(year);
  if (known !== undefined) return known;
  const evaluations = target.units.map(({ unit }) => evaluate(target.terms, unit, NO_RECORD, year, on));
  if (years.size >= MOST_YEARS) years.clear();
  years.set(year, evaluations);
  return evaluations;
}

type RegionalView = IndicatorHead & { readonly kind: 'target'; readonly unit: string } & Evaluation;
/** Of evaluations that are kept themselves: putting so many fields together costs more than all else about them. */
const regionalViews = new WeakMap<Evaluation, RegionalView>();

function regionalView(target: PublishedTarget, regional: Evaluation): RegionalView {
  const known = regionalViews.get(regional) ?? { ...headOf(target), kind: 'target', unit: target.terms.region, ...regional };
  regionalViews.set(regional, known);
  return known;
}

@QueryHandler(GetIndicator)
export class GetIndicatorHandler implements IQueryHandler<GetIndicator> {
  constructor(
    private readonly targets: PublishedTargets,
    private readonly records: TargetRecords,
    private readonly counts: LedgerCounts,
  ) {}

  async execute({ pack, clause, filter: { year: asked, on } }: GetIndicator): Promise<IndicatorUnits> {
    const target = await this.targets.target(pack, clause, on);
    const { terms } = target;
    const { shape } = terms.clause;
    const year = asked ?? usualYear(terms, on);
    const records = new Map(await this.records.ofClause(pack, clause));
    for (const { unit, stream } of target.units) records.set(stream, { unit, record: records.get(stream)?.record ?? NO_RECORD });
    const units = [...records.values()].map(({ unit, record }) => ({
      unit,
      stated: statedFor(terms, unit, year) !== undefined,
      evaluation: evaluate(terms, unit, record, year, on),
    }));
    const regional = shape.kind === 'target' ? units.find(({ unit }) => unit === terms.region)?.evaluation : undefined;
    const span = regional && countedSpan(target, regional, on);
    const [count] = span ? await this.counts.count([span]) : [];
    return {
      ...headOf(target),
      year,
      units: ranked(units),
      summary: tally(units.map(({ evaluation }) => evaluation)),
      ...(regional && count && { counted: compared(count, regional) }),
    };
  }
}

const heads = new WeakMap<PublishedTarget, IndicatorHead>();

/** What the text says of an indicator. */
export function headOf(target: PublishedTarget): IndicatorHead {
  const known = heads.get(target) ?? described(target);
  heads.set(target, known);
  return known;
}

function described(target: PublishedTarget): IndicatorHead {
  const { pack, terms, policy } = target;
  const { clause } = terms;
  const { shape } = clause;
  return {
    pack: policy.pack,
    clause: clause.id,
    title: clause.title,
    indicator: shape.indicator,
    measure: shape.unit,
    draft: pack.status === 'draft',
    ...(clause.partOf !== undefined && { partOf: clause.partOf }),
    ...(shape.kind === 'target' && {
      counts: shape.counts ?? 'standing',
      ...(shape.baseline !== undefined && { baseline: shape.baseline }),
    }),
    citation: clause.citation,
    openQuestions: openQuestions(target),
  };
}

/** What the ledger counts itself for the region, to the same day and over the same years as the target. */
function countedSpan({ terms, policy }: PublishedTarget, { year, plan }: Evaluation, on: string): CountedSpan | undefined {
  const { shape } = terms.clause;
  if (shape.kind !== 'target' || shape.metric === undefined) return undefined;
  const end = plan?.year === year ? plan.dueOn : `${year}-12-31`;
  const since = shape.counts === 'within-year' ? year : 'since' in shape.due ? shape.due.since : undefined;
  return {
    metric: shape.metric,
    pack: policy.pack,
    region: terms.region,
    day: on < end ? on : end,
    ...(since !== undefined && { since: Number(since) }),
  };
}

function compared(count: LedgerCount, { actual }: Evaluation): CountView {
  const reported = actual?.figure ?? actual?.value;
  return { ...count, ...(reported !== undefined && { difference: new Decimal(reported).minus(count.value).toFixed() }) };
}
