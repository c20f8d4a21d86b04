import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { Problem, sha256 } from '@app/kernel';
import { Authority } from '../../../../test/stand-in/authority.mjs';
import { StandInNode } from '../../../../test/stand-in/node.mjs';
import { GROUPS, SecuredNode } from '../../../../test/stand-in/secured.mjs';
import { EventCodec } from '../codec.js';
import type { NewEvent } from '../event.js';
import { NO_STREAM } from '../event-store.js';
import { parseAddress } from './address.js';
import { examineStore, prepareStore } from './care.js';
import { EsdbEventStore } from './esdb-event-store.js';

const TODAY = new Date('2026-11-30T00:00:00Z');
const IMPATIENT = { callMs: 2_000, giveUpMs: 300, backOffMs: [10, 50] as const };
const noted = (): NewEvent => ({
  id: randomUUID(),
  type: 'thing-noted',
  data: { text: 'hello' },
  metadata: {
    effectiveOn: '2024-05-01',
    actor: { id: 'chen', unit: '测试', roles: ['clerk'] },
    commandId: randomUUID(),
    commandHash: sha256('hello'),
    correlationId: randomUUID(),
    causationId: randomUUID(),
  },
});

let folder: string;
let stores: EsdbEventStore[];
const storeAt = (url: string) => {
  const indexFile = join(folder, `claims-${stores.length}.db`);
  const store = new EsdbEventStore(
    { address: parseAddress(url), indexFile, limits: IMPATIENT },
    new EventCodec({ 'thing-noted': { version: 1 } }),
  );
  stores.push(store);
  return store;
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-security-'));
  stores = [];
});
afterEach(async () => {
  for (const store of stores) await store.close();
  rmSync(folder, { recursive: true });
});

/** What an append through an address comes to: the problem, in full. */
async function refusal(url: string): Promise<{ readonly code: string; readonly detail: string }> {
  try {
    await storeAt(url).append('thing-1', NO_STREAM, [noted()]);
  } catch (error) {
    if (error instanceof Problem) return { code: error.code, detail: error.detail };
    throw error;
  }
  throw new Error('it was not refused');
}

describe('TLS', () => {
  let secured: SecuredNode;
  let before: number;
  const callsSeen = () => Object.values(secured.node.seen).reduce((sum, calls) => sum + calls, 0);
  beforeEach(async () => {
    secured = await SecuredNode.start();
    await prepareStore(parseAddress(secured.urlOf('admin')), GROUPS);
    before = callsSeen();
  });
  afterEach(() => secured.stop());
  const distrusted = {
    code: 'store-unavailable',
    detail: expect.stringMatching(/^the event store cannot be reached \(its certificate is not trusted\)/),
  };

  it('connects where the authority is the right one, also by asking who leads', async () => {
    const store = storeAt(secured.urlOf('office'));
    await store.append('thing-1', NO_STREAM, [noted()]);
    const discovering = storeAt(secured.urlOf('office').replace('esdb://', 'esdb+discover://'));
    await discovering.append('thing-1', 0, [noted()]);
    expect(await discovering.head()).toBe(await store.head());
    expect(secured.node.seen.gossip).toBe(1);
  });

  it('says nothing to a node that another authority has certified, or none that is named', async () => {
    const other = secured.file('other.crt', (await Authority.make()).certificate);
    const url = secured.urlOf('office');
    const [base] = url.split('?');
    for (const wrong of [`${base}?tlsCAFile=${encodeURIComponent(other)}`, `${base}`]) {
      const told = await refusal(wrong);
      expect(told).toEqual(distrusted);
      expect(told.detail).not.toMatch(/office|p4ss|localhost/);
    }
    expect((await refusal(url.replace('esdb://', 'esdb+discover://').replace(/\?.*/, '?maxDiscoverAttempts=2'))).code).toBe(
      'store-unavailable',
    );
    expect(callsSeen()).toBe(before);
  });

  it('says nothing to a node whose certificate is for another name, or has expired', async () => {
    expect(await refusal(secured.urlOf('office').replace('localhost', '127.0.0.1'))).toEqual(distrusted);
    const elsewhere = await SecuredNode.start({ hosts: ['node1.example'] });
    const expired = await SecuredNode.start({ hoursLeft: -1 });
    try {
      for (const each of [elsewhere, expired]) {
        expect(await refusal(each.urlOf('office'))).toEqual(distrusted);
        expect(each.node.seen).toMatchObject({ batchAppend: 0, read: 0, features: 0 });
      }
    } finally {
      await Promise.all([elsewhere.stop(), expired.stop()]);
    }
    expect(callsSeen()).toBe(before);
  });

  it('is not given up for a node that speaks without it, and a node that has it is not spoken to without', async () => {
    const plain = await StandInNode.start();
    try {
      expect(await refusal(secured.urlOf('office').replace(/localhost:\d+/, `localhost:${plain.port}`))).toMatchObject({
        code: 'store-unavailable',
      });
      expect(plain.seen.batchAppend + plain.seen.read).toBe(0);
    } finally {
      await plain.stop();
    }
    expect(await refusal(`esdb://127.0.0.1:${secured.node.port}?tls=false`)).toMatchObject({ code: 'store-unavailable' });
    expect(callsSeen()).toBe(before);
  });

  it('shows a node the certificate of its user', async () => {
    const users = await Authority.make();
    const tls = { ...(await secured.authority.certify('node', ['localhost'])), userAuthority: users.certificate };
    const node = await StandInNode.start({ tls });
    try {
      const authority = secured.file('authority.crt', secured.authority.certificate);
      const base = `${node.url}?tlsCAFile=${encodeURIComponent(authority)}`;
      const withCertificateOf = async (issuer: Authority, name: string) => {
        const { certificate, key } = await issuer.certify('office', []);
        const [cert, keyFile] = [secured.file(`${name}.crt`, certificate), secured.file(`${name}.key`, key)];
        return `${base}&userCertFile=${encodeURIComponent(cert)}&userKeyFile=${encodeURIComponent(keyFile)}`;
      };
      await storeAt(await withCertificateOf(users, 'good')).append('thing-1', NO_STREAM, [noted()]);
      const seen = { ...node.seen };
      expect(await refusal(await withCertificateOf(secured.authority, 'foreign'))).toMatchObject({ code: 'store-unavailable' });
      expect(await refusal(base)).toMatchObject({ code: 'store-unavailable' });
      expect(node.seen).toEqual(seen);
    } finally {
      await node.stop();
    }
  });
});

