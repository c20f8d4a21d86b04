import { invalidField, isBusinessDate, Money, unreachable } from '@app/kernel';
import {
  type Amounts,
  canonicalPack,
  type Clause,
  type Condition,
  NUMBER_PATTERN,
  type Pack,
  PackError,
  packFromCanonical,
  PERCENT_PATTERN,
  type Shape,
} from '@app/policies';

/** One change of a text, small enough to be said in a line. */
export type PackChange =
  /** 封顶 of a percent or matching clause, for one category or for all. `none` lifts it. */
  | { readonly kind: 'cap'; readonly clause: string; readonly category?: string; readonly value: string }
  /** 比例 of a percent clause, with its sign: `8%`. */
  | { readonly kind: 'rate'; readonly clause: string; readonly value: string }
  /** 配套比例 of a matching clause: `0.5`. */
  | { readonly kind: 'ratio'; readonly clause: string; readonly value: string }
  /** 金额 of a fixed clause, or of one category of a table. */
  | { readonly kind: 'amount'; readonly clause: string; readonly category?: string; readonly value: string }
  /** 上限 of a discretionary clause, for one category or for all. */
  | { readonly kind: 'ceiling'; readonly clause: string; readonly category?: string; readonly value: string }
  /** One instalment of a staged clause; the total follows. */
  | { readonly kind: 'instalment'; readonly clause: string; readonly no: number; readonly value: string }
  /** 条件: whether the clause asks for a gate of the pack. */
  | { readonly kind: 'gate'; readonly clause: string; readonly gate: string; readonly asked: boolean }
  /** The one figure a gate compares with. */
  | { readonly kind: 'limit'; readonly gate: string; readonly value: string }
  /** 有效期: the first day, or the first day no longer in force. `none`: not stated. */
  | { readonly kind: 'force'; readonly end: 'from' | 'until'; readonly value: string };

const ID = '([A-Za-z0-9][A-Za-z0-9-]*)';
const CATEGORY = `(?:\\.${ID})?`;

type Reader = (parts: readonly (string | undefined)[], value: string) => PackChange;
const FORMS: readonly (readonly [RegExp, Reader])[] = [
  ...(['cap', 'amount', 'ceiling'] as const).map((kind): readonly [RegExp, Reader] => [
    new RegExp(`^clause\\.${ID}\\.${kind}${CATEGORY}$`),
    ([clause = '', category], value) => ({ kind, clause, ...(category !== undefined && { category }), value }),
  ]),
  ...(['rate', 'ratio'] as const).map((kind): readonly [RegExp, Reader] => [
    new RegExp(`^clause\\.${ID}\\.${kind}$`),
    ([clause = ''], value) => ({ kind, clause, value }),
  ]),
  [
    new RegExp(`^clause\\.${ID}\\.instalment\\.([1-9]\\d?)$`),
    ([clause = '', no], value) => ({ kind: 'instalment', clause, no: Number(no), value }),
  ],
  [
    new RegExp(`^clause\\.${ID}\\.gate\\.${ID}$`),
    ([clause = '', gate = ''], value) => ({ kind: 'gate', clause, gate, asked: value === 'on' }),
  ],
  [new RegExp(`^gate\\.${ID}\\.limit$`), ([gate = ''], value) => ({ kind: 'limit', gate, value })],
  [/^force\.(from|until)$/, ([end], value) => ({ kind: 'force', end: end as 'from' | 'until', value })],
];

/** What can be said in a line. */
export const CHANGE_FORMS = [
  'clause.<id>.cap[.<category>]=<yuan or none>',
  'clause.<id>.rate=<percent>%',
  'clause.<id>.ratio=<number>',
  'clause.<id>.amount[.<category>]=<yuan>',
  'clause.<id>.ceiling[.<category>]=<yuan>',
  'clause.<id>.instalment.<no>=<yuan>',
  'clause.<id>.gate.<gate>=on|off',
  'gate.<gate>.limit=<number>',
  'force.from=<day or none>',
  'force.until=<day or none>',
] as const;

/** Reads changes such as `clause.G01.cap.true=500000.00`. @throws Problem `invalid-input` naming `set.<n>`. */
export function readChanges(set: readonly string[]): readonly PackChange[] {
  const targets = set.map((text) => text.slice(0, text.indexOf('=')).trim());
  return set.map((text, index) => {
    const field = `set.${index}`;
    const change = readChange(text, field);
    const target = targets[index] as string;
    const before = targets.slice(0, index).findIndex((other) => isWithin(target, other) || isWithin(other, target));
    if (before >= 0) throw invalidField(field, 'changed-once', `${text} changes again what set.${before} changes: ${set[before] ?? ''}`);
    return change;
  });
}

/** Whether a target is another or a part of it: a category of a cap is a part of the cap. */
const isWithin = (target: string, whole: string) => target === whole || target.startsWith(`${whole}.`);

