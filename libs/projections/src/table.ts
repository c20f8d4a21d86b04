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
  /**
   * Rows are put once: never read again by their projection, changed or removed, and by one event no key twice. This column, one
   * of the key, holds the position of their event. They need no history.
   */
  readonly writtenOnceAt?: keyof R & string;
  /** Only its own projection reads it: what it held before is not kept, and a query that asks for it is refused. */
  readonly isPrivate?: true;
}

/**
 * Declares a table with the row type its queries and projections share.
 * @throws Error where rows are written once and another event could have their key.
 */
export function table<R extends { readonly [Column in keyof R]: ColumnValue }>(definition: Table<R>): Table<R> {
  const { name, key, writtenOnceAt } = definition;
  if (writtenOnceAt !== undefined && !key.includes(writtenOnceAt)) throw new Error(`the key of ${name} lacks ${writtenOnceAt}`);
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

/** How a database says what tables are made of. */
interface Dialect {
  readonly types: Readonly<Record<'text' | 'integer', string>>;
  readonly tail: { readonly keyed: string; readonly plain: string };
  readonly indexName: (on: string, columns: readonly string[], no: number) => string;
  /** Whether rows that stand since long ago need an index to be found by: see `isWalked`. */
  readonly ofLongStanding: boolean;
}

const SQLITE: Dialect = {
  types: { text: 'TEXT', integer: 'INTEGER' },
  tail: { keyed: ' STRICT, WITHOUT ROWID', plain: ' STRICT' },
  indexName: (on, columns) => `${on}_by_${columns.join('_')}`,
  ofLongStanding: true,
};
/** Text is compared by its bytes, as in SQLite. Names of indexes are numbered: PostgreSQL cuts what is longer than 63 bytes. */
const POSTGRES: Dialect = {
  types: { text: 'text COLLATE "C"', integer: 'bigint' },
  tail: { keyed: '', plain: '' },
  indexName: (on, _columns, no) => `${on}_i${no}`,
  // It plans by what is known of the rows.
  ofLongStanding: false,
};
const LONGEST_NAME = 60;

/** The statements that create the tables of a generation with their indexes. Names come from code, never from input. */
export function createStatements(definition: Table, generation: number): readonly string[] {
  return [...tableStatements(definition, generation, SQLITE), ...indexStatements(definition, generation, SQLITE)];
}

/** The same for PostgreSQL, tables and indexes apart: what is filled without indexes and given them after is filled much faster. */
export function postgresTableStatements(definition: Table, generation: number): readonly string[] {
  const longest = formerTable(definition, generation);
  if (longest.length > LONGEST_NAME) throw new Error(`the name ${longest} is too long for a table of PostgreSQL`);
  return tableStatements(definition, generation, POSTGRES);
}

export function postgresIndexStatements(definition: Table, generation: number): readonly string[] {
  return indexStatements(definition, generation, POSTGRES);
}

function tableStatements(definition: Table, generation: number, { types, tail }: Dialect): readonly string[] {
  const columns = Object.entries(definition.columns)
    .map(([column, type]) => `"${column}" ${types[type]}`)
    .join(', ');
  const [since, until, node] = [SINCE, UNTIL, NODE].map((name) => `"${name}" ${types.integer} NOT NULL`);
  const history = keepsHistory(definition);
  const present = `CREATE TABLE IF NOT EXISTS "${presentTable(definition, generation)}" (${columns}${history ? `, ${since}` : ''}, PRIMARY KEY (${quoted(definition.key)}))${tail.keyed}`;
  if (!history) return [present];
  return [
    present,
    `CREATE TABLE IF NOT EXISTS "${formerTable(definition, generation)}" (${columns}, ${since}, ${until}, ${node})${tail.plain}`,
  ];
}

function indexStatements(definition: Table, generation: number, dialect: Dialect): readonly string[] {
  const { key, indexes = [] } = definition;
  const [present, former] = [presentTable(definition, generation), formerTable(definition, generation)];
  const statement = (on: string, named: readonly string[], columns: readonly string[], no: number) =>
    `CREATE INDEX IF NOT EXISTS "${dialect.indexName(on, named, no)}" ON "${on}" (${quoted(columns)})`;
  const history = keepsHistory(definition);
  // With the position behind them, a look at the past passes over later rows without reading them.
  const ofPresent = indexes.map((index, no) => statement(present, index, history ? [...index, SINCE] : index, no));
  if (!history) return ofPresent;
  if (dialect.ofLongStanding && isWalked(definition)) ofPresent.push(statement(present, ['since'], [SINCE], ofPresent.length));
  const firsts = [...new Set([...(key.length > 1 ? [key[0]] : []), ...indexes.map(([first]) => first)])] as readonly string[];
  // One row by its key; then whatever held at a position, alone or under the first column of what queries look up. So a
  // query reads what held there, however often rows have changed before and since; and of what is found at the same nodes
  // and did not hold then, only what the index says.
  const held = [NODE, SINCE, UNTIL];
  const ofFormer: readonly (readonly [readonly string[], readonly string[]])[] = [
    [key, [...key, NODE]],
    ...firsts.map(
      (first) =>
        [
          [first, 'then'],
          [first, ...held],
        ] as const,
    ),
    [['node'], held],
  ];
  return [...ofPresent, ...ofFormer.map(([named, columns], no) => statement(former, named, columns, no))];
}

/** Whether lists are read from a table in some order, so that a look far back could pass over all that has come since. */
export function isWalked(definition: Table): boolean {
  return keepsHistory(definition) && (definition.indexes ?? []).length > 0;
}

export function keepsHistory({ writtenOnceAt, isPrivate }: Table): boolean {
  return writtenOnceAt === undefined && isPrivate === undefined;
}

/** How tables are laid out beside what is declared: to be raised when that changes. */
const LAYOUT = 2;

/** Everything about a table that its rows and how they are found depend on: with another one they have to be built anew. */
export function shapeOf({ name, columns, key, indexes = [], writtenOnceAt, isPrivate }: Table): string {
  return JSON.stringify([name, columns, key, indexes, writtenOnceAt ?? null, isPrivate ?? false, LAYOUT]);
}

export function quoted(columns: readonly string[]): string {
  return columns.map((column) => `"${column}"`).join(', ');
}