describe('rights', () => {
  let secured: SecuredNode;
  let clients: EventStoreDBClient[];
  beforeEach(async () => {
    secured = await SecuredNode.start({ now: () => TODAY.getTime() });
    clients = [];
    await prepareStore(parseAddress(secured.urlOf('admin')), GROUPS);
  });
  afterEach(async () => {
    for (const client of clients) await client.dispose();
    await secured.stop();
  });
  const clientOf = (user: Parameters<SecuredNode['urlOf']>[0]) => {
    const client = EventStoreDBClient.connectionString(secured.urlOf(user));
    clients.push(client);
    return client;
  };
  const denied = { type: 'access-denied' };
  /** What an administrator is told of the node, where the ledger connects as a user. */
  const found = async (ledger: Parameters<SecuredNode['urlOf']>[0] = 'office', examiner: typeof ledger = 'admin') => {
    const options = { ledger: parseAddress(secured.urlOf(ledger)), roles: GROUPS, now: () => TODAY };
    const { findings } = await examineStore(parseAddress(secured.urlOf(examiner)), options);
    return findings.map(({ code, stream }) => (stream === undefined ? code : `${code} ${stream}`));
  };
  const event = () => jsonEvent({ type: 'thing-noted.v1', data: {} });

  it('leave nothing to find once a node is prepared', async () => {
    expect(await found()).toEqual([]);
    await expect(prepareStore(parseAddress(secured.urlOf('office')), GROUPS)).rejects.toMatchObject({ code: 'store-refused' });
    await expect(examineStore(parseAddress(secured.urlOf('office')))).rejects.toMatchObject({ code: 'store-refused' });
  });

  it('of the settings themselves are found where they let a stranger rewrite them, and taken away by preparing the node again', async () => {
    const all = ['$all'];
    await clientOf('admin').setStreamMetadata('$settings', { acl: { writeRoles: all, metaWriteRoles: all } });
    await clientOf('stranger').appendToStream('$settings', jsonEvent({ type: '$settings', data: { $userStreamAcl: { $w: '$all' } } }));
    expect(await found()).toEqual(['acl-read', 'acl-write', 'acl-delete', 'acl-metadata', ...Array(2).fill('stream-acl-system $settings')]);
    const { changed } = await prepareStore(parseAddress(secured.urlOf('admin')), GROUPS);
    expect(changed).toEqual(['$settings', '$$$settings']);
    expect(await found()).toEqual([]);
    await expect(clientOf('stranger').appendToStream('$settings', event())).rejects.toMatchObject(denied);
  });

  it('to read system streams are found where a stranger has them', async () => {
    const [last] = secured.node.log.records.filter(({ stream }) => stream === '$settings');
    const settings = JSON.parse(String(last?.data)) as { $systemStreamAcl: object };
    const $systemStreamAcl = { ...settings.$systemStreamAcl, $r: '$all' };
    await clientOf('admin').appendToStream('$settings', jsonEvent({ type: '$settings', data: { ...settings, $systemStreamAcl } }));
    const read = [];
    for await (const { event: seen } of clientOf('stranger').readStream('$settings')) read.push(seen);
    expect(read).toHaveLength(2);
    expect(await found()).toEqual(['acl-system-read']);
  });

  it('stop no user of the ledger that is an administrator, whatever its name', async () => {
    expect(await found('chief')).toEqual(['runs-as-administrator']);
    expect(await found('chief', 'chief')).toEqual(['runs-as-administrator']);
    expect(await found('admin')).toEqual(['runs-as-administrator']);
    expect(await found('follower')).toEqual([]);
  });

  it('let the service append and read, and neither delete nor write metadata nor settings', async () => {
    await storeAt(secured.urlOf('office')).append('thing-1', NO_STREAM, [noted()]);
    const office = clientOf('office');
    const before = secured.node.log.records.length;
    await expect(office.deleteStream('thing-1')).rejects.toMatchObject(denied);
    await expect(office.tombstoneStream('thing-1')).rejects.toMatchObject(denied);
    await expect(office.setStreamMetadata('thing-1', { maxCount: 1 })).rejects.toMatchObject(denied);
    await expect(office.setStreamMetadata('$all', {})).rejects.toMatchObject(denied);
    await expect(office.appendToStream('$settings', event())).rejects.toMatchObject(denied);
    expect(secured.node.log.records).toHaveLength(before);
    expect((await office.getStreamMetadata('thing-1')).metadata).toBeUndefined();
  });

  it('let the projector follow everything and append nothing; a stranger may do nothing, nor may nobody', async () => {
    await storeAt(secured.urlOf('office')).append('thing-1', NO_STREAM, [noted()]);
    const before = secured.node.log.records.length;
    const follower = storeAt(secured.urlOf('follower'));
    const ending = new AbortController();
    for await (const [first] of follower.subscribe({ after: 0, signal: ending.signal })) {
      expect(first).toMatchObject({ stream: 'thing-1', revision: 0 });
      break;
    }
    expect(await refusal(secured.urlOf('follower'))).toEqual({ code: 'store-refused', detail: expect.stringContaining('(access-denied)') });
    await expect(clientOf('follower').appendToStream('thing-1', event())).rejects.toMatchObject(denied);
    await expect(clientOf('follower').deleteStream('thing-1')).rejects.toMatchObject(denied);
    await expect(clientOf('follower').setStreamMetadata('thing-1', { maxCount: 1 })).rejects.toMatchObject(denied);
    const nobody = secured.urlOf('office').replace(/\/\/.*@/, '//');
    for (const url of [secured.urlOf('stranger'), nobody])
      await expect(storeAt(url).head()).rejects.toMatchObject({ code: 'store-refused' });
    await expect(clientOf('stranger').appendToStream('thing-1', event())).rejects.toMatchObject(denied);
    await expect(clientOf('stranger').appendToStream('thing-2', event())).rejects.toMatchObject(denied);
    expect(secured.node.log.records).toHaveLength(before);
  });

  it('are asked for once with a wrong password, and what is told holds none', async () => {
    const wrong = secured.urlOf('office', 'gu3ss');
    const told = await refusal(wrong);
    expect(told).toEqual({ code: 'store-refused', detail: expect.stringContaining('(user or password)') });
    expect(told.detail).not.toMatch(/office|gu3ss/);
    const { read, batchAppend } = secured.node.seen;
    await expect(storeAt(wrong).head()).rejects.toMatchObject({ code: 'store-refused' });
    // Once: it does not get better.
    expect(secured.node.seen.read + secured.node.seen.batchAppend).toBe(read + batchAppend + 1);
    const ending = new AbortController();
    const following = storeAt(wrong).subscribe({ after: 0, signal: ending.signal });
    await expect(following.next()).rejects.toMatchObject({ code: 'store-refused' });
  });
});
