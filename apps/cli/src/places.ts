import { existsSync } from 'node:fs';
import { type Archive, esdbAdapter, openLedgerFile, parseAddress, ReceivingFile, type ReceivingArchive } from '@app/event-store';
import { Problem } from '@app/kernel';
import { DataFolder } from '../../api/src/data-folder.js';
import { readEnvironment } from '../../api/src/operations/settings.js';

/** How a place of a ledger is named in a command. */
export const PLACE_HELP = 'a data folder; esdb for the EventStoreDB in LEDGER_ESDB_URL; esdb:NAME for the one in another variable';

/**
 * Opens a ledger to be read where it is kept.
 * @param still nobody may write to it meanwhile; only a data folder can be held so
 * @throws Problem `no-ledger`, `store-address`, `data-folder-in-use`
 */
export async function openSource(place: string, still: boolean): Promise<Archive> {
  const esdb = addressIn(place);
  if (esdb !== undefined) return new (await esdbAdapter()).EsdbArchive(esdb);
  if (!existsSync(place)) throw new Problem('invalid', 'no-ledger', `there is no folder ${place}`);
  const folder = new DataFolder(place);
  const archive = openLedgerFile(folder.ledgerFile);
  if (still) holdFolder(folder, 'stop it, or let the copy end where the ledger stands now: --until now');
  return closing(archive, folder);
}

/**
 * Opens the place a ledger shall move to. What the copy needs meanwhile is kept in the data folder at either end, where there is one.
 * @throws Problem `target-not-empty`, `store-address`, `data-folder-in-use`
 */
export async function openTarget(place: string, source: string): Promise<ReceivingArchive> {
  const esdb = addressIn(place);
  if (esdb !== undefined) {
    const { EsdbArchive } = await esdbAdapter();
    if (!isDataFolder(source)) return new EsdbArchive(esdb);
    const folder = new DataFolder(source);
    return closing(new EsdbArchive(esdb, {}, folder.holdCopying()), folder);
  }
  const folder = new DataFolder(place);
  holdFolder(folder, 'stop it first');
  if (!existsSync(folder.ledgerFile)) refuseUsed(folder);
  return closing(new ReceivingFile(folder.ledgerFile, folder.incomingFile), folder);
}

export const isDataFolder = (place: string) => addressIn(place) === undefined;

/** @throws Problem `target-not-empty` for a folder in which another ledger has left something. */
export function refuseUsed(folder: DataFolder): void {
  const inTheWay = folder.inTheWay();
  if (inTheWay.length > 0)
    throw new Problem('conflict', 'target-not-empty', `${folder.path} is in use for something else; it holds ${inTheWay.join(', ')}`);
}

function holdFolder(folder: DataFolder, advice: string): void {
  try {
    folder.acquire('all');
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new Problem(error.kind, error.code, `${error.detail}; ${advice}`);
  }
}

/** The address is never an argument: others on the machine could read it, password and all. */
function addressIn(place: string) {
  if (/^esdb(\+discover)?:\/\//.test(place)) {
    throw new Problem(
      'invalid',
      'store-address',
      'an address holds a password and must not stand in a command; put it into an environment variable and write esdb:ITS_NAME',
    );
  }
  const variable = place === 'esdb' ? 'LEDGER_ESDB_URL' : /^esdb:([A-Za-z_][A-Za-z0-9_]*)$/.exec(place)?.[1];
  if (variable === undefined) return undefined;
  const address = readEnvironment()[variable] ?? '';
  if (address === '') throw new Problem('invalid', 'store-address', `${variable} is not set`);
  return parseAddress(address);
}

/** An archive that gives its folder up when it is closed. */
function closing<Kind extends Archive>(archive: Kind, folder: DataFolder): Kind {
  const close = archive.close.bind(archive);
  archive.close = async () => {
    await close();
    folder.release();
  };
  return archive;
}
