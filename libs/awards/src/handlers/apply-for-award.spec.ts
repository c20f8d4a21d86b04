import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Dossier } from '@app/enterprises';
import type { Clause } from '@app/policies';
import { problemOf } from '../award.fixture.js';
import { occasionOf } from './apply-for-award.js';

const clause = (uniqueness?: Clause['uniqueness']): Clause => ({
  id: 'T1',
  title: '奖补',
  citation: { line: 1, quote: '奖补' },
  shape: { kind: 'fixed', amount: '1.00' },
  ...(uniqueness && { uniqueness }),
});
const dossier = { name: '赣州甲科技有限公司', certificates: [{ number: 'GR2023-36000001' }] } as unknown as Dossier;
const codeOf = (uniqueness: Clause['uniqueness'], reference?: string) =>
  problemOf(() => occasionOf(clause(uniqueness), reference, dossier)).code;

/** Another spelling of the same letters and digits: blanks and punctuation in between, other case, full width. */
function respelt(text: string): fc.Arbitrary<string> {
  const each = [...text].map((character) =>
    fc.record({
      shape: fc.constantFrom(character, character.toLowerCase(), String.fromCodePoint((character.codePointAt(0) as number) + 0xfee0)),
      between: fc.constantFrom('', '-', ' ', '/', '〔', '〕', '．'),
    }),
  );
  return fc.tuple(...each).map((parts) => parts.map(({ shape, between }) => shape + between).join(''));
}

describe('the occasion of an award', () => {
  it('is one for a clause that is granted once, and cannot be named', () => {
    expect(occasionOf(clause('once'), undefined, dossier)).toEqual({ kind: 'once', key: 'once', reference: 'once' });
    expect(codeOf('once', '2024')).toBe('invalid-input');
  });
  it('does not exist for a clause that grants nothing', () => {
    expect(codeOf(undefined)).toBe('clause-grants-nothing');
  });
  it.each(['certificate', 'year', 'project', 'transaction'] as const)('has to be named for a %s', (kind) => {
    expect(codeOf(kind)).toBe('invalid-input');
    expect(codeOf(kind, '')).toBe('invalid-input');
    expect(codeOf(kind, ' -〔〕 ')).toBe('invalid-input');
    expect(codeOf(kind, 'A'.repeat(81))).toBe('invalid-input');
  });
  it('is a certificate of the dossier, by its number there', () => {
    expect(occasionOf(clause('certificate'), 'gr2023 36000001', dossier)).toEqual({
      kind: 'certificate',
      key: 'GR202336000001',
      reference: 'GR2023-36000001',
    });
    expect(codeOf('certificate', 'GR202336000002')).toBe('certificate-unknown');
  });
  it.each(['1999', '24', '2024年', '20245', 'MMXXIV'])('is no year when written %s', (text) => {
    expect(codeOf('year', text)).toBe('invalid-input');
  });
  it('is read as the year it is, however it is written', () => {
    fc.assert(
      fc.property(respelt('2023'), (text) => {
        expect(occasionOf(clause('year'), text, dossier)).toEqual({ kind: 'year', key: '2023', reference: '2023' });
      }),
    );
  });
  it.each(['project', 'transaction'] as const)('of a %s is one, however its number is written', (kind) => {
    fc.assert(
      fc.property(respelt('KJ2024B007'), (text) => {
        expect(occasionOf(clause(kind), text, dossier)).toMatchObject({ kind, key: 'KJ2024B007', reference: text });
      }),
    );
  });
  it('differs where the number does', () => {
    expect(occasionOf(clause('project'), 'KJ-2024-07', dossier).key).not.toBe(occasionOf(clause('project'), 'KJ-2024-70', dossier).key);
  });
});
