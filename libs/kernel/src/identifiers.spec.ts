import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fastCheck from 'fast-check';
import { derivedId, isPlainReference, normalisedReference } from './identifiers.js';

/** UUID v5 written out from RFC 9562, for the namespace that every stored id depends on. */
function referenceId(name: string): string {
  const namespace = Buffer.from('3d5c6f5e8a0b4c1f9a572f0d1f6f4e0a', 'hex');
  const bytes = createHash('sha1').update(namespace).update(name, 'utf8').digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

describe('derivedId', () => {
  it('is the UUID v5 of its parts in the fixed namespace', () => {
    fastCheck.assert(
      fastCheck.property(fastCheck.array(fastCheck.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 4 }), (parts) => {
        expect(derivedId(...parts)).toBe(referenceId(parts.join('\u0000')));
      }),
    );
  });

  it('tells parts from their concatenation', () => {
    const ids = [derivedId('a', 'b'), derivedId('ab'), derivedId('a', '', 'b'), derivedId('b', 'a'), derivedId('a', 'b', '')];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('normalisedReference', () => {
  const spellings = [
    'GR202433001234',
    'gr202433001234',
    'ＧＲ２０２４３３００１２３４',
    ' GR 2024 3300 1234 ',
    'GR\u00a02024\u30003300\t1234\n',
    'GR-2024-3300-1234',
    'GR—2024–3300‐1234',
    'ＧＲ－２０２４－３３００－１２３４',
    'GR/2024.3300_1234',
    'GR(2024)3300#1234',
    'GR（2024）3300：1234',
    'GR2024\u200b33001234\ufeff',
  ];

  it.each(spellings)('reads %j as one certificate number', (text) => {
    expect(normalisedReference(text)).toBe('GR202433001234');
  });

  it('keeps Chinese characters', () => {
    expect(normalisedReference('合同〔2024〕第 12 号')).toBe('合同2024第12号');
  });

  it.each(['', ' ', '---', '（）', '\u3000'])('leaves nothing of %j', (text) => {
    expect(normalisedReference(text)).toBe('');
  });

  it('keeps different numbers apart', () => {
    expect(normalisedReference('GR202433001234')).not.toBe(normalisedReference('GR202433001235'));
  });

  it('changes nothing the second time, and knows no case', () => {
    fastCheck.assert(
      fastCheck.property(fastCheck.string({ unit: 'binary', maxLength: 20 }), (text) => {
        const once = normalisedReference(text);
        expect(normalisedReference(once)).toBe(once);
        expect(once).toMatch(/^[\p{L}\p{N}]*$/u);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('isPlainReference', () => {
  it.each(['GR202433001234', ' gr-2024／33 ', 'ＧＲ２０２４', '合同〔2024〕第12号', '赣〔二〇二四〕1号', '㐂1', '12'])(
    'takes %j',
    (text) => {
      expect(isPlainReference(text)).toBe(true);
    },
  );

  it.each(['', '——', 'ГR2024', 'GRΟ2024', 'GR２０２４é', 'ŁÓDŹ1', '々1', '〡1', 'カ1', '가1', '١2', 'GR\u115f1'])(
    'does not take %j',
    (text) => {
      expect(isPlainReference(text)).toBe(false);
    },
  );
});
