import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fastify, type FastifyInstance } from 'fastify';
import { currentVantage } from '@app/event-store';
import { Problem } from '@app/kernel';
import type { Subscriptions } from '@app/projections';
import { addAnswerHooks } from './answer-hooks.js';
import { addVantageHook } from './vantage-hook.js';

describe('who looks from a point of the past', () => {
  const server: FastifyInstance = fastify();
  let lookedUp = 0;
  beforeAll(async () => {
    const subscriptions = {
      vantageAt: (position: number) => {
        lookedUp += 1;
        return Promise.resolve({ position, now: new Date(0) });
      },
      atLeast: () => {
        lookedUp += 1;
        return Promise.resolve();
      },
    };
    const tokens = {
      verify: (token: string) =>
        token === 'known'
          ? Promise.resolve({ id: 'li', unit: '财政局', roles: ['clerk' as const] })
          : Promise.reject(new Problem('unauthenticated', 'token-invalid', 'no')),
    };
    addAnswerHooks(server, subscriptions as unknown as Subscriptions, tokens);
    addVantageHook(server, subscriptions as unknown as Subscriptions, tokens);
    server.get('/open', () => ({ from: currentVantage()?.position ?? 'now' }));
    await server.listen({ port: 0, host: '127.0.0.1' });
  });
  afterAll(() => server.close());
  const asked = async (headers: Record<string, string>) => {
    const { port } = server.server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/open?asOf=5`, { headers });
    return [await response.json(), response.headers.get('ledger-as-of')];
  };

  it('has shown a token; for strangers nothing is looked up', async () => {
    expect(await asked({})).toEqual([{ from: 'now' }, null]);
    expect(await asked({ authorization: 'Bearer forged', 'ledger-position': '9' })).toEqual([{ from: 'now' }, null]);
    expect(lookedUp).toBe(0);
    expect(await asked({ authorization: 'Bearer known', 'ledger-position': '9' })).toEqual([{ from: 5 }, '5']);
    expect(lookedUp).toBe(2);
  });
});
