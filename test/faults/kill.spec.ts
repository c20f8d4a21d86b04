import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type DyingAt, ServedLedger } from '../support/served-ledger.js';
import { seededRandom } from '../support/random.js';
import { StandInProcess } from '../stand-in/process.mjs';
import { ESDB, nodeToStrike, STORE } from '../support/store-under-test.js';
import { auditLedger, readEvents } from './audit.js';
import { OfficeLoad } from './load.js';

const KILLS = Number(process.env['LEDGER_TEST_KILLS'] ?? 50);
const SEED = Number(process.env['LEDGER_TEST_SEED'] ?? 20240102);
const LIVES = 12;
const AFFORDABLE_AWARDS = 48;

/** Before these kills, servers that kill themselves in the middle of what concerns two streams: first of all, while there is still much to grant and to pay. */
const DYING_AT: ReadonlyMap<number, DyingAt> = new Map([
  [0, { when: 'before', type: 'budget-reserved' }],
  [1, { when: 'after', type: 'budget-reserved' }],
  [2, { when: 'after', type: 'instalment-ordered' }],
  [3, { when: 'after', type: 'budget-spent' }],
]);

const ALL_OF_IT = ['award-granted.v1', 'instalment-paid.v1', 'instalment-returned.v1', 'award-grant-failed.v1'];
const typesIn = async (folder: string) => new Set((await readEvents(folder)).map(({ type }) => type));
const hasAllOfIt = async (folder: string) => {
  const types = await typesIn(folder);
  return ALL_OF_IT.every((type) => types.has(type));
};

/** Where there is a node it is killed in turn with the server, and calls get lost in between; of a real one the relay before it. */
const NUMBER = STORE === 'sqlite' ? KILLS : Math.ceil(KILLS / 5);

describe(`a server on ${STORE} that is killed again and again under load`, () => {
  let folder: string;
  let node: StandInProcess | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledger-kill-'));
  });
  afterEach(async () => {
    await node?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it(`loses nothing acknowledged and does nothing twice over ${NUMBER} kills (seed ${SEED})`, async () => {
    const random = seededRandom(SEED);
    node = STORE === 'sqlite' ? undefined : await StandInProcess.start(await nodeToStrike(ESDB, folder));
    const served = await ServedLedger.start(folder, node && { environment: { LEDGER_STORE: 'esdb', LEDGER_ESDB_URL: node.url } });
    const load = new OfficeLoad(served, random);
    await load.prepare(AFFORDABLE_AWARDS);
    load.start(LIVES);
    for (let kill = 0; kill < NUMBER; kill += 1) {
      const dying = node === undefined ? DYING_AT.get(kill) : undefined;
      if (dying !== undefined) {
        await served.kill();
        await served.restart(dying);
        served.prepareNext();
        await served.died();
        await served.restart();
      }
      served.prepareNext();
      await sleep(100 + Math.floor(random() * 700));
      node?.inject({ on: 'batchAppend', kind: 'break' }, { on: 'subscribe', kind: 'break', after: 5 });
      if (kill % 4 === 0) node?.inject({ on: 'batchAppend', kind: 'lost-answer', stream: 'budget-' });
      if (node !== undefined && kill % 2 === 1) {
        await node.kill();
        await sleep(100);
        await node.restart();
        continue;
      }
      await served.kill();
      await served.restart();
    }
    await sleep(2_000);
    // Fewer kills leave less time: the load goes on until it has come to what it is about.
    for (let wait = 0; wait < 240 && !(await hasAllOfIt(folder)); wait += 1) await sleep(500);
    await load.finish();
    await served.settle();

    const trial = await served.get('/v1/balances/trial', await served.token('auditor', 'auditor'));
    expect(trial).toMatchObject({ balanced: true, difference: '0.00' });
    expect(await served.get('/v1/balances/reconciliation', await served.token('auditor', 'auditor'))).toMatchObject({
      reconciled: true,
      differences: [],
    });
    const health = await served.get('/health', '');
    expect(health).toMatchObject({ status: 'ok' });
    await served.stop();

    expect(load.unexpected).toEqual([]);
    expect(await auditLedger(folder, load.acknowledged)).toEqual([]);
    // The load was real: awards were granted, paid and returned, and the line was exhausted.
    for (const type of ALL_OF_IT) expect(await typesIn(folder)).toContain(type);
    expect(load.acknowledged.length).toBeGreaterThan(NUMBER * 5);
  }, 900_000);
});
