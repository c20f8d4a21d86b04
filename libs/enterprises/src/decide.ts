import {
  addDays,
  addYears,
  type BusinessDate,
  businessDate,
  canonicalJson,
  type CreditCode,
  creditCode,
  creditCodeCheckPasses,
  type Decider,
  type DecisionContext,
  type Evidence,
  type FieldError,
  invalid,
  invalidField,
  isPlainReference,
  normalisedReference,
  notFound,
  refused,
  unreachable,
  yearOf,
} from '@app/kernel';
import {
  type CertificateData,
  type Certification,
  certificateOf,
  type ClearanceData,
  currentFact,
  type Dossier,
  type EnterpriseEvent,
  type EnterpriseState,
  evolve,
  type Fact,
  type FactData,
  factOf,
  type FactValue,
  type Finding,
  latestAbout,
  latestFact,
  lookalikeOf,
  nameOn,
  placeInTime,
  type RelocationData,
  sameReference,
  type TitleData,
  unregistered,
} from './enterprise.js';
import { type ClearanceDefinition, type FactVocabulary, periodFault, subjectFault, valueFault, yearOfPeriod } from './vocabulary.js';

type Documents = { readonly evidence: readonly Evidence[] };

export interface RegisterEnterprise {
  readonly type: 'register';
  readonly creditCode: string;
  readonly name: string;
  readonly region?: string;
  readonly registeredOn?: string;
  /** Needed when the code fails its check character. */
  readonly evidence?: readonly Evidence[];
}
export interface RenameEnterprise extends Documents {
  readonly type: 'rename';
  readonly name: string;
}
export interface NewFact extends Documents {
  readonly name: string;
  readonly value: FactValue;
  readonly period?: string;
  /** The reference of the project, transaction or certificate it is about. */
  readonly subject?: string;
  readonly sourceUnit: string;
  readonly correctsFactId?: string;
}
export interface RecordFacts {
  readonly type: 'record-facts';
  readonly facts: readonly NewFact[];
}
export interface VerifyFact extends Documents {
  readonly type: 'verify-fact';
  readonly factId: string;
}
export interface DisputeFact {
  readonly type: 'dispute-fact';
  readonly factId: string;
  readonly reason: string;
}
export interface RecordCertificate extends Documents {
  readonly type: 'record-certificate';
  readonly number: string;
  /** `hnte`, or another word. */
  readonly kind: string;
  readonly certification: Certification;
  readonly issuedOn: string;
  readonly expiresOn: string;
  readonly issuer: string;
  /** Puts right what was recorded under this number. */
  readonly corrects?: boolean;
}
export interface RevokeCertificate extends Documents {
  readonly type: 'revoke-certificate';
  readonly number: string;
  readonly on: string;
  readonly reason: string;
}
export interface RecordRelocation extends RelocationData, Documents {
  readonly type: 'record-relocation';
  /** Puts right the arrival recorded last. */
  readonly corrects?: boolean;
}
export interface RecordDeparture extends Documents {
  readonly type: 'record-departure';
  readonly on: string;
}
export interface RecordClearance extends Documents {
  readonly type: 'record-clearance';
  readonly clearance: string;
  readonly agency: string;
  readonly finding: Finding;
  readonly on: string;
  /** The last day on which it counts, no later than the packs allow; left out, they say how long. */
  readonly validUntil?: string;
  readonly documentNo: string;
  readonly note?: string;
}
export interface AwardTitle extends Documents {
  readonly type: 'award-title';
  readonly title: string;
  readonly grade?: string;
  readonly year: number;
  readonly on: string;
  readonly documentNo: string;
}
export interface WithdrawTitle extends Documents {
  readonly type: 'withdraw-title';
  readonly title: string;
  readonly year: number;
  readonly on: string;
  readonly reason: string;
}
export interface MergeEnterprise extends Documents {
  readonly type: 'merge';
  readonly survivor: string;
  readonly reason: string;
  /** How the survivor's own dossier stands; looked up by the handler, never by the caller. */
  readonly survivorStatus?: EnterpriseState['status'];
}
/** Sent to the survivor before the merger: see `RunEnterpriseCommandHandler`. Does nothing to one that is merged itself. */
export interface AnnounceAbsorption {
  readonly type: 'announce-absorption';
  readonly creditCode: CreditCode;
}
/** Sent by the ledger to the survivor of a merger. */
export interface AbsorbEnterprise {
  readonly type: 'absorb';
  readonly creditCodes: readonly string[];
}

