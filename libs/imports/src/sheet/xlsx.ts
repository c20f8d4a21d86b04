import type { FileHandle } from 'node:fs/promises';
import { posix } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { addDays, type BusinessDate, Decimal } from '@app/kernel';
import { type Cell, MAX_CELL, MAX_COLUMNS, MAX_ROWS, type Sheet, type SheetRow, unreadable } from './sheet.js';
import { attribute, XmlReader } from './xml.js';
import { ZipFile } from './zip.js';

const SMALL_PART = 8_000_000;
const STRINGS_BYTES = 128_000_000;
const SHEET_BYTES = 512_000_000;
const MAX_STRINGS = 1_000_000;
/** All shared texts together, in characters. */
const MAX_STRING_CHARACTERS = 48_000_000;
const MAX_MERGED = 100_000;
/** A spreadsheet keeps fifteen digits of a number; of a longer one the end is made up. */
const EXACT_DIGITS = 15;

interface Workbook {
  readonly zip: ZipFile;
  readonly sheet: string;
  readonly strings: readonly string[];
  readonly styles: readonly ('date' | 'percent' | undefined)[];
  readonly is1904: boolean;
}

/** The first sheet of a workbook, row by row. @throws Problem `import-file-invalid` for anything that is no workbook. */
export async function readXlsx(file: FileHandle): Promise<Sheet> {
  const zip = await ZipFile.open(file);
  const main = await parts(zip, 'xl/workbook.xml');
  const merged: { from: number; to: number; range: string }[] = [];
  const { sheet, is1904 } = await firstSheet(zip);
  const strings = main.has('sharedStrings') ? await sharedStrings(zip, main.get('sharedStrings') as string) : [];
  const styles = main.has('styles') ? await stylesOf(zip, main.get('styles') as string) : [];
  const path = main.get(sheet);
  if (path === undefined) throw unreadable('workbook', '工作簿中没有工作表');
  return { merged, [Symbol.asyncIterator]: () => rowsOf({ zip, sheet: path, strings, styles, is1904 }, merged) };
}

/** The parts a workbook names: by relation id, and the shared strings and styles by kind. */
async function parts(zip: ZipFile, workbook: string): Promise<ReadonlyMap<string, string>> {
  const named = new Map<string, string>();
  await readWhole(zip, 'xl/_rels/workbook.xml.rels', SMALL_PART, {
    open: (name, attributes) => {
      if (name !== 'Relationship') return;
      const target = attribute(attributes, 'Target') ?? '';
      const path = target.startsWith('/') ? target.slice(1) : posix.join(posix.dirname(workbook), target);
      const kind = (attribute(attributes, 'Type') ?? '').split('/').at(-1) ?? '';
      named.set(attribute(attributes, 'Id') ?? '', path);
      if (kind === 'sharedStrings' || kind === 'styles') named.set(kind, path);
    },
  });
  return named;
}

async function firstSheet(zip: ZipFile): Promise<{ readonly sheet: string; readonly is1904: boolean }> {
  let sheet = '';
  let is1904 = false;
  await readWhole(zip, 'xl/workbook.xml', SMALL_PART, {
    open: (name, attributes) => {
      if (name === 'workbookPr') is1904 = ['1', 'true'].includes(attribute(attributes, 'date1904') ?? '');
      if (name === 'sheet' && sheet === '' && !(attribute(attributes, 'state') ?? '').includes('idden'))
        sheet = attribute(attributes, 'id') ?? '';
    },
  });
  return { sheet, is1904 };
}

async function sharedStrings(zip: ZipFile, path: string): Promise<readonly string[]> {
  const strings: string[] = [];
  let text = '';
  let characters = 0;
  let isText = false;
  let isPhonetic = false;
  await readWhole(zip, path, STRINGS_BYTES, {
    open: (name) => {
      if (name === 'si') text = '';
      if (name === 'rPh') isPhonetic = true;
      isText = name === 't' && !isPhonetic;
    },
    close: (name) => {
      if (name === 'rPh') isPhonetic = false;
      isText = false;
      if (name !== 'si') return;
      characters += text.length;
      if (strings.push(text) > MAX_STRINGS || characters > MAX_STRING_CHARACTERS) throw unreadable('too-large', '文件中的文字过多');
    },
    text: (piece) => {
      if (isText && text.length <= MAX_CELL) text += piece.slice(0, MAX_CELL + 1);
    },
  });
  return strings;
}

