import { creditCodesOf, type Dossier, type Fact, nameOn, resolveInputs } from '@app/enterprises';
import { isPlainReference, normalisedReference } from '@app/kernel';
import {
  assess,
  type Assessment,
  type Clause,
  clauseOf,
  inputsOf,
  type Force,
  type Pack,
  type PolicyVersion,
  type Shape,
} from '@app/policies';
import { awardId, type Occasion } from '../award.js';
import { clearancesFound } from '../clearances.js';
import { isYearOf, occasionOf } from '../handlers/apply-for-award.js';

/** What is asked of every dossier. */
export interface EntitlementQuestion {
  readonly version: PolicyVersion;
  readonly clauses: readonly PayingClause[];
  readonly on: string;
  /** Computes drafts too; what comes of it pays nobody. */
  readonly simulate: boolean;
  /** Also those that miss it by little. */
  readonly near: boolean;
  /** How many unknown inputs still count as little. */
  readonly maxMissing: number;
}

export interface Named {
  readonly id: string;
  /** As people call it. */
  readonly label: string;
}

/** What a dossier is entitled to under a clause for an occasion, or what it misses it by. */
export interface Entitlement {
  readonly creditCode: string;
  readonly name: string;
  readonly clause: string;
  readonly title: string;
  /** The certificate, year, project or transaction as written; `once` for a once-only award. */
  readonly occasion: string;
  /** `black-listed`: entitled but for a listing, so nothing is offered. */
  readonly kind: 'entitled' | 'near' | 'black-listed';
  readonly outcome: Assessment['outcome'];
  readonly amount?: string;
  readonly ceiling?: string;
  readonly instalments?: readonly { readonly no: number; readonly amount: string; readonly status: string }[];
  /** The one condition that does not hold, or the clearances (部门核查) that do not stand. */
  readonly failed?: readonly Named[];
  readonly waivable?: true;
  /** Inputs nobody has recorded. */
  readonly missing?: readonly Named[];
  /** 待核实: inputs nobody has verified. */
  readonly unverified?: readonly Named[];
  readonly simulated?: true;
  readonly listing?: string;
  /** First day without effect of that listing. */
  readonly listedUntil?: string;
}

/** A clause that pays, with what looking through many dossiers needs of it. */
export interface PayingClause {
  readonly clause: Clause;
  readonly inputs: readonly ({ readonly name: string } & ReturnType<typeof inputsOf>[string])[];
  /** The inputs that are about the project or transaction an award is for. */
  readonly aboutOccasion: ReadonlySet<string>;
}

const PAYING: ReadonlySet<Shape['kind']> = new Set(['fixed', 'percent', 'level-table', 'match', 'staged', 'discretionary']);

export function isPaying({ shape, uniqueness }: Clause): boolean {
  return PAYING.has(shape.kind) && uniqueness !== undefined;
}

export function payingClause(pack: Pack, id: string): PayingClause {
  const inputs = Object.entries(inputsOf(pack, id)).map(([name, input]) => ({ name, ...input }));
  return {
    clause: clauseOf(pack, id),
    inputs,
    aboutOccasion: new Set(inputs.filter(({ about }) => about === 'occasion').map(({ name }) => name)),
  };
}

/**
 * 免申即享: everything a dossier is entitled to on a day, and with `near` what it misses by little.
 * `awarded` holds the ids of awards that are applied for or granted: their occasions are taken.
 */
export function entitlementsOf(dossier: Dossier, question: EntitlementQuestion, awarded: ReadonlySet<string>): readonly Entitlement[] {
  const found: Entitlement[] = [];
  const subjects = subjectsOf(dossier, question.on);
  for (const paying of question.clauses) {
    for (const occasion of occasionsIn(dossier, paying, subjects, question)) {
      if (isTaken(dossier, paying.clause, occasion, question.version.pack.id, awarded)) continue;
      const entitlement = entitlementFor(dossier, paying, occasion, question);
      if (entitlement !== undefined) found.push(entitlement);
    }
  }
  return found;
}

