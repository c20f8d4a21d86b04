import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventStoreDBClient } from '@eventstore/db-client';
import { StandInNode } from '../../../../test/stand-in/node.mjs';
import { parseAddress } from './address.js';
import { type ExaminationOptions, examineStore, prepareStore } from './care.js';
import { findingsInAddress, findingsInRights, findingsInStreams, findingsInVersion, isBeforeCaughtUp } from './findings.js';
import { administratorSettings, storeSettings } from './store-settings.js';

const TODAY = new Date('2026-11-30T00:00:00Z');
const ROLES = { service: 'ledger', projector: 'ledger-readers' };
const codes = (findings: readonly { code: string; stream?: string }[]) =>
  findings.map(({ code, stream }) => (stream === undefined ? code : `${code} ${stream}`));

describe('the care of a node', () => {
  let node: StandInNode;
  let admin: EventStoreDBClient;
  beforeEach(async () => {
    node = await StandInNode.start({ now: () => TODAY.getTime() });
    admin = EventStoreDBClient.connectionString(node.url);
  });
  afterEach(async () => {
    await admin.dispose();
    await node.stop();
  });
  const examine = (options?: ExaminationOptions) => examineStore(parseAddress(node.url), { now: () => TODAY, ...options });
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
    expect(await examine()).toMatchObject({
      nodes: [{ node: `127.0.0.1:${node.port}`, version: '26.0.3', clockAheadMs: 0 }],
      findings: [{ code: 'insecure' }],
    });
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
    const now = () => TODAY;
    expect(codes((await examineStore(as('admin'), { ledger: as('ledger'), roles: ROLES, now })).findings)).toEqual(['insecure']);
    expect(codes((await examineStore(as('admin'), { now })).findings)).toEqual(['insecure', 'runs-as-administrator']);
    expect(codes((await examineStore(as('ledger'), { ledger: as('admin'), now })).findings)).toEqual(['insecure', 'runs-as-administrator']);
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
    node.clockAheadMs = 60_000;
    const found = await examine();
    expect(codes(found.findings)).toEqual(['insecure', 'version-out-of-support', 'clock-skew']);
    expect(found.nodes).toEqual([{ node: `127.0.0.1:${node.port}`, version: '22.10.5', clockAheadMs: 60_000 }]);
    // An old server would not say when its streams have all been seen, and those before 22.6 not where an event stands.
    expect(node.seen.subscribe).toBe(0);
  });

  it('finds a server out of support that is too old to tell its version', async () => {
    node.inject({ on: 'features', kind: 'refuse', code: 12, times: 10 });
    const found = await examine();
    expect(found.nodes).toMatchObject([{ version: 'unknown' }]);
    expect(codes(found.findings)).toEqual(['insecure', 'version-out-of-support']);
  });

  it('examines every node of a cluster, and names the one that something is wrong with', async () => {
    await prepareStore(parseAddress(node.url), ROLES);
    const peer = () => StandInNode.start({ log: node.log, now: () => TODAY.getTime() });
    const [sound, old, fast, gone, silent, parted] = await Promise.all([peer(), peer(), peer(), peer(), peer(), peer()]);
    try {
      old.version = '20.10.0';
      fast.clockAheadMs = 60_000;
      silent.inject({ on: 'features', kind: 'refuse', code: 16, times: 10 });
      await gone.stop();
      // The others have lost sight of the last one, which answers to everybody else.
      node.peers = [sound, old, fast, gone, silent, parted].map((each) => ({ port: each.port, isAlive: each !== parted }));
      const { findings, nodes } = await examine();
      const told = (code: string) =>
        findings.filter((finding) => finding.code === code).map(({ detail }) => detail.split(' ').filter((word) => /^127/.test(word)));
      expect(codes(findings).sort()).toEqual([
        ...['clock-skew', 'insecure', 'node-unreachable', 'node-unreachable', 'node-unreachable', 'version-out-of-support'],
      ]);
      const [at, ...others] = [node, sound, old, fast, gone, silent, parted].map(({ port }) => `127.0.0.1:${port}`);
      expect(told('clock-skew')).toEqual([[others[2]]]);
      expect(told('version-out-of-support')).toEqual([[others[1]]]);
      expect(told('node-unreachable')).toEqual([[others[3]], [others[4]], [others[5]]]);
      expect(nodes.map(({ node: address, version }) => [address, version])).toEqual([
        ...[
          [at, '26.0.3'],
          [others[0], '26.0.3'],
          [others[1], '20.10.0'],
          [others[2], '26.0.3'],
        ],
        ...[
          [others[3], null],
          [others[4], null],
          [others[5], null],
        ],
      ]);
    } finally {
      await Promise.all([sound, old, fast, silent, parted].map((each) => each.stop()));
    }
  });

  it('names a node of the address that is gone, also where the others have forgotten it', async () => {
    await prepareStore(parseAddress(node.url), ROLES);
    for (const hosts of [`127.0.0.1:1,127.0.0.1:${node.port}`, `127.0.0.1:${node.port},127.0.0.1:1`]) {
      const { findings, nodes } = await examineStore(parseAddress(node.url.replace(`127.0.0.1:${node.port}`, hosts)), { now: () => TODAY });
      expect(new Map(nodes.map(({ node: at, version }) => [at, version]))).toEqual(
        new Map([
          ['127.0.0.1:1', null],
          [`127.0.0.1:${node.port}`, '26.0.3'],
        ]),
      );
      expect(findings.filter(({ code }) => code === 'node-unreachable')).toMatchObject([
        { detail: expect.stringContaining('127.0.0.1:1 ') },
      ]);
    }
  });

  it('looks through a large store as long as it is told something, and gives up on one that says nothing', async () => {
    await prepareStore(parseAddress(node.url), ROLES);
    const limits = { callMs: 500, giveUpMs: 300, backOffMs: [1, 1] as const };
    for (const stream of ['a', 'b', 'c']) await admin.setStreamMetadata(stream, { maxAge: 60 });
    // Of these only checkpoints tell.
    node.log.append(
      'd',
      Array.from({ length: 4 * 3_200 }, () => rawEvent('thing-noted.v1')),
    );
    node.inject({ on: 'subscribe', kind: 'slow', delayMs: 200, times: 100 });
    expect(codes((await examine({ limits })).findings)).toEqual(['insecure', 'max-age a', 'max-age b', 'max-age c']);
    node.calm();
    node.inject({ on: 'subscribe', kind: 'stall', after: 1, times: 100 });
    await expect(examine({ limits })).rejects.toMatchObject({ code: 'store-unavailable' });
  });
});

