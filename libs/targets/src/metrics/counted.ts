import { addDays, type BusinessDate } from '@app/kernel';
import { type EnterpriseEvent, HNTE } from '@app/enterprises';
import type { Metric } from '@app/policies';

/** What is counted: the metrics of enterprises, and those that would count but for a fact that is open. */
export type Counter = Exclude<Metric, 'awards-granted'> | 'certificates-in-force-above-scale?';

const COUNTERS: readonly Counter[] = [
  'certificates-in-force',
  'certificates-in-force-above-scale',
  'certificates-in-force-above-scale?',
  'tech-smes-registered',
  'enterprises-relocated',
  'certified-enterprises-relocated',
];
const ABOVE_SCALE = 'enterprise.aboveScale';
const TECH_SME = 'enterprise.techSmeRegistered';
const FACTS: readonly string[] = [ABOVE_SCALE, TECH_SME];
const LAST_DAY = '9998-12-31';

interface CountedCertificate {
  readonly issuedOn: string;
  readonly expiresOn: string;
  readonly revokedOn?: string;
}
interface CountedFact {
  readonly name: string;
  readonly value: boolean;
  /** The day, month or year since which it holds, as facts follow each other by it: see `placeOf`. */
  readonly place: string;
  readonly disputed?: true;
}

/** What of an enterprise decides on which days it counts. Plain data, kept as JSON. */
export interface Counted {
  readonly region: string | null;
  readonly mergedOn?: string;
  readonly certificates: Readonly<Record<string, CountedCertificate>>;
  /** By number, in order of time. */
  readonly moves: Readonly<Record<number, { readonly kind: 'arrival' | 'departure'; readonly on: string }>>;
  /** Those that stand, by their number. */
  readonly facts: Readonly<Record<string, CountedFact>>;
}

/** From a day on a counter is higher or lower by one. `year`: of the arrival, where arrivals are counted; else 0. */
export interface CountChange {
  readonly counter: Counter;
  readonly year: number;
  readonly day: string;
  readonly change: 1 | -1;
}

export const newlyCounted = (region: string | null): Counted => ({ region, certificates: {}, moves: {}, facts: {} });

/** The same object when the event has no bearing on what is counted. `reference`: the one spelling of a certificate's number. */
export function countedAfter(
  before: Counted,
  event: Exclude<EnterpriseEvent, { readonly type: 'enterprise-registered' }>,
  effectiveOn: string,
  reference: (number: string) => string,
): Counted {
  const { certificates, facts, moves } = before;
  switch (event.type) {
    case 'certificate-recorded': {
      const { number, kind, issuedOn, expiresOn } = event.data;
      if (kind === HNTE) return { ...before, certificates: { ...certificates, [reference(number)]: { issuedOn, expiresOn } } };
      return { ...before, certificates: without(certificates, reference(number)) };
    }
    case 'certificate-revoked': {
      const { number, on } = event.data;
      const revoked = certificates[reference(number)];
      if (revoked === undefined) return before;
      return { ...before, certificates: { ...certificates, [reference(number)]: { ...revoked, revokedOn: on } } };
    }
    case 'fact-recorded': {
      const { factId, name, value, period, subject, corrects } = event.data;
      const standing = corrects === undefined ? facts : without(facts, corrects);
      if (!FACTS.includes(name) || subject !== undefined) return standing === facts ? before : { ...before, facts: standing };
      const fact = { name, value: value === true, place: placeOf(period, effectiveOn) };
      return { ...before, facts: { ...standing, [factId]: fact } };
    }
    case 'fact-verified':
    case 'fact-disputed': {
      const { factId } = event.data;
      const fact = facts[factId];
      if (fact === undefined || (event.type === 'fact-verified' && fact.disputed === undefined)) return before;
      const { disputed: _settled, ...undisputed } = fact;
      return { ...before, facts: { ...facts, [factId]: event.type === 'fact-verified' ? undisputed : { ...fact, disputed: true } } };
    }
    case 'relocation-recorded':
      return { ...before, moves: { ...moves, [event.data.no]: { kind: 'arrival', on: event.data.on } } };
    case 'departure-recorded':
      return { ...before, moves: { ...moves, [event.data.no]: { kind: 'departure', on: event.data.on } } };
    case 'enterprise-merged':
      return { ...before, mergedOn: effectiveOn };
    case 'enterprise-renamed':
    case 'absorption-announced':
    case 'enterprise-absorbed':
    case 'clearance-recorded':
    case 'title-awarded':
    case 'title-withdrawn':
      return before;
  }
}

