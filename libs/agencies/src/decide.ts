import {
  businessDate,
  canonicalJson,
  creditCode,
  creditCodeCheckPasses,
  type Decider,
  type DecisionContext,
  type Evidence,
  forbidden,
  invalidField,
  notFound,
  type PolicyCitation,
  refused,
  requireNoPersonalNumber,
  requireToday,
  unreachable,
} from '@app/kernel';
import {
  type Agency,
  type AgencyEvent,
  type AgencyState,
  evolve,
  type InspectionData,
  isHeldOn,
  isRegisteredOn,
  lastRegistration,
  nameOn,
  unknownAgency,
} from './agency.js';

interface Documented {
  readonly evidence: readonly Evidence[];
}

/** 备案, also of an agency that was struck off or has lapsed. */
export interface RegisterAgency extends Documented {
  readonly type: 'register';
  readonly creditCode: string;
  readonly name: string;
  readonly services: readonly string[];
  readonly contactUnit: string;
  readonly from: string;
  readonly validUntil?: string;
  /** The clause it is registered under; looked up by the handler, never by the caller. */
  readonly policy?: PolicyCitation;
}
/** 延续备案; without an end where `validUntil` is left out. */
export interface RenewAgency extends Documented {
  readonly type: 'renew';
  readonly validUntil?: string;
}
/** 更名 */
export interface RenameAgency extends Documented {
  readonly type: 'rename';
  readonly name: string;
  readonly on: string;
}
/** 监督检查 */
export interface RecordInspection extends InspectionData, Documented {
  readonly type: 'record-inspection';
}
/** 注销 */
export interface StrikeOffAgency extends Documented {
  readonly type: 'strike-off';
  readonly reason: string;
}

export type AgencyCommand = RegisterAgency | RenewAgency | RenameAgency | RecordInspection | StrikeOffAgency;

export const agencyDecider: Decider<AgencyCommand, AgencyEvent, AgencyState> = { initialState: unknownAgency, decide, evolve };

function decide(command: AgencyCommand, state: AgencyState, context: DecisionContext): readonly AgencyEvent[] {
  requireToday(context);
  requireNoPersonalNumber(command);
  if (command.type === 'register') return register(command, state, context);
  if (state.status === 'unknown') throw notFound('agency-unknown', 'no service agency was ever registered under this credit code');
  switch (command.type) {
    case 'renew':
      return renew(command, state, context);
    case 'rename':
      return rename(command, state, context);
    case 'record-inspection':
      return recordInspection(command, state, context);
    case 'strike-off':
      return strikeOff(command, state, context);
    default:
      return unreachable(command);
  }
}

function register(command: RegisterAgency, state: AgencyState, context: DecisionContext): readonly AgencyEvent[] {
  const { from, validUntil, evidence, policy } = command;
  const code = creditCode(command.creditCode);
  const services = [...new Set(command.services.map((service) => text(service, 'services')))];
  if (services.length === 0) throw invalidField('services', 'not-empty', 'must name at least one service');
  pastDay(from, 'from', context);
  if (validUntil !== undefined && businessDate(validUntil, 'validUntil') < from)
    throw invalidField('validUntil', 'not-before', 'must not be earlier than from');
  const particulars = {
    creditCode: code,
    name: text(command.name, 'name'),
    services,
    contactUnit: text(command.contactUnit, 'contactUnit'),
    from,
    ...(validUntil !== undefined && { validUntil }),
    // Whoever registers an agency names a document anyway: it is what a code that fails its check needs too.
    creditCodeFlagged: !creditCodeCheckPasses(code),
  };
  if (state.status === 'known') {
    if (isSameRegistration(state, particulars)) return [];
    requireRoomFor(from, state, context);
  }
  const registration = state.status === 'known' ? state.registrations.length + 1 : 1;
  return [{ type: 'agency-registered', data: { ...particulars, registration }, ...(policy && { policy }), evidence: needed(evidence) }];
}

function isSameRegistration(state: Agency, asked: object): boolean {
  const { no: _no, recordedBy: _by, struckOff, ...registration } = lastRegistration(state);
  const { creditCode: code, creditCodeFlagged, names, services, contactUnit } = state;
  const known = { creditCode: code, creditCodeFlagged, name: names.at(-1)?.name, services, contactUnit, ...registration };
  return struckOff === undefined && canonicalJson(known) === canonicalJson(asked);
}

