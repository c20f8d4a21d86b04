import { List } from 'immutable';
import type { CreditCode, DomainEvent, EventContext, Evidence } from '@app/kernel';
import { normalisedReference, unreachable } from '@app/kernel';

/** 迁入来源: whether an enterprise moved in from the same province or from another. */
export const RELOCATION_ORIGINS = ['in-province', 'out-of-province'] as const;
export type RelocationOrigin = (typeof RELOCATION_ORIGINS)[number];
/** 首次认定 or 重新认定. */
export const CERTIFICATIONS = ['first', 'renewal'] as const;
export type Certification = (typeof CERTIFICATIONS)[number];
/** 申报 (as stated by a source) or 核实 (checked against evidence). */
export type Verification = 'reported' | 'verified';
/** The kind of a high-tech enterprise certificate (高新技术企业证书). */
export const HNTE = 'hnte';

export type FactValue = string | boolean;

/** A fact as recorded. */
export interface FactData {
  /** `F1`, `F2` … in the order of recording; never given twice in one dossier. */
  readonly factId: string;
  readonly name: string;
  readonly value: FactValue;
  /** A year ("2023"), or the day since which it holds. */
  readonly period?: string;
  /** The project, transaction or certificate it is about, as it was written; a fact about the enterprise has none. */
  readonly subject?: string;
  readonly sourceUnit: string;
  /** The fact this one puts right. */
  readonly corrects?: string;
}

export interface CertificateData {
  readonly number: string;
  readonly kind: string;
  readonly certification: Certification;
  readonly issuedOn: string;
  /** 有效期至: the last day on which it is valid. */
  readonly expiresOn: string;
  readonly issuer: string;
}

export interface RelocationData {
  readonly from: string;
  readonly origin: RelocationOrigin;
  /** 整体迁入: moved in whole. */
  readonly whole: boolean;
  readonly on: string;
}

/** 无问题 or 有问题. */
export const FINDINGS = ['clear', 'adverse'] as const;
export type Finding = (typeof FINDINGS)[number];

/** 部门核查意见: what an agency found on a day. */
export interface ClearanceData {
  readonly clearance: string;
  readonly agency: string;
  readonly finding: Finding;
  readonly on: string;
  /** 有效期至: the last day on which it counts; absent: until the next finding. */
  readonly validUntil?: string;
  readonly documentNo: string;
  readonly note?: string;
}

/** 称号: a distinction for a year. */
export interface TitleData {
  readonly title: string;
  /** What it is called. */
  readonly name: string;
  readonly grade?: string;
  readonly year: number;
  readonly on: string;
  readonly documentNo: string;
}

export type EnterpriseEvent =
  | DomainEvent<
      'enterprise-registered',
      {
        readonly creditCode: string;
        readonly name: string;
        readonly region?: string;
        readonly registeredOn?: string;
        readonly creditCodeFlagged: boolean;
      }
    >
  | DomainEvent<'enterprise-renamed', { readonly name: string }>
  | DomainEvent<'fact-recorded', FactData>
  | DomainEvent<'fact-verified', { readonly factId: string }>
  | DomainEvent<'fact-disputed', { readonly factId: string; readonly reason: string }>
  /** `corrects`: puts right what was recorded under this number before. */
  | DomainEvent<'certificate-recorded', CertificateData & { readonly corrects: boolean }>
  | DomainEvent<'certificate-revoked', { readonly number: string; readonly on: string; readonly reason: string }>
  /** `no` counts the moves of an enterprise; `corrects`: puts right the arrival that has this number. */
  | DomainEvent<'relocation-recorded', RelocationData & { readonly no: number; readonly corrects: boolean }>
  | DomainEvent<'departure-recorded', { readonly no: number; readonly on: string }>
  | DomainEvent<'clearance-recorded', ClearanceData>
  | DomainEvent<'title-awarded', TitleData>
  /** `on`: the first day on which it is no longer held. */
  | DomainEvent<'title-withdrawn', { readonly title: string; readonly year: number; readonly on: string; readonly reason: string }>
  /** `creditCodes`: the enterprise's own code and those it had absorbed, for the survivor to take over. */
  | DomainEvent<'enterprise-merged', { readonly survivor: string; readonly creditCodes: readonly string[]; readonly reason: string }>
  /** On the survivor, before the merger: an enterprise that is merged meanwhile cannot survive it. */
  | DomainEvent<'absorption-announced', { readonly creditCode: string }>
  | DomainEvent<'enterprise-absorbed', { readonly creditCode: string }>;

