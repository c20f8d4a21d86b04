import { stringify } from 'csv-stringify/sync';
import writeExcelFile from 'write-excel-file/node';
import type { Column } from './import-kind.js';
import { EXAMPLE_MARK } from './read-rows.js';
import type { SheetFormat } from './sheet/open-sheet.js';

/** An empty table to fill in: headings and one row that shows how; importing passes that row over. */
export async function template(title: string, columns: readonly Column[], format: SheetFormat): Promise<Buffer> {
  const headings = columns.map(({ heading }) => heading);
  const example = columns.map(({ example: shown }, index) => (index === 0 ? `${EXAMPLE_MARK}（导入时跳过本行）${shown}` : shown));
  // With a byte order mark, without which spreadsheet programs misread Chinese text.
  if (format === 'csv') return Buffer.from(stringify([headings, example], { bom: true }), 'utf8');
  const bold = (value: string) => ({ value, fontWeight: 'bold' as const });
  // Texts, so that a spreadsheet neither rounds codes nor guesses dates.
  const asText = (value: string) => ({ value, type: String, format: '@' });
  const explained = columns.map(({ field, heading, required, help }) => [heading, field, required === true ? '必填' : '', help]);
  const file = writeExcelFile([
    { data: [headings.map(bold), example.map(asText)], sheet: title, columns: columns.map(() => ({ width: 22 })) },
    { data: [['列', '字段名', '是否必填', '说明'].map(bold), ...explained], sheet: '填写说明' },
  ] as never) as unknown as { toBuffer(): Promise<Buffer> };
  return file.toBuffer();
}
