/** A value a read-model column can hold: text, integer (fen, positions, counts) or nothing. */
export type ColumnValue = string | number | null;
export type Row = Readonly<Record<string, ColumnValue>>;
export type Key = readonly (string | number)[];

/** A read-model table, declared once: its columns, its primary key and what queries look up. */
export interface Table<R extends { readonly [Column in keyof R]: ColumnValue } = Row> {
  readonly name: string;
  readonly columns: { readonly [Column in keyof R]: 'text' | 'integer' };
  readonly key: readonly (keyof R & string)[];
  readonly indexes?: readonly (readonly (keyof R & string)[])[];
  /** Rows are put once and never changed or removed; this column holds the position of their event. They need no history. */
  readonly writtenOnceAt?: keyof R & string;
  /** Only its own projection reads it: what it held before is not kept, and a query that asks for it is refused. */
  readonly isPrivate?: true;
}

/** Declares a table with the row type its queries and projections share. */
export function table<R extends { readonly [Column in keyof R]: ColumnValue }>(definition: Table<R>): Table<R> {
  return definition;
}

/** The position since which a row holds. */
export const SINCE = '_since';
/** The position from which a former row holds no more. */
export const UNTIL = '_until';
/** Where a former row is found: see `forkNode`. */
export const NODE = '_node';

/** The tables of one generation of a read model: what holds now, and what held before. Queries see the first as a view of the declared name. */
export function presentTable({ name }: Pick<Table, 'name'>, generation: number): string {
  return `${name}__${generation}`;
}

export function formerTable({ name }: Pick<Table, 'name'>, generation: number): string {
  return `${name}__${generation}_former`;
}

/** The statements that create the tables of a generation with their indexes. Names come from code, never from input. */
export function createStatements(definition: Table, generation: number): readonly string[] {
  const { key, indexes = [] } = definition;
  const present = presentTable(definition, generation);
  const statements = [
    `CREATE TABLE IF NOT EXISTS "${present}" (${columnsOf(definition)}${keepsHistory(definition) ? `, "${SINCE}" INTEGER NOT NULL` : ''}, PRIMARY KEY (${quoted(key)})) STRICT, WITHOUT ROWID`,
    // With the position behind them, a look at the past passes over later rows without reading them.
    ...indexes.map((index) => indexStatement(present, index, keepsHistory(definition) ? [...index, SINCE] : index)),
  ];
  if (!keepsHistory(definition)) return statements;
  const former = formerTable(definition, generation);
  return [
    ...statements,
    `CREATE TABLE IF NOT EXISTS "${former}" (${columnsOf(definition)}, "${SINCE}" INTEGER NOT NULL, "${UNTIL}" INTEGER NOT NULL, "${NODE}" INTEGER NOT NULL) STRICT`,
    // One row by its key; then whatever held at a position, alone or under the first column of what queries look up. So a
    // query reads what held there, however often rows have changed before and since.
    indexStatement(former, key, [...key, NODE]),
    ...[...new Set([...(key.length > 1 ? [key[0]] : []), ...indexes.map(([first]) => first)])].map((first) =>
      indexStatement(former, [first as string, 'then'], [first as string, NODE]),
    ),
    indexStatement(former, ['node'], [NODE]),
  ];
}

export function keepsHistory({ writtenOnceAt, isPrivate }: Table): boolean {
  return writtenOnceAt === undefined && isPrivate === undefined;
}

/** Everything about a table that its rows depend on: with another one they have to be built anew. */
export function shapeOf({ name, columns, key, indexes = [], writtenOnceAt, isPrivate }: Table): string {
  return JSON.stringify([name, columns, key, indexes, writtenOnceAt ?? null, isPrivate ?? false]);
}

function columnsOf({ columns }: Table): string {
  return Object.entries(columns)
    .map(([column, type]) => `"${column}" ${type === 'integer' ? 'INTEGER' : 'TEXT'}`)
    .join(', ');
}

function indexStatement(on: string, named: readonly string[], columns: readonly string[]): string {
  return `CREATE INDEX IF NOT EXISTS "${on}_by_${named.join('_')}" ON "${on}" (${quoted(columns)})`;
}

export function quoted(columns: readonly string[]): string {
  return columns.map((column) => `"${column}"`).join(', ');
}
