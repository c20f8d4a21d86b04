import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { Problem } from '@app/kernel';
import { note, print, printJson } from '../output.js';
import { DEFAULT_DATA, type GlobalOptions } from '../session.js';
import { playDemonstrationYear } from './demonstration-year.js';
import { reportText } from './report.js';

/** `ledger demo`: plays a demonstration year into a fresh data folder and reports what came of it. */
export function addDemoCommand(program: Command): void {
  const command = program
    .command('demo')
    .description('演示年度: plays a year with fictional enterprises on the real clauses into a fresh folder')
    .option('--into <folder>', 'an empty or new folder; left out, a new one under the data folder');
  command.action(async () => {
    const { into, json } = command.optsWithGlobals<GlobalOptions & { into?: string }>();
    const folder = into ?? join(DEFAULT_DATA, `demo-${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}`);
    if (existsSync(folder) && readdirSync(folder).length > 0) {
      throw new Problem(
        'invalid',
        'folder-not-empty',
        `${folder} is not empty: the demonstration never writes into a ledger that is in use`,
      );
    }
    const report = await playDemonstrationYear(folder);
    if (json === true) printJson(report);
    else print(reportText(report));
    note(`The ledger of this year is in ${folder}; look around with: LEDGER_DATA=${folder} npm start`);
  });
}
