import type { EventMetadata, RecordedEvent } from '@app/event-store';
import { LEDGER_ACTOR, normalisedReference } from '@app/kernel';
import type { DataOf, LedgerEventType } from '../ledger-event.js';

/** Whom or what an event can be about. */
export const REFERENCE_KINDS = [
  'enterprise', // credit code
  'award', // <pack>.<clause>.<credit code>.<occasion>
  'officer', // actor id
  'budget-line', // <pack>.<line>.<period>
  'document', // SHA-256 or document number, in one spelling
  'batch',
  'listing', // <kind>.<id>.<case>: a black-list case, listed or not
  'agency', // credit code
  'person', // the office's own reference
  'ladder',
  'tier-review', // <ladder>.<year>
  'target', // <pack>.<clause>.<unit>
  'duty', // <pack>.<clause>.<period>
  'policy', // pack
  'finding',
] as const;
export type ReferenceKind = (typeof REFERENCE_KINDS)[number];

export interface Reference {
  readonly kind: ReferenceKind;
  readonly id: string;
}

/** The part of a recorded event that says what it is about. */
export type ReferringEvent = Pick<RecordedEvent, 'type' | 'stream' | 'data'> & {
  readonly metadata: Pick<EventMetadata, 'actor' | 'evidence'>;
};

type BudgetLine = { readonly pack: string; readonly line: string; readonly period: string };

const enterprise = (id: string): Reference => ({ kind: 'enterprise', id });
const award = (id: string): Reference => ({ kind: 'award', id });
const officer = (id: string): Reference => ({ kind: 'officer', id });
const batch = (id: string): Reference => ({ kind: 'batch', id });
const budgetLine = ({ pack, line, period }: BudgetLine): Reference => ({ kind: 'budget-line', id: `${pack}.${line}.${period}` });
const document = (named: string | undefined): Reference => ({ kind: 'document', id: normalisedReference(named ?? '') });
const listing = (id: string): Reference => ({ kind: 'listing', id });
const caseOf = (stream: string, no: number): Reference => listing(`${stream.slice('blacklist-'.length)}.${no}`);

const nothingMore = () => [];
const withPayer = ({ payer }: { readonly payer: string }) => [officer(payer)];
const withBatch = (data: { readonly batch: string }) => [batch(data.batch)];
const withFile = ({ sha256 }: { readonly sha256: string }) => [document(sha256)];
const withCase = (data: { readonly case: number }, stream: string) => [caseOf(stream, data.case)];
const withReservation = (data: { readonly award: string; readonly payee: string }) => [award(data.award), enterprise(data.payee)];
const withListing = ({ listing: bound }: { readonly listing?: string }) => (bound === undefined ? [] : [listing(bound)]);
const withSource = ({ pack }: { readonly pack: unknown }) => [
  document((pack as { readonly source?: { readonly sha256?: string } }).source?.sha256),
];
const withDecision = ({ ladder, review, override }: DataOf<'tier-assigned' | 'tier-removed'>) => [
  ...(review === undefined ? [] : [officer(review.decidedBy), { kind: 'tier-review' as const, id: `${ladder}.${review.year}` }]),
  ...(override === undefined ? [] : [officer(override.by)]),
];
const withEnterprises = (named: readonly { readonly creditCode: string }[]) => named.map(({ creditCode }) => enterprise(creditCode));

type Naming = { readonly [Type in LedgerEventType]: (data: DataOf<Type>, stream: string) => readonly Reference[] };

/**
 * What the data of each kind of event names beside the subject of its stream, the officer and the evidence, which every
 * event has. An event that is left out here does not compile.
 */
