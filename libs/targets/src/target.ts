import {
  addDays,
  type BusinessDate,
  Decimal,
  type DomainEvent,
  type EventContext,
  type Evidence,
  invalidField,
  isPlainReference,
  normalisedReference,
  notFound,
  refused,
  unreachable,
} from '@app/kernel';
import type { Clause, Comparison, Force, Shape } from '@app/policies';

/** What a figure is about: a clause of a pack and a unit. A plain target without a unit is the pack's whole region. */
export interface TargetRef {
  readonly pack: string;
  readonly clause: string;
  readonly unit?: string;
}

export type TargetShape = Extract<Shape, { kind: 'target' }>;
export type TargetTableShape = Extract<Shape, { kind: 'target-table' }>;
/** A clause that sets figures, with what of its pack bears on them. */
export interface TargetClause {
  readonly clause: Clause & { readonly shape: TargetShape | TargetTableShape };
  readonly region: string;
  readonly force: Force;
}

interface Figure {
  /** Counts the reports, plans and baselines of a stream, each kind from 1. */
  readonly no: number;
  /** As the text or the clerk writes it; the stream's name holds its one spelling. */
  readonly unit: string;
  readonly value: string;
  /** The figure of the same kind this one puts right. */
  readonly corrects?: number;
}
export interface ActualData extends Figure {
  readonly year: number;
  /** "2024", "2024-H1", "2024-Q3" or "2024-09": the figure is as of its last day, year-to-date where it counts within a year. */
  readonly period: string;
  readonly sourceUnit: string;
  /** The day the source stated it. */
  readonly asOf: string;
}
export interface PlanData extends Figure {
  readonly year: number;
  readonly document: string;
}
export interface BaselineData extends Figure {
  /** The year judged against it; without one it is the base of every year. */
  readonly year?: number;
  readonly sourceUnit: string;
  readonly asOf: string;
}

/** Everything that can happen to a unit's target (目标任务). Values are decimal strings in the clause's unit of measure. */
export type TargetEvent =
  | DomainEvent<'actual-reported', ActualData>
  | DomainEvent<'actual-verified', { readonly unit: string; readonly report: number }>
  | DomainEvent<'plan-set', PlanData>
  | DomainEvent<'baseline-reported', BaselineData>;

interface Recorded {
  readonly evidence: readonly Evidence[];
  readonly by: string;
  /** The business date since when the ledger has it. */
  readonly on: string;
  readonly correctedBy?: { readonly no: number; readonly on: string };
}
export type Report = ActualData & Recorded & { readonly verified?: { readonly by: string; readonly on: string } };
export type Plan = PlanData & Recorded;
export type Baseline = BaselineData & Recorded;

/** What is recorded for a unit, each kind in the order of its numbers. */
export interface TargetRecord {
  readonly reports: readonly Report[];
  readonly plans: readonly Plan[];
  readonly baselines: readonly Baseline[];
}
export type TargetState = { readonly status: 'empty' } | (TargetRecord & { readonly status: 'recorded'; readonly unit: string });

export const initialState: TargetState = { status: 'empty' };
export const NO_RECORD: TargetRecord = { reports: [], plans: [], baselines: [] };

export const recordOf = (state: TargetState): TargetRecord => (state.status === 'empty' ? NO_RECORD : state);

export function evolve(state: TargetState, event: TargetEvent, at: EventContext): TargetState {
  const known = recordOf(state);
  const recorded: Recorded = { evidence: event.evidence ?? [], by: at.actorId, on: at.effectiveOn };
  const changed = (change: Partial<TargetRecord>): TargetState => ({ ...known, ...change, status: 'recorded', unit: event.data.unit });
  switch (event.type) {
    case 'actual-reported':
      return changed({ reports: added(known.reports, { ...event.data, ...recorded }) });
    case 'actual-verified': {
      const { report } = event.data;
      const verified = { by: at.actorId, on: at.effectiveOn };
      return changed({ reports: known.reports.map((one) => (one.no === report ? { ...one, verified } : one)) });
    }
    case 'plan-set':
      return changed({ plans: added(known.plans, { ...event.data, ...recorded }) });
    case 'baseline-reported':
      return changed({ baselines: added(known.baselines, { ...event.data, ...recorded }) });
    default:
      return unreachable(event);
  }
}