export interface Fact extends FactData {
  /** As it was recorded, until another person has checked it. */
  readonly verification: Verification;
  readonly evidence: readonly Evidence[];
  readonly recordedBy: string;
  readonly effectiveOn: string;
  /** Who checked it after it was recorded, and against what. */
  readonly checked?: { readonly by: string; readonly on: string; readonly evidence: readonly Evidence[] };
  /** Open until the fact is verified or corrected; meanwhile it counts as unknown. */
  readonly dispute?: { readonly reason: string; readonly by: string; readonly on: string };
  readonly correctedBy?: string;
}

export interface Certificate extends CertificateData {
  readonly evidence: readonly Evidence[];
  readonly recordedBy: string;
  readonly revoked?: { readonly on: string; readonly reason: string };
}

export interface Clearance extends ClearanceData {
  readonly evidence: readonly Evidence[];
  readonly recordedBy: string;
}

export interface Title extends TitleData {
  readonly evidence: readonly Evidence[];
  readonly recordedBy: string;
  readonly withdrawn?: { readonly on: string; readonly reason: string };
}

export interface Arrival extends RelocationData {
  readonly kind: 'arrival';
  readonly no: number;
  readonly evidence: readonly Evidence[];
  readonly recordedBy: string;
}
export interface Departure {
  readonly kind: 'departure';
  readonly no: number;
  readonly on: string;
}
export type Move = Arrival | Departure;

export interface DatedName {
  readonly name: string;
  readonly from: string;
}

interface DossierRecord {
  readonly creditCode: CreditCode;
  /** The code fails its check character and was accepted on evidence. */
  readonly creditCodeFlagged: boolean;
  readonly registration: { readonly name: string; readonly region?: string; readonly registeredOn?: string };
  readonly registeredBy: string;
  readonly registrationEvidence: readonly Evidence[];
  /** What it is called now; `nameOn` answers for a day. */
  readonly name: string;
  /** By day of effect. */
  readonly names: readonly DatedName[];
  /** In the order of recording: `F1` stands first. */
  readonly facts: List<Fact>;
  readonly certificates: readonly Certificate[];
  /** By the day of the finding, and of one day in the order of recording. */
  readonly clearances: readonly Clearance[];
  /** By year; withdrawn ones stay. */
  readonly titles: readonly Title[];
  /** In order of time. */
  readonly moves: readonly Move[];
  readonly absorbed: readonly CreditCode[];
}

/** 企业档案: everything the ledger holds about one enterprise. */
export type Dossier =
  | (DossierRecord & { readonly status: 'registered' })
  /** Absorbed by another enterprise: kept, and closed to further records. */
  | (DossierRecord & { readonly status: 'merged'; readonly survivor: CreditCode; readonly mergedOn: string });

export type EnterpriseState = { readonly status: 'unregistered' } | Dossier;

export const unregistered: EnterpriseState = { status: 'unregistered' };

const STREAM_PREFIX = 'enterprise-';

/** The stream of an enterprise's dossier. */
export function enterpriseStream(creditCode: CreditCode): string {
  return `${STREAM_PREFIX}${creditCode}`;
}

/** The credit code in the name of a dossier's stream. */
export function creditCodeOfStream(stream: string): CreditCode {
  if (!stream.startsWith(STREAM_PREFIX)) throw new Error(`${stream} is not the stream of an enterprise`);
  return stream.slice(STREAM_PREFIX.length) as CreditCode;
}

