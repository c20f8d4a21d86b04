import type { Snapshot } from './read-models.js';
import { formerTable, keepsHistory, presentTable, quoted, type Row, SINCE, type Table } from './table.js';

/** What is different between two generations of a read model. */
export interface TableDifference {
  readonly table: string;
  /** In words: which row, and how it reads in either. */
  readonly detail: string;
}

export interface Comparison {
  readonly rows: number;
  /** How many rows differ; `differences` shows the first. */
  readonly different: number;
  readonly differences: readonly TableDifference[];
}

const SHOWN = 20;
/** Rows compared before others get a turn. */
const ROWS_A_TURN = 500;

/**
 * Compares two generations row by row, history included, in one snapshot. Both are read in the order of
 * their keys, so that neither need be held in memory.
 * @throws the signal's reason when it aborts.
 */
export async function compareGenerations(
  snapshot: Snapshot,
  tables: readonly Table[],
  live: number,
  fresh: number,
  signal: AbortSignal,
): Promise<Comparison> {
  let rows = 0;
  let different = 0;
  const differences: TableDifference[] = [];
  const compare = async (name: string, sql: (generation: number) => string, keyOf: (row: Row) => string) => {
    const [one, other] = [live, fresh].map((generation) => snapshot.rows(sql(generation))) as [Rows, Rows];
    for (;;) {
      const [left, right] = [await one.next(), await other.next()];
      if (left.done === true && right.done === true) return;
      rows += 1;
      if (rows % ROWS_A_TURN === 0) {
        await new Promise(setImmediate);
        signal.throwIfAborted();
      }
      const [before, after] = [left, right].map((each) => (each.done === true ? '(nothing)' : JSON.stringify(each.value)));
      if (before === after) continue;
      different += 1;
      const key = keyOf((left.done === true ? right.value : left.value) as Row);
      if (differences.length < SHOWN) differences.push({ table: name, detail: `${key}: live ${before}, rebuilt ${after}` });
      // Beyond the first rows, what follows one that is missing is out of step too: the count says enough.
    }
  };
  for (const table of tables) {
    const key = (row: Row) => table.key.map((column) => row[column]).join(' / ');
    await compare(table.name, (generation) => `SELECT * FROM "${presentTable(table, generation)}" ORDER BY ${quoted(table.key)}`, key);
    if (!keepsHistory(table)) continue;
    const history = (generation: number) => `SELECT * FROM "${formerTable(table, generation)}" ORDER BY ${quoted([...table.key, SINCE])}`;
    await compare(`${table.name} (former)`, history, key);
  }
  return { rows, different, differences };
}

type Rows = AsyncIterator<Row, undefined>;