/** For each cell format, whether its numbers are shown as dates or percentages. */
async function stylesOf(zip: ZipFile, path: string): Promise<Workbook['styles']> {
  const own = new Map<number, string>();
  const styles: ('date' | 'percent' | undefined)[] = [];
  let isInFormats = false;
  await readWhole(zip, path, SMALL_PART, {
    open: (name, attributes) => {
      if (name === 'numFmt') own.set(Number(attribute(attributes, 'numFmtId')), attribute(attributes, 'formatCode') ?? '');
      if (name === 'cellXfs') isInFormats = true;
      if (name === 'xf' && isInFormats) styles.push(formatOf(Number(attribute(attributes, 'numFmtId') ?? '0'), own));
    },
    close: (name) => {
      if (name === 'cellXfs') isInFormats = false;
    },
  });
  return styles;
}

function formatOf(id: number, own: ReadonlyMap<number, string>): 'date' | 'percent' | undefined {
  const code = own.get(id);
  if (code === undefined) {
    if (id === 9 || id === 10) return 'percent';
    return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58) ? 'date' : undefined;
  }
  const shown = code.replace(/"[^"]*"|\\.|\[[^\]]*\]/g, '');
  if (shown.includes('%')) return 'percent';
  return /[ymdhs]/i.test(shown) && !/[0#]/.test(shown.split(';')[0] ?? '') ? 'date' : undefined;
}

type CellInProgress = { column: number; type: string; style: number; value: string; isFormula: boolean };

async function* rowsOf({ zip, sheet, ...book }: Workbook, merged: { from: number; to: number; range: string }[]): AsyncGenerator<SheetRow> {
  let ready: SheetRow[] = [];
  let number = 0;
  let count = 0;
  let cells = new Map<number, Cell>();
  let cell: CellInProgress | undefined;
  let isValue = false;
  let isPhonetic = false;
  const reader = new XmlReader({
    open: (name, attributes) => {
      isValue = false;
      switch (name) {
        case 'row': {
          const stated = attribute(attributes, 'r');
          number = stated === undefined ? number + 1 : Number(stated);
          if (!Number.isInteger(number) || number < 1 || number > 1_048_576) throw unreadable('workbook', '工作表的行号有误');
          cells = new Map();
          return;
        }
        case 'c': {
          const column = columnOf(attribute(attributes, 'r')) ?? (cell === undefined ? cells.size : cell.column + 1);
          const [type, style] = [attribute(attributes, 't') ?? 'n', Number(attribute(attributes, 's') ?? '0')];
          cell = { column, type, style, value: '', isFormula: false };
          return;
        }
        case 'f':
          if (cell !== undefined) cell.isFormula = true;
          return;
        case 'rPh':
          isPhonetic = true;
          return;
        case 'v':
        case 't':
          isValue = !isPhonetic;
          return;
        case 'mergeCell': {
          const range = attribute(attributes, 'ref') ?? '';
          const [, from, to] = /^\$?[A-Z]+\$?(\d+):\$?[A-Z]+\$?(\d+)$/.exec(range) ?? [];
          if (from !== undefined && to !== undefined && merged.length < MAX_MERGED)
            merged.push({ from: Number(from), to: Number(to), range });
          return;
        }
        default:
      }
    },
    close: (name) => {
      isValue = false;
      if (name === 'rPh') isPhonetic = false;
      if (name === 'c' && cell !== undefined) {
        const content = cell.column < MAX_COLUMNS ? contentOf(cell, book) : undefined;
        if (content !== undefined) cells.set(cell.column, content);
      }
      if (name === 'row') {
        cell = undefined;
        if (cells.size === 0) return;
        // The heading and a few lines of explanation above it come on top.
        if ((count += 1) > MAX_ROWS + 20) throw unreadable('too-many-rows', `一个文件最多 ${MAX_ROWS} 行`);
        ready.push({ row: number, cells });
      }
    },
    text: (piece) => {
      if (isValue && cell !== undefined && cell.value.length <= MAX_CELL) cell.value += piece.slice(0, MAX_CELL + 1);
    },
  });
  for await (const piece of textOf(zip, sheet, SHEET_BYTES)) {
    reader.write(piece);
    if (ready.length === 0) continue;
    yield* ready;
    ready = [];
  }
  reader.end();
}

