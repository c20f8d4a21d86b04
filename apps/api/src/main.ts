import { setFlagsFromString } from 'node:v8';
import type { Logger } from 'pino';
import { Problem } from '@app/kernel';
import { createLedger, type Ledger } from './create-ledger.js';
import { FrameworkLog, openLog } from './operations/logging.js';
import { readEnvironment, settingsOf } from './operations/settings.js';
import { openTracing, type Tracing } from './operations/tracing.js';

// Catching up makes much garbage out of little that lives. Left alone, V8 lets the heap grow to four times what lives before
// it collects in full: 450 MB for a million events instead of 260 MB, and not measurably faster.
setFlagsFromString('--heap-growing-percent=50');

/** A signal within so many milliseconds of the first is the same one, come by another way: npm and the terminal both pass it on. */
const SAME_SIGNAL_MS = 500;

/** Serves the ledger, as the environment says: every setting is in docs/operations.md. */
async function main(): Promise<void> {
  const environment = readEnvironment();
  const settings = settingsOf(environment, process.stdout.isTTY);
  const { role, port, host, dataFolder, publishBundledPolicies, tokenKeyFile, metrics, drainMs } = settings;
  const log = await openLog(settings);
  const logger = new FrameworkLog(log);
  const tracing = await openTracing(environment, role, logger);
  const options = {
    dataFolder,
    logger,
    requestLog: log,
    publishBundledPolicies,
    ...(tokenKeyFile !== undefined && { tokenKeyFile }),
    metrics,
    drainMs,
    tracing,
  };
  const ledger = await createLedger(options, role);
  const url = await ledger.listen(port, host);
  if (role !== 'worker') ledger.folder.announce(url);
  const steps = role === 'worker' ? `${url}/health` : `${url}/health, ${url}/openapi.json`;
  log.info({ context: 'ledger' }, `the ledger in ${dataFolder} is ready at ${url}; first steps: ${steps}`);
  endOnSignal(ledger, log, tracing);
}

/** The first signal lets what is under way finish; a second ends the process at once. */
function endOnSignal(ledger: Ledger, log: Logger, tracing: Tracing | undefined): void {
  let firstMs: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (firstMs !== undefined) {
        if (performance.now() - firstMs > SAME_SIGNAL_MS) process.exit(1);
        return;
      }
      firstMs = performance.now();
      log.info({ context: 'ledger' }, 'ending: what is under way is finished first; a second signal ends at once');
      void end(ledger, log, tracing).then(
        () => process.exit(0),
        (error: unknown) => fail(1, String(error)),
      );
    });
  }
}

async function end(ledger: Ledger, log: Logger, tracing: Tracing | undefined): Promise<void> {
  const cutOff = await ledger.close();
  if (cutOff > 0) log.warn({ context: 'ledger', cutOff }, 'requests took too long to finish and were cut off');
  // What could not be traced is lost, and nothing else.
  await tracing?.close().catch(() => undefined);
}

function fail(code: number, message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

main().catch((error: unknown) => {
  if (error instanceof Problem) fail(['setting', 'ledger-moved'].includes(error.code) ? 2 : 3, error.detail);
  if (!(error instanceof Error)) fail(3, String(error));
  const { code } = error as NodeJS.ErrnoException;
  fail(3, code === 'EADDRINUSE' || code === 'EACCES' ? `cannot listen: ${error.message}` : (error.stack ?? error.message));
});