/** The same assessment that an application for this occasion would get. */
export function assessFor(dossier: Dossier, { clause, inputs }: PayingClause, occasion: Occasion, question: EntitlementQuestion) {
  const { version, on, simulate } = question;
  const { kind, reference } = occasion;
  const { facts, sources, used } = resolveInputs(dossier, inputs, { on, occasion: { kind, reference } });
  const assessment = assess(version.pack, clause.id, { on, facts, sources, policy: version, ...(simulate && { simulate }) });
  return { assessment, used };
}

function entitlementFor(
  dossier: Dossier,
  paying: PayingClause,
  occasion: Occasion,
  question: EntitlementQuestion,
): Entitlement | undefined {
  const { assessment, used } = assessFor(dossier, paying, occasion, question);
  const { pack } = question.version;
  const { clause } = paying;
  const row = {
    creditCode: dossier.creditCode,
    name: nameOn(dossier, question.on),
    clause: clause.id,
    title: clause.title,
    occasion: occasion.reference,
    outcome: assessment.outcome,
    ...(assessment.simulated && { simulated: true as const }),
  };
  const labelled = (names: readonly string[]) => names.map((id) => ({ id, label: pack.inputs[id]?.label ?? id }));
  switch (assessment.outcome) {
    case 'payable':
    case 'discretionary': {
      const sum = sumOf(assessment);
      if (sum === undefined) return undefined;
      const short = {
        ...shortOfStages(clause, assessment, labelled),
        ...shortOfClearances(pack, clause, dossier, question.on),
        ...some('unverified', labelled(used.filter(({ verified }) => !verified).map(({ input }) => input))),
      };
      if (Object.keys(short).length === 0) return { ...row, kind: 'entitled', ...sum };
      return question.near && (short.missing ?? []).length <= question.maxMissing ? { ...row, kind: 'near', ...sum, ...short } : undefined;
    }
    case 'refused': {
      if (!question.near || assessment.failed.length !== 1) return undefined;
      const failed = assessment.failed.map((id) => ({ id, label: gateLabel(pack, assessment, id) }));
      return { ...row, kind: 'near', failed, ...(assessment.waivable && { waivable: true }) };
    }
    case 'missing':
      return question.near && assessment.missing.length <= question.maxMissing
        ? { ...row, kind: 'near', missing: labelled(assessment.missing) }
        : undefined;
    case 'unresolved':
    case 'not-in-force':
    case 'passed':
    case 'placed':
    case 'invalid':
      return undefined;
  }
}

type Shortfall = Pick<Entitlement, 'failed' | 'missing' | 'unverified'>;

function some<Key extends keyof Shortfall>(key: Key, items: readonly Named[]): Shortfall {
  return items.length === 0 ? {} : { [key]: items };
}

/** The sum, where there is any: a clause that gives nothing entitles to nothing. */
function sumOf(assessment: Assessment): Pick<Entitlement, 'amount' | 'ceiling' | 'instalments'> | undefined {
  if (assessment.outcome === 'discretionary') return isNothing(assessment.ceiling) ? undefined : { ceiling: assessment.ceiling };
  if (assessment.outcome !== 'payable' || isNothing(assessment.amount)) return undefined;
  const instalments = assessment.instalments?.map(({ no, amount, status }) => ({ no, amount, status }));
  return { amount: assessment.amount, ...(instalments && { instalments }) };
}

const isNothing = (amount: string) => /^0(\.0+)?$/.test(amount);

/** A staged clause has a sum before any of its stages is reached: nobody is entitled to money for that alone. */
function shortOfStages(clause: Clause, assessment: Assessment, labelled: (names: readonly string[]) => readonly Named[]): Shortfall {
  if (assessment.outcome !== 'payable' || assessment.instalments === undefined) return {};
  const { instalments } = assessment;
  const [first] = instalments;
  if (first === undefined || instalments.some(({ status }) => status === 'met')) return {};
  return first.status === 'pending'
    ? { missing: labelled(first.needs ?? []) }
    : { failed: [{ id: `${clause.id}.${first.no}`, label: `第${first.no}期条件` }] };
}

