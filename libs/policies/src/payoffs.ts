import { Decimal, Money, unreachable } from '@app/kernel';
import { type InstalmentAssessment, type Outcome, type TraceStep } from './assessment.js';
import { type Parsed, type SlotOf, type Test, type Truth, type Values, compileCondition } from './conditions.js';
import { bothWays } from './figures.js';
import { type Amounts, type Clause, type Instalment, type Pack, type Shape, firstLine } from './pack.js';

/** What a clause gives once its gates hold: one compiled shape. */
export interface Payoff {
  /** Inputs read beside those of the gates, in the order the trace shows them. */
  readonly inputs: readonly string[];
  /** False when a listed word has no entry; such a clause is refused under `gateId`. */
  readonly listed?: { readonly gateId: string; readonly label: string; holds(values: Values): Truth };
  /** Adds the unknown inputs that could still change the result. */
  collectUnknown(values: Values, into: Set<string>): void;
  /** Computes the result and adds to the trace. Called only when nothing that matters is unknown. */
  settle(values: Values, trace: TraceStep[]): Outcome;
}

/** Shapes that grant nothing and cannot be assessed. */
export const NOT_ASSESSABLE = new Set<Shape['kind']>([
  'ladder',
  'target',
  'target-table',
  'deadline',
  'clearance',
  'roster',
  'title',
  'budget',
  'note',
]);

const ROUNDING_RULE = '四舍五入到分';

/** Compiles a clause's shape; undefined for the shapes that have no sum (external, unspecified). */
export function compilePayoff(pack: Pack, clause: Clause, slotOf: SlotOf): Payoff | undefined {
  const { shape } = clause;
  switch (shape.kind) {
    case 'fixed':
      return fixed(clause, shape.amount);
    case 'percent':
      return product(pack, clause, slotOf, {
        base: shape.base,
        factor: new Decimal(shape.rate.slice(0, -1)).div(100),
        said: shape.rate,
        cap: shape.cap,
      });
    case 'match':
      return product(pack, clause, slotOf, {
        base: shape.base,
        factor: new Decimal(shape.ratio),
        said: `${shape.ratio}（配套比例）`,
        cap: shape.cap,
      });
    case 'level-table':
      return levelTable(pack, clause, slotOf, shape);
    case 'staged':
      return staged(pack, clause, slotOf, shape.total, shape.instalments);
    case 'discretionary':
      return discretionary(pack, clause, slotOf, shape);
    case 'gate':
      return { inputs: [], collectUnknown: () => undefined, settle: () => ({ outcome: 'passed' }) };
    case 'tier':
      return tier(pack, clause, slotOf, shape);
    case 'external':
    case 'unspecified':
    case 'ladder':
    case 'target':
    case 'target-table':
    case 'deadline':
    case 'clearance':
    case 'roster':
    case 'title':
    case 'budget':
    case 'note':
      return undefined;
    default:
      return unreachable(shape);
  }
}

const stepOf = (clause: Clause, step: TraceStep['step'], text: string, amount?: string): TraceStep =>
  Object.freeze({
    step,
    clause: clause.id,
    line: firstLine(clause.citation),
    quote: clause.citation.quote,
    text,
    ...(amount === undefined ? {} : { amount }),
  });

const labelOf = (pack: Pack, input: string): string => pack.inputs[input]?.label ?? input;

/** 规模以上企业：否 */
function categoryText(pack: Pack, input: string, category: string): string {
  const definition = pack.inputs[input];
  const said = definition?.type === 'word' ? definition.words[category] : category === 'true' ? '是' : '否';
  return `${labelOf(pack, input)}：${said ?? category}`;
}

function fixed(clause: Clause, amount: string): Payoff {
  const step = stepOf(clause, 'formula', `按条文定额${bothWays(amount)}。`, amount);
  return {
    inputs: [],
    collectUnknown: () => undefined,
    settle(_values, trace) {
      trace.push(step);
      return { outcome: 'payable', amount };
    },
  };
}

/** One entry of a table by category, ready for the trace. */
interface Entry {
  readonly amount: string;
  readonly exact: Decimal;
  readonly said: string;
}

interface Table {
  readonly inputs: readonly string[];
  /** The entries that are still possible: one when the category is known or does not matter. */
  possible(values: Values): readonly Entry[];
  readonly covers: (value: Parsed) => boolean;
}

