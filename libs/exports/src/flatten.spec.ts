import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Money } from '@app/kernel';
import { bundledPacks } from '@app/policies';
import { cellOf, leavesOf, textOf } from './flatten.js';
import { namesOf } from './names.js';
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
function together(leaves: Iterable<readonly [path: string, value: Json, within: JsonObject]>): JsonObject {
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

describe('what policies name', () => {
  const names = namesOf(bundledPacks);
  it('is told by its name: facts and their words, tiers of the ladder that is spoken of, gates, titles, clearances', () => {
    const facts = { 'rd.expenditure': '5.00', 'certification.kind': 'first' };
    expect(textOf('facts', facts, { names })).toBe('研发投入：5.00，高企认定类别：首次认定');
    expect(textOf('used', [{ input: 'certification.kind', value: 'renewal' }], { names })).toBe('数据：高企认定类别，数值：重新认定');
    const stands = (ladder: string) => textOf('tier-assigned', { ladder, tier: 'tech-sme' }, { names });
    expect(stands('ganzhou-etdz-echelon')).toMatch(/，梯队：科技型中小企业（tech-sme）$/);
    expect(stands('haimen-cultivation')).toMatch(/，梯队：科技型中小企业库（tech-sme）$/);
    // Two ladders call it otherwise.
    expect(textOf('tier', 'tech-sme', { names })).toBe('tech-sme');
    // What it was and is now is said beside its name.
    const changed = [{ input: 'certification.kind', label: '高企认定类别', then: 'first', now: 'renewal' }];
    expect(textOf('changed', changed, { names })).toBe('高企认定类别（当时：首次认定，目前：重新认定）');
    expect(textOf('clearances', ['tax', 'unheard-of'], { names })).toBe('申报材料税务审核（tax）、unheard-of');
    expect(textOf('titles', { title: 'ip-benchmark' }, { names })).toBe('称号：区级知识产权示范企业标杆（ip-benchmark）');
  });

  it('stays as it is where its name stands beside it, or where it is no code at all', () => {
    expect(textOf('from', 'tech-sme', { names, ladder: 'haimen-cultivation' }, { fromTitle: '库' })).toBe('tech-sme');
    const unread = namesOf(() => {
      throw new Error('read without need');
    });
    expect(textOf('from', '2024-03-01', { names: unread })).toBe('2024-03-01');
  });
});

describe('a refusal', () => {
  it('is told in words, with what an officer wrote of it', () => {
    expect(textOf('bar', { code: 'award-held', detail: 'the award is held: 列入失信名单' })).toBe(
      '原因：奖补已暂缓拨付，详情：列入失信名单',
    );
    const detail = 'p.fund.2023 has 1.00 available (2.00 reserved, 3.00 spent); cannot reserve 5.00';
    expect(textOf('failedGrant', { code: 'budget-exhausted', detail })).toBe(
      '原因：可用指标不足，详情：p.fund.2023可用1.00元（已占用2.00元，已支出3.00元），不足5.00元',
    );
    // The remark of an award whose grant was refused.
    expect(textOf('remark', detail)).toBe('p.fund.2023可用1.00元（已占用2.00元，已支出3.00元），不足5.00元');
    // The code of a finding is none of a refusal.
    expect(textOf('code', 'award-held')).toBe('award-held');
  });
});
