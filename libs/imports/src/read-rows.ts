import type { FileHandle } from 'node:fs/promises';
import { setImmediate as breath } from 'node:timers/promises';
import type { Column, Entry, ImportKind, RowError } from './import-kind.js';
import { RowCells } from './import-kind.js';
import { openSheet } from './sheet/open-sheet.js';
import { type Cell, MAX_ROWS, type SheetRow, unreadable } from './sheet/sheet.js';

/** The row of headings is one of the first; above it stand a title and explanations. */
const HEADING_ROWS = 10;
const ROWS_IN_A_BREATH = 500;
/** A row that begins so is the template's own and is passed over. */
export const EXAMPLE_MARK = '示例';

/** The rows of a file by group, with what is wrong with the others. */
export interface ReadRows<Item> {
  readonly rows: number;
  readonly groups: Map<string, Entry<Item>[]>;
  /** Rows with something wrong. */
  readonly failed: number;
  /** What the file calls a field. */
  readonly headingOf: (field: string | undefined) => string | undefined;
}

interface ReadOptions {
  readonly signal: AbortSignal;
  readonly onError: (error: RowError) => void;
  readonly onRow: (rows: number) => void;
}

/** Reads a file row by row. @throws Problem `import-file-invalid` when it cannot be read as a whole. */
export async function readRows<Item>(kind: ImportKind<Item>, file: FileHandle, options: ReadOptions): Promise<ReadRows<Item>> {
  const { signal, onError, onRow } = options;
  const groups = new Map<string, Entry<Item>[]>();
  const failedRows = new Set<number>();
  const sheet = await openSheet(file);
  const above: SheetRow[] = [];
  let headings: Headings | undefined;
  let rows = 0;
  const same = sharing();
  for await (const { row, cells } of sheet) {
    signal.throwIfAborted();
    if (headings === undefined) {
      headings = headingsIn(kind.columns, row, cells);
      if (headings === undefined && above.push({ row, cells }) >= HEADING_ROWS) break;
      continue;
    }
    if (isExample(cells)) continue;
    if ((rows += 1) > MAX_ROWS) throw unreadable('too-many-rows', `一个文件最多 ${MAX_ROWS} 行`);
    const { heading } = headings;
    const report = (field: string | undefined, code: string, message: string) => {
      failedRows.add(row);
      const column = field === undefined ? undefined : (heading.get(field) ?? field);
      onError({ row, ...(column !== undefined && { column }), code, message });
    };
    const values = new Map<string, Cell>();
    for (const [column, field] of headings.fields) {
      const cell = cells.get(column);
      if (cell !== undefined) values.set(field, cell);
    }
    const reader = new RowCells(row, values, report);
    const { group, item } = kind.read(reader);
    if (!reader.failed) {
      const entries = groups.get(group);
      const entry = { row, item: same(item) };
      if (entries === undefined) groups.set(group, [entry]);
      else entries.push(entry);
    }
    if (rows % ROWS_IN_A_BREATH === 0) {
      onRow(rows);
      await breath();
    }
  }
  if (headings === undefined) throw missingHeadings(kind.columns, above);
  dropMerged(groups, sheet.merged, headings.row, failedRows, onError);
  onRow(rows);
  const { heading } = headings;
  return { rows, groups, failed: failedRows.size, headingOf: (field) => (field === undefined ? undefined : heading.get(field)) };
}

interface Headings {
  readonly row: number;
  /** Field by column. */
  readonly fields: ReadonlyMap<number, string>;
  /** What the file calls a field. */
  readonly heading: ReadonlyMap<string, string>;
}

/** The row of headings, when this is it: every column that must be filled in has one. */
function headingsIn(columns: readonly Column[], row: number, cells: ReadonlyMap<number, Cell>): Headings | undefined {
  const fields = new Map<number, string>();
  const heading = new Map<string, string>();
  for (const [column, { text }] of cells) {
    const written = plain(text);
    const known = columns.find(({ field, heading: name }) => plain(field) === written || plain(name) === written);
    if (known === undefined || heading.has(known.field)) continue;
    fields.set(column, known.field);
    heading.set(known.field, text.trim());
  }
  return columns.every(({ field, required }) => required !== true || heading.has(field)) ? { row, fields, heading } : undefined;
}

/** Without blanks, stars for what is required, and 元 in brackets. */
function plain(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s*]/g, '')
    .replace(/\((元|必填)\)$/, '');
}

function missingHeadings(columns: readonly Column[], above: readonly SheetRow[]) {
  const written = above.map(({ cells }) => [...cells.values()].map(({ text }) => plain(text)));
  const isThere = ({ field, heading }: Column) => written.some((row) => row.includes(plain(field)) || row.includes(plain(heading)));
  const missing = columns.filter((column) => column.required === true && !isThere(column)).map(({ heading }) => heading);
  return unreadable('columns', `前 ${HEADING_ROWS} 行中没有完整的表头${missing.length > 0 ? `，缺少：${missing.join('、')}` : ''}`);
}

function isExample(cells: ReadonlyMap<number, Cell>): boolean {
  const [first] = cells.values();
  return first !== undefined && first.text.startsWith(EXAMPLE_MARK);
}

/** A merged cell hides which rows its content is for, so none of them is taken. */
function dropMerged<Item>(
  groups: Map<string, Entry<Item>[]>,
  merged: readonly { readonly from: number; readonly to: number; readonly range: string }[],
  headingRow: number,
  failedRows: Set<number>,
  onError: (error: RowError) => void,
): void {
  const inData = merged.filter(({ to }) => to > headingRow);
  if (inData.length === 0) return;
  const hidden: { readonly from: number; to: number }[] = [];
  for (const { from, to, range } of [...inData].sort((one, other) => one.from - other.from)) {
    onError({ row: Math.max(from, headingRow + 1), code: 'merged-cells', message: `合并单元格 ${range}，请取消合并并逐行填写` });
    const last = hidden.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else hidden.push({ from, to });
  }
  const isHidden = (row: number) => {
    let [low, high] = [0, hidden.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((hidden[middle]?.to ?? 0) < row) low = middle + 1;
      else high = middle;
    }
    return (hidden[low]?.from ?? Infinity) <= row;
  };
  for (const [group, entries] of groups) {
    const rest = entries.filter(({ row }) => !isHidden(row));
    for (const { row } of entries) if (isHidden(row)) failedRows.add(row);
    if (rest.length === 0) groups.delete(group);
    else if (rest.length < entries.length) groups.set(group, rest);
  }
}

/** Keeps one copy of texts that come again and again, such as names and units: a large file repeats little else. */
function sharing(): <Item>(item: Item) => Item {
  const known = new Map<string, string>();
  return (item) => {
    for (const [key, value] of Object.entries(item as Record<string, unknown>)) {
      if (typeof value !== 'string' || value.length > 60) continue;
      const copy = known.get(value);
      if (copy !== undefined) (item as Record<string, unknown>)[key] = copy;
      else if (known.size < 2_000) known.set(value, value);
    }
    return item;
  };
}
