import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Comparison } from '@app/policies';
import { evaluate, type Evaluation, ranked, tally, usualYear } from './evaluate.js';
import { based, type Given, packOf, planned, record, reported, terms, termsOf, unit, verified } from './target.fixture.js';
import { endOfPeriod, isTarget, NO_RECORD, statedFor, targetClause, yearsOf } from './target.js';

const ON = '2025-02-01';
const judge = (shape: Parameters<typeof terms>[0], ...events: readonly Given[]) =>
  evaluate(terms(shape), unit, record(...events), 2024, ON);

describe('a comparison', () => {
  it.each<[Comparison, string, string | undefined, Evaluation['achieved']]>([
    ['more-than', '110', undefined, 'no'],
    ['more-than', '110.000001', undefined, 'yes'],
    ['at-least', '110', undefined, 'yes'],
    ['at-least', '109.999999', undefined, 'no'],
    ['at-most', '110', undefined, 'yes'],
    ['less-than', '110', undefined, 'no'],
    ['exactly', '110.0', undefined, 'yes'],
    ['exactly', '111', undefined, 'no'],
    ['about', '99', '11', 'yes'],
    ['about', '121', '11', 'yes'],
    ['about', '98.999999', '11', 'no'],
  ])('%s 110 by %s (±%s): %s', (comparison, value, tolerance, achieved) =>
    expect(judge({ comparison, value: '110', ...(tolerance !== undefined && { tolerance }) }, reported(1, '2024', value))).toMatchObject({
      achieved,
    }),
  );

  it('never shows a hundred per cent of what is not reached, and no share of zero', () => {
    expect(judge({ value: '3' }, reported(1, '2024', '2.999999'))).toMatchObject({ achieved: 'no', ratio: '99.99', gap: '0.000001' });
    expect(judge({ comparison: 'more-than', value: '0' }, reported(1, '2024', '0'))).toMatchObject({
      achieved: 'no',
      gap: '0',
      difference: '0',
    });
    expect(judge({ value: '0' }, reported(1, '2024', '1')).ratio).toBeUndefined();
  });

  it('agrees with whole numbers, and the gap is what is missing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 1, max: 999 }), (actual, plan) => {
        const { achieved, gap, difference } = judge({ value: `${plan / 10}` }, reported(1, '2024', `${actual / 10}`));
        expect(achieved).toBe(actual >= plan ? 'yes' : 'no');
        expect(Number(difference)).toBeCloseTo((actual - plan) / 10, 9);
        expect(Number(gap)).toBeCloseTo(Math.max(0, plan - actual) / 10, 9);
      }),
    );
  });
});

describe('the figure of a year', () => {
  it('is unknown until one is reported, never zero', () => {
    const answer = judge({});
    expect(answer).toMatchObject({ achieved: 'unknown', unknown: 'no-actual', plan: { value: '100', from: 'pack' } });
    expect(answer).not.toHaveProperty('gap');
  });
  it('is the one that reaches furthest, and is final with the year', () => {
    expect(judge({}, reported(1, '2024-Q3', '90'), reported(2, '2024-H1', '80'))).toMatchObject({
      actual: { value: '90', through: '2024-09-30', reports: [1], verified: false },
      final: false,
      achieved: 'no',
    });
    expect(judge({}, reported(1, '2024', '101'), verified(1), reported(2, '2024-11', '102'))).toMatchObject({
      actual: { value: '101', verified: true },
      final: true,
    });
  });
  it('is the correction once there is one, and the old figure on the days before', () => {
    const both = record(reported(1, '2024', '120', { on: '2025-01-10' }), reported(2, '2024', '90', { corrects: 1, on: '2025-01-20' }));
    const on = (day: string) => evaluate(terms({}), unit, both, 2024, day).actual?.value;
    expect([on('2025-01-09'), on('2025-01-10'), on('2025-01-19'), on('2025-01-20')]).toEqual([undefined, '120', '120', '90']);
  });
  it('is verified from the day of the verification on', () => {
    const checked = record(
      reported(1, '2023', '1', { on: '2024-01-20' }),
      reported(2, '2024', '105', { on: '2025-01-10' }),
      ...[1, 2].map((no) => ({ ...verified(no), on: '2025-01-25' })),
    );
    const sum = { counts: 'cumulative', due: { year: 2024, since: 2023 } } as const;
    for (const shape of [{}, sum]) {
      const on = (day: string) => evaluate(terms(shape), unit, checked, 2024, day).actual?.verified;
      expect([on('2025-01-24'), on('2025-01-25')]).toEqual([false, true]);
    }
  });
  it('reaches no further than the day it is due', () => {
    const due = { due: { date: '2024-05-31' } };
    expect(judge(due, reported(1, '2024-04', '99'), reported(2, '2024-H1', '200'))).toMatchObject({
      actual: { value: '99' },
      final: false,
      plan: { dueOn: '2024-05-31' },
    });
    expect(judge(due, reported(1, '2024-05', '100'))).toMatchObject({ achieved: 'yes', final: true });
    expect(judge(due, reported(1, '2024-H1', '200'))).toMatchObject({ achieved: 'unknown', unknown: 'no-actual' });
  });
});

