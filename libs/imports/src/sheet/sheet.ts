import type { FileHandle } from 'node:fs/promises';
import { invalid } from '@app/kernel';

/** How large an uploaded file may be. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024;
/** Rows of data in one file. */
export const MAX_ROWS = 200_000;
export const MAX_COLUMNS = 60;
/** Characters in one cell; what a column takes is less. */
export const MAX_CELL = 4_000;

/** What a cell holds. A number is written out in full, with its percent sign's hundredfold already in it. */
export type Cell =
  | { readonly kind: 'text' | 'number' | 'percent' | 'date'; readonly text: string }
  | { readonly kind: 'bool'; readonly text: 'true' | 'false' }
  /** What cannot be taken at its word: a formula, an error of the spreadsheet, a text beyond all bounds. */
  | { readonly kind: 'formula' | 'error' | 'too-long' | 'imprecise'; readonly text: string };

/** One row of a table, numbered as a person sees it. Cells without content are absent. */
export interface SheetRow {
  readonly row: number;
  readonly cells: ReadonlyMap<number, Cell>;
}

/** A file as rows, read as they are asked for. `mergedRows` is complete only when all rows have been read. */
export interface Sheet extends AsyncIterable<SheetRow> {
  /** First and last row of every merged range. */
  readonly merged: readonly { readonly from: number; readonly to: number; readonly range: string }[];
}

/** The whole file cannot be read. */
export function unreadable(rule: string, message: string) {
  return invalid('import-file-invalid', message, [{ field: 'file', rule, message }]);
}

const PIECE_BYTES = 65_536;

/** A part of a file, piece by piece; unlike a stream it leaves nothing open when its reader stops early. */
export async function* piecesOf(file: FileHandle, start = 0, end = Infinity): AsyncGenerator<Buffer> {
  for (let position = start; position < end;) {
    const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - position));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
}