export type EnterpriseCommand =
  | RegisterEnterprise
  | RenameEnterprise
  | RecordFacts
  | VerifyFact
  | DisputeFact
  | RecordCertificate
  | RevokeCertificate
  | RecordRelocation
  | RecordDeparture
  | RecordClearance
  | AwardTitle
  | WithdrawTitle
  | MergeEnterprise
  | AnnounceAbsorption
  | AbsorbEnterprise;

/** The decider of a dossier, with the facts it may hold. */
export function enterpriseDecider(vocabulary: FactVocabulary): Decider<EnterpriseCommand, EnterpriseEvent, EnterpriseState> {
  return { initialState: unregistered, evolve, decide: (command, state, context) => decide(command, state, context, vocabulary) };
}

function decide(
  command: EnterpriseCommand,
  state: EnterpriseState,
  context: DecisionContext,
  vocabulary: FactVocabulary,
): readonly EnterpriseEvent[] {
  if (command.type === 'register') return register(command, state, context);
  if (state.status === 'unregistered') throw notFound('enterprise-unknown', 'no enterprise is registered under this credit code');
  if (command.type === 'absorb') return absorb(command, state);
  if (command.type === 'merge') return merge(command, state);
  if (command.type === 'announce-absorption')
    return state.status === 'merged' ? [] : [{ type: 'absorption-announced', data: { creditCode: command.creditCode } }];
  const events = record(command, state, context, vocabulary);
  if (events.length > 0 && state.status === 'merged') {
    throw refused('enterprise-merged', `the enterprise was merged into ${state.survivor}; record it there`, { survivor: state.survivor });
  }
  return events;
}

type RecordCommand = Exclude<EnterpriseCommand, RegisterEnterprise | MergeEnterprise | AnnounceAbsorption | AbsorbEnterprise>;

function record(
  command: RecordCommand,
  dossier: Dossier,
  context: DecisionContext,
  vocabulary: FactVocabulary,
): readonly EnterpriseEvent[] {
  switch (command.type) {
    case 'rename':
      return rename(command, dossier, context);
    case 'record-facts':
      return recordFacts(command, dossier, context, vocabulary);
    case 'verify-fact':
      return verifyFact(command, dossier, context);
    case 'dispute-fact':
      return disputeFact(command, dossier);
    case 'record-certificate':
      return recordCertificate(command, dossier, context);
    case 'revoke-certificate':
      return revokeCertificate(command, dossier, context);
    case 'record-relocation':
      return recordRelocation(command, dossier, context);
    case 'record-departure':
      return recordDeparture(command, dossier, context);
    case 'record-clearance':
      return recordClearance(command, dossier, context, vocabulary);
    case 'award-title':
      return awardTitle(command, dossier, context, vocabulary);
    case 'withdraw-title':
      return withdrawTitle(command, dossier, context);
    default:
      return unreachable(command);
  }
}

function register(command: RegisterEnterprise, state: EnterpriseState, context: DecisionContext): readonly EnterpriseEvent[] {
  const code = creditCode(command.creditCode);
  const name = text(command.name, 'name');
  const { region, registeredOn, evidence = [] } = command;
  if (registeredOn !== undefined) pastDay(registeredOn, 'registeredOn', context);
  const registration = {
    name,
    ...(region !== undefined && { region: text(region, 'region') }),
    ...(registeredOn !== undefined && { registeredOn }),
  };
  if (state.status !== 'unregistered') {
    if (canonicalJson(state.registration) === canonicalJson(registration)) return [];
    throw refused('enterprise-exists', `${code} is registered already, as ${nameOn(state, context.today)}`, { creditCode: code });
  }
  const creditCodeFlagged = !creditCodeCheckPasses(code);
  if (creditCodeFlagged && evidence.length === 0) {
    throw refused(
      'credit-code-check-failed',
      `the check character of ${code} does not agree; attach evidence that the code was issued like this`,
      {
        creditCode: code,
      },
    );
  }
  return [{ type: 'enterprise-registered', data: { creditCode: code, ...registration, creditCodeFlagged }, evidence }];
}