describe('a sum of years', () => {
  const sum = { counts: 'cumulative', due: { year: 2024, since: 2022 } } as const;
  const years = [reported(1, '2022', '30'), reported(2, '2023', '30'), reported(3, '2024', '40')] as const;
  it('adds them up', () => expect(judge(sum, ...years)).toMatchObject({ achieved: 'yes', actual: { value: '100', reports: [1, 2, 3] } }));
  it('is unknown while a year is missing, even where the rest would do', () =>
    expect(judge(sum, reported(1, '2022', '99'), reported(2, '2024', '99'))).toMatchObject({
      achieved: 'unknown',
      unknown: 'years-missing',
      missingYears: [2023],
    }));
  it('counts earlier years whole, the last as far as it goes', () => {
    expect(judge(sum, reported(1, '2022', '30'), reported(2, '2023-Q3', '30'), reported(3, '2024', '40'))).toMatchObject({
      missingYears: [2023],
    });
    expect(judge(sum, years[0], years[1], reported(3, '2024-H1', '40'))).toMatchObject({ achieved: 'yes', final: false });
  });
  it('shows how far along it is in the years before', () =>
    expect(evaluate(terms(sum), unit, record(...years), 2023, ON)).toMatchObject({
      due: false,
      actual: { value: '60' },
      gap: '40',
      plan: { year: 2024 },
    }));
  it('is what was reported where the text does not say from when', () =>
    expect(judge({ counts: 'cumulative' }, reported(1, '2024', '100'))).toMatchObject({ achieved: 'yes' }));
  it('says nothing of years before it begins', () =>
    expect(evaluate(terms(sum), unit, record(reported(1, '2021', '5')), 2021, ON)).toMatchObject({ achieved: 'unknown' }));
});

describe('an average of years', () => {
  const average = { counts: 'yearly-average', due: { year: 2024, since: 2022 } } as const;
  const of = (...values: readonly string[]) => values.map((value, index) => reported(index + 1, `${2022 + index}`, value));
  it('is judged before it is rounded', () => {
    expect(judge({ ...average, value: '33.333333' }, ...of('33', '33', '34'))).toMatchObject({
      achieved: 'yes',
      actual: { value: '33.333333' },
    });
    expect(judge({ ...average, value: '33.333334' }, ...of('33', '33', '34'))).toMatchObject({ achieved: 'no' });
    expect(judge({ ...average, comparison: 'more-than', value: '100' }, ...of('99', '100', '101'))).toMatchObject({ achieved: 'no' });
  });
  it('has no place for a part of a year', () =>
    expect(judge(average, ...of('100', '100'), reported(3, '2024-H1', '100'))).toMatchObject({
      unknown: 'years-missing',
      missingYears: [2024],
    }));
});

describe('a target of a base', () => {
  const base = { baseline: '2020年' } as const;
  it('is unknown without it', () =>
    expect(judge(base, reported(1, '2024', '2300'))).toMatchObject({ achieved: 'unknown', unknown: 'no-baseline' }));
  it.each([
    ['家', '350', '2200', '1850', 'yes', '350'],
    ['家', '350', '2199', '1850', 'no', '349'],
    ['百分点', '0', '2.5', '2.6', 'no', '-0.1'],
    ['倍', '2', '20', '10', 'yes', '2'],
    ['倍', '2', '2', '3', 'no', '0.666666'],
    ['%', '20', '120', '100', 'yes', '20'],
    ['%', '20', '119.999', '100', 'no', '19.999'],
  ])('in %s: %s by %s over %s is %s', (measure, value, actual, over, achieved, shown) =>
    expect(judge({ ...base, unit: measure, value }, reported(1, '2024', actual), based(1, over))).toMatchObject({
      achieved,
      actual: { value: shown, figure: actual, base: over },
    }),
  );
  it('takes the base of the year before the base of every year, and the corrected one', () =>
    expect(
      judge(
        { ...base, value: '5' },
        reported(1, '2024', '15'),
        based(1, '1'),
        based(2, '12', { year: 2024 }),
        based(3, '10', { year: 2024, corrects: 2 }),
      ),
    ).toMatchObject({ achieved: 'yes', actual: { base: '10' } }));
  it('is no multiple of nothing', () =>
    expect(judge({ ...base, unit: '倍' }, reported(1, '2024', '15'), based(1, '0'))).toMatchObject({ unknown: 'base-not-positive' }));
});

