import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Money } from '@app/kernel';
import { cellOf, leavesOf, textOf } from './flatten.js';
import { Columns, namedIn, packOf, publicPart } from './table.js';
import { isSame, type Json, type JsonObject } from './value.js';

const name = fc.constantFrom('pack', 'clause', 'amount', 'plan', 'x');
const { part } = fc.letrec<{ part: Json }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<Json>('公司', '', 1, true, null),
    fc.array(fc.string(), { maxLength: 2 }) as fc.Arbitrary<Json>,
    fc.dictionary(name, tie('part'), { maxKeys: 3 }) as fc.Arbitrary<Json>,
  ),
}));
const items = fc.dictionary(name, part, { maxKeys: 4 }) as fc.Arbitrary<JsonObject>;

/** Puts the single values of an item together again. */
function together(leaves: Iterable<readonly [string, Json]>): JsonObject {
  const item: Record<string, Json> = {};
  for (const [path, value] of leaves) {
    const names = path.split('.');
    let at = item;
    for (const one of names.slice(0, -1)) at = (at[one] ??= {}) as Record<string, Json>;
    at[names.at(-1) as string] = value;
  }
  return item;
}

describe('an item as a row', () => {
  it('loses nothing: its single values make the same item again', () => {
    fc.assert(fc.property(items, (item) => expect(isSame(together(leavesOf(item)), item)).toBe(true)));
  });

  it('has a place for every value of every item, and for what comes later', () => {
    fc.assert(
      fc.property(fc.array(items, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 5 }), (list, seen) => {
        const columns = Columns.of(list.slice(0, seen), {}, { isPublic: false, mayFollow: true });
        for (const item of list) {
          const cells = columns.cells(item);
          expect(cells).toHaveLength(columns.headings.length);
          const shown = cells.map((cell) => cell?.toString() ?? '').join('\n');
          for (const [path, value] of leavesOf(item)) expect(shown).toContain(cellOf(path, value)?.toString() ?? '');
        }
      }),
    );
  });

  it('writes amounts exactly, words by their terms, instants in Beijing time, lists joined', () => {
    expect(cellOf('amount', '9999999999999.99')).toEqual(Money.parse('9999999999999.99'));
    expect(cellOf('balance', '-5.00')).toEqual(Money.parseSigned('-5.00'));
    expect(cellOf('plan.value', '3.00')).toBe('3.00');
    expect(cellOf('disclosure', 'on-request')).toBe('依申请公开');
    expect(cellOf('held', false)).toBe('否');
    expect(cellOf('recordedAt', '2024-04-08T16:00:41.000Z')).toBe('2024-04-09 00:00:41');
    expect(textOf('clocks', { movedAt: '2024-12-31T16:30:00.000Z' })).toBe('最近推进时间：2025-01-01 00:30:00');
    expect([textOf('remark', '2024-04-08'), textOf('remark', '2024-99-08T16:00:41.000Z')]).toEqual([
      '2024-04-08',
      '2024-99-08T16:00:41.000Z',
    ]);
    expect(textOf('services', ['申报辅导', '审计'])).toBe('申报辅导、审计');
    expect(textOf('missing', [{ name: '甲', year: 2024 }, { name: '乙' }])).toBe('名称：甲，年度：2024；名称：乙');
  });
});

describe('a name that means something else in a part', () => {
  it('is headed by what it means there', () => {
    const columns = (item: JsonObject) => Columns.of([item], {}, { isPublic: false, mayFollow: false });
    expect(columns({ line: 'fund', citation: { line: 174 }, until: '2024-01-01', notice: { until: '2024-04-12' } }).headings).toEqual([
      '科目',
      '引文·行号',
      '至（不含）',
      '公示·至',
    ]);
    const told = (event: string, data: JsonObject) => {
      const item = { event, data };
      return columns(item).cells(item)[1];
    };
    expect(told('award-publicised.v1', { until: '2024-04-12' })).toBe('至：2024-04-12');
    expect(told('award-held.v1', { until: '2024-04-12' })).toBe('至（不含）：2024-04-12');
    expect(told('instalment-paid.v1', { line: 2 })).toBe('行号：2');
    expect(told('batch-results-recorded.v1', { results: [{ line: 2 }] })).toMatch(/行号：2$/);
    expect(told('award-assessed.v1', { assessment: { trace: [{ line: 24 }] } })).toMatch(/行号：24$/);
    expect(told('budget-reserved.v1', { line: 'fund' })).toBe('科目：fund');
  });
});

describe('what the public may read', () => {
  it('has no account, no person and no remark of the office', () => {
    const item = {
      award: 'p.T1.X.once',
      amount: '1.00',
      account: '6222',
      remark: '核查中',
      decision: { by: 'li', to: 'first' },
      policy: { by: 'x', pack: 'p' },
      parts: [{ by: 'x', amount: '1.00', of: [[{ account: '1', name: '甲' }]] }, 'y'],
    };
    const parts = [{ amount: '1.00', of: [[{ name: '甲' }]] }, 'y'];
    expect(publicPart(item, {})).toEqual({ award: 'p.T1.X.once', amount: '1.00', policy: { pack: 'p' }, parts });
    expect(Columns.of([item], {}, { isPublic: true, mayFollow: false }).headings).toEqual([
      '奖补编号',
      '金额（元）',
      '政策·政策包',
      '部分',
    ]);
  });

  it('is told by the policy an item belongs to', () => {
    const ladders = (ladder: string) => (ladder === 'pool' ? 'baiyun-2022' : undefined);
    const of = (item: JsonObject, path = 'awards', query = '') => packOf(item, namedIn(path, new URLSearchParams(query)), ladders);
    expect(of({ pack: 'a' }, 'awards', 'pack=b')).toBe('a');
    expect(of({ policy: { pack: 'a' } })).toBe('a');
    expect(of({ group: { pack: 'a' } })).toBe('a');
    expect(of({ award: 'tour-2020.T1.91360700MA0000000P.2024' })).toBe('tour-2020');
    expect(of({ creditCode: 'X' }, 'rosters/ganzhou-2023/Z01')).toBe('ganzhou-2023');
    expect(of({ creditCode: 'X' }, 'entitlements', 'pack=b')).toBe('b');
    expect(of({ creditCode: 'X' }, 'ladders/pool/enterprises')).toBe('baiyun-2022');
    expect(of({ creditCode: 'X' }, 'enterprises')).toBeUndefined();
  });
});

describe('a part that has a name for people', () => {
  it('is not told by its code as well', () => {
    expect(textOf('missing', [{ id: 'rd.expenditure', label: '研发费用' }])).toBe('研发费用');
    expect(textOf('tiers', [{ id: 'first', title: '第一梯队', gates: ['certified'], standing: 2 }])).toBe('名称：第一梯队，在库企业数：2');
    const question = {
      id: 'doubled',
      question: '以哪一年为基期？',
      options: [{ id: 'year-2022', text: '2022年' }],
      simulatedAs: 'year-2022',
    };
    expect(textOf('openQuestions', question, { fields: { simulatedAs: { heading: '暂按' } } })).toMatch(/暂按：2022年$/);
  });
});
