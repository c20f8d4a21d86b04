import type { ResolvedInputs, UnknownInput } from '@app/enterprises';
import type { Stated } from './award-record.js';

const GONE: ReadonlySet<UnknownInput['reason']> = new Set(['revoked', 'moved-out']);

/** Inputs without a value whose ground is known to be gone: a certificate or title revoked, a departure. Not: open or disputed ones. */
export function withdrawnInputs({ unknown }: Pick<ResolvedInputs, 'unknown'>): readonly string[] {
  return unknown.filter(({ reason }) => GONE.has(reason)).map(({ input }) => input);
}

/** Where a fact is missing because its ground has gone, the question is not open: nothing is due. */
export function withoutGround(stated: Stated, withdrawn: readonly string[]): Stated {
  const gone = stated.missing?.filter((input) => withdrawn.includes(input)) ?? [];
  return stated.outcome === 'missing' && gone.length > 0 ? { outcome: 'ground-gone', missing: gone } : stated;
}
