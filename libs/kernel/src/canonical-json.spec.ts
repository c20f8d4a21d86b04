import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fastCheck from 'fast-check';
import { canonicalJson, contentHash, sha256 } from './canonical-json.js';

/** The same value with the keys of every object in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}

describe('canonicalJson', () => {
  it('writes numbers, texts and literals as RFC 8785 does', () => {
    const value = {
      numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001, -0],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27,0],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('orders keys by UTF-16 code units, as RFC 8785 does', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    expect([...canonicalJson(value).matchAll(/:(\d)/g)].map(([, digit]) => digit).join('')).toBe('2467153');
  });

  it('has one spelling whatever the order of keys, and loses nothing', () => {
    fastCheck.assert(
      fastCheck.property(fastCheck.jsonValue({ noUnicodeString: false }), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(reversed(value))).toBe(text);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('keeps the order of lists and drops members without a value', () => {
    expect(canonicalJson([3, 1, 2])).toBe('[3,1,2]');
    expect(canonicalJson({ present: null, absent: undefined })).toBe('{"present":null}');
  });

  it('writes what defines its own JSON form', () => {
    expect(canonicalJson({ on: new Date('2024-01-01T00:00:00Z') })).toBe('{"on":"2024-01-01T00:00:00.000Z"}');
  });

  it.each([undefined, () => 1, Symbol('none')])('refuses what has no JSON form: %p', (value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, [Number.NaN], 10n, { amount: 10n }])('refuses %p', (value) => {
    expect(() => canonicalJson(value)).toThrow();
  });

  it('refuses a cycle', () => {
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    expect(() => canonicalJson(cyclic)).toThrow();
  });
});

describe('hashes', () => {
  it('are SHA-256 in lower-case hex of the UTF-8 text', () => {
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(sha256(Buffer.from('abc'))).toBe(sha256('abc'));
    expect(sha256('政策')).toBe(createHash('sha256').update(Buffer.from('政策', 'utf8')).digest('hex'));
  });

  it('are equal for equal content and differ for other content', () => {
    expect(contentHash({ amount: '1.00', clause: 'a' })).toBe(contentHash({ clause: 'a', amount: '1.00' }));
    expect(contentHash({ amount: '1.00' })).toBe(sha256('{"amount":"1.00"}'));
    expect(contentHash({ amount: '1.00' })).not.toBe(contentHash({ amount: '1.01' }));
    expect(contentHash(['1'])).not.toBe(contentHash([1]));
  });
});
