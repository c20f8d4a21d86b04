import type { RecordedEvent } from '@app/event-store';
import { Money } from '@app/kernel';
import { type PolicyEvent, type PolicyState, policyDecider } from '@app/policies';
import type { DataOf, LedgerEvent, LedgerEventType } from '../ledger-event.js';

/** A recorded event of one of these types. */
export type Recorded<Type extends LedgerEventType = LedgerEventType> = Omit<RecordedEvent, 'type' | 'data'> &
  { readonly [One in Type]: Pick<Extract<LedgerEvent, { type: One }>, 'type' | 'data'> }[Type];

/** What a clause gives, as this ledger computes it again from the stored facts and the published text. */
export interface Recomputed {
  readonly outcome: string;
  /** By instalment, where there is a sum. */
  readonly amounts?: readonly string[];
  /** Of an officer's sum. */
  readonly ceiling?: string;
  /** The most the clause gives on these facts. */
  readonly cap?: string;
}

/** An input a decision rested on. */
export interface Rest {
  readonly input: string;
  readonly value: string | boolean;
  /** Whose dossier it was read from, where that is not the award's payee's. */
  readonly code?: string;
  readonly factId?: string;
  readonly certificate?: string;
  readonly relocation?: string;
  readonly recordedBy: readonly string[];
}

export interface InstalmentRecord {
  readonly no: number;
  readonly amount: string;
  readonly unlockedBy?: string;
  /** Whether the facts it was unlocked with, put to the clause again, meet its condition. */
  readonly isProven?: boolean;
  /** What it was unlocked on. */
  readonly rests?: readonly Rest[];
  readonly ordered?: { readonly batch: string; readonly line: number; readonly on: string };
  /** Fen that the bank has paid of it and not returned. */
  readonly paid?: number;
}

/** What the detectors remember of an award. */
export interface AwardRecord {
  readonly pack: string;
  readonly clause: string;
  readonly payee: string;
  readonly payeeName: string;
  readonly occasion: { readonly kind: string; readonly key: string; readonly reference: string };
  readonly agency?: string;
  readonly persons: readonly string[];
  readonly appliedBy?: string;
  readonly assessed?: {
    readonly on: string;
    readonly version: number;
    readonly computed: Recomputed;
    readonly rests: readonly Rest[];
  };
  readonly reviewed?: { readonly by: string; readonly amount?: string };
  readonly notice?: {
    readonly from: string;
    readonly until: string;
    readonly open: readonly number[];
    readonly judges: readonly string[];
    /** The award has been assessed again since. */
    readonly isOutdated?: true;
  };
  /** Who recorded each objection; the n-th has number n. */
  readonly objectors: readonly string[];
  readonly overrideBy?: string;
  readonly starting?: {
    readonly approver: string;
    readonly on: string;
    /** Who recorded the clearances it relies on. */
    readonly clearedBy: readonly string[];
  };
  readonly granted?: {
    readonly on: string;
    readonly approver: string;
    readonly amount: string;
    readonly instalments: readonly InstalmentRecord[];
  };
  readonly isRevoked: boolean;
  readonly successor?: { readonly payee: string; readonly by: string };
  /** What stood unverified or open when it was paid last: told of by then. */
  readonly paidOver: readonly string[];
  /** Who demanded each clawback; the n-th has number n. */
  readonly demandedBy: readonly string[];
}

/** An award that rests on a move, and until when the enterprise is to stay. */
export interface RelocationAward {
  readonly award: string;
  readonly arrivedOn: string;
  /** The last day of the term. */
  readonly until: string;
  /** The certificate whose validity is the term; else it is a number of years. */
  readonly certificate?: string;
}