function rename(command: RenameEnterprise, dossier: Dossier, context: DecisionContext): readonly EnterpriseEvent[] {
  const name = text(command.name, 'name');
  if (nameOn(dossier, context.effectiveOn) === name) return [];
  return [{ type: 'enterprise-renamed', data: { name }, evidence: needed(command.evidence) }];
}

/** All facts or none. What the dossier already says in the same words is not said again. */
function recordFacts(
  { facts }: RecordFacts,
  dossier: Dossier,
  context: DecisionContext,
  vocabulary: FactVocabulary,
): readonly EnterpriseEvent[] {
  if (facts.length === 0) throw invalidField('facts', 'not-empty', 'must hold at least one fact');
  requireWellFormed(facts, context, vocabulary);
  const fresh = facts.filter((fact) => !isRecorded(fact, dossier, context));
  return fresh.map((fact, index) => {
    requireRoomFor(fact, dossier, context);
    const { name, value, period, subject, correctsFactId } = fact;
    const data: FactData = {
      factId: `F${dossier.facts.size + index + 1}`,
      name,
      value,
      ...(period !== undefined && { period }),
      ...(subject !== undefined && { subject: subject.trim() }),
      sourceUnit: text(fact.sourceUnit, 'sourceUnit'),
      ...(correctsFactId !== undefined && { corrects: correctsFactId }),
    };
    return { type: 'fact-recorded', data, evidence: fact.evidence };
  });
}

function requireWellFormed(facts: readonly NewFact[], context: DecisionContext, vocabulary: FactVocabulary): void {
  const unknown = facts.filter(({ name }) => vocabulary.definitionOf(name) === undefined).map(({ name }) => name);
  if (unknown.length > 0) {
    const errors = facts.flatMap(({ name }, index) =>
      unknown.includes(name) ? [fault(index, 'name', 'known-fact', `${name} is a fact no policy asks for`)] : [],
    );
    throw invalid('fact-unknown', `no policy asks for ${[...new Set(unknown)].join(', ')}`, errors);
  }
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  const corrected = new Set<string>();
  facts.forEach((fact, index) => {
    const definition = vocabulary.definitionOf(fact.name);
    if (definition === undefined) return;
    const wrongValue = valueFault(definition, fact.value);
    if (wrongValue !== undefined) errors.push(fault(index, 'value', definition.type, `${fact.name} ${wrongValue}`));
    const wrongPeriod = periodFault(definition, fact.period, context.today);
    if (wrongPeriod !== undefined) errors.push(fault(index, 'period', 'period', `the period of ${fact.name} ${wrongPeriod}`));
    const wrongSubject = subjectFault(definition, fact.subject);
    if (wrongSubject !== undefined) errors.push(fault(index, 'subject', 'subject', `the subject of ${fact.name} ${wrongSubject}`));
    else if (fact.subject !== undefined) plainReference(fact.subject, `facts.${index}.subject`);
    const key = [fact.name, fact.period ?? '', normalisedReference(fact.subject ?? '')].join(' ');
    if (seen.has(key)) errors.push(fault(index, 'name', 'once', `${key.trim()} is stated twice in one command`));
    seen.add(key);
    if (fact.correctsFactId === undefined) return;
    if (corrected.has(fact.correctsFactId))
      errors.push(fault(index, 'correctsFactId', 'once', `${fact.correctsFactId} is corrected twice in one command`));
    corrected.add(fact.correctsFactId);
  });
  if (errors.length > 0) throw invalid('fact-malformed', errors.map(({ message }) => message).join('; '), errors);
}

function fault(index: number, field: string, rule: string, message: string): FieldError {
  return { field: `facts.${index}.${field}`, rule, message };
}

/** Whether what stands on the day of this command says the same, from the same source and documents. */
function isRecorded(fact: NewFact, dossier: Dossier, { effectiveOn }: DecisionContext): boolean {
  const present = currentFact(dossier, { ...fact, effectiveOn });
  return present !== undefined && saysTheSame(present, fact) && present.corrects === fact.correctsFactId;
}

function saysTheSame(known: Fact, fact: NewFact): boolean {
  return known.value === fact.value && known.sourceUnit === fact.sourceUnit.trim() && sameDocuments(known.evidence, fact.evidence);
}

/**
 * A correction names a standing fact of the same name; a disputed fact is answered by correcting it, not by talking
 * past it; and a figure that others have replaced does not come back because an old command is sent again.
 */
