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

/** A row as it is written: the declared columns, and the numbers the projector adds. */
export interface Written {
  readonly row: Row;
  readonly added: readonly number[];
}

const TO_ESCAPE = /[\\\t\n\r]/;
const EACH_TO_ESCAPE = new RegExp(TO_ESCAPE, 'g');
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** Rows in COPY's text format, a line each. @throws TypeError for a value that its column cannot hold as it is. */
export function copyLines(columns: readonly Column[], rows: readonly Written[]): string {
  let lines = '';
  for (const written of rows) {
    for (let index = 0; index < columns.length; index += 1) {
      const value = valueOf(columns[index] as Column, index, written, columns.length);
      if (index > 0) lines += '\t';
      if (value === null) lines += '\\N';
      else if (typeof value === 'number') lines += value;
      else lines += TO_ESCAPE.test(value) ? value.replace(EACH_TO_ESCAPE, (found) => ESCAPES[found] as string) : value;
    }
    lines += '\n';
  }
  return lines;
}

/** Rows as arrays, one a column, as `unnest` takes them. @throws TypeError as `copyLines`. */
export function arraysOf(columns: readonly Column[], rows: readonly Written[]): readonly string[] {
  return columns.map((column, index) => arrayOf(rows.map((written) => valueOf(column, index, written, columns.length))));
}

/** What a row says in one of so many columns. Numbers that are added stand behind those declared. */
function valueOf({ table, name, type }: Column, index: number, { row, added }: Written, columns: number): ColumnValue {
  const place = index - columns + added.length;
  if (place >= 0) return added[place] as number;
  const value = row[name] as ColumnValue;
  if (value === null) return value;
  const fits = type === 'integer' ? Number.isSafeInteger(value) : typeof value === 'string' && !value.includes('\u0000');
  if (!fits)
    throw new TypeError(`cannot store ${typeof value === 'string' ? 'this text' : String(value)} in ${type} column ${table}.${name}`);
  return value;
}

/** Sends lines to a table by COPY. */
export async function copyTo(client: pg.ClientBase, into: string, columns: readonly Column[], lines: string): Promise<void> {
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