const NAMED: Naming = {
  'command-noted': ({ stream }) => subjectsOfStream(stream),

  'policy-published': withSource,
  'policy-amended': withSource,
  'policy-expired': nothingMore,
  'policy-repealed': nothingMore,
  'interpretation-settled': nothingMore,

  'enterprise-registered': nothingMore,
  'enterprise-renamed': nothingMore,
  'fact-recorded': nothingMore,
  'fact-verified': nothingMore,
  'fact-disputed': nothingMore,
  'certificate-recorded': nothingMore,
  'certificate-revoked': nothingMore,
  'relocation-recorded': nothingMore,
  'departure-recorded': nothingMore,
  'clearance-recorded': ({ documentNo }) => [document(documentNo)],
  'title-awarded': ({ documentNo }) => [document(documentNo)],
  'title-withdrawn': nothingMore,
  'enterprise-merged': ({ survivor, creditCodes }) => [survivor, ...creditCodes].map(enterprise),
  'absorption-announced': ({ creditCode }) => [enterprise(creditCode)],
  'enterprise-absorbed': ({ creditCode }) => [enterprise(creditCode)],

  'budget-line-opened': nothingMore,
  'budget-appropriated': nothingMore,
  'budget-adjusted': nothingMore,
  'budget-transferred-out': ({ to }) => [budgetLine(to)],
  'budget-transferred-in': ({ from }) => [budgetLine(from)],
  'budget-reserved': withReservation,
  'budget-released': withReservation,
  'budget-spent': withReservation,
  'budget-spending-returned': withReservation,
  'budget-closed': ({ to }) => (to === undefined ? [] : [budgetLine(to)]),

  'award-applied': ({ agency, persons = [] }) => [
    ...(agency === undefined ? [] : [{ kind: 'agency' as const, id: agency }]),
    ...persons.map((id): Reference => ({ kind: 'person', id })),
  ],
  'award-assessed': nothingMore,
  'award-reviewed': nothingMore,
  'award-rejected': nothingMore,
  'award-withdrawn': nothingMore,
  'award-publicised': nothingMore,
  'award-objection-raised': nothingMore,
  'award-objection-decided': nothingMore,
  'award-override-proposed': nothingMore,
  'award-override-dropped': nothingMore,
  'award-grant-started': ({ budget, documentNo, clearances = [] }) => [
    budgetLine(budget),
    document(documentNo),
    ...clearances.map((clearance) => document(clearance.documentNo)),
  ],
  'award-grant-failed': nothingMore,
  'award-granted': ({ budget, documentNo, approver, override }) => [
    budgetLine(budget),
    document(documentNo),
    officer(approver),
    ...(override === undefined ? [] : [officer(override.proposedBy)]),
  ],
  'instalment-unlocked': nothingMore,
  'instalment-ordered': (data) => [...withBatch(data), ...withPayer(data)],
  'instalment-order-cancelled': withBatch,
  'instalment-paid': withBatch,
  'instalment-returned': withBatch,
  'instalment-overpaid': withBatch,
  'overpayment-returned': withBatch,
  'award-payee-confirmed': ({ payee }) => [enterprise(payee)],
  'award-held': withListing,
  'award-hold-released': withListing,
  'award-lapsed': nothingMore,
  'award-revoked': nothingMore,
  'clawback-demanded': nothingMore,
  'clawback-received': nothingMore,
  'clawback-written-off': nothingMore,
  'clawback-settled': nothingMore,

  'batch-prepared': ({ lines }) => lines.flatMap((line) => [award(line.award), enterprise(line.payee), document(line.documentNo)]),
  'batch-freeze-started': withPayer,
  'batch-frozen': nothingMore,
  'batch-cancelled': nothingMore,
  'batch-results-recorded': withFile,
  'batch-unexpected-results': withFile,
  'batch-unexpected-resolved': nothingMore,

  'blacklist-case-opened': withCase,
  'statement-recorded': withCase,
  'statement-waived': withCase,
  'listing-decided': withCase,
  'listing-declined': withCase,
  'listing-objection-raised': withCase,
  'listing-objection-decided': withCase,
  'credit-repair-applied': withCase,
  'credit-repair-refused': withCase,
  'listing-ended': withCase,

  'agency-registered': nothingMore,
  'agency-renewed': nothingMore,
  'agency-renamed': nothingMore,
  'agency-inspected': nothingMore,
  'agency-struck-off': nothingMore,

  'finding-opened': (data) => [
    ...(data.award === undefined ? [] : [award(data.award)]),
    ...(data.enterprise === undefined ? [] : [enterprise(data.enterprise)]),
    ...(data.line === undefined ? [] : [{ kind: 'budget-line' as const, id: data.line }]),
    ...data.officers.map(officer),
  ],
  'finding-commented': nothingMore,
  'finding-assigned': ({ to }) => [officer(to)],
  'finding-resolved': nothingMore,
  'finding-reopened': nothingMore,

  'actual-reported': nothingMore,
  'actual-verified': nothingMore,
  'plan-set': (data) => [document(data.document)],
  'baseline-reported': nothingMore,

  'duty-done': nothingMore,
  'duty-reopened': nothingMore,

  'tier-assigned': withDecision,
  'tier-entered-directly': withDecision,
  'tier-promoted': withDecision,
  'tier-demoted': withDecision,
  'tier-removed': withDecision,
  'tier-review-opened': nothingMore,
  'tier-proposals-made': ({ proposals }) => withEnterprises(proposals),
  'tier-proposals-decided': ({ decisions }) => withEnterprises(decisions),
  'tier-decision-failed': (data) => withEnterprises([data]),
  'tier-review-closed': nothingMore,
  'tier-review-lapsed': nothingMore,
  'tier-recommended': ({ recommended, refused }) => [
    ...withEnterprises(recommended),
    ...withEnterprises(refused),
    ...recommended.flatMap(({ clearances }) => clearances.map(({ documentNo }) => document(documentNo))),
    ...refused.flatMap(({ code, missing }) => (code === 'black-listed' ? missing.map(listing) : [])),
  ],
};

