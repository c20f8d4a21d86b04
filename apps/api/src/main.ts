import { setFlagsFromString } from 'node:v8';
import { ConsoleLogger } from '@nestjs/common';
import { Problem } from '@app/kernel';
import { createLedger } from './create-ledger.js';

// Catching up makes much garbage out of little that lives. Left alone, V8 lets the heap grow to four times what lives before
// it collects in full: 450 MB for a million events instead of 260 MB, and not measurably faster.
setFlagsFromString('--heap-growing-percent=50');

const FRAMEWORK_CHATTER = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/** One JSON object a line, without the framework's account of its own start. */
class ServerLogger extends ConsoleLogger {
  override log(message: unknown, ...rest: unknown[]): void {
    if (!FRAMEWORK_CHATTER.has(String(rest.at(-1)))) super.log(message, ...rest);
  }
}

/** Serves the embedded ledger. Settings: LEDGER_PORT (8080), LEDGER_HOST (127.0.0.1), LEDGER_DATA (./data), LEDGER_BUNDLED_POLICIES (publish or none), LEDGER_STORE (sqlite or esdb) and LEDGER_ESDB_URL (connection string of EventStoreDB). */
async function main(): Promise<void> {
  const { LEDGER_PORT = '8080', LEDGER_HOST = '127.0.0.1', LEDGER_DATA = './data', LEDGER_BUNDLED_POLICIES = 'publish' } = process.env;
  const port = Number(LEDGER_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) fail(2, `LEDGER_PORT must be a port number, not ${LEDGER_PORT}`);
  if (!['publish', 'none'].includes(LEDGER_BUNDLED_POLICIES))
    fail(2, `LEDGER_BUNDLED_POLICIES must be publish or none, not ${LEDGER_BUNDLED_POLICIES}`);
  const logger = new ServerLogger({ json: true, logLevels: ['log', 'warn', 'error', 'fatal'] });
  const ledger = await createLedger({ dataFolder: LEDGER_DATA, logger, publishBundledPolicies: LEDGER_BUNDLED_POLICIES === 'publish' });
  await ledger.app.listen(port, LEDGER_HOST);
  const url = (await ledger.app.getUrl()).replace('[::1]', '127.0.0.1');
  ledger.folder.announce(url);
  logger.log(`the ledger in ${LEDGER_DATA} is ready at ${url}; first steps: ${url}/health, ${url}/openapi.json`, 'ledger');
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      ledger.close().then(
        () => process.exit(0),
        (error: unknown) => fail(1, String(error)),
      );
    });
  }
}

function fail(code: number, message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

main().catch((error: unknown) => {
  if (error instanceof Problem) fail(3, error.detail);
  if (!(error instanceof Error)) fail(3, String(error));
  const { code } = error as NodeJS.ErrnoException;
  fail(3, code === 'EADDRINUSE' || code === 'EACCES' ? `cannot listen: ${error.message}` : (error.stack ?? error.message));
});
