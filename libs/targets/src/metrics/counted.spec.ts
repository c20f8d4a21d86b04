import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EnterpriseEvent } from '@app/enterprises';
import { type Counted, countChanges, countedAfter, type Counter, countersOn, newlyCounted } from './counted.js';

type Happened = Parameters<typeof countedAfter>[1];

const day = fc
  .date({ min: new Date('2022-12-25'), max: new Date('2024-03-10'), noInvalidDate: true })
  .map((on) => on.toISOString().slice(0, 10));
const happened = (type: EnterpriseEvent['type'], data: unknown) => ({ type, data }) as Happened;
const period = fc.constantFrom(undefined, '2022', '2023', '2023-01', '2023-11', '2024', '2024-Q1');
const factId = fc.integer({ min: 1, max: 12 }).map((no) => `F${no}`);
const event: fc.Arbitrary<readonly [Happened, string]> = fc.tuple(
  fc.oneof(
    fc
      .record({
        number: fc.constantFrom('GR1', 'GR2', 'GR3'),
        kind: fc.constantFrom('hnte', 'hnte', 'tech-sme'),
        issuedOn: day,
        expiresOn: day,
      })
      .map((data) => happened('certificate-recorded', data)),
    fc.record({ number: fc.constantFrom('GR1', 'GR2', 'GR3'), on: day }).map((data) => happened('certificate-revoked', data)),
    fc
      .record({
        factId,
        name: fc.constantFrom('enterprise.aboveScale', 'enterprise.techSmeRegistered', 'rd.expenditure'),
        value: fc.boolean(),
        period,
        corrects: fc.option(factId, { nil: undefined, freq: 3 }),
      })
      .map((data) => happened('fact-recorded', data)),
    factId.map((id) => happened('fact-disputed', { factId: id, reason: 'r' })),
    factId.map((id) => happened('fact-verified', { factId: id })),
    fc.record({ no: fc.integer({ min: 1, max: 4 }), on: day }).map((data) => happened('relocation-recorded', data)),
    fc.record({ no: fc.integer({ min: 1, max: 4 }), on: day }).map((data) => happened('departure-recorded', data)),
    fc.constant(happened('enterprise-merged', {})),
    fc.constant(happened('enterprise-renamed', { name: 'n' })),
  ),
  day,
);
const after = (events: readonly (readonly [Happened, string])[]): Counted =>
  events.reduce((counted, [what, on]) => countedAfter(counted, what, on, (number) => number), newlyCounted('R'));

describe('what an enterprise counts for', () => {
  it('is on every day the sum of the changes until then', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), fc.array(day, { minLength: 20, maxLength: 20 }), (events, days) => {
        const counted = after(events);
        const changes = countChanges(counted);
        for (const on of [...days, ...changes.map((change) => change.day)]) {
          const sums = new Map<string, number>();
          for (const { counter, year, day: from, change } of changes)
            if (from <= on) sums.set(`${counter} ${year}`, (sums.get(`${counter} ${year}`) ?? 0) + change);
          const expected = [...countersOn(counted, on)].map(([counter, year]) => [`${counter} ${year}`, 1]);
          expect(Object.fromEntries([...sums].filter(([, sum]) => sum !== 0))).toEqual(Object.fromEntries(expected));
        }
      }),
      { numRuns: 300 },
    );
  });

  const certificate = (issuedOn: string, expiresOn: string) =>
    [happened('certificate-recorded', { number: 'GR1', kind: 'hnte', issuedOn, expiresOn }), issuedOn] as const;
  const fact = (data: object) =>
    [happened('fact-recorded', { factId: 'F1', name: 'enterprise.aboveScale', value: true, ...data }), '2023-05-05'] as const;
  const counters = (events: readonly (readonly [Happened, string])[], on: string): readonly Counter[] => [
    ...countersOn(after(events), on).keys(),
  ];

  it.each([
    [
      'a certificate counts on its last day',
      [certificate('2021-01-01', '2023-12-31')],
      '2023-12-31',
      ['certificates-in-force', 'certificates-in-force-above-scale?'],
    ],
    ['and no longer on the next', [certificate('2021-01-01', '2023-12-31')], '2024-01-01', []],
    [
      'nor on the day it is revoked',
      [
        certificate('2021-01-01', '2023-12-31'),
        [happened('certificate-revoked', { number: 'GR1', on: '2022-07-01' }), '2022-07-05'] as const,
      ],
      '2022-07-01',
      [],
    ],
    [
      'a fact of a year counts from its first day',
      [certificate('2021-01-01', '2023-12-31'), fact({ period: '2023' })],
      '2023-01-01',
      ['certificates-in-force', 'certificates-in-force-above-scale'],
    ],
    [
      'one in dispute is open',
      [
        certificate('2021-01-01', '2023-12-31'),
        fact({ period: '2023' }),
        [happened('fact-disputed', { factId: 'F1' }), '2023-06-01'] as const,
      ],
      '2023-06-01',
      ['certificates-in-force', 'certificates-in-force-above-scale?'],
    ],
    [
      'a fact of a project is none of the enterprise',
      [certificate('2021-01-01', '2023-12-31'), fact({ subject: 'P1' })],
      '2023-06-01',
      ['certificates-in-force', 'certificates-in-force-above-scale?'],
    ],
    [
      'who has departed counts no more',
      [certificate('2021-01-01', '2023-12-31'), [happened('departure-recorded', { no: 1, on: '2023-02-01' }), '2023-02-01'] as const],
      '2023-02-01',
      [],
    ],
  ])('%s', (_what, events, on, expected) => expect(counters(events, on)).toEqual(expected));
});