function shortOfClearances(pack: Pack, clause: Clause, dossier: Dossier, on: string): Shortfall {
  const open = clearancesFound(pack, clause, dossier, on).filter(({ finding }) => finding !== 'clear');
  return some(
    'failed',
    open.map(({ clearance, agency, finding }) => ({
      id: clearance,
      label: `${agency}核查${finding === 'adverse' ? '有问题' : '意见未出'}`,
    })),
  );
}

/** The gate a table implies is none of the pack's: the trace says what it is about. */
function gateLabel(pack: Pack, { trace }: Assessment, id: string): string {
  const known = pack.gates.find((gate) => gate.id === id)?.title;
  return known ?? /“(.+)”/.exec(trace.find(({ gate }) => gate === id)?.text ?? '')?.[1] ?? id;
}

/** Whether the occasion has its award already, under any code of the enterprise, or one that excludes this clause. */
function isTaken(dossier: Dossier, clause: Clause, occasion: Occasion, pack: string, awarded: ReadonlySet<string>): boolean {
  if (awarded.size === 0) return false;
  return creditCodesOf(dossier).some((code) =>
    [clause.id, ...(clause.excludes ?? [])].some((each) => awarded.has(awardId(pack, each, code, occasion))),
  );
}

/** The projects and transactions a dossier speaks of: by the facts that are about them. */
interface Subjects {
  readonly byFact: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly all: ReadonlyMap<string, string>;
}

function subjectsOf(dossier: Dossier, on: string): Subjects {
  const byFact = new Map<string, Map<string, string>>();
  const all = new Map<string, string>();
  const certificates = new Set(dossier.certificates.map(({ number }) => normalisedReference(number)));
  dossier.facts.forEach(({ name, subject, effectiveOn, correctedBy }: Fact) => {
    if (subject === undefined || correctedBy !== undefined || effectiveOn > on || !isPlainReference(subject)) return;
    const key = normalisedReference(subject);
    if (key.length > 80 || certificates.has(key)) return;
    const ofFact = byFact.get(name) ?? new Map<string, string>();
    byFact.set(name, ofFact);
    if (!ofFact.has(key)) ofFact.set(key, subject);
    if (!all.has(key)) all.set(key, subject);
  });
  return { byFact, all };
}

/** Every occasion the dossier itself offers for a clause. */
function occasionsIn(
  dossier: Dossier,
  { clause, aboutOccasion }: PayingClause,
  subjects: Subjects,
  { on, version }: EntitlementQuestion,
): readonly Occasion[] {
  switch (clause.uniqueness) {
    case 'once':
      return [occasionOf(clause, undefined, dossier)];
    case 'certificate':
      return dossier.certificates
        .filter(({ number, issuedOn }) => issuedOn <= on && isPlainReference(number) && normalisedReference(number).length <= 80)
        .map(({ number }) => occasionOf(clause, number, dossier));
    case 'year':
      return yearsOf(version.pack.force, on).map((year) => occasionOf(clause, year, dossier));
    case 'project':
    case 'transaction':
      return [...referencesFor(aboutOccasion, subjects)].map((reference) => occasionOf(clause, reference, dossier));
    case undefined:
      return [];
  }
}

/** Every year an application could be for; only the year itself where nobody knows since when the policy is in force. */
function yearsOf(force: Force, on: string): readonly string[] {
  const last = Number(on.slice(0, 4));
  const first = Math.max(2000, force.from === null ? last : Number(force.from.slice(0, 4)));
  const years = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => String(first + index));
  return years.filter((year) => isYearOf(force, year, on));
}

/** Those that the facts the clause reads are about; a clause that reads no such facts may be about any of them. */
function referencesFor(aboutOccasion: ReadonlySet<string>, { byFact, all }: Subjects): Iterable<string> {
  if (aboutOccasion.size === 0) return all.values();
  const known = new Map<string, string>();
  for (const name of aboutOccasion) {
    for (const [key, subject] of byFact.get(name) ?? []) if (!known.has(key)) known.set(key, subject);
  }
  return known.values();
}
