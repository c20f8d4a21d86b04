/** @jest-environment ./test/support/virtual-environment.mjs */
import { readFile } from 'node:fs/promises';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { inVirtualTime } from './virtual-time.js';

const HOUR_MS = 3_600_000;
/** Its name counts as well, however long. */
const drawnInAnotherPlace = () => [Math.random(), Math.random()];

describe('work in virtual time', () => {
  it('waits for its timers, in their order, without anybody waiting', async () => {
    const told: unknown[] = [];
    await inVirtualTime(async () => {
      const begun = performance.now();
      const tell = (word: string) => told.push([word, performance.now() - begun]);
      clearTimeout(setTimeout(() => tell('cleared'), HOUR_MS));
      await Promise.all([
        sleep(3 * HOUR_MS).then(() => tell('last')),
        sleep(HOUR_MS, 'first').then(tell),
        nextTurn().then(() => tell('at once')),
        sleep(2 * HOUR_MS, undefined, { signal: AbortSignal.abort() }).catch(() => tell('aborted')),
      ]);
    }, 1);
    expect(told).toEqual([
      ['aborted', 0],
      ['at once', 0],
      ['first', HOUR_MS],
      ['last', 3 * HOUR_MS],
    ]);
  });

  it('lets come in what it waits for from outside before the clock jumps', async () => {
    const first = await inVirtualTime(
      () => Promise.race([readFile(fileURLToPath(import.meta.url), 'utf8'), sleep(1).then(() => 'the clock has jumped')]),
      1,
    );
    expect(first).toContain('lets come in');
  });

  it('has chance follow from the seed and the place, and time go on as ever when it is over or has failed', async () => {
    const drawn = (seed: number, here = 0) =>
      inVirtualTime(async () => {
        for (let draw = 0; draw < here; draw += 1) Math.random();
        return drawnInAnotherPlace();
      }, seed);
    const [once, again, other] = [await drawn(1), await drawn(1, 3), await drawn(2)];
    expect(again).toEqual(once);
    for (const others of [other, drawnInAnotherPlace()]) expect(others).not.toEqual(once);
    const today = new Date().toISOString().slice(0, 10);
    await expect(inVirtualTime(() => Promise.reject(new Error('failed')), 1)).rejects.toThrow('failed');
    expect(new Date().toISOString().slice(0, 10) >= today && today > '2025').toBe(true);
    await sleep(1);
  });

  it('says that it waits for what nothing will bring about', async () => {
    await expect(inVirtualTime(() => new Promise(() => undefined), 1, 50)).rejects.toThrow('nothing will bring about');
  });
});