function added<One extends Figure & Recorded>(all: readonly One[], one: One): readonly One[] {
  const correctedBy = { no: one.no, on: one.on };
  return [...all.map((other) => (other.no === one.corrects ? { ...other, correctedBy } : other)), one];
}

/** Whether a figure counts on a day: recorded by then, and not put right by then. */
export function stands({ on, correctedBy }: Pick<Recorded, 'on' | 'correctedBy'>, day: string): boolean {
  return on <= day && (correctedBy === undefined || correctedBy.on > day);
}

export const PERIOD = /^\d{4}(?:-(?:H[12]|Q[1-4]|0[1-9]|1[0-2]))?$/;
/** Thirteen whole digits and six decimals carry every indicator a document states; a growth rate may be negative. */
export const VALUE = /^-?(0|[1-9]\d{0,12})(\.\d{1,6})?$/;

/** The last day of a period. @throws Problem `invalid-input` for what is not a period. */
export function endOfPeriod(period: string): BusinessDate {
  if (!PERIOD.test(period) || period < '1949-10' || period >= '9998')
    throw invalidField('period', 'period', 'must be a year, half-year, quarter or month such as "2024", "2024-H1", "2024-Q3" or "2024-09"');
  const [year, part] = [period.slice(0, 4), period.slice(5)];
  const month = part === '' ? 12 : part.startsWith('H') ? Number(part[1]) * 6 : part.startsWith('Q') ? Number(part[1]) * 3 : Number(part);
  const next = month === 12 ? `${Number(year) + 1}-01-01` : `${year}-${String(month + 1).padStart(2, '0')}-01`;
  return addDays(next as BusinessDate, -1);
}

/** One spelling of a value, so that 2.60 and 2.6 are the same report. @throws Problem `invalid-input`. */
export function valueOf(text: string): string {
  if (!VALUE.test(text)) throw invalidField('value', 'decimal', 'must be a decimal string with at most 13 whole digits and six decimals');
  return new Decimal(text).plus(0).toFixed();
}

/** @throws Problem `clause-sets-no-target`. */
export function targetClause(clause: Clause, { region, force }: Pick<TargetClause, 'region' | 'force'>): TargetClause {
  if (!isTarget(clause)) throw refused('clause-sets-no-target', `clause ${clause.id} sets no target`);
  return { clause, region, force };
}

export function isTarget(clause: Clause): clause is TargetClause['clause'] {
  return clause.shape.kind === 'target' || clause.shape.kind === 'target-table';
}

const MOST_UNIT_CHARACTERS = 100;

/**
 * The unit as the ledger writes it: a table's own row, the pack's region, or a unit of its own under a plain target.
 * @throws Problem `target-unit-unknown` for a row a table does not have, `invalid-input` for what is no plain name.
 */
export function unitOf({ clause: { id, shape }, region }: TargetClause, asked?: string): string {
  if (shape.kind === 'target') {
    if (asked === undefined || sameUnit(asked, region)) return region;
    const unit = asked.normalize('NFKC').trim();
    if (unit.length > MOST_UNIT_CHARACTERS || !isPlainReference(unit))
      throw invalidField('unit', 'plain-name', `must be a name of letters, digits and Chinese characters, at most ${MOST_UNIT_CHARACTERS}`);
    return unit;
  }
  const row = asked === undefined ? undefined : shape.rows.find(({ title }) => sameUnit(title, asked));
  if (row !== undefined) return row.title;
  throw notFound(
    'target-unit-unknown',
    `the table of ${id} has ${asked === undefined ? 'one figure a row: name the unit' : `no row ${asked}`}`,
  );
}

