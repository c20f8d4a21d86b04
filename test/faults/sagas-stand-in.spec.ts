/** @jest-environment ./test/support/virtual-environment.mjs */
import { ESDB, onOurClock } from '../support/store-under-test.js';
import { enumerateSagas, READ, SENT, WRITTEN } from './saga-enumeration.js';

// Here it is what the client sends, of each append the claim and then the events: a ledger over a node takes several times as long.
enumerateSagas(onOurClock(ESDB), {
  send: { fates: SENT, oneIn: 1 },
  append: { fates: SENT, oneIn: 6 },
  rows: { fates: WRITTEN, oneIn: 6 },
  checkpoint: { fates: WRITTEN, oneIn: 30 },
  read: { fates: READ, oneIn: 30 },
  query: { fates: READ, oneIn: 12 },
  page: { fates: READ, oneIn: 40 },
});
