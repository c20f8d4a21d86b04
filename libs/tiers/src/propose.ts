import {
  type Assessment,
  assess,
  type Clause,
  type ClauseReference,
  diagnose,
  type GateDiagnosis,
  gatesOf,
  type InputDefinition,
  inputsOf,
  inputsOfGates,
  type Pack,
  type Tier,
} from '@app/policies';
import { type LadderText, rankOf, titleOf } from './ladder.js';
import type { Unmet } from './tier.js';

export const PROPOSAL_KINDS = ['enter', 'promote', 'keep', 'demote', 'remove', 'stay-out', 'undetermined'] as const;
/** What a review proposes. `undetermined`: the facts do not say, an officer decides. */
export type ProposalKind = (typeof PROPOSAL_KINDS)[number];

/** One gate held against the facts. Its words stand in the pack; here only what came of it. */
export interface GateVerdict {
  readonly gate: string;
  /** `null` while it cannot be told. */
  readonly holds: boolean | null;
  /** The inputs that could still decide it. */
  readonly unknown?: readonly string[];
}

/** 预诊断: what an enterprise lacks, for the next tier and for what the ladder leads to. */
export interface Outlook {
  /** The tier above the one it stands in; the lowest for one outside. */
  readonly next?: { readonly tier: string; readonly gates: readonly GateVerdict[] };
  /** The clause of another pack whose gates the ladder holds against it. */
  readonly clause?: ClauseReference & { readonly version: number; readonly gates: readonly GateVerdict[] };
}

type Facts = Readonly<Record<string, unknown>>;

/** An enterprise as it is looked at. */
export interface Situation {
  readonly on: string;
  /** The tier it stands in; undefined outside. */
  readonly standing: string | undefined;
  /** Values of `ladderInputs`. */
  readonly facts: Facts;
  /** The clause of another pack the ladder names, with the values of its inputs. */
  readonly diagnosis?: { readonly pack: Pack; readonly version: number; readonly clause: string; readonly facts: Facts };
  readonly mergedInto?: string;
  /** Ids of its listings on the black list. */
  readonly listings: readonly string[];
}

export interface Finding {
  readonly kind: ProposalKind;
  /** Where it should stand, `null` for nowhere; absent where that is left to an officer. */
  readonly to?: string | null;
  readonly reason: string;
  /** Inputs nobody knows yet and on which it depends. */
  readonly missing: readonly string[];
  readonly outlook: Outlook;
}

/** The inputs a ladder's clauses and gates read. */
export function ladderInputs({ pack, tiers, clauses }: LadderText): Readonly<Record<string, InputDefinition>> {
  const placing = clauses.filter(({ shape }) => shape.kind === 'tier').map(({ id }) => inputsOf(pack, id));
  return Object.assign(
    inputsOfGates(
      pack,
      tiers.flatMap(({ gates }) => gates ?? []),
    ),
    ...placing,
  ) as Readonly<Record<string, InputDefinition>>;
}

/** The inputs that say whether an enterprise may be put into a tier. */
export function inputsOfTier(text: LadderText, tier: string): readonly string[] {
  const assessed = text.clauses
    .filter(({ shape }) => shape.kind === 'tier' && 'by' in shape)
    .flatMap(({ id }) => Object.keys(inputsOf(text.pack, id)));
  return [...Object.keys(inputsOfGates(text.pack, tierOf(text, tier)?.gates ?? [])), ...assessed];
}

/** What is not met where an enterprise is put into a tier: the tier's gates, and the assessment where the ladder goes by one. */
export function unmetIn(text: LadderText, tier: string, facts: Facts, on: string): Unmet {
  const diagnoses = diagnose(text.pack, tierOf(text, tier)?.gates ?? [], facts);
  const failed = diagnoses.filter(({ holds }) => holds === false).map(({ gate }) => gate);
  const unknown = new Set(diagnoses.filter(({ holds }) => holds === null).flatMap((one) => one.unknown.map(({ input }) => input)));
  const assessed = text.clauses.filter(({ shape }) => shape.kind === 'tier' && 'by' in shape).map(({ id }) => placing(text, id, facts, on));
  for (const one of assessed) if (one.outcome === 'refused') failed.push(...one.failed);
  const other = assessed.find((one) => one.outcome === 'placed' && one.tier !== tier);
  return {
    failed: [...new Set(failed)],
    unknown: [...unknown].sort(),
    ...(other?.outcome === 'placed' && { assessedTier: other.tier }),
  };
}

/**
 * The inputs that could still decide whether an enterprise belongs into a tier: of its gates, and of the assessment. Asked
 * with verified facts alone, they are what a placing rests on without anybody having checked it.
 */
