import { stringify } from 'csv-stringify/sync';
import { type Cell, harmless } from './cell.js';

/** Begins a CSV file: without this mark spreadsheet programs misread Chinese text. */
export const BYTE_ORDER_MARK = '\uFEFF';

/** One line of a CSV file (RFC 4180), its texts harmless to spreadsheets, amounts and numbers as plain decimals. */
export function csvLine(cells: readonly Cell[]): string {
  return stringify([cells.map((cell) => (typeof cell === 'string' ? harmless(cell) : cell === null ? '' : cell.toString()))]);
}
