import { creditCode, invalidField, personalData } from '@app/kernel';

export const SUBJECT_KINDS = ['enterprise', 'agency', 'person'] as const;
/** 对象: an enterprise, a service agency (服务机构), or a natural person. */
export type SubjectKind = (typeof SUBJECT_KINDS)[number];

/** Whom a case or listing is about: a credit code, or for a person the office's own reference, such as "P-2024-017". */
export interface Subject {
  readonly kind: SubjectKind;
  readonly id: string;
}

/** Too few letters for a name, and with `MOST_DIGITS` too few digits for an identity or telephone number. */
const PERSON_REFERENCE = /^[A-Z]{1,3}(-\d{1,6}){1,2}$/;
const MOST_DIGITS = 8;
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
  const bare = reference.replace(/[^\p{L}\p{N}]/gu, '');
  const isShort = bare.replace(/\D/g, '').length <= MOST_DIGITS;
  if (isShort && PERSON_REFERENCE.test(reference)) return reference;
  if (/\d{9}/.test(bare)) throw personalData([{ field: 'id', message: 'looks like an identity or telephone number' }]);
  if (/\p{Script=Han}|^\p{L}+$/u.test(bare)) throw personalData([{ field: 'id', message: 'looks like a name' }]);
  throw invalidField(
    'id',
    'person-reference',
    'must be the office’s own reference of the person: 1 to 3 letters and 1 or 2 groups of digits, at most 8 in all, such as P-2024-017',
  );
}

export function blacklistStream({ kind, id }: Subject): string {
  return `blacklist-${kind}.${id}`;
}

/** The subject of a stream, which was judged when the stream began. @throws Error for a stream that is not a subject's. */
export function subjectOfStream(stream: string): Subject {
  const [, kind = '', id] = /^blacklist-([a-z]+)\.([^.]+)$/.exec(stream) ?? [];
  if (!isSubjectKind(kind) || id === undefined) throw new Error(`not a blacklist stream: ${stream}`);
  return { kind, id };
}

/** One legal person may take part as an enterprise and as an agency: a listing binds it in either part. */
const LEGAL_PERSON: readonly SubjectKind[] = ['enterprise', 'agency'];

export function isLegalPerson({ kind }: Subject): boolean {
  return LEGAL_PERSON.includes(kind);
}

/** Everything a subject is listed as: a credit code under both kinds it may have. */
export function partsOf(subject: Subject): readonly Subject[] {
  if (!isLegalPerson(subject)) return [subject];
  return [subject, ...LEGAL_PERSON.filter((kind) => kind !== subject.kind).map((kind) => ({ kind, id: subject.id }))];
}

/** Whether two subjects are one person, whichever part each takes. */
export function isSamePerson(one: Subject, other: Subject): boolean {
  return one.id === other.id && (one.kind === other.kind || (isLegalPerson(one) && isLegalPerson(other)));
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
