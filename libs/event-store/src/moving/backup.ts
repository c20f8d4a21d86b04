import { createHash } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import Database from 'better-sqlite3';
import { canonicalJson, Problem } from '@app/kernel';
import { onFile } from '../file-refused.js';
import { openLedgerFile, putInPlace, removeDatabase, sync } from './sqlite-archive.js';
import { type LedgerSummary, summaryOf } from './stored-record.js';
import { LOCK_WAIT_MS } from '../events-schema.js';

const FORMAT = 'policy-ledger-backup.v1';
/** The version of the table the events are kept in. */
const SCHEMA = 1;
const LEDGER = 'ledger.db';
const MANIFEST = 'manifest.json';

/** What a backup says of itself, in `manifest.json`. */
export interface BackupManifest extends LedgerSummary {
  readonly format: string;
  readonly schema: number;
  /** ISO 8601 instant in UTC at which the backup was begun: everything acknowledged before it is in the backup. */
  readonly createdAt: string;
  readonly file: { readonly name: string; readonly bytes: number; readonly sha256: string };
}

/**
 * Makes a backup of an embedded ledger, which may be written to meanwhile: one consistent state of it, no older than the
 * call. It appears under its name when it is whole, and not before.
 * @param folder where the backup shall be: one that does not exist yet, or is empty
 * @throws Problem `no-ledger`; `no-folder` for one that is to lie in a folder that does not exist; `target-not-empty`; `file-refused`
 */
export async function makeBackup(ledgerFile: string, folder: string, now: Date): Promise<BackupManifest> {
  const target = resolve(folder);
  refuseNonEmpty(target);
  if (!existsSync(ledgerFile)) throw new Problem('invalid', 'no-ledger', `there is no ledger at ${ledgerFile}`);
  if (!existsSync(dirname(target)))
    throw new Problem('invalid', 'no-folder', `there is no folder ${dirname(target)} to put ${basename(target)} in`);
  const unfinished = mkdtempSync(join(dirname(target), `${basename(target)}.unfinished-`));
  try {
    const file = join(unfinished, LEDGER);
    const database = new Database(ledgerFile, { readonly: true, timeout: LOCK_WAIT_MS });
    try {
      // One read transaction: however much is written meanwhile, nobody waits and nothing begins anew.
      onFile(file, () => database.prepare('VACUUM INTO ?').run(file));
    } finally {
      database.close();
    }
    const manifest: BackupManifest = {
      ...{ format: FORMAT, schema: SCHEMA, createdAt: now.toISOString() },
      ...(await summaryOfFile(file)),
      file: { name: LEDGER, bytes: statSync(file).size, sha256: await hashOf(file) },
    };
    writeFileSync(join(unfinished, MANIFEST), textOf(manifest), { mode: 0o600 });
    sync(file);
    sync(join(unfinished, MANIFEST));
    refuseNonEmpty(target);
    putInPlace(unfinished, target);
    return manifest;
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Puts the ledger of a backup where there is none, after reading it through: every byte must be as the manifest says, and
 * the events must have its digest. Until then, and when anything is wrong, there is no ledger at the place.
 * @param unfinishedFile the name it has until then, beside `ledgerFile`; what stands there from an earlier attempt is removed
 * @throws Problem `backup-damaged`; `target-not-empty`
 */
export async function restoreBackup(folder: string, ledgerFile: string, unfinishedFile: string): Promise<BackupManifest> {
  if (existsSync(ledgerFile)) throw new Problem('conflict', 'target-not-empty', `there is a ledger at ${ledgerFile} already`);
  const manifest = manifestIn(folder);
  removeDatabase(unfinishedFile);
  try {
    const copied = await copyHashing(join(folder, LEDGER), unfinishedFile);
    if (copied.bytes !== manifest.file.bytes || copied.sha256 !== manifest.file.sha256)
      throw damaged(
        folder,
        `${LEDGER} is not what was backed up (${copied.bytes} bytes of ${manifest.file.bytes}, SHA-256 ${copied.sha256})`,
      );
    const found = await summaryOfFile(unfinishedFile).catch((error: unknown) => {
      throw damaged(folder, `${LEDGER} cannot be read as a ledger (${error instanceof Error ? error.message : String(error)})`);
    });
    if (found.digest !== manifest.digest || found.events !== manifest.events || found.head !== manifest.head)
      throw damaged(
        folder,
        `its ${found.events} events up to position ${found.head} have the digest ${found.digest}, not ${manifest.digest}`,
      );
    putInPlace(unfinishedFile, ledgerFile);
    return manifest;
  } finally {
    removeDatabase(unfinishedFile);
  }
}

/** @throws Problem `backup-damaged`, also for a manifest with anything added, left out or changed. */
function manifestIn(folder: string): BackupManifest {
  const file = join(folder, MANIFEST);
  if (!existsSync(file)) throw damaged(folder, `it has no ${MANIFEST}`);
  const text = readFileSync(file, 'utf8');
  let manifest: BackupManifest;
  try {
    const { seal: _seal, ...rest } = JSON.parse(text) as BackupManifest & { seal: string };
    manifest = rest;
  } catch {
    throw damaged(folder, `${MANIFEST} is not JSON`);
  }
  if (manifest.format !== FORMAT || manifest.schema !== SCHEMA)
    throw damaged(folder, `${MANIFEST} is not of format ${FORMAT}, schema ${SCHEMA}`);
  if (text !== textOf(manifest)) throw damaged(folder, `${MANIFEST} has been changed`);
  if (!existsSync(join(folder, LEDGER))) throw damaged(folder, `it has no ${LEDGER}`);
  return manifest;
}

/** The seal is the SHA-256 of the rest in canonical JSON: against damage, not against forgery. */
function textOf(manifest: BackupManifest): string {
  const seal = createHash('sha256').update(canonicalJson(manifest)).digest('hex');
  return `${JSON.stringify({ ...manifest, seal }, null, 2)}\n`;
}

async function summaryOfFile(file: string): Promise<LedgerSummary> {
  const archive = openLedgerFile(file);
  try {
    return await summaryOf(archive.read());
  } finally {
    await archive.close();
  }
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

async function copyHashing(from: string, to: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  await pipeline(createReadStream(from), counted, createWriteStream(to, { mode: 0o600 }));
  return { bytes, sha256: hash.digest('hex') };
}

function refuseNonEmpty(folder: string): void {
  if (existsSync(folder) && (!statSync(folder).isDirectory() || readdirSync(folder).length > 0))
    throw new Problem('conflict', 'target-not-empty', `${folder} exists already and is not an empty folder`);
}

const damaged = (folder: string, detail: string) =>
  new Problem('conflict', 'backup-damaged', `the backup in ${folder} cannot be used: ${detail}`);
