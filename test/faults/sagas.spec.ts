import { enumerateSagas, READ, SENT, WRITTEN } from './saga-enumeration.js';

enumerateSagas('sqlite', {
  append: { fates: SENT },
  rows: { fates: WRITTEN, oneIn: 1 },
  checkpoint: { fates: WRITTEN, oneIn: 1 },
  read: { fates: READ, oneIn: 1 },
  // After every append all eight subscribers ask for the next page: one in five, and each of them has its turn.
  page: { fates: READ, oneIn: 5 },
});
