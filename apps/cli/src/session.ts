import { join } from 'node:path';
import { invalidField, Problem } from '@app/kernel';
import { DataFolder } from '../../api/src/data-folder.js';
import { type Door, openDoor, serverDoor } from './door.js';

/** Options every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly data: string;
  readonly server?: string;
  readonly token?: string;
}

/** Opens the way to the ledger for one piece of work and closes it after. @throws Problem `token-missing` without a token, unless the route is open; `no-ledger`. */
export async function withDoor(options: GlobalOptions, isOpen: boolean, work: (door: Door, token: string) => Promise<void>): Promise<void> {
  const token = options.token ?? process.env['LEDGER_TOKEN'] ?? '';
  if (token === '' && !isOpen) {
    throw new Problem(
      'invalid',
      'token-missing',
      'this needs to know who you are: pass --token or set LEDGER_TOKEN (make one with: ledger token --role clerk)',
    );
  }
  // Whoever has a token has it of a ledger that is there: where there is none, another folder is named than was meant.
  if (options.server === undefined && token !== '' && !DataFolder.isOfALedger(options.data, SHARED_KEY_FILE))
    throw new Problem('not-found', 'no-ledger', `there is no ledger in ${options.data}: none of its tokens can have been signed there`);
  const bundled = process.env['LEDGER_BUNDLED_POLICIES'] ?? 'publish';
  if (!['publish', 'none'].includes(bundled))
    throw invalidField('LEDGER_BUNDLED_POLICIES', 'publish-or-none', `must be publish or none, not ${bundled}`);
  const publishBundledPolicies = bundled === 'publish';
  const door =
    options.server === undefined
      ? await openDoor(options.data, { publishBundledPolicies, ...(SHARED_KEY_FILE !== undefined && { tokenKeyFile: SHARED_KEY_FILE }) })
      : serverDoor(options.server);
  try {
    await work(door, token);
  } finally {
    await door.close();
  }
}

/** The data folder when none is named. */
export const DEFAULT_DATA = process.env['LEDGER_DATA'] ?? join('.', 'data');

/** The key of the tokens, where several processes share one outside their data folders. */
export const SHARED_KEY_FILE = process.env['LEDGER_TOKEN_KEY_FILE'] || undefined;
