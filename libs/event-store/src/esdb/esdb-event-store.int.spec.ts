import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GROUPS, SecuredNode } from '../../../../test/stand-in/secured.mjs';
import { EventCodec } from '../codec.js';
import { eventStoreConformance } from '../event-store.conformance.js';
import { parseAddress } from './address.js';
import { prepareStore } from './care.js';
import { EsdbEventStore } from './esdb-event-store.js';

const REAL_NODE = process.env['LEDGER_TEST_ESDB_URL'];
const ADMINISTRATOR = process.env['LEDGER_TEST_ESDB_ADMIN_URL'];

// On a node as `ledger store setup` leaves it, as a user who may do no more than the service; a real one where its administrator is known.
eventStoreConformance(
  REAL_NODE === undefined ? 'EsdbEventStore with the stand-in' : 'EsdbEventStore with a real node',
  async (definitions) => {
    const folder = mkdtempSync(join(tmpdir(), 'ledger-esdb-'));
    const node = REAL_NODE === undefined ? await SecuredNode.start({ file: join(folder, 'node.log') }) : undefined;
    const administrator = node === undefined ? ADMINISTRATOR : node.urlOf('admin');
    if (administrator !== undefined) await prepareStore(parseAddress(administrator), GROUPS);
    const address = parseAddress(REAL_NODE ?? node?.urlOf('office') ?? '');
    const openWith = (known: typeof definitions) =>
      new EsdbEventStore({ address, indexFile: join(folder, 'claims.db') }, new EventCodec(known));
    const stores = [openWith(definitions)];
    return {
      store: stores[0] as EsdbEventStore,
      async reopen(known = definitions) {
        const store = openWith(known);
        stores.push(store);
        return store;
      },
      async dispose() {
        for (const store of stores) await store.close();
        await node?.stop();
        rmSync(folder, { recursive: true });
      },
    };
  },
  { idsUniqueAcrossStreams: true, retryingWriters: 24 },
);
