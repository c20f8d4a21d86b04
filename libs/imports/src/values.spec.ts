import { describe, expect, it } from '@jest/globals';
import type { Cell } from './sheet/sheet.js';
import { CellFault, creditCodeOf, day, decimal, money, percent, type Take, text, word, yearOrDay, yesOrNo } from './values.js';

const CODE = '91360700MA35QWERT1';
const said = (value: string): Cell => ({ kind: 'text', text: value });

function taken(take: Take<unknown>, cell: Cell | string): unknown {
  try {
    return take(typeof cell === 'string' ? said(cell) : cell);
  } catch (error) {
    if (error instanceof CellFault) return `! ${error.code}`;
    throw error;
  }
}

describe('cells', () => {
  it.each<[string, Take<unknown>, readonly (readonly [Cell | string, unknown])[]]>([
    [
      'credit code',
      creditCodeOf,
      [
        [` ${CODE.toLowerCase()}　`, CODE],
        ['９１360700MA35QWERT1', CODE],
        ['123', '! credit-code'],
        ['x'.repeat(3_000), '! credit-code'],
        [{ kind: 'imprecise', text: '9.1E17' }, '! imprecise'],
      ],
    ],
    [
      'text',
      text(5),
      [
        [' 甲 公司 ', '甲 公司'],
        [{ kind: 'number', text: '12' }, '12'],
        ['六个字的内容', '! too-long'],
        ['甲\u202e乙', '! text'],
        ['--', '! text'],
        [{ kind: 'formula', text: '3' }, '! formula'],
        [{ kind: 'error', text: '#N/A' }, '! cell-error'],
        [{ kind: 'too-long', text: 'x' }, '! too-long'],
      ],
    ],
    [
      'day',
      day,
      [
        ...['2024-05-06', '2024/5/6', '2024.05.6', '2024年5月6日', '45418', '2024-05-06 00:00:00'].map(
          (one) => [one, '2024-05-06'] as const,
        ),
        [{ kind: 'date', text: '2024-05-06' }, '2024-05-06'],
        [{ kind: 'number', text: '45418' }, '2024-05-06'],
        ['2023-02-29', '! date'],
        ['2024', '! date'],
        ['5/6/2024', '! date'],
        ['2024-05-06 13:00', '! date'],
      ],
    ],
    [
      'year or day',
      yearOrDay,
      [
        ['2023', '2023'],
        ['2023年度', '2023'],
        [{ kind: 'number', text: '2023' }, '2023'],
        ['2023-01-02', '2023-01-02'],
        ['去年', '! period'],
      ],
    ],
    [
      'money',
      money,
      [
        ...['1,234,567.8', '￥1,234,567.80元', '１２３４５６７.８', '1234567.8000', '1，234，567.8'].map(
          (one) => [one, '1234567.80'] as const,
        ),
        [{ kind: 'number', text: '0' }, '0.00'],
        ['500万元', '! money-unit'],
        ['5万', '! money-unit'],
        ['1亿元', '! money-unit'],
        ['12,34', '! money'],
        ['1.234', '! money'],
        ['-1', '! money'],
        ['1e5', '! money'],
        ['12345678901234', '! money'],
      ],
    ],
    [
      'percent',
      percent,
      [
        ['3.00', '3.00'],
        ['3.5%', '3.5'],
        ['3.5 ％', '3.5'],
        [{ kind: 'percent', text: '3.5' }, '3.5'],
        ['-1', '! percent'],
        ['百分之三', '! percent'],
      ],
    ],
    [
      'decimal',
      decimal,
      [
        ['-1,234.5', '-1234.5'],
        ['2.6', '2.6'],
        ['3万', '! unit'],
        ['x', '! decimal'],
      ],
    ],
    [
      'yes or no',
      yesOrNo,
      [
        ['是', true],
        ['FALSE', false],
        [{ kind: 'bool', text: 'true' }, true],
        ['1', '! bool'],
      ],
    ],
    [
      'word',
      word({ first: '首次认定', renewal: '重新认定' }),
      [
        ['first', 'first'],
        ['重新认定', 'renewal'],
        ['toString', '! word'],
      ],
    ],
  ])('become values: %s', (_, take, cases) => {
    for (const [cell, value] of cases) expect([cell, taken(take, cell)]).toEqual([cell, value]);
  });
});