function compileTable(pack: Pack, amounts: Amounts, slotOf: SlotOf): Table {
  if ('amount' in amounts) {
    const only = [{ amount: amounts.amount, exact: new Decimal(amounts.amount), said: '' }];
    return { inputs: [], possible: () => only, covers: () => true };
  }
  const slot = slotOf(amounts.by);
  const entries = new Map<string, readonly Entry[]>();
  for (const [category, amount] of Object.entries(amounts.amounts)) {
    entries.set(category, [{ amount, exact: new Decimal(amount), said: categoryText(pack, amounts.by, category) }]);
  }
  const all = [...entries.values()].flat();
  const none: readonly Entry[] = [];
  return {
    inputs: [amounts.by],
    possible(values) {
      const value = values[slot];
      return value === undefined ? all : (entries.get(String(value)) ?? none);
    },
    covers: (value) => entries.has(String(value)),
  };
}

interface Product {
  readonly base: string;
  readonly factor: Decimal;
  readonly said: string;
  readonly cap?: Amounts;
}

/** `percent` and `match`: base times a factor, at most a cap, rounded half up to the fen. */
function product(pack: Pack, clause: Clause, slotOf: SlotOf, { base, factor, said, cap }: Product): Payoff {
  const slot = slotOf(base);
  const caps = cap && compileTable(pack, cap, slotOf);
  const baseLabel = labelOf(pack, base);
  const undecided = (exact: Decimal, limits: readonly Entry[]): boolean => {
    const first = limited(exact, limits[0]);
    return limits.some((limit) => !limited(exact, limit).equals(first));
  };
  return {
    inputs: [base, ...(caps?.inputs ?? [])],
    collectUnknown(values, into) {
      const amount = values[slot] as Decimal | undefined;
      if (amount === undefined) into.add(base);
      const limits = caps?.possible(values) ?? [];
      if (limits.length > 1 && (amount === undefined || undecided(amount.times(factor), limits))) into.add(caps?.inputs[0] as string);
    },
    settle(values, trace) {
      const amount = values[slot] as Decimal;
      const exact = amount.times(factor);
      const exactText = exact.toFixed();
      const limits = caps?.possible(values) ?? [];
      const isCapped = limits.length > 0 && exact.greaterThan((limits[0] as Entry).exact);
      const result = isCapped ? (limits[0] as Entry).exact : exact;
      const rounded = result.toFixed(2, Decimal.ROUND_HALF_UP);
      // More than an amount can carry could be neither granted nor booked: the figure it comes from cannot be right.
      if (!Money.isText(rounded)) return tooLarge(base);
      const line = firstLine(clause.citation);
      const { quote } = clause.citation;
      trace.push({
        step: 'formula',
        clause: clause.id,
        line,
        quote,
        text: `${baseLabel}${amount.toFixed()}元 × ${said} = ${exactText}元。`,
        amount: exactText,
      });
      const shown = isCapped ? (limits[0] as Entry).amount : exactText;
      if (limits.length > 0)
        trace.push({ step: 'cap', clause: clause.id, line, quote, text: capText(limits, isCapped, exactText), amount: shown });
      trace.push({ step: 'rounding', clause: clause.id, text: `${ROUNDING_RULE}：${shown}元 → ${rounded}元。`, amount: rounded });
      return { outcome: 'payable', amount: rounded };
    },
  };
}

function tooLarge(input: string): Outcome {
  const reason = 'gives a sum of more than 13 whole digits';
  return { outcome: 'invalid', input, reason, errors: [{ input, message: reason }] };
}

function limited(exact: Decimal, limit: Entry | undefined): Decimal {
  return (limit === undefined || exact.lessThanOrEqualTo(limit.exact) ? exact : limit.exact).toDecimalPlaces(2, Decimal.ROUND_HALF_UP);
}

function capText(limits: readonly Entry[], isCapped: boolean, exactText: string): string {
  const [limit] = limits as readonly [Entry];
  if (limits.length > 1)
    return `各档上限（${limits.map(({ said, amount }) => `${said}，最高${bothWays(amount)}`).join('；')}）下结果相同，所属档次未知不影响金额。`;
  const who = limit.said === '' ? '' : `${limit.said}，`;
  return isCapped
    ? `${who}最高${bothWays(limit.amount)}；${exactText}元超过上限，按上限计。`
    : `${who}最高${bothWays(limit.amount)}；${exactText}元未超过上限。`;
}

function levelTable(pack: Pack, clause: Clause, slotOf: SlotOf, shape: { by: string; amounts: Readonly<Record<string, string>> }): Payoff {
  const table = compileTable(pack, shape, slotOf);
  const slot = slotOf(shape.by);
  return {
    inputs: table.inputs,
    listed: listing(pack, clause, shape.by, slot, table.covers),
    collectUnknown(values, into) {
      if (values[slot] === undefined) into.add(shape.by);
    },
    settle(values, trace) {
      const [{ amount, said }] = table.possible(values) as readonly [Entry];
      trace.push(stepOf(clause, 'formula', `${said}，按条文档次${bothWays(amount)}。`, amount));
      return { outcome: 'payable', amount };
    },
  };
}

