import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { asDomainEvent, contextOf, EVENT_STORE, type EventStore, type RecordedEvent } from '@app/event-store';
import { type Actor, addDays, type BusinessDate, type Evidence, type PolicyCitation } from '@app/kernel';
import { decidableFrom, openObjection, openRepair } from '../decide.js';
import {
  type BlacklistEvent,
  type BlacklistState,
  type Case,
  evolve,
  isInEffect,
  isListed,
  type ListedCase,
  type EndedCase,
  noCases,
} from '../listing.js';
import { type Sight } from '../sight.js';
import { blacklistStream, partsOf, type Subject } from '../subject.js';
import { termsFrom } from '../terms.js';
import { type NextStep, nextStepOf } from './next-step.js';
import type { ListingView } from './list-listings.query.js';

/** How a subject stands today, or stood on a day: by what had been decided until then. */
export class FindSubject extends Query<SubjectView> {
  constructor(
    readonly subject: Subject,
    readonly today: string,
    readonly sight: Sight,
    readonly on?: string,
  ) {
    super();
  }
}

/** 法定期限: the days that bind a case. */
export interface Clocks {
  /** The last day of the statement period. */
  readonly statementLastDay: string;
  readonly from?: string;
  /** The first day without effect. */
  readonly until?: string;
  /** The last day on which an objection can be raised. */
  readonly objectionLastDay?: string;
  /** The first day on which the minimum period has been served. */
  readonly repairFrom?: string;
}

export interface CaseStanding {
  readonly case: number;
  readonly status: Case['status'] | 'expired';
  readonly ground: string;
  readonly listingClass: string;
  readonly openedBy: string;
  readonly openedOn: string;
  readonly fileReference?: string;
  readonly terms: { readonly from: string; readonly title: string; readonly citation: string };
  readonly clocks: Clocks;
  readonly nextStep?: NextStep;
  readonly ended?: { readonly how: string; readonly on: string };
}

/** One step of the history: who did what when, under which clause, on what evidence. */
export interface HistoryStep {
  readonly revision: number;
  readonly position: number;
  readonly case: number;
  readonly event: string;
  readonly effectiveOn: string;
  readonly recordedAt: string;
  readonly actor: Actor;
  readonly policy?: PolicyCitation;
  readonly evidence?: readonly Evidence[];
  readonly data: unknown;
}

/** Whoever never was listed and whoever is no longer listed look the same, but to those who see more than what is published. */
export interface SubjectView extends Subject {
  readonly on: string;
  /** Whether it is listed, in whichever part: a credit code as an enterprise or as an agency. */
  readonly listed: boolean;
  readonly listings: readonly ListingView[];
  /** Cases that wait for something or whose listing has effect; with the history, all of them. */
  readonly cases?: readonly CaseStanding[];
  readonly history?: readonly HistoryStep[];
  readonly revision?: number;
}

/** Reads the subject's own stream, so that the answer is never behind. */
@QueryHandler(FindSubject)
export class FindSubjectHandler implements IQueryHandler<FindSubject> {
  constructor(@Inject(EVENT_STORE) private readonly store: EventStore) {}

  async execute({ subject, today: present, sight, on }: FindSubject): Promise<SubjectView> {
    const today = on ?? present;
    let state: BlacklistState = noCases;
    let revision = -1;
    const history: HistoryStep[] = [];
    for await (const page of this.store.readStream(blacklistStream(subject))) {
      for (const event of page) {
        if (isLater(event, on)) continue;
        state = evolve(state, asDomainEvent<BlacklistEvent>(event), contextOf(event));
        revision = event.revision;
        if (sight === 'history') history.push(step(event));
      }
    }
    const cases = [...state.cases];
    for (const part of partsOf(subject).slice(1)) cases.push(...(await this.casesOf(part, on)));
    const listings = cases.filter((one) => isInEffect(one, today) && (sight !== 'published' || one.listed.published));
    const standings = state.cases.map((one) => standing(one, today));
    const running = standings.filter(({ status, nextStep }) => nextStep !== undefined || status === 'listed');
    return {
      ...subject,
      on: today,
      listed: listings.length > 0,
      listings: listings.map((one) => listingView(one as ListedCase | EndedCase)),
      ...(sight !== 'published' && { cases: sight === 'history' ? standings : running }),
      ...(sight === 'history' && { history }),
      ...(sight !== 'published' && revision >= 0 && { revision }),
    };
  }

  private async casesOf(subject: Subject, on: string | undefined): Promise<readonly Case[]> {
    let state: BlacklistState = noCases;
    for await (const page of this.store.readStream(blacklistStream(subject))) {
      for (const event of page) if (!isLater(event, on)) state = evolve(state, asDomainEvent<BlacklistEvent>(event), contextOf(event));
    }
    return state.cases;
  }
}

const isLater = ({ metadata }: RecordedEvent, on: string | undefined) => on !== undefined && metadata.effectiveOn > on;

function listingView({ subject, ground, listed }: ListedCase | EndedCase): ListingView {
  const { listing, listingClass, from, until, reason, published } = listed;
  return { listing, ...subject, listingClass, ground, from, until, reason, published };
}

function standing(one: Case, today: string): CaseStanding {
  const listed = isListed(one) ? one.listed : undefined;
  const expired = one.status === 'listed' && one.listed.until <= today;
  const { from, title, citation } = termsFrom(listed?.terms ?? one.terms);
  const nextStep = waitingStep(one, expired, today);
  return {
    case: one.no,
    status: expired ? 'expired' : one.status,
    ground: one.ground,
    listingClass: listed?.listingClass ?? one.listingClass,
    openedBy: one.openedBy,
    openedOn: one.openedOn,
    ...(one.fileReference !== undefined && { fileReference: one.fileReference }),
    terms: { from, title, citation },
    clocks: {
      statementLastDay: one.statementLastDay,
      ...(listed && {
        from: listed.from,
        until: listed.until,
        objectionLastDay: listed.objectionLastDay,
        repairFrom: listed.repairFrom,
      }),
    },
    ...(nextStep && { nextStep }),
    ...(one.status === 'ended' && { ended: { how: one.ending.how, on: one.ending.on } }),
  };
}

function waitingStep(one: Case, expired: boolean, today: string): NextStep | undefined {
  const objection = openObjection(one);
  const heard = one.statements.length > 0 || one.waivedOn !== undefined;
  const { objectionDecisionDays } = termsFrom(isListed(one) ? one.listed.terms : one.terms);
  return nextStepOf(
    {
      isNoticed: one.status === 'noticed',
      heardOn: heard ? decidableFrom(one) : undefined,
      statementLastDay: one.statementLastDay,
      objectionDue: objection && addDays(objection.on as BusinessDate, objectionDecisionDays),
      repairDue: expired ? undefined : openRepair(one)?.decisionDue,
    },
    today,
  );
}

function step({ revision, position, type, data, recordedAt, metadata }: RecordedEvent): HistoryStep {
  const { effectiveOn, actor, policy, evidence } = metadata;
  return {
    revision,
    position,
    case: (data as { readonly case: number }).case,
    event: type,
    effectiveOn,
    recordedAt,
    actor,
    ...(policy && { policy }),
    ...(evidence && { evidence }),
    data,
  };
}