export function evolve(state: EnterpriseState, event: EnterpriseEvent, at: EventContext): EnterpriseState {
  if (event.type === 'enterprise-registered') {
    const { creditCode, creditCodeFlagged, ...registration } = event.data;
    return {
      status: 'registered',
      creditCode: creditCode as CreditCode,
      creditCodeFlagged,
      registration,
      registeredBy: at.actorId,
      registrationEvidence: event.evidence ?? [],
      name: registration.name,
      names: [{ name: registration.name, from: at.effectiveOn }],
      facts: List(),
      certificates: [],
      clearances: [],
      titles: [],
      moves: [],
      absorbed: [],
    };
  }
  if (state.status === 'unregistered') throw new Error(`${event.type} before the enterprise was registered`);
  const evidence = event.evidence ?? [];
  switch (event.type) {
    case 'enterprise-renamed': {
      const names = [...state.names, { name: event.data.name, from: at.effectiveOn }].sort(byFrom);
      return { ...state, names, name: names.at(-1)?.name ?? state.name };
    }
    case 'fact-recorded': {
      const { corrects, factId } = event.data;
      const before = corrects === undefined ? state.facts : changeFact(state.facts, corrects, (fact) => ({ ...fact, correctedBy: factId }));
      const recorded = { evidence, recordedBy: at.actorId, effectiveOn: at.effectiveOn };
      return { ...state, facts: before.push({ ...event.data, verification: 'reported', ...recorded }) };
    }
    case 'fact-verified':
      return {
        ...state,
        facts: changeFact(state.facts, event.data.factId, ({ dispute: _settled, ...fact }) => ({
          ...fact,
          verification: 'verified',
          checked: { by: at.actorId, on: at.effectiveOn, evidence },
        })),
      };
    case 'fact-disputed': {
      const dispute = { reason: event.data.reason, by: at.actorId, on: at.effectiveOn };
      return { ...state, facts: changeFact(state.facts, event.data.factId, (fact) => ({ ...fact, dispute })) };
    }
    case 'certificate-recorded': {
      const { corrects: _replaces, ...certificate } = event.data;
      const others = state.certificates.filter(({ number }) => !sameReference(number, certificate.number));
      return { ...state, certificates: [...others, { ...certificate, evidence, recordedBy: at.actorId }].sort(byIssue) };
    }
    case 'certificate-revoked': {
      const { number, on, reason } = event.data;
      return {
        ...state,
        certificates: state.certificates.map((one) => (sameReference(one.number, number) ? { ...one, revoked: { on, reason } } : one)),
      };
    }
    case 'relocation-recorded': {
      const { corrects: _replaces, ...arrival } = event.data;
      const others = state.moves.filter(({ no }) => no !== arrival.no);
      const move: Arrival = { kind: 'arrival', ...arrival, evidence, recordedBy: at.actorId };
      return { ...state, moves: [...others, move].sort((a, b) => a.no - b.no) };
    }
    case 'departure-recorded':
      return { ...state, moves: [...state.moves, { kind: 'departure', ...event.data }] };
    case 'clearance-recorded': {
      const recorded: Clearance = { ...event.data, evidence, recordedBy: at.actorId };
      return { ...state, clearances: [...state.clearances, recorded].sort(byDay) };
    }
    case 'title-awarded': {
      const awarded: Title = { ...event.data, evidence, recordedBy: at.actorId };
      return { ...state, titles: [...state.titles, awarded].sort((a, b) => a.year - b.year) };
    }
    case 'title-withdrawn': {
      const { title, year, on, reason } = event.data;
      const withdraw = (one: Title) => (one.title === title && one.year === year ? { ...one, withdrawn: { on, reason } } : one);
      return { ...state, titles: state.titles.map(withdraw) };
    }
    case 'enterprise-merged':
      return { ...state, status: 'merged', survivor: event.data.survivor as CreditCode, mergedOn: at.effectiveOn };
    case 'absorption-announced':
      return state;
    case 'enterprise-absorbed':
      return { ...state, absorbed: [...state.absorbed, event.data.creditCode as CreditCode] };
    default:
      return unreachable(event);
  }
}

