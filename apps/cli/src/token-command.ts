import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { Tokens } from '@app/http';
import type { Role } from '@app/kernel';
import { invalidField, ROLES } from '@app/kernel';
import { SYSTEM_CLOCK } from '../../api/src/create-ledger.js';
import { DataFolder } from '../../api/src/data-folder.js';
import { note, print, printJson } from './output.js';
import { type GlobalOptions, SHARED_KEY_FILE } from './session.js';

/** `ledger token`: signs a bearer token with the key of the data folder. */
export function addTokenCommand(program: Command): void {
  const command = program
    .command('token')
    .description('签发令牌: signs a token for a person, with the key in the data folder')
    .requiredOption('--role <role...>', `one or more of ${ROLES.join(', ')}`)
    .option('--actor <id>', 'who it stands for; duties are kept apart by this id', nameOfUser())
    .option('--unit <name>', 'the unit the person acts for', '未填单位')
    .option('--hours <number>', 'how long it is valid', '12');
  command.action(async () => {
    const { role, actor, unit, hours, data, json } = command.optsWithGlobals<
      GlobalOptions & { role: Role[]; actor?: string; unit: string; hours: string }
    >();
    if (actor === undefined) throw invalidField('actor', 'required', 'must say who the token stands for: --actor <id>');
    const tokens = Tokens.fromKeyFile(keyFile(data), SYSTEM_CLOCK);
    const token = await tokens.issue({ id: actor, unit, roles: role }, Math.round(Number(hours) * 3600));
    note(`${actor} (${unit}): ${role.join(', ')}, ${hours} hours`);
    if (json === true) printJson({ token, actor, unit, roles: role });
    else print(token);
  });
}

/** The key tokens are signed with: where it is kept in the data folder, the first one begins a ledger there. */
function keyFile(data: string): string {
  if (SHARED_KEY_FILE !== undefined) {
    DataFolder.requireSharedKey(SHARED_KEY_FILE);
    return SHARED_KEY_FILE;
  }
  if (!DataFolder.isOfALedger(data)) note(`${data} 中尚无账本：新建令牌密钥，账本由此开始`);
  return new DataFolder(data).tokenKeyFile;
}

/** Who runs the command; in a container that may be a number without a name, and then it has to be said. */
function nameOfUser(): string | undefined {
  try {
    return userInfo().username.toLowerCase();
  } catch {
    return undefined;
  }
}
