import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sql } from 'kysely';
import { lookingFrom } from '@app/event-store';
import type { Rows } from './projection.js';
import type { Checkpoint, Outcome, ReadModels } from './read-models.js';
import { type Row, table } from './table.js';
import type { UnitOfWork } from './unit-of-work.js';

interface PairRow {
  readonly left: string;
  readonly right: string;
  readonly no: number;
  readonly value: number | null;
}

const pairs = table<PairRow>({
  name: 'pair',
  columns: { left: 'text', right: 'text', no: 'integer', value: 'integer' },
  key: ['left', 'right', 'no'],
  indexes: [['right', 'no']],
});
const singles = table<{ readonly id: string; readonly text: string | null }>({
  name: 'single',
  columns: { id: 'text', text: 'text' },
  key: ['id'],
});
const keysOnly = table<{ readonly id: number }>({ name: 'keys_only', columns: { id: 'integer' }, key: ['id'] });
const projection = (version = 1) => ({
  name: 'p',
  version,
  tables: [pairs, singles, keysOnly] as never[],
  handles: new Set<string>(),
  apply: () => undefined,
});

const part = fc.constantFrom('', 'a', 'A', '\u0001', 'a\t\\N', '甲', '"', ',', '{}', '\r\n');
const key = fc.tuple(part, part, fc.constantFrom(0, 1));
const operation = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key, value: fc.option(fc.maxSafeInteger()) }),
  fc.record({ kind: fc.constant('remove' as const), key }),
  fc.record({ kind: fc.constant('get' as const), key }),
);
const batches = fc.array(fc.record({ operations: fc.array(operation, { maxLength: 20 }), commits: fc.boolean() }), { maxLength: 6 });

/** Places where read models may be kept, each opened any number of times. */
export interface Places {
  /** Read models that nobody has used yet. */
  fresh(): Promise<ReadModels>;
  /** The same ones, opened again beside. */
  again(): Promise<ReadModels>;
  remove(): Promise<void>;
}

/** Writes one batch as it stands. */
async function write(readModels: ReadModels, from: Checkpoint, to: number, apply: (rows: Rows) => void): Promise<Outcome> {
  return (await readModels.commit([{ from, to, apply }]))[0] as Outcome;
}

async function written(readModels: ReadModels, from: Checkpoint, to: number, apply: (rows: Rows) => void): Promise<Checkpoint> {
  const outcome = await write(readModels, from, to, apply);
  expect(outcome).toEqual({ kind: 'committed', checkpoint: { ...from, position: to } });
  return { ...from, position: to };
}

