import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ServedLedger } from '../support/served-ledger.js';
import { seededRandom } from '../support/random.js';
import { auditLedger, readEvents } from './audit.js';
import { OfficeLoad } from './load.js';

const KILLS = Number(process.env['LEDGER_TEST_KILLS'] ?? 50);
const SEED = Number(process.env['LEDGER_TEST_SEED'] ?? 20240102);
const LIVES = 12;
const AFFORDABLE_AWARDS = 24;

describe('a server that is killed again and again under load', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledger-kill-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it(`loses nothing acknowledged and does nothing twice over ${KILLS} kills (seed ${SEED})`, async () => {
    const random = seededRandom(SEED);
    const served = await ServedLedger.start(folder);
    const load = new OfficeLoad(served, random);
    await load.prepare(AFFORDABLE_AWARDS);
    load.start(LIVES);
    for (let kill = 0; kill < KILLS; kill += 1) {
      await sleep(100 + Math.floor(random() * 700));
      await served.kill();
      await served.restart();
    }
    await sleep(2_000);
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
    expect(auditLedger(folder, load.acknowledged)).toEqual([]);
    // The load was real: awards were granted, paid and returned, and the line was exhausted.
    const types = new Set(readEvents(folder).map(({ type }) => type));
    for (const type of ['award-granted.v1', 'instalment-paid.v1', 'instalment-returned.v1', 'award-grant-failed.v1'])
      expect(types).toContain(type);
    expect(load.acknowledged.length).toBeGreaterThan(KILLS * 5);
  }, 900_000);
});
