import type { InputPeriod } from '@app/policies';
import { addYears, type BusinessDate, yearOf } from '@app/kernel';
import {
  type Arrival,
  type Certificate,
  certificateOf,
  type Dossier,
  type Fact,
  factOf,
  type FactValue,
  HNTE,
  isInForce,
  lastMove,
  sameReference,
  standingOn,
  titlesOf,
} from './enterprise.js';
import { yearOfPeriod } from './vocabulary.js';

/** An input of a clause: its name beside its definition in the pack. */
export interface ResolvableInput {
  readonly name: string;
  readonly label: string;
  readonly period: InputPeriod;
  /** Only facts about what the occasion names are read. */
  readonly about?: 'occasion';
  /** The grade of this title wins over a fact, where the enterprise holds it. */
  readonly fromTitle?: string;
}

/** What an award is asked for: the clause's uniqueness rule and what fills it. */
export interface Occasion {
  /** `once`, `certificate`, `year`, `project` or `transaction`. */
  readonly kind: string;
  /** As it was written: a certificate's number where the kind is `certificate`, a year where it is `year`. */
  readonly reference?: string;
  /** Number of the certificate the award rests on, where the kind does not say it. */
  readonly certificate?: string;
  /** The year the award is for, where the kind does not say it; else the year of the business date. */
  readonly year?: number | string;
}

export interface ResolveOptions {
  /** The business date of the assessment. */
  readonly on: string;
  readonly occasion: Occasion;
}

/** Where a value comes from, for people (`label`) and for the trace. */
export type InputSource = {
  readonly factId?: string;
  /** Number of the certificate it was read from. */
  readonly certificate?: string;
  /** Day of the relocation it was read from. */
  readonly relocation?: string;
  /** The title it is the grade of. */
  readonly title?: string;
  readonly unit: string;
  readonly period?: string;
  /** The project, transaction or certificate the fact is about. */
  readonly subject?: string;
  readonly verified: boolean;
  /** Who recorded the fact, the certificate or, where there is no certificate, the relocation, the title or the registration. */
  readonly recordedBy: string;
  /** Who recorded the relocation that was read together with a certificate. */
  readonly relocationRecordedBy?: string;
  /** Who checked the fact. */
  readonly verifiedBy?: string;
  readonly effectiveOn: string;
  readonly label: string;
};

/** One input taken, as a decision stores it. */
export interface UsedInput {
  readonly input: string;
  readonly factId?: string;
  readonly certificate?: string;
  readonly relocation?: string;
  readonly title?: string;
  readonly value: FactValue;
  readonly verified: boolean;
  readonly effectiveOn: string;
  readonly source: InputSource;
}

/** Why an input has no value. */
export interface UnknownInput {
  readonly input: string;
  readonly reason: 'not-recorded' | 'disputed' | 'corrected-later' | 'no-certificate' | 'revoked' | 'moved-out';
  readonly factId?: string;
  readonly period?: string;
  readonly detail: string;
}

export interface ResolvedInputs {
  /** What `assess` takes. An input that is not known is absent: neither false nor zero. */
  readonly facts: Readonly<Record<string, FactValue>>;
  readonly sources: Readonly<Record<string, InputSource>>;
  readonly used: readonly UsedInput[];
  readonly unknown: readonly UnknownInput[];
}

interface Situation {
  readonly dossier: Dossier;
  readonly on: string;
  /** Whether the award names the certificate it rests on. */
  readonly namesCertificate: boolean;
  /** The year the award is for, where it says so. */
  readonly year: number | undefined;
  /** The certificate the award rests on, or else the latest one issued by then. */
  readonly certificate: Certificate | undefined;
  /** The relocation that stands on the day. */
  readonly relocation: Arrival | undefined;
  /** The project, transaction or certificate the award is for, as it was written. */
  readonly subject: string | undefined;
}

type Known = { readonly value: FactValue; readonly source: InputSource };
type Answer = Known | Omit<UnknownInput, 'input'>;