const byFrom = (a: DatedName, b: DatedName) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0);
const byIssue = (a: Certificate, b: Certificate) => (a.issuedOn < b.issuedOn ? -1 : a.issuedOn > b.issuedOn ? 1 : 0);

const byDay = (a: Clearance, b: Clearance) => (a.on < b.on ? -1 : a.on > b.on ? 1 : 0);

function changeFact(facts: List<Fact>, factId: string, change: (fact: Fact) => Fact): List<Fact> {
  const index = factIndex(factId);
  const fact = facts.get(index);
  if (fact === undefined) throw new Error(`${factId} is not in the dossier`);
  return facts.set(index, change(fact));
}

function factIndex(factId: string): number {
  return /^F[1-9]\d{0,8}$/.test(factId) ? Number(factId.slice(1)) - 1 : Number.MAX_SAFE_INTEGER;
}

/** Whether two spellings name one certificate, project or transaction; no name is the same as no name. */
export function sameReference(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one === other || normalisedReference(one) === normalisedReference(other);
}

/** The fact with this id. */
export function factOf(dossier: Dossier, factId: string): Fact | undefined {
  return dossier.facts.get(factIndex(factId));
}

/** What a fact is about, and from when. */
export type Statement = Pick<Fact, 'name' | 'period' | 'subject' | 'effectiveOn'>;

const isAbout =
  ({ name, period, subject }: Statement) =>
  (fact: Fact): boolean =>
    fact.name === name && fact.period === period && sameReference(fact.subject, subject);

/** What the dossier says of a name, period and subject on the first day on which a statement about them would count; it may be disputed. */
export function currentFact(dossier: Dossier, statement: Statement): Fact | undefined {
  return standingOn(dossier.facts.filter(isAbout(statement)), beginsOn(statement), (factId) => factOf(dossier, factId)).standing;
}

/** What has been stated last of what a statement is about, until its place in time, or stands in the place of that by correction. */
export function latestAbout(dossier: Dossier, statement: Statement): Fact | undefined {
  const place = placeInTime(statement);
  const known = dossier.facts.filter((fact) => isAbout(statement)(fact) && placeInTime(fact) <= place);
  return latestFact(known.map((fact) => corrected(fact, (factId) => factOf(dossier, factId)) ?? fact).filter(isAbout(statement)));
}

/**
 * Where a fact stands in time: those dated by a day follow each other by the day since which they hold, undated ones by
 * the day they were stated, those about a year by its beginning.
 */
export function placeInTime({ effectiveOn, period }: Pick<Fact, 'effectiveOn' | 'period'>): string {
  return period === undefined ? effectiveOn : period.length > 4 ? period : `${period}-00`;
}

/** What says where a fact stands among others. */
type FactInTime = Pick<Fact, 'factId' | 'effectiveOn' | 'period' | 'correctedBy'>;

/** The fact that comes last in time, and of those with one place the one recorded last. */
export function latestFact<One extends FactInTime>(facts: Iterable<One>): One | undefined {
  let last: One | undefined;
  for (const fact of facts) if (last === undefined || isLater(fact, last)) last = fact;
  return last;
}

/** Whether a fact takes the place of another. */
function isLater(one: FactInTime, other: FactInTime): boolean {
  const [a, b] = [placeInTime(one), placeInTime(other)];
  return a === b ? factIndex(one.factId) > factIndex(other.factId) : a > b;
}

/**
 * Which of the facts that answer one question stands on a day, as assessments and dossiers read it. What is known to be
 * wrong does not stand on a day on which its correction had no effect yet, nor does what it had replaced: then that one
 * is `correctedLater` and nothing stands.
 */