export const sameUnit = (one: string, other: string): boolean => normalisedReference(one) === normalisedReference(other);

/** The stream of a unit's figures. */
export function targetStream(pack: string, clause: string, unit: string): string {
  return `target-${pack}.${clause}.${normalisedReference(unit)}`;
}

/** Pack and clause of a stream. Neither holds a full stop. */
export function clauseOfStream(stream: string): { readonly pack: string; readonly clause: string } {
  const [, pack, clause] = /^target-([^.]+)\.([^.]+)\..+$/s.exec(stream) ?? [];
  if (pack === undefined || clause === undefined) throw new Error(`${stream} is not the stream of a target`);
  return { pack, clause };
}

/** What is asked of a unit by a day, and how it is compared. */
export interface Requirement {
  readonly value: string;
  readonly comparison: Comparison;
  readonly tolerance?: string;
  readonly year: number;
  readonly dueOn: string;
}

/** The years a target speaks of; open at an end the text leaves open. */
export interface Years {
  readonly first?: number;
  readonly last?: number;
}

/** The years for which the clause asks something, or may be divided into yearly steps. */
export function yearsOf({ clause: { shape }, force }: TargetClause): Years {
  const begins = force.from === null ? {} : { first: Number(force.from.slice(0, 4)) };
  // The last year that ends in force: a yearly figure is due when its year ends.
  const ends = force.until === null ? {} : { last: Number(force.until.slice(0, 4)) - 1 };
  if (shape.kind === 'target') {
    const { due } = shape;
    if ('eachYear' in due)
      return { ...(due.from === undefined ? begins : { first: due.from }), ...(due.to === undefined ? ends : { last: due.to }) };
    if ('date' in due) return { ...begins, last: Number(due.date.slice(0, 4)) };
    return { ...(due.since === undefined ? begins : { first: due.since }), last: due.year };
  }
  const years = shape.columns.flatMap((column) => yearOfColumn(column) ?? []);
  if (years.length > 0) return { first: Math.min(...years), last: Math.max(...years) };
  return { ...begins, ...ends };
}

export function isWithin({ first, last }: Years, year: number): boolean {
  return (first === undefined || first <= year) && (last === undefined || year <= last);
}

/** The year of a column such as 2024年; none where a column speaks of every year (每年, 年均增速). */
export function yearOfColumn(column: string): number | undefined {
  const [, year] = /^(\d{4})年?$/.exec(column.trim()) ?? [];
  return year === undefined ? undefined : Number(year);
}

/** The column of a table that speaks of a year: its own, or the only one of a table that names no years. */
export function columnFor({ columns }: TargetTableShape, year: number): number | undefined {
  const own = columns.findIndex((column) => yearOfColumn(column) === year);
  if (own >= 0) return own;
  return columns.length === 1 && yearOfColumn(columns[0] as string) === undefined ? 0 : undefined;
}

/**
 * What the pack itself asks of a unit for exactly this year. A table says no comparison: its figures are floors, as
 * 达到 in a plan is read. A blank cell asks nothing that is known.
 */
export function statedFor(terms: TargetClause, unit: string, year: number): Requirement | undefined {
  const { shape } = terms.clause;
  if (!isWithin(yearsOf(terms), year)) return undefined;
  if (shape.kind === 'target-table') {
    const column = columnFor(shape, year);
    const value = column === undefined ? undefined : shape.rows.find(({ title }) => sameUnit(title, unit))?.values[column];
    return value === undefined || value === null ? undefined : { value, comparison: 'at-least', year, dueOn: `${year}-12-31` };
  }
  if (!sameUnit(unit, terms.region)) return undefined;
  const { due, value, comparison, tolerance } = shape;
  if ('year' in due && due.year !== year) return undefined;
  if ('date' in due && Number(due.date.slice(0, 4)) !== year) return undefined;
  const dueOn = 'date' in due ? due.date : `${year}-12-31`;
  return { value, comparison, ...(tolerance !== undefined && { tolerance }), year, dueOn };
}
