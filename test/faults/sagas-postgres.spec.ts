import { enumerateSagas, READ, WRITTEN } from './saga-enumeration.js';

// Here it is what goes to the database, above all what its answer tells of a COMMIT: a ledger takes several times as long to be taken over.
enumerateSagas(
  'sqlite',
  {
    append: { fates: WRITTEN, oneIn: 12 },
    query: { fates: READ, oneIn: 2 },
    rows: { fates: WRITTEN, oneIn: 6 },
    statement: { fates: WRITTEN, oneIn: 80 },
    commit: { fates: WRITTEN, oneIn: 2 },
    checkpoint: { fates: WRITTEN, oneIn: 40 },
  },
  'postgres',
);
