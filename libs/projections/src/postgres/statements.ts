import { formerTable, keepsHistory, type Key, NODE, presentTable, quoted, SINCE, type Table, UNTIL } from '../table.js';
import { arrayOf, type Column, columnsOf } from './copy.js';

/** The statements of one table of one generation. Each takes arrays, one a column: as many rows as they are long. */
export interface TableStatements {
  readonly table: Table;
  readonly generation: number;
  readonly projection: string;
  /** Begins the names under which they are prepared, once a connection. */
  readonly id: string;
  readonly present: string;
  readonly former: string;
  readonly presentColumns: readonly Column[];
  readonly formerColumns: readonly Column[];
  readonly select: string;
  readonly upsert: string;
  readonly insertFormer: string;
  readonly remove: string;
}

export function statementsOf(table: Table, generation: number, projection: string, no: number): TableStatements {
  const [present, former] = [presentTable(table, generation), formerTable(table, generation)];
  const presentColumns = columnsOf(table, keepsHistory(table) ? [SINCE] : []);
  const formerColumns = columnsOf(table, [SINCE, UNTIL, NODE]);
  const names = presentColumns.map(({ name }) => name);
  const rest = names.filter((name) => !table.key.includes(name));
  const update = rest.length === 0 ? 'NOTHING' : `UPDATE SET ${rest.map((name) => `"${name}" = excluded."${name}"`).join(', ')}`;
  const insert = (into: string, columns: readonly Column[]) =>
    `INSERT INTO "${into}" (${quoted(columns.map(({ name }) => name))}) SELECT * FROM ${arrays(columns)} AS given`;
  const keys = table.key.map((name) => ({ type: table.columns[name] as Column['type'] }));
  const given = `${arrays(keys)} AS given (${quoted(table.key)})`;
  const matches = table.key.map((name) => `stored."${name}" = given."${name}"`).join(' AND ');
  return {
    table,
    generation,
    projection,
    id: `t${no}`,
    present,
    former,
    presentColumns,
    formerColumns,
    select: `SELECT stored.* FROM ${given} JOIN "${present}" AS stored ON ${matches}`,
    upsert: `${insert(present, presentColumns)} ON CONFLICT (${quoted(table.key)}) DO ${update}`,
    insertFormer: insert(former, formerColumns),
    remove: `DELETE FROM "${present}" AS stored USING ${given} WHERE ${matches}`,
  };
}

function arrays(columns: readonly Pick<Column, 'type'>[]): string {
  return `unnest(${columns.map(({ type }, index) => `$${index + 1}::${type === 'integer' ? 'bigint' : 'text'}[]`).join(', ')})`;
}

/** Keys as the parameters of `select` and `remove`. */
export function keyArrays({ key }: Table, keys: readonly Key[]): readonly string[] {
  return key.map((_, index) => arrayOf(keys.map((one) => one[index])));
}
