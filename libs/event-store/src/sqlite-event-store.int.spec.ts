import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventCodec } from './codec.js';
import { eventStoreConformance } from './event-store.conformance.js';
import { SqliteEventStore } from './sqlite-event-store.js';

eventStoreConformance(
  'SqliteEventStore',
  async (definitions) => {
    const folder = mkdtempSync(join(tmpdir(), 'ledger-conformance-'));
    const openWith = (known: typeof definitions) => new SqliteEventStore(join(folder, 'ledger.db'), new EventCodec(known), { now: () => new Date() });
    const stores = [openWith(definitions)];
    return {
      store: stores[0] as SqliteEventStore,
      async reopen(known = definitions) {
        const store = openWith(known);
        stores.push(store);
        return store;
      },
      async dispose() {
        for (const store of stores) await store.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
  { gapFreePositions: true, idsUniqueAcrossStreams: true },
);
