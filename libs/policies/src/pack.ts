/** The pack format: one policy document as data. A pack is plain JSON, so its canonical form can be stored and hashed. */
import { notFound } from '@app/kernel';

export const INPUT_PERIODS = ['none', 'occasion-year', 'year-before-certificate', 'prior-year'] as const;
/** Which year's fact a dossier must supply. `none`: the fact in effect on the business date, whatever its year. */
export type InputPeriod = (typeof INPUT_PERIODS)[number];

interface InputBase {
  /** What a clerk calls it. */
  readonly label: string;
  readonly period: InputPeriod;
  /** The fact is about what the award's occasion names (a project, a transaction, a certificate), not about the enterprise. */
  readonly about?: 'occasion';
  /** The value is the grade of this title (称号), where the enterprise holds it; else a fact. */
  readonly fromTitle?: string;
}
export type InputDefinition =
  | (InputBase & { readonly type: 'money' | 'percent' | 'bool' | 'text' })
  | (InputBase & { readonly type: 'word'; readonly words: Readonly<Record<string, string>> });

/** Verbatim words of the source document. `line` counts from 1; two numbers where the words may stand on either line. */
export interface Citation {
  readonly line: number | readonly number[];
  readonly quote: string;
}

/** A closed tree over inputs. Money compares in yuan, percent as "3.00"; `ratio` holds when `of` is at least `atLeast` times `to`. */
export type Condition =
  | { readonly input: string; readonly equals: string | boolean }
  | { readonly input: string; readonly in: readonly string[] }
  | { readonly input: string; readonly atLeast: string }
  | { readonly input: string; readonly moreThan: string }
  | { readonly input: string; readonly atMost: string }
  | { readonly input: string; readonly lessThan: string }
  | { readonly input: string; readonly stated: true }
  | { readonly ratio: { readonly of: string; readonly to: string; readonly atLeast: string } }
  | { readonly not: Condition }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] };

/** A precondition of one or more clauses. `soft` (原则上): failing it may be waived with a reason. */
export interface Gate {
  readonly id: string;
  readonly title: string;
  readonly citation: Citation;
  readonly soft?: true;
  readonly when: Condition;
}

/** One amount, or one for each category of a word or bool input. */
export type Amounts = { readonly amount: string } | { readonly by: string; readonly amounts: Readonly<Record<string, string>> };

export interface Instalment {
  readonly amount: string;
  /** The catalogue id of this stage, where it has one of its own. */
  readonly covers?: string;
  readonly citation: Citation;
  readonly when: Condition;
}

export interface Tier {
  readonly id: string;
  readonly title: string;
  /** Ids of the pack's gates an enterprise must pass to stand in this tier. None where the text states none: an officer places by judgement. */
  readonly gates?: readonly string[];
  /** The catalogue id of this tier, where it has one of its own; it comes with a citation. */
  readonly covers?: string;
  readonly citation?: Citation;
}

/** A clause of another published pack, whose gates say what an enterprise still lacks (预诊断). */
export interface ClauseReference {
  readonly pack: string;
  readonly clause: string;
}

export type TierShape = {
  readonly kind: 'tier';
  readonly ladder: string;
  readonly tiers: readonly Tier[];
  readonly diagnosis?: ClauseReference;
} & ({ readonly place: string } | { readonly by: string; readonly places: Readonly<Record<string, string>> });

export type Comparison = 'at-least' | 'more-than' | 'at-most' | 'less-than' | 'exactly' | 'about';
/** When a target is to be reached: by the end of a year, by a day, or each year of a span. `since` is the first year that counts towards a sum or an average. */
export type Due =
  | { readonly year: number; readonly since?: number }
  | { readonly date: string }
  | { readonly eachYear: true; readonly from?: number; readonly to?: number };

export const TARGET_COUNTS = ['standing', 'within-year', 'cumulative', 'yearly-average'] as const;
/** What a target counts: what stands when it is due, what one year adds, the sum of all years, or their average. */
export type TargetCounts = (typeof TARGET_COUNTS)[number];

export const METRICS = [
  'certificates-in-force',
  'certificates-in-force-above-scale',
  'tech-smes-registered',
  'enterprises-relocated',
  'certified-enterprises-relocated',
  'awards-granted',
] as const;
/** An actual the ledger can count from its own records, to stand beside the reported one. */
export type Metric = (typeof METRICS)[number];

/** What, recorded elsewhere in the ledger, shows that a period's duty was done. */
export type Fulfilment =
  | { readonly kind: 'tier-review' | 'recommendation'; readonly ladder: string }
  | { readonly kind: 'title'; readonly title: string }
  | { readonly kind: 'appropriation' };

/** Which enterprises a list of the text names. */
export type RosterRule =
  | { readonly kind: 'expiring-certificates'; readonly years: readonly number[] }
  | { readonly kind: 'facts'; readonly when: Condition }
  | { readonly kind: 'ladder'; readonly ladder: string };

