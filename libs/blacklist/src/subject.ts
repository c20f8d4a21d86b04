import { creditCode, type FieldError, invalidField, Problem } from '@app/kernel';

export const SUBJECT_KINDS = ['enterprise', 'agency', 'person'] as const;
/** 对象: an enterprise, a service agency (服务机构), or a natural person. */
export type SubjectKind = (typeof SUBJECT_KINDS)[number];

/** Whom a case or listing is about: a credit code, or for a person the office's own reference, such as "P-2024-017". */
export interface Subject {
  readonly kind: SubjectKind;
  readonly id: string;
}

/** Too few letters for a name and too few digits for an identity or telephone number. */
const PERSON_REFERENCE = /^[A-Z]{1,3}(-\d{1,6}){1,2}$/;
const CASE_OF_LISTING = /^[1-9]\d{0,5}$/;

export function isSubjectKind(kind: string): kind is SubjectKind {
  return (SUBJECT_KINDS as readonly string[]).includes(kind);
}

/**
 * Whom a kind and an id name, in one spelling.
 * @throws Problem `personal-data` for a person's identity number or name, `invalid-input` for anything else that names nobody.
 */
export function subjectOf(kind: string, id: string): Subject {
  if (!isSubjectKind(kind)) throw invalidField('kind', 'subject-kind', `must be one of ${SUBJECT_KINDS.join(', ')}`);
  return { kind, id: kind === 'person' ? personReference(id) : creditCode(id, 'id') };
}

function personReference(text: string): string {
  const reference = text.normalize('NFKC').trim().toUpperCase();
  if (PERSON_REFERENCE.test(reference)) return reference;
  const bare = reference.replace(/[^\p{L}\p{N}]/gu, '');
  if (/\d{15}/.test(bare)) throw personalData([{ field: 'id', message: 'looks like an identity number' }]);
  if (/\p{Script=Han}|^\p{L}+$/u.test(bare)) throw personalData([{ field: 'id', message: 'looks like a name' }]);
  throw invalidField(
    'id',
    'person-reference',
    'must be the office’s own reference of the person: 1 to 3 letters and 1 or 2 groups of at most 6 digits, such as P-2024-017',
  );
}

export function blacklistStream({ kind, id }: Subject): string {
  return `blacklist-${kind}.${id}`;
}

/** The subject of a stream. @throws Error for a stream that is not a subject's. */
export function subjectOfStream(stream: string): Subject {
  const [, kind, id] = /^blacklist-([a-z]+)\.([^.]+)$/.exec(stream) ?? [];
  if (kind === undefined || id === undefined) throw new Error(`not a blacklist stream: ${stream}`);
  return subjectOf(kind, id);
}

export function listingId({ kind, id }: Subject, no: number): string {
  return `${kind}.${id}.${no}`;
}

/** Subject and case of a listing id; undefined for a text that is none. */
export function subjectOfListing(listing: string): { readonly subject: Subject; readonly no: number } | undefined {
  const [kind = '', id = '', no = '', ...rest] = listing.split('.');
  if (rest.length > 0 || !CASE_OF_LISTING.test(no)) return undefined;
  try {
    return { subject: subjectOf(kind, id), no: Number(no) };
  } catch {
    return undefined;
  }
}

/**
 * Keeps resident identity numbers out of everything a case says: an event can never be taken back.
 * @throws Problem `personal-data` naming the fields.
 */
export function requireNoIdentityNumber(input: object): void {
  const faults = [...identityNumbersIn(input, '')].map((field) => ({ field, message: 'holds what looks like an identity number' }));
  if (faults.length > 0) throw personalData(faults);
}

/** Hashes and credit codes: whatever digits they hold, nobody wrote them. */
const WITHOUT_WORDS = ['subject', 'policy', 'sha256'];

function* identityNumbersIn(value: unknown, field: string): Generator<string> {
  if (typeof value === 'string') {
    if (holdsIdentityNumber(value)) yield field;
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, part] of Object.entries(value)) {
      if (!WITHOUT_WORDS.includes(name)) yield* identityNumbersIn(part, field === '' ? name : `${field}.${name}`);
    }
  }
}

/** The numbers of GB 11643: 18 places with a day of birth and a check character, or the 15 of before 1999. */
function holdsIdentityNumber(text: string): boolean {
  const plain = text.normalize('NFKC').toUpperCase();
  const joined = plain.replace(/(?<=\d)[\s-]+(?=[\dX])/g, '');
  for (const one of [plain, joined]) {
    for (const [number] of one.matchAll(/(?<![0-9A-Z])\d{17}[\dX](?![0-9A-Z])/g)) {
      if (isDayOfBirth(number.slice(6, 14)) && checkCharacter(number) === number[17]) return true;
    }
  }
  for (const [number] of plain.matchAll(/(?<![0-9A-Z])[1-6]\d{14}(?![0-9A-Z])/g)) {
    if (isDayOfBirth(`19${number.slice(6, 12)}`)) return true;
  }
  return false;
}

function isDayOfBirth(digits: string): boolean {
  return /^(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/.test(digits);
}

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

function checkCharacter(number: string): string {
  const sum = WEIGHTS.reduce((total, weight, place) => total + weight * Number(number[place]), 0);
  return '10X98765432'.charAt(sum % 11);
}

function personalData(faults: readonly { readonly field: string; readonly message: string }[]): Problem {
  const errors = faults.map(({ field, message }): FieldError => ({ field, rule: 'personal-data', message }));
  return new Problem(
    'invalid',
    'personal-data',
    `${faults.map(({ field, message }) => `${field} ${message}`).join('; ')}: the ledger keeps only the office’s own reference of a person`,
    errors,
  );
}
