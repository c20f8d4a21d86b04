import type { AwardEvent, BatchEvent } from '@app/awards';
import type { ReviewEvent, TierEvent } from '@app/tiers';
import { normalisedReference, unreachable } from '@app/kernel';

/** What a decision can rest on, each in one spelling. */
export const RELIED_KINDS = [
  'fact', // <credit code>.<F3>
  'certificate', // <credit code>.<number>
  'move', // <credit code>.<day of the arrival>
  'title', // <credit code>.<title>.<year>
  'registration', // <credit code>: the day it was founded on
  'clearance', // <credit code>.<clearance>.<agency>.<day of the finding>
  'listing', // <kind>.<id>.<case>
  'interpretation', // <pack>.<interpretation>
] as const;
export type ReliedKind = (typeof RELIED_KINDS)[number];

export interface Relied {
  readonly kind: ReliedKind;
  readonly id: string;
}

/** A decision, by the stream of what it decides on, and what it relied on. */
export interface Reliance extends Relied {
  readonly stream: string;
}

/** Where an input came from, as events store it. */
interface Source {
  readonly factId?: string;
  readonly certificate?: string;
  readonly relocation?: string;
  readonly title?: string;
  readonly period?: string;
}

export const fact = (code: string, factId: string): Relied => ({ kind: 'fact', id: `${code}.${factId}` });
export const certificate = (code: string, number: string): Relied => ({
  kind: 'certificate',
  id: `${code}.${normalisedReference(number)}`,
});
export const move = (code: string, on: string): Relied => ({ kind: 'move', id: `${code}.${on}` });
export const title = (code: string, named: string, year: string): Relied => ({ kind: 'title', id: `${code}.${named}.${year}` });
export const registration = (code: string): Relied => ({ kind: 'registration', id: code });
export const clearance = (code: string, { clearance: named, agency, on }: Finding): Relied => ({
  kind: 'clearance',
  id: `${code}.${named}.${agency}.${on}`,
});
export const listing = (id: string): Relied => ({ kind: 'listing', id });
export const interpretation = (pack: string, id: string): Relied => ({ kind: 'interpretation', id: `${pack}.${id}` });

/** A clear finding of an agency, as a decision cites it. */
export interface Finding {
  readonly clearance: string;
  readonly agency: string;
  readonly on: string;
}

/** The events that say what they rest on. */
export type RelyingEvent = AwardEvent | BatchEvent | TierEvent | ReviewEvent;

/** The credit code in an award's stream, and the stream of an award. */
export const payeeOfStream = (stream: string): string => stream.split('.')[2] ?? '';
const awardStream = (award: string): string => `award-${award}`;

/**
 * What an event relied on. `payee`: whose dossier an award is decided on, the successor's once it has been confirmed.
 * Not every decision says it: a hold by an officer, a refusal before anything was recorded, or a figure judged against a
 * target rests on what people or queries have looked up.
 */
export function reliancesOf(event: RelyingEvent, stream: string, payee: () => string): readonly Reliance[] {
  const all = relied(event, stream, payee);
  return [...new Map(all.map((one) => [`${one.kind} ${one.id} ${one.stream}`, one])).values()];
}

function relied(event: RelyingEvent, stream: string, payee: () => string): readonly Reliance[] {
  const here = (each: readonly Relied[]) => each.map((one) => ({ ...one, stream }));
  switch (event.type) {
    case 'award-assessed': {
      const { used, assessment } = event.data;
      const readings = assessment.trace.flatMap(({ interpretation: id }) =>
        id === undefined ? [] : [interpretation(assessment.pack, id)],
      );
      return here([...used.flatMap(({ source }) => fromSource(payee(), source as Source)), ...readings]);
    }
    case 'instalment-unlocked':
      return here(event.data.used.flatMap(({ source }) => fromSource(payee(), source as Source)));
    case 'award-grant-started':
      return here((event.data.clearances ?? []).map((found) => clearance(payee(), found)));
    case 'award-held':
      return here(event.data.listing === undefined ? [] : [listing(event.data.listing)]);
    case 'batch-prepared':
      return event.data.lines.flatMap(({ award, payee: paid, accountFact }) =>
        accountFact === undefined ? [] : [{ ...fact(paid, accountFact), stream: awardStream(award) }],
      );
    case 'tier-assigned':
    case 'tier-entered-directly':
    case 'tier-promoted':
    case 'tier-demoted':
    case 'tier-removed':
      return here(event.data.restsOn.flatMap((one) => fromRecords(event.data.creditCode, one)));
    case 'tier-proposals-made':
      return here(
        event.data.proposals.flatMap(({ creditCode, sources = {} }) =>
          Object.values(sources).flatMap((source) => fromRecords(creditCode, source)),
        ),
      );
    case 'tier-recommended':
      return here([
        ...event.data.recommended.flatMap(({ creditCode, clearances }) => clearances.map((found) => clearance(creditCode, found))),
        ...event.data.refused.flatMap(({ code, missing }) => (code === 'black-listed' ? missing.map(listing) : [])),
      ]);
    case 'award-applied':
    case 'award-reviewed':
    case 'award-rejected':
    case 'award-withdrawn':
    case 'award-publicised':
    case 'award-objection-raised':
    case 'award-objection-decided':
    case 'award-override-proposed':
    case 'award-override-dropped':
    case 'award-grant-failed':
    case 'award-granted':
    case 'instalment-ordered':
    case 'instalment-order-cancelled':
    case 'instalment-paid':
    case 'instalment-returned':
    case 'instalment-overpaid':
    case 'overpayment-returned':
    case 'award-payee-confirmed':
    case 'award-hold-released':
    case 'award-lapsed':
    case 'award-revoked':
    case 'clawback-demanded':
    case 'clawback-received':
    case 'clawback-written-off':
    case 'clawback-settled':
    case 'batch-freeze-started':
    case 'batch-frozen':
    case 'batch-cancelled':
    case 'batch-results-recorded':
    case 'batch-unexpected-results':
    case 'batch-unexpected-resolved':
    case 'tier-review-opened':
    case 'tier-proposals-decided':
    case 'tier-decision-failed':
    case 'tier-review-closed':
    case 'tier-review-lapsed':
      return [];
    default:
      return unreachable(event);
  }
}

/** Every record an input was read from. What names none was read from the registration. */
function fromSource(code: string, source: Source): readonly Relied[] {
  const records = fromRecords(code, source);
  return records.length === 0 ? [registration(code)] : records;
}

function fromRecords(code: string, { factId, certificate: number, relocation, title: named, period }: Source): readonly Relied[] {
  return [
    ...(factId === undefined ? [] : [fact(code, factId)]),
    ...(number === undefined ? [] : [certificate(code, number)]),
    ...(relocation === undefined ? [] : [move(code, relocation)]),
    ...(named === undefined ? [] : [title(code, named, period ?? '')]),
  ];
}

/** Whether an input was read from one of these records, each written `<kind> <id>`; whose they are, they say themselves. */
export function isReadFrom(source: Readonly<Record<string, unknown>>, records: ReadonlySet<string>): boolean {
  const codes = new Set([...records].map((record) => /^\S+ ([^.]+)/.exec(record)?.[1] ?? ''));
  return [...codes].some((code) => fromSource(code, source).some(({ kind, id }) => records.has(`${kind} ${id}`)));
}
