import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sql } from 'kysely';
import { lookingFrom } from '@app/event-store';
import type { Checkpoint, ReadModels } from './read-models.js';
import { Files } from './subscriptions.fixture.js';
import { type Row, table } from './table.js';

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

const part = fc.constantFrom('', 'a', '\u0000', 'a\u0000', '甲', '"', ',');
const key = fc.tuple(part, part, fc.constantFrom(0, 1));
const operation = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key, value: fc.option(fc.integer()) }),
  fc.record({ kind: fc.constant('remove' as const), key }),
  fc.record({ kind: fc.constant('get' as const), key }),
);
const batches = fc.array(fc.record({ operations: fc.array(operation, { maxLength: 20 }), commits: fc.boolean() }), { maxLength: 6 });

describe('the read models', () => {
  const files = new Files();
  let readModels: ReadModels;
  beforeAll(() => {
    readModels = files.readModels();
    readModels.openLive(projection());
  });
  afterAll(() => files.remove());
  const stored = async () =>
    (await readModels.from<{ pair: PairRow }>().selectFrom('pair').selectAll().execute()).map((row) => JSON.stringify(row)).sort();

  it('hold after any batches what a plain map would hold', async () => {
    let run = 1;
    await fc.assert(
      fc.asyncProperty(batches, async (all) => {
        run += 1;
        let at = readModels.openLive(projection(run));
        let model = new Map<string, PairRow>();
        for (const { operations, commits } of all) {
          const work = readModels.begin(at);
          const expected = new Map(model);
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
          if (!commits) continue;
          expect(readModels.commit(work, at, at.position + 1)).toBe(true);
          at = { ...at, position: at.position + 1 };
          model = expected;
        }
        expect(await stored()).toEqual([...model.values()].map((row) => JSON.stringify(row)).sort());
      }),
      { numRuns: 100 },
    );
  });

  it('refuse a batch that began at another checkpoint, whole', async () => {
    const at = readModels.openLive(projection(1_000));
    const [one, other] = [readModels.begin(at), readModels.begin(at)];
    one.put(singles, { id: 'one', text: null });
    other.put(singles, { id: 'other', text: null });
    expect(readModels.commit(one, at, 5)).toBe(true);
    expect(readModels.commit(other, at, 6)).toBe(false);
    expect(readModels.commit(other, { ...at, position: 5, version: 9 }, 6)).toBe(false);
    expect(readModels.commit(other, { ...at, name: 'nobody' }, 6)).toBe(false);
    expect(readModels.checkpoint('p')).toEqual({ ...at, position: 5 });
    expect(await readModels.from<{ single: Row }>().selectFrom('single').selectAll().execute()).toEqual([{ id: 'one', text: null }]);
  });

  it('keep rows that consist of a key alone', () => {
    const at = readModels.openLive(projection(2_000));
    const work = readModels.begin(at);
    work.put(keysOnly, { id: 7 });
    expect(readModels.commit(work, at, 1)).toBe(true);
    const again = readModels.begin(at);
    again.put(keysOnly, { id: 7 });
    expect(readModels.commit(again, { ...at, position: 1 }, 2)).toBe(true);
    expect(readModels.begin(at).get(keysOnly, 7)).toEqual({ id: 7 });
    expect(readModels.begin(at).get(keysOnly, 8)).toBeUndefined();
  });

  it('store no value of another type than the column has', () => {
    const at = readModels.openLive(projection(3_000));
    const work = readModels.begin(at);
    work.put(singles, { id: 'a', text: 'first' });
    work.put(keysOnly, { id: 'x' as never });
    expect(() => readModels.commit(work, at, 1)).toThrow(/cannot store/);
    expect(readModels.checkpoint('p')?.position).toBe(0);
    expect(readModels.begin(at).get(singles, 'a')).toBeUndefined();
  });

  it('begin new tables beside the live ones of another version, which queries see until the new ones take over', async () => {
    const at = readModels.openLive(projection(4_000));
    const work = readModels.begin(at);
    work.put(singles, { id: 'a', text: 'x' });
    readModels.commit(work, at, 9);
    const seen = () => readModels.from<{ single: Row }>().selectFrom('single').selectAll().execute();
    expect(readModels.prepare(projection(4_000))).toEqual({ live: { ...at, position: 9 }, building: undefined });
    const next = projection(4_001);
    const { live, building } = readModels.prepare(next);
    expect(live).toBeUndefined();
    expect(building).toEqual({ name: 'p', version: 4_001, generation: at.generation + 1, position: 0 });
    expect(readModels.prepare(next).building).toEqual(building);
    expect(await seen()).toEqual([{ id: 'a', text: 'x' }]);
    readModels.promote(next, building as Checkpoint);
    expect(await seen()).toEqual([]);
    expect(readModels.commit(readModels.begin(at), { ...at, position: 9 }, 10)).toBe(false);
    await readModels.dropFormerGenerations(next);
    expect(readModels.prepare(next)).toEqual({ live: building, building: undefined });
  });

  it('refuse queries of tables that have another shape than the program knows, until they are built anew', async () => {
    const columns = { id: 'text', text: 'text', more: 'integer' } as const;
    const wider = (version: number) => ({
      ...projection(version),
      name: 'w',
      tables: [table<{ id: string; text: string | null; more: number | null }>({ name: 'wide', columns, key: ['id'] })] as never[],
    });
    const narrow = { ...wider(1), tables: [{ ...singles, name: 'wide' }] as never[] };
    const other = files.readModels();
    other.openLive(narrow);
    const seen = () => readModels.from<{ wide: Row }>().selectFrom('wide').selectAll().execute();
    const { building } = readModels.prepare(wider(1));
    await expect(seen()).rejects.toMatchObject({ code: 'read-model-rebuilding' });
    readModels.promote(wider(1), building as Checkpoint);
    expect(await seen()).toEqual([]);
  });
});

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

describe('the past of the read models', () => {
  const files = new Files();
  afterAll(() => files.remove());

  it('is at every position what stood there, whatever the batches were', async () => {
    const readModels = files.readModels();
    let run = 0;
    const history = fc.array(fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 12 }) }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(history, async (all) => {
        run += 1;
        let at = readModels.openLive(past(run));
        const model = new Map<string, object>();
        const stood: { position: number; rows: readonly object[]; notes: number }[] = [{ position: 0, rows: [], notes: 0 }];
        let position = 0;
        for (const { steps } of all) {
          const work = readModels.begin(at);
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
          expect(readModels.commit(work, at, position)).toBe(true);
          at = { ...at, position };
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
      { numRuns: 60 },
    );
  });
});
