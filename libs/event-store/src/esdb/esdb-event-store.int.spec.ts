import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NODE_URL, preparedNode } from '../../../../test/stand-in/real-node.js';
import { GROUPS, SecuredNode } from '../../../../test/stand-in/secured.mjs';
import { EventCodec } from '../codec.js';
import { eventStoreConformance } from '../event-store.conformance.js';
import { parseAddress } from './address.js';
import { prepareStore } from './care.js';
import { EsdbEventStore } from './esdb-event-store.js';

/** A real node is emptied once: what the suite takes for ledgers of their own shares it. */
let realNode: Promise<string> | undefined;

// On a node as `ledger store setup` leaves it, as a user who may do no more than the service; a real one where its administrator is known.
eventStoreConformance(
  NODE_URL === undefined ? 'EsdbEventStore with the stand-in' : 'EsdbEventStore with a real node',
  async (definitions) => {
    const folder = mkdtempSync(join(tmpdir(), 'ledger-esdb-'));
    const node = NODE_URL === undefined ? await SecuredNode.start({ file: join(folder, 'node.log') }) : undefined;
    if (node !== undefined) await prepareStore(parseAddress(node.urlOf('admin')), GROUPS);
    const address = parseAddress(node?.urlOf('office') ?? (await (realNode ??= preparedNode())));
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
