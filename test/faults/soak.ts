/**
 * `npm run soak -- --schedules N --seed S`: plays schedules of faults over random commands, one JSON line each. Of a
 * schedule that failed it prints how to play it again. A signal ends it after the schedule in work, or after two minutes; a second
 * one at once.
 * Exit codes: 0 all passed, 1 one has not, 2 wrong usage, 130 or 143 ended by a signal before all were played.
 */
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { Logger } from '@nestjs/common';
import { PostgresServer } from '../stand-in/postgres.mjs';
import bundleServers from '../support/bundle-servers.mjs';
import { ESDB } from '../support/store-under-test.js';
import { play, type Schedule } from './schedule.js';

/** One in so many is played with real processes, which take longer, when both kinds are asked for; odd, so that all stores get their share. */
const SHARE_OF_PROCESSES = 11;
const USAGE = `usage: npm run soak -- [--schedules <number>] [--seed <number>] [--rounds <number>] [--store mixed|embedded|${ESDB}]
                         [--read-models mixed|sqlite|postgres] [--kind mixed|simulated|processes]`;

function fail(message: string): never {
  process.stderr.write(`${message}\n${USAGE}\n`);
  process.exit(2);
}

function settings() {
  try {
    const { values } = parseArgs({
      options: {
        schedules: { type: 'string', default: '10' },
        seed: { type: 'string', default: '1' },
        rounds: { type: 'string', default: '8' },
        store: { type: 'string', default: 'mixed' },
        'read-models': { type: 'string', default: 'mixed' },
        kind: { type: 'string', default: 'mixed' },
      },
    });
    return values;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

/** A signal within so many milliseconds of the first is the same one, come by another way: npm and the terminal both pass it on. */
const SAME_SIGNAL_MS = 500;
const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
/** How long the schedule in work may take after that: the signal may have ended the database it waits for. */
const ENDING_MS = 120_000;
// Schedules in virtual time put another clock in their place.
const later = globalThis.setTimeout;
const realNow = performance.now.bind(performance);

let failed = 0;
let passed = 0;
let ending: { readonly code: number; readonly sinceMs: number } | undefined;
const tell = () => process.stderr.write(`${passed} of ${passed + failed} schedules passed\n`);
const breakOff = () => {
  tell();
  process.exit(ending?.code);
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The embedded PostgreSQL listens as well, and would stop in the middle of a schedule.
  process.removeAllListeners(signal);
  process.on(signal, () => {
    const nowMs = realNow();
    if (ending === undefined) {
      ending = { code: SIGNAL_CODES[signal], sinceMs: nowMs };
      process.stderr.write('ending after the schedule in work, within two minutes; a second signal ends at once\n');
      later(breakOff, ENDING_MS);
    } else if (nowMs - ending.sinceMs > SAME_SIGNAL_MS) breakOff();
  });
}

await bundleServers();
// Standard output is for the lines of schedules.
Logger.overrideLogger(false);

const { schedules, seed, rounds: lasting, store, kind, 'read-models': readModels } = settings();
const wholeNumber = (text: string, name: string) => (/^\d{1,9}$/.test(text) ? Number(text) : fail(`${name} must be a whole number`));
const number = wholeNumber(schedules, '--schedules');
const first = wholeNumber(seed, '--seed');
const rounds = wholeNumber(lasting, '--rounds');
if (store !== 'mixed' && store !== 'embedded' && store !== ESDB) fail(`--store must be mixed, embedded or ${ESDB}`);
if (kind !== 'mixed' && kind !== 'simulated' && kind !== 'processes') fail('--kind must be mixed, simulated or processes');
if (readModels !== 'mixed' && readModels !== 'sqlite' && readModels !== 'postgres') fail('--read-models must be mixed, sqlite or postgres');

const postgres = readModels === 'sqlite' ? undefined : await PostgresServer.start();
// What is left open follows from the seed.
const storeOf = (one: number): Schedule['store'] => (store !== 'mixed' ? store : one % 2 === 0 ? ESDB : 'embedded');
const isOnPostgres = (one: number): boolean => (readModels === 'mixed' ? one % 4 >= 2 : readModels === 'postgres');
const kindOf = (one: number): Schedule['kind'] => {
  if (kind !== 'mixed') return kind;
  return one % SHARE_OF_PROCESSES === 0 ? 'processes' : 'simulated';
};

for (let one = first; one < first + number && ending === undefined; one += 1) {
  const cpu = process.cpuUsage();
  const on = isOnPostgres(one) ? postgres : undefined;
  const { faults, ...report } = await play({ seed: one, store: storeOf(one), kind: kindOf(one), rounds }, on);
  const { user, system } = process.cpuUsage(cpu);
  const told = {
    ...report,
    readModels: on === undefined ? 'sqlite' : 'postgres',
    cpuMs: Math.round((user + system) / 1_000),
    ...(faults.length > 0 && { faults }),
  };
  process.stdout.write(`${JSON.stringify(told)}\n`);
  if (report.passed) {
    passed += 1;
    continue;
  }
  // A terminal gives the signal to the servers beside it too, and these do not wait.
  if (ending === undefined) failed += 1;
  const what = ending === undefined ? 'failed' : 'was broken off by the signal, or failed';
  process.stderr.write(
    `seed ${one} ${what}; again: npm run soak -- --schedules 1 --seed ${one} --rounds ${rounds} --store ${told.store} --read-models ${told.readModels} --kind ${told.kind}\n`,
  );
}
await postgres?.stop();
tell();
process.exit(failed > 0 ? 1 : passed < number && ending !== undefined ? ending.code : 0);