/** Every event there is, and timelines may be asked for; a spec holds them against those the store knows. */
export const TIMELINE_EVENT_TYPES: readonly string[] = Object.keys(NAMED);

/**
 * Whom and what an event is about, each once: the subject of its stream, the officers who acted, the documents it rests
 * on, and what its data names. The ledger itself is no officer: what it does of its own accord is found by its cause.
 * @throws Error for an event nobody has said this of.
 */
export function referencesOf({ type, stream, data, metadata: { actor, evidence = [] } }: ReferringEvent): readonly Reference[] {
  if (!Object.hasOwn(NAMED, type)) throw new Error(`nobody has said what ${type} is about`);
  const named = NAMED[type as LedgerEventType] as (data: unknown, stream: string) => readonly Reference[];
  const all = [
    ...subjectsOfStream(stream),
    officer(actor.id),
    ...evidence.flatMap(({ documentNo, sha256 }) => [document(documentNo), document(sha256)]),
    ...named(data, stream),
  ];
  const distinct = new Map(all.map((reference) => [`${reference.kind} ${reference.id}`, reference]));
  return [...distinct.values()].filter(({ kind, id }) => id !== '' && !(kind === 'officer' && id === LEDGER_ACTOR.id));
}

/** What the events of a stream are about. @throws Error for a stream no feature has. */
export function subjectsOfStream(stream: string): readonly Reference[] {
  const [, prefix = '', id = ''] = /^([a-z]+)-(.+)$/s.exec(stream) ?? [];
  const parts = id.split('.');
  switch (prefix) {
    case 'enterprise':
    case 'award':
    case 'batch':
    case 'agency':
    case 'target':
    case 'duty':
    case 'policy':
    case 'finding':
      return [{ kind: prefix, id }, ...(prefix === 'award' ? [enterprise(parts[2] ?? '')] : [])];
    case 'budget':
      return [{ kind: 'budget-line', id }];
    case 'blacklist':
      return [{ kind: parts[0] as 'enterprise' | 'agency' | 'person', id: parts[1] ?? '' }];
    case 'tier':
      return [enterprise(parts[1] ?? ''), { kind: 'ladder', id: parts[0] ?? '' }];
    case 'tierreview':
      return [
        { kind: 'tier-review', id },
        { kind: 'ladder', id: parts[0] ?? '' },
      ];
    case 'command':
      return [];
    default:
      throw new Error(`${stream} is the stream of nothing this ledger knows`);
  }
}
