import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StandInNode } from '../../../../test/stand-in/node.mjs';
import { NO_STREAM } from '../event-store.js';
import { parseAddress } from './address.js';
import { BatchWriter } from './batch-writer.js';
import { LedgerClient } from './client.js';

const APPENDS = 1_000;
/** What a call holds that nobody reads: 1 MiB that it could send again, 16 messages, and what is on the way. That is 112 of them. */
const FEW = 200;
const PATIENCE_MS = 60_000;

describe('a node that reads slower than is written', () => {
  let node: StandInNode;
  let client: LedgerClient;
  beforeEach(async () => {
    node = await StandInNode.start();
    client = LedgerClient.to(parseAddress(node.url));
  });
  afterEach(async () => {
    await client.dispose();
    await node.stop();
  });
  const event = () => ({ id: randomUUID(), type: 'thing-noted.v1', data: new Uint8Array(10_000), metadata: new Uint8Array(2) });

  const appendAll = (writer: BatchWriter) =>
    Promise.allSettled(
      Array.from({ length: APPENDS }, (_, number) => writer.send(client, `thing-${number}`, NO_STREAM, [event()], PATIENCE_MS)),
    );

  /** Counts what is handed to the client to be sent. */
  function countWrites(): () => number {
    let written = 0;
    const open = client.openBatches.bind(client);
    jest.spyOn(client, 'openBatches').mockImplementation(async () => {
      const call = await open();
      const write = call.write.bind(call);
      call.write = (request) => {
        written += 1;
        return write(request);
      };
      return call;
    });
    return () => written;
  }

  it('is waited for: what it does not take is not handed on, and goes out when it does', async () => {
    const written = countWrites();
    const writer = new BatchWriter();
    node.stopReading();
    const outcomes = appendAll(writer);
    await quiet(written);
    expect([written() > 0, written() < FEW, node.seen.batchAppend]).toEqual([true, true, 0]);
    node.goOnReading();
    expect((await outcomes).filter(({ status }) => status === 'rejected')).toEqual([]);
    expect([written(), node.seen.batchAppend]).toEqual([APPENDS, APPENDS]);
  });

  it('is not waited for when the call has failed: whoever waits hears of it, and the next goes over a new one', async () => {
    const written = countWrites();
    const writer = new BatchWriter();
    node.stopReading();
    const outcomes = appendAll(writer);
    await quiet(written);
    await node.restart();
    expect((await outcomes).filter(({ status }) => status === 'fulfilled')).toEqual([]);
    expect(written()).toBeLessThan(FEW);
    node.goOnReading();
    expect(await writer.send(client, 'thing-0', NO_STREAM, [event()], PATIENCE_MS)).toMatchObject({ revision: 0 });
  });
});

/** Waits until nothing has been counted for a while. */
async function quiet(count: () => number): Promise<void> {
  for (let [before, still] = [-1, 0]; still < 10; still = count() === before ? still + 1 : 0) {
    before = count();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
