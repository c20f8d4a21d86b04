import { finished } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { type ColumnValue, quoted, type Row, type Table } from '../table.js';

/** A column as it is written. */
export interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: 'text' | 'integer';
}

/** The declared columns, and the whole numbers the projector adds. */
export function columnsOf(table: Table, added: readonly string[] = []): readonly Column[] {
  return [
    ...Object.entries(table.columns).map(([name, type]) => ({ table: table.name, name, type })),
    ...added.map((name) => ({ table: table.name, name, type: 'integer' as const })),
  ];
}

/** Rows as they are written. */
export interface Written {
  readonly rows: readonly Row[];
  /** What the projector adds to each of them, as many columns to one as to the other, row after row. */
  readonly numbers: readonly number[];
}

const TO_ESCAPE = /[\\\t\n\r]/;
const EACH_TO_ESCAPE = new RegExp(TO_ESCAPE, 'g');
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/**
 * Rows in COPY's text format, a line each: as bytes, since a text put together of so many parts stays that many objects until
 * it is sent. @throws TypeError for a value that its column cannot hold as it is.
 */
export function copyLines(columns: readonly Column[], { rows, numbers }: Written): Buffer {
  const added = numbers.length / rows.length;
  const declared = columns.length - added;
  let lines = '';
  let next = 0;
  for (const row of rows) {
    for (let index = 0; index < declared; index += 1) {
      const value = valueOf(row, columns[index] as Column);
      if (index > 0) lines += '\t';
      if (value === null) lines += '\\N';
      else if (typeof value === 'number') lines += value;
      else lines += TO_ESCAPE.test(value) ? value.replace(EACH_TO_ESCAPE, (found) => ESCAPES[found] as string) : value;
    }
    for (const end = next + added; next < end; next += 1) lines += `\t${numbers[next] as number}`;
    lines += '\n';
  }
  return Buffer.from(lines);
}

/** Rows as arrays, one a column, as `unnest` takes them. @throws TypeError as `copyLines`. */
export function arraysOf(columns: readonly Column[], { rows, numbers }: Written): readonly string[] {
  const added = numbers.length / rows.length;
  const declared = columns.length - added;
  return columns.map((column, index) =>
    arrayOf(rows.map((row, no) => (index < declared ? valueOf(row, column) : numbers[no * added + index - declared]))),
  );
}

function valueOf(row: Row, { table, name, type }: Column): ColumnValue {
  const value = row[name];
  if (value === null) return value;
  const fits = type === 'integer' ? Number.isSafeInteger(value) : typeof value === 'string' && !value.includes('\0');
  if (!fits)
    throw new TypeError(`cannot store ${typeof value === 'string' ? 'this text' : String(value)} in ${type} column ${table}.${name}`);
  return value as ColumnValue;
}

/** Sends lines to a table by COPY. */
export async function copyTo(client: pg.ClientBase, into: string, columns: readonly Column[], lines: Buffer): Promise<void> {
  const stream = client.query(copyFrom(`COPY "${into}" (${quoted(columns.map(({ name }) => name))}) FROM STDIN`));
  stream.end(lines);
  await finished(stream);
}

/** An array as PostgreSQL reads it from a text parameter. */
export function arrayOf(values: readonly (ColumnValue | undefined)[]): string {
  const parts = values.map((value) => {
    if (value === null || value === undefined) return 'NULL';
    return typeof value === 'number' ? String(value) : `"${value.replace(/[\\"]/g, '\\$&')}"`;
  });
  return `{${parts.join(',')}}`;
}