function requireRoomFor(fact: NewFact, dossier: Dossier, { effectiveOn }: DecisionContext): void {
  const { name, period, subject, correctsFactId } = fact;
  if (correctsFactId !== undefined) {
    const wrong = standingFact(dossier, correctsFactId);
    if (wrong.name !== name) {
      throw refused('correction-of-another-fact', `${correctsFactId} states ${wrong.name}, not ${name}`, { factId: correctsFactId });
    }
  }
  // Most dossiers know no dispute: then there is nothing to talk past, and no need to look who would be displaced.
  const anyDispute = dossier.facts.some((known) => known.dispute !== undefined && known.name === name);
  const disputed = (anyDispute ? displaced(fact, dossier, effectiveOn) : []).find(
    (known) => known.dispute !== undefined && known.factId !== correctsFactId,
  );
  if (disputed !== undefined) {
    const { factId, dispute } = disputed;
    throw refused('fact-disputed', `${factId} is disputed (${dispute?.reason}): verify it, or correct it by naming it`, { factId });
  }
  const present = latestAbout(dossier, { ...fact, effectiveOn });
  if (correctsFactId !== undefined || present === undefined) return;
  const replaced = dossier.facts.findLast(
    (known) =>
      known.name === name &&
      known.period === period &&
      sameReference(known.subject, subject) &&
      known.factId !== present.factId &&
      (period !== undefined || known.effectiveOn === effectiveOn) &&
      saysTheSame(known, fact),
  );
  if (replaced !== undefined) {
    throw refused(
      'fact-replaced',
      `${replaced.factId} said this and ${present.factId} stands in its place; to go back, name ${present.factId} as corrected`,
      {
        factId: replaced.factId,
        standing: present.factId,
      },
    );
  }
}

/**
 * The facts in whose place a new one would be read, whatever form their periods have: an input without a year reads
 * undated and dated facts alike (of two years each has its own), an input about a year reads what falls in it.
 */
function displaced({ name, period, subject }: NewFact, dossier: Dossier, effectiveOn: string): readonly Fact[] {
  const place = placeInTime({ period, effectiveOn });
  const before = dossier.facts.filter(
    (known) =>
      known.name === name && known.correctedBy === undefined && sameReference(known.subject, subject) && placeInTime(known) <= place,
  );
  const isYear = (one: string | undefined) => one?.length === 4;
  const readWithoutYear = before.filter((known) => known.period === period || !isYear(known.period) || !isYear(period));
  const readByYear = before.filter((known) => yearOfPeriod(known.period) === yearOfPeriod(period));
  return [latestFact(readWithoutYear), latestFact(readByYear)].filter((known) => known !== undefined);
}

function verifyFact({ factId, evidence }: VerifyFact, dossier: Dossier, context: DecisionContext): readonly EnterpriseEvent[] {
  const fact = standingFact(dossier, factId);
  if (fact.verification === 'verified' && fact.dispute === undefined) return [];
  if (fact.recordedBy === context.actorId) {
    throw refused('separation-of-duties', 'whoever recorded a fact cannot verify it', { factId, recordedBy: fact.recordedBy });
  }
  return [{ type: 'fact-verified', data: { factId }, evidence: needed(evidence) }];
}

function disputeFact(command: DisputeFact, dossier: Dossier): readonly EnterpriseEvent[] {
  const { factId } = command;
  const reason = text(command.reason, 'reason');
  const fact = standingFact(dossier, factId);
  if (fact.dispute?.reason === reason) return [];
  return [{ type: 'fact-disputed', data: { factId, reason } }];
}

function standingFact(dossier: Dossier, factId: string): Fact {
  const fact = factOf(dossier, factId);
  if (fact === undefined) throw notFound('fact-not-found', `the dossier holds no fact ${factId}`);
  if (fact.correctedBy !== undefined) {
    throw refused('fact-corrected', `${factId} was corrected by ${fact.correctedBy}`, { factId, correctedBy: fact.correctedBy });
  }
  return fact;
}

