export { ExportsModule } from './exports.module.js';
export * from './terms.js';
