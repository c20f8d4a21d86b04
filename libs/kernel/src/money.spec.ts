import { describe, expect, it } from '@jest/globals';
import fastCheck from 'fast-check';
import { Decimal, Money } from './money.js';

const LARGEST_FEN = 999_999_999_999_999n;

const fen = fastCheck.bigInt({ min: 0n, max: LARGEST_FEN });
const signedFen = fastCheck.bigInt({ min: -LARGEST_FEN, max: LARGEST_FEN });

/** The reference: integer fen written as yuan without any arithmetic of the code under test. */
function yuanText(amount: bigint): string {
  const size = amount < 0n ? -amount : amount;
  return `${amount < 0n ? '-' : ''}${size / 100n}.${String(size % 100n).padStart(2, '0')}`;
}

describe('Money.formatFen', () => {
  it('writes any sum, also beyond what an amount may carry', () => {
    fastCheck.assert(
      fastCheck.property(fastCheck.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }), (amount) =>
        expect(Money.formatFen(amount)).toBe(yuanText(amount)),
      ),
    );
    for (const amount of [0n, 7n, -7n, 99n, -100n]) {
      expect(Money.formatFen(amount)).toBe(yuanText(amount));
      expect(Money.formatFen(Number(amount))).toBe(yuanText(amount));
    }
    expect(Money.formatFen(-0)).toBe('0.00');
  });

  it.each([0.5, Number.NaN, Number.MAX_SAFE_INTEGER + 1, Infinity])('refuses %p, which counts no fen exactly', (number) => {
    expect(() => Money.formatFen(number)).toThrow('not an exact count of fen');
    expect(() => Money.fromFen(number)).toThrow('not an exact count of fen');
  });
});

describe('Money.parse', () => {
  it('reads and writes every amount without loss', () => {
    fastCheck.assert(
      fastCheck.property(fen, (amount) => {
        const text = yuanText(amount);
        expect(Money.parse(text).toString()).toBe(text);
        expect(JSON.stringify({ amount: Money.parse(text) })).toBe(`{"amount":"${text}"}`);
        expect(BigInt(Money.parse(text).toFen())).toBe(amount);
        expect(Money.fromFen(amount).toString()).toBe(text);
        expect(Money.fromFen(Number(amount)).toString()).toBe(text);
      }),
    );
  });

  it.each([
    ['0', '0.00'],
    ['0.0', '0.00'],
    ['7', '7.00'],
    ['7.5', '7.50'],
    ['0.05', '0.05'],
    ['400000.00', '400000.00'],
    ['9999999999999.99', '9999999999999.99'],
  ])('reads %s as %s', (text, written) => {
    expect(Money.isText(text)).toBe(true);
    expect(Money.parse(text).toString()).toBe(written);
  });

  const refusedTexts = [
    ...['1e5', '1.234', '+1', '01', '00', '00.5', ' 1', '1 ', '1\n', '1,000', '-1', '-0', '', ' ', '.5', '5.', '1.2.3', '١', '１', '一万'],
    ...['0x10', 'NaN', 'Infinity', '1_000', '10000000000000', '10000000000000.00', '1元', '¥1'],
  ];

  it.each(refusedTexts)('refuses %j, naming the field', (text) => {
    expect(Money.isText(text)).toBe(false);
    expect(() => Money.parse(text, 'instalments[0].amount')).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        code: 'money-malformed',
        errors: [expect.objectContaining({ field: 'instalments[0].amount', rule: 'money' })],
      }),
    );
  });

  it.each([1, 0, null, undefined, true, ['1'], { amount: '1' }, 10n])('refuses what is no text: %p', (value) => {
    expect(Money.isText(value)).toBe(false);
    expect(() => Money.parse(value as unknown as string)).toThrow(expect.objectContaining({ code: 'money-malformed' }));
  });
});

describe('Money.parseSigned', () => {
  it('reads every balance this system writes', () => {
    fastCheck.assert(
      fastCheck.property(signedFen, (amount) => {
        const text = yuanText(amount);
        const money = Money.parseSigned(text);
        expect(money.toString()).toBe(text);
        expect(money.isNegative).toBe(amount < 0n);
        expect(money.isZero).toBe(amount === 0n);
        expect(Money.fromFen(amount).equals(money)).toBe(true);
      }),
    );
  });

  it.each(['--1', '+1', '-01', '-1e5', '- 1', '', '-'])('refuses %j', (text) => {
    expect(() => Money.parseSigned(text)).toThrow('not a stored amount');
  });
});

