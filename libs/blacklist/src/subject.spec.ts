import { describe, expect, it } from '@jest/globals';
import { withCheckCharacter } from '@app/kernel';
import { AGENCY, problemOf } from './blacklist.fixture.js';
import { blacklistStream, listingId, requireNoIdentityNumber, subjectOf, subjectOfListing, subjectOfStream } from './subject.js';

/** Fictional; the check character of GB 11643 agrees. */
const IDENTITY = '11010519491231002X';

describe('a subject', () => {
  it('has one spelling, and is a stream and back', () => {
    expect(subjectOf('agency', ` ${AGENCY.id.toLowerCase()} `)).toEqual(AGENCY);
    const person = subjectOf('person', 'p-2024-017');
    expect(person).toEqual({ kind: 'person', id: 'P-2024-017' });
    expect(subjectOfStream(blacklistStream(person))).toEqual(person);
    expect(subjectOfListing(listingId(person, 3))).toEqual({ subject: person, no: 3 });
  });

  it.each(['', 'person.P-1', 'person.P-1.0', 'person.P-1.01', 'person.张三.1', 'firm.P-1.1', 'person.P-1.1.1'])('is not in %j', (listing) =>
    expect(subjectOfListing(listing)).toBeUndefined(),
  );

  it.each([
    IDENTITY,
    IDENTITY.toLowerCase(),
    '110105 19491231 002X',
    'P-110105-194912310021',
    '110105491231002',
    '１１０１０５４９１２３１００２',
    '张三',
    'P-张三-1',
    'ZHANGSAN',
    'Li Wei',
  ])('of kind person is not %j', (id) =>
    expect(problemOf(() => subjectOf('person', id))).toMatchObject({ code: 'personal-data', kind: 'invalid', errors: [{ field: 'id' }] }),
  );

  it.each([
    ['person', '', 'id'],
    ['person', 'P', 'id'],
    ['person', 'ZHANG-2024-1', 'id'],
    ['person', 'P-13800138000', 'id'],
    ['person', AGENCY.id, 'id'],
    ['enterprise', 'P-2024-017', 'id'],
    ['enterprise', '', 'id'],
    ['firm', AGENCY.id, 'kind'],
  ])('of kind %s is not %j', (kind, id, field) => {
    const { kind: problem, errors } = problemOf(() => subjectOf(kind, id));
    expect({ problem, errors }).toMatchObject({ problem: 'invalid', errors: [{ field }] });
  });
});

describe('what a case says', () => {
  it.each([
    IDENTITY,
    `身份证${IDENTITY}。`,
    '１１０１０５１９４９１２３１００２Ｘ',
    '110105 19491231 002X',
    '110105-19491231-002x',
    '110105491231002',
  ])('holds no identity number such as %j', (text) =>
    expect(problemOf(() => requireNoIdentityNumber({ reasons: '无', evidence: [{ title: text }] }))).toMatchObject({
      code: 'personal-data',
      errors: [{ field: 'evidence.0.title' }],
    }),
  );

  it('may hold other long numbers', () => {
    const code = withCheckCharacter('91360700MA35QWERT');
    const texts = [code, '110105194912310021', '6222021234567890123', '合同2024010112345678', '13800138000'];
    expect(() => requireNoIdentityNumber({ texts, evidence: [{ title: '决定书', sha256: `${IDENTITY}${'0'.repeat(46)}` }] })).not.toThrow();
  });
});
