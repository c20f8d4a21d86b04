import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventStoreDBClient } from '@eventstore/db-client';
import { StandInNode } from '../../../../test/stand-in/node.mjs';
import { parseAddress } from './address.js';
import { examineStore, prepareStore } from './care.js';
import { findingsInAddress, findingsInSettings, findingsInVersion } from './findings.js';
import { storeSettings } from './store-settings.js';

const ROLES = { service: 'ledger', projector: 'ledger-readers' };
const codes = (findings: readonly { code: string; stream?: string }[]) =>
  findings.map(({ code, stream }) => (stream === undefined ? code : `${code} ${stream}`));

describe('the care of a node', () => {
  let node: StandInNode;
  let admin: EventStoreDBClient;
  beforeEach(async () => {
    node = await StandInNode.start();
    admin = EventStoreDBClient.connectionString(node.url);
  });
  afterEach(async () => {
    await admin.dispose();
    await node.stop();
  });
  const examine = (now?: () => Date) => examineStore(parseAddress(node.url), now);
  const rawEvent = (type: string) => ({
    id: randomUUID(),
    type,
    contentType: 'application/json',
    data: Buffer.from('{}'),
    metadata: Buffer.alloc(0),
  });

  it('prepares it once; then only what no setting can mend is found', async () => {
    expect(codes((await examine()).findings)).toEqual(['insecure', 'acl-default']);
    expect((await prepareStore(parseAddress(node.url), ROLES)).changed).toEqual(['$settings', '$$$all']);
    expect((await prepareStore(parseAddress(node.url), ROLES)).changed).toEqual([]);
    const settings = node.log.records.find(({ stream }) => stream === '$settings');
    expect(JSON.parse(String(settings?.data))).toMatchObject({
      $userStreamAcl: { $w: ['ledger', '$admins'], $d: '$admins', $mw: '$admins', $r: ['ledger', 'ledger-readers', '$admins'] },
    });
    expect(JSON.parse(String(node.log.records.find(({ stream }) => stream === '$$$all')?.data))).toEqual({
      $acl: { $r: ['ledger', 'ledger-readers', '$admins'] },
    });
    expect(await examine()).toMatchObject({ version: '24.10.6', findings: [{ code: 'insecure' }] });
    // Another choice of roles is written over the first.
    expect((await prepareStore(parseAddress(node.url), { ...ROLES, projector: 'ledger' })).changed).toEqual(['$settings', '$$$all']);
  });

  it.each(['', '$admins', '$all', 'with space'])('takes no role named %j', async (service) => {
    await expect(prepareStore(parseAddress(node.url), { ...ROLES, service })).rejects.toMatchObject({
      kind: 'invalid',
      errors: [{ field: 'role' }],
    });
    expect(node.log.records).toHaveLength(1);
  });

  it('finds every stream that hides events or has rights of its own, as it stands now', async () => {
    await prepareStore(parseAddress(node.url), ROLES);
    for (const stream of ['a', 'b', 'c', 'd', 'e', 'f', 'g'])
      node.log.append(stream, [rawEvent('thing-noted.v1'), rawEvent('thing-noted.v1')]);
    await admin.setStreamMetadata('a', { maxAge: 60 });
    await admin.setStreamMetadata('b', { maxCount: 10 });
    await admin.setStreamMetadata('c', { truncateBefore: 1 });
    await admin.deleteStream('d');
    await admin.tombstoneStream('e');
    await admin.setStreamMetadata('f', { acl: { deleteRoles: ['ledger'] } });
    await admin.setStreamMetadata('g', { maxAge: 60 });
    await admin.setStreamMetadata('g', {});
    node.log.append('$streams', [rawEvent('$>')]);
    expect(codes((await examine()).findings)).toEqual([
      ...[
        'insecure',
        'system-projections',
        'max-age a',
        'max-count b',
        'truncated c',
        'stream-deleted d',
        'stream-tombstoned e',
        'stream-acl f',
      ],
    ]);
  });

  it('finds a version out of support and a clock that is wrong', async () => {
    await prepareStore(parseAddress(node.url), ROLES);
    node.version = '22.10.5';
    const found = await examine(() => new Date(Date.now() - 60_000));
    expect(codes(found.findings)).toEqual(['insecure', 'version-out-of-support', 'clock-skew']);
    expect(found.clockAheadMs).toBeGreaterThan(50_000);
    expect(Math.abs((await examine()).clockAheadMs as number)).toBeLessThan(30_000);
  });
});

describe('what is found', () => {
  it.each([
    ['23.10.1', []],
    ['24.10.6', []],
    ['26.0.0', []],
    ['22.10.5', ['version-out-of-support']],
    ['20.6.0', ['version-out-of-support']],
    ['unknown', ['version-out-of-support']],
  ])('of version %s', (version, expected) => expect(codes(findingsInVersion(version))).toEqual(expected));

  const safe = { $r: ['ledger'], $w: 'ledger', $d: '$admins', $mr: '$admins', $mw: ['$admins'] };
  it.each<[object | undefined, readonly string[]]>([
    [undefined, ['acl-default']],
    [{}, ['acl-default']],
    [{ $userStreamAcl: safe }, []],
    [{ $userStreamAcl: { ...safe, $r: '$all' } }, ['acl-read']],
    [{ $userStreamAcl: { ...safe, $w: ['ledger', '$all'] } }, ['acl-write']],
    [{ $userStreamAcl: { ...safe, $d: ['$admins', 'ledger'] } }, ['acl-delete']],
    [{ $userStreamAcl: { ...safe, $mw: 'ledger' } }, ['acl-metadata']],
    [{ $userStreamAcl: {} }, ['acl-read', 'acl-write', 'acl-delete', 'acl-metadata']],
  ])('of settings %j', (settings, expected) => expect(codes(findingsInSettings(settings))).toEqual(expected));

  it.each([
    ['esdb://ledger:x@node', []],
    ['esdb://node', ['anonymous']],
    ['esdb://node?tls=false', ['insecure']],
    ['esdb://admin:changeit@node', ['runs-as-administrator', 'default-password']],
    ['esdb://ops:x@node', ['runs-as-administrator']],
  ])('of the address %s', (url, expected) => expect(codes(findingsInAddress(parseAddress(url)))).toEqual(expected));
});

describe('the settings of the store', () => {
  it.each([
    [{}, undefined],
    [{ LEDGER_STORE: 'sqlite', LEDGER_ESDB_URL: 'esdb://node' }, undefined],
    [{ LEDGER_ESDB_URL: 'esdb://node' }, 'node'],
    [{ LEDGER_STORE: 'esdb', LEDGER_ESDB_URL: 'esdb://node' }, 'node'],
  ])('%j', (environment, host) => expect(storeSettings(environment)?.hosts[0]?.address).toBe(host));

  it.each([{ LEDGER_STORE: 'esdb' }, { LEDGER_STORE: 'postgres' }, { LEDGER_ESDB_URL: 'http://ledger:s3cret@node' }])(
    '%j is refused',
    (environment) => {
      expect(() => storeSettings(environment)).toThrow(/^store-address: (?!.*s3cret)/);
    },
  );
});
