import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { capitalAmount } from './capital-amount.js';
import { Money } from './money.js';

const LARGEST_FEN = 999_999_999_999_999;

/** Nought alone is written with 零 before its unit; it has an example of its own. */
const amountInFen = fc.integer({ min: -LARGEST_FEN, max: LARGEST_FEN }).filter((fen) => fen !== 0);

describe('an amount in capital figures', () => {
  it.each([
    ['0.00', '零元整'],
    ['1.00', '壹元整'],
    ['10.00', '壹拾元整'],
    ['0.05', '伍分'],
    ['0.50', '伍角整'],
    ['325.04', '叁佰贰拾伍元零肆分'],
    ['1409.50', '壹仟肆佰零玖元伍角整'],
    ['6007.14', '陆仟零柒元壹角肆分'],
    ['16409.02', '壹万陆仟肆佰零玖元零贰分'],
    ['100000.00', '壹拾万元整'],
    ['107000.53', '壹拾万柒仟元伍角叁分'],
    ['1000001.00', '壹佰万零壹元整'],
    ['20000000.00', '贰仟万元整'],
    ['100000000.00', '壹亿元整'],
    ['100010000.00', '壹亿零壹万元整'],
    ['1005000000.01', '壹拾亿零伍佰万元零壹分'],
    ['9999999999999.99', '玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分'],
    ['1000000000000.00', '壹万亿元整'],
    ['-40000.00', '负肆万元整'],
  ])('%s is %s', (figures, capitals) => {
    expect(capitalAmount(Money.parseSigned(figures))).toBe(capitals);
  });

  it('loses nothing: read back, it is the same amount', () => {
    fc.assert(
      fc.property(amountInFen, (fen) => {
        const text = capitalAmount(Money.fromFen(fen));
        expect(readBack(text)).toBe(fen);
        expect(text).not.toMatch(/零零|零[元万亿角仟佰拾]|[拾佰仟万亿]{2}[拾佰仟]/);
      }),
      { examples: [[100], [LARGEST_FEN], [-1]], numRuns: 500 },
    );
    expect(readBack('零元整')).toBe(0);
  });
});

/** Reads capital figures digit by digit, by the value of the units alone. */
function readBack(text: string): number {
  const units: Readonly<Record<string, number>> = { 拾: 10, 佰: 100, 仟: 1000 };
  let [total, section, figure, fen] = [0, 0, 0, 0];
  for (const character of text.replace(/^负|整$/g, '')) {
    const value = '零壹贰叁肆伍陆柒捌玖'.indexOf(character);
    if (value >= 0) figure = value;
    else if (character in units) [section, figure] = [section + figure * (units[character] as number), 0];
    else if (character === '万') [section, figure] = [(section + figure) * 10_000, 0];
    else if (character === '亿') [total, section, figure] = [(total + section + figure) * 100_000_000, 0, 0];
    else if (character === '元') [fen, total, section, figure] = [(total + section + figure) * 100, 0, 0, 0];
    else if (character === '角') [fen, figure] = [fen + figure * 10, 0];
    else if (character === '分') [fen, figure] = [fen + figure, 0];
    else throw new Error(`no figure: ${character}`);
  }
  return text.startsWith('负') ? -fen : fen;
}
