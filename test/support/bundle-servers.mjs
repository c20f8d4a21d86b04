/** Bundles the servers that tests start again and again, as the programs of the ledger are. Before all suites; see .config/jest.config.mjs. */
import { bundle } from '../../.config/bundle.mjs';

export default function bundleServers() {
  return bundle({ 'fast-server': 'test/support/fast-server.mjs' }, 'dist/test');
}
