import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ReportActual, ReportBaseline, SetPlan, TargetCommand } from './decide.js';
import { targetDecider } from './decide.js';
import { based, given, paper, planned, policy, reported, terms, termsOf, unit, verified } from './target.fixture.js';
import { endOfPeriod, evolve, initialState, recordOf, stands, targetStream, type TargetState, unitOf } from './target.js';

const report: ReportActual = { type: 'report-actual', period: '2024', value: '105.50', sourceUnit: '统计局', asOf: '2025-01-15' };

describe('reporting an actual', () => {
  it('records it in one spelling, with its document', () =>
    given()
      .when({ ...report, evidence: paper })
      .then({ ...reported(1, '2024', '105.5'), evidence: paper }));
  it('is quiet on a repeat, however the value is spelt', () =>
    given(reported(1, '2024', '105.5'))
      .when(report)
      .thenNothing());
  it('is refused while another figure stands for the period', () =>
    given(reported(1, '2024', '99'))
      .when(report)
      .thenRefused('report-exists', { no: 1 }));
  it('is no repeat of a figure that has been put right since', () =>
    given(reported(1, '2024', '105.5'), reported(2, '2024', '90', { corrects: 1 }))
      .when(report)
      .thenRefused('report-exists', { no: 2 }));
  it('stands beside the figures of other periods of the year', () =>
    given(reported(1, '2024-Q3', '80'))
      .when(report)
      .then(reported(2, '2024', '105.5')));
  it.each([
    ['2023', '2023-12'],
    ['2023', '2023-Q4'],
    ['2023', '2023-H2'],
    ['2024-06', '2024-H1'],
  ])('has one place for %s and %s, which end on the same day', (standing, period) => {
    const asked = { ...report, period, value: '9.99' };
    given(reported(1, standing, '2.1'), verified(1))
      .when(asked)
      .thenRefused('report-exists', { no: 1 });
    given(reported(1, standing, '2.1'), verified(1))
      .when({ ...asked, corrects: 1 })
      .then(reported(2, period, '9.99', { corrects: 1 }));
  });
  it('may be negative: a rate can fall', () =>
    given()
      .when({ ...report, value: '-0.5' })
      .then(reported(1, '2024', '-0.5')));

  it('puts a figure right by pointing at it', () =>
    given(reported(1, '2024', '99'))
      .when({ ...report, corrects: 1 })
      .then(reported(2, '2024', '105.5', { corrects: 1 })));
  it('is quiet when a correction comes again', () =>
    given(reported(1, '2024', '99'), reported(2, '2024', '105.5', { corrects: 1 }))
      .when({ ...report, corrects: 1 })
      .thenNothing());
  it('is put right today: an earlier day would rewrite what was answered since', () => {
    const late = given(reported(1, '2024', '99'));
    late.when({ ...report, corrects: 1 }, { effectiveOn: '2025-01-31' }).thenRefused('invalid-input', { field: 'effectiveOn' });
    late.when({ ...report, period: '2023' }, { effectiveOn: '2025-01-31' }).then(reported(2, '2023', '105.5'));
  });
  it('refuses to put right what has been', () =>
    given(reported(1, '2024', '99'), reported(2, '2024', '100', { corrects: 1 }))
      .when({ ...report, corrects: 1 })
      .thenRefused('report-corrected', { correctedBy: 2 }));
  it('refuses a correction of another period', () =>
    given(reported(1, '2024-Q3', '99'))
      .when({ ...report, corrects: 1 })
      .thenRefused('correction-of-another-period'));
  it('refuses a correction of nothing', () =>
    given()
      .when({ ...report, corrects: 4 })
      .thenRefused('report-not-found'));

  it('takes a period on its last day', () =>
    given()
      .when({ ...report, asOf: '2024-12-31' }, { effectiveOn: '2024-12-31' })
      .then(reported(1, '2024', '105.5', { asOf: '2024-12-31' })));
  it.each([
    ['a period that has not ended', { period: '2025' }, 'period'],
    ['the day before a period ends', { period: '2025-02' }, 'period'],
    ['a period of no calendar', { period: '2024-Q5' }, 'period'],
    ['a month of no calendar', { period: '2024-13' }, 'period'],
    ['a statement of tomorrow', { asOf: '2025-02-02' }, 'asOf'],
    ['a statement before the period ended', { asOf: '2024-12-30' }, 'asOf'],
    ['seven decimals', { value: '1.0000001' }, 'value'],
    ['fourteen digits', { value: '12345678901234' }, 'value'],
  ])('refuses %s', (_, change, field) =>
    given()
      .when({ ...report, ...change })
      .thenRefused('invalid-input', { field }),
  );
});

describe('verifying an actual', () => {
  const verify: TargetCommand = { type: 'verify-actual', report: 1, evidence: paper };
  const other = { actorId: 'other' };
  it('is done by another person against a document', () =>
    given(reported(1, '2024', '99'))
      .when(verify, other)
      .then(verified(1)));
  it('is quiet on a repeat', () =>
    given(reported(1, '2024', '99'), verified(1))
      .when(verify, other)
      .thenNothing());
  it('is refused to who reported it', () =>
    given(reported(1, '2024', '99'))
      .when(verify)
      .thenRefused('separation-of-duties'));
  it('is refused without a document', () =>
    given(reported(1, '2024', '99'))
      .when({ ...verify, evidence: [] }, other)
      .thenRefused('evidence-required'));
  it('is refused for what has been put right', () =>
    given(reported(1, '2024', '99'), reported(2, '2024', '98', { corrects: 1 }))
      .when(verify, other)
      .thenRefused('report-corrected'));
  it('is refused for a report nobody made', () => given().when(verify, other).thenRefused('report-not-found'));
  it('takes effect today', () =>
    given(reported(1, '2024', '99'))
      .when(verify, { ...other, effectiveOn: '2025-01-31' })
      .thenRefused('invalid-input', { field: 'effectiveOn' }));
});

