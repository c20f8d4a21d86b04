import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PolicyState } from '@app/policies';
import { packOf, packWith, published } from './calendar.fixture.js';
import { instancesOf, PERIOD } from './instances.js';

const ALWAYS = { from: '1949-10-01', until: '2030-12-31' };
const openEnded = { from: null, until: null };
const at = (state: PolicyState, from = ALWAYS.from, until = ALWAYS.until, publishedOn: string | undefined = '2024-05-20') =>
  instancesOf(state, () => publishedOn, { from, until }).map(({ policy, period, due }) => `${policy.clause} ${period} ${due}`);

describe('the instances of a duty', () => {
  it('are one a year, half-year or quarter, or one altogether', () => {
    const pack = packWith(
      { from: '2024-01-01', until: '2025-01-01' },
      { by: '04-30' },
      { every: 'half-year' },
      { every: 'quarter' },
      { every: 'once', by: '2024-02-29' },
    );
    expect(at(published(pack))).toEqual([
      'D4 2024 2024-02-29',
      'D3 2024-Q1 2024-03-31',
      'D1 2024 2024-04-30',
      'D2 2024-H1 2024-06-30',
      'D3 2024-Q2 2024-06-30',
      'D3 2024-Q3 2024-09-30',
      'D2 2024-H2 2024-12-31',
      'D3 2024-Q4 2024-12-31',
    ]);
  });

  it('carry their period, its first day, the clause as published and its words', () => {
    const [first] = instancesOf(published(packOf('ganzhou-2023')), () => undefined, { from: '2024-01-01', until: '2024-03-31' });
    expect(first).toMatchObject({
      id: 'ganzhou-2023.Z24.2024-Q1',
      policy: { pack: 'ganzhou-2023', version: 1, clause: 'Z24', hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      begins: '2024-01-01',
      citation: { line: 83, quote: '每季度召开会议跟踪调度', file: packOf('ganzhou-2023').source.file },
    });
  });

  it('done once begin with the force of the policy that asks for them, however often it was amended', () => {
    const once = { every: 'once', by: '2024-12-31' } as const;
    const begins = (...packs: Parameters<typeof published>) =>
      instancesOf(published(...packs), () => '2024-05-20', ALWAYS).map(({ begins: first, due }) => [first, due]);
    const before = packWith({ from: '2022-03-15', until: null, note: '无' }, once);
    expect(begins(before)).toEqual([['2022-03-15', '2024-12-31']]);
    expect(begins(before, packWith({ from: '2024-09-01', until: null, note: '无' }, once))).toEqual([['2022-03-15', '2024-12-31']]);
    expect(begins(packWith({ ...openEnded, note: '无' }, once))).toEqual([['2024-01-01', '2024-12-31']]);
  });

  it('count both days of a span', () => {
    const state = published(packWith({ from: '2020-01-01', until: null, note: '无' }, { by: '04-30' }));
    expect(at(state, '2024-04-30', '2024-04-30')).toEqual(['D1 2024 2024-04-30']);
    expect(at(state, '2024-05-01', '2025-04-29')).toEqual([]);
  });

  it.each([
    ['the policy begins within it', '2024-02-15', '2024-05-01', ['D1 2024-Q1 2024-03-31']],
    ['the policy begins on the day itself', '2024-03-31', '2024-04-01', ['D1 2024-Q1 2024-03-31']],
    ['the policy began a day too late', '2024-04-01', '2024-06-30', []],
    ['the policy ends within it', '2024-01-01', '2024-03-31', []],
  ])('of a period are owed when the day lies in force: %s', (_, from, until, expected) => {
    expect(at(published(packWith({ from, until }, { every: 'quarter' })))).toEqual(expected);
  });

  it('begin with the year of publication where the text states no first day', () => {
    const state = published(packOf('baiyun-2022'));
    expect(at(state, '2020-01-01', '2025-04-30')).toEqual([
      'B04 2024 2024-04-30',
      'B05 2024 2024-05-25',
      'B09 2024 2024-12-31',
      'B04 2025 2025-04-30',
    ]);
    expect(instancesOf(state, () => undefined, ALWAYS)).toEqual([]);
  });

  it('end with the policy, and an amended one asks by its own dates', () => {
    const before = packWith({ from: '2022-01-01', until: null, note: '无' }, { by: '04-30' });
    const after = packWith({ from: '2024-09-01', until: null, note: '无' }, { by: '06-30' });
    expect(at(published(before, after), '2023-01-01', '2025-12-31')).toEqual([
      'D1 2023 2023-04-30',
      'D1 2024 2024-04-30',
      'D1 2025 2025-06-30',
    ]);
  });

  it('stop on the day a policy is repealed', () => {
    const state = published(packWith({ from: '2022-01-01', until: null, note: '无' }, { by: '04-30' }));
    if (state.status === 'unpublished') throw new Error('published');
    const repealed = (on: string): PolicyState => ({
      status: 'ended',
      versions: [{ ...state.versions[0], endedOn: on }],
      end: { kind: 'repealed', on, reason: '废止' },
    });
    expect(at(repealed('2024-04-30'), '2024-01-01', '2024-12-31')).toEqual([]);
    expect(at(repealed('2024-05-01'), '2024-01-01', '2024-12-31')).toEqual(['D1 2024 2024-04-30']);
  });

  it('do not come of a draft', () => {
    expect(at(published({ ...packWith(openEnded, { by: '04-30' }), status: 'draft' }))).toEqual([]);
    expect(at({ status: 'unpublished' })).toEqual([]);
  });

  it('are those of the texts', () => {
    const in2024 = (id: string, ...clauses: readonly string[]) =>
      at(published(packOf(id)), '2022-01-01', '2026-12-31').filter((line) => clauses.includes(line.split(' ')[0] as string));
    expect(in2024('haimen-2022', 'H22', 'H22-march')).toEqual([
      'H22-march 2023 2023-03-10',
      'H22 2023 2023-09-10',
      'H22-march 2024 2024-03-10',
      'H22 2024 2024-09-10',
    ]);
    expect(in2024('ganzhou-etdz-2023', 'G52')).toEqual(['G52 2023 2023-12-31', 'G52 2024 2024-12-31', 'G52 2025 2025-12-31']);
    expect(in2024('ganzhou-2023', 'Z24')).toHaveLength(12);
  });
});

it('of two spans that meet are those of the whole, each once and in the order of their days', () => {
  const state = published(
    packWith({ from: '2021-03-15', until: '2027-11-02' }, { every: 'quarter' }, { every: 'half-year' }, { by: '02-28' }, { by: 'end' }),
  );
  const day = fc
    .date({ min: new Date('2020-01-01'), max: new Date('2029-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10));
  fc.assert(
    fc.property(day, day, day, (...days) => {
      const [from, middle, until] = days.sort();
      const next = new Date(Date.parse(middle) + 86_400_000).toISOString().slice(0, 10);
      const whole = instancesOf(state, () => undefined, { from, until });
      const parts = [
        ...instancesOf(state, () => undefined, { from, until: middle }),
        ...instancesOf(state, () => undefined, { from: next, until }),
      ];
      expect(parts).toEqual(whole);
      expect(new Set(whole.map(({ id }) => id)).size).toBe(whole.length);
      for (const { due, begins = '', period } of whole) {
        expect(PERIOD.test(period) && begins <= due && from <= due && due <= until).toBe(true);
        expect('2021-03-15' <= due && due < '2027-11-02').toBe(true);
      }
    }),
  );
});
