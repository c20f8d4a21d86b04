import { describe, expect, it } from '@jest/globals';
import { withCheckCharacter } from './credit-code.js';
import { requireNoPersonalNumber } from './personal-data.js';
import { Problem } from './problem.js';

/** Fictional; the check character of GB 11643 agrees. */
const IDENTITY = '11010519491231002X';
const MOBILE = '13800138000';

function refusal(input: object) {
  try {
    requireNoPersonalNumber(input);
  } catch (error) {
    if (error instanceof Problem) return { code: error.code, kind: error.kind, errors: error.errors };
    throw error;
  }
  return undefined;
}

describe('what people write', () => {
  it.each([
    IDENTITY,
    `身份证${IDENTITY}。`,
    `ID${IDENTITY}`,
    `SFZ${IDENTITY.toLowerCase()}abc`,
    `1 ${IDENTITY}`,
    '１１０１０５１９４９１２３１００２Ｘ',
    '110105 19491231 002X',
    '110105-19491231-002x',
    '110105.19491231.002X',
    '110105/1949/1231/002X',
    '110105_19491231_002X',
    '110105·19491231·002X',
    '110105491231002',
    'NO110105491231002',
    '110105.491231.002',
  ])('holds no identity number such as %j', (text) =>
    expect(refusal({ reasons: '无', evidence: [{ title: text }] })).toMatchObject({
      kind: 'invalid',
      code: 'personal-data',
      errors: [{ field: 'evidence.0.title', rule: 'personal-data', message: expect.stringContaining('identity') }],
    }),
  );

  it.each([
    MOBILE,
    `电话${MOBILE}，`,
    `TEL${MOBILE}`,
    `+86${MOBILE}`,
    `0086 ${MOBILE}`,
    '138-0013-8000',
    '138 0013 8000',
    '138.0013.8000',
    '１９９００１３８０００',
  ])('holds no mobile number such as %j', (text) =>
    expect(refusal({ note: text })).toMatchObject({
      code: 'personal-data',
      errors: [{ field: 'note', message: expect.stringContaining('mobile') }],
    }),
  );

  it.each([
    withCheckCharacter('91360700MA35QWERT'),
    // The check character does not agree.
    '110105194912310021',
    '6222021234567890123',
    '合同2024010112345678',
    'HT202401011234567',
    '经发〔2024〕13号',
    '15-2024-00123',
    '0797-8370123',
    '12800138000',
    '138001380001',
    '13800138000.50',
    '138000000.00',
    '2024.01.01-2024.12.31',
  ])('may hold %j', (text) => expect(refusal({ text })).toBeUndefined());

  it('is looked through wherever there are words, and nowhere else', () => {
    const codes = { sha256: `${IDENTITY}${'0'.repeat(46)}`, reference: MOBILE, subject: { id: IDENTITY } };
    expect(refusal({ ...codes, evidence: [{ title: '决定书', sha256: codes.sha256 }] })).toBeUndefined();
    expect(refusal({ ...codes, services: ['申报', `咨询${MOBILE}`], name: IDENTITY })?.errors).toMatchObject([
      { field: 'services.1' },
      { field: 'name' },
    ]);
  });
});