/** What a clause grants or demands. Closed: a new kind of promise is a new member here and in the engine. */
export type Shape =
  | { readonly kind: 'fixed'; readonly amount: string }
  | { readonly kind: 'percent'; readonly base: string; readonly rate: string; readonly cap?: Amounts }
  | { readonly kind: 'level-table'; readonly by: string; readonly amounts: Readonly<Record<string, string>> }
  | { readonly kind: 'match'; readonly base: string; readonly ratio: string; readonly cap?: Amounts }
  | { readonly kind: 'staged'; readonly total: string; readonly instalments: readonly Instalment[] }
  | { readonly kind: 'discretionary'; readonly ceiling: Amounts; readonly criteria?: string }
  | { readonly kind: 'external'; readonly refersTo: string }
  | { readonly kind: 'unspecified'; readonly wording: string }
  | { readonly kind: 'gate' }
  | TierShape
  /** Names the tiers of a ladder, lowest first, without a rule that places anybody. `size`: how many the text speaks of when it names fewer. */
  | {
      readonly kind: 'ladder';
      readonly ladder: string;
      readonly tiers: readonly Tier[];
      readonly size?: number;
      readonly diagnosis?: ClauseReference;
    }
  | {
      readonly kind: 'target';
      readonly indicator: string;
      readonly unit: string;
      readonly comparison: Comparison;
      readonly value: string;
      readonly due: Due;
      /** `standing` where it is absent. */
      readonly counts?: TargetCounts;
      /** What the value is a difference from or a multiple of. */
      readonly baseline?: string;
      /** How far 左右 reaches either way, in the target's unit. */
      readonly tolerance?: string;
      readonly metric?: Metric;
    }
  | {
      readonly kind: 'target-table';
      readonly indicator: string;
      readonly unit: string;
      readonly columns: readonly string[];
      /** `null` is a blank cell: unknown, not zero. */
      readonly rows: readonly { readonly title: string; readonly line: number; readonly values: readonly (string | null)[] }[];
    }
  /** `by` is a day of the year (04-30), the full date of a duty done once, or `end` where the text names no day: the end of each period. */
  | {
      readonly kind: 'deadline';
      readonly every: 'year' | 'half-year' | 'quarter' | 'once';
      readonly by: string;
      readonly action: string;
      readonly fulfilledBy?: Fulfilment;
    }
  /** 部门核查: a finding of an agency. `validMonths`: how long it counts; while it stands where absent. */
  | { readonly kind: 'clearance'; readonly clearance: string; readonly agency: string; readonly validMonths?: number }
  /** 名单: a list the text speaks of, read off the ledger's own records. */
  | { readonly kind: 'roster'; readonly of: RosterRule }
  /** 称号: a distinction enterprises are given, as dated facts. */
  | { readonly kind: 'title'; readonly title: string; readonly name: string; readonly grades?: Readonly<Record<string, string>> }
  | { readonly kind: 'budget'; readonly envelope: string }
  /** `ladder`: of an adjustment (动态调整), the ladder that is adjusted. */
  | { readonly kind: 'note'; readonly about: NoteKind; readonly ladder?: string };

export const NOTE_KINDS = [
  'priority',
  'explore',
  'external',
  'validity',
  'disclosure',
  'registry',
  'blacklist',
  'kpi',
  'layer',
  'condition',
  'adjustment',
] as const;
export type NoteKind = (typeof NOTE_KINDS)[number];

export const UNIQUENESS = ['once', 'certificate', 'year', 'project', 'transaction'] as const;
/** What makes two awards of a clause to one payee the same occasion. */
export type Uniqueness = (typeof UNIQUENESS)[number];

export interface Clause {
  readonly id: string;
  readonly title: string;
  /** Catalogue ids; the clause's own id when absent. */
  readonly covers?: readonly string[];
  /** The clause this one completes, where one rule of the text sets several figures. A part covers no catalogue id of its own. */
  readonly partOf?: string;
  readonly citation: Citation;
  readonly shape: Shape;
  /** Ids of the pack's gates, in the order they are examined and shown. */
  readonly gates?: readonly string[];
  readonly rounding?: 'half-up-fen';
  readonly uniqueness?: Uniqueness;
  /** Clauses that may not be paid for the same occasion. */
  readonly excludes?: readonly string[];
  readonly budgetEnvelope?: string;
  /** Clearances (部门核查) that must stand: before a grant under a paying clause, before a recommendation from the ladder of a tier clause. */
  readonly clearances?: readonly string[];
  /** What must be linked before anything can be paid. */
  readonly waits?: string;
}

/** Whether awards of a clause may be paid from a budget line of its pack: from the one set aside for it, or else from any. */
export const isPaidFrom = ({ budgetEnvelope }: Clause, line: string): boolean => budgetEnvelope === undefined || budgetEnvelope === line;

/** Money a document sets aside. */
export interface Envelope {
  readonly id: string;
  readonly clause: string;
  readonly title: string;
  readonly amount: string;
  readonly rule: 'exactly' | 'at-least';
  readonly period: 'annual' | { readonly from: number; readonly to: number };
}

