import { Problem } from '@app/kernel';
import { type EsdbAddress, parseAddress } from './address.js';

/**
 * Where the events are kept, by the environment: `LEDGER_STORE` (`sqlite` or `esdb`) and `LEDGER_ESDB_URL`, the connection
 * string. The string alone is enough to choose EventStoreDB; without either the ledger is embedded: undefined.
 * @throws Problem `store-address` (invalid); it never quotes the string.
 */
export function storeSettings(environment: Readonly<Record<string, string | undefined>>): EsdbAddress | undefined {
  const url = environment['LEDGER_ESDB_URL'] ?? '';
  const store = environment['LEDGER_STORE'] ?? '';
  if (!['', 'sqlite', 'esdb'].includes(store)) throw new Problem('invalid', 'store-address', 'LEDGER_STORE must be sqlite or esdb');
  if (store === 'esdb' && url === '') throw new Problem('invalid', 'store-address', 'LEDGER_STORE=esdb needs LEDGER_ESDB_URL');
  return store === 'sqlite' || url === '' ? undefined : parseAddress(url);
}

/** An administrator's address of the same store (`LEDGER_ESDB_ADMIN_URL`), for its care alone. @throws as `storeSettings`. */
export function administratorSettings(environment: Readonly<Record<string, string | undefined>>): EsdbAddress | undefined {
  const url = environment['LEDGER_ESDB_ADMIN_URL'] ?? '';
  return url === '' ? undefined : parseAddress(url);
}
