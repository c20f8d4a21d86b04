import { afterAll, beforeAll } from '@jest/globals';
import { PostgresServer } from '../../../../test/stand-in/postgres.mjs';
import { describeReadModels } from '../read-models.conformance.js';
import { PostgresReadModels } from './postgres-read-models.js';

let server: PostgresServer;
const opened: PostgresReadModels[] = [];
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(async () => {
  for (const readModels of opened) await readModels.close();
  await server.stop();
});

async function open(url: string): Promise<PostgresReadModels> {
  const readModels = await PostgresReadModels.open({ url, pool: 5, timeoutMs: 30_000 });
  opened.push(readModels);
  return readModels;
}

describeReadModels(
  'PostgreSQL',
  () => {
    let url = '';
    return {
      fresh: async () => open((url = await server.database())),
      again: () => open(url),
      remove: async () => undefined,
    };
  },
  8,
);
