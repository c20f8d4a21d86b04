/** The real node or cluster that the suites run on where `LEDGER_TEST_ESDB_URL` says where it is. */
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { esdbAdapter, parseAddress } from '@app/event-store';
import { GROUPS } from './secured.mjs';

export const NODE_URL = process.env['LEDGER_TEST_ESDB_URL'];
export const ADMINISTRATOR_URL = process.env['LEDGER_TEST_ESDB_ADMIN_URL'];
const RESET = process.env['LEDGER_TEST_ESDB_RESET'];
const RESET_LIMIT_MS = 120_000;

/** The address of the real node, emptied and, where its administrator is known, prepared as `ledger store setup` does. */
export async function preparedNode(): Promise<string> {
  const url = await emptied();
  if (ADMINISTRATOR_URL !== undefined) await (await esdbAdapter()).prepareStore(parseAddress(ADMINISTRATOR_URL), GROUPS);
  return url;
}

/**
 * The address of the real node with nothing in it. Streams of a real node cannot be deleted between two ledgers, and a ledger
 * owns its node. So it has to be empty each time: `LEDGER_TEST_ESDB_RESET` is a shell command that empties it, such as the
 * restart of a node that keeps everything in memory.
 */
export async function emptied(): Promise<string> {
  if (NODE_URL === undefined) throw new Error('LEDGER_TEST_ESDB_URL does not say where the real node is');
  if (RESET !== undefined) {
    const { status, stderr } = spawnSync(RESET, { shell: true, encoding: 'utf8', timeout: RESET_LIMIT_MS });
    if (status !== 0) throw new Error(`LEDGER_TEST_ESDB_RESET failed: ${stderr}`);
  }
  for (const until = performance.now() + RESET_LIMIT_MS; ;) {
    // Before anybody has rights only its administrator may look at all of it.
    const archive = new (await esdbAdapter()).EsdbArchive(parseAddress(ADMINISTRATOR_URL ?? NODE_URL), { giveUpMs: 2_000 });
    try {
      if ((await archive.state()) === 'empty') return NODE_URL;
      throw new Error(
        `${archive.name} holds a ledger already; give each suite an empty node, or a command that empties it in LEDGER_TEST_ESDB_RESET`,
      );
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'store-unavailable' || RESET === undefined || performance.now() > until) throw error;
    } finally {
      await archive.close();
    }
    await sleep(500);
  }
}
