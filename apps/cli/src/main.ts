import { Logger, type LoggerService } from '@nestjs/common';
import { Command, CommanderError } from 'commander';
import { addAuditCommands } from './audit-commands.js';
import { addBackupCommands } from './backup-command.js';
import { addDemoCommand } from './demo/demo-command.js';
import { addEntitlementsCommand } from './entitlements-command.js';
import { addImportCommand } from './import-command.js';
import { EXIT, explain, note } from './output.js';
import { addPolicyCommands } from './policy-commands.js';
import { addProjectionsCommand } from './projections-command.js';
import { addRoute } from './route-command.js';
import { ROUTES } from './routes.js';
import { DEFAULT_DATA, type GlobalOptions } from './session.js';
import { addStoreCommand } from './store-command.js';
import { addTokenCommand } from './token-command.js';

/** What parts of the ledger warn of while a command runs; stdout is for the answer alone. */
const WARNINGS: LoggerService = {
  log: () => undefined,
  warn: (text: unknown) => note(String(text)),
  error: (text: unknown) => note(String(text)),
};

/** `ledger`: the door for operators, reviewers and scripts. Exit codes: 0 done, 1 the answer is no, 2 wrong input, 3 not available. */
async function main(): Promise<void> {
  Logger.overrideLogger(WARNINGS);
  const program = new Command('ledger')
    .description('政策台账 policy ledger')
    .option('--json', 'machine-readable: only JSON on stdout, notes on stderr')
    .option('--data <folder>', 'data folder of the embedded ledger', DEFAULT_DATA)
    .option('--server <url>', 'a ledger served elsewhere')
    .option('--token <token>', 'who you are; LEDGER_TOKEN when left out')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true });
  for (const route of ROUTES) addRoute(program, route);
  addImportCommand(program);
  addPolicyCommands(program);
  addEntitlementsCommand(program);
  addAuditCommands(program);
  addProjectionsCommand(program);
  addTokenCommand(program);
  addStoreCommand(program);
  addBackupCommands(program);
  addDemoCommand(program);
  inheritExit(program);
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
    else process.exitCode = explain(error, program.opts<GlobalOptions>().json === true);
  }
}

/** Nested commands were made before the override could reach them. */
function inheritExit(command: Command): void {
  for (const child of command.commands) {
    child.exitOverride();
    inheritExit(child);
  }
}

// A reader that closes the pipe early (`| head`) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  throw error;
});

await main();