function readChange(text: string, field: string): PackChange {
  const at = text.indexOf('=');
  const target = text.slice(0, at).trim();
  const value = asWritten(target, text.slice(at + 1).trim());
  for (const [pattern, read] of at > 0 && value !== '' ? FORMS : []) {
    const match = pattern.exec(target);
    if (match === null) continue;
    const change = read(match.slice(1), value);
    const [isValue, words] = VALUES[change.kind];
    if (isValue(value)) return change;
    throw invalidField(field, 'change-value', `${text}: the value must be ${words}`);
  }
  throw invalidField(field, 'pack-change', `${text} is none of ${CHANGE_FORMS.join(', ')}; for anything else send the whole changed pack`);
}

type ValueRule = readonly [isValue: (value: string) => boolean, words: string];
const matches = (pattern: string) => (value: string) => new RegExp(pattern).test(value);
const orNone = ([isValue, words]: ValueRule): ValueRule => [(value) => value === 'none' || isValue(value), `${words}, or none`];
const YUAN: ValueRule = [Money.isText, 'yuan with at most two decimals, such as 300000.00'];
const NUMBER: ValueRule = [matches(NUMBER_PATTERN), 'a number such as 0.5'];

/** What each kind of change takes. */
const VALUES: Readonly<Record<PackChange['kind'], ValueRule>> = {
  cap: orNone(YUAN),
  amount: YUAN,
  ceiling: YUAN,
  instalment: YUAN,
  rate: [matches(PERCENT_PATTERN), 'a percentage such as 8%'],
  ratio: NUMBER,
  limit: NUMBER,
  gate: [(value) => value === 'on' || value === 'off', 'on or off'],
  force: orNone([isBusinessDate, 'a day written YYYY-MM-DD']),
};

/** Packs write sums with two decimals; people need not. */
function asWritten(target: string, value: string): string {
  return /\.(cap|amount|ceiling|instalment)\b/.test(target) && Money.isText(value) ? Money.parse(value).toString() : value;
}

/** Why a change does not fit a text. */
class Unfit extends Error {}

/**
 * The text with the changes made, held to the rules of packs. A change that does not fit is an error, or with `lenient` is
 * left out: an older version of a text may not have the clause yet.
 * @throws Problem `invalid-input` naming `set.<n>`, or `set` where only several changes together break a rule.
 */
export function withChanges(pack: Pack, changes: readonly PackChange[], lenient = false): Pack {
  const changed = appliedAll(pack, changes, lenient);
  if (changed === pack) return pack;
  try {
    return packFromCanonical(canonicalPack(changed));
  } catch (error) {
    if (!(error instanceof PackError)) throw error;
    const one = changes.findIndex((change) => breaksRules(appliedAll(pack, [change], lenient)));
    const message = error.faults.map((fault) => fault.message).join('; ');
    throw invalidField(one < 0 ? 'set' : `set.${one}`, 'pack-rules', `the changed text breaks a rule of packs: ${message}`);
  }
}

function breaksRules(pack: Pack): boolean {
  try {
    packFromCanonical(canonicalPack(pack));
    return false;
  } catch (error) {
    if (error instanceof PackError) return true;
    throw error;
  }
}

function appliedAll(pack: Pack, changes: readonly PackChange[], lenient: boolean): Pack {
  return changes.reduce((before, change, index) => {
    try {
      return applied(before, change);
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      if (lenient) return before;
      throw invalidField(`set.${index}`, 'pack-change', `${pack.id} ${error.message}`);
    }
  }, pack);
}

function applied(pack: Pack, change: PackChange): Pack {
  switch (change.kind) {
    case 'force': {
      const { force } = pack;
      const value = change.value === 'none' ? null : change.value;
      // A limit that is not stated needs a note that says so.
      return { ...pack, force: { ...force, [change.end]: value, ...(value === null && { note: force.note ?? '测算假设' }) } };
    }
    case 'limit': {
      const gate = pack.gates.find(({ id }) => id === change.gate);
      if (gate === undefined) throw new Unfit(`has no gate ${change.gate}`);
      if (limitsIn(gate.when) !== 1) throw new Unfit(`compares ${limitsIn(gate.when)} figures in the gate ${change.gate}, not one`);
      const when = withLimit(gate.when, change.value);
      return { ...pack, gates: pack.gates.map((each) => (each === gate ? { ...gate, when } : each)) };
    }
    case 'gate':
    case 'cap':
    case 'rate':
    case 'ratio':
    case 'amount':
    case 'ceiling':
    case 'instalment': {
      const clause = pack.clauses.find(({ id }) => id === change.clause);
      if (clause === undefined) throw new Unfit(`has no clause ${change.clause}`);
      const next = change.kind === 'gate' ? withGate(pack, clause, change) : { ...clause, shape: reshaped(clause, change) };
      return { ...pack, clauses: pack.clauses.map((each) => (each === clause ? next : each)) };
    }
  }
}