/** What every kind of read models has to do. */
export function describeReadModels(kind: string, places: () => Places, runs = 60): void {
  describe(`read models in ${kind}`, () => {
    let here: Places;
    let readModels: ReadModels;
    beforeAll(async () => {
      here = places();
      readModels = await here.fresh();
      await readModels.openLive(projection());
    });
    afterAll(() => here.remove());
    const stored = async () =>
      (await readModels.from<{ pair: PairRow }>().selectFrom('pair').selectAll().execute())
        .map(({ left, right, no, value }) => JSON.stringify({ left, right, no, value }))
        .sort();

    it('are of the first ledger that asks, and of no other', async () => {
      await expect(readModels.belongTo(undefined)).resolves.toBeUndefined();
      await Promise.all(['first', 'first'].map((id) => readModels.belongTo(id)));
      const again = await here.again();
      await expect(again.belongTo('first')).resolves.toBeUndefined();
      for (const other of ['other', undefined])
        await expect(again.belongTo(other)).rejects.toMatchObject({ kind: 'unavailable', code: 'read-models-of-another-ledger' });
    });

    it('answer nobody of the present where they have stopped, until they go on', async () => {
      const again = await here.again();
      again.register(projection());
      const at = await written(readModels, await readModels.openLive(projection()), 1, (work) => work.put(singles, { id: 'a', text: 'b' }));
      const texts = (models: ReadModels) =>
        models.from<{ single: { id: string; text: string } }>().selectFrom('single').select('text').execute();
      // What is noted about a place they have left is about nothing.
      await readModels.noteStop({ ...at, position: 0 }, 'position 1: cannot be applied');
      await again.liveCheckpoints();
      for (const models of [readModels, again]) expect(await texts(models)).toEqual([{ text: 'b' }]);
      await readModels.noteStop(at, 'position 2: cannot be applied');
      await again.liveCheckpoints();
      for (const models of [readModels, again]) {
        await expect(texts(models)).rejects.toMatchObject({ kind: 'unavailable', code: 'read-model-behind' });
        const then = { position: 1, now: new Date() };
        expect(await lookingFrom(then, () => texts(models))).toEqual([{ text: 'b' }]);
      }
      await written(readModels, at, 2, (work) => work.remove(singles, 'a'));
      await again.liveCheckpoints();
      for (const models of [readModels, again]) expect(await texts(models)).toEqual([]);
    });

    it('tell queries the time', async () => {
      const before = Date.now();
      const { rows } = await sql<{ readonly now: number }>`SELECT ${readModels.nowMs} AS now`.execute(readModels.queries);
      const [{ now }] = rows as [{ now: number }];
      expect([now >= before, now <= Date.now(), Number.isInteger(now)]).toEqual([true, true, true]);
    });

    it('hold after any batches what a plain map would hold', async () => {
      let run = 1;
      await fc.assert(
        fc.asyncProperty(batches, async (all) => {
          run += 1;
          let at = await readModels.openLive(projection(run));
          let model = new Map<string, PairRow>();
          for (const { operations, commits } of all) {
            let expected = model;
            const outcome = await write(readModels, at, at.position + 1, (work) => {
              expected = new Map(model);
              for (const one of operations) {
                const [left, right, no] = one.key;
                const id = JSON.stringify(one.key);
                if (one.kind === 'put') {
                  const row = { left, right, no, value: one.value };
                  work.put(pairs, row);
                  expected.set(id, row);
                } else if (one.kind === 'remove') {
                  work.remove(pairs, left, right, no);
                  expected.delete(id);
                } else expect(work.get(pairs, left, right, no)).toEqual(expected.get(id));
              }
              if (!commits) throw new Error('given up');
            });
            if (!commits) {
              expect(outcome).toMatchObject({ kind: 'failed', error: { message: 'given up' } });
              continue;
            }
            expect(outcome).toEqual({ kind: 'committed', checkpoint: { ...at, position: at.position + 1 } });
            at = { ...at, position: at.position + 1 };
            model = expected;
          }
          expect(await stored()).toEqual([...model.values()].map((row) => JSON.stringify(row)).sort());
        }),
        { numRuns: runs },
      );
    });

    it('take thousands of rows at once, and say them back in the order of their bytes', async () => {
      const at = await readModels.openLive(projection(900));
      const ids = Array.from(
        { length: 3_000 },
        (_, index) => `${['a', 'B', 'é', '甲', '\u{1f600}', '\\', '\t', '\n', ''][index % 9]}${index}`,
      );
      const first = await written(readModels, at, 1, (work) =>
        ids.forEach((id, index) => work.put(singles, { id, text: index % 7 === 0 ? null : id })),
      );
      await written(readModels, first, 2, (work) =>
        ids.forEach((id, index) => {
          if (index % 3 === 0) work.remove(singles, id);
          else if (index % 3 === 1) work.put(singles, { id, text: 'changed' });
        }),
      );
      const rows = await readModels
        .from<{ single: { id: string; text: string | null } }>()
        .selectFrom('single')
        .selectAll()
        .orderBy('id')
        .execute();
      const expected = ids.flatMap((id, index) =>
        index % 3 === 0 ? [] : [{ id, text: index % 3 === 1 ? 'changed' : index % 7 === 0 ? null : id }],
      );
      expect(rows).toEqual(expected.sort((one, other) => Buffer.compare(Buffer.from(one.id), Buffer.from(other.id))));
    });

    it('refuse a batch that began at another checkpoint, whole', async () => {
      const at = await readModels.openLive(projection(1_000));
      const put = (id: string) => (work: Rows) => work.put(singles, { id, text: null });
      await written(readModels, at, 5, put('one'));
      const moved = { kind: 'moved' };
      expect(await write(readModels, at, 6, put('other'))).toEqual(moved);
      expect(await write(readModels, { ...at, position: 5, version: 9 }, 6, put('other'))).toEqual(moved);
      expect(await write(readModels, { ...at, name: 'nobody' }, 6, put('other'))).toEqual(moved);
      expect(await readModels.checkpoint('p')).toEqual({ ...at, position: 5 });
      expect(await readModels.from<{ single: Row }>().selectFrom('single').selectAll().execute()).toEqual([{ id: 'one', text: null }]);
    });

    it('read anew what another process has written meanwhile', async () => {
      const at = await readModels.openLive(projection(1_500));
      const first = await written(readModels, at, 1, (work) => work.put(singles, { id: 'one', text: 'ours' }));
      const other = await here.again();
      const second = await written(other, first, 2, (work) => work.put(singles, { id: 'one', text: 'theirs' }));
      expect(await write(readModels, first, 2, (work) => work.put(singles, { id: 'two', text: null }))).toEqual({ kind: 'moved' });
      const seen: unknown[] = [];
      await written(readModels, second, 3, (work) => seen.push(work.get(singles, 'one')));
      expect(seen.at(-1)).toEqual({ id: 'one', text: 'theirs' });
    });

    it('read anew what another process has written when they find their place again', async () => {
      const at = await readModels.openLive(projection(1_700));
      const first = await written(readModels, at, 1, (work) => work.put(singles, { id: 'one', text: 'ours' }));
      await written(await here.again(), first, 2, (work) => work.put(singles, { id: 'one', text: 'theirs' }));
      const { live } = await readModels.prepare(projection(1_700));
      const seen: unknown[] = [];
      await written(readModels, live as Checkpoint, 3, (work) => seen.push(work.get(singles, 'one')));
      expect(seen.at(-1)).toEqual({ id: 'one', text: 'theirs' });
    });

    it('keep rows that consist of a key alone', async () => {
      const at = await readModels.openLive(projection(2_000));
      const first = await written(readModels, at, 1, (work) => work.put(keysOnly, { id: 7 }));
      const second = await written(readModels, first, 2, (work) => work.put(keysOnly, { id: 7 }));
      const seen: unknown[] = [];
      await written(readModels, second, 3, (work) => seen.push([work.get(keysOnly, 7), work.get(keysOnly, 8)]));
      expect(seen.at(-1)).toEqual([{ id: 7 }, undefined]);
    });

    it('store no value of another type than the column has; what others put is stored', async () => {
      const at = await readModels.openLive(projection(3_000));
      const other = await readModels.openLive({ ...projection(1), name: 'q', tables: [{ ...singles, name: 'q_single' }] as never[] });
      const q = { ...singles, name: 'q_single' };
      for (const [put, what] of [
        [(work: Rows) => work.put(keysOnly, { id: 'x' as never }), 'a text'],
        [(work: Rows) => work.put(keysOnly, { id: 0.5 }), 'a fraction'],
      ] as const) {
        const position = (await readModels.checkpoint('q'))?.position ?? 0;
        const [failed, committed] = await readModels.commit([
          {
            from: at,
            to: 1,
            apply: (work) => {
              work.put(singles, { id: 'a', text: 'first' });
              put(work);
            },
          },
          { from: { ...other, position }, to: position + 1, apply: (work) => work.put(q as never, { id: what, text: null } as never) },
        ]);
        expect(failed).toMatchObject({ kind: 'failed', error: { message: expect.stringMatching(/cannot store/) } });
        expect(committed?.kind).toBe('committed');
      }
      expect((await readModels.checkpoint('p'))?.position).toBe(0);
      expect(await readModels.from<{ single: Row }>().selectFrom('single').selectAll().execute()).toEqual([]);
      expect(await readModels.from<{ q_single: Row }>().selectFrom('q_single').select('id').orderBy('id').execute()).toHaveLength(2);
    });

    it('begin new tables beside the live ones of another version, which queries see until the new ones take over', async () => {
      const at = await readModels.openLive(projection(4_000));
      await written(readModels, at, 9, (work) => work.put(singles, { id: 'a', text: 'x' }));
      const seen = () => readModels.from<{ single: Row }>().selectFrom('single').selectAll().execute();
      expect(await readModels.prepare(projection(4_000))).toEqual({ live: { ...at, position: 9 }, building: undefined });
      const next = projection(4_001);
      const { live, building } = await readModels.prepare(next);
      expect(live).toBeUndefined();
      expect(building).toEqual({ name: 'p', version: 4_001, generation: at.generation + 1, position: 0 });
      expect((await readModels.prepare(next)).building).toEqual(building);
      // Tables that do not stand where they are thought to: what they hold is not what queries would be told.
      expect(await readModels.promote(next, { ...(building as Checkpoint), position: 3 })).toBe(false);
      expect(await seen()).toEqual([{ id: 'a', text: 'x' }]);
      expect(await readModels.promote(next, building as Checkpoint)).toBe(true);
      expect(await seen()).toEqual([]);
      expect(await write(readModels, { ...at, position: 9 }, 10, () => undefined)).toEqual({ kind: 'moved' });
      await readModels.dropFormerGenerations(next);
      expect(await readModels.prepare(next)).toEqual({ live: building, building: undefined });
    });

    it('show a snapshot as it was, whatever is written meanwhile', async () => {
      const at = await readModels.openLive(projection(5_000));
      const ids = Array.from({ length: 1_200 }, (_, index) => `s${String(index).padStart(4, '0')}`);
      const first = await written(readModels, at, 1, (work) => ids.forEach((id) => work.put(singles, { id, text: 'then' })));
      const snapshot = await readModels.snapshot();
      await written(readModels, first, 2, (work) => ids.forEach((id) => work.put(singles, { id, text: 'now' })));
      const rows = snapshot.rows(`SELECT id, text FROM "single__${at.generation}" ORDER BY id`);
      const seen: unknown[] = [];
      for (let next = await rows.next(); next.done !== true; next = await rows.next()) seen.push({ ...next.value });
      await snapshot.close();
      expect(seen).toEqual(ids.map((id) => ({ id, text: 'then' })));
    });

    it('refuse queries of tables that have another shape than the program knows, until they are built anew', async () => {
      const columns = { id: 'text', text: 'text', more: 'integer' } as const;
      const wider = (version: number) => ({
        ...projection(version),
        name: 'w',
        tables: [table<{ id: string; text: string | null; more: number | null }>({ name: 'wide', columns, key: ['id'] })] as never[],
      });
      const narrow = { ...wider(1), tables: [{ ...singles, name: 'wide' }] as never[] };
      const other = await here.again();
      await other.openLive(narrow);
      const seen = () => readModels.from<{ wide: Row }>().selectFrom('wide').selectAll().execute();
      const { building } = await readModels.prepare(wider(1));
      await expect(seen()).rejects.toMatchObject({ code: 'read-model-rebuilding' });
      await readModels.promote(wider(1), building as Checkpoint);
      expect(await seen()).toEqual([]);
      // Columns may go again, and change their places.
      const text = 'text' as const;
      const again = { ...narrow, version: 2, tables: [{ ...singles, name: 'wide', columns: { text, id: text } }] as never[] };
      await readModels.promote(again, (await readModels.prepare(again)).building as Checkpoint);
      expect(await seen()).toEqual([]);
    });

    it('hold what is written once, and do not read it again', async () => {
      const at = await readModels.openLive(past(0));
      const notes = (first: number, last: number) => (rows: Rows) => {
        const work = rows as UnitOfWork;
        for (let position = first; position <= last; position += 1)
          work.during(position, () => work.put(noted, { position, id: `at ${position}` }));
      };
      // By whatever way many rows go, and few.
      const after = await written(readModels, await written(readModels, at, 200, notes(1, 200)), 201, notes(201, 201));
      const tables = readModels.from<{ noted: { position: number; id: string } }>();
      const found = await tables.selectFrom('noted').select(['position', 'id']).orderBy('position').execute();
      expect(found).toEqual(Array.from({ length: 201 }, (_, index) => ({ position: index + 1, id: `at ${index + 1}` })));
      for (const apply of [(rows: Rows) => rows.get(noted, 1), (rows: Rows) => rows.remove(noted, 1)]) {
        const outcome = await write(readModels, after, 202, (rows) => void apply(rows));
        expect(outcome).toMatchObject({ kind: 'failed', error: { message: expect.stringContaining('written once') } });
      }
      expect(() => table({ ...noted, key: ['id'] })).toThrow('lacks position');
    });

    it('are seen from far back, whether little still stands since then or much', async () => {
      const listed = table<{ id: string; state: string }>({
        name: 'listed',
        columns: { id: 'text', state: 'text' },
        key: ['id'],
        indexes: [['state', 'id']],
      });
      const lists = { ...projection(), name: 'lists', tables: [listed] as never[] };
      const at = await readModels.openLive(lists);
      const [opened, closed] = [1_200, 100];
      const id = (no: number) => String(no).padStart(4, '0');
      const all = async (from: Checkpoint, count: number, row: (no: number) => { id: string; state: string }) => {
        const apply = (work: UnitOfWork) => {
          for (let no = 1; no <= count; no += 1) work.during(from.position + no, () => work.put(listed, row(no)));
        };
        return written(readModels, from, from.position + count, apply as never);
      };
      const openAt = (position: number) =>
        lookingFrom({ position, now: new Date(0) }, async () => {
          const rows = readModels.from<{ listed: { id: string; state: string } }>().selectFrom('listed').select('id');
          const found = await rows.where('state', '=', 'open').orderBy('id').execute();
          const first = await rows.where('state', '=', 'open').orderBy('id', 'desc').limit(3).execute();
          expect(first).toEqual(found.slice(-3).reverse());
          return found.map((row) => row.id);
        });
      const ids = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => id(first + index));
      const after = await all(at, opened, (no) => ({ id: id(no), state: 'open' }));
      for (const position of [1, 499, 500, 501, 502, 1_200]) expect(await openAt(position)).toEqual(ids(1, position));
      await all(after, closed, (no) => ({ id: id(no), state: 'closed' }));
      for (const position of [50, 499, 501, 700]) expect(await openAt(position)).toEqual(ids(1, position));
      expect(await openAt(1_250)).toEqual(ids(51, 1_200));
    });

    it('are at every position what stood there, whatever the batches were', () => pastIsKept(readModels, runs));
  });
}

