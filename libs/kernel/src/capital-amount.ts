import type { Money } from './money.js';

const DIGITS = '零壹贰叁肆伍陆柒捌玖';
/** Each unit stands for ten times the next, within a group of four digits. */
const WITHIN_GROUP = [
  [1000, '仟'],
  [100, '佰'],
  [10, '拾'],
  [1, ''],
] as const;

/**
 * An amount in capital figures (大写金额), as vouchers write it so that nobody can alter it: 16409.02 is
 * 壹万陆仟肆佰零玖元零贰分, 325.50 is 叁佰贰拾伍元伍角整. Exact to the fen; a negative amount begins with 负.
 */
export function capitalAmount(amount: Money): string {
  const fen = Math.abs(amount.toFen());
  const [yuan, jiao, rest] = [Math.floor(fen / 100), Math.floor(fen / 10) % 10, fen % 10];
  const sign = amount.isNegative ? '负' : '';
  const whole = yuan === 0 ? '' : `${capitals(yuan)}元`;
  if (jiao === 0 && rest === 0) return `${sign}${whole || '零元'}整`;
  if (rest === 0) return `${sign}${whole}${digit(jiao)}角整`;
  // Between yuan and fen the missing jiao is said, or somebody could write one in.
  const tenth = jiao === 0 ? (whole === '' ? '' : '零') : `${digit(jiao)}角`;
  return `${sign}${whole}${tenth}${digit(rest)}分`;
}

/** A whole number of at most 13 digits, not zero: groups of four, 万 and 亿 after them, one 零 for any run of zeros inside. */
function capitals(number: number): string {
  for (const [size, unit] of [
    [100_000_000, '亿'],
    [10_000, '万'],
  ] as const) {
    if (number >= size) return `${capitals(Math.floor(number / size))}${unit}${continued(number % size, size)}`;
  }
  return group(number);
}

function group(number: number): string {
  for (const [size, unit] of WITHIN_GROUP) {
    if (number >= size) return `${digit(Math.floor(number / size))}${unit}${continued(number % size, size)}`;
  }
  return '';
}

/** What follows a unit: nothing for zero, a 零 before it where its highest place is empty. */
function continued(rest: number, size: number): string {
  if (rest === 0) return '';
  return `${rest < size / 10 ? '零' : ''}${capitals(rest)}`;
}

function digit(number: number): string {
  return DIGITS.charAt(number);
}
