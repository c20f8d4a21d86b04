import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { type Cell, MAX_CELL, MAX_COLUMNS, MAX_ROWS, piecesOf, type Sheet, type SheetRow, unreadable } from './sheet.js';

const MAX_RECORD = 200_000;
const ENCODINGS = ['utf-8', 'gb18030'] as const;

/** A table of texts separated by commas (or tabs), in UTF-8, UTF-16 with its mark, or GBK. @throws Problem `import-file-invalid`. */
export async function readCsv(file: FileHandle): Promise<Sheet> {
  const encoding = await encodingOf(file);
  return { merged: [], [Symbol.asyncIterator]: () => rowsOf(file, encoding) };
}

async function* rowsOf(file: FileHandle, encoding: string): AsyncGenerator<SheetRow> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const source = Readable.from(decoded(file, decoder), { objectMode: false });
  const parser = parse({
    bom: true,
    delimiter: await delimiterOf(file, encoding),
    info: true,
    maxRecordSize: MAX_RECORD,
    relaxColumnCount: true,
    skipEmptyLines: true,
    trim: true,
  });
  source.once('error', (error) => parser.destroy(error));
  source.pipe(parser);
  let count = 0;
  try {
    for await (const parsed of parser) {
      const { record, info } = parsed as { readonly record: readonly string[]; readonly info: { readonly lines: number } };
      const cells = new Map<number, Cell>();
      record.slice(0, MAX_COLUMNS).forEach((text, column) => {
        if (text !== '') cells.set(column, cellOf(text));
      });
      if (cells.size === 0) continue;
      if ((count += 1) > MAX_ROWS + 20) throw unreadable('too-many-rows', `一个文件最多 ${MAX_ROWS} 行`);
      yield { row: info.lines, cells };
    }
  } catch (error) {
    if (isUndecodable(error)) throw unreadable('encoding', '文件中有无法识别的字符，请另存为 UTF-8 编码的 CSV 或 XLSX');
    if (error instanceof CsvError) throw unreadable('csv', `不是有效的 CSV 文件：${error.message}`);
    throw error;
  } finally {
    source.destroy();
    parser.destroy();
  }
}

function cellOf(text: string): Cell {
  if (text.length > MAX_CELL) return { kind: 'too-long', text: text.slice(0, 20) };
  return { kind: text.startsWith('=') ? 'formula' : 'text', text };
}

async function* decoded(file: FileHandle, decoder: InstanceType<typeof TextDecoder>): AsyncGenerator<string> {
  for await (const chunk of piecesOf(file)) {
    const text = decoder.decode(chunk, { stream: true });
    if (text !== '') yield text;
  }
  const last = decoder.decode();
  if (last !== '') yield last;
}

/** The mark at the beginning says it; without one, the first encoding in which the whole file makes sense. */
async function encodingOf(file: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(3), 0, 3, 0);
  if (bytesRead >= 2 && buffer[0] === 0xff && buffer[1] === 0xfe) return 'utf-16le';
  if (bytesRead >= 2 && buffer[0] === 0xfe && buffer[1] === 0xff) return 'utf-16be';
  for (const encoding of ENCODINGS) if (await isIn(encoding, file)) return encoding;
  throw unreadable('encoding', '无法识别文件编码，请另存为 UTF-8 编码的 CSV 或 XLSX');
}

async function isIn(encoding: string, file: FileHandle): Promise<boolean> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  try {
    for await (const text of decoded(file, decoder)) if (text.includes('\u0000')) return false;
    return true;
  } catch (error) {
    if (isUndecodable(error)) return false;
    throw error;
  }
}

/** Spreadsheets save "Unicode text" with tabs. */
async function delimiterOf(file: FileHandle, encoding: string): Promise<',' | '\t'> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4_096), 0, 4_096, 0);
  const [first = ''] = new TextDecoder(encoding).decode(buffer.subarray(0, bytesRead)).split(/[\r\n]/);
  return first.includes('\t') && !first.includes(',') ? '\t' : ',';
}

function isUndecodable(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ERR_ENCODING_INVALID_ENCODED_DATA';
}
