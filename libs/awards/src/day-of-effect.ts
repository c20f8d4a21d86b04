import type { AwardEvent } from './award.js';

/**
 * The business day from which an event of an award counts: what the bank did counts from the bank's own day, which is
 * known only later; everything else from the day on which it takes effect.
 */
export function dayOfEffect(event: AwardEvent & { readonly metadata: { readonly effectiveOn: string } }): string {
  switch (event.type) {
    case 'instalment-paid':
    case 'instalment-returned':
    case 'instalment-overpaid':
    case 'overpayment-returned':
    case 'clawback-received':
      return event.data.on;
    default:
      return event.metadata.effectiveOn;
  }
}
