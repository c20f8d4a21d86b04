import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventStoreDBClient } from '@eventstore/db-client';
import { StandInNode } from '../../../../test/stand-in/node.mjs';
import { parseAddress } from './address.js';
import { type ExaminationOptions, examineStore, prepareStore } from './care.js';
import { findingsInAddress, findingsInRights, findingsInVersion, isBeforeCaughtUp } from './findings.js';
import { administratorSettings, storeSettings } from './store-settings.js';

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
  const examine = (options?: ExaminationOptions) => examineStore(parseAddress(node.url), options);
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
    await expect(examine({ roles: { ...ROLES, service } })).rejects.toMatchObject({ kind: 'invalid', errors: [{ field: 'role' }] });
    expect(node.log.records).toHaveLength(1);
  });

  it('is examined as an administrator, and judges the address of the ledger', async () => {
    const as = (user: string) => parseAddress(node.url.replace('//', `//${user}:x@`));
    await prepareStore(as('admin'), ROLES);
    expect(codes((await examineStore(as('admin'), { ledger: as('ledger'), roles: ROLES })).findings)).toEqual(['insecure']);
    expect(codes((await examineStore(as('admin'))).findings)).toEqual(['insecure', 'runs-as-administrator']);
    expect(codes((await examineStore(as('ledger'), { ledger: as('admin') })).findings)).toEqual(['insecure', 'runs-as-administrator']);
  });

  it('finds who else may write, where it is told who may, and that everybody may read everything', async () => {
    await prepareStore(parseAddress(node.url), { service: 'others', projector: 'readers' });
    expect(codes((await examine()).findings)).toEqual(['insecure']);
    const { findings } = await examine({ roles: ROLES });
    expect(codes(findings)).toEqual(['insecure', 'acl-read', 'acl-write', 'acl-read-all']);
    expect(findings.find(({ code }) => code === 'acl-write')?.detail).toContain('others');
    await admin.setStreamMetadata('$all', { acl: { readRoles: ['$all'] } });
    expect(codes((await examine()).findings)).toEqual(['insecure', 'acl-read-all']);
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
    const found = await examine({ now: () => new Date(Date.now() - 60_000) });
    expect(codes(found.findings)).toEqual(['insecure', 'version-out-of-support', 'clock-skew']);
    expect(found.clockAheadMs).toBeGreaterThan(50_000);
    expect(Math.abs((await examine()).clockAheadMs as number)).toBeLessThan(30_000);
    // An old server would not say when its streams have all been seen, and those before 22.6 not where an event stands.
    expect(node.seen.subscribe).toBe(0);
  });

  it('finds a server out of support that is too old to tell its version', async () => {
    node.inject({ on: 'features', kind: 'refuse', code: 12, times: 10 });
    const found = await examine();
    expect(found.version).toBe('unknown');
    expect(codes(found.findings)).toEqual(['insecure', 'version-out-of-support']);
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

  it.each([
    ['20.6.0', true],
    ['22.10.5', true],
    ['23.6.0', true],
    ['23.10.1', false],
    ['24.2.0', false],
    ['27.0.0', false],
    ['unknown', true],
  ])('and what version %s does not tell', (version, expected) => expect(isBeforeCaughtUp(version)).toBe(expected));

  const safe = { $r: ['ledger'], $w: 'ledger', $d: '$admins', $mr: '$admins', $mw: ['$admins'] };
  const withSystem = (system: unknown) => ({ $userStreamAcl: safe, $systemStreamAcl: system });
  it.each<[object | undefined, readonly string[]]>([
    [undefined, ['acl-default']],
    [{}, ['acl-default']],
    [{ $userStreamAcl: safe }, []],
    [{ $userStreamAcl: { ...safe, $r: '$all' } }, ['acl-read']],
    [{ $userStreamAcl: { ...safe, $w: ['ledger', '$all'] } }, ['acl-write']],
    [{ $userStreamAcl: { ...safe, $d: ['$admins', 'ledger'] } }, ['acl-delete']],
    [{ $userStreamAcl: { ...safe, $mw: 'ledger' } }, ['acl-metadata']],
    [{ $userStreamAcl: {} }, ['acl-read', 'acl-write', 'acl-delete', 'acl-metadata']],
    // Where no role is named, only administrators may.
    [{ $userStreamAcl: { ...safe, $w: [], $d: [] } }, []],
    // What is left out of the rights of system streams is for administrators alone.
    [withSystem({}), []],
    [withSystem({ $w: '$admins', $d: ['$admins'], $mw: '$admins' }), []],
    [withSystem({ $w: ['$admins', 'ledger'] }), ['acl-system-write']],
    [withSystem({ $d: '$ops' }), ['acl-system-delete']],
    [withSystem({ $mw: '$all' }), ['acl-system-metadata']],
    [{ $systemStreamAcl: { $w: '$all' } }, ['acl-default', 'acl-system-write']],
    // Everything at once is a system stream, too.
    [withSystem({ $r: '$all' }), ['acl-read-all']],
  ])('of settings %j', (settings, expected) => expect(codes(findingsInRights(settings, undefined))).toEqual(expected));

  it.each<[unknown, readonly string[]]>([
    [undefined, []],
    [{}, []],
    [{ $acl: { $r: ['ledger', '$admins'] } }, []],
    [{ $acl: { $r: '$all' } }, ['acl-read-all']],
    [{ $acl: { $r: ['ledger', '$all'] } }, ['acl-read-all']],
  ])('of the metadata %j of everything', (metadata, expected) =>
    expect(codes(findingsInRights({ $userStreamAcl: safe }, metadata))).toEqual(expected),
  );

  it.each<[object, object, readonly string[]]>([
    [safe, { $r: ['ledger', 'ledger-readers'] }, []],
    [{ ...safe, $w: ['ledger', '$admins'] }, {}, []],
    [{ ...safe, $w: ['ledger', 'ledger-readers'] }, {}, ['acl-write']],
    [{ ...safe, $w: ['ledger', 'somebody', '$ops'] }, {}, ['acl-write']],
    [{ ...safe, $r: ['ledger', 'ledger-readers', 'somebody'] }, {}, ['acl-read']],
    [safe, { $r: 'somebody' }, ['acl-read-all']],
  ])('of rights %j, and %j for everything, beside the roles', (user, all, expected) =>
    expect(codes(findingsInRights({ $userStreamAcl: user }, { $acl: all }, ROLES))).toEqual(expected),
  );

  it.each([
    ['esdb://ledger:x@node', []],
    ['esdb://node', ['anonymous']],
    ['esdb://node?tls=false', ['insecure']],
    ['esdb://admin:changeit@node', ['runs-as-administrator', 'default-password']],
    ['esdb://ops:x@node', ['runs-as-administrator']],
  ])('of the address %s', (url, expected) => expect(codes(findingsInAddress(parseAddress(url)))).toEqual(expected));

  it.each([
    ['esdb://admin:x@node', []],
    ['esdb://admin:changeit@node', ['default-password']],
  ])('of the administrator’s address %s', (url, expected) =>
    expect(codes(findingsInAddress(parseAddress('esdb://ledger:x@node'), parseAddress(url)))).toEqual(expected),
  );
});