/** A choice the text leaves. `chosen: null` is open: it blocks payment, and a simulation computes `simulatedAs`. */
export interface Interpretation {
  readonly id: string;
  /** Clauses it bears on; empty for one about the pack as a whole (dates, disclosure, notice). */
  readonly clauses: readonly string[];
  readonly question: string;
  readonly options: readonly { readonly id: string; readonly text: string }[];
  readonly chosen: string | null;
  /** The option the clauses as written compute while the question is open. */
  readonly simulatedAs?: string;
  readonly reason: string;
}

/** Half open: in force on `from`, no longer on `until`. `null` is a limit the text does not state; `note` says so. */
export interface Force {
  readonly from: string | null;
  readonly until: string | null;
  readonly note?: string;
}

export type Disclosure = 'public' | 'on-request' | 'internal' | 'draft' | 'unstated';

/**
 * Whether the words of a document may stand in what the public reads, such as a public notice: those of one that is shown on
 * request, internal or a draft may not. A document that says nothing of it may be named; only a `public` one is listed.
 */
export function mayBeQuoted(disclosure: Disclosure): boolean {
  return disclosure === 'public' || disclosure === 'unstated';
}

export interface Pack {
  readonly id: string;
  readonly title: string;
  readonly issuer: string;
  readonly region: string;
  readonly source: { readonly file: string; readonly sha256: string };
  readonly status: 'draft' | 'in-force';
  readonly force: Force;
  readonly disclosure: Disclosure;
  readonly publicNotice: { readonly days: number; readonly basis: string };
  readonly inputs: Readonly<Record<string, InputDefinition>>;
  readonly gates: readonly Gate[];
  readonly envelopes: readonly Envelope[];
  readonly clauses: readonly Clause[];
  readonly interpretations: readonly Interpretation[];
}

/** The catalogue ids a clause answers for. */
export const coveredBy = (clause: Clause): readonly string[] => clause.covers ?? (clause.partOf === undefined ? [clause.id] : []);

/** The stages and tiers of a clause: each may have a citation and a catalogue id of its own. */
export function membersOf({ shape }: Clause): readonly { readonly covers?: string; readonly citation?: Citation }[] {
  if (shape.kind === 'staged') return shape.instalments;
  return shape.kind === 'tier' || shape.kind === 'ladder' ? shape.tiers : [];
}

/** The words a catalogue id rests on: those of its own stage or tier, else those of its clause. */
export const citationOf = (clause: Clause, id: string): Citation =>
  membersOf(clause).find(({ covers }) => covers === id)?.citation ?? clause.citation;

/** The first line a citation names, which is the one a trace shows. */
export const firstLine = ({ line }: Citation): number => (typeof line === 'number' ? line : (line[0] as number));

/** The words of a word input, and `true` / `false` for a bool: the categories a table can be keyed by. */
export function categoriesOf(definition: InputDefinition | undefined): readonly string[] {
  if (definition?.type === 'word') return Object.keys(definition.words);
  return definition?.type === 'bool' ? ['true', 'false'] : [];
}

/** @throws Problem `clause-not-found`. */
export function clauseOf(pack: Pack, id: string): Clause {
  const clause = pack.clauses.find((candidate) => candidate.id === id);
  if (clause === undefined) throw notFound('clause-not-found', `the pack ${pack.id} has no clause ${id}`);
  return clause;
}

/** A ladder of a pack: the clauses that speak of it, and its tiers, lowest first. */
export interface Ladder {
  readonly ladder: string;
  readonly clauses: readonly Clause[];
  readonly tiers: readonly Tier[];
  /** How many tiers the text speaks of, where it names fewer. */
  readonly size?: number;
  readonly diagnosis?: ClauseReference;
  readonly clearances: readonly string[];
}

/**
 * The ladders (梯次) of a pack. Several clauses may speak of one. Its tiers stand in the order in which its `ladder` clauses
 * name them, wherever these stand; where there is none, in that of the clauses that place.
 */
export function laddersOf(pack: Pack): readonly Ladder[] {
  const ladders = new Map<string, Ladder>();
  for (const clause of pack.clauses) {
    const { shape } = clause;
    if (shape.kind !== 'tier' && shape.kind !== 'ladder') continue;
    const known = ladders.get(shape.ladder) ?? { ladder: shape.ladder, clauses: [], tiers: [], clearances: [] };
    ladders.set(shape.ladder, {
      ...known,
      clauses: [...known.clauses, clause],
      ...('size' in shape && shape.size !== undefined && { size: shape.size }),
      ...(shape.diagnosis && { diagnosis: shape.diagnosis }),
      clearances: [...new Set([...known.clearances, ...(clause.clearances ?? [])])],
    });
  }
  return [...ladders.values()].map((ladder) => ({ ...ladder, tiers: tiersOf(ladder.clauses) }));
}

function tiersOf(clauses: readonly Clause[]): readonly Tier[] {
  const named = (kind: Shape['kind']) =>
    clauses.flatMap(({ shape }) => (shape.kind === kind && (shape.kind === 'ladder' || shape.kind === 'tier') ? shape.tiers : []));
  const tiers = [...named('ladder'), ...named('tier')];
  return tiers.filter(({ id }, index) => tiers.findIndex((tier) => tier.id === id) === index);
}
