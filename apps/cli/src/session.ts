import { join } from 'node:path';
import { storeSettings } from '@app/event-store';
import { invalidField, Problem } from '@app/kernel';
import { DataFolder } from '../../api/src/data-folder.js';
import { readEnvironment } from '../../api/src/operations/settings.js';
import { type Door, openDoor, serverDoor } from './door.js';

/** Options every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly data: string;
  readonly server?: string;
  readonly token?: string;
}

/** Opens the way to the ledger for one piece of work and closes it after. @throws Problem `token-missing` without a token, unless the route is open; `no-ledger`; `token-key-missing`. */
export async function withDoor(options: GlobalOptions, isOpen: boolean, work: (door: Door, token: string) => Promise<void>): Promise<void> {
  const token = options.token ?? process.env['LEDGER_TOKEN'] ?? '';
  if (token === '' && !isOpen) {
    throw new Problem(
      'invalid',
      'token-missing',
      'this needs to know who you are: pass --token or set LEDGER_TOKEN (make one with: ledger token --role clerk)',
    );
  }
  if (options.server === undefined) requireLedger(options.data);
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

/**
 * Where there is no ledger, another folder is named than was meant, and a list of nothing would look like an answer. One
 * begins with the key of its tokens or, where several processes share a key that is kept elsewhere, with its first server.
 * A ledger in EventStoreDB needs nothing of the folder but that key, unless it is shared.
 */
function requireLedger(folder: string): void {
  if (DataFolder.isOfALedger(folder)) return;
  if (storeSettings(readEnvironment()) === undefined) throw new Problem('invalid', 'no-ledger', `there is no ledger in ${folder}`);
  if (SHARED_KEY_FILE !== undefined) return;
  throw new Problem(
    'invalid',
    'token-key-missing',
    `the ledger is in EventStoreDB, and no key of its tokens is in ${folder}: name the folder of its server with --data, or its key with LEDGER_TOKEN_KEY_FILE`,
  );
}

/** The data folder when none is named. */
export const DEFAULT_DATA = process.env['LEDGER_DATA'] ?? join('.', 'data');

/** The key of the tokens, where several processes share one outside their data folders. */
export const SHARED_KEY_FILE = process.env['LEDGER_TOKEN_KEY_FILE'] || undefined;
