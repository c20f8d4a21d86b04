import {
  addDays,
  type BusinessDate,
  businessDate,
  canonicalJson,
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
  type BlacklistEvent,
  type BlacklistState,
  type Case,
  type EndedCase,
  evolve,
  type HowEnded,
  isInEffect,
  isListed,
  type ListedCase,
  type ListingData,
  noCases,
  type Notice,
  type NoticedCase,
  type Objection,
  type RepairApplication,
  type RepairClaims,
  sameGround,
} from './listing.js';
import { listingId, type Subject } from './subject.js';
import { addMonths, classTermsOf, lastDayOf, LISTING_CLASSES, type ListingClass, requireTermInRange, termsFrom, termsOn } from './terms.js';

interface Documented {
  readonly evidence?: readonly Evidence[];
}

/** 立案与事先告知 */
export interface OpenCase extends Documented {
  readonly type: 'open-case';
  readonly subject: Subject;
  readonly listingClass: ListingClass;
  readonly ground: string;
  readonly legalBasis: string;
  readonly reasons: string;
  readonly rights: string;
  readonly servedOn: string;
  /** The statutory minimum when left out. */
  readonly statementDays?: number;
  readonly fileReference?: string;
  /** The clause the case rests on; looked up by the handler, never by the caller. */
  readonly policy?: PolicyCitation;
}
/** 陈述申辩 */
export interface RecordStatement extends Documented {
  readonly type: 'record-statement';
  readonly case: number;
  readonly on: string;
  readonly summary: string;
}
/** 放弃陈述申辩 */
export interface WaiveStatement extends Documented {
  readonly type: 'waive-statement';
  readonly case: number;
  readonly on: string;
}
/** 列入 */
export interface ListSubject extends Documented {
  readonly type: 'list';
  readonly case: number;
  readonly termMonths: number;
  /** The class of the notice when left out; never a graver one. */
  readonly listingClass?: ListingClass;
  readonly reason: string;
}
/** 不予列入 */
export interface DeclineListing extends Documented {
  readonly type: 'decline';
  readonly case: number;
  readonly reason: string;
}
/** 异议 */
export interface RaiseObjection extends Documented {
  readonly type: 'object';
  readonly case: number;
  readonly on: string;
  readonly reasons: string;
}
export interface DecideObjection extends Documented {
  readonly type: 'decide-objection';
  readonly case: number;
  readonly objection: number;
  readonly upheld: boolean;
  readonly reason: string;
}
/** 信用修复 */
export interface ApplyForRepair extends RepairClaims, Documented {
  readonly type: 'apply-for-repair';
  readonly case: number;
  readonly on: string;
}
export interface DecideRepair extends Documented {
  readonly type: 'decide-repair';
  readonly case: number;
  readonly accepted: boolean;
  readonly reason: string;
}

export type BlacklistCommand =
  | OpenCase
  | RecordStatement
  | WaiveStatement
  | ListSubject
  | DeclineListing
  | RaiseObjection
  | DecideObjection
  | ApplyForRepair
  | DecideRepair;

export const blacklistDecider: Decider<BlacklistCommand, BlacklistEvent, BlacklistState> = { initialState: noCases, decide, evolve };

/** No notice leaves longer than this; more is a slip of the pen. */
const LONGEST_STATEMENT_DAYS = 60;

function decide(command: BlacklistCommand, state: BlacklistState, context: DecisionContext): readonly BlacklistEvent[] {
  requireToday(context);
  requireNoPersonalNumber(command);
  switch (command.type) {
    case 'open-case':
      return openCase(command, state, context);
    case 'record-statement':
      return recordStatement(command, caseOf(state, command.case), context);
    case 'waive-statement':
      return waiveStatement(command, caseOf(state, command.case), context);
    case 'list':
      return list(command, caseOf(state, command.case), context);
    case 'decline':
      return decline(command, caseOf(state, command.case), context);
    case 'object':
      return object(command, listedCase(state, command.case), context);
    case 'decide-objection':
      return decideObjection(command, listedCase(state, command.case), context);
    case 'apply-for-repair':
      return applyForRepair(command, listedCase(state, command.case), context);
    case 'decide-repair':
      return decideRepair(command, listedCase(state, command.case), context);
    default:
      return unreachable(command);
  }
}

