import type { AwardEvent } from './award.js';

/**
 * The business day from which an event of an award counts: what the bank did counts from the bank's own day, which the
 * ledger learns of later; everything else from the day on which it takes effect.
 */
export function dayOfEffect(event: AwardEvent & { readonly metadata: { readonly effectiveOn: string } }): string {
  return isOfTheBank(event) ? event.data.on : event.metadata.effectiveOn;
}

type OfTheBank = Extract<
  AwardEvent,
  { type: 'instalment-paid' | 'instalment-returned' | 'instalment-overpaid' | 'overpayment-returned' | 'clawback-received' }
>;
const OF_THE_BANK: readonly AwardEvent['type'][] = [
  'instalment-paid',
  'instalment-returned',
  'instalment-overpaid',
  'overpayment-returned',
  'clawback-received',
] satisfies readonly OfTheBank['type'][];

function isOfTheBank(event: AwardEvent): event is OfTheBank {
  return OF_THE_BANK.includes(event.type);
}