export function standingOn<One extends FactInTime>(
  facts: Iterable<One>,
  on: string,
  known: (factId: string) => FactInTime | undefined,
): { readonly standing: One | undefined; readonly correctedLater?: One } {
  const begun = [...facts].filter((fact) => beginsOn(fact) <= on);
  const standing = latestFact(begun.filter(({ correctedBy }) => correctedBy === undefined));
  const wrong = latestFact(begun.filter(({ correctedBy }) => correctedBy !== undefined));
  if (wrong === undefined || (standing !== undefined && !isLater(wrong, standing)) || isAnswered(wrong, on, known)) return { standing };
  return { standing: undefined, correctedLater: wrong };
}

/** The first day on which a fact counts: when it was stated, or later when it says since when it holds. */
function beginsOn({ effectiveOn, period }: Pick<Fact, 'effectiveOn' | 'period'>): string {
  return period !== undefined && period.length > 4 && period > effectiveOn ? period : effectiveOn;
}

/** The end of a fact's chain of corrections; undefined where a link of it is not known. */
function corrected<One extends FactInTime>(fact: One, known: (factId: string) => One | undefined): One | undefined {
  let end: One | undefined = fact;
  while (end?.correctedBy !== undefined) end = known(end.correctedBy);
  return end;
}

/** Whether the end of a fact's chain of corrections counts on the day. */
function isAnswered(fact: FactInTime, on: string, known: (factId: string) => FactInTime | undefined): boolean {
  const end = corrected(fact, known);
  return end !== undefined && beginsOn(end) <= on;
}

/** The certificate with this number, however it is spelt. */
export function certificateOf(dossier: Dossier, number: string): Certificate | undefined {
  return dossier.certificates.find((one) => sameReference(one.number, number));
}

/** A certificate with another number that looks the same: O and 〇 read as 0, I read as 1. */
export function lookalikeOf(dossier: Dossier, number: string): Certificate | undefined {
  const sight = (text: string) => normalisedReference(text).replace(/[O〇]/g, '0').replaceAll('I', '1');
  return dossier.certificates.find((one) => !sameReference(one.number, number) && sight(one.number) === sight(number));
}

/** Whether a certificate is in force on a day. Its last day counts; the day of a revocation does not. */
export function isInForce(certificate: Certificate, on: string): boolean {
  const { issuedOn, expiresOn, revoked } = certificate;
  return issuedOn <= on && on <= expiresOn && (revoked === undefined || on < revoked.on);
}

/**
 * 核查意见: what an agency's last finding by a day says on it. It takes the place of that agency's earlier findings, even
 * after it has run out itself: then nothing is known. What another agency found takes nobody's place.
 */
export function clearanceOf(dossier: Dossier, clearance: string, on: string, agency: string): Clearance | undefined {
  const last = dossier.clearances.findLast((one) => one.clearance === clearance && one.agency === agency && one.on <= on);
  return last === undefined || (last.validUntil !== undefined && last.validUntil < on) ? undefined : last;
}

/** 称号: those held on a day, by year. The day of a withdrawal does not count. */
export function titlesOf(dossier: Dossier, on: string): readonly Title[] {
  return dossier.titles.filter((one) => one.on <= on && (one.withdrawn === undefined || on < one.withdrawn.on));
}

/** The move that decides where an enterprise is on a day: its last until then. */
export function lastMove(dossier: Dossier, on: string): Move | undefined {
  return dossier.moves.findLast((move) => move.on <= on);
}

/** Whether the enterprise has moved out again by a day. */
export function hasDeparted(dossier: Dossier, on: string): boolean {
  return lastMove(dossier, on)?.kind === 'departure';
}

/** What the enterprise is called on a day, as payee and on paper; before its first recorded name, that name. */
export function nameOn(dossier: Dossier, on: string): string {
  const dated = dossier.names.findLast(({ from }) => from <= on) ?? dossier.names[0];
  return (dated as DatedName).name;
}

/** Every code under which this enterprise may have received something: its own and those it absorbed. */
export function creditCodesOf(dossier: Dossier): readonly CreditCode[] {
  return [dossier.creditCode, ...dossier.absorbed];
}
