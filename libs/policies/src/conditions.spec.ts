import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Decimal } from '@app/kernel';
import { type Values, compileCondition } from './conditions.js';
import { type Condition } from './pack.js';

const INPUTS = ['f.a', 'f.b', 'f.c', 'f.d'];
const slotOf = (input: string) => INPUTS.indexOf(input);
const compiled = (condition: Condition) => {
  const test = compileCondition(condition, slotOf);
  return (values: Values) => {
    const unknown = new Set<string>();
    test.collectUnknown(values, unknown);
    return { truth: test.holds(values), unknown: [...unknown].sort() };
  };
};
const is = (input: string): Condition => ({ input, equals: true });

/** A tree that names each of its inputs once, so that three-valued logic is exact. */
const treeOver = (inputs: readonly string[]): fc.Arbitrary<Condition> => {
  if (inputs.length === 1) {
    const [input] = inputs as [string];
    return fc.constantFrom<Condition>(is(input), { not: is(input) }, { input, equals: false });
  }
  return fc.integer({ min: 1, max: inputs.length - 1 }).chain((cut) =>
    fc
      .tuple(treeOver(inputs.slice(0, cut)), treeOver(inputs.slice(cut)), fc.constantFrom('all', 'any', 'none'))
      .map(([left, right, form]): Condition => {
        if (form === 'none') return { not: { any: [left, right] } };
        return form === 'all' ? { all: [left, right] } : { any: [left, right] };
      }),
  );
};
const values = fc.array(fc.constantFrom(true, false, undefined), { minLength: 4, maxLength: 4 });

/** Every way to fill in what is unknown. */
const completions = (given: Values): Values[] =>
  given.reduce<Values[]>(
    (all, value) => all.flatMap((head) => (value === undefined ? [true, false] : [value]).map((one) => [...head, one])),
    [[]],
  );

describe('a condition', () => {
  it('is known exactly when every way to fill in the unknown agrees, and waits for exactly the facts that can tip it', () => {
    fc.assert(
      fc.property(treeOver(INPUTS), values, (condition, given) => {
        const evaluate = compiled(condition);
        const truthWith = (filled: Values) => evaluate(filled).truth;
        const truths = new Set(completions(given).map(truthWith));
        const tips = (slot: number) =>
          given[slot] === undefined &&
          completions(given).some((filled) => truthWith(filled.with(slot, true)) !== truthWith(filled.with(slot, false)));
        expect(evaluate(given)).toEqual({
          truth: truths.size === 1 ? [...truths][0] : undefined,
          unknown: INPUTS.filter((_input, slot) => tips(slot)),
        });
      }),
      { numRuns: 1000 },
    );
  });

  it('does not wait for a fact in a branch that is already decided', () => {
    const evaluate = compiled({ any: [{ all: [is('f.a'), is('f.b')] }, is('f.c')] });
    expect(evaluate([false, undefined, undefined])).toEqual({ truth: undefined, unknown: ['f.c'] });
  });

  it.each<[Condition, string, boolean]>([
    [{ input: 'f.a', atLeast: '3.00' }, '3', true],
    [{ input: 'f.a', atLeast: '3.00' }, '2.99', false],
    [{ input: 'f.a', moreThan: '3.00' }, '3', false],
    [{ input: 'f.a', moreThan: '3.00' }, '3.01', true],
    [{ input: 'f.a', atMost: '3.00' }, '3', true],
    [{ input: 'f.a', atMost: '3.00' }, '3.01', false],
    [{ input: 'f.a', lessThan: '3.00' }, '3', false],
    [{ input: 'f.a', lessThan: '3.00' }, '2.99', true],
  ])('%j of %s is %s', (condition, value, truth) => expect(compiled(condition)([new Decimal(value)]).truth).toBe(truth));

  it('knows listed words and whether a fact is stated at all', () => {
    expect(compiled({ input: 'f.a', in: ['x', 'y'] })(['y']).truth).toBe(true);
    expect(compiled({ input: 'f.a', in: ['x', 'y'] })(['z']).truth).toBe(false);
    expect(compiled({ input: 'f.a', stated: true })(['anything']).truth).toBe(true);
    expect(compiled({ input: 'f.a', stated: true })([undefined])).toEqual({ truth: undefined, unknown: ['f.a'] });
  });

  it('compares two amounts, and nothing is asked of one where the other is zero', () => {
    const ratio = compiled({ ratio: { of: 'f.a', to: 'f.b', atLeast: '4' } });
    expect(ratio([new Decimal('4'), new Decimal('1')]).truth).toBe(true);
    expect(ratio([new Decimal('3.99'), new Decimal('1')]).truth).toBe(false);
    expect(ratio([undefined, new Decimal('0')])).toEqual({ truth: true, unknown: [] });
    expect(ratio([undefined, undefined])).toEqual({ truth: undefined, unknown: ['f.a', 'f.b'] });
  });
});