/**
 * Turns a dossier's dated facts into the inputs of a clause on a day: the right year, the standing fact, nothing that
 * takes effect later. Certificates, relocations, titles and the day of registration are records of their own and win over
 * loose facts about them.
 */
export function resolveInputs(dossier: Dossier, inputs: Iterable<ResolvableInput>, options: ResolveOptions): ResolvedInputs {
  const situation = situationOf(dossier, options);
  const facts: Record<string, FactValue> = {};
  const sources: Record<string, InputSource> = {};
  const used: UsedInput[] = [];
  const unknown: UnknownInput[] = [];
  for (const definition of inputs) {
    const input = definition.name;
    const answer = DERIVED.get(input)?.(situation) ?? gradeOf(definition, situation) ?? looseFact(definition, situation);
    if ('reason' in answer) {
      unknown.push({ input, ...answer });
      continue;
    }
    const { value, source } = answer;
    const { factId, certificate, relocation, title, verified, effectiveOn } = source;
    facts[input] = value;
    sources[input] = source;
    used.push({
      input,
      ...(factId !== undefined && { factId }),
      ...(certificate !== undefined && { certificate }),
      ...(relocation !== undefined && { relocation }),
      ...(title !== undefined && { title }),
      value,
      verified,
      effectiveOn,
      source,
    });
  }
  return { facts, sources, used, unknown };
}

function situationOf(dossier: Dossier, { on, occasion }: ResolveOptions): Situation {
  const {
    kind,
    reference,
    certificate = kind === 'certificate' ? reference : undefined,
    year = kind === 'year' ? reference : undefined,
  } = occasion;
  const move = lastMove(dossier, on);
  const named = certificate === undefined ? undefined : certificateOf(dossier, certificate);
  const latest = dossier.certificates.findLast((one) => one.kind === HNTE && one.issuedOn <= on);
  const asked = Number(year);
  return {
    dossier,
    on,
    namesCertificate: certificate !== undefined,
    year: Number.isInteger(asked) ? asked : undefined,
    certificate: certificate === undefined ? latest : named && named.issuedOn <= on ? named : undefined,
    relocation: move?.kind === 'arrival' ? move : undefined,
    subject: NAMED_OCCASIONS.has(kind) ? reference : undefined,
  };
}

/** The occasions that name a thing facts can be about; a year is what periods are for. */
const NAMED_OCCASIONS: ReadonlySet<string> = new Set(['project', 'transaction', 'certificate']);

/** Inputs that are read from structured records. `undefined`: the records do not say, a loose fact may. */
const DERIVED: ReadonlyMap<string, (situation: Situation) => Answer | undefined> = new Map([
  ['certification.kind', certificationKind],
  ['certificate.validAtRelocation', validAtRelocation],
  ['certificate.expired', expired],
  ['enterprise.hnte', isHnte],
  ['relocation.origin', (situation: Situation) => fromRelocation(situation, ({ origin }) => origin)],
  ['relocation.whole', (situation: Situation) => fromRelocation(situation, ({ whole }) => whole)],
  ['registration.oneYear', (situation: Situation) => byAge(situation, 1, (hasReached) => hasReached)],
  ['enterprise.underThreeYears', (situation: Situation) => byAge(situation, 3, (hasReached) => !hasReached)],
]);

/** Reads how old the enterprise is on the day; its registration does not say where it has no day. */
function byAge({ dossier, on }: Situation, years: number, read: (hasReached: boolean) => boolean): Answer | undefined {
  const { registration, registeredBy, registrationEvidence } = dossier;
  const { registeredOn } = registration;
  if (registeredOn === undefined) return undefined;
  const source: InputSource = {
    unit: '企业登记',
    verified: registrationEvidence.length > 0,
    recordedBy: registeredBy,
    effectiveOn: registeredOn,
    label: `成立日期 ${registeredOn}`,
  };
  return { value: read(addYears(registeredOn as BusinessDate, years) <= on), source };
}

/**
 * The grade of the title for the award's year, or else of the latest until then. Once that one is withdrawn nothing takes
 * its place: neither an older title nor a loose fact.
 */
