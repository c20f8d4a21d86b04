import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import pg from 'pg';
import { Problem } from '@app/kernel';
import { PostgresServer } from '../../../../test/stand-in/postgres.mjs';
import type { Projection } from '../projection.js';
import { describeReadModels } from '../read-models.conformance.js';
import type { Batch, Checkpoint } from '../read-models.js';
import { table } from '../table.js';
import type { UnitOfWork } from '../unit-of-work.js';
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
    const began = performance.now();
    await (await PostgresReadModels.open(settings)).close();
    const openingMs = performance.now() - began;
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const told = new Set<string>();
    // Opening takes some twenty queries; it is struck at one after the other. On a busy machine all may be missed at first.
    for (let strike = 0; strike < 25 || told.size === 0; strike += 1) {
      const opening = PostgresReadModels.open(settings).then(
        (readModels) => void opened.push(readModels),
        (error: unknown) => told.add(error instanceof Problem ? error.code : String(error)),
      );
      await sleep(((strike % 25) / 25) * openingMs);
      await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      );
      await opening;
    }
    await client.end();
    expect([...told]).toEqual(['read-models-unavailable']);
  });

  it('lose no connection to snapshots that could not begin', async () => {
    const url = await server.database();
    const readModels = await open(url);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    // More often than there are connections.
    for (let time = 0; time < 6; time += 1) {
      await (await readModels.snapshot()).close();
      await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      );
      // The first finds its connection broken, unless it has heard of it before.
      const began = await readModels
        .snapshot()
        .catch((error: unknown) => void expect(error).toMatchObject({ code: 'read-models-unavailable' }));
      await began?.close();
    }
    const held = (readModels as unknown as { writers: pg.Pool }).writers;
    expect(held.totalCount - held.idleCount).toBe(0);
    await client.end();
  });
});

describe('read models in PostgreSQL that several processes use', () => {
  const rows = ['first', 'second'].map((name) => table({ name, columns: { id: 'text' as const, by: 'text' as const }, key: ['id'] }));
  const [first, second] = rows as [(typeof rows)[0], (typeof rows)[0]];
  const projection: Projection = { name: 'p', version: 1, tables: rows as never[], handles: 'all', apply: () => undefined };
  const put = (from: Checkpoint, into: typeof first, by: string): Batch => ({
    from,
    to: from.position + 1,
    apply: (work) => work.during(from.position + 1, () => work.put(into, { id: 'a', by })),
  });

  it('read what another has written into a table that they have made and not touched themselves', async () => {
    const url = await server.database();
    const [one, other] = [await open(url), await open(url)];
    const at = await one.openLive(projection);
    await other.openLive(projection);
    expect(await other.commit([put(at, second, 'other')])).toMatchObject([{ kind: 'committed' }]);
    expect(await one.commit([put(at, first, 'one')])).toEqual([{ kind: 'moved' }]);
    const seen: unknown[] = [];
    const look = { from: { ...at, position: 1 }, to: 2, apply: (work: UnitOfWork) => void seen.push(work.get(second, 'a')) };
    expect(await one.commit([look])).toMatchObject([{ kind: 'committed' }]);
    expect(seen.at(-1)).toEqual({ id: 'a', by: 'other' });
  });

  it('are not seen where a server has lost what was built last, and are built on from what it has', async () => {
    const one = await open(await server.database());
    const building = (await one.prepare(projection)).building as Checkpoint;
    await one.commit([put(building, first, 'lost')]);
    await sql`WITH lost AS (DELETE FROM first__1) UPDATE checkpoint SET position = 0 WHERE name = 'p'`.execute(one.queries);
    expect(await one.promote(projection, { ...building, position: 1 })).toBe(false);
    const seen: unknown[] = [];
    const look = { from: building, to: 1, apply: (work: UnitOfWork) => void seen.push(work.get(first, 'a')) };
    expect(await one.commit([look])).toMatchObject([{ kind: 'committed' }]);
    expect(seen.at(-1)).toBeUndefined();
    expect(await one.promote(projection, { ...building, position: 1 })).toBe(true);
  });

  it('say where they stand when they have been set back, also where they are only read', async () => {
    const url = await server.database();
    const [one, reader] = [await open(url), await open(url)];
    const at = await one.openLive(projection);
    await one.commit([put(at, first, 'one')]);
    expect((await reader.liveCheckpoints()).get('p')?.position).toBe(1);
    // A copy of the database that had not heard of everything has taken its place.
    await sql`UPDATE checkpoint SET position = 0 WHERE name = 'p'`.execute(one.queries);
    expect((await reader.liveCheckpoints()).get('p')?.position).toBe(0);
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