/** Everything the detectors remember, by kind. */
export interface Memories {
  award: AwardRecord;
  /** `digest` names the whole history of a policy; its events are kept one by one. */
  policy: { readonly digest: string; readonly events: number };
  'policy-event': { readonly type: string; readonly data: unknown };
  enterprise: {
    readonly name: string;
    readonly absorbed: readonly string[];
    readonly relocationAwards: readonly RelocationAward[];
    /** The days on which it has moved out. */
    readonly departures: readonly string[];
    readonly accountRecordedBy?: string;
  };
  fact: { readonly recordedBy: string; readonly isVerified: boolean };
  clearance: { readonly recordedBy: string };
  certificate: { readonly issuedOn: string; readonly expiresOn: string; readonly revokedOn?: string };
  /** The awards that were granted on a certificate. */
  'certificate-awards': readonly string[];
  /** The listings of a subject, by case. */
  listings: readonly { readonly listing: string; readonly from: string; readonly until: string; readonly endedOn?: string }[];
  'blacklist-case': {
    readonly openedBy?: string;
    /** Who recorded what the subject stated, or that it waived stating anything. */
    readonly heardBy: readonly string[];
    readonly decidedBy?: string;
    /** Who recorded each objection; the n-th has number n. */
    readonly objectors: readonly string[];
    /** Who recorded the last application for credit repair. */
    readonly repairBy?: string;
  };
  /** Fen. */
  budget: { readonly available: number; readonly reserved: number };
  batch: { readonly payer?: string; readonly cancelledBy?: string };
  'batch-line': { readonly award: string; readonly payee: string; readonly account: string };
  /** Who was paid first to an account. */
  account: { readonly payee: string; readonly award: string };
  review: { readonly openedOn: string; readonly ended?: { readonly on: string; readonly as: 'closed' | 'lapsed' } };
  proposals: { readonly by: string };
  duty: { readonly doneBy: string };
  /** Every award there has been for it. */
  occasion: readonly { readonly award: string; readonly payee: string; readonly agency?: string; readonly persons: readonly string[] }[];
  /** The last sums just under a threshold that nothing was found of yet. */
  burst: readonly { readonly on: string; readonly amount: string; readonly stream: string }[];
  clock: { readonly recordedAt: string };
}
export type Kind = keyof Memories;

/** What is remembered of everything before the event that is judged. */
export interface Past {
  get<K extends Kind>(kind: K, id: string): Memories[K] | undefined;
}
/** Where what is to be remembered goes. */
export interface Memory extends Past {
  put<K extends Kind>(kind: K, id: string, content: Memories[K]): void;
}

const policies = new Map<string, PolicyState>();
const MOST_POLICIES = 64;

/** A policy as it had been published by then. Folded once for each of its histories. */
export function policyOf(past: Past, pack: string): PolicyState {
  const header = past.get('policy', pack);
  if (header === undefined) return policyDecider.initialState;
  const known = policies.get(header.digest);
  if (known !== undefined) return known;
  let state = policyDecider.initialState;
  for (let no = 0; no < header.events; no += 1) {
    const event = past.get('policy-event', `${pack}/${no}`) as PolicyEvent;
    state = policyDecider.evolve(state, event, { actorId: '', effectiveOn: '' });
  }
  if (policies.size >= MOST_POLICIES) policies.clear();
  policies.set(header.digest, state);
  return state;
}

/** The award of a stream. */
export const awardOfStream = (stream: string): string => stream.slice('award-'.length);
export const codeOfStream = (stream: string): string => stream.slice('enterprise-'.length);

/** Nothing that could happen to an award has happened yet. */
export const UNTOUCHED = { persons: [], objectors: [], isRevoked: false, paidOver: [], demandedBy: [] } as const;

/** What is remembered of an award; where it was never applied for, what its name says. */
export function awardRecord(past: Past, award: string): AwardRecord {
  const known = past.get('award', award);
  if (known !== undefined) return known;
  const [pack = '', clause = '', payee = '', key = ''] = award.split('.');
  return { ...UNTOUCHED, pack, clause, payee, payeeName: payee, occasion: { kind: '', key, reference: key } };
}

/** What is remembered of the black-list case an event is about. */
export function blacklistCase(past: Past, { stream, data }: OfCase): Memories['blacklist-case'] {
  return past.get('blacklist-case', caseId({ stream, data })) ?? { heardBy: [], objectors: [] };
}

/** An agency's finding: of two of one day, the one whose document is named. */
type Clearance = Pick<DataOf<'clearance-recorded'>, 'clearance' | 'agency' | 'on' | 'documentNo'>;
export const clearanceId = (code: string, { clearance, agency, on, documentNo }: Clearance): string =>
  [code, clearance, agency, on, documentNo].join('/');

/** Who recorded the clearances that a decision about an enterprise relied on. */
export function clearedBy(past: Past, code: string, relied: readonly Clearance[]): readonly string[] {
  return relied.flatMap((one) => past.get('clearance', clearanceId(code, one))?.recordedBy ?? []);
}

/** An event of a black-list case. */
export type OfCase = Pick<RecordedEvent, 'stream'> & { readonly data: { readonly case: number } };
export const caseId = ({ stream, data }: OfCase): string => `${stream}/${data.case}`;

export const fen = (amount: string): number => Money.parseSigned(amount).toFen();
export const isService = ({ metadata }: Pick<RecordedEvent, 'metadata'>): boolean => metadata.actor.roles.includes('service');
export const actorOf = ({ metadata }: Pick<RecordedEvent, 'metadata'>): string => metadata.actor.id;