function listing(pack: Pack, clause: Clause, by: string, slot: number, covers: (value: Parsed) => boolean): Payoff['listed'] {
  return {
    gateId: `${clause.id}.${by}`,
    label: `${labelOf(pack, by)}属于条文所列档次`,
    holds(values) {
      const value = values[slot];
      return value === undefined ? undefined : covers(value);
    },
  };
}

function discretionary(pack: Pack, clause: Clause, slotOf: SlotOf, shape: Extract<Shape, { kind: 'discretionary' }>): Payoff {
  const table = compileTable(pack, shape.ceiling, slotOf);
  const considering = shape.criteria === undefined ? '' : `根据${shape.criteria}，`;
  return {
    inputs: table.inputs,
    collectUnknown(values, into) {
      const possible = table.possible(values);
      if (possible.some(({ amount }) => amount !== possible[0]?.amount)) into.add(table.inputs[0] as string);
    },
    settle(values, trace) {
      const [{ amount, said }] = table.possible(values) as readonly [Entry];
      const who = said === '' || table.inputs.length === 0 ? '' : `${said}，`;
      trace.push(stepOf(clause, 'cap', `${who}上限${bothWays(amount)}；${considering}由经办部门在上限内核定并说明理由。`, amount));
      return { outcome: 'discretionary', ceiling: amount };
    },
  };
}

function tier(pack: Pack, clause: Clause, slotOf: SlotOf, shape: Extract<Shape, { kind: 'tier' }>): Payoff {
  const titleOf = (id: string) => shape.tiers.find((one) => one.id === id)?.title ?? id;
  const placed = (id: string, who: string, trace: TraceStep[]): Outcome => {
    trace.push(stepOf(clause, 'formula', `${who}纳入${titleOf(id)}。`));
    return { outcome: 'placed', ladder: shape.ladder, tier: id };
  };
  if ('place' in shape) return { inputs: [], collectUnknown: () => undefined, settle: (_values, trace) => placed(shape.place, '', trace) };
  const slot = slotOf(shape.by);
  const places = new Map(Object.entries(shape.places));
  return {
    inputs: [shape.by],
    listed: listing(pack, clause, shape.by, slot, (value) => places.has(String(value))),
    collectUnknown(values, into) {
      if (values[slot] === undefined) into.add(shape.by);
    },
    settle(values, trace) {
      const category = String(values[slot]);
      return placed(places.get(category) as string, `${categoryText(pack, shape.by, category)}，`, trace);
    },
  };
}

function staged(pack: Pack, clause: Clause, slotOf: SlotOf, total: string, instalments: readonly Instalment[]): Payoff {
  const inputs = new Set<string>();
  const stages = instalments.map((instalment, index) => {
    const test = compileCondition(instalment.when, (input) => {
      inputs.add(input);
      return slotOf(input);
    });
    return { instalment, test, no: index + 1 };
  });
  const formula = stepOf(clause, 'formula', `按条文分${stages.length}期，共${bothWays(total)}。`, total);
  return {
    inputs: [...inputs],
    collectUnknown: () => undefined, // an unknown later stage is pending, not missing
    settle(values, trace) {
      trace.push(formula);
      const assessed = stages.map(({ instalment, test, no }) => assessInstalment(pack, clause, instalment, test, no, values, trace));
      return { outcome: 'payable', amount: total, instalments: assessed };
    },
  };
}

function assessInstalment(
  pack: Pack,
  clause: Clause,
  instalment: Instalment,
  test: Test,
  no: number,
  values: Values,
  trace: TraceStep[],
): InstalmentAssessment {
  const truth = test.holds(values);
  const unknown = new Set<string>();
  test.collectUnknown(values, unknown);
  const needs = [...unknown].sort();
  const state =
    truth === undefined ? `待定，尚需：${needs.map((input) => labelOf(pack, input)).join('、')}` : truth ? '条件已满足' : '条件未满足';
  trace.push({
    step: 'instalment',
    clause: instalment.covers ?? clause.id,
    line: firstLine(instalment.citation),
    quote: instalment.citation.quote,
    text: `第${no}期${bothWays(instalment.amount)}：${state}。`,
    amount: instalment.amount,
  });
  const status = truth === undefined ? 'pending' : truth ? 'met' : 'unmet';
  return { no, amount: instalment.amount, status, ...(status === 'pending' ? { needs } : {}) };
}
