import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fastify, type FastifyInstance } from 'fastify';
import { currentVantage, lookingFrom } from '@app/event-store';
import { refused } from '@app/kernel';
import { type Emit, jsonLines, type Line } from './json-lines.js';

type Any = Line<unknown, unknown>;

describe('a long answer as JSON Lines', () => {
  let server: FastifyInstance;
  let work: (emit: Emit<Any>) => Promise<void>;
  let url: string;

  beforeEach(async () => {
    Logger.overrideLogger(false);
    server = fastify();
    server.get('/long', (_request, reply) =>
      lookingFrom({ position: 7, now: new Date(0) }, () => reply.send(jsonLines(work, '/long').getStream())),
    );
    await server.listen({ port: 0, host: '127.0.0.1' });
    url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}/long`;
  });
  afterEach(() => server.close());

  const lines = async () =>
    (await (await fetch(url)).text()).split('\n').map((line): unknown => (line === '' ? undefined : JSON.parse(line)));

  it('holds a line for everything emitted, and keeps to the vantage of the request however long it takes', async () => {
    work = async (emit) => {
      for (let count = 0; count < 3; count += 1) {
        await nextTurn();
        await emit({ item: currentVantage()?.position });
      }
      await emit({ summary: 'all' });
    };
    expect(await lines()).toEqual([{ item: 7 }, { item: 7 }, { item: 7 }, { summary: 'all' }, undefined]);
  });

  it('tells how far it is now and then, not at every step', async () => {
    work = async (emit) => {
      for (let done = 1; done <= 1_000; done += 1) await emit({ progress: { done, total: 1_000 } });
      await emit({ summary: 'all' });
    };
    const told = await lines();
    expect(told.length).toBeGreaterThan(1);
    expect(told.length).toBeLessThan(100);
  });

  it('ends with the problem when it fails halfway', async () => {
    work = async (emit) => {
      await emit({ item: 1 });
      throw refused('policy-ended', 'over');
    };
    expect(await lines()).toEqual([{ item: 1 }, { problem: expect.objectContaining({ code: 'policy-ended', detail: 'over' }) }, undefined]);
    work = () => Promise.reject(new Error('secret inner detail'));
    const [line] = (await lines()) as { problem: { detail: string } }[];
    expect(line).toMatchObject({ problem: { code: 'internal-error', status: 500, instance: '/long' } });
    expect(line?.problem.detail).not.toContain('secret');
  });

  it('waits for a slow reader, and ends its work when the reader leaves', async () => {
    let emitted = 0;
    let ended: Promise<unknown> = Promise.resolve();
    const begun = new Promise<void>((resolve) => {
      work = (emit) => {
        resolve();
        const endless = async () => {
          for (;;) {
            await emit({ item: 'x'.repeat(10_000) });
            emitted += 1;
          }
        };
        return (ended = endless());
      };
    });
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
    await once(socket, 'connect');
    socket.pause();
    socket.write('GET /long HTTP/1.1\r\nhost: ledger\r\n\r\n');
    await begun;
    // What the buffers between the two take, and no more: it stands still while nobody reads.
    let before = -1;
    while (before !== emitted) {
      before = emitted;
      for (let turn = 0; turn < 50; turn += 1) await nextTurn();
    }
    expect(emitted).toBeLessThan(5_000);
    socket.destroy();
    await expect(ended).rejects.toThrow();
  });
});
