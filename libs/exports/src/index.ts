export { DIFFERENCE_HEADINGS, differenceRows, type ShownDifference } from './differences.js';
export { kindOfEvent } from './fields.js';
export { toldInAWord } from './flatten.js';
export { type Names, namesOf } from './names.js';
export { ExportsModule } from './exports.module.js';
export { listTable } from './table.js';
export * from './terms.js';