function gradeOf({ fromTitle }: ResolvableInput, { dossier, on, year }: Situation): Answer | undefined {
  if (fromTitle === undefined) return undefined;
  const last = dossier.titles.findLast((one) => one.title === fromTitle && one.on <= on && (year === undefined || one.year <= year));
  if (last === undefined) return undefined;
  if (!titlesOf(dossier, on).includes(last)) {
    const detail = `称号 ${last.name}（${last.year}年度）已于 ${last.withdrawn?.on} 撤销`;
    return { reason: 'revoked', period: String(last.year), detail };
  }
  if (last.grade === undefined) return undefined;
  const source: InputSource = {
    title: fromTitle,
    unit: last.documentNo,
    period: String(last.year),
    verified: last.evidence.length > 0,
    recordedBy: last.recordedBy,
    effectiveOn: last.on,
    label: `称号 ${last.name} ${last.grade}（${last.year}年度，${last.documentNo}）`,
  };
  return { value: last.grade, source };
}

function certificationKind({ certificate, on }: Situation): Answer | undefined {
  if (certificate === undefined) return undefined;
  return isRevoked(certificate, on) ? revokedAnswer(certificate) : fromCertificate(certificate.certification, certificate);
}

/** True only of a certificate in force on the day of the move and not revoked since; false only when the records prove it. */
function validAtRelocation(situation: Situation): Answer | undefined {
  const { dossier, relocation, namesCertificate, certificate, on } = situation;
  if (relocation === undefined) return movedOut(situation);
  const known = dossier.certificates.filter(({ kind, issuedOn }) => kind === HNTE && issuedOn <= on);
  const candidates = !namesCertificate ? known : certificate === undefined ? [] : [certificate];
  const covering = candidates.findLast((one) => isInForce(one, relocation.on));
  if (covering !== undefined) return fromCertificate(!isRevoked(covering, on), covering, relocation);
  // The last one before the move had ended by then; or the first certification ever came only after the move.
  const ended = candidates.findLast(({ issuedOn }) => issuedOn <= relocation.on);
  const disproof = ended ?? candidates.find(({ certification }) => certification === 'first');
  return disproof === undefined ? undefined : fromCertificate(false, disproof, relocation);
}

/** Of the certificate the award rests on, or else the one held at the move, or else the latest. A revoked one does not expire. */
function expired({ dossier, certificate, relocation, namesCertificate, on }: Situation): Answer | undefined {
  const heldAtMove =
    relocation === undefined || namesCertificate
      ? undefined
      : dossier.certificates.findLast((one) => one.kind === HNTE && one.issuedOn <= relocation.on && relocation.on <= one.expiresOn);
  const subject = heldAtMove ?? certificate;
  if (subject === undefined) return undefined;
  const endedByRevocation = isRevoked(subject, on) && (subject.revoked?.on ?? on) <= subject.expiresOn;
  return fromCertificate(subject.expiresOn < on && !endedByRevocation, subject);
}

/** A certificate in force proves it; none in force proves nothing, since the dossier may be incomplete. */
function isHnte({ dossier, on }: Situation): Answer | undefined {
  const inForce = dossier.certificates.findLast((one) => one.kind === HNTE && isInForce(one, on));
  return inForce === undefined ? undefined : fromCertificate(true, inForce);
}

function fromRelocation(situation: Situation, read: (arrival: Arrival) => FactValue): Answer | undefined {
  const { relocation } = situation;
  return relocation === undefined ? movedOut(situation) : { value: read(relocation), source: relocationSource(relocation) };
}

function movedOut({ dossier, on }: Situation): Answer | undefined {
  const move = lastMove(dossier, on);
  return move?.kind === 'departure' ? { reason: 'moved-out', detail: `企业已于 ${move.on} 迁出` } : undefined;
}

function isRevoked({ revoked }: Certificate, on: string): boolean {
  return revoked !== undefined && revoked.on <= on;
}

function revokedAnswer({ number, revoked }: Certificate): Answer {
  return { reason: 'revoked', detail: `证书 ${number} 已于 ${revoked?.on} 撤销` };
}

