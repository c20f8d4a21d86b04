import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ReadModels } from './read-models.js';
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
    readModels.prepare(projection());
  });
  afterAll(() => files.remove());
  const stored = async () =>
    (await readModels.from<{ pair: PairRow }>().selectFrom('pair').selectAll().execute()).map((row) => JSON.stringify(row)).sort();

  it('hold after any batches what a plain map would hold', async () => {
    let run = 1;
    await fc.assert(
      fc.asyncProperty(batches, async (all) => {
        run += 1;
        let at = readModels.prepare(projection(run));
        let model = new Map<string, PairRow>();
        for (const { operations, commits } of all) {
          const work = readModels.begin();
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
    const at = readModels.prepare(projection(1_000));
    const [one, other] = [readModels.begin(), readModels.begin()];
    one.put(singles, { id: 'one', text: null });
    other.put(singles, { id: 'other', text: null });
    expect(readModels.commit(one, at, 5)).toBe(true);
    expect(readModels.commit(other, at, 6)).toBe(false);
    expect(readModels.commit(other, { ...at, position: 5, version: 9 }, 6)).toBe(false);
    expect(readModels.commit(other, { ...at, name: 'nobody' }, 6)).toBe(false);
    expect(readModels.checkpoint('p')).toEqual({ name: 'p', version: 1_000, position: 5 });
    expect(await readModels.from<{ single: Row }>().selectFrom('single').selectAll().execute()).toEqual([{ id: 'one', text: null }]);
  });

  it('keep rows that consist of a key alone', () => {
    const at = readModels.prepare(projection(2_000));
    const work = readModels.begin();
    work.put(keysOnly, { id: 7 });
    expect(readModels.commit(work, at, 1)).toBe(true);
    const again = readModels.begin();
    again.put(keysOnly, { id: 7 });
    expect(readModels.commit(again, { ...at, position: 1 }, 2)).toBe(true);
    expect(readModels.begin().get(keysOnly, 7)).toEqual({ id: 7 });
    expect(readModels.begin().get(keysOnly, 8)).toBeUndefined();
  });

  it('store no value of another type than the column has', () => {
    const at = readModels.prepare(projection(3_000));
    const work = readModels.begin();
    work.put(singles, { id: 'a', text: 'first' });
    work.put(keysOnly, { id: 'x' as never });
    expect(() => readModels.commit(work, at, 1)).toThrow(/cannot store/);
    expect(readModels.checkpoint('p')?.position).toBe(0);
    expect(readModels.begin().get(singles, 'a')).toBeUndefined();
  });

  it('empty the tables of a projection whose version has changed, and only then', () => {
    const at = readModels.prepare(projection(4_000));
    const work = readModels.begin();
    work.put(singles, { id: 'a', text: 'x' });
    readModels.commit(work, at, 9);
    expect(readModels.prepare(projection(4_000))).toMatchObject({ position: 9 });
    expect(readModels.begin().get(singles, 'a')).toEqual({ id: 'a', text: 'x' });
    expect(readModels.prepare(projection(4_001))).toEqual({ name: 'p', version: 4_001, position: 0 });
    expect(readModels.begin().get(singles, 'a')).toBeUndefined();
  });
});
