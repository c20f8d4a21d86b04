import { randomUUID } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventCodec } from '../codec.js';
import type { NewEvent, RecordedEvent } from '../event.js';
import { NO_STREAM } from '../event-store.js';
import { SqliteEventStore } from '../sqlite-event-store.js';
import { makeBackup, restoreBackup } from './backup.js';

const NOW = new Date('2024-06-30T16:00:00Z');
const CODEC = new EventCodec({ 'thing-noted': { version: 1 } });

let folder: string;
let store: SqliteEventStore;
let backup: string;
let restored: string;
const unfinished = () => `${restored}.restoring`;

function newEvent(data: unknown): NewEvent {
  const actor = { id: 'clerk-1', unit: '科技局', roles: ['clerk'] as const };
  const commandId = randomUUID();
  const metadata = {
    effectiveOn: '2024-02-29',
    actor,
    commandId,
    commandHash: 'a'.repeat(64),
    correlationId: commandId,
    causationId: commandId,
  };
  return { id: randomUUID(), type: 'thing-noted', data, metadata };
}

async function flatten(pages: AsyncIterable<readonly RecordedEvent[]>): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const page of pages) events.push(...page);
  return events;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-backup-'));
  backup = join(folder, 'backup');
  restored = join(folder, 'restored.db');
  store = new SqliteEventStore(join(folder, 'ledger.db'), CODEC, { now: () => NOW });
  for (let number = 0; number < 40; number += 1)
    await store.append(`thing-${number % 7}`, Math.floor(number / 7) - 1, [newEvent({ number, text: '备'.repeat(number) })]);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

describe('a backup', () => {
  it('of a ledger that is open brings back every event, and the ledger goes on from it', async () => {
    const manifest = await makeBackup(join(folder, 'ledger.db'), backup, NOW);
    expect(manifest).toMatchObject({
      format: 'policy-ledger-backup.v1',
      schema: 1,
      createdAt: '2024-06-30T16:00:00.000Z',
      head: 40,
      events: 40,
    });
    const events = await flatten(store.readAll());
    await store.append('thing-later', NO_STREAM, [newEvent({})]);
    expect(await restoreBackup(backup, restored, unfinished())).toEqual(manifest);
    expect(readdirSync(backup).sort()).toEqual(['ledger.db', 'manifest.json']);
    const again = new SqliteEventStore(restored, CODEC, { now: () => NOW });
    expect(await flatten(again.readAll())).toEqual(events);
    expect(await again.append('thing-later', NO_STREAM, [newEvent({})])).toMatchObject({ position: 41 });
    await again.close();
  });

  it('is made nowhere but in an empty place, and of nothing but a ledger', async () => {
    await expect(makeBackup(join(folder, 'none.db'), backup, NOW)).rejects.toMatchObject({ code: 'no-ledger' });
    await expect(makeBackup(join(folder, 'ledger.db'), join(folder, 'nowhere', 'backup'), NOW)).rejects.toMatchObject({
      ...{ kind: 'invalid', code: 'no-folder' },
      message: expect.stringContaining(`there is no folder ${join(folder, 'nowhere')} `),
    });
    mkdirSync(backup);
    writeFileSync(join(backup, 'note.txt'), 'mine');
    await expect(makeBackup(join(folder, 'ledger.db'), backup, NOW)).rejects.toMatchObject({ code: 'target-not-empty' });
    writeFileSync(join(folder, 'broken.db'), 'no database at all, whatever its name says');
    await expect(makeBackup(join(folder, 'broken.db'), join(folder, 'other'), NOW)).rejects.toMatchObject({
      message: expect.stringContaining('not a database'),
    });
    expect(readdirSync(folder).filter((name) => /unfinished|other/.test(name))).toEqual([]);
    await expect(restoreBackup(backup, join(folder, 'ledger.db'), unfinished())).rejects.toMatchObject({ code: 'target-not-empty' });
  });

  it('with one byte changed, cut off or added anywhere is refused, and leaves nothing', async () => {
    await makeBackup(join(folder, 'ledger.db'), backup, NOW);
    const damage = async (name: string, spoil: (file: string) => void) => {
      const spoilt = join(folder, 'spoilt');
      cpSync(backup, spoilt, { recursive: true });
      spoil(join(spoilt, name));
      await expect(restoreBackup(spoilt, restored, unfinished())).rejects.toMatchObject({ kind: 'conflict', code: 'backup-damaged' });
      expect([restored, unfinished(), `${unfinished()}-wal`].filter((file) => existsSync(file))).toEqual([]);
      rmSync(spoilt, { recursive: true });
    };
    const flip = (offset: number, bit: number) => (file: string) => {
      const bytes = readFileSync(file);
      bytes[offset] = (bytes[offset] as number) ^ (1 << bit);
      writeFileSync(file, bytes);
    };
    for (const name of readdirSync(backup)) {
      const { length } = readFileSync(join(backup, name));
      const step = name === 'ledger.db' ? Math.floor(length / 40) : 1;
      for (let offset = 0; offset < length; offset += step) await damage(name, flip(offset, offset % 8));
      await damage(name, flip(length - 1, 0));
      await damage(name, (file) => truncateSync(file, length - 1));
      await damage(name, (file) => truncateSync(file, 0));
      await damage(name, (file) => appendFileSync(file, ' '));
      await damage(name, (file) => rmSync(file));
    }
    expect(await restoreBackup(backup, restored, unfinished())).toMatchObject({ head: 40 });
  });

  it('whose manifest was made to fit the damage still has to have the digest of its events', async () => {
    const { createHash } = await import('node:crypto');
    const { canonicalJson } = await import('@app/kernel');
    await makeBackup(join(folder, 'ledger.db'), backup, NOW);
    const { seal: _seal, ...manifest } = JSON.parse(readFileSync(join(backup, 'manifest.json'), 'utf8')) as Record<string, unknown>;
    for (const change of [{ digest: 'f'.repeat(64) }, { events: 41 }, { head: 41 }]) {
      const forged = { ...manifest, ...change };
      const seal = createHash('sha256').update(canonicalJson(forged)).digest('hex');
      writeFileSync(join(backup, 'manifest.json'), `${JSON.stringify({ ...forged, seal }, null, 2)}\n`);
      await expect(restoreBackup(backup, restored, unfinished())).rejects.toMatchObject({ code: 'backup-damaged' });
    }
  });

  it('that a killed restore has left half there is put there whole by the next', async () => {
    await makeBackup(join(folder, 'ledger.db'), backup, NOW);
    writeFileSync(unfinished(), readFileSync(join(backup, 'ledger.db')).subarray(0, 5_000));
    writeFileSync(`${unfinished()}-wal`, 'rest');
    expect(await restoreBackup(backup, restored, unfinished())).toMatchObject({ events: 40 });
    expect(readdirSync(folder).filter((name) => /restoring/.test(name))).toEqual([]);
  });
});
