import { BYTE_ORDER_MARK, csvLine, workbookBuffer } from '@app/sheets';
import type { Column } from './import-kind.js';
import { EXAMPLE_MARK } from './read-rows.js';
import type { SheetFormat } from './sheet/open-sheet.js';

/** An empty table to fill in: headings and one row that shows how; importing passes that row over. */
export async function template(title: string, columns: readonly Column[], format: SheetFormat): Promise<Buffer> {
  const headings = columns.map(({ heading }) => heading);
  const example = columns.map(({ example: shown }, index) => (index === 0 ? `${EXAMPLE_MARK}（导入时跳过本行）${shown}` : shown));
  if (format === 'csv') return Buffer.from(BYTE_ORDER_MARK + csvLine(headings) + csvLine(example), 'utf8');
  const explained = columns.map(({ field, heading, required, help }) => [heading, field, required === true ? '必填' : '', help]);
  // Texts, so that a spreadsheet neither rounds codes nor guesses dates.
  return workbookBuffer([
    { name: title, widths: columns.map(() => 22), rows: [{ cells: headings, style: 'heading' }, { cells: example }] },
    {
      name: '填写说明',
      widths: [22, 22, 12, 80],
      rows: [{ cells: ['列', '字段名', '是否必填', '说明'], style: 'heading' as const }, ...explained.map((cells) => ({ cells }))],
    },
  ]);
}
