import { Decimal, unreachable } from '@app/kernel';
import { type Condition } from './pack.js';

/** A fact as the engine holds it: money and percent as exact decimals, the rest as given. */
export type Parsed = Decimal | string | boolean;
/** The facts of one assessment by slot; undefined is unknown. */
export type Values = readonly (Parsed | undefined)[];
/** Kleene's third value: undefined is neither true nor false. */
export type Truth = boolean | undefined;

/** A compiled condition. */
export interface Test {
  holds(values: Values): Truth;
  /** Adds the unknown inputs that could still decide this condition; none when it is decided. */
  collectUnknown(values: Values, into: Set<string>): void;
}

/** Gives an input its slot in `Values`. */
export type SlotOf = (input: string) => number;

/** Turns a condition into closures once, so that an assessment parses nothing of the pack. */
export function compileCondition(condition: Condition, slotOf: SlotOf): Test {
  if ('not' in condition) return negation(compileCondition(condition.not, slotOf));
  if ('all' in condition)
    return combination(
      condition.all.map((child) => compileCondition(child, slotOf)),
      false,
    );
  if ('any' in condition)
    return combination(
      condition.any.map((child) => compileCondition(child, slotOf)),
      true,
    );
  if ('ratio' in condition) return ratio(condition.ratio, slotOf);
  return leaf(condition.input, slotOf(condition.input), leafTest(condition));
}

function leafTest(condition: Extract<Condition, { input: string }>): (value: Parsed) => boolean {
  if ('equals' in condition) return (value) => value === condition.equals;
  if ('stated' in condition) return () => true;
  if ('in' in condition) {
    const words = new Set<Parsed>(condition.in);
    return (value) => words.has(value);
  }
  if ('atLeast' in condition) return compared(condition.atLeast, (value, bound) => value.greaterThanOrEqualTo(bound));
  if ('moreThan' in condition) return compared(condition.moreThan, (value, bound) => value.greaterThan(bound));
  if ('atMost' in condition) return compared(condition.atMost, (value, bound) => value.lessThanOrEqualTo(bound));
  if ('lessThan' in condition) return compared(condition.lessThan, (value, bound) => value.lessThan(bound));
  return unreachable(condition);
}

function compared(limit: string, compare: (value: Decimal, bound: Decimal) => boolean): (value: Parsed) => boolean {
  const bound = new Decimal(limit);
  return (value) => compare(value as Decimal, bound);
}

function leaf(input: string, slot: number, test: (value: Parsed) => boolean): Test {
  return {
    holds(values) {
      const value = values[slot];
      return value === undefined ? undefined : test(value);
    },
    collectUnknown(values, into) {
      if (values[slot] === undefined) into.add(input);
    },
  };
}

function ratio(condition: { of: string; to: string; atLeast: string }, slotOf: SlotOf): Test {
  const [of, to] = [slotOf(condition.of), slotOf(condition.to)];
  const times = new Decimal(condition.atLeast);
  const holds = (values: Values): Truth => {
    const base = values[to] as Decimal | undefined;
    if (base?.isZero()) return true; // amounts are never negative, so any amount is at least a multiple of nothing
    const amount = values[of] as Decimal | undefined;
    return base === undefined || amount === undefined ? undefined : amount.greaterThanOrEqualTo(base.times(times));
  };
  return {
    holds,
    collectUnknown(values, into) {
      if (holds(values) !== undefined) return;
      if (values[of] === undefined) into.add(condition.of);
      if (values[to] === undefined) into.add(condition.to);
    },
  };
}

function negation(child: Test): Test {
  return {
    holds(values) {
      const truth = child.holds(values);
      return truth === undefined ? undefined : !truth;
    },
    collectUnknown: (values, into) => child.collectUnknown(values, into),
  };
}

/** `any` is decided by one true child, `all` by one false child. */
function combination(children: readonly Test[], deciding: boolean): Test {
  const holds = (values: Values): Truth => {
    let isOpen = false;
    for (const child of children) {
      const truth = child.holds(values);
      if (truth === deciding) return deciding;
      if (truth === undefined) isOpen = true;
    }
    return isOpen ? undefined : !deciding;
  };
  return {
    holds,
    collectUnknown(values, into) {
      if (holds(values) !== undefined) return;
      for (const child of children) child.collectUnknown(values, into);
    },
  };
}
