import type { FileHandle } from 'node:fs/promises';
import { readCsv } from './csv.js';
import { type Sheet, unreadable } from './sheet.js';
import { readXlsx } from './xlsx.js';

export const SHEET_TYPES = {
  csv: 'text/csv',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
} as const;
export type SheetFormat = keyof typeof SHEET_TYPES;

/** A file as rows, whatever its name says: by its first bytes a workbook or a text. @throws Problem `import-file-invalid`. */
export async function openSheet(file: FileHandle): Promise<Sheet> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
  if (bytesRead === 0) throw unreadable('empty', '文件是空的');
  const signature = buffer.toString('hex', 0, bytesRead);
  if (signature === '504b0304') return readXlsx(file);
  if (signature === 'd0cf11e0') throw unreadable('old-or-encrypted', '旧版 .xls 文件或有密码的文件，请另存为无密码的 XLSX 或 CSV');
  return readCsv(file);
}