function openCase(command: OpenCase, { cases }: BlacklistState, context: DecisionContext): readonly BlacklistEvent[] {
  const { subject, listingClass, servedOn, policy, evidence } = command;
  const terms = termsOn(context.today);
  classTermsOf(terms, listingClass);
  pastDay(servedOn, 'servedOn', context);
  const statementDays = command.statementDays ?? terms.statementDays;
  if (statementDays < terms.statementDays || statementDays > LONGEST_STATEMENT_DAYS) {
    throw invalidField('statementDays', 'range', `must be ${terms.statementDays} to ${LONGEST_STATEMENT_DAYS} days`);
  }
  const notice = {
    subject,
    listingClass,
    ground: text(command.ground, 'ground'),
    legalBasis: text(command.legalBasis, 'legalBasis'),
    reasons: text(command.reasons, 'reasons'),
    rights: text(command.rights, 'rights'),
    servedOn,
    statementDays,
    statementLastDay: lastDayOf(servedOn, statementDays, 'statementDays'),
    ...(command.fileReference !== undefined && { fileReference: text(command.fileReference, 'fileReference') }),
    terms: terms.from,
  };
  const running = cases.find(
    (one) => sameGround(one.ground, notice.ground) && (one.status === 'noticed' || isInEffect(one, context.today)),
  );
  if (running?.status === 'noticed') {
    if (isSameNotice(running, { ...notice, policy, evidence: evidence ?? [] })) return [];
    throw refused('blacklist-case-open', `case ${running.no} on this ground is not decided yet`, { case: running.no });
  }
  if (running !== undefined && isListed(running)) {
    const { listing, until } = running.listed;
    throw refused('already-listed', `the subject is listed on this ground until ${until}, as ${listing}`, { listing, until });
  }
  const data = { case: cases.length + 1, ...notice };
  return [{ type: 'blacklist-case-opened', data, ...(policy && { policy }), evidence: needed(evidence) }];
}

function isSameNotice(known: NoticedCase, notice: Notice & Pick<NoticedCase, 'policy' | 'evidence'>): boolean {
  const said = ({ statementLastDay: _derived, terms: _version, policy = undefined, ...rest }: typeof notice) =>
    canonicalJson({ ...rest, policy: policy ?? null });
  const { status: _s, no: _n, openedBy: _b, openedOn: _o, statements: _t, waivedOn: _w, waivedBy: _r, ...noticed } = known;
  return said(noticed) === said(notice);
}

function recordStatement(command: RecordStatement, one: Case, context: DecisionContext): readonly BlacklistEvent[] {
  const { on, evidence = [] } = command;
  const summary = text(command.summary, 'summary');
  if (one.statements.some((known) => known.on === on && known.summary === summary)) return [];
  requireUndecided(one);
  pastDay(on, 'on', context);
  notBefore(on, 'on', one.servedOn, 'the notice was served');
  return [{ type: 'statement-recorded', data: { case: one.no, on, summary }, evidence }];
}

function waiveStatement({ on, evidence }: WaiveStatement, one: Case, context: DecisionContext): readonly BlacklistEvent[] {
  if (one.waivedOn === on) return [];
  requireUndecided(one);
  if (one.waivedOn !== undefined) throw refused('statement-waived', `the statement was waived on ${one.waivedOn}`, { on: one.waivedOn });
  pastDay(on, 'on', context);
  notBefore(on, 'on', one.servedOn, 'the notice was served');
  return [{ type: 'statement-waived', data: { case: one.no, on }, evidence: needed(evidence) }];
}

function list(command: ListSubject, one: Case, context: DecisionContext): readonly BlacklistEvent[] {
  const { termMonths, listingClass = one.listingClass, evidence } = command;
  const reason = text(command.reason, 'reason');
  if (isListed(one)) {
    const { listed } = one;
    if (listed.termMonths === termMonths && listed.listingClass === listingClass && listed.reason === reason) return [];
  }
  requireDecidable(one, context);
  if (LISTING_CLASSES.indexOf(listingClass) > LISTING_CLASSES.indexOf(one.listingClass)) {
    throw refused('class-graver-than-noticed', `the notice said ${one.listingClass}; for ${listingClass} a new notice is needed`, {
      noticed: one.listingClass,
    });
  }
  const terms = termsOn(context.today);
  const classTerms = classTermsOf(terms, listingClass);
  requireTermInRange(termMonths, classTerms, listingClass);
  const from = businessDate(context.today);
  const data: ListingData = {
    case: one.no,
    listing: listingId(one.subject, one.no),
    listingClass,
    from,
    until: addMonths(from, termMonths),
    reason,
    termMonths,
    published: classTerms.published,
    objectionLastDay: addDays(from, terms.objectionDays),
    repairFrom: addMonths(from, classTerms.minimumMonths),
    terms: terms.from,
  };
  return [{ type: 'listing-decided', data, ...cited(one), evidence: needed(evidence) }];
}

