import { isBusinessDate, type PolicyCitation } from '@app/kernel';
import {
  type Citation,
  type Clause,
  type Fulfilment,
  type PolicyState,
  type PolicyVersion,
  type Shape,
  versionInForce,
} from '@app/policies';

type Deadline = Extract<Shape, { kind: 'deadline' }>;

/** A duty of one period: "2024", "2024-H1" or "2024-Q3". A duty done once has the year of its day. */
export interface DutyInstance {
  /** `<pack>.<clause>.<period>` */
  readonly id: string;
  readonly policy: PolicyCitation;
  readonly period: string;
  readonly title: string;
  readonly action: string;
  /** The first day on which it can be done: of its period, or of the force of the policy that asks for it once. */
  readonly begins: string;
  /** The last day on which it is in time. */
  readonly due: string;
  readonly citation: Citation & { readonly file: string };
  readonly fulfilledBy?: Fulfilment;
}

/** From the first day to the last, both counted. */
export interface Span {
  readonly from: string;
  readonly until: string;
}

export const PERIOD = /^\d{4}(?:-H[12]|-Q[1-4])?$/;

const HALVES = [
  ['H1', '01-01', '06-30'],
  ['H2', '07-01', '12-31'],
] as const;
const QUARTERS = [
  ['Q1', '01-01', '03-31'],
  ['Q2', '04-01', '06-30'],
  ['Q3', '07-01', '09-30'],
  ['Q4', '10-01', '12-31'],
] as const;

type Published = (version: number) => string | undefined;
interface Term {
  readonly period: string;
  readonly begins?: string;
  readonly due: string;
}

/**
 * The duties of a policy that fall due within a span, in the order of their days. A duty is owed when the day it is due
 * lies in force, and under the version that is in force that day: a period the policy begins in is owed, one it ends in
 * before the day is not. Where the text states no first day, duties begin with the year in which the version was
 * published here (`publishedOn`). A draft binds nobody.
 */
export function instancesOf(state: PolicyState, publishedOn: Published, { from, until }: Span): readonly DutyInstance[] {
  if (state.status === 'unpublished') return [];
  const instances = state.versions.flatMap((version) => {
    const first = firstDay(version, publishedOn);
    if (first === undefined) return [];
    const earliest = first > from ? first : from;
    return version.pack.clauses.flatMap((clause) => {
      if (clause.shape.kind !== 'deadline') return [];
      return termsOf(clause.shape, earliest, until)
        .filter(({ due }) => earliest <= due && due <= until && versionInForce(state, due) === version)
        .map((term) =>
          instance(version, clause, clause.shape as Deadline, { begins: begun(state.versions, clause, publishedOn), ...term }),
        );
    });
  });
  return instances.sort((one, other) => (one.due === other.due ? compare(one.id, other.id) : compare(one.due, other.due)));
}

/** The first day of force; where the text states none, of the year in which it was published here. */
function firstDay({ pack, version }: PolicyVersion, publishedOn: Published): string | undefined {
  return pack.force.from ?? beginningOfYear(publishedOn(version));
}

/** The day from which a policy has asked for a duty: an amendment does not begin it anew. */
function begun(versions: readonly PolicyVersion[], { id }: Clause, publishedOn: Published): string {
  const asking = versions.filter(({ pack }) => pack.status === 'in-force' && isDeadline(pack.clauses.find((clause) => clause.id === id)));
  return asking.map((version) => firstDay(version, publishedOn) ?? LAST).reduce((one, other) => (other < one ? other : one), LAST);
}

const LAST = '9999-12-31';
const isDeadline = (clause: Clause | undefined) => clause?.shape.kind === 'deadline';
const compare = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);
const beginningOfYear = (day: string | undefined) => day && `${day.slice(0, 4)}-01-01`;

/** Every term of the years a span touches. */
function termsOf({ every, by }: Deadline, from: string, until: string): readonly Term[] {
  if (every === 'once') return [{ period: by.slice(0, 4), due: by }];
  const [first, last] = [Number(from.slice(0, 4)), Number(until.slice(0, 4))];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => String(first + index)).flatMap((year): readonly Term[] => {
    const of = ([part, begins, due]: readonly [string, string, string]) => ({
      period: `${year}-${part}`,
      begins: `${year}-${begins}`,
      due: `${year}-${due}`,
    });
    switch (every) {
      case 'year': {
        const due = `${year}-${by === 'end' ? '12-31' : by}`;
        return isBusinessDate(due) ? [{ period: year, begins: `${year}-01-01`, due }] : [];
      }
      case 'half-year':
        return HALVES.map(of);
      case 'quarter':
        return QUARTERS.map(of);
      default:
        return every satisfies never;
    }
  });
}

function instance(
  { pack, version, hash }: PolicyVersion,
  clause: Clause,
  shape: Deadline,
  { period, begins, due }: Required<Term>,
): DutyInstance {
  return {
    id: `${pack.id}.${clause.id}.${period}`,
    policy: { pack: pack.id, version, clause: clause.id, hash },
    period,
    title: clause.title,
    action: shape.action,
    begins,
    due,
    citation: { ...clause.citation, file: pack.source.file },
    ...(shape.fulfilledBy && { fulfilledBy: shape.fulfilledBy }),
  };
}

/** The year of a period, by which records elsewhere are kept. */
export const yearOfPeriod = (period: string): number => Number(period.slice(0, 4));

/** The span of the years a period can lie in. */
export function spanOfPeriod(period: string): Span {
  const year = period.slice(0, 4);
  return { from: `${year}-01-01`, until: `${year}-12-31` };
}
