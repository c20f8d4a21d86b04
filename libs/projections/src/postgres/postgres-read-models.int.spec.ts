import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { sql } from 'kysely';
import pg from 'pg';
import { Problem } from '@app/kernel';
import { PostgresServer } from '../../../../test/stand-in/postgres.mjs';
import type { Projection } from '../projection.js';
import { describeReadModels } from '../read-models.conformance.js';
import type { Batch, Candidacy, Checkpoint } from '../read-models.js';
import { table } from '../table.js';
import { MISSING, type UnitOfWork } from '../unit-of-work.js';
import { PostgresReadModels } from './postgres-read-models.js';
import { aloneInReporting, prepareReportingRole, replaceView, REPORTING_ROLE, type ReportingView } from './reporting.js';
import type { RowCache } from './row-cache.js';

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
    expect(await opening(`${url}?sslmode=verify-full&sslrootcert=/nowhere`)).toBe(
      refused('file ENOENT: a file its address names cannot be read'),
    );
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

describe('read models in PostgreSQL that have to fetch what a batch reads', () => {
  const kept = table({ name: 'kept', columns: { id: 'text' as const, sum: 'integer' as const }, key: ['id'] });
  const own = table({ name: 'own', columns: { id: 'text' as const, sum: 'integer' as const }, key: ['id'], isPrivate: true });
  const projection: Projection = { name: 'p', version: 1, tables: [kept, own] as never[], handles: 'all', apply: () => undefined };
  const ids = (prefix: string, count = 60) => Array.from({ length: count }, (_, no) => `${prefix}${no}`);
  let filled: PostgresReadModels;
  let readModels: PostgresReadModels;
  let at: Checkpoint;
  let applied: number;
  beforeEach(async () => {
    const url = await server.database();
    filled = await open(url);
    at = await filled.openLive(projection);
    await commit((work) => work.put(kept, { id: 'a', sum: 1 }), filled);
    // Nothing is at hand here.
    readModels = await open(url);
    await readModels.openLive(projection);
    applied = 0;
  });
  async function commit(apply: (work: UnitOfWork) => void, into = readModels): Promise<void> {
    const to = at.position + 1;
    const batch = { from: at, to, apply: (work: UnitOfWork) => ((applied += 1), work.during(to, () => apply(work))) };
    expect(await into.commit([batch])).toEqual([{ kind: 'committed', checkpoint: { ...at, position: to } }]);
    at = { ...at, position: to };
  }
  const add = (work: UnitOfWork, id: string, into = kept) =>
    work.put(into, { id, sum: ((work.get(into, id)?.sum as number | undefined) ?? 0) + 1 });
  const sums = async (name = 'kept') =>
    (await sql<{ id: string; sum: number }>`SELECT id, sum FROM ${sql.table(`${name}__1`)} ORDER BY id`.execute(filled.queries)).rows;

  it('send what is many by COPY, and what is few by a statement', async () => {
    const url = await server.database();
    filled = readModels = await open(url);
    at = await readModels.openLive(projection);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    // What the server was told when rows came.
    await client.query(
      `CREATE TABLE public.told (no integer GENERATED ALWAYS AS IDENTITY, text text);
       CREATE FUNCTION public.tell() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.told (text) VALUES (current_query()); RETURN NULL; END$$;
       CREATE TRIGGER tell AFTER INSERT ON ledger.kept__1 FOR EACH STATEMENT EXECUTE FUNCTION public.tell()`,
    );
    await commit((work) => ids('many').forEach((id) => work.put(kept, { id, sum: 1 })));
    await commit((work) => ids('few', 3).forEach((id) => work.put(kept, { id, sum: 1 })));
    const { rows } = await client.query<{ text: string }>('SELECT text FROM public.told ORDER BY no');
    expect(rows.map(({ text }) => text.trim().split(' ')[0])).toEqual(['COPY', 'INSERT']);
    await client.end();
  });

  it('apply it once where none of it is there, and again where some of it is', async () => {
    await commit((work) => ids('new').forEach((id) => add(work, id)));
    expect(applied).toBe(1);
    await commit((work) => ids('new').forEach((id) => add(work, id)));
    expect(applied).toBe(2);
    await commit((work) => [...ids('newer'), 'a'].forEach((id) => add(work, id)));
    expect(applied).toBe(4);
    expect(await sums()).toEqual(
      [...ids('new').map((id) => ({ id, sum: 2 })), ...ids('newer').map((id) => ({ id, sum: 1 })), { id: 'a', sum: 2 }].sort(
        (one, other) => (one.id < other.id ? -1 : 1),
      ),
    );
  });

  it('apply again that one of several batches alone of which something is there', async () => {
    const table = { ...kept, name: 'q_kept' };
    const q: Projection = { ...projection, name: 'q', tables: [table] as never[] };
    await filled.openLive(q);
    const from = await readModels.openLive(q);
    const times = { p: 0, q: 0 };
    const outcomes = await readModels.commit([
      { from: at, to: at.position + 1, apply: (work) => ((times.p += 1), add(work, 'a')) },
      { from, to: 1, apply: (work) => ((times.q += 1), add(work, 'a', table)) },
    ]);
    expect(outcomes).toMatchObject([{ kind: 'committed' }, { kind: 'committed' }]);
    expect(times).toEqual({ p: 2, q: 1 });
    expect([await sums(), await sums('q_kept')]).toEqual([[{ id: 'a', sum: 2 }], [{ id: 'a', sum: 1 }]]);
  });

  it('apply again what threw for want of a row, and say so where the row is not there', async () => {
    const demand = (id: string) => (work: UnitOfWork) => {
      if (work.get(kept, id) === undefined) throw new Error(`${id} was never put`);
      add(work, id);
    };
    await commit(demand('a'));
    expect(applied).toBe(2);
    const to = at.position + 1;
    const [outcome] = await readModels.commit([{ from: at, to, apply: (work) => work.during(to, () => demand('nobody')(work)) }]);
    expect(outcome).toMatchObject({ kind: 'failed', error: { message: 'nobody was never put' } });
    // Whoever throws in the midst of a batch leaves nothing of it, what was put before among it.
    expect(await sums()).toEqual([{ id: 'a', sum: 2 }]);
  });

  it('write over what was put without a look at it, and remove it, whether it is at hand or not', async () => {
    for (const into of [filled, readModels, readModels]) {
      await commit((work) => ids('x').forEach((id) => work.put(own, { id, sum: at.position })), into);
    }
    expect(await sums('own')).toEqual(
      ids('x')
        .sort()
        .map((id) => ({ id, sum: 3 })),
    );
    await commit((work) => ids('x').forEach((id) => work.remove(own, id)));
    expect(await sums('own')).toEqual([]);
    await commit((work) => ids('x').forEach((id) => work.put(own, { id, sum: 9 })));
    await commit((work) => ids('x').forEach((id) => work.remove(own, id)));
    expect(await sums('own')).toEqual([]);
  });

  it('go by the tables once nobody knows whether a commit was written', async () => {
    // It has filled these tables alone: what it has not written is not there, as far as it knows.
    await commit((work) => ids('x').forEach((id) => add(work, id)), filled);
    const held = [...(filled as unknown as { writing: Set<pg.PoolClient> }).writing];
    const queries = held.map((client) => client.query);
    for (const client of held) {
      const query = client.query.bind(client) as (...given: unknown[]) => Promise<unknown>;
      const silent = () => Promise.reject(new Error('Connection terminated unexpectedly'));
      client.query = ((...given: unknown[]) => (given[0] === 'COMMIT' ? query('COMMIT').then(silent) : query(...given))) as never;
    }
    const both = [...ids('x'), ...ids('y')];
    const unanswered = commit((work) => both.forEach((id) => add(work, id)), filled);
    await expect(unanswered).rejects.toMatchObject({ code: 'read-models-unavailable' });
    held.forEach((client, index) => (client.query = queries[index] as never));
    at = (await filled.present(at)) as Checkpoint;
    expect(at.position).toBe(3);
    await commit((work) => both.forEach((id) => add(work, id)), filled);
    expect((await sums()).map(({ sum }) => sum)).toEqual([1, ...ids('x').map(() => 3), ...ids('y').map(() => 2)]);
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

  it('go by what another has written meanwhile, when the answer to a commit comes after they have the tables back', async () => {
    const url = await server.database();
    const [one, other] = [await open(url), await open(url)];
    const at = await one.openLive(projection);
    await other.openLive(projection);
    const { writers } = one as unknown as { writers: pg.Pool };
    const client = await writers.connect();
    let answer: () => void = () => undefined;
    const late = new Promise<void>((resolve) => (answer = resolve));
    const isCommitted = new Promise<void>((resolve) => {
      const query = client.query.bind(client) as (...asked: unknown[]) => Promise<unknown>;
      client.query = (async (...asked: unknown[]) => {
        const answered = await query(...asked);
        if (asked[0] !== 'COMMIT') return answered;
        resolve();
        await late;
        return answered;
      }) as never;
    });
    // The next that asks is given this connection.
    client.release();
    const committing = one.commit([put(at, first, 'one')]);
    await isCommitted;
    expect(await other.commit([put({ ...at, position: 1 }, first, 'other')])).toMatchObject([{ kind: 'committed' }]);
    await one.prepare(projection);
    answer();
    expect(await committing).toMatchObject([{ kind: 'committed' }]);
    const seen: unknown[] = [];
    const look = { from: { ...at, position: 2 }, to: 3, apply: (work: UnitOfWork) => void seen.push(work.get(first, 'a')) };
    expect(await one.commit([look])).toMatchObject([{ kind: 'committed' }]);
    expect(seen.at(-1)).toEqual({ id: 'a', by: 'other' });
  });

  it('are opened also by a former version, when a newer one has added tables of its own', async () => {
    const url = await server.database();
    const newer = await open(url);
    await sql`INSERT INTO ledger.kysely_migration (name, timestamp) VALUES ('9999-later', '9999-05-01T04:00:00Z')`.execute(newer.queries);
    // With as few connections as may be.
    const former = await PostgresReadModels.open({ url, pool: 1, timeoutMs: 30_000 });
    expect(await former.liveCheckpoints()).toEqual(new Map());
    await former.close();
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

  it('keep nothing at hand of tables that are gone', async () => {
    const one = await open(await server.database());
    await one.commit([put(await one.openLive(projection), first, 'one')]);
    const { cache } = one as unknown as { cache: RowCache };
    expect(cache.of('first__1').get('b')).toBeUndefined();
    await one.promote(projection, (await one.begin([projection], 'building'))[0] as Checkpoint);
    await one.dropFormerGenerations(projection);
    expect(cache.of('first__1').get('b')).toBe(MISSING);
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

describe('views for reporting tools', () => {
  const projection: Projection = {
    name: 'p',
    version: 1,
    tables: [table({ name: 'kept', columns: { id: 'text' as const, sum: 'integer' as const }, key: ['id'] })] as never[],
    handles: 'all',
    apply: () => undefined,
  };
  const column = (sql: string, english = sql) => ({ sql, meaning: { english, chinese: '栏目' } });
  const view = (columns: ReportingView['columns'], english = 'one row a thing'): readonly ReportingView[] => [
    { name: 'things', title: { english, chinese: '事物' }, reads: ['kept'], columns },
  ];
  const [id, sum] = [column('id'), column('sum')];
  let url: string;
  let client: pg.Client;
  beforeEach(async () => {
    url = await server.database();
    client = new pg.Client({ connectionString: url });
    await client.connect();
    await (await open(url)).openLive(projection);
  });
  /** Starts a process of a version with these views; answers what it warned of. */
  async function start(views: readonly ReportingView[]): Promise<readonly unknown[]> {
    const warned: unknown[] = [];
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation((message: unknown) => void warned.push(message));
    try {
      await (await PostgresReadModels.open({ url, pool: 2, timeoutMs: 30_000 }, views)).close();
    } finally {
      warn.mockRestore();
    }
    return warned;
  }
  const comments = async () =>
    (
      await client.query<{ of: string; told: string }>(
        `SELECT coalesce(attname, '') AS of, description AS told FROM pg_description LEFT JOIN pg_attribute ON attrelid = objoid AND attnum = objsubid
         WHERE objoid = 'reporting.things'::regclass ORDER BY objsubid`,
      )
    ).rows.map(({ of, told }) => `${of}: ${told.replace(/ \(\w{12}\)$/, '')}`);

  it('keep what others have made over them through other words, other expressions and new columns at the end', async () => {
    expect(await start(view({ id, sum }))).toEqual([]);
    await client.query('CREATE VIEW public.mine AS SELECT * FROM reporting.things');
    for (const later of [
      view({ id, sum }, 'one row a thing that was kept'),
      view({ id, sum: column('sum', 'how many') }),
      view({ id, sum: column('sum + 0') }),
      view({ id, sum, twice: column('sum + sum', 'sum * 2') }),
      view({ id, sum, twice: column('sum * 2') }),
    ])
      expect(await start(later)).toEqual([]);
    const { rows } = await client.query<{ is: string }>(`SELECT pg_get_viewdef('reporting.things') AS is`);
    expect(rows[0]?.is).toContain('sum * 2');
    expect((await client.query('SELECT * FROM public.mine')).fields.map(({ name }) => name)).toEqual(['id', 'sum']);
    expect((await client.query('SELECT * FROM reporting.things')).fields.map(({ name }) => name)).toEqual(['id', 'sum', 'twice']);
  });

  it('say in the database what they mean, and say it better when the words change alone', async () => {
    await start(view({ id, sum: { ...sum, words: { one: '一', two: '二' } } }));
    expect(await comments()).toEqual([
      ': 事物 · one row a thing',
      'id: 栏目 · id',
      'sum: 栏目：one（一）、two（二） · sum: one (一), two (二)',
    ]);
    await start(view({ id, sum: column('sum', 'how many') }));
    expect(await comments()).toEqual([': 事物 · one row a thing', 'id: 栏目 · id', 'sum: 栏目 · how many']);
  });

  it('drop what others have made over columns that are gone, say so, and are read by the role for reporting tools as before', async () => {
    await start(view({ id, sum }));
    await prepareReportingRole({ url, pool: 2, timeoutMs: 30_000 });
    await client.query(
      'CREATE VIEW public.mine AS SELECT sum FROM reporting.things; CREATE VIEW public.over_mine AS SELECT * FROM public.mine',
    );
    const asTool = async () => {
      await client.query(`SET ROLE ${REPORTING_ROLE}`);
      try {
        return (await client.query('SELECT * FROM reporting.things')).fields.map(({ name }) => name);
      } finally {
        await client.query('RESET ROLE');
      }
    };
    expect(await asTool()).toEqual(['id', 'sum']);
    await client.query(`ALTER DATABASE "${new URL(url).pathname.slice(1)}" SET client_min_messages = error`);
    expect(await start(view({ id }))).toEqual([expect.stringMatching(/reporting\."things" .*view public\.mine.*view public\.over_mine/s)]);
    expect(await asTool()).toEqual(['id']);
  });

  it('go with the tables they stand over when these change their columns, and so does what others have made: that is told too', async () => {
    const views = view({ id });
    await start(views);
    await client.query('CREATE VIEW public.mine AS SELECT id FROM reporting.things');
    const narrower = {
      ...projection,
      version: 2,
      tables: [table({ name: 'kept', columns: { id: 'text' as const }, key: ['id'] })] as never[],
    };
    const readModels = await PostgresReadModels.open({ url, pool: 2, timeoutMs: 30_000 }, views);
    opened.push(readModels);
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const building = (await readModels.prepare(narrower)).building as Checkpoint;
    expect(await readModels.promote(narrower, building)).toBe(true);
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/view "kept" .*reporting\.things.*public\.mine/s)]]);
    warn.mockRestore();
    expect((await client.query('SELECT * FROM reporting.things')).fields.map(({ name }) => name)).toEqual(['id']);
  });

  it('are replaced by one process while another one brings new tables up: neither waits for what the other one holds', async () => {
    const views = view({ id });
    await start(views);
    const readModels = await PostgresReadModels.open({ url, pool: 2, timeoutMs: 30_000 }, views);
    opened.push(readModels);
    const building = (await readModels.begin([projection], 'building'))[0] as Checkpoint;
    // As a process that starts with other views does.
    await client.query('BEGIN');
    await aloneInReporting(client);
    const promoting = readModels.promote(projection, building).catch(String);
    const waiting = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    while ((await client.query(waiting)).rowCount === 0) await sleep(20);
    await replaceView(client, 'reporting."things"', 'SELECT id FROM ledger.kept');
    await client.query('COMMIT');
    expect(await promoting).toBe(true);
  });

  afterEach(() => client.end());
});

describe('the connections of read models in PostgreSQL', () => {
  const backend = 'SELECT pg_backend_pid() AS pid';

  it('are no more than are allowed, however many ask at once: those of queries, and those that write', async () => {
    const readModels = await open(await server.database());
    const crowd = Array.from({ length: 20 });
    const asked = await Promise.all(crowd.map(() => sql.raw<{ pid: number }>(backend).execute(readModels.queries)));
    expect(new Set(asked.map(({ rows }) => rows[0]?.pid)).size).toBe(5);
    const writing = await Promise.all(
      crowd.map(async () => {
        const snapshot = await readModels.snapshot();
        const { value } = await snapshot.rows(backend).next();
        await snapshot.close();
        return value?.['pid'];
      }),
    );
    // README and docs/operations.md tell operators of these seven.
    expect(new Set(writing).size).toBe(7);
  });

  it('end a query that takes longer than it may on the server itself, and a transaction with which nobody goes on', async () => {
    const readModels = await PostgresReadModels.open({ url: await server.database(), pool: 1, timeoutMs: 100 });
    opened.push(readModels);
    await expect(sql`SELECT pg_sleep(60)`.execute(readModels.queries)).rejects.toThrow('the answer took longer than allowed');
    const snapshot = await readModels.snapshot();
    const asked = snapshot.rows(`SELECT current_setting('idle_in_transaction_session_timeout') AS after`).next();
    const { value } = await asked.finally(() => snapshot.close());
    expect(value).toEqual({ after: '1min' });
  });
});

describe('a candidate in PostgreSQL', () => {
  it('ends what a process that has slept through its lease has begun: it would hold what has to be taken', async () => {
    const url = await server.database();
    await open(url);
    const asleep = new pg.Client({ connectionString: url, application_name: 'asleep' });
    await asleep.connect();
    const isEnded = new Promise((resolve) => asleep.on('error', resolve));
    await asleep.query(
      `INSERT INTO ledger.lease (name, holder, token, expires_at) VALUES ('a', 'asleep', 7, clock_timestamp() - interval '1 minute')`,
    );
    await asleep.query(`BEGIN; SELECT name FROM ledger.lease WHERE name = 'a' FOR KEY SHARE`);
    const awake = await Process.start(url, () => undefined, ['a']);
    expect(awake.held).toEqual(new Set(['a']));
    await isEnded;
    await awake.end();
  });

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

  /** A process that stands for the names, and what it holds of them. */
  class Process {
    private constructor(
      readonly held: Set<string>,
      readonly models: PostgresReadModels,
      private readonly candidacy: Candidacy,
    ) {}

    static async start(url: string, begin: () => void = () => undefined, stoodFor: readonly string[] = NAMES): Promise<Process> {
      const models = await open(url);
      const held = new Set<string>();
      const candidacy = await models.stand(stoodFor, {
        gained: async (names) => {
          begin();
          for (const name of names) held.add(name);
        },
        lost: (names) => {
          for (const name of names) held.delete(name);
        },
      });
      return new Process(held, models, candidacy);
    }

    end(): Promise<void> {
      this.held.clear();
      return this.candidacy.end();
    }
  }
  const until = async (condition: () => boolean) => {
    while (!condition()) await sleep(20);
  };
  const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  /** Who holds each name: exactly one process. */
  const isDealt = (processes: readonly Process[], most: number) =>
    processes.every(({ held }) => held.size <= most) && NAMES.every((name) => processes.filter(({ held }) => held.has(name)).length === 1);

  it('has its part, and no more, of what is run by all there are: whoever comes is given it, whoever goes leaves it to the others', async () => {
    const url = await server.database();
    const one = await Process.start(url);
    expect(one.held).toEqual(new Set(NAMES));
    const other = await Process.start(url);
    await until(() => isDealt([one, other], 4));
    const third = await Process.start(url);
    await until(() => isDealt([one, other, third], 3));
    // What was given away can be written to by whoever has it now, and by nobody else.
    const [name] = [...third.held];
    const note = { name: name as string, version: 1, position: 1 };
    await third.models.saveCheckpoint(note);
    await expect(one.models.saveCheckpoint(note)).rejects.toMatchObject({ code: 'projector-elsewhere' });
    await one.end();
    await until(() => isDealt([other, third], 4));
    await other.end();
    await until(() => isDealt([third], 7));
    await third.end();
  });

  it('that cannot begin keeps nothing from those that can', async () => {
    const url = await server.database();
    const one = await Process.start(url);
    let tries = 0;
    const failing = await Process.start(url, () => {
      tries += 1;
      throw new Error('not just now');
    });
    await until(() => tries > 0 && isDealt([one], 7));
    expect(failing.held).toEqual(new Set());
    await failing.end();
    await one.end();
  });

  it('shares also what has run out long ago, as when the database was away: whoever comes first leaves the others their part', async () => {
    const url = await server.database();
    const [one, other] = [await Process.start(url), await Process.start(url)];
    await until(() => isDealt([one, other], 4));
    await sql`UPDATE ledger.lease SET holder = 'gone', expires_at = clock_timestamp() - interval '1 minute'`.execute(one.models.queries);
    while ((await one.models.holders()).size < NAMES.length) await sleep(20);
    await until(() => isDealt([one, other], 4));
    await one.end();
    await other.end();
  });

  it('keeps what the others leave lying, as long as they are the same: what they do not know, of an older version', async () => {
    const url = await server.database();
    const all = [...NAMES, 'new 1', 'new 2', 'new 3'];
    const newer = await Process.start(url, () => undefined, all);
    const older = await Process.start(url);
    // Their parts are five of ten and four of seven, and what the older one does not know is given away in vain.
    const isTaken = () => older.held.size >= 3 && newer.held.size + older.held.size === all.length;
    await until(isTaken);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const standsUntil = async () =>
      (await client.query<{ at: string }>('SELECT expires_at::text AS at FROM ledger.candidate ORDER BY holder')).rows
        .map(({ at }) => at)
        .join();
    for (let turns = 0; turns < 6; turns += 1) {
      const before = await standsUntil();
      while ((await standsUntil()) === before) await sleep(20);
      expect(isTaken()).toBe(true);
    }
    await client.end();
    // Whoever comes changes it.
    const third = await Process.start(url, () => undefined, all);
    await until(() => third.held.size >= 3 && newer.held.size + older.held.size + third.held.size === all.length);
    for (const one of [newer, older, third]) await one.end();
  });

  it('gives away nothing whose tables it is just changing: nobody could take it, nor anything with it', async () => {
    const url = await server.database();
    const one = await Process.start(url);
    // One of those it would give away first.
    const rows = table({ name: 'rows', columns: { id: 'text' as const, by: 'text' as const }, key: ['id'], indexes: [['by']] });
    const projection: Projection = { name: 'c', version: 1, tables: [rows] as never[], handles: 'all', apply: () => undefined };
    const building = (await one.models.prepare(projection)).building as Checkpoint;
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(`BEGIN; LOCK TABLE ledger.rows__1`);
    const completing = one.models.complete(projection, building);
    const other = await Process.start(url);
    await until(() => isDealt([one, other], 4));
    expect(one.held.has('c')).toBe(true);
    await client.query('ROLLBACK');
    await client.end();
    await completing;
    await one.end();
    await other.end();
  });

  it('goes on with what it keeps while it gives the rest away: nothing of it is cut off', async () => {
    const url = await server.database();
    const one = await Process.start(url);
    const snapshot = await one.models.snapshot();
    const other = await Process.start(url);
    await until(() => isDealt([one, other], 4));
    expect(await snapshot.rows('SELECT 1 AS one').next()).toMatchObject({ value: { one: 1 } });
    await snapshot.close();
    await one.end();
    await other.end();
  });
});