function decline(command: DeclineListing, one: Case, context: DecisionContext): readonly BlacklistEvent[] {
  const reason = text(command.reason, 'reason');
  if (one.status === 'declined' && one.declined.reason === reason) return [];
  requireDecidable(one, context);
  return [{ type: 'listing-declined', data: { case: one.no, reason }, evidence: command.evidence ?? [] }];
}

function object(command: RaiseObjection, one: ListedCase | EndedCase, context: DecisionContext): readonly BlacklistEvent[] {
  const { on, evidence = [] } = command;
  const reasons = text(command.reasons, 'reasons');
  const { objections, listed } = one;
  if (objections.some((known) => known.on === on && known.reasons === reasons)) return [];
  // A repaired one can still be objected to: that it was wrong says more than that it is over.
  if (one.status === 'ended' && one.ending.how === 'revoked') requireNotEnded(one);
  const open = objections.find(({ decision }) => decision === undefined);
  if (open !== undefined) {
    throw refused('objections-open', `objection ${open.no} is not decided yet`, { objection: open.no });
  }
  pastDay(on, 'on', context);
  notBefore(on, 'on', listed.from, 'the decision');
  if (on > listed.objectionLastDay) {
    throw refused('objection-window-closed', `objections could be raised until ${listed.objectionLastDay}`, {
      lastDay: listed.objectionLastDay,
    });
  }
  return [{ type: 'listing-objection-raised', data: { case: one.no, objection: objections.length + 1, on, reasons }, evidence }];
}

function decideObjection(command: DecideObjection, one: ListedCase | EndedCase, context: DecisionContext): readonly BlacklistEvent[] {
  const { objection: no, upheld, evidence = [] } = command;
  const reason = text(command.reason, 'reason');
  const objection = one.objections[no - 1];
  if (objection === undefined) throw notFound('objection-unknown', `case ${one.no} has no objection ${no}`);
  if (objection.decision !== undefined) {
    if (objection.decision.upheld === upheld && objection.decision.reason === reason) return [];
    throw refused('objection-decided', `objection ${no} was decided on ${objection.decision.on}`, { objection: no });
  }
  requireApprover(context);
  requireAnother(context, one.openedBy, 'whoever opened the case');
  requireAnother(context, one.listed.decidedBy, 'whoever decided the listing');
  requireAnother(context, objection.recordedBy, 'whoever recorded the objection');
  const decided: BlacklistEvent = {
    type: 'listing-objection-decided',
    data: { case: one.no, objection: no, upheld, reason },
    evidence: upheld ? needed(evidence) : evidence,
  };
  // Also where nothing has effect any more: that it was listed wrongly belongs on the record.
  return upheld ? [decided, ended(one, 'revoked', reason, context)] : [decided];
}

function applyForRepair(command: ApplyForRepair, one: ListedCase | EndedCase, context: DecisionContext): readonly BlacklistEvent[] {
  const { on, evidence } = command;
  const claims: RepairClaims = {
    corrected: text(command.corrected, 'corrected'),
    duties: text(command.duties, 'duties'),
    commitment: text(command.commitment, 'commitment'),
  };
  const { repairs, listed } = one;
  if (repairs.some((known) => known.on === on && saysTheSame(known, claims))) return [];
  requireNotEnded(one);
  const open = openRepair(one);
  if (open !== undefined) throw refused('credit-repair-open', `application ${open.no} is not decided yet`, { application: open.no });
  requireStillInEffect(one, context);
  pastDay(on, 'on', context);
  if (on < listed.repairFrom) {
    throw refused('minimum-period-not-served', `credit repair can be applied for from ${listed.repairFrom} on`, {
      repairFrom: listed.repairFrom,
    });
  }
  const { repairDecisionDays } = termsFrom(listed.terms);
  const decisionDue = lastDayOf(on, repairDecisionDays, 'on');
  const data = { case: one.no, application: repairs.length + 1, on, ...claims, decisionDue };
  return [{ type: 'credit-repair-applied', data, evidence: needed(evidence) }];
}

function decideRepair(command: DecideRepair, one: ListedCase | EndedCase, context: DecisionContext): readonly BlacklistEvent[] {
  const { accepted, evidence = [] } = command;
  const reason = text(command.reason, 'reason');
  const last = one.repairs.at(-1);
  if (last?.decision?.accepted === accepted && last.decision.reason === reason) return [];
  requireNotEnded(one);
  const open = openRepair(one);
  if (open === undefined) throw notFound('credit-repair-unknown', `case ${one.no} has no undecided application for credit repair`);
  requireStillInEffect(one, context);
  requireApprover(context);
  requireAnother(context, one.openedBy, 'whoever opened the case');
  requireAnother(context, open.recordedBy, 'whoever recorded the application');
  if (accepted) return [{ ...ended(one, 'repaired', reason, context), evidence: needed(evidence) }];
  return [{ type: 'credit-repair-refused', data: { case: one.no, application: open.no, reason }, evidence }];
}

