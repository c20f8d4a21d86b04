import { hash } from 'node:crypto';

// A fixed namespace of this ledger (random, never to change): every derived id depends on it.
const NAMESPACE = Uint8Array.of(0x3d, 0x5c, 0x6f, 0x5e, 0x8a, 0x0b, 0x4c, 0x1f, 0x9a, 0x57, 0x2f, 0x0d, 0x1f, 0x6f, 0x4e, 0x0a);
const UTF8 = new TextEncoder();

/**
 * A UUID v5 from a name: the same name always gives the same id (RFC 9562, 5.5). Written out here because every command
 * makes several and the usual library takes four times as long; the spec holds it against the standard, written out another way.
 */
export function derivedId(...parts: readonly string[]): string {
  const name = UTF8.encode(parts.join('\u0000'));
  const named = new Uint8Array(NAMESPACE.length + name.length);
  named.set(NAMESPACE);
  named.set(name, NAMESPACE.length);
  const digest = hash('sha1', named, 'hex');
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