const versioned = table<{ readonly id: string; readonly group: string; readonly value: number }>({
  name: 'versioned',
  columns: { id: 'text', group: 'text', value: 'integer' },
  key: ['id'],
  indexes: [['group', 'id']],
});
const noted = table<{ readonly position: number; readonly id: string }>({
  name: 'noted',
  columns: { position: 'integer', id: 'text' },
  key: ['position'],
  writtenOnceAt: 'position',
});
const past = (version: number) => ({ ...projection(version), name: 'past', tables: [versioned, noted] as never[] });
const step = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd'),
  group: fc.constantFrom('x', 'y'),
  value: fc.option(fc.integer({ min: 0, max: 2 })),
  gap: fc.integer({ min: 1, max: 3 }),
});

async function pastIsKept(readModels: ReadModels, runs: number): Promise<void> {
  let run = 0;
  const history = fc.array(fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 12 }) }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(history, async (all) => {
      run += 1;
      let at = await readModels.openLive(past(run));
      const model = new Map<string, object>();
      const stood: { position: number; rows: readonly object[]; notes: number }[] = [{ position: 0, rows: [], notes: 0 }];
      let position = 0;
      for (const { steps } of all) {
        const begun = { position, size: stood.length, model: new Map(model) };
        at = await written(readModels, at, position + steps.reduce((sum, { gap }) => sum + gap, 0), (rows) => {
          const work = rows as UnitOfWork;
          // It may be called again.
          position = begun.position;
          stood.length = begun.size;
          model.clear();
          for (const [id, row] of begun.model) model.set(id, row);
          for (const { id, group, value, gap } of steps) {
            position += gap;
            work.at(position);
            work.put(noted, { position, id });
            if (value === null) {
              work.remove(versioned, id);
              model.delete(id);
            } else {
              // What stands in between, within one event, never stood.
              work.put(versioned, { id, group: 'z', value: 9 });
              work.put(versioned, { id, group, value });
              model.set(id, { id, group, value });
            }
            stood.push({ position, rows: [...model.keys()].sort().map((key) => model.get(key) as object), notes: stood.length });
          }
        });
      }
      const tables = readModels.from<{ versioned: { id: string; group: string; value: number }; noted: { position: number } }>();
      for (const then of stood) {
        await lookingFrom({ position: then.position, now: new Date(0) }, async () => {
          expect(await tables.selectFrom('versioned').selectAll().orderBy('id').execute()).toEqual(then.rows);
          const grouped = await tables.selectFrom('versioned').selectAll().where('group', '=', 'x').orderBy('id').execute();
          expect(grouped).toEqual(then.rows.filter((row) => (row as { group: string }).group === 'x'));
          const { rows } = await sql<{ notes: number; sum: number | null }>`
              WITH own AS (SELECT sum(value) AS sum FROM versioned)
              SELECT count(*) AS notes, (SELECT sum FROM own) AS sum FROM noted`.execute(readModels.queries);
          const sum = then.rows.reduce((total: number, row) => total + (row as { value: number }).value, 0);
          expect(rows).toEqual([{ notes: then.notes, sum: then.rows.length === 0 ? null : sum }]);
          const joined = await tables
            .selectFrom('versioned as one')
            .innerJoin('versioned as other', 'other.id', 'one.id')
            .leftJoin('noted', 'noted.position', 'one.value')
            .select('one.id')
            .orderBy('one.id')
            .execute();
          expect(joined.length).toBe(then.rows.length);
          const ids = tables.selectFrom('versioned').select('id').where('group', '=', 'x');
          const others = tables.selectFrom('versioned').select('id').where('group', '<>', 'x');
          const united = await tables.selectFrom(ids.unionAll(others).as('all')).select('id').orderBy('id').execute();
          expect(united).toEqual(then.rows.map((row) => ({ id: (row as { id: string }).id })));
        });
      }
      expect(await tables.selectFrom('versioned').selectAll().orderBy('id').execute()).toEqual(stood.at(-1)?.rows);
    }),
    { numRuns: runs },
  );
}
