export { type Cell, harmless, TABLE_TYPES } from './cell.js';
export { BYTE_ORDER_MARK, csvLine } from './csv.js';
export type { RowStyle, Sheet, SheetRow } from './sheet-xml.js';
export { type FilledSheet, widthFor, workbook, workbookBuffer } from './workbook.js';