describe('what is found', () => {
  it.each([
    ['26.0.3', '2026-11-30', []],
    ['26.0.3', '2028-01-31', []],
    ['26.0.3', '2028-02-01', ['version-out-of-support']],
    ['26.1.0', '2026-11-30', []],
    ['24.10.6', '2026-10-31', []],
    ['24.10.6', '2026-11-30', ['version-out-of-support']],
    ['24.6.0', '2026-10-31', ['version-out-of-support']],
    ['25.1.2', '2026-11-30', ['version-out-of-support']],
    ['25.7.0', '2025-03-01', ['version-out-of-support']],
    ['23.10.1', '2025-10-31', []],
    ['23.10.1', '2026-11-30', ['version-out-of-support']],
    ['22.10.5', '2024-01-01', ['version-out-of-support']],
    ['unknown', '2026-11-30', ['version-out-of-support']],
    // What the vendor says of these nobody knew when this was written.
    ['26.2.0', '2026-11-30', ['version-unknown']],
    ['27.0.0', '2040-01-01', ['version-unknown']],
  ])('of version %s on %s', (version, day, expected) =>
    expect(codes(findingsInVersion(version, new Date(`${day}T12:00:00Z`), 'node1:2113'))).toEqual(expected),
  );

  it('of a version says when its support ended, and where it runs', () =>
    expect(findingsInVersion('24.10.6', TODAY, 'node1:2113')).toEqual([
      { code: 'version-out-of-support', detail: 'node1:2113 runs version 24.10.6, whose support ended on 2026-10-31' },
    ]));

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
    [withSystem({ $r: '$all' }), ['acl-system-read', 'acl-read-all']],
    [withSystem({ $r: ['$admins', '$ops'] }), ['acl-system-read']],
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

  it.each<[string, object, readonly string[]]>([
    // As a node gives them itself.
    ['$user-svc', { $acl: { $w: '$admins', $d: '$admins', $mw: '$admins' } }, []],
    ['$users-password-notifications', { $maxAge: 3600 }, []],
    ['$scavenges', { $maxAge: 2592000, $acl: { $r: ['$ops'], $w: [], $d: [], $mr: [], $mw: [] } }, []],
    ['$server-info', { $maxCount: 1, $acl: { $r: '$all', $w: '$admins', $d: '$admins', $mr: '$all', $mw: '$admins' } }, []],
    ['$settings', {}, []],
    ['$settings', { $acl: { $w: ['$all'] } }, ['stream-acl-system $settings']],
    ['$settings', { $acl: { $d: 'ledger' } }, ['stream-acl-system $settings']],
    ['$settings', { $acl: { $r: '$all' } }, ['stream-acl-system $settings']],
    ['$settings', { $maxAge: 60 }, ['max-age $settings']],
    ['$user-svc', { $acl: { $r: ['$admins', 'svc'] } }, ['stream-acl-system $user-svc']],
    ['$users', { $acl: { $mw: '$ops' } }, ['stream-acl-system $users']],
    ['$all', { $acl: { $r: ['ledger', '$admins'] } }, []],
    ['$all', { $acl: { $r: ['ledger'], $mw: 'ledger' } }, ['stream-acl-system $all']],
  ])('of the metadata of %s, %j', (stream, data, expected) =>
    expect(codes(findingsInStreams([{ stream, deleted: false, data }]))).toEqual(expected),
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
