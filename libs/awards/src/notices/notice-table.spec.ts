import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import readExcelFile from 'read-excel-file/node';
import type { NoticedAward } from './notices.query.js';
import { noticeTable } from './notice-table.js';

const award = (number: number, more: Partial<NoticedAward> = {}): NoticedAward => ({
  award: `open-2024.T1.9136070000000000${number}.once`,
  pack: 'open-2024',
  clause: 'T1',
  payee: `9136070000000000${number}X`,
  payeeName: `第${number}公司`,
  amount: '100000.05',
  startsOn: '2024-03-04',
  endsOn: '2024-03-08',
  place: '管委会网站',
  status: 'publicised',
  ...more,
});
const quoted = { title: '奖励办法', clauses: new Map([['T1', { title: '研发奖励', quote: '按百分之十奖励' }]]) };
const rows = async (...args: Parameters<typeof noticeTable>) => {
  const [sheet] = (await readExcelFile(await noticeTable(...args))) as unknown as { data: (string | number | null)[][] }[];
  return (sheet?.data ?? []).map((cells) =>
    cells
      .map((cell) => cell ?? '')
      .join('|')
      .replace(/\|+$/, ''),
  );
};

describe('the public-notice table', () => {
  it('names policy, period, place, each award and the sum, and where to object', async () => {
    expect(await rows([award(1), award(2)], { issuer: '科技局', quoted }, 'xlsx')).toEqual([
      '《奖励办法》奖补资金拟兑付情况公示',
      '公示期：2024年3月4日至2024年3月8日    公示地点：管委会网站',
      '序号|企业名称|统一社会信用代码|奖补项目|依据条款|拟奖补金额（元）',
      '1|第1公司|91360700000000001X|研发奖励|T1：“按百分之十奖励”|100000.05',
      '2|第2公司|91360700000000002X|研发奖励|T1：“按百分之十奖励”|100000.05',
      '合计|||||200000.1',
      '合计（大写）：贰拾万元壹角整',
      expect.stringMatching(/^异议受理：公示期内（至2024年3月8日止）.*科技局/),
      '科技局',
      '2024年3月4日',
    ]);
  });

  it('names the one day of a notice that has but one', async () => {
    const text = await rows([award(1, { endsOn: '2024-03-04', place: null })], { issuer: '科技局', quoted }, 'xlsx');
    expect(text[1]).toBe('公示期：2024年3月4日');
  });

  it('says none of the words of a policy that must not be quoted', async () => {
    const text = (await rows([award(1)], { issuer: '科技局' }, 'xlsx')).join('\n');
    expect(text).toContain('\n1|第1公司|91360700000000001X|奖补资金|T1|100000.05\n');
    expect(text).not.toMatch(/奖励办法|研发奖励|百分之十/);
  });

  it('tells the last day of each where they differ, and leaves open what is not decided', async () => {
    const text = await rows(
      [award(1), award(2, { endsOn: '2024-03-12', amount: null, place: null })],
      { issuer: '科技局', quoted },
      'xlsx',
    );
    expect(text[1]).toBe('公示期：2024年3月4日至2024年3月12日    公示地点：管委会网站');
    expect(text.slice(3, 6).map((line) => line.split('|').slice(5))).toEqual([
      ['100000.05', '2024-03-08'],
      ['待定', '2024-03-12'],
      ['100000.05'],
    ]);
  });

  it('is the same list in CSV, exact and harmless', async () => {
    const csv = await noticeTable([award(1, { payeeName: '=1+1' })], { issuer: '科技局', quoted }, 'csv');
    expect(parse(csv, { bom: true }).slice(1)).toEqual([
      ['1', "'=1+1", '91360700000000001X', '研发奖励', 'T1：“按百分之十奖励”', '100000.05'],
      ['合计', '', '', '', '', '100000.05'],
    ]);
  });
});
