import { type DomainEvent, type EventContext, type Evidence, normalisedReference, type PolicyCitation, unreachable } from '@app/kernel';
import { type Subject } from './subject.js';
import type { ListingClass } from './terms.js';

type Event<Type extends string, Data> = DomainEvent<Type, Readonly<Data>>;

/** 事先告知: what the subject was told before anything was decided. */
export interface Notice {
  readonly subject: Subject;
  readonly listingClass: ListingClass;
  /** 事由: the wrong, in a line. Two cases on one ground cannot run at once. */
  readonly ground: string;
  readonly legalBasis: string;
  readonly reasons: string;
  /** 告知的权利: what the notice says the subject may do. */
  readonly rights: string;
  readonly servedOn: string;
  readonly statementDays: number;
  /** The last day of the statement period. */
  readonly statementLastDay: string;
  /** 本单位案卷号: where the office keeps the names and papers. */
  readonly fileReference?: string;
  /** The first day of the version of the rules that was applied. */
  readonly terms: string;
}

/** 列入决定 */
export interface ListingData {
  readonly case: number;
  readonly listing: string;
  readonly listingClass: ListingClass;
  readonly from: string;
  /** The first day without effect. */
  readonly until: string;
  readonly reason: string;
  readonly termMonths: number;
  readonly published: boolean;
  readonly objectionLastDay: string;
  /** The first day on which the minimum period has been served. */
  readonly repairFrom: string;
  readonly terms: string;
}

export interface RepairClaims {
  /** 纠正情况: how the wrong was corrected. */
  readonly corrected: string;
  /** 义务履行情况: which duties were performed. */
  readonly duties: string;
  /** 公开承诺: where and when the commitment was made public. */
  readonly commitment: string;
}

export const ENDINGS = ['repaired', 'revoked'] as const;
export type HowEnded = (typeof ENDINGS)[number];

/** Everything that can happen to the cases of one subject. A term that runs out is no event: everything asks by date. */
export type BlacklistEvent =
  | Event<'blacklist-case-opened', Notice & { case: number }>
  | Event<'statement-recorded', { case: number; on: string; summary: string }>
  | Event<'statement-waived', { case: number; on: string }>
  | Event<'listing-decided', ListingData>
  | Event<'listing-declined', { case: number; reason: string }>
  | Event<'listing-objection-raised', { case: number; objection: number; on: string; reasons: string }>
  | Event<'listing-objection-decided', { case: number; objection: number; upheld: boolean; reason: string }>
  | Event<'credit-repair-applied', RepairClaims & { case: number; application: number; on: string; decisionDue: string }>
  | Event<'credit-repair-refused', { case: number; application: number; reason: string }>
  | Event<'listing-ended', { case: number; listing: string; how: HowEnded; on: string; reason: string }>;

export interface Statement {
  readonly on: string;
  readonly summary: string;
  readonly recordedBy: string;
}

interface Decision {
  readonly reason: string;
  readonly by: string;
  readonly on: string;
}

export interface Objection {
  readonly no: number;
  readonly on: string;
  readonly reasons: string;
  readonly recordedBy: string;
  readonly decision?: Decision & { readonly upheld: boolean };
}

export interface RepairApplication extends RepairClaims {
  readonly no: number;
  readonly on: string;
  readonly decisionDue: string;
  readonly recordedBy: string;
  readonly decision?: Decision & { readonly accepted: boolean };
}

interface Opened extends Notice {
  readonly no: number;
  readonly openedBy: string;
  readonly openedOn: string;
  readonly policy?: PolicyCitation;
  readonly evidence: readonly Evidence[];
  readonly statements: readonly Statement[];
  /** The day the subject gave up its statement, and who recorded it. */
  readonly waivedOn?: string;
  readonly waivedBy?: string;
}

interface Listed extends Opened {
  readonly listed: ListingData & { readonly decidedBy: string };
  readonly objections: readonly Objection[];
  readonly repairs: readonly RepairApplication[];
}

export interface Ending {
  readonly how: HowEnded;
  /** Since when it has no effect: of a repaired listing that was found wrong later, the day of its repair. */
  readonly on: string;
  readonly reason: string;
}

export type NoticedCase = Opened & { readonly status: 'noticed' };
export type DeclinedCase = Opened & { readonly status: 'declined'; readonly declined: Decision };
export type ListedCase = Listed & { readonly status: 'listed' };
export type EndedCase = Listed & { readonly status: 'ended'; readonly ending: Ending };
/** A case, from its notice on. `listed` stays after the term has run out. */
export type Case = NoticedCase | DeclinedCase | ListedCase | EndedCase;

/** All cases of a subject; the n-th has number n. */
export interface BlacklistState {
  readonly cases: readonly Case[];
}

export const noCases: BlacklistState = { cases: [] };

