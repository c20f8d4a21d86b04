/** http.command: POST /v1/enterprises on a real ledger process, against an empty validated Nest-Fastify POST under the same load. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { registration } from './enterprises.mjs';
import { request, sendAll } from './load.mjs';
import { duel, seconds, withFolder } from './measure.mjs';
import { startServer, tokenFor } from './server.mjs';

const CONNECTIONS = 64;
const COUNT = 2_000;

/** Each call gives requests that register enterprises nobody has registered before. */
function registrations(token) {
  let registered = 0;
  return () =>
    Array.from({ length: COUNT }, () => {
      registered += 1;
      const headers = { authorization: `Bearer ${token}`, 'idempotency-key': `bench-${registered}` };
      return request('POST', '/v1/enterprises', { headers, body: registration(registered) });
    });
}

function httpCommand() {
  return withFolder(async (folder) => {
    const ledger = await startServer(folder);
    const empty = fork(fileURLToPath(new URL('./empty-server.mjs', import.meta.url)), { execArgv: [] });
    try {
      const [{ port }] = await once(empty, 'message');
      const next = registrations(await tokenFor(folder));
      const rate = async (to) => {
        const requests = next();
        return COUNT / (await seconds(() => sendAll(to, requests, CONNECTIONS)));
      };
      await rate(ledger.port);
      await rate(port);
      await duel(
        { name: 'http.command', unit: 'requests/s', target: 0.5, rounds: 15 },
        () => rate(ledger.port),
        () => rate(port),
      );
    } finally {
      empty.disconnect();
      await ledger.stop();
    }
  });
}

export const figures = { 'http.command': httpCommand };
