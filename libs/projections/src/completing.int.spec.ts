import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { sql } from 'kysely';
import { PostgresServer } from '../../../test/stand-in/postgres.mjs';
import { PostgresReadModels } from './postgres/postgres-read-models.js';
import { Projector } from './projector.js';
import type { ReadModels } from './read-models.js';
import { subscriberLog } from './subscriber.js';
import { Files, Totals } from './subscriptions.fixture.js';

const LONG_MS = 60_000;

describe('tables that are made ready to be seen', () => {
  let files: Files;
  beforeEach(() => {
    files = new Files();
    jest.spyOn(subscriberLog, 'warn').mockImplementation(() => undefined);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await files.remove();
  });

  function ofManyHands(readModels: ReadModels): ReadModels {
    return Object.defineProperty(readModels, 'buildersAtOnce', { value: 2 });
  }

  it('are seen while others cannot be made ready, also on a ledger that goes on', async () => {
    const store = files.store();
    const readModels = ofManyHands(files.readModels());
    await files.addMany(store, 'a', 5);
    jest.spyOn(readModels, 'complete').mockImplementation(async ({ name }) => {
      if (name !== 'one') return;
      // At every try the ledger is further on than when it began.
      await files.add(store, 'b');
      throw new Error('too large for an index');
    });
    const projector = new Projector(store, readModels);
    for (const name of ['one', 'two', 'three']) projector.add(new Totals(name));
    projector.start();
    const stateOf = (name: string) => projector.status().find((status) => status.name === name)?.state;
    while (stateOf('two') !== 'running' || stateOf('three') !== 'running') await new Promise(setImmediate);
    while (stateOf('one') !== 'retrying') await new Promise(setImmediate);
    await projector.stop();
  });

  it('are not waited for by a stop, beyond those in hand, nor seen after it', async () => {
    const store = files.store();
    const readModels = ofManyHands(files.readModels());
    await files.addMany(store, 'a', 5);
    const promote = jest.spyOn(readModels, 'promote');
    const projector = new Projector(store, readModels);
    let stopped: Promise<void> | undefined;
    const complete = jest.spyOn(readModels, 'complete').mockImplementation(async () => {
      stopped ??= projector.stop();
    });
    for (const name of ['one', 'two', 'three', 'four', 'five', 'six']) projector.add(new Totals(name));
    projector.start();
    while (stopped === undefined) await new Promise(setImmediate);
    await stopped;
    expect(complete.mock.calls.length).toBeLessThanOrEqual(2);
    expect(promote).not.toHaveBeenCalled();
  });

  describe('in a database that loses what it was given last', () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await PostgresServer.start();
    });
    afterAll(() => server.stop());

    it.each([
      ['rows and indexes', true],
      ['indexes alone', false],
    ])('have all their indexes when they are seen: %s', async (_, withRows) => {
      const readModels = await PostgresReadModels.open({ url: await server.database(), pool: 4, timeoutMs: LONG_MS });
      const store = files.store();
      const head = await files.addMany(store, 'a', 60);
      const indexes = async () => {
        const { rows } = await sql<{ name: string }>`
          SELECT indexname AS name FROM pg_indexes WHERE schemaname = 'ledger' AND tablename LIKE 'total%' ORDER BY 1`.execute(
          readModels.queries,
        );
        return rows.map(({ name }) => name);
      };
      let whole: readonly string[] | undefined;
      const complete = readModels.complete.bind(readModels);
      jest.spyOn(readModels, 'complete').mockImplementation(async (...all) => {
        await complete(...all);
        if (whole !== undefined) return;
        whole = await indexes();
        for (const name of whole) if (!name.endsWith('_pkey')) await sql`DROP INDEX ${sql.ref(name)}`.execute(readModels.queries);
        if (withRows) await sql`WITH gone AS (DELETE FROM totals_count__1) UPDATE checkpoint SET position = 0`.execute(readModels.queries);
      });
      const projector = new Projector(store, readModels);
      projector.add(new Totals());
      projector.start();
      expect(await projector.reached(head, LONG_MS)).toBe(true);
      expect(whole?.length).toBeGreaterThan(1);
      expect(await indexes()).toEqual(whole);
      await projector.stop();
      await readModels.close();
    });
  });
});