/** A listing as other features see it. */
export interface Listing {
  /** `<kind>.<id>.<no>` */
  readonly listing: string;
  readonly subject: Subject;
  readonly listingClass: ListingClass;
  readonly from: string;
  /** The first day without effect. */
  readonly until: string;
  readonly reason: string;
}

export function isListed(one: Case): one is ListedCase | EndedCase {
  return one.status === 'listed' || one.status === 'ended';
}

/** Whether a case's listing has effect on a day: from its decision until its term runs out or it is ended. */
export function isInEffect(one: Case, on: string): one is ListedCase | EndedCase {
  if (!isListed(one) || on < one.listed.from || on >= one.listed.until) return false;
  return one.status === 'listed' || on < one.ending.on;
}

export function listingOf({ subject, listed }: ListedCase | EndedCase): Listing {
  const { listing, listingClass, from, until, reason } = listed;
  return { listing, subject, listingClass, from, until, reason };
}

/** The listings of a subject that have effect on a day. */
export function listingsInEffect({ cases }: BlacklistState, on: string): readonly Listing[] {
  return cases.filter((one) => isInEffect(one, on)).map(listingOf);
}

export function sameGround(one: string, other: string): boolean {
  return normalisedReference(one) === normalisedReference(other);
}

export function evolve(state: BlacklistState, event: BlacklistEvent, { actorId, effectiveOn }: EventContext): BlacklistState {
  const decision = { by: actorId, on: effectiveOn };
  switch (event.type) {
    case 'blacklist-case-opened': {
      const { case: no, ...notice } = event.data;
      const { policy, evidence = [] } = event;
      const opened: NoticedCase = {
        status: 'noticed',
        no,
        ...notice,
        openedBy: actorId,
        openedOn: effectiveOn,
        ...(policy && { policy }),
        evidence,
        statements: [],
      };
      return { cases: [...state.cases, opened] };
    }
    case 'statement-recorded': {
      const { on, summary } = event.data;
      return changed(state, event, (one) => ({ ...one, statements: [...one.statements, { on, summary, recordedBy: actorId }] }));
    }
    case 'statement-waived':
      return changed(state, event, (one) => ({ ...one, waivedOn: event.data.on, waivedBy: actorId }));
    case 'listing-decided':
      return changed(state, event, (one) => {
        const listed = { ...event.data, decidedBy: actorId };
        return { ...one, status: 'listed', listed, objections: [], repairs: [] };
      });
    case 'listing-declined':
      return changed(state, event, (one) => ({ ...one, status: 'declined', declined: { reason: event.data.reason, ...decision } }));
    case 'listing-objection-raised': {
      const { objection: no, on, reasons } = event.data;
      return changedListing(state, event, (one) => ({ ...one, objections: [...one.objections, { no, on, reasons, recordedBy: actorId }] }));
    }
    case 'listing-objection-decided': {
      const { objection: no, upheld, reason } = event.data;
      return changedListing(state, event, (one) => ({
        ...one,
        objections: one.objections.map((known) => (known.no === no ? { ...known, decision: { upheld, reason, ...decision } } : known)),
      }));
    }
    case 'credit-repair-applied': {
      const { case: _case, application: no, ...claims } = event.data;
      return changedListing(state, event, (one) => ({ ...one, repairs: [...one.repairs, { no, ...claims, recordedBy: actorId }] }));
    }
    case 'credit-repair-refused': {
      const refusal = { accepted: false, reason: event.data.reason, ...decision };
      return changedListing(state, event, (one) => ({ ...one, repairs: decided(one.repairs, refusal) }));
    }
    case 'listing-ended': {
      const { how, on, reason } = event.data;
      const acceptance = { accepted: true, reason, ...decision };
      return changedListing(state, event, (one) => ({
        ...one,
        ...(how === 'repaired' && { repairs: decided(one.repairs, acceptance) }),
        status: 'ended',
        ending: { how, on: one.status === 'ended' ? one.ending.on : on, reason },
      }));
    }
    default:
      return unreachable(event);
  }
}

/** Only the last application can be undecided. */
function decided(repairs: readonly RepairApplication[], decision: RepairApplication['decision']): readonly RepairApplication[] {
  return repairs.map((known, index) => (index === repairs.length - 1 && decision !== undefined ? { ...known, decision } : known));
}

function changed({ cases }: BlacklistState, event: BlacklistEvent, change: (one: Case) => Case): BlacklistState {
  const index = event.data.case - 1;
  const present = cases[index];
  if (present === undefined) throw new Error(`${event.type} in case ${event.data.case}, which was never opened`);
  return { cases: cases.with(index, change(present)) };
}

function changedListing(state: BlacklistState, event: BlacklistEvent, change: (one: ListedCase | EndedCase) => Case): BlacklistState {
  return changed(state, event, (one) => {
    if (!isListed(one)) throw new Error(`${event.type} in case ${event.data.case}, which was not listed`);
    return change(one);
  });
}
