import { v5 } from 'uuid';

// A fixed namespace of this ledger (random, never to change): every derived id depends on it.
const NAMESPACE = '3d5c6f5e-8a0b-4c1f-9a57-2f0d1f6f4e0a';

/** A UUID v5 from a name: the same name always gives the same id (RFC 9562). */
export function derivedId(...parts: readonly string[]): string {
  return v5(parts.join('\u0000'), NAMESPACE);
}

/**
 * One spelling for references people type (project, contract, certificate numbers), so that two spellings
 * of one number cannot earn two awards: NFKC, upper case, blanks and punctuation dropped.
 */
export function normalisedReference(text: string): string {
  return text.normalize('NFKC').toUpperCase().replace(/[^\p{L}\p{N}]/gu, '');
}