function contentOf(
  { type, style, value, isFormula }: CellInProgress,
  { strings, styles, is1904 }: Pick<Workbook, 'strings' | 'styles' | 'is1904'>,
): Cell | undefined {
  if (isFormula) return { kind: 'formula', text: value.slice(0, 100) };
  if (type === 'e') return { kind: 'error', text: value.slice(0, 100) };
  if (type === 'b') return { kind: 'bool', text: value.trim() === '1' || value.trim() === 'true' ? 'true' : 'false' };
  if (type === 's' || type === 'inlineStr' || type === 'str') {
    const text = type === 's' ? (strings[Number(value)] ?? '') : value;
    if (text.length > MAX_CELL) return { kind: 'too-long', text: text.slice(0, 20) };
    return text.trim() === '' ? undefined : { kind: 'text', text };
  }
  if (value.trim() === '') return undefined;
  if (type === 'd') return { kind: 'text', text: value.slice(0, 10) };
  return numberCell(value.trim(), styles[style], is1904);
}

function numberCell(value: string, format: 'date' | 'percent' | undefined, is1904: boolean): Cell {
  const figure = Number(value);
  if (!Number.isFinite(figure)) return { kind: 'error', text: value.slice(0, 100) };
  if (format === 'date') {
    const day = dayOfSerial(figure, is1904);
    if (day !== undefined) return { kind: 'date', text: day };
  }
  if (Math.abs(figure) >= 10 ** EXACT_DIGITS) return { kind: 'imprecise', text: value.slice(0, 30) };
  // 0.1 + 0.2 is stored as 0.30000000000000004: what the spreadsheet shows has at most fifteen digits.
  const exact = new Decimal(figure.toPrecision(EXACT_DIGITS));
  return format === 'percent' ? { kind: 'percent', text: exact.times(100).toFixed() } : { kind: 'number', text: exact.toFixed() };
}

/** The day a spreadsheet counts as this number: days since 1899-12-30, as it takes 1900 for a leap year. */
export function dayOfSerial(serial: number, is1904 = false): string | undefined {
  const days = Math.floor(serial) + (is1904 ? 1_462 : 0);
  return days >= 18_264 && days <= 2_900_000 ? addDays('1950-01-01' as BusinessDate, days - 18_264) : undefined;
}

/** A1 is 0, B7 is 1. */
function columnOf(reference: string | undefined): number | undefined {
  const letters = /^([A-Z]{1,3})\d+$/.exec(reference ?? '')?.[1];
  if (letters === undefined) return undefined;
  return [...letters].reduce((column, letter) => column * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

type PartListener = Partial<ConstructorParameters<typeof XmlReader>[0]>;

async function readWhole(zip: ZipFile, path: string, limit: number, listener: PartListener): Promise<void> {
  const ignore = () => undefined;
  const reader = new XmlReader({ open: ignore, close: ignore, text: ignore, ...listener });
  for await (const piece of textOf(zip, path, limit)) reader.write(piece);
  reader.end();
}

async function* textOf(zip: ZipFile, path: string, limit: number): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let isFirst = true;
  for await (const chunk of zip.read(path, limit)) {
    const text = decoder.write(chunk);
    yield isFirst ? text.replace(/^\uFEFF/, '') : text;
    isFirst = false;
  }
  yield decoder.end();
}
