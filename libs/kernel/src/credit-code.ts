import { invalidField } from './problem.js';

/** A unified social credit code (统一社会信用代码, GB 32100-2015): 18 characters without I, O, S, V, Z. */
export type CreditCode = string & { readonly __brand: 'CreditCode' };

const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const SHAPE = /^[0-9ABCDEFGHJKLMNPQRTUWXY]{2}\d{6}[0-9ABCDEFGHJKLMNPQRTUWXY]{10}$/;

/** The check character of the first 17: weights 3^i mod 31 (GB 32100-2015, 4.6). */
function checkCharacter(first17: string): string {
  let sum = 0;
  let weight = 1;
  for (const character of first17) {
    sum += ALPHABET.indexOf(character) * weight;
    weight = (weight * 3) % 31;
  }
  return ALPHABET[(31 - (sum % 31)) % 31] as string;
}

/** Whether the 18th character agrees with the first 17. Some legally issued codes do not (accepted only with evidence). */
export function creditCodeCheckPasses(code: CreditCode): boolean {
  return checkCharacter(code.slice(0, 17)) === code[17];
}

/**
 * Reads a credit code: upper-cased, surrounding blanks removed. The check character is judged apart by `creditCodeCheckPasses`.
 * @throws Problem `invalid-input` naming the field when the shape is wrong.
 */
export function creditCode(text: unknown, field = 'creditCode'): CreditCode {
  const code = typeof text === 'string' ? text.trim().toUpperCase() : '';
  if (!SHAPE.test(code)) {
    throw invalidField(
      field,
      'credit-code',
      'must be 18 characters of GB 32100 (digits and letters without I, O, S, V, Z; places 3 to 8 are digits)',
    );
  }
  return code as CreditCode;
}

/** Completes 17 characters to a valid code; for tests and fictional enterprises. */
export function withCheckCharacter(first17: string): CreditCode {
  return creditCode(first17 + checkCharacter(first17));
}
