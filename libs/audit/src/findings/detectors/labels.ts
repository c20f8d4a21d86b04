import { laddersOf, latestVersion } from '@app/policies';
import { type Past, policyOf } from '../past.js';

const textOf = (past: Past, pack: string) => latestVersion(policyOf(past, pack))?.pack;

/** What a pack calls an input; the input itself where nothing says. */
export const inputLabel = (past: Past, pack: string, input: string): string => textOf(past, pack)?.inputs[input]?.label ?? input;
export const gateTitle = (past: Past, pack: string, gate: string): string =>
  textOf(past, pack)?.gates.find(({ id }) => id === gate)?.title ?? gate;

export function tierTitle(past: Past, pack: string, ladder: string, tier: string): string {
  const text = textOf(past, pack);
  const named = text && laddersOf(text).find((one) => one.ladder === ladder);
  return named?.tiers.find(({ id }) => id === tier)?.title ?? tier;
}