describe('Money arithmetic', () => {
  const smallFen = fastCheck.bigInt({ min: -1_000_000_000_000n, max: 1_000_000_000_000n });

  it('adds, subtracts and compares as integer fen do', () => {
    fastCheck.assert(
      fastCheck.property(smallFen, smallFen, (left, right) => {
        const [one, other] = [Money.fromFen(left), Money.fromFen(right)];
        expect(one.plus(other).toString()).toBe(yuanText(left + right));
        expect(one.minus(other).toString()).toBe(yuanText(left - right));
        expect(one.negated().toString()).toBe(yuanText(-left));
        expect(one.min(other).toString()).toBe(yuanText(left < right ? left : right));
        expect([one.isLessThan(other), one.equals(other), one.isMoreThan(other)]).toEqual([left < right, left === right, left > right]);
      }),
    );
  });

  it('sums any list exactly', () => {
    fastCheck.assert(
      fastCheck.property(fastCheck.array(smallFen, { maxLength: 200 }), (amounts) => {
        const reference = amounts.reduce((total, amount) => total + amount, 0n);
        const sum = Money.sum(amounts.map((amount) => Money.fromFen(amount)));
        expect(sum.toString()).toBe(yuanText(reference));
        // Equality is exact, the text shows two decimals: a stray hundred-thousandth of a fen would show here only.
        expect(sum.equals(Money.fromFen(reference))).toBe(true);
      }),
    );
  });

  it('does not care that a running total exceeds the limit when the sum does not', () => {
    const largest = Money.fromFen(LARGEST_FEN);
    expect(Money.sum([largest, largest, largest.negated()]).equals(largest)).toBe(true);
  });

  it('gives plain zero fen, never negative zero', () => {
    expect(Money.zero.negated().toFen()).toBe(0);
    expect(Money.parseSigned('-0.00').toFen()).toBe(0);
    expect(Money.parse('5').minus(Money.parse('5')).toFen()).toBe(0);
    expect(Money.zero.negated().toString()).toBe('0.00');
    expect(Money.zero.negated().toChinese()).toBe('0元');
    expect(Money.zero.negated().isNegative).toBe(false);
  });

  it('leaves its operands as they were', () => {
    const amount = Money.parse('10.00');
    amount.plus(Money.parse('1'));
    amount.minus(Money.parse('1'));
    amount.negated();
    expect(amount.toString()).toBe('10.00');
  });
});

describe('the largest amount', () => {
  const largest = Money.parse('9999999999999.99');
  const oneFen = Money.parse('0.01');
  const tooLarge = expect.objectContaining({ kind: 'invalid', code: 'money-too-large' });

  it('is carried exactly, in fen too', () => {
    expect(largest.toFen()).toBe(999_999_999_999_999);
    expect(Number.isSafeInteger(largest.toFen())).toBe(true);
    expect(largest.minus(oneFen).plus(oneFen).toString()).toBe('9999999999999.99');
    expect(largest.negated().toString()).toBe('-9999999999999.99');
  });

  it('cannot be passed by any operation', () => {
    expect(() => largest.plus(oneFen)).toThrow(tooLarge);
    expect(() => largest.negated().minus(oneFen)).toThrow(tooLarge);
    expect(() => Money.sum([largest, oneFen])).toThrow(tooLarge);
    expect(() => Money.fromFen(LARGEST_FEN + 1n)).toThrow(tooLarge);
    expect(() => Money.fromFen(-LARGEST_FEN - 1n)).toThrow(tooLarge);
    expect(() => Money.roundHalfUp(new Decimal('9999999999999.995'))).toThrow(tooLarge);
    expect(() => Money.roundHalfUp(new Decimal(1).div(0))).toThrow(tooLarge);
  });
});

