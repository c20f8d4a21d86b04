import type { Money } from '@app/kernel';

/** What stands in a cell: a text, a number, an amount in yuan, or nothing. Money stays exact in every format. */
export type Cell = string | number | Money | null;

/** The media type of each format a table is written in. */
export const TABLE_TYPES = {
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
} as const;

/** A text that a spreadsheet would run as a formula, full-width signs and leading blanks included, is shown as text instead. */
export function harmless(text: string): string {
  return /^(?:[\t\r\n]|\s*[=+\-@＝＋－＠])/u.test(text) ? `'${text}` : text;
}
