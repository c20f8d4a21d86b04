export { IMPORT_KINDS, type ImportKindName, type RowError } from './import-kind.js';
export type { ImportMode, ImportReport } from './import-report.js';
export { IMPORT_MODES } from './import-report.js';
export { ImportsModule } from './imports.module.js';
export { SHEET_TYPES, type SheetFormat } from './sheet/open-sheet.js';
