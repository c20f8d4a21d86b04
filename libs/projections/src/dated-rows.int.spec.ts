import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { changeFrom, datedTable, nextMonth, type Since, trueOn } from './dated-rows.js';
import type { Projection, Rows } from './projection.js';
import { SqliteReadModels } from './sqlite-read-models.js';
import { table } from './table.js';

interface StandRow extends Since {
  readonly run: number;
  readonly id: string;
  readonly kind: string;
  readonly said: string;
}

const stands = datedTable<StandRow>(
  table<StandRow>({
    name: 'stand',
    columns: { run: 'integer', id: 'text', kind: 'text', said: 'text', from_day: 'text' },
    key: ['run', 'id'],
  }),
  { cut: ({ said }) => said.length % 2 === 1 },
);
const projection = { name: 'stands', version: 1, tables: [stands.now, stands.past], handles: new Set(), apply: () => undefined };

interface Happening {
  readonly id: string;
  readonly day: string;
  readonly word: string;
}

const FIRST = Date.parse('2024-01-20T00:00:00Z');
const dayAfter = (days: number) => new Date(FIRST + days * 86_400_000).toISOString().slice(0, 10);
const SPAN = 80;
const days = Array.from({ length: SPAN }, (_, index) => dayAfter(index));
const happenings = fc.array(
  fc.record({ id: fc.constantFrom('a', 'b'), day: fc.nat(SPAN - 1).map(dayAfter), word: fc.constantFrom('k', 'l', 'm') }),
  { maxLength: 14 },
);

/** What was said of an id by a day, in the order of recording, is what it says on that day; `m` begins nothing. */
const after = (said: string | undefined, { word }: Happening) => (said === undefined && word === 'm' ? undefined : `${said ?? ''}${word}`);
const told = (history: readonly Happening[], id: string, day: string) =>
  history.filter((one) => one.id === id && one.day <= day).reduce<string | undefined>(after, undefined);

describe('rows by business day', () => {
  let readModels: SqliteReadModels;
  let run = 0;
  beforeAll(() => {
    readModels = new SqliteReadModels(':memory:');
  });
  afterAll(() => readModels.close());

  function record(history: readonly Happening[]): Promise<void> {
    run += 1;
    return readModels.fill(projection as unknown as Projection, run, (rows) => history.forEach((happening) => say(rows, happening)));
  }

  function say(rows: Rows, happening: Happening): void {
    const { id, day } = happening;
    changeFrom(rows, stands, [run, id], day, (row) => {
      const said = after(row?.said, happening);
      return said === undefined ? undefined : { run, id, kind: id.toUpperCase(), said };
    });
  }

  const on = (day: string) =>
    readModels
      .from<{ stand: StandRow }>()
      .selectFrom(trueOn(stands, day).as('stand'))
      .select(['id', 'kind', 'said'])
      .where('run', '=', run)
      .orderBy('id')
      .execute();

  it('answer for every day with what had taken effect by then, however events were dated', async () => {
    await fc.assert(
      fc.asyncProperty(happenings, async (history) => {
        await record(history);
        // `m` begins nothing, but where something has begun it speaks: only histories in which that is one for all days are compared.
        const begun = (id: string) => history.filter((one) => one.id === id);
        for (const id of ['a', 'b'])
          fc.pre(begun(id).every(({ word, day }, index) => word !== 'm' || told(begun(id).slice(0, index), id, day) !== undefined));
        for (const day of new Set([
          '2024-01-01',
          ...history.map((one) => one.day),
          dayAfter(SPAN),
          ...history.map((one) => dayAfter(days.indexOf(one.day) + 1)),
        ])) {
          const expected = ['a', 'b'].flatMap((id) => {
            const said = told(history, id, day);
            return said === undefined ? [] : [{ id, kind: id.toUpperCase(), said }];
          });
          expect(await on(day)).toEqual(expected);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('the present is what follows from everything', async () => {
    await fc.assert(
      fc.asyncProperty(happenings, async (history) => {
        await record(history);
        const present = await readModels
          .from<{ stand: StandRow }>()
          .selectFrom('stand')
          .selectAll()
          .where('run', '=', run)
          .orderBy('id')
          .execute();
        expect(present.map(({ id, said }) => [id, said])).toEqual(
          ['a', 'b'].flatMap((id) => {
            const said = history.filter((one) => one.id === id).reduce<string | undefined>(after, undefined);
            return said === undefined ? [] : [[id, said]];
          }),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('what is cut by month ends within a month of its beginning', async () => {
    await record([
      { id: 'a', day: '2024-01-20', word: 'k' },
      { id: 'a', day: '2024-04-05', word: 'l' },
    ]);
    const past = await readModels
      .from<{ stand_past: StandRow & { until_day: string } }>()
      .selectFrom('stand_past')
      .selectAll()
      .where('run', '=', run)
      .execute();
    expect(past.map(({ from_day, until_day }) => [from_day, until_day])).toEqual([
      ['2024-01-20', '2024-02-01'],
      ['2024-02-01', '2024-03-01'],
      ['2024-03-01', '2024-04-01'],
      ['2024-04-01', '2024-04-05'],
    ]);
    expect(nextMonth('2024-12-31')).toBe('2025-01-01');
  });
});
