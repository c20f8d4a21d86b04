/** @jest-environment ./test/support/virtual-environment.mjs */
import { enumerateSagas, READ, SENT, WRITTEN } from './saga-enumeration.js';

enumerateSagas('sqlite', {
  append: { fates: SENT },
  rows: { fates: WRITTEN, oneIn: 2 },
  checkpoint: { fates: WRITTEN, oneIn: 2 },
  read: { fates: READ, oneIn: 3 },
  query: { fates: READ, oneIn: 3 },
  // After every append all eight subscribers ask for the next page: one in ten, and each of them has its turn.
  page: { fates: READ, oneIn: 10 },
});
