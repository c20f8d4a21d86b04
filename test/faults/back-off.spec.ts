/** @jest-environment ./test/support/virtual-environment.mjs */
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { status as grpcStatus } from '@grpc/grpc-js';
import { esdbAdapter, EventCodec, parseAddress } from '@app/event-store';
import { StandInNode } from '../stand-in/node.mjs';
import { inVirtualTime } from '../support/virtual-time.js';

const MINUTE_MS = 60_000;
/** The waits of 50 to 1,600 milliseconds come first, and last no longer than this together; then come those of up to two seconds. */
const SHORT_WAITS = { count: 6, ms: 3_200 };
/** Whoever asks as often as this in a minute does not wait between two attempts, or never longer. Then the node gives in. */
const UNBRIDLED = 400;

beforeEach(() => Logger.overrideLogger(false));

describe('a node that turns everybody away', () => {
  it.each([
    ['refuses every subscription', { on: 'subscribe', kind: 'refuse', code: grpcStatus.UNAVAILABLE, times: UNBRIDLED }],
    ['drops every subscription once it stands', { on: 'subscribe', kind: 'break', after: 0, times: UNBRIDLED }],
  ] as const)('and %s is asked again ever more rarely', async (_what, fault) => {
    const { EsdbEventStore } = await esdbAdapter();
    const attempts: number[] = [];
    await inVirtualTime(async () => {
      const node = await StandInNode.start({ inProcess: true });
      const store = new EsdbEventStore({ address: parseAddress(node.url), indexFile: ':memory:' }, new EventCodec({}));
      const over = new AbortController();
      node.inject(fault);
      const following = (async () => {
        for await (const _page of store.subscribe({ after: 0, signal: over.signal }));
      })();
      for (const ms of [SHORT_WAITS.ms, MINUTE_MS]) {
        const before = node.seen.subscribe;
        await sleep(ms);
        attempts.push(node.seen.subscribe - before);
      }
      over.abort();
      await following;
      await store.close();
      await node.stop();
    }, 1);
    const [atFirst = 0, later = 0] = attempts;
    expect(atFirst).toBeGreaterThan(SHORT_WAITS.count);
    // Never longer than two seconds, and never less than half of that.
    expect(later).toBeGreaterThanOrEqual(30);
    expect(later).toBeLessThanOrEqual(60);
  });
});
