import { describe, expect, it } from '@jest/globals';
import { AGENCY, FIRM, PERSON, problemOf } from './blacklist.fixture.js';
import { blacklistStream, isSamePerson, listingId, subjectOf, subjectOfListing, subjectOfStream } from './subject.js';

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

  it('is one person as an enterprise and as an agency, and nobody else', () => {
    const enterprise = { kind: 'enterprise', id: AGENCY.id } as const;
    expect(isSamePerson(AGENCY, enterprise)).toBe(true);
    expect(isSamePerson(AGENCY, { ...enterprise, id: FIRM.id })).toBe(false);
    expect(isSamePerson(PERSON, { kind: 'enterprise', id: PERSON.id })).toBe(false);
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
    'P-110105-490101',
    'P-138001-38000',
    'P-13800138000',
    '138 0013 8000',
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
    ['person', AGENCY.id, 'id'],
    ['enterprise', 'P-2024-017', 'id'],
    ['enterprise', '', 'id'],
    ['firm', AGENCY.id, 'kind'],
  ])('of kind %s is not %j', (kind, id, field) => {
    const { kind: problem, errors } = problemOf(() => subjectOf(kind, id));
    expect({ problem, errors }).toMatchObject({ problem: 'invalid', errors: [{ field }] });
  });
});
