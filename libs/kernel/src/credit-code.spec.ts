import { describe, expect, it } from '@jest/globals';
import fastCheck from 'fast-check';
import { creditCode, creditCodeCheckPasses, withCheckCharacter } from './credit-code.js';

const ALPHABET = [...'0123456789ABCDEFGHJKLMNPQRTUWXY'];
// The worked example printed in GB 32100-2015.
const STANDARD_EXAMPLE = '91350100M000100Y43';

const characters = (length: number, from: readonly string[]) =>
  fastCheck.array(fastCheck.constantFrom(...from), { minLength: length, maxLength: length }).map((parts) => parts.join(''));
const anyFirst17 = fastCheck
  .tuple(characters(2, ALPHABET), characters(6, ALPHABET.slice(0, 10)), characters(9, ALPHABET))
  .map((parts) => parts.join(''));

describe('creditCode', () => {
  it("accepts the standard's own example, check character included", () => {
    expect(creditCodeCheckPasses(creditCode(STANDARD_EXAMPLE))).toBe(true);
    expect(withCheckCharacter(STANDARD_EXAMPLE.slice(0, 17))).toBe(STANDARD_EXAMPLE);
  });

  it('accepts every code that withCheckCharacter completes', () => {
    fastCheck.assert(
      fastCheck.property(anyFirst17, (first17) => {
        const code = withCheckCharacter(first17);
        expect(code).toHaveLength(18);
        expect(creditCode(code)).toBe(code);
        expect(creditCodeCheckPasses(code)).toBe(true);
      }),
    );
  });

  it('reads lower case and surrounding blanks', () => {
    expect(creditCode(`  ${STANDARD_EXAMPLE.toLowerCase()}\t`)).toBe(STANDARD_EXAMPLE);
  });

  it('flags a wrong check character instead of throwing: some issued codes carry one', () => {
    const code = creditCode('91350100M000100Y44');
    expect(code).toBe('91350100M000100Y44');
    expect(creditCodeCheckPasses(code)).toBe(false);
  });

  it('flags every other 18th character of a valid code', () => {
    fastCheck.assert(
      fastCheck.property(anyFirst17, (first17) => {
        const valid = withCheckCharacter(first17);
        const passing = ALPHABET.filter((character) => creditCodeCheckPasses(creditCode(first17 + character)));
        expect(passing).toEqual([valid[17]]);
      }),
    );
  });

  it('flags every single mistyped character and every swap of neighbours', () => {
    fastCheck.assert(
      fastCheck.property(anyFirst17, fastCheck.nat({ max: 16 }), fastCheck.constantFrom(...ALPHABET), (first17, place, typed) => {
        const valid = withCheckCharacter(first17);
        const isDigitPlace = place >= 2 && place <= 7;
        fastCheck.pre(typed !== valid[place] && (!isDigitPlace || /\d/.test(typed)));
        expect(creditCodeCheckPasses(creditCode(valid.slice(0, place) + typed + valid.slice(place + 1)))).toBe(false);

        const [one = '', other = ''] = valid.slice(9, 11);
        const swapped = creditCode(valid.slice(0, 9) + other + one + valid.slice(11));
        expect(creditCodeCheckPasses(swapped)).toBe(one === other);
      }),
    );
  });

  const malformed = [
    '',
    STANDARD_EXAMPLE.slice(0, 17),
    `${STANDARD_EXAMPLE}0`,
    '91350100M000100Y4-',
    '91350100M00 100Y43',
    '9135O100M000100Y43',
    '91A50100M000100Y43',
    '９1350100M000100Y43',
    '91350100M000100Y43\u0000',
  ];

  it.each(malformed)('refuses %j, naming the field', (text) => {
    expect(() => creditCode(text, 'payee')).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        code: 'invalid-input',
        errors: [expect.objectContaining({ field: 'payee', rule: 'credit-code' })],
      }),
    );
  });

  it.each([...'IOSVZiosvz'])('refuses the letter %s, which the standard leaves out', (letter) => {
    for (const place of [0, 1, 8, 12, 17]) {
      const text = STANDARD_EXAMPLE.slice(0, place) + letter + STANDARD_EXAMPLE.slice(place + 1);
      expect(() => creditCode(text)).toThrow(expect.objectContaining({ code: 'invalid-input' }));
    }
  });

  it.each([null, undefined, 913501000001000043, [STANDARD_EXAMPLE], {}])('refuses what is no text: %p', (value) => {
    expect(() => creditCode(value)).toThrow(expect.objectContaining({ code: 'invalid-input' }));
  });
});