describe('setting a plan', () => {
  const plan: SetPlan = { type: 'set-plan', year: 2023, value: '40', document: '分解表' };
  it('gives the region a step on the way', () =>
    given()
      .when(plan)
      .then(planned(1, 2023, '40')));
  it('is quiet on a repeat', () =>
    given(planned(1, 2023, '40'))
      .when(plan)
      .thenNothing());
  it('never replaces what the text itself asks', () =>
    given()
      .when({ ...plan, year: 2024 })
      .thenRefused('plan-stated', { stated: '100' }));
  it('is refused for a year the target says nothing about', () =>
    given()
      .when({ ...plan, year: 2025 })
      .thenRefused('year-not-planned'));
  it('is changed by pointing at the plan before', () => {
    given(planned(1, 2023, '30'))
      .when(plan)
      .thenRefused('report-exists', { no: 1 });
    given(planned(1, 2023, '30'))
      .when({ ...plan, corrects: 1 })
      .then(planned(2, 2023, '40', { corrects: 1 }));
  });
  it('takes effect today', () => given().when(plan, { effectiveOn: '2025-01-31' }).thenRefused('invalid-input', { field: 'effectiveOn' }));

  it('fills a blank cell of a table, and no other', () => {
    const table = termsOf('ganzhou-2023', 'Z32');
    const set = (asked: string) => () =>
      targetDecider.decide({ command: { ...plan, year: 2024 }, terms: table, unit: unitOf(table, asked), policy }, initialState, {
        actorId: 'a',
        roles: [],
        effectiveOn: '2025-02-01',
        today: '2025-02-01',
      });
    expect(set('特级、一级建筑企业')()).toMatchObject([{ type: 'plan-set', data: { unit: '特级、一级建筑企业', value: '40' } }]);
    expect(set('高等学校')).toThrow(/itself asks 8.07/);
  });
});

describe('reporting a base', () => {
  const base: ReportBaseline = { type: 'report-baseline', value: '1850', sourceUnit: '统计局', asOf: '2025-01-15' };
  const net = terms({ baseline: '2020年' });
  it('records it for every year, or for one', () => {
    given().when(base, { terms: net }).then(based(1, '1850'));
    given(based(1, '1850'))
      .when({ ...base, year: 2024 }, { terms: net })
      .then(based(2, '1850', { year: 2024 }));
  });
  it('is quiet on a repeat', () => given(based(1, '1850')).when(base, { terms: net }).thenNothing());
  it('is put right today', () => {
    const corrected = { ...base, value: '1851', corrects: 1 };
    given(based(1, '1850'))
      .when(corrected, { terms: net, effectiveOn: '2025-01-31' })
      .thenRefused('invalid-input', { field: 'effectiveOn' });
    given(based(1, '1850'))
      .when(corrected, { terms: net })
      .then(based(2, '1851', { corrects: 1 }));
  });
  it('is refused where the target is of nothing', () => given().when(base).thenRefused('target-without-baseline'));
});

describe('the unit of a target', () => {
  it('is the region unless another is named', () => {
    expect(unitOf(terms({}))).toBe(unit);
    expect(unitOf(terms({}), ' 示范市 ')).toBe(unit);
    expect(unitOf(terms({}), '开发区')).toBe('开发区');
    expect(() => unitOf(terms({}), 'Кaйфа')).toThrow(/unit/);
  });
  it('is a row of the table, however it is spelt', () => {
    const table = termsOf('ganzhou-2023', 'Z29');
    expect(unitOf(table, '章贡区（含经开区）')).toBe('章贡区 (含经开区)');
    expect(() => unitOf(table, '章贡')).toThrow(/no row/);
    expect(() => unitOf(table)).toThrow(/name the unit/);
    expect(targetStream('ganzhou-2023', 'Z29', '章贡区 (含经开区)')).toBe('target-ganzhou-2023.Z29.章贡区含经开区');
  });
});

describe('a history of reports', () => {
  const command = fc.record({
    period: fc.constantFrom('2023', '2024-Q1', '2024-03', '2024-Q3', '2024-H2', '2024'),
    value: fc.integer({ min: 0, max: 9 }).map(String),
    corrects: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
  });

  it('never has two figures standing for one period, keeps every figure, and takes each command once', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 12 }), (commands) => {
        let state: TargetState = initialState;
        for (const each of commands) {
          const order = { command: { ...report, ...each } as TargetCommand, terms: terms({}), unit, policy };
          const decide = () =>
            targetDecider.decide(order, state, { actorId: 'a', roles: [], effectiveOn: '2025-02-01', today: '2025-02-01' });
          const before = recordOf(state).reports;
          let events: ReturnType<typeof decide>;
          try {
            events = decide();
          } catch {
            continue;
          }
          state = events.reduce((folded, event) => evolve(folded, event, { actorId: 'a', effectiveOn: '2025-02-01' }), state);
          expect(decide()).toEqual([]);
          expect(
            recordOf(state)
              .reports.map(({ value }) => value)
              .slice(0, before.length),
          ).toEqual(before.map(({ value }) => value));
        }
        const standing = recordOf(state).reports.filter((one) => stands(one, '2025-02-01'));
        expect(new Set(standing.map(({ period }) => endOfPeriod(period))).size).toBe(standing.length);
      }),
    );
  });
});