function recordCertificate(command: RecordCertificate, dossier: Dossier, context: DecisionContext): readonly EnterpriseEvent[] {
  const { kind, certification, issuedOn, expiresOn, evidence, corrects = false } = command;
  const number = plainReference(command.number, 'number');
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(kind)) throw invalidField('kind', 'word', 'must be a word in small letters, such as hnte');
  pastDay(issuedOn, 'issuedOn', context);
  if (businessDate(expiresOn, 'expiresOn') <= issuedOn) throw invalidField('expiresOn', 'after-issue', 'must be later than issuedOn');
  const certificate: CertificateData = { number, kind, certification, issuedOn, expiresOn, issuer: text(command.issuer, 'issuer') };
  const present = certificateOf(dossier, number);
  if (present === undefined) {
    const lookalike = lookalikeOf(dossier, number);
    if (lookalike !== undefined) {
      throw refused(
        'certificate-exists',
        `certificate ${lookalike.number} is recorded, and ${number} looks the same: O or 〇 stands for 0, or I for 1`,
        {
          number: lookalike.number,
        },
      );
    }
    if (corrects) throw notFound('certificate-not-found', `the dossier holds no certificate ${number} to correct`);
    return [{ type: 'certificate-recorded', data: { ...certificate, corrects: false }, evidence: needed(evidence) }];
  }
  const { evidence: documents, recordedBy: _by, revoked, ...known } = present;
  const same =
    canonicalJson({ ...known, number: normalisedReference(known.number) }) ===
    canonicalJson({ ...certificate, number: normalisedReference(number) });
  if (same && sameDocuments(documents, evidence)) return [];
  if (!corrects) {
    throw refused('certificate-exists', `certificate ${present.number} is recorded with other particulars; say that this corrects them`, {
      number: present.number,
    });
  }
  if (revoked !== undefined)
    throw refused('certificate-revoked', `certificate ${present.number} was revoked on ${revoked.on}`, { number: present.number });
  return [{ type: 'certificate-recorded', data: { ...certificate, corrects: true }, evidence: needed(evidence) }];
}

function revokeCertificate(command: RevokeCertificate, dossier: Dossier, context: DecisionContext): readonly EnterpriseEvent[] {
  const { number, on } = command;
  const reason = text(command.reason, 'reason');
  const certificate = certificateOf(dossier, number);
  if (certificate === undefined) throw notFound('certificate-not-found', `the dossier holds no certificate ${number}`);
  pastDay(on, 'on', context);
  if (on < certificate.issuedOn) throw invalidField('on', 'after-issue', `must not be earlier than the issue on ${certificate.issuedOn}`);
  const { revoked } = certificate;
  if (revoked !== undefined) {
    if (revoked.on === on && revoked.reason === reason) return [];
    throw refused('certificate-revoked', `certificate ${certificate.number} was revoked on ${revoked.on}`, {
      number: certificate.number,
      on: revoked.on,
    });
  }
  return [{ type: 'certificate-revoked', data: { number: certificate.number, on, reason }, evidence: needed(command.evidence) }];
}

function recordRelocation(command: RecordRelocation, dossier: Dossier, context: DecisionContext): readonly EnterpriseEvent[] {
  const { origin, whole, on, evidence, corrects = false } = command;
  pastDay(on, 'on', context);
  const relocation: RelocationData = { from: text(command.from, 'from'), origin, whole, on };
  const last = dossier.moves.at(-1);
  if (last?.kind === 'arrival') {
    const { kind: _kind, no, evidence: documents, recordedBy: _by, ...known } = last;
    if (canonicalJson(known) === canonicalJson(relocation) && sameDocuments(documents, evidence)) return [];
    if (!corrects) {
      throw refused(
        'already-relocated',
        `the enterprise moved in on ${last.on}; say that this corrects it, or record its departure first`,
        { on: last.on },
      );
    }
    requireLater(dossier, no, on);
    return [{ type: 'relocation-recorded', data: { ...relocation, no, corrects: true }, evidence: needed(evidence) }];
  }
  if (corrects) throw notFound('relocation-not-found', 'the dossier holds no arrival that could be corrected');
  const no = dossier.moves.length + 1;
  requireLater(dossier, no, on);
  return [{ type: 'relocation-recorded', data: { ...relocation, no, corrects: false }, evidence: needed(evidence) }];
}

function recordDeparture({ on, evidence }: RecordDeparture, dossier: Dossier, context: DecisionContext): readonly EnterpriseEvent[] {
  pastDay(on, 'on', context);
  const last = dossier.moves.at(-1);
  if (last?.kind === 'departure') {
    if (last.on === on) return [];
    throw refused('already-departed', `the enterprise moved out on ${last.on}`, { on: last.on });
  }
  const no = dossier.moves.length + 1;
  requireLater(dossier, no, on);
  return [{ type: 'departure-recorded', data: { no, on }, evidence: needed(evidence) }];
}

