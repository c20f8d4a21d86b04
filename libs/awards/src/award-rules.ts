import { type Money, refused } from '@app/kernel';
import type { ReliedClearance } from './award.js';

/** Why nothing of an award is paid just now, whichever instalment is meant. */
export interface PaymentBar {
  readonly code: 'award-held' | 'clawback-outstanding';
  readonly detail: string;
}

/** What lists and batches name and the order itself refuses. `held` says why it is held, `owed` what is claimed back and not settled. */
export function paymentBar(held: string | undefined, owed: Money): PaymentBar | undefined {
  if (held !== undefined) return { code: 'award-held', detail: `the award is held: ${held}` };
  if (owed.isZero) return undefined;
  return { code: 'clawback-outstanding', detail: `${owed.toChinese()} of clawbacks are not settled: nothing more is paid meanwhile` };
}

/** A black-listing (失信名单) in effect on the day of a decision, as far as the decision has to name it. */
export interface FoundListing {
  readonly listing: string;
  readonly subject: { readonly kind: string; readonly id: string };
  /** First day without effect. */
  readonly until: string;
}

/**
 * @throws Problem `black-listed` naming listing, subject and until when; the one that lasts longest stands for all. Its
 * words name none: a payment batch keeps them for everybody to read.
 */
export function requireNotListed(listings: readonly FoundListing[]): void {
  const longest = listings.reduce<FoundListing | undefined>(
    (last, one) => (last === undefined || one.until > last.until ? one : last),
    undefined,
  );
  if (longest === undefined) return;
  const { listing, subject, until } = longest;
  throw refused('black-listed', `the award involves a black-listed ${subject.kind} (列入失信名单)`, {
    listing,
    subject,
    until,
    ...(listings.length > 1 && { listings: listings.map((one) => one.listing) }),
  });
}

/** What a dossier holds on the day of a decision for one clearance (部门核查) a clause asks for. */
export type FoundClearance =
  | ({ readonly finding: 'clear'; readonly recordedBy: string } & ReliedClearance)
  | { readonly finding: 'adverse' | 'absent'; readonly clearance: string; readonly agency: string };

/** The findings relied on. @throws Problem `clearance-missing` listing every one that is adverse or absent. */
export function requireCleared(found: readonly FoundClearance[]): readonly ReliedClearance[] {
  const missing = found
    .filter(({ finding }) => finding !== 'clear')
    .map(({ clearance, agency, finding }) => ({ clearance, agency, finding }));
  if (missing.length > 0) {
    const said = missing.map(({ clearance, agency, finding }) => `${clearance} (${agency}): ${finding}`).join(', ');
    throw refused('clearance-missing', `these clearances (部门核查) must stand before the grant: ${said}`, { missing });
  }
  return found.flatMap((one) => {
    if (one.finding !== 'clear') return [];
    const { finding: _clear, recordedBy: _by, ...relied } = one;
    return [relied];
  });
}