describe('the settings of the store', () => {
  it.each([
    [{}, undefined],
    [{ LEDGER_STORE: 'sqlite', LEDGER_ESDB_URL: 'esdb://node' }, undefined],
    [{ LEDGER_ESDB_URL: 'esdb://node' }, 'node'],
    [{ LEDGER_STORE: 'esdb', LEDGER_ESDB_URL: 'esdb://node' }, 'node'],
  ])('%j', (environment, host) => expect(storeSettings(environment)?.hosts[0]?.address).toBe(host));

  it.each([
    [{ LEDGER_ESDB_URL: 'esdb://node' }, undefined],
    [{ LEDGER_ESDB_URL: 'esdb://node', LEDGER_ESDB_ADMIN_URL: '' }, undefined],
    [{ LEDGER_ESDB_URL: 'esdb://node', LEDGER_ESDB_ADMIN_URL: 'esdb://admin:s3cret@node' }, 'admin'],
  ])('%j, for its administrator', (environment, user) => expect(administratorSettings(environment)?.credentials?.username).toBe(user));

  it.each([{ LEDGER_STORE: 'esdb' }, { LEDGER_STORE: 'postgres' }, { LEDGER_ESDB_URL: 'http://ledger:s3cret@node' }])(
    '%j is refused',
    (environment) => {
      expect(() => storeSettings(environment)).toThrow(/^store-address: (?!.*s3cret)/);
    },
  );
});