function withGate(pack: Pack, clause: Clause, { gate, asked }: Extract<PackChange, { kind: 'gate' }>): Clause {
  if (!pack.gates.some(({ id }) => id === gate)) throw new Unfit(`has no gate ${gate}`);
  const others = (clause.gates ?? []).filter((id) => id !== gate);
  if (asked) return { ...clause, gates: clause.gates?.includes(gate) === true ? clause.gates : [...others, gate] };
  const { gates: _all, ...rest } = clause;
  return others.length === 0 ? rest : { ...rest, gates: others };
}

type ShapeChange = Exclude<PackChange, { kind: 'force' | 'limit' | 'gate' }>;

function reshaped({ id, shape }: Clause, change: ShapeChange): Shape {
  const unfit = () => new Unfit(`has no ${change.kind} in the clause ${id}, which is ${shape.kind}`);
  switch (change.kind) {
    case 'cap': {
      if (shape.kind !== 'percent' && shape.kind !== 'match') throw unfit();
      if (change.value !== 'none') return { ...shape, cap: amountsWith(id, shape.cap, change) };
      if (change.category !== undefined) throw new Unfit(`lifts the cap of the clause ${id} as a whole or not at all`);
      const { cap: _lifted, ...rest } = shape;
      return rest;
    }
    case 'rate':
      if (shape.kind !== 'percent') throw unfit();
      return { ...shape, rate: change.value };
    case 'ratio':
      if (shape.kind !== 'match') throw unfit();
      return { ...shape, ratio: change.value };
    case 'amount':
      if (shape.kind === 'fixed' && change.category === undefined) return { ...shape, amount: change.value };
      if (shape.kind !== 'level-table' || change.category === undefined) throw unfit();
      if (!Object.hasOwn(shape.amounts, change.category)) throw new Unfit(`has no category ${change.category} in the clause ${id}`);
      return { ...shape, amounts: { ...shape.amounts, [change.category]: change.value } };
    case 'ceiling':
      if (shape.kind !== 'discretionary') throw unfit();
      return { ...shape, ceiling: amountsWith(id, shape.ceiling, change) };
    case 'instalment': {
      if (shape.kind !== 'staged') throw unfit();
      if (shape.instalments[change.no - 1] === undefined) throw new Unfit(`has no instalment ${change.no} in the clause ${id}`);
      const instalments = shape.instalments.map((each, index) => (index === change.no - 1 ? { ...each, amount: change.value } : each));
      return { ...shape, instalments, total: totalOf(instalments.map(({ amount }) => amount)) };
    }
    default:
      return unreachable(change);
  }
}

/** One amount for all, or for one category of those that there are. */
function amountsWith(clause: string, before: Amounts | undefined, change: { readonly category?: string; readonly value: string }): Amounts {
  const { category, value } = change;
  if (category === undefined) return { amount: value };
  if (before === undefined || !('by' in before) || !Object.hasOwn(before.amounts, category))
    throw new Unfit(`has no category ${category} in the clause ${clause}`);
  return { ...before, amounts: { ...before.amounts, [category]: value } };
}

/** The sum of amounts as packs write them; what is no amount is left for the rules of packs to name. */
function totalOf(amounts: readonly string[]): string {
  const fen = amounts.reduce((sum, amount) => sum + (/^\d{1,13}\.\d{2}$/.test(amount) ? BigInt(amount.replace('.', '')) : 0n), 0n);
  const digits = fen.toString().padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

const COMPARISONS = ['atLeast', 'moreThan', 'atMost', 'lessThan'] as const;

function limitsIn(condition: Condition): number {
  if ('all' in condition) return condition.all.reduce((sum, each) => sum + limitsIn(each), 0);
  if ('any' in condition) return condition.any.reduce((sum, each) => sum + limitsIn(each), 0);
  if ('not' in condition) return limitsIn(condition.not);
  return 'ratio' in condition || COMPARISONS.some((name) => name in condition) ? 1 : 0;
}

function withLimit(condition: Condition, value: string): Condition {
  if ('all' in condition) return { all: condition.all.map((each) => withLimit(each, value)) };
  if ('any' in condition) return { any: condition.any.map((each) => withLimit(each, value)) };
  if ('not' in condition) return { not: withLimit(condition.not, value) };
  if ('ratio' in condition) return { ratio: { ...condition.ratio, atLeast: value } };
  const name = COMPARISONS.find((each) => each in condition);
  return name === undefined ? condition : { ...condition, [name]: value };
}

/** A whole text put in the place of a published one: what has been settled of the questions both leave open stays settled. */
export function inPlaceOf(text: Pack, published: Pack): Pack {
  const interpretations = text.interpretations.map((question) => {
    const settled = published.interpretations.find(({ id }) => id === question.id);
    if (question.chosen !== null || settled === undefined || settled.chosen === null) return question;
    const { simulatedAs: _open, ...rest } = question;
    return { ...rest, chosen: settled.chosen, reason: settled.reason };
  });
  return { ...text, interpretations };
}
