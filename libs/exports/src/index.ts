export { DIFFERENCE_HEADINGS, differenceRows, type ShownDifference } from './differences.js';
export { ExportsModule } from './exports.module.js';
export { listTable } from './table.js';
export * from './terms.js';
