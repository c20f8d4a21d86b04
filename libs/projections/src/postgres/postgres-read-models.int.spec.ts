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

describe('read models in PostgreSQL that refuses them', () => {
  const opening = (url: string) => PostgresReadModels.open({ url, pool: 2, timeoutMs: 30_000 }).then(() => undefined, String);

  it('say why, without its words, the user or the password', async () => {
    const url = await server.database();
    const refused = (why: string) =>
      `Problem: read-models-refused: PostgreSQL refuses what the ledger asks (${why}); its administrator must look into it`;
    expect(await opening(url.replace(/:[^:@]+@/, ':wrong@'))).toBe(refused('28P01: user or password'));
    expect(await opening(url.replace(/[^/]+$/, 'nowhere'))).toBe(refused('3D000: there is no such database'));
    expect(await opening(`${url}?sslmode=verify-full`)).toBe(refused('it speaks no TLS'));
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query("CREATE ROLE guest LOGIN PASSWORD 'guest'");
    await client.end();
    expect(await opening(url.replace(/ledger:[^@]+@/, 'guest:guest@'))).toBe(refused('42501: its user lacks a right'));
  });

  it('go on where the password is mended', async () => {
    const url = await server.database();
    const readModels = await open(url);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const change = (password: string) => client.query(`ALTER ROLE ledger PASSWORD '${password}'`);
    await change('another');
    try {
      await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      );
      await expect(readModels.liveCheckpoints()).rejects.toMatchObject({
        code: expect.stringMatching(/^read-models-(refused|unavailable)$/),
      });
      await expect(readModels.liveCheckpoints()).rejects.toMatchObject({ kind: 'unavailable', code: 'read-models-refused' });
    } finally {
      await change(new URL(url).password);
      await client.end();
    }
    expect(await readModels.liveCheckpoints()).toEqual(new Map());
  });
});

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
