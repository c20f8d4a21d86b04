import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { refused } from '@app/kernel';
import { TargetRecords } from '../entries/entries.query.js';
import { type Evaluation, evaluate } from '../evaluate.js';
import { headOf, type IndicatorHead } from '../indicators/indicators.query.js';
import { type PublishedTarget, PublishedTargets } from '../published-targets.js';
import { isWithin, NO_RECORD, type TargetRecord, targetStream, type TargetTableShape, yearOfColumn, yearsOf } from '../target.js';

/** A column of the text for one year; a column that speaks of every year (每年) stands once for each. */
export interface TableColumn {
  readonly title: string;
  readonly year: number;
}
/** One cell: what the text asks, what was reported, and their difference. `null` is unknown, never zero. */
export interface TableCell {
  readonly year: number;
  readonly plan: string | null;
  /** Where the text leaves the cell blank and the unit has been given a figure. */
  readonly planFrom?: 'pack' | 'unit';
  readonly actual: string | null;
  readonly difference: string | null;
  readonly achieved: Evaluation['achieved'];
  readonly final: boolean;
}
export interface TableRow {
  readonly unit: string;
  readonly line: number;
  readonly cells: readonly TableCell[];
}
/** A table of the text as a table: units down, years across. */
export interface TargetTableView extends IndicatorHead {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly TableRow[];
  /** The tables that complete this one. */
  readonly parts?: readonly TargetTableView[];
}

/** A table of targets with the actual figures beside. */
export class GetTargetTable extends Query<TargetTableView> {
  constructor(
    readonly pack: string,
    readonly clause: string,
    readonly filter: { readonly year?: number; readonly on: string },
  ) {
    super();
  }
}

type Filter = GetTargetTable['filter'];

@QueryHandler(GetTargetTable)
export class GetTargetTableHandler implements IQueryHandler<GetTargetTable> {
  constructor(
    private readonly targets: PublishedTargets,
    private readonly records: TargetRecords,
  ) {}

  /** @throws Problem `clause-is-no-table`. */
  async execute({ pack, clause, filter }: GetTargetTable): Promise<TargetTableView> {
    const target = await this.targets.target(pack, clause, filter.on);
    const { shape } = target.terms.clause;
    if (shape.kind !== 'target-table') throw refused('clause-is-no-table', `clause ${clause} sets one figure, not a table`);
    const view = await this.view(target, shape, filter);
    const parts: TargetTableView[] = [];
    for (const part of await this.targets.partsOf(pack, clause, filter.on)) {
      const { shape: other } = part.terms.clause;
      if (other.kind === 'target-table') parts.push(await this.view(part, other, filter));
    }
    return { ...view, ...(parts.length > 0 && { parts }) };
  }

  private async view(target: PublishedTarget, shape: TargetTableShape, { year: asked, on }: Filter): Promise<TargetTableView> {
    const { terms, policy } = target;
    const records = await this.records.ofClause(policy.pack, policy.clause);
    const recordFor = (unit: string) => records.get(targetStream(policy.pack, policy.clause, unit))?.record ?? NO_RECORD;
    const every = columnsOf(
      target,
      shape,
      on,
      [...records.values()].map(({ record }) => record),
    );
    const columns = asked === undefined ? every : every.filter(({ year }) => year === asked);
    const rows = shape.rows.map(({ title: unit, line }) => {
      const record = recordFor(unit);
      return { unit, line, cells: columns.map(({ year }) => cellOf(evaluate(terms, unit, record, year, on))) };
    });
    return { ...headOf(target), columns, rows };
  }
}

function columnsOf(
  { terms }: PublishedTarget,
  { columns }: TargetTableShape,
  on: string,
  records: readonly TargetRecord[],
): readonly TableColumn[] {
  const dated = columns.flatMap((title) => {
    const year = yearOfColumn(title);
    return year === undefined ? [] : [{ title, year }];
  });
  const [only] = columns;
  if (dated.length > 0 || columns.length !== 1 || only === undefined) return dated;
  const years = yearsOf(terms);
  const reported = records.flatMap(({ reports }) => reports.map(({ year }) => year)).filter((year) => isWithin(years, year));
  const first = years.first ?? Math.min(Number(on.slice(0, 4)), ...reported);
  const last = years.last ?? Math.max(Number(on.slice(0, 4)), ...reported);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => ({ title: only, year: first + index }));
}

function cellOf({ year, plan, actual, difference, achieved, final }: Evaluation): TableCell {
  return {
    year,
    plan: plan?.value ?? null,
    ...(plan && { planFrom: plan.from }),
    actual: actual?.value ?? null,
    difference: difference ?? null,
    achieved,
    final,
  };
}
