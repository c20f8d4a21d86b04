import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { asDomainEvent, contextOf, EVENT_STORE, type EventStore } from '@app/event-store';
import { type CreditCode, notFound, type PolicyCitation } from '@app/kernel';
import {
  type Agency,
  type AgencyEvent,
  type AgencyState,
  agencyStream,
  dayOfAgencyEvent,
  evolve,
  type Inspection,
  isRegisteredOn,
  lastRegistration,
  nameOn,
  type Registration,
  unknownAgency,
} from '../agency.js';
import { type AgencyStatus, statusOf } from './list-agencies.query.js';

/** One service agency as it stands, or stood on a day: by what counted until then. */
export class FindAgency extends Query<AgencyView> {
  constructor(
    readonly creditCode: CreditCode,
    readonly today: string,
    /** The business day; today, with whatever is recorded for later days, when left out. */
    readonly on?: string,
  ) {
    super();
  }
}

export interface AgencyView extends Pick<Agency, 'services' | 'contactUnit' | 'creditCodeFlagged'> {
  readonly creditCode: string;
  /** Every name it has had, each with its first day. */
  readonly names: Agency['names'];
  /** On the day asked about. */
  readonly name: string;
  readonly on: string;
  readonly registered: boolean;
  /** On that day. */
  readonly status: AgencyStatus;
  readonly registrations: readonly (Registration & { readonly policy?: PolicyCitation })[];
  /** 监督检查, latest day first. */
  readonly inspections: readonly Inspection[];
  /** Fraud was found: a blacklist case may be opened. */
  readonly blacklistSuggested: boolean;
  readonly revision: number;
}

/** Reads the agency's own stream, so that the answer is never behind. */
@QueryHandler(FindAgency)
export class FindAgencyHandler implements IQueryHandler<FindAgency> {
  constructor(@Inject(EVENT_STORE) private readonly store: EventStore) {}

  async execute({ creditCode, today, on: asked }: FindAgency): Promise<AgencyView> {
    const on = asked ?? today;
    let state: AgencyState = unknownAgency;
    let known: AgencyState = unknownAgency;
    let revision = -1;
    const citations = new Map<number, PolicyCitation>();
    for await (const page of this.store.readStream(agencyStream(creditCode))) {
      for (const recorded of page) {
        const event = asDomainEvent<AgencyEvent>(recorded);
        if (event.type === 'agency-registered' && event.policy !== undefined) citations.set(event.data.registration, event.policy);
        known = evolve(known, event, contextOf(recorded));
        if (asked !== undefined && !countsBy(event, recorded.metadata.effectiveOn, asked, state)) continue;
        state = evolve(state, event, contextOf(recorded));
        revision = recorded.revision;
      }
    }
    if (state.status === 'unknown' || known.status === 'unknown')
      throw notFound(
        'agency-unknown',
        `no service agency was ever registered under ${creditCode}${asked === undefined ? '' : ` by ${asked}`}`,
      );
    const { validUntil, struckOff } = lastRegistration(state);
    return {
      creditCode,
      creditCodeFlagged: state.creditCodeFlagged,
      name: nameOn(state, on),
      names: known.names,
      services: state.services,
      contactUnit: state.contactUnit,
      on,
      registered: isRegisteredOn(state, on),
      status: statusOf(validUntil, struckOff?.on, on),
      registrations: state.registrations.map((registration) => {
        const policy = citations.get(registration.no);
        return { ...registration, ...(policy && { policy }) };
      }),
      inspections: [...state.inspections].sort((one, other) => (one.on > other.on ? -1 : one.on < other.on ? 1 : other.no - one.no)),
      blacklistSuggested: state.inspections.some(({ finding }) => finding === 'fraud'),
      revision,
    };
  }
}

/** Whether an event counts by a day. What changes a registration that begins later counts with it only. */
function countsBy(event: AgencyEvent, effectiveOn: string, day: string, state: AgencyState): boolean {
  if (dayOfAgencyEvent(event, effectiveOn) > day) return false;
  if (event.type === 'agency-registered') return true;
  if (state.status === 'unknown') return false;
  return !('registration' in event.data) || event.data.registration === lastRegistration(state).no;
}