/**
 * Where an enterprise counts on a day: the counters, with the year of the arrival where arrivals are counted.
 * A certificate counts on its last day, and no longer on the day it is revoked; an enterprise, until it merges or departs.
 */
export function countersOn(counted: Counted, day: string): ReadonlyMap<Counter, number> {
  const counters = new Map<Counter, number>();
  const { mergedOn } = counted;
  const moves = Object.values(counted.moves).filter(({ on }) => on <= day);
  if ((mergedOn !== undefined && mergedOn <= day) || moves.at(-1)?.kind === 'departure') return counters;
  if (isCertified(counted, day)) {
    counters.set('certificates-in-force', 0);
    const above = standing(counted, ABOVE_SCALE, day);
    if (above === 'open') counters.set('certificates-in-force-above-scale?', 0);
    else if (above) counters.set('certificates-in-force-above-scale', 0);
  }
  if (standing(counted, TECH_SME, day) === true) counters.set('tech-smes-registered', 0);
  for (const { kind, on } of moves) {
    if (kind === 'departure') continue;
    const later = (counter: Counter) => counters.set(counter, Math.max(counters.get(counter) ?? 0, Number(on.slice(0, 4))));
    later('enterprises-relocated');
    if (isCertified(counted, on)) later('certified-enterprises-relocated');
  }
  return counters;
}

/** On which days counters change because of an enterprise: summed up to a day, they say what `countersOn` says. */
export function countChanges(counted: Counted): readonly CountChange[] {
  const changes: CountChange[] = [];
  let before: ReadonlyMap<Counter, number> = new Map();
  for (const day of [...new Set(daysOfChange(counted))].sort()) {
    const after = countersOn(counted, day);
    for (const counter of COUNTERS) {
      const [was, is] = [before.get(counter), after.get(counter)];
      if (was === is) continue;
      if (was !== undefined) changes.push({ counter, year: was, day, change: -1 });
      if (is !== undefined) changes.push({ counter, year: is, day, change: 1 });
    }
    before = after;
  }
  return changes;
}

function* daysOfChange({ certificates, facts, moves, mergedOn }: Counted): Generator<string> {
  for (const { issuedOn, expiresOn, revokedOn } of Object.values(certificates)) {
    yield issuedOn;
    if (expiresOn < LAST_DAY) yield addDays(expiresOn as BusinessDate, 1);
    if (revokedOn !== undefined) yield revokedOn;
  }
  for (const { place } of Object.values(facts)) yield firstDayOf(place);
  for (const { on } of Object.values(moves)) yield on;
  if (mergedOn !== undefined) yield mergedOn;
}

function isCertified({ certificates }: Counted, day: string): boolean {
  return Object.values(certificates).some(
    ({ issuedOn, expiresOn, revokedOn }) => issuedOn <= day && expiresOn >= day && (revokedOn === undefined || revokedOn > day),
  );
}

/**
 * What the fact says that stands on the day; open: not stated, or in dispute. Facts follow each other by the day since
 * which they hold, then in the order of recording; a corrected one no longer stands.
 */
function standing({ facts }: Counted, name: string, day: string): boolean | 'open' {
  let latest: CountedFact | undefined;
  // Numbers rise in the order of recording, and so stand the facts.
  for (const fact of Object.values(facts))
    if (fact.name === name && fact.place <= day && (latest === undefined || fact.place >= latest.place)) latest = fact;
  return latest === undefined || latest.disputed === true ? 'open' : latest.value;
}

/** A year comes before its months, a month before its days. */
function placeOf(period: string | undefined, effectiveOn: string): string {
  if (period === undefined) return effectiveOn;
  return period.length === 4 ? `${period}-00` : period;
}

/** The first day that does not come before a place. */
function firstDayOf(place: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(place)) return place;
  if (place.endsWith('-00')) return `${place.slice(0, 4)}-01-01`;
  if (/^\d{4}-\d{2}$/.test(place)) return `${place}-01`;
  return `${Number(place.slice(0, 4)) + 1}-01-01`;
}

function without<Item>(items: Readonly<Record<string, Item>>, key: string): Readonly<Record<string, Item>> {
  if (!(key in items)) return items;
  const { [key]: _gone, ...rest } = items;
  return rest;
}