/** Moves follow each other in time, so that where an enterprise was on a day is never in doubt. */
function requireLater(dossier: Dossier, no: number, on: string): void {
  const before = dossier.moves[no - 2];
  if (before !== undefined && on < before.on)
    throw invalidField('on', 'after-last-move', `must not be earlier than the move of ${before.on}`);
}

function recordClearance(
  command: RecordClearance,
  dossier: Dossier,
  context: DecisionContext,
  vocabulary: FactVocabulary,
): readonly EnterpriseEvent[] {
  const { clearance, finding, on, evidence, note } = command;
  const definition = vocabulary.clearanceOf(clearance);
  if (definition === undefined) throw invalidField('clearance', 'known-clearance', `${clearance} is a clearance no policy asks for`);
  const agency = text(command.agency, 'agency');
  if (!Object.hasOwn(definition.agencies, agency))
    throw invalidField('agency', 'known-agency', `the clearance ${clearance} is given by ${Object.keys(definition.agencies).join(', ')}`);
  pastDay(on, 'on', context);
  const lastDay = lastDayOf(definition, agency, on);
  const { validUntil = lastDay } = command;
  if (validUntil !== undefined && businessDate(validUntil, 'validUntil') < on)
    throw invalidField('validUntil', 'after-finding', 'must not be earlier than on');
  if (validUntil !== undefined && lastDay !== undefined && validUntil > lastDay)
    throw invalidField('validUntil', 'within-policy', `must not be later than ${lastDay}, the last day the policies allow`);
  const data: ClearanceData = {
    clearance,
    agency,
    finding,
    on,
    ...(validUntil !== undefined && { validUntil }),
    documentNo: text(command.documentNo, 'documentNo'),
    ...(note !== undefined && { note: text(note, 'note') }),
  };
  const isKnown = dossier.clearances.some(({ evidence: documents, recordedBy: _by, ...known }) => {
    return canonicalJson(known) === canonicalJson(data) && sameDocuments(documents, evidence);
  });
  return isKnown ? [] : [{ type: 'clearance-recorded', data, evidence: needed(evidence) }];
}

/** The last of the months for which a finding counts; undefined where the policies set no limit. */
function lastDayOf({ agencies }: ClearanceDefinition, agency: string, on: string): string | undefined {
  const months = agencies[agency]?.validMonths;
  return months === undefined ? undefined : addDays(addMonths(on as BusinessDate, months), -1);
}

/** The same day of a later month, or that month's last. */
function addMonths(date: BusinessDate, months: number): BusinessDate {
  const count = Number(date.slice(5, 7)) - 1 + months;
  const firstOfMonth = (offset: number) =>
    addYears(
      `${date.slice(0, 4)}-${String(((count + offset) % 12) + 1).padStart(2, '0')}-01` as BusinessDate,
      Math.floor((count + offset) / 12),
    );
  const last = addDays(firstOfMonth(1), -1);
  return Number(date.slice(8)) > Number(last.slice(8)) ? last : (`${last.slice(0, 8)}${date.slice(8)}` as BusinessDate);
}

function awardTitle(
  command: AwardTitle,
  dossier: Dossier,
  context: DecisionContext,
  vocabulary: FactVocabulary,
): readonly EnterpriseEvent[] {
  const { title, grade, year, on, evidence } = command;
  const definition = vocabulary.titleOf(title);
  if (definition === undefined) throw invalidField('title', 'known-title', `${title} is a title no policy names`);
  const grades = Object.keys(definition.grades ?? {});
  if (grade === undefined ? grades.length > 0 : !grades.includes(grade))
    throw invalidField('grade', 'known-grade', grades.length > 0 ? `must be one of ${grades.join(', ')}` : `${title} has no grades`);
  pastDay(on, 'on', context);
  if (!Number.isInteger(year) || year < 1950 || year > yearOf(context.today as BusinessDate))
    throw invalidField('year', 'year', `must be a year, not later than that of today, ${context.today}`);
  const data: TitleData = {
    title,
    name: definition.name,
    ...(grade !== undefined && { grade }),
    year,
    on,
    documentNo: text(command.documentNo, 'documentNo'),
  };
  const present = titleFor(dossier, title, year);
  if (present === undefined) return [{ type: 'title-awarded', data, evidence: needed(evidence) }];
  const { evidence: documents, recordedBy: _by, withdrawn, name: _name, ...known } = present;
  const { name: _awarded, ...asked } = data;
  if (canonicalJson(known) === canonicalJson(asked) && sameDocuments(documents, evidence)) return [];
  throw withdrawn === undefined
    ? refused('title-exists', `${title} for ${year} was awarded on ${present.on} already, with other particulars`, { title, year })
    : refused('title-withdrawn', `${title} for ${year} was withdrawn on ${withdrawn.on}`, { title, year, on: withdrawn.on });
}