function ended(one: ListedCase | EndedCase, how: HowEnded, reason: string, { today }: DecisionContext): BlacklistEvent {
  return { type: 'listing-ended', data: { case: one.no, listing: one.listed.listing, how, on: today, reason }, ...cited(one) };
}

/** The objection, application or notice that waits for a decision. */
export function openObjection(one: Case): Objection | undefined {
  return isListed(one) ? one.objections.find(({ decision }) => decision === undefined) : undefined;
}

/** An application that waits for a decision; one that an end of the listing has overtaken no longer does. */
export function openRepair(one: Case): RepairApplication | undefined {
  return one.status === 'listed' ? one.repairs.find(({ decision }) => decision === undefined) : undefined;
}

/** The first day on which a notice can be decided: at once when the subject has spoken or will not, else after the period. */
export function decidableFrom({ statements, waivedOn, statementLastDay }: Case): string {
  const heardOn = [...statements.map(({ on }) => on), ...(waivedOn === undefined ? [] : [waivedOn])].sort();
  return heardOn[0] ?? addDays(statementLastDay as BusinessDate, 1);
}

function requireDecidable(one: Case, context: DecisionContext): void {
  requireUndecided(one);
  requireApprover(context);
  requireAnother(context, one.openedBy, 'whoever opened the case');
  for (const { recordedBy } of one.statements) requireAnother(context, recordedBy, 'whoever recorded a statement');
  requireAnother(context, one.waivedBy, 'whoever recorded the waiver');
  if (context.today < decidableFrom(one)) {
    throw refused(
      'statement-period-running',
      `the subject may make its statement until ${one.statementLastDay}, and has neither made nor waived it`,
      { lastDay: one.statementLastDay },
    );
  }
}

function requireUndecided(one: Case): asserts one is NoticedCase {
  if (one.status === 'noticed') return;
  throw refused('blacklist-case-decided', `case ${one.no} has been decided`, { case: one.no, status: one.status });
}

function requireNotEnded(one: ListedCase | EndedCase): asserts one is ListedCase {
  if (one.status === 'listed') return;
  const { how, on } = one.ending;
  throw refused('listing-over', `${one.listed.listing} was ${how} on ${on}`, { how, on });
}

function requireStillInEffect({ listed }: ListedCase, { today }: DecisionContext): void {
  if (today < listed.until) return;
  throw refused('listing-over', `the term of ${listed.listing} ran out before ${listed.until}`, { how: 'expired', on: listed.until });
}

function caseOf({ cases }: BlacklistState, no: number): Case {
  const one = cases[no - 1];
  if (one === undefined) throw notFound('blacklist-case-unknown', `the subject has no case ${no}`);
  return one;
}

function listedCase(state: BlacklistState, no: number): ListedCase | EndedCase {
  const one = caseOf(state, no);
  if (isListed(one)) return one;
  throw refused('not-listed', `case ${no} has not led to a listing`, { case: no, status: one.status });
}

function requireApprover({ roles }: DecisionContext): void {
  if (!roles.includes('approver')) throw forbidden('role-required', 'this needs the role approver');
}

function requireAnother({ actorId }: DecisionContext, initiator: string | undefined, who: string): void {
  if (actorId === initiator) throw refused('duties-not-separated', `${who} cannot decide on it`, { by: initiator });
}

function pastDay(value: string, field: string, { today }: DecisionContext): void {
  if (businessDate(value, field) > today) throw invalidField(field, 'not-in-the-future', `must not be later than today, ${today}`);
}

function notBefore(value: string, field: string, day: string, what: string): void {
  if (value < day) throw invalidField(field, 'not-before', `must not be earlier than ${what} on ${day}`);
}

function cited({ policy }: Case): { readonly policy?: PolicyCitation } {
  return policy === undefined ? {} : { policy };
}

function saysTheSame(known: RepairClaims, { corrected, duties, commitment }: RepairClaims): boolean {
  return known.corrected === corrected && known.duties === duties && known.commitment === commitment;
}

function needed(evidence: readonly Evidence[] = []): readonly Evidence[] {
  if (evidence.length === 0) throw invalidField('evidence', 'not-empty', 'must name at least one document');
  return evidence;
}

function text(value: string, field: string): string {
  const trimmed = value.trim();
  if (trimmed === '') throw invalidField(field, 'not-blank', 'must not be blank');
  return trimmed;
}
