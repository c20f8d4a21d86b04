import { currentVantage } from '@app/event-store';
import { forbidden, type Problem } from '@app/kernel';

/**
 * How much of the black-list somebody sees: what is published, everything that has effect or waits, or everything that
 * ever happened. Whatever names a listing, here or in other features, asks this.
 */
export type Sight = 'published' | 'running' | 'history';

const OF_CASES: readonly string[] = ['clerk', 'reviewer', 'approver'];
const OF_HISTORY: readonly string[] = ['auditor', 'administrator'];

export function sightOf(actor: { readonly roles: readonly string[] } | undefined): Sight {
  const has = (roles: readonly string[]) => actor?.roles.some((role) => roles.includes(role)) === true;
  if (has(OF_HISTORY)) return 'history';
  return has(OF_CASES) ? 'running' : 'published';
}

/** The refusal of whatever would show what has ended. */
export function historyRestricted(): Problem {
  return forbidden('history-restricted', 'what has ended is shown to auditors and administrators alone');
}

/** Whether somebody asks for a day gone by, or what the ledger knew earlier: either may tell of listings that have ended. */
function looksBack(on: string | undefined, today: string): boolean {
  const vantage = currentVantage();
  return (on !== undefined && on < today) || (vantage !== undefined && vantage.isPresent !== true);
}

/** Whether somebody looks back who must not learn there of listings that have ended. */
export function isHistoryHidden(actor: Parameters<typeof sightOf>[0], on: string | undefined, today: string): boolean {
  return sightOf(actor) !== 'history' && looksBack(on, today);
}

/** The sight of whoever asks for a day. @throws Problem `history-restricted` for who looks back and may not see the history. */
export function sightOn(actor: Parameters<typeof sightOf>[0], on: string | undefined, today: string): Sight {
  if (isHistoryHidden(actor, on, today)) throw historyRestricted();
  return sightOf(actor);
}
