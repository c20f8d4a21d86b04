import { checkFactValue, factDefinitions, type InputPeriod, type Pack } from '@app/policies';
import type { BusinessDate } from '@app/kernel';
import { isBusinessDate, yearOf } from '@app/kernel';

/** What may stand as the period of a fact: a year ("2023"), a day since which it holds (or none), or either. */
export type FactPeriod = 'year' | 'day' | 'either';

/** A fact a dossier may hold: its name, the values it may have and how it is dated. */
export interface FactDefinition {
  readonly name: string;
  readonly type: 'money' | 'percent' | 'bool' | 'word' | 'text';
  readonly label: string;
  readonly words?: Readonly<Record<string, string>>;
  readonly period: FactPeriod;
  /** It is about a project, transaction or certificate and must name it as its subject. */
  readonly about?: 'occasion';
}

/** 称号: a distinction the published packs name. */
export interface TitleDefinition {
  readonly title: string;
  readonly name: string;
  /** Its grades by id, where it has any: then every award states one. */
  readonly grades?: Readonly<Record<string, string>>;
}

/** 部门核查: a clearance the published packs ask for. */
export interface ClearanceDefinition {
  readonly clearance: string;
  /** The agencies that give it, with the months for which a finding counts; no months where it stands until the next. */
  readonly agencies: Readonly<Record<string, { readonly validMonths?: number }>>;
}

/**
 * What the published packs speak of: facts, titles and clearances. A name outside it is refused, so that nothing
 * misspelt can lie unused.
 */
export interface FactVocabulary {
  definitionOf(name: string): FactDefinition | undefined;
  titleOf(title: string): TitleDefinition | undefined;
  clearanceOf(clearance: string): ClearanceDefinition | undefined;
}

/** Injection token of the vocabulary. */
export const FACT_VOCABULARY = Symbol('FactVocabulary');

/**
 * The vocabulary of a set of packs. A fact that every clause reads by year needs a year; one that is read both ways
 * may carry either.
 * @throws Error when two packs give one name two types, or only one of them means a fact about the occasion.
 */
export function vocabularyOf(packs: Iterable<Pack>): FactVocabulary {
  const known = [...packs];
  const definitions = new Map<string, FactDefinition>();
  for (const { name, type, label, words, about } of factDefinitions(known).values()) {
    const readings = known.flatMap((pack) => (Object.hasOwn(pack.inputs, name) ? [pack.inputs[name]?.period as InputPeriod] : []));
    definitions.set(name, { name, type, label, ...(words && { words }), ...(about && { about }), period: periodOf(readings) });
  }
  const titles = titlesIn(known);
  const clearances = clearancesIn(known);
  return {
    definitionOf: (name) => definitions.get(name),
    titleOf: (title) => titles.get(title),
    clearanceOf: (clearance) => clearances.get(clearance),
  };
}

/** Packs that name one title share it, and its grades are gathered from all of them. */
function titlesIn(packs: readonly Pack[]): ReadonlyMap<string, TitleDefinition> {
  const titles = new Map<string, TitleDefinition>();
  for (const { shape } of packs.flatMap(({ clauses }) => clauses)) {
    if (shape.kind !== 'title') continue;
    const before = titles.get(shape.title);
    const grades = { ...before?.grades, ...shape.grades };
    const name = before?.name ?? shape.name;
    titles.set(shape.title, { title: shape.title, name, ...(Object.keys(grades).length > 0 && { grades }) });
  }
  return titles;
}

/** The agencies whose findings a pack asks for under a clearance. Where it names several, each has to give its own. */
export function agenciesAsked({ clauses }: Pack, clearance: string): readonly string[] {
  const agencies = clauses.flatMap(({ shape }) => (shape.kind === 'clearance' && shape.clearance === clearance ? [shape.agency] : []));
  return [...new Set(agencies)];
}

/** Where two packs give one agency's findings different lives, the shorter holds. */
function clearancesIn(packs: readonly Pack[]): ReadonlyMap<string, ClearanceDefinition> {
  const clearances = new Map<string, ClearanceDefinition>();
  for (const { shape } of packs.flatMap(({ clauses }) => clauses)) {
    if (shape.kind !== 'clearance') continue;
    const { clearance, agency, validMonths = Infinity } = shape;
    const agencies = clearances.get(clearance)?.agencies ?? {};
    const shortest = Math.min(validMonths, agencies[agency]?.validMonths ?? Infinity);
    const life = shortest === Infinity ? {} : { validMonths: shortest };
    clearances.set(clearance, { clearance, agencies: { ...agencies, [agency]: life } });
  }
  return clearances;
}

function periodOf(readings: readonly InputPeriod[]): FactPeriod {
  if (readings.every((reading) => reading === 'none')) return 'day';
  return readings.includes('none') ? 'either' : 'year';
}

const YEAR = /^(19[5-9]\d|[2-9]\d{3})$/;

/** Why a fact's value does not fit its definition; undefined when it does. */
export function valueFault(definition: FactDefinition, value: unknown): string | undefined {
  return checkFactValue(definition, value);
}

/** Why a period does not fit a definition; undefined when it does. A year that has not begun cannot be reported on. */
export function periodFault({ period: wanted }: FactDefinition, period: string | undefined, today: string): string | undefined {
  const isYear = period !== undefined && YEAR.test(period);
  if (isYear && wanted !== 'day')
    return Number(period) <= yearOf(today as BusinessDate) ? undefined : `must not be later than the year of today, ${today}`;
  if (wanted === 'year') return 'must be the year the fact is about, such as "2023"';
  if (period === undefined || isBusinessDate(period)) return undefined;
  return wanted === 'day'
    ? 'must be the day since which it holds, YYYY-MM-DD, or be left out'
    : 'must be a year, a day YYYY-MM-DD, or be left out';
}

/** Why a subject does not fit a definition; undefined when it does. */
export function subjectFault({ about }: FactDefinition, subject: string | undefined): string | undefined {
  if (about === undefined) return subject === undefined ? undefined : 'must be left out: the fact is about the enterprise';
  return subject === undefined ? 'must be the reference of the project, transaction or certificate the fact is about' : undefined;
}

/** The year a period falls in; undefined when it is not dated. */
export function yearOfPeriod(period: string | undefined): number | undefined {
  return period === undefined ? undefined : Number(period.slice(0, 4));
}
