import { parse, v5 } from 'uuid';

// A fixed namespace of this ledger (random, never to change): every derived id depends on it.
const NAMESPACE = parse('3d5c6f5e-8a0b-4c1f-9a57-2f0d1f6f4e0a');

/** A UUID v5 from a name: the same name always gives the same id (RFC 9562). */
export function derivedId(...parts: readonly string[]): string {
  return v5(parts.join('\u0000'), NAMESPACE);
}

/**
 * One spelling for references people type (project, contract, certificate numbers), so that two spellings
 * of one number cannot earn two awards: NFKC, upper case, blanks and punctuation dropped.
 */
export function normalisedReference(text: string): string {
  return text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/**
 * Whether a reference holds, once normalised, only Latin letters, digits and Han characters, and at least one of them.
 * A Cyrillic or Greek letter looks like a Latin one: it would make two numbers of what reads as one.
 */
export function isPlainReference(text: string): boolean {
  return /^[0-9A-Z〇\p{Unified_Ideograph}]+$/u.test(normalisedReference(text));
}
