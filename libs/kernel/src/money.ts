import { Decimal } from 'decimal.js';
import { invalid } from './problem.js';

// The default of 20 significant digits rounds silently; 60 covers every product of two legal amounts exactly.
Decimal.set({ precision: 60, rounding: Decimal.ROUND_HALF_UP, toExpNeg: -60, toExpPos: 60 });

export { Decimal };

/** The largest amount the ledger carries, chosen so that its fen fit a SQL integer and a JavaScript safe integer. */
const LARGEST = new Decimal('9999999999999.99');
const MONEY_TEXT = /^(0|[1-9]\d{0,12})(\.\d{1,2})?$/;
const SIGNED_MONEY_TEXT = /^-?(0|[1-9]\d{0,12})(\.\d{1,2})?$/;

/** An exact amount in yuan with at most two decimals: `"400000.00"` in JSON, integer fen in SQL. Immutable. */
export class Money {
  static readonly zero = new Money(new Decimal(0));

  private constructor(private readonly yuan: Decimal) {}

  /** Whether a text is a plain non-negative decimal in yuan with at most two decimals and at most 13 whole digits. */
  static isText(text: unknown): text is string {
    return typeof text === 'string' && MONEY_TEXT.test(text);
  }

  /**
   * Reads a decimal string in yuan.
   * @throws Problem `money-malformed` unless the text is a plain non-negative decimal of at most two decimals.
   */
  static parse(text: string, field = 'amount'): Money {
    if (!Money.isText(text)) {
      throw invalid('money-malformed', `${field} must be yuan as a decimal string with at most two decimals, such as "400000.00"`, [
        { field, rule: 'money', message: 'a non-negative decimal string with at most two decimals and at most 13 whole digits' },
      ]);
    }
    return new Money(new Decimal(text));
  }

  /** Reads an amount this system wrote itself, where a balance may be negative. */
  static parseSigned(text: string): Money {
    if (!SIGNED_MONEY_TEXT.test(text)) throw new Error(`not a stored amount: ${text}`);
    return new Money(new Decimal(text));
  }

  /** @throws Error for a number that is no exact count of fen. */
  static fromFen(fen: number | bigint): Money {
    requireExact(fen);
    return new Money(new Decimal(fen.toString()).div(100)).checked();
  }

  /**
   * Fen as yuan to be shown, not reckoned with: what a table holds, or a total over a whole ledger, however large.
   * @throws Error for a number that is no exact count of fen.
   */
  static formatFen(fen: number | bigint): string {
    requireExact(fen);
    const digits = (fen < 0 ? -fen : fen).toString().padStart(3, '0');
    return `${fen < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
  }

  /** Rounds an exact figure half up to the fen. The only place where a clause's result is rounded. */
  static roundHalfUp(exactYuan: Decimal): Money {
    return new Money(exactYuan.toDecimalPlaces(2, Decimal.ROUND_HALF_UP)).checked();
  }

  static sum(amounts: Iterable<Money>): Money {
    let total = new Decimal(0);
    for (const amount of amounts) total = total.plus(amount.yuan);
    return new Money(total).checked();
  }

  private checked(): Money {
    // Written so that a figure that is not a number fails too.
    if (!this.yuan.abs().lessThanOrEqualTo(LARGEST)) {
      throw invalid('money-too-large', `an amount may not exceed ${LARGEST.toFixed(2)} yuan`);
    }
    return this;
  }

  plus(other: Money): Money {
    return new Money(this.yuan.plus(other.yuan)).checked();
  }

  minus(other: Money): Money {
    return new Money(this.yuan.minus(other.yuan)).checked();
  }

  negated(): Money {
    return new Money(this.yuan.negated());
  }

  min(other: Money): Money {
    return this.yuan.lessThanOrEqualTo(other.yuan) ? this : other;
  }

  equals(other: Money): boolean {
    return this.yuan.equals(other.yuan);
  }

  isMoreThan(other: Money): boolean {
    return this.yuan.greaterThan(other.yuan);
  }

  isLessThan(other: Money): boolean {
    return this.yuan.lessThan(other.yuan);
  }

  get isZero(): boolean {
    return this.yuan.isZero();
  }

  get isNegative(): boolean {
    return this.yuan.isNegative() && !this.yuan.isZero();
  }

  /** The exact figure, for formulas. */
  toDecimal(): Decimal {
    return this.yuan;
  }

  /** Integer fen, always a safe integer. */
  toFen(): number {
    // The sum turns negative zero into zero.
    return this.yuan.times(100).toNumber() + 0;
  }

  /** `"400000.00"` */
  toString(): string {
    return this.yuan.isZero() ? '0.00' : this.yuan.toFixed(2);
  }

  toJSON(): string {
    return this.toString();
  }

  /** As people write it: 40万元, 0.5万元 is written 5,000元, 5亿元, 123,456.79元. */
  toChinese(): string {
    const size = this.yuan.abs();
    if (size.greaterThanOrEqualTo('100000000') && size.modulo('1000000').isZero()) return `${trimmed(this.yuan.div('100000000'))}亿元`;
    if (size.greaterThanOrEqualTo('10000') && size.modulo('100').isZero()) return `${grouped(trimmed(this.yuan.div('10000')))}万元`;
    return `${grouped(trimmed(this.yuan, 2))}元`;
  }
}

function requireExact(fen: number | bigint): void {
  if (typeof fen === 'number' && !Number.isSafeInteger(fen)) throw new Error(`not an exact count of fen: ${fen}`);
}

function trimmed(value: Decimal, decimals?: number): string {
  return decimals === undefined || value.isInteger() ? value.toFixed() : value.toFixed(decimals);
}

function grouped(text: string): string {
  const [whole = '', fraction] = text.split('.');
  const withCommas = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return fraction === undefined ? withCommas : `${withCommas}.${fraction}`;
}
