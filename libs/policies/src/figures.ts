/**
 * Figures as people write them. Works on the decimal text alone, because a trace holds several figures
 * and decimal arithmetic for each would cost more than the assessment. Agrees with Money.toChinese (see the spec).
 */

/** 40万元, 5,000元, 5亿元, 123,456.79元; an exact product may have more decimals. */
export function inChinese(yuan: string): string {
  const point = yuan.indexOf('.');
  const whole = point < 0 ? yuan : yuan.slice(0, point);
  const decimals = point < 0 ? '' : significant(yuan.slice(point + 1));
  if (decimals === '') {
    if (whole.length > 8 && whole.endsWith('000000')) return `${scaled(whole, 8, false)}亿元`;
    if (whole.length > 4 && whole.endsWith('00')) return `${scaled(whole, 4, true)}万元`;
    return `${grouped(whole)}元`;
  }
  return `${grouped(whole)}.${decimals.length === 1 ? `${decimals}0` : decimals}元`;
}

/** Both ways: 30万元（300000.00元）. */
export function bothWays(yuan: string): string {
  return `${inChinese(yuan)}（${yuan}元）`;
}

/** 2024年5月1日 */
export function dayInChinese(date: string): string {
  return `${date.slice(0, 4)}年${Number(date.slice(5, 7))}月${Number(date.slice(8, 10))}日`;
}

function scaled(whole: string, places: number, grouping: boolean): string {
  const head = whole.slice(0, -places);
  const tail = significant(whole.slice(-places));
  const shown = grouping ? grouped(head) : head;
  return tail === '' ? shown : `${shown}.${tail}`;
}

function significant(decimals: string): string {
  let end = decimals.length;
  while (end > 0 && decimals.charCodeAt(end - 1) === 48) end -= 1;
  return end === decimals.length ? decimals : decimals.slice(0, end);
}

function grouped(whole: string): string {
  if (whole.length <= 3) return whole;
  let end = whole.length % 3 || 3;
  let text = whole.slice(0, end);
  for (; end < whole.length; end += 3) text += `,${whole.slice(end, end + 3)}`;
  return text;
}