export function openInputs(text: LadderText, tier: string, facts: Facts, on: string): readonly string[] {
  const gates = diagnose(text.pack, tierOf(text, tier)?.gates ?? [], facts).flatMap(({ unknown }) => unknown.map(({ input }) => input));
  const assessed = text.clauses.filter(({ shape }) => shape.kind === 'tier' && 'by' in shape);
  return [...new Set([...gates, ...assessed.flatMap(({ id }) => missingFor(text, id, facts, on))])].sort();
}

/** The inputs a clause that places still needs. */
export function missingFor(text: LadderText, clause: string, facts: Facts, on: string): readonly string[] {
  const result = placing(text, clause, facts, on);
  return result.outcome === 'missing' ? result.missing : [];
}

/** What a clause that places gives on these facts. */
export function placing({ pack, version, hash, endedOn }: LadderText, clause: string, facts: Facts, on: string): Assessment {
  return assess(pack, clause, { on, facts, policy: { version, hash, ...(endedOn !== undefined && { endedOn }) } });
}

/**
 * What a review proposes for one enterprise, with reasons and what it lacks. Never a tier the text does not support: tiers
 * without gates are an officer's judgement, and a fact nobody knows is neither true nor false. Pure.
 */
export function propose(text: LadderText, situation: Situation): Finding {
  const outlook = outlookOf(text, situation);
  const found = situation.mergedInto === undefined ? judged(text, situation) : merged(situation.mergedInto, situation.standing);
  return { ...restrained(found, situation), outlook };
}

type Verdict = Omit<Finding, 'outlook'>;

function merged(survivor: string, standing: string | undefined): Verdict {
  const reason = `企业已并入${survivor}`;
  return { kind: standing === undefined ? 'stay-out' : 'remove', to: null, reason, missing: [] };
}

/** While an enterprise is black-listed it may stay or go down, not in or up. */
function restrained(found: Verdict, { listings, standing }: Situation): Verdict {
  if (listings.length === 0 || (found.kind !== 'enter' && found.kind !== 'promote')) return found;
  // Which listing it is stays out of what is kept: not everybody may see it, and nobody once it has ended.
  const reason = `列入黑名单期间不得入库或升级；${found.reason}`;
  return { ...stay(standing, reason), missing: found.missing };
}

function judged(text: LadderText, situation: Situation): Verdict {
  const placings = text.clauses.filter(({ shape }) => shape.kind === 'tier');
  const assessed = placings.find(({ shape }) => shape.kind === 'tier' && 'by' in shape);
  return assessed === undefined ? byGates(text, placings, situation) : byAssessment(text, assessed, situation);
}

/** A ladder that goes by an assessment: what it says, and nothing where it does not say. */
function byAssessment(text: LadderText, clause: Clause, { standing, facts, on }: Situation): Verdict {
  const result = placing(text, clause.id, facts, on);
  if (result.outcome === 'placed') return move(text, standing, result.tier, `按“${clause.title}”评定，应在${titleOf(text, result.tier)}`);
  if (result.outcome === 'refused') {
    const reason = `不符合：${gateTitles(text, result.failed)}`;
    return { kind: standing === undefined ? 'stay-out' : 'remove', to: null, reason, missing: [] };
  }
  if (result.outcome !== 'missing') return undetermined(`“${clause.title}”未能评定（${result.outcome}），由经办人决定`);
  return undetermined(`缺少“${labelsOf(text, result.missing)}”，不能按“${clause.title}”评定，由经办人决定`, result.missing);
}

/** A ladder whose tiers have gates, or clauses that place directly. */
function byGates(text: LadderText, placings: readonly Clause[], situation: Situation): Verdict {
  const { standing } = situation;
  const ranked = text.tiers.map((tier) => ({ tier, ...rankable(text, tier, placings, situation) }));
  const best = ranked.findLast(({ qualifies }) => qualifies === true);
  const rank = standing === undefined ? -1 : rankOf(text, standing);
  const held = ranked[rank];
  if (best !== undefined && rankOf(text, best.tier.id) > rank) return move(text, standing, best.tier.id, best.why);
  const missing = [...new Set(ranked.slice(rank + 1).flatMap((one) => (one.qualifies === undefined ? one.missing : [])))].sort();
  if (held === undefined) {
    if (missing.length > 0) return undetermined(`缺少“${labelsOf(text, missing)}”，能否入库由经办人决定`, missing);
    return { ...stay(undefined, ranked.every(({ hasRule }) => !hasRule) ? NO_RULE : '不符合各梯次的入库条件'), missing: [] };
  }
  if (held.qualifies === undefined && held.isGated)
    return undetermined(`缺少“${labelsOf(text, held.missing)}”，是否仍符合${held.tier.title}的条件由经办人决定`, held.missing);
  if (held.qualifies !== false) return { ...stay(standing, held.hasRule ? held.why : NO_RULE), missing };
  return below(text, held.tier, ranked.slice(0, rank), gateTitles(text, held.failed));
}

const NO_RULE = '文本未写明条件，由经办人判断；未提出调整';

