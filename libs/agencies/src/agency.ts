import { type CreditCode, type DomainEvent, type EventContext, type Evidence, unreachable } from '@app/kernel';

export const FINDINGS = ['ok', 'irregular', 'fraud'] as const;
/** 检查结果: in order, irregular (业务异常), or fraud (弄虚作假). */
export type Finding = (typeof FINDINGS)[number];

export interface RegistrationData {
  readonly creditCode: string;
  /** Counts the registrations of an agency: more than 1 after it was struck off or had lapsed. */
  readonly registration: number;
  readonly name: string;
  /** 服务内容 */
  readonly services: readonly string[];
  /** 联系单位 */
  readonly contactUnit: string;
  /** 备案日期 */
  readonly from: string;
  /** The last day of the registration; it has no end where this is left out. */
  readonly validUntil?: string;
  /** Its credit code fails the check character, and evidence says that it was issued like this. */
  readonly creditCodeFlagged: boolean;
}

export interface InspectionData {
  readonly on: string;
  /** 检查单位 */
  readonly inspector: string;
  readonly finding: Finding;
  readonly summary: string;
}

/** Everything that can happen to the registration (备案) of a service agency. */
export type AgencyEvent =
  | DomainEvent<'agency-registered', RegistrationData>
  | DomainEvent<'agency-renewed', { readonly registration: number; readonly validUntil?: string }>
  | DomainEvent<'agency-renamed', { readonly name: string; readonly on: string }>
  | DomainEvent<'agency-inspected', InspectionData & { readonly inspection: number }>
  | DomainEvent<'agency-struck-off', { readonly registration: number; readonly on: string; readonly reason: string }>;

/** The business day from which an event counts: the one it names, or else the one on which it takes effect. */
export function dayOfAgencyEvent(event: AgencyEvent, effectiveOn: string): string {
  switch (event.type) {
    case 'agency-registered':
      return event.data.from;
    case 'agency-renewed':
      return effectiveOn;
    case 'agency-renamed':
    case 'agency-inspected':
    case 'agency-struck-off':
      return event.data.on;
    default:
      return unreachable(event);
  }
}

export interface Registration {
  readonly no: number;
  readonly from: string;
  readonly validUntil?: string;
  readonly recordedBy: string;
  readonly struckOff?: { readonly on: string; readonly reason: string; readonly by: string };
}

export interface Inspection extends InspectionData {
  readonly no: number;
  readonly recordedBy: string;
  readonly evidence: readonly Evidence[];
}

/** A service agency that is or once was registered. */
export interface Agency {
  readonly status: 'known';
  readonly creditCode: CreditCode;
  readonly creditCodeFlagged: boolean;
  /** In order of time. */
  readonly names: readonly { readonly name: string; readonly from: string }[];
  readonly services: readonly string[];
  readonly contactUnit: string;
  /** In order of time, never overlapping. */
  readonly registrations: readonly [Registration, ...Registration[]];
  readonly inspections: readonly Inspection[];
}

export type AgencyState = { readonly status: 'unknown' } | Agency;
export const unknownAgency: AgencyState = { status: 'unknown' };

export function agencyStream(creditCode: CreditCode): string {
  return `agency-${creditCode}`;
}

export function creditCodeOfStream(stream: string): CreditCode {
  return stream.slice('agency-'.length) as CreditCode;
}

export function lastRegistration({ registrations }: Agency): Registration {
  return registrations.at(-1) as Registration;
}

/** Whether a registration holds on a day: not before it begins, not after its last day, not from the day it is struck off. */
export function isHeldOn({ from, validUntil, struckOff }: Registration, on: string): boolean {
  return from <= on && (validUntil === undefined || on <= validUntil) && (struckOff === undefined || on < struckOff.on);
}

export function isRegisteredOn({ registrations }: Agency, on: string): boolean {
  return registrations.some((registration) => isHeldOn(registration, on));
}

/** The name on a day; the first name for a day before any. */
export function nameOn({ names }: Agency, on: string): string {
  return (names.findLast(({ from }) => from <= on) ?? names[0])?.name ?? '';
}

export function evolve(state: AgencyState, event: AgencyEvent, { actorId }: EventContext): AgencyState {
  if (event.type === 'agency-registered') return registered(state, event.data, actorId);
  if (state.status === 'unknown') throw new Error(`${event.type} for an agency that was never registered`);
  switch (event.type) {
    case 'agency-renewed': {
      const { validUntil } = event.data;
      return withLast(state, ({ validUntil: _before, ...last }) => ({ ...last, ...(validUntil !== undefined && { validUntil }) }));
    }
    case 'agency-renamed': {
      const { name, on } = event.data;
      return { ...state, names: [...state.names, { name, from: on }] };
    }
    case 'agency-inspected': {
      const { inspection: no, ...result } = event.data;
      const { evidence = [] } = event;
      return { ...state, inspections: [...state.inspections, { no, ...result, recordedBy: actorId, evidence }] };
    }
    case 'agency-struck-off': {
      const { on, reason } = event.data;
      return withLast(state, (last) => ({ ...last, struckOff: { on, reason, by: actorId } }));
    }
    default:
      return unreachable(event);
  }
}

function registered(state: AgencyState, data: RegistrationData, recordedBy: string): Agency {
  const { creditCode, registration: no, name, services, contactUnit, from, validUntil, creditCodeFlagged } = data;
  const registration: Registration = { no, from, ...(validUntil !== undefined && { validUntil }), recordedBy };
  const particulars = { status: 'known' as const, creditCode: creditCode as CreditCode, creditCodeFlagged, services, contactUnit };
  if (state.status === 'unknown') return { ...particulars, names: [{ name, from }], registrations: [registration], inspections: [] };
  const isNewName = state.names.at(-1)?.name !== name;
  return {
    ...state,
    ...particulars,
    names: isNewName ? [...state.names, { name, from }] : state.names,
    registrations: [...state.registrations, registration],
  };
}

function withLast(state: Agency, change: (last: Registration) => Registration): Agency {
  const registrations = state.registrations.with(-1, change(lastRegistration(state))) as [Registration, ...Registration[]];
  return { ...state, registrations };
}