/** Registrations follow each other: whether an agency was registered on a day is never in doubt. */
function requireRoomFor(from: string, state: Agency, { today }: DecisionContext): void {
  const last = lastRegistration(state);
  if (isHeldOn(last, today)) {
    throw refused('agency-exists', `${state.creditCode} is registered already, as ${nameOn(state, today)}`, {
      creditCode: state.creditCode,
    });
  }
  if (isRegisteredOn(state, from)) throw invalidField('from', 'after-last-registration', 'must be later than the registration before');
  if (from < last.from) throw invalidField('from', 'after-last-registration', `must not be earlier than the registration of ${last.from}`);
}

function renew({ validUntil, evidence }: RenewAgency, state: Agency, context: DecisionContext): readonly AgencyEvent[] {
  const last = lastRegistration(state);
  if (last.validUntil === validUntil && last.struckOff === undefined) return [];
  requireRegistered(state, context);
  if (validUntil !== undefined && (last.validUntil === undefined || businessDate(validUntil, 'validUntil') <= last.validUntil)) {
    throw invalidField('validUntil', 'later', `must be later than what holds now: ${last.validUntil ?? 'without end'}`);
  }
  const data = { registration: last.no, ...(validUntil !== undefined && { validUntil }) };
  return [{ type: 'agency-renewed', data, evidence: needed(evidence) }];
}

function rename({ on, evidence, ...command }: RenameAgency, state: Agency, context: DecisionContext): readonly AgencyEvent[] {
  const name = text(command.name, 'name');
  const last = state.names.at(-1);
  if (last?.name === name) return [];
  requireRegistered(state, context);
  pastDay(on, 'on', context);
  if (last !== undefined && on < last.from)
    throw invalidField('on', 'not-before', `must not be earlier than the last name, of ${last.from}`);
  return [{ type: 'agency-renamed', data: { name, on }, evidence: needed(evidence) }];
}

/** Also of an agency that is no longer registered: what it did while it was may come out later. */
function recordInspection(command: RecordInspection, state: Agency, context: DecisionContext): readonly AgencyEvent[] {
  const { on, finding, evidence } = command;
  const result: InspectionData = {
    on,
    inspector: text(command.inspector, 'inspector'),
    finding,
    summary: text(command.summary, 'summary'),
  };
  if (
    state.inspections.some(({ no: _no, recordedBy: _by, evidence: _documents, ...known }) => canonicalJson(known) === canonicalJson(result))
  )
    return [];
  pastDay(on, 'on', context);
  const { from } = state.registrations[0];
  if (on < from) throw invalidField('on', 'not-before', `must not be earlier than the registration of ${from}`);
  const data = { inspection: state.inspections.length + 1, ...result };
  return [{ type: 'agency-inspected', data, evidence: needed(evidence) }];
}

function strikeOff(command: StrikeOffAgency, state: Agency, context: DecisionContext): readonly AgencyEvent[] {
  const reason = text(command.reason, 'reason');
  const last = lastRegistration(state);
  if (last.struckOff?.reason === reason) return [];
  requireRegistered(state, context);
  if (!context.roles.includes('approver')) throw forbidden('role-required', 'this needs the role approver');
  if (context.actorId === last.recordedBy) {
    throw refused('duties-not-separated', 'whoever recorded the registration cannot strike it off', { by: last.recordedBy });
  }
  const data = { registration: last.no, on: context.today, reason };
  return [{ type: 'agency-struck-off', data, evidence: needed(command.evidence) }];
}

function requireRegistered(state: Agency, { today }: DecisionContext): void {
  if (!isHeldOn(lastRegistration(state), today)) throw notRegistered(state.creditCode, today);
}

/** The refusal of whatever needs a registered agency. */
export function notRegistered(code: string, on: string) {
  return refused('agency-not-registered', `the service agency ${code} is not registered on ${on}`, { creditCode: code, on });
}

function pastDay(value: string, field: string, { today }: DecisionContext): void {
  if (businessDate(value, field) > today) throw invalidField(field, 'not-in-the-future', `must not be later than today, ${today}`);
}

function needed(evidence: readonly Evidence[]): readonly Evidence[] {
  if (evidence.length === 0) throw invalidField('evidence', 'not-empty', 'must name at least one document');
  return evidence;
}

function text(value: string, field: string): string {
  const trimmed = value.trim();
  if (trimmed === '') throw invalidField(field, 'not-blank', 'must not be blank');
  return trimmed;
}
