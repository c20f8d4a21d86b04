/**
 * The real server, only with a clock in which a second is a day, so that notice periods pass while a test runs.
 * Arguments: data folder, port, the real instant (ms) at which the simulated day BASE_DAY began.
 */
import { createLedger } from '../../dist/apps/api/src/create-ledger.js';

const [dataFolder, port, startedMs] = process.argv.slice(2);
const BASE = Date.parse('2024-01-02T01:00:00Z');
const DAYS_PER_SECOND = 86_400;
const clock = { now: () => new Date(BASE + (Date.now() - Number(startedMs)) * DAYS_PER_SECOND) };

const quiet = { log() {}, warn() {}, debug() {}, verbose() {}, error: (...words) => process.stderr.write(`${words.join(' ')}\n`) };
const ledger = await createLedger({ dataFolder, clock, logger: quiet, publishBundledPolicies: true });
await ledger.app.listen(Number(port), '127.0.0.1');
process.stdout.write('ready\n');
process.on('SIGTERM', () => ledger.close().then(() => process.exit(0)));