function withdrawTitle(command: WithdrawTitle, dossier: Dossier, context: DecisionContext): readonly EnterpriseEvent[] {
  const { title, year, on } = command;
  const reason = text(command.reason, 'reason');
  const present = titleFor(dossier, title, year);
  if (present === undefined) throw notFound('title-not-found', `the dossier holds no title ${title} for ${year}`);
  pastDay(on, 'on', context);
  if (on < present.on) throw invalidField('on', 'after-award', `must not be earlier than the award on ${present.on}`);
  const { withdrawn } = present;
  if (withdrawn !== undefined) {
    if (withdrawn.on === on && withdrawn.reason === reason) return [];
    throw refused('title-withdrawn', `${title} for ${year} was withdrawn on ${withdrawn.on}`, { title, year, on: withdrawn.on });
  }
  return [{ type: 'title-withdrawn', data: { title, year, on, reason }, evidence: needed(command.evidence) }];
}

const titleFor = (dossier: Dossier, title: string, year: number) => dossier.titles.find((one) => one.title === title && one.year === year);

function merge({ survivor, survivorStatus, evidence, ...command }: MergeEnterprise, dossier: Dossier): readonly EnterpriseEvent[] {
  const code = creditCode(survivor, 'survivor');
  const reason = text(command.reason, 'reason');
  if (dossier.status === 'merged') {
    if (dossier.survivor === code) return [];
    throw refused('enterprise-merged', `the enterprise was merged into ${dossier.survivor}`, { survivor: dossier.survivor });
  }
  if (code === dossier.creditCode || dossier.absorbed.includes(code)) {
    throw refused('survivor-is-absorbed', `${code} is the enterprise itself or one it absorbed`, { survivor: code });
  }
  if (survivorStatus === 'merged')
    throw refused('survivor-merged', `${code} was itself merged into another enterprise`, { survivor: code });
  if (survivorStatus !== 'registered') throw refused('survivor-unknown', `no enterprise is registered under ${code}`, { survivor: code });
  const creditCodes = [dossier.creditCode, ...dossier.absorbed];
  return [{ type: 'enterprise-merged', data: { survivor: code, creditCodes, reason }, evidence: needed(evidence) }];
}

/** Also done by an enterprise that has been merged meanwhile: the codes are then passed on to its own survivor. */
function absorb({ creditCodes }: AbsorbEnterprise, dossier: Dossier): readonly EnterpriseEvent[] {
  const known = new Set<string>([dossier.creditCode, ...dossier.absorbed]);
  const fresh = new Set<CreditCode>(creditCodes.map((code) => creditCode(code)).filter((code) => !known.has(code)));
  return [...fresh].map((code) => ({ type: 'enterprise-absorbed', data: { creditCode: code } }));
}

function needed(evidence: readonly Evidence[]): readonly Evidence[] {
  if (evidence.length === 0) throw invalidField('evidence', 'not-empty', 'must name at least one document');
  return evidence;
}

function sameDocuments(one: readonly Evidence[], other: readonly Evidence[]): boolean {
  return canonicalJson(one) === canonicalJson(other);
}

/** A number or reference whose sight leaves no doubt which it is. */
function plainReference(value: string, field: string): string {
  if (!isPlainReference(value))
    throw invalidField(field, 'reference', 'must hold digits, Latin letters or Han characters and no other letters');
  return value.trim();
}

function text(value: string, field: string): string {
  const trimmed = value.trim();
  if (trimmed === '') throw invalidField(field, 'not-blank', 'must not be blank');
  return trimmed;
}

function pastDay(value: string, field: string, { today }: DecisionContext): void {
  if (businessDate(value, field) > today) throw invalidField(field, 'not-in-the-future', `must not be later than today, ${today}`);
}
