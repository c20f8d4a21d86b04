import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Money } from '@app/kernel';
import { bothWays, dayInChinese, inChinese } from './figures.js';

describe('figures as people write them', () => {
  it.each([
    ['400000.00', '40万元'],
    ['5000.00', '5,000元'],
    ['500000000.00', '5亿元'],
    ['123456.79', '123,456.79元'],
    ['123456.789', '123,456.789元'],
    ['10100.00', '1.01万元'],
    ['0.5', '0.50元'],
    ['0', '0元'],
  ])('%s is %s', (yuan, said) => expect(inChinese(yuan)).toBe(said));

  it('agrees with Money', () => {
    const fen = fc.oneof(
      fc.nat(),
      fc.nat(10_000_000).map((units) => units * 10_000),
      fc.nat(9_000_000).map((units) => units * 100_000_000),
    );
    fc.assert(fc.property(fen, (amount) => inChinese(Money.fromFen(amount).toString()) === Money.fromFen(amount).toChinese()));
  });

  it('gives both ways, and days in words', () => {
    expect(bothWays('300000.00')).toBe('30万元（300000.00元）');
    expect(dayInChinese('2024-05-01')).toBe('2024年5月1日');
  });
});