describe('what is no exact amount', () => {
  it.each([0.5, 1.1, -0.01, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('is refused as fen: %p', (value) => {
    expect(() => Money.fromFen(value)).toThrow();
  });

  it('is refused as a result: not a number', () => {
    expect(() => Money.roundHalfUp(new Decimal(0).div(0))).toThrow();
  });
});

describe('precision and rounding', () => {
  it('keeps products of legal amounts exact to the last digit', () => {
    fastCheck.assert(
      fastCheck.property(fen, fen, fen, (first, second, third) => {
        const product = Money.fromFen(first).toDecimal().times(Money.fromFen(second).toDecimal()).times(Money.fromFen(third).toDecimal());
        expect(product.times(1_000_000).toFixed()).toBe((first * second * third).toString());
      }),
    );
  });

  it('rounds half up wherever a formula does not say otherwise', () => {
    expect([0.5, 1.5, 2.5].map((value) => new Decimal(value).toDecimalPlaces(0).toFixed())).toEqual(['1', '2', '3']);
  });

  it('carries 60 significant digits where the library would keep 20', () => {
    const largest = Money.parse('9999999999999.99').toDecimal();
    expect(largest.times(largest).toFixed()).toBe('99999999999999800000000000.0001');
    expect(new Decimal(1).div(3).toFixed()).toBe(`0.${'3'.repeat(60)}`);
  });

  it.each([
    ['0.004999999999999999999999999999', '0.00'],
    ['0.005', '0.01'],
    ['0.015', '0.02'],
    ['0.025', '0.03'],
    ['1.005', '1.01'],
    ['2.344999', '2.34'],
    ['2.345', '2.35'],
    ['333333.333333333333', '333333.33'],
    ['666666.666666666666', '666666.67'],
    ['9999999999999.994999', '9999999999999.99'],
  ])('rounds %s half up to %s', (exact, rounded) => {
    expect(Money.roundHalfUp(new Decimal(exact)).toString()).toBe(rounded);
  });

  it('rounds every figure as integer arithmetic does', () => {
    fastCheck.assert(
      fastCheck.property(fen, fastCheck.integer({ min: 1, max: 10_000 }), (amount, basisPoints) => {
        const share = Money.fromFen(amount).toDecimal().times(basisPoints).div(10_000);
        const reference = (amount * BigInt(basisPoints) * 2n + 10_000n) / 20_000n;
        expect(Money.roundHalfUp(share).toString()).toBe(yuanText(reference));
      }),
    );
  });
});

describe('Money.toChinese', () => {
  it.each([
    ['0', '0元'],
    ['0.05', '0.05元'],
    ['0.50', '0.50元'],
    ['1', '1元'],
    ['999', '999元'],
    ['5000', '5,000元'],
    ['5000.5', '5,000.50元'],
    ['9999.99', '9,999.99元'],
    ['10000', '1万元'],
    ['100000', '10万元'],
    ['400000.00', '40万元'],
    ['123400', '12.34万元'],
    ['123450', '123,450元'],
    ['123456.79', '123,456.79元'],
    ['10000000', '1,000万元'],
    ['99999900', '9,999.99万元'],
    ['100000000', '1亿元'],
    ['123000000', '1.23亿元'],
    ['123400000', '12,340万元'],
    ['123456700', '12,345.67万元'],
    ['123456789', '123,456,789元'],
    ['500000000', '5亿元'],
  ])('writes %s as %s', (text, chinese) => {
    expect(Money.parse(text).toChinese()).toBe(chinese);
  });

  it.each([
    ['-400000.00', '-40万元'],
    ['-5000', '-5,000元'],
    ['-100000.50', '-100,000.50元'],
    ['-500000000', '-5亿元'],
  ])('writes a negative balance %s as %s', (text, chinese) => {
    expect(Money.parseSigned(text).toChinese()).toBe(chinese);
  });

  it('never loses a fen: reading the figure back gives the amount', () => {
    const units = { 亿元: 10_000_000_000n, 万元: 1_000_000n, 元: 100n };
    fastCheck.assert(
      fastCheck.property(
        fastCheck.oneof(
          fen,
          fen.map((amount) => (amount / 1_000_000n) * 1_000_000n),
        ),
        (amount) => {
          const [, figure = '', unit = '元'] = /^([\d.,]+)(亿元|万元|元)$/.exec(Money.fromFen(amount).toChinese()) ?? [];
          const [whole = '', fraction = ''] = figure.replaceAll(',', '').split('.');
          const scaled = BigInt(whole + fraction) * units[unit as keyof typeof units];
          expect(scaled).toBe(amount * 10n ** BigInt(fraction.length));
        },
      ),
    );
  });
});
