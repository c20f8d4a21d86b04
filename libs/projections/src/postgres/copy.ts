import { finished } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { type ColumnValue, quoted, type Row, type Table } from '../table.js';

/** A column as it is written. */
export interface Column {
  readonly name: string;
  readonly type: 'text' | 'integer';
}

/** The declared columns, and the whole numbers the projector adds. */
export function columnsOf(table: Table, added: readonly string[] = []): readonly Column[] {
  return [
    ...Object.entries(table.columns).map(([name, type]) => ({ name, type })),
    ...added.map((name) => ({ name, type: 'integer' as const })),
  ];
}

/** @throws TypeError for a value that the column cannot hold as it is. */
export function checkValues({ name, columns }: Table, row: Row): void {
  for (const column in columns) {
    const value = row[column];
    if (value === null) continue;
    const fits = columns[column] === 'integer' ? Number.isSafeInteger(value) : typeof value === 'string' && !value.includes('\u0000');
    if (!fits)
      throw new TypeError(
        `cannot store ${typeof value === 'string' ? 'this text' : String(value)} in ${columns[column]} column ${name}.${column}`,
      );
  }
}

const TO_ESCAPE = /[\\\t\n\r]/;
const EACH_TO_ESCAPE = new RegExp(TO_ESCAPE, 'g');
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** A row as it is written: the declared columns, and the numbers the projector adds. */
export interface Written {
  readonly row: Row;
  readonly added: readonly number[];
}

/** Rows in COPY's text format, a line each. */
export function copyLines(columns: readonly string[], rows: readonly Written[]): string {
  let lines = '';
  for (const { row, added } of rows) {
    let tab = '';
    for (const column of columns) {
      lines += tab + copied(row[column]);
      tab = '\t';
    }
    for (const number of added) lines += `\t${number}`;
    lines += '\n';
  }
  return lines;
}

function copied(value: ColumnValue | undefined): string | number {
  if (value === null || value === undefined) return '\\N';
  if (typeof value === 'number') return value;
  return TO_ESCAPE.test(value) ? value.replace(EACH_TO_ESCAPE, (found) => ESCAPES[found] as string) : value;
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