function fromCertificate(value: FactValue, certificate: Certificate, relocation?: Arrival): Known {
  const { number, issuedOn, expiresOn, issuer, revoked, evidence, recordedBy } = certificate;
  const end = revoked === undefined ? '' : `，${revoked.on} 撤销`;
  const source: InputSource = {
    certificate: number,
    ...(relocation && { relocation: relocation.on }),
    unit: issuer,
    verified: evidence.length > 0,
    recordedBy,
    ...(relocation && { relocationRecordedBy: relocation.recordedBy }),
    effectiveOn: relocation !== undefined && relocation.on > issuedOn ? relocation.on : issuedOn,
    label: `证书 ${number}（${issuedOn} 至 ${expiresOn}${end}）${relocation ? `，${relocation.on} 迁入` : ''}`,
  };
  return { value, source };
}

function relocationSource({ from, on, evidence, recordedBy }: Arrival): InputSource {
  return { relocation: on, unit: from, verified: evidence.length > 0, recordedBy, effectiveOn: on, label: `${on} 自${from}迁入` };
}

function looseFact({ name, label, period, about: kind }: ResolvableInput, situation: Situation): Answer {
  const year = yearFor(period, situation);
  if (year === 'no-certificate') {
    return { reason: 'no-certificate', detail: `${label}：取证书上一年度，但档案中没有该证书` };
  }
  const { on } = situation;
  const subject = kind === 'occasion' ? situation.subject : undefined;
  if (kind === 'occasion' && subject === undefined)
    return { reason: 'not-recorded', detail: `${label}：按项目或交易记录，但该奖补未写明项目或交易` };
  const dated = year === undefined ? {} : { period: String(year) };
  const about = situation.dossier.facts.filter(
    (fact) => fact.name === name && (year === undefined || yearOfPeriod(fact.period) === year) && sameReference(fact.subject, subject),
  );
  const { standing, correctedLater } = standingOn(about, on, (factId) => factOf(situation.dossier, factId));
  if (correctedLater !== undefined) {
    const { factId, correctedBy } = correctedLater;
    return { reason: 'corrected-later', factId, ...dated, detail: `${label}：${factId} 已被 ${correctedBy} 更正，更正在 ${on} 之后生效` };
  }
  if (standing === undefined) {
    const which = `${subject === undefined ? '' : `“${subject}”`}${year === undefined ? '' : `${year}年度`}`;
    return { reason: 'not-recorded', ...dated, detail: `${label}：${which}没有记录` };
  }
  if (standing.dispute !== undefined) {
    return {
      reason: 'disputed',
      factId: standing.factId,
      ...dated,
      detail: `${label}：${standing.factId} 有异议（${standing.dispute.reason}）`,
    };
  }
  return { value: standing.value, source: factSource(standing, label) };
}

function yearFor(
  period: InputPeriod,
  { on, year = yearOf(on as BusinessDate), ...situation }: Situation,
): number | 'no-certificate' | undefined {
  switch (period) {
    case 'none':
      return undefined;
    case 'occasion-year':
      return year;
    case 'prior-year':
      return year - 1;
    case 'year-before-certificate':
      return situation.certificate === undefined ? 'no-certificate' : yearOf(situation.certificate.issuedOn as BusinessDate) - 1;
  }
}

function factSource(
  { factId, sourceUnit, period, subject, verification, recordedBy, checked, effectiveOn }: Fact,
  label: string,
): InputSource {
  const verified = verification === 'verified';
  const dated = period === undefined ? '' : period.length === 4 ? `（${period}年度）` : `（${period}起）`;
  return {
    factId,
    unit: sourceUnit,
    ...(period !== undefined && { period }),
    ...(subject !== undefined && { subject }),
    verified,
    recordedBy,
    ...(verified && checked && { verifiedBy: checked.by }),
    effectiveOn,
    label: `${label}${subject === undefined ? '' : `“${subject}”`}${dated}：${sourceUnit}，${verified ? '已核实' : '申报'}，${factId}`,
  };
}