describe('a plan', () => {
  it('of a unit is its own where the text gives none, from the day it was set', () => {
    const shares = record(reported(1, '2023', '45', { on: '2024-01-10' }), planned(1, 2023, '40', { on: '2024-02-01' }));
    const on = (day: string) => evaluate(terms({}), unit, shares, 2023, day);
    expect(on('2024-01-31')).toMatchObject({ achieved: 'no', due: false, plan: { value: '100', year: 2024, from: 'pack' } });
    expect(on('2024-02-01')).toMatchObject({ achieved: 'yes', due: true, plan: { value: '40', from: 'unit', document: '分解表' } });
    expect(evaluate(terms({}), '开发区', record(reported(1, '2024', '1')), 2024, ON)).toMatchObject({
      achieved: 'unknown',
      unknown: 'no-plan',
    });
  });
  it('lapses with its year', () =>
    expect(evaluate(terms({}), unit, record(reported(1, '2025', '200')), 2025, '2026-02-01')).toMatchObject({ unknown: 'no-plan' }));
  it('asks every year of its span, and no other', () => {
    const each = terms({ due: { eachYear: true, from: 2022, to: 2023 } });
    expect([2021, 2022, 2023, 2024].map((year) => statedFor(each, unit, year)?.value)).toEqual([undefined, '100', '100', undefined]);
    expect(yearsOf(terms({ due: { eachYear: true } }))).toEqual({ first: 2022, last: 2024 });
    expect([2020, 2023, 2030].map((year) => usualYear(each, `${year}-06-01`))).toEqual([2022, 2023, 2023]);
    expect(usualYear(termsOf('jiangmen-2021', 'J12'), '2025-06-01')).toBe(2023);
  });
});

describe('the tables of the texts', () => {
  it('give a row its figure of the year; a blank cell is unknown', () => {
    const table = termsOf('ganzhou-2023', 'Z32');
    expect(statedFor(table, '高等学校', 2024)).toMatchObject({ value: '8.07', comparison: 'at-least', dueOn: '2024-12-31' });
    expect(statedFor(table, '特级、一级建筑企业', 2024)).toBeUndefined();
    expect(statedFor(table, '高等学校', 2026)).toBeUndefined();
    expect(evaluate(table, '特级、一级建筑企业', NO_RECORD, 2024, ON)).toMatchObject({ achieved: 'unknown' });
  });
  it('ask every year in force what a column without a year asks', () => {
    const table = termsOf('haimen-2022', 'H34');
    expect([2021, 2022, 2024, 2025].map((year) => statedFor(table, '海永镇', year)?.value)).toEqual([undefined, '2', '2', undefined]);
  });
  it('have no two rows of one name, in any bundled pack', () => {
    for (const id of ['ganzhou-2023', 'haimen-2022', 'ganzhou-etdz-2023', 'baiyun-2022', 'jiangmen-2021']) {
      for (const clause of packOf(id).clauses.filter(isTarget)) {
        const { shape } = targetClause(clause, packOf(id)).clause;
        if (shape.kind === 'target-table') expect(new Set(shape.rows.map(({ title }) => title)).size).toBe(shape.rows.length);
      }
    }
  });
});

it.each([
  ['2024', '2024-12-31'],
  ['2024-H1', '2024-06-30'],
  ['2024-Q1', '2024-03-31'],
  ['2024-Q4', '2024-12-31'],
  ['2024-02', '2024-02-29'],
  ['2023-02', '2023-02-28'],
])('%s ends on %s', (period, end) => expect(endOfPeriod(period)).toBe(end));

describe('a ranking', () => {
  const table = termsOf('ganzhou-2023', 'Z29');
  const standing = (name: string, value?: string) => ({
    unit: name,
    evaluation: evaluate(table, name, value === undefined ? NO_RECORD : record(reported(1, '2024', value)), 2024, ON),
  });
  it('goes by the share of the plan; ties share a rank; the total and what is unknown have none', () => {
    const units = [
      standing('信丰县'),
      standing('南康区', '2.19'),
      standing('全市', '2.4'),
      standing('大余县', '2.02'),
      standing('定南县', '1.2'),
    ];
    expect(ranked(units).map(({ unit: name, rank }) => [name, rank])).toEqual([
      ['南康区', 1],
      ['大余县', 1],
      ['定南县', 3],
      ['信丰县', undefined],
      ['全市', undefined],
    ]);
    expect(tally(units.map(({ evaluation }) => evaluation))).toEqual({ yes: 3, no: 1, unknown: 1 });
  });
  it('puts the lower first where less is better', () => {
    const least = terms({ comparison: 'at-most' });
    const of = (name: string, value: string) => ({
      unit: name,
      evaluation: evaluate(least, unit, record(reported(1, '2024', value)), 2024, ON),
    });
    expect(ranked([of('甲', '90'), of('乙', '80')]).map(({ unit: name }) => name)).toEqual(['乙', '甲']);
  });
});
