import { type FieldError, Problem } from './problem.js';

/** Codes, references and hashes: whatever digits they hold, they are not about a person. */
const WITHOUT_WORDS: ReadonlySet<string> = new Set([
  'subject',
  'policy',
  'sha256',
  'creditCode',
  'payee',
  'agency',
  'reference',
  'listing',
]);

/**
 * Keeps resident identity numbers and mobile numbers out of every text of a command: an event can never be taken back.
 * @throws Problem `personal-data` naming the fields.
 */
export function requireNoPersonalNumber(input: object): void {
  const faults = [...personalNumbersIn(input, '')];
  if (faults.length > 0) throw personalData(faults);
}

/** What somebody has written that names a person more closely than the ledger may. */
export interface PersonalDataFault {
  readonly field: string;
  readonly message: string;
}

export function personalData(faults: readonly PersonalDataFault[]): Problem {
  const errors = faults.map(({ field, message }): FieldError => ({ field, rule: 'personal-data', message }));
  return new Problem(
    'invalid',
    'personal-data',
    `${faults.map(({ field, message }) => `${field} ${message}`).join('; ')}: the ledger keeps only the office’s own reference of a person`,
    errors,
  );
}

function* personalNumbersIn(value: unknown, field: string): Generator<PersonalDataFault> {
  if (typeof value === 'string') {
    if (holdsIdentityNumber(value)) yield { field, message: 'holds what looks like an identity number' };
    else if (holdsMobileNumber(value)) yield { field, message: 'holds what looks like a mobile number' };
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, part] of Object.entries(value)) {
      if (!WITHOUT_WORDS.has(name)) yield* personalNumbersIn(part, field === '' ? name : `${field}.${name}`);
    }
  }
}

/** What people write between the digits of one number. */
const SEPARATORS = String.raw`[\s\-‐-―./\\_·•・]`;
const BETWEEN_DIGITS = new RegExp(String.raw`(?<=\d)${SEPARATORS}+(?=[\dX])`, 'g');

/**
 * The numbers of GB 11643, written in one piece or in groups, with whatever letters before them. Those of 18 places have a
 * day of birth and a check character and are found inside longer runs of digits too; the 15 of before 1999 have no check
 * character, so they must stand by themselves.
 */
function holdsIdentityNumber(text: string): boolean {
  const plain = text.normalize('NFKC').toUpperCase();
  return [plain, plain.replace(BETWEEN_DIGITS, '')].some((one) => {
    for (const [, number = ''] of one.matchAll(/(?=(\d{17}[\dX]))/g)) {
      if (isRegion(number) && isDayOfBirth(number.slice(6, 14)) && checkCharacter(number) === number[17]) return true;
    }
    for (const [number] of one.matchAll(/(?<!\d)\d{15}(?!\d)/g)) {
      if (isRegion(number) && isDayOfBirth(`19${number.slice(6, 12)}`)) return true;
    }
    return false;
  });
}

/** With or without the country's code, in one piece or in groups of 3, 4 and 4; a sum of money is none. */
const MOBILE = new RegExp(String.raw`(?<!\d|\d\.)(?:(?:00)?86${SEPARATORS}*)?1[3-9]\d${SEPARATORS}*\d{4}${SEPARATORS}*\d{4}(?!\d|\.\d)`);

function holdsMobileNumber(text: string): boolean {
  return MOBILE.test(text.normalize('NFKC'));
}

/** The provinces of GB/T 2260: a contract number that begins with its year has none. */
function isRegion(number: string): boolean {
  return /^(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])/.test(number);
}

function isDayOfBirth(digits: string): boolean {
  return /^(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/.test(digits);
}

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

function checkCharacter(number: string): string {
  const sum = WEIGHTS.reduce((total, weight, place) => total + weight * Number(number[place]), 0);
  return '10X98765432'.charAt(sum % 11);
}
