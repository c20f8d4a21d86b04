/**
 * The real server, only with a clock in which a second is a day, so that notice periods pass while a test runs.
 * Arguments: data folder, port, the real instant (ms) at which the simulated day BASE_DAY began. `LEDGER_ROLE` is its role.
 *
 * It reads its modules, which is most of a start, and then waits for a line on its standard input: so the next server can
 * stand by while the one before it still works on the folder. The line says `go`, or `go before budget-reserved` (or
 * `after`) to a server that is to kill itself when it appends such an event.
 */
import { once } from 'node:events';
import { VantageEventStore } from '../../dist/libs/event-store/src/index.js';
import { createLedger } from '../../dist/apps/api/src/create-ledger.js';

const [dataFolder, port, startedMs] = process.argv.slice(2);
const BASE = Date.parse('2024-01-02T01:00:00Z');
const DAYS_PER_SECOND = 86_400;
const clock = { now: () => new Date(BASE + (Date.now() - Number(startedMs)) * DAYS_PER_SECOND) };

const [line] = await once(process.stdin, 'data');
const [, when, type] = String(line).trim().split(' ');
if (when !== undefined) {
  const { append } = VantageEventStore.prototype;
  const die = () => process.kill(process.pid, 'SIGKILL');
  VantageEventStore.prototype.append = async function (stream, revision, events) {
    const isPoint = events.some((event) => event.type === type);
    if (isPoint && when === 'before') die();
    const appended = await append.call(this, stream, revision, events);
    if (isPoint) die();
    return appended;
  };
}

const quiet = { log() {}, warn() {}, debug() {}, verbose() {}, error: (...words) => process.stderr.write(`${words.join(' ')}\n`) };
const ledger = await createLedger({ dataFolder, clock, logger: quiet, publishBundledPolicies: true }, process.env['LEDGER_ROLE']);
await ledger.app.listen(Number(port), '127.0.0.1');
process.stdout.write('ready\n');
process.on('SIGTERM', () => ledger.close().then(() => process.exit(0)));
// Whoever has started it is gone.
process.stdin.on('end', () => process.exit(0));
