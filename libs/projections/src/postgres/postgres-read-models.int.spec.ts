import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { Problem } from '@app/kernel';
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

describe('read models in PostgreSQL that ends connections, as in a restart', () => {
  it('say of themselves, whatever they were at, that they cannot be reached just now', async () => {
    const url = await server.database();
    const settings = { url, pool: 2, timeoutMs: 30_000 };
    await (await PostgresReadModels.open(settings)).close();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const told = new Set<string>();
    // Opening takes some twenty queries; it is struck at one after the other.
    for (let strike = 0; strike < 25; strike += 1) {
      const opening = PostgresReadModels.open(settings).then(
        (readModels) => void opened.push(readModels),
        (error: unknown) => told.add(error instanceof Problem ? error.code : String(error)),
      );
      await sleep(strike);
      await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      );
      await opening;
    }
    await client.end();
    expect([...told]).toEqual(['read-models-unavailable']);
  });
});

describe('a candidate in PostgreSQL', () => {
  it('that cannot begin with what it has gained loses it, and another has it at once', async () => {
    const url = await server.database();
    const [one, other] = [await open(url), await open(url)];
    const told: string[] = [];
    const candidate = (who: string, gained: () => Promise<void>) => ({
      gained: async (names: readonly string[]) => {
        told.push(`${who} gains ${names.join()}`);
        await gained();
      },
      lost: (names: readonly string[]) => void told.push(`${who} loses ${names.join()}`),
    });
    const failing = one.stand(
      ['a', 'b'],
      candidate('one', async () => {
        throw new Error('not just now');
      }),
    );
    await expect(failing).rejects.toThrow('not just now');
    const candidacy = await other.stand(
      ['a', 'b'],
      candidate('other', async () => undefined),
    );
    expect(told).toEqual(['one gains a,b', 'one loses a,b', 'other gains a,b']);
    await candidacy.end();
  });
});
