import { Problem } from '@app/kernel';
import type { Subscriptions } from '@app/projections';

/**
 * Waits until read models a decision looks enterprises up in know everything.
 * @throws Problem `read-model-behind` when one has stopped or cannot go on just now.
 */
export async function requireCaughtUp(subscriptions: Subscriptions, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (await subscriptions.caughtUp(name)) continue;
    throw new Problem(
      'unavailable',
      'read-model-behind',
      `${name} does not follow the ledger just now; "ledger projections list" says why`,
    );
  }
}
