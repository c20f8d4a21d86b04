/** A value a read-model column can hold: text, integer (fen, positions, counts) or nothing. */
export type ColumnValue = string | number | null;
export type Row = Readonly<Record<string, ColumnValue>>;

/** A read-model table, declared once: its columns, its primary key and what queries look up. */
export interface Table<R extends { readonly [Column in keyof R]: ColumnValue } = Row> {
  readonly name: string;
  readonly columns: { readonly [Column in keyof R]: 'text' | 'integer' };
  readonly key: readonly (keyof R & string)[];
  readonly indexes?: readonly (readonly (keyof R & string)[])[];
}

/** Declares a table with the row type its queries and projections share. */
export function table<R extends { readonly [Column in keyof R]: ColumnValue }>(definition: Table<R>): Table<R> {
  return definition;
}

/** The statements that create a table and its indexes. Names come from code, never from input. */
export function createStatements(definition: Table<never>): readonly string[] {
  const { name, columns, key, indexes = [] } = definition as unknown as Table;
  const columnList = Object.entries(columns).map(([column, type]) => `"${column}" ${type === 'integer' ? 'INTEGER' : 'TEXT'}`);
  return [
    `CREATE TABLE IF NOT EXISTS "${name}" (${columnList.join(', ')}, PRIMARY KEY (${quoted(key)})) STRICT, WITHOUT ROWID`,
    ...indexes.map((index) => `CREATE INDEX IF NOT EXISTS "${name}_by_${index.join('_')}" ON "${name}" (${quoted(index)})`),
  ];
}

export function quoted(columns: readonly string[]): string {
  return columns.map((column) => `"${column}"`).join(', ');
}
