import { hash } from 'node:crypto';

// A fixed namespace of this ledger (random, never to change): every derived id depends on it.
const NAMESPACE = Buffer.from('3d5c6f5e8a0b4c1f9a572f0d1f6f4e0a', 'hex');

/**
 * A UUID v5 from a name: the same name always gives the same id (RFC 9562, 5.5). Written out here because every command
 * makes several and the usual library takes four times as long; the spec holds it against that library.
 */
export function derivedId(...parts: readonly string[]): string {
  const digest = hash('sha1', Buffer.concat([NAMESPACE, Buffer.from(parts.join('\u0000'), 'utf8')]), 'hex');
  const variant = '89ab'[Number.parseInt(digest.charAt(16), 16) & 3] as string;
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
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
