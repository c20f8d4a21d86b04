import { existsSync, rmSync } from 'node:fs';
import type { Command } from 'commander';
import { type BackupManifest, makeBackup, restoreBackup, storeSettings } from '@app/event-store';
import { Problem } from '@app/kernel';
import { SYSTEM_CLOCK } from '../../api/src/create-ledger.js';
import { DataFolder } from '../../api/src/data-folder.js';
import { readEnvironment } from '../../api/src/operations/settings.js';
import { print, printJson } from './output.js';
import { refuseUsed } from './places.js';
import type { GlobalOptions } from './session.js';

/** `ledger backup` and `ledger restore`: the embedded ledger of a data folder, also while a server works on it. */
export function addBackupCommands(program: Command): void {
  const backup = program
    .command('backup')
    .description('备份: a consistent copy of the embedded ledger with a manifest, also while it is being written')
    .requiredOption('--to <folder>', 'a folder that does not exist yet, or is empty');
  backup.action(async () => {
    const { to, data, json, server } = backup.optsWithGlobals<GlobalOptions & { to: string }>();
    if (server !== undefined || storeSettings(readEnvironment()) !== undefined) {
      throw new Problem(
        'invalid',
        'store-address',
        'a backup is made of a data folder on this machine; what EventStoreDB holds is backed up with its own means, or copied with "ledger store copy"',
      );
    }
    if (!existsSync(data)) throw new Problem('invalid', 'no-ledger', `there is no folder ${data}`);
    process.umask(0o077);
    const folder = new DataFolder(data);
    // A task that goes on backing up what was left behind would come out well each day, and save nothing new.
    folder.refuseMoved();
    const manifest = await makeBackup(folder.ledgerFile, to, SYSTEM_CLOCK.now());
    if (json === true) printJson({ folder: to, ...manifest });
    else print(`已备份到 ${to}：${wordsOf(manifest)}`);
  });

  const restore = program
    .command('restore')
    .description('恢复: puts the ledger of a backup into a new data folder (--data), after checking every byte and the digest')
    .requiredOption('--from <folder>', 'what ledger backup has made');
  restore.action(async () => {
    const { from, data, json } = restore.optsWithGlobals<GlobalOptions & { from: string }>();
    process.umask(0o077);
    const isNew = !existsSync(data);
    const folder = new DataFolder(data);
    try {
      folder.acquire('all');
      if (existsSync(folder.incomingFile)) folder.refuseIncomplete();
      refuseUsed(folder);
      const manifest = await restoreBackup(from, folder.ledgerFile, folder.restoringFile);
      if (json === true) printJson({ data, ...manifest });
      else print(`已恢复到 ${data}：${wordsOf(manifest)}`);
    } finally {
      folder.release();
      if (isNew && !existsSync(folder.ledgerFile)) rmSync(data, { recursive: true });
    }
  });
}

function wordsOf({ events, head, digest, createdAt }: BackupManifest): string {
  return `${createdAt} 时的账本，${events} 个事件，账本位置至 ${head}，摘要 ${digest}`;
}