interface Rankable {
  /** Undefined where nobody can tell, or the text names no condition. */
  readonly qualifies: boolean | undefined;
  readonly hasRule: boolean;
  readonly isGated: boolean;
  readonly failed: readonly string[];
  readonly missing: readonly string[];
  readonly why: string;
}

function rankable(text: LadderText, tier: Tier, placings: readonly Clause[], { facts, on }: Situation): Rankable {
  const direct = placings.filter(({ shape }) => shape.kind === 'tier' && 'place' in shape && shape.place === tier.id);
  const results = direct.map((clause) => ({ clause, result: placing(text, clause.id, facts, on) }));
  const placed = results.find(({ result }) => result.outcome === 'placed');
  const gates = tier.gates ?? [];
  const rule = { hasRule: true, isGated: gates.length > 0, failed: [] as readonly string[], missing: [] as readonly string[] };
  if (placed !== undefined) return { ...rule, qualifies: true, why: `符合“${placed.clause.title}”` };
  const openFacts = results.flatMap(({ result }) => (result.outcome === 'missing' ? result.missing : []));
  // A clause that places directly is one way in among others: failing it says nothing about who stands there already.
  if (gates.length === 0) return { ...rule, qualifies: undefined, hasRule: direct.length > 0, missing: openFacts, why: NO_RULE };
  const { failed, unknown } = unmetIn(text, tier.id, facts, on);
  if (failed.length > 0) return { ...rule, qualifies: false, failed, missing: openFacts, why: '' };
  if (unknown.length > 0) return { ...rule, qualifies: undefined, missing: [...openFacts, ...unknown], why: '' };
  return { ...rule, qualifies: true, why: `符合${tier.title}的条件：${gateTitles(text, gates)}` };
}

/** An enterprise that no longer meets what its tier asks: down to the highest tier it does meet, out where it meets none. */
function below(text: LadderText, tier: Tier, lower: readonly (Rankable & { readonly tier: Tier })[], failed: string): Verdict {
  const why = `不再符合${tier.title}的条件：${failed}`;
  const fits = lower.findLast(({ qualifies }) => qualifies === true);
  const open = lower.filter(({ qualifies }) => qualifies === undefined);
  if (fits !== undefined && open.every((one) => rankOf(text, one.tier.id) < rankOf(text, fits.tier.id)))
    return { kind: 'demote', to: fits.tier.id, reason: `${why}；${fits.why}`, missing: [] };
  if (open.length === 0) return { kind: 'remove', to: null, reason: `${why}，也不符合以下各梯次的条件`, missing: [] };
  const missing = [...new Set(open.flatMap((one) => one.missing))].sort();
  return undetermined(`${why}；应降入哪一梯次由经办人决定`, missing);
}

function move(text: LadderText, standing: string | undefined, to: string, reason: string): Verdict {
  if (standing === to) return { kind: 'keep', to, reason, missing: [] };
  if (standing === undefined) return { kind: 'enter', to, reason, missing: [] };
  return { kind: rankOf(text, to) > rankOf(text, standing) ? 'promote' : 'demote', to, reason, missing: [] };
}

function stay(standing: string | undefined, reason: string): Verdict {
  return { kind: standing === undefined ? 'stay-out' : 'keep', to: standing ?? null, reason, missing: [] };
}

const undetermined = (reason: string, missing: readonly string[] = []): Verdict => ({ kind: 'undetermined', reason, missing });

function outlookOf(text: LadderText, { standing, facts, diagnosis }: Situation): Outlook {
  const next = text.tiers[standing === undefined ? 0 : rankOf(text, standing) + 1];
  return {
    ...(next && { next: { tier: next.id, gates: verdicts(text.pack, next.gates ?? [], facts) } }),
    ...(diagnosis && {
      clause: {
        pack: diagnosis.pack.id,
        clause: diagnosis.clause,
        version: diagnosis.version,
        gates: verdicts(diagnosis.pack, gatesOf(diagnosis.pack, diagnosis.clause), diagnosis.facts),
      },
    }),
  };
}

const verdicts = (pack: Pack, gates: readonly string[], facts: Facts): readonly GateVerdict[] => diagnose(pack, gates, facts).map(verdict);

function verdict({ gate, holds, unknown }: GateDiagnosis): GateVerdict {
  return { gate, holds, ...(unknown.length > 0 && { unknown: unknown.map(({ input }) => input) }) };
}

const tierOf = ({ tiers }: LadderText, id: string): Tier | undefined => tiers.find((tier) => tier.id === id);
const gateTitles = ({ pack }: LadderText, gates: readonly string[]) =>
  gates.map((id) => pack.gates.find((gate) => gate.id === id)?.title ?? id).join('、');
const labelsOf = ({ pack }: LadderText, inputs: readonly string[]) => inputs.map((input) => pack.inputs[input]?.label ?? input).join('、');
