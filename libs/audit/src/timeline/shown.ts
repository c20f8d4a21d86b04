import type { DataOf } from '../ledger-event.js';

/**
 * Streams that are shown to those alone who watch over the office: the black-list's cases, auditors' findings, and requests
 * that changed nothing, each of which names the stream it was about, be it one of these.
 */
export const CONFIDENTIAL = ['blacklist', 'finding', 'command'] as const;

export function isConfidential({ stream }: { readonly stream: string }): boolean {
  return CONFIDENTIAL.some((prefix) => stream.startsWith(`${prefix}-`));
}

/**
 * What an event holds, for somebody who does not see the black-list's history: no listing is named, nor the term of one, nor why
 * it holds an award.
 * What is in effect, and whom it holds, is shown where the black-list and the awards are.
 */
export function withoutListings({ type, data }: { readonly type: string; readonly data: unknown }): unknown {
  switch (type) {
    case 'award-held':
    case 'award-hold-released': {
      const { listing, until: _until, reason: _reason, ...rest } = data as DataOf<'award-held'>;
      return listing === undefined ? data : rest;
    }
    case 'tier-recommended': {
      const recommendation = data as DataOf<'tier-recommended'>;
      const refused = recommendation.refused.map((one) => (one.code === 'black-listed' ? { ...one, missing: [] } : one));
      return { ...recommendation, refused };
    }
    default:
      return data;
  }
}
