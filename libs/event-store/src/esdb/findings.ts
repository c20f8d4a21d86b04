import type { EsdbAddress } from './address.js';

/** Something unsafe about a node. `code` is stable; `stream` names the one it is about. */
export interface Finding {
  readonly code: string;
  readonly detail: string;
  readonly stream?: string;
}

/** Who may do what, as the store writes it: one role or several. */
export type Acl = Readonly<Partial<Record<'$r' | '$w' | '$d' | '$mr' | '$mw', string | readonly string[]>>>;

export interface StreamMetadata {
  readonly stream: string;
  /** Tombstoned: it can never be read or written again. */
  readonly deleted: boolean;
  readonly data: unknown;
}

/** Major and minor versions that are maintained and whose reads of a stream tell positions. */
const SUPPORTED = /^(23\.10|24\.\d+|25\.\d+|26\.\d+)\./;
/** What a soft delete writes: everything before the end of time. A JSON number of this size is not exact. */
const END_OF_TIME = 9.2e18;
const EVERYBODY = '$all';
const ADMINS = '$admins';

/** What is wrong with how the ledger connects. */
export function findingsInAddress({ tls, credentials }: EsdbAddress): readonly Finding[] {
  const username = credentials?.username;
  return [
    ...(tls ? [] : [{ code: 'insecure', detail: 'the node runs without certificates: nobody’s rights are checked' }]),
    ...(tls && credentials === undefined ? [{ code: 'anonymous', detail: 'the ledger does not say who it is' }] : []),
    ...(username === 'admin' || username === 'ops'
      ? [{ code: 'runs-as-administrator', detail: `the ledger connects as ${username}, whom no rule of rights stops` }]
      : []),
    ...(credentials?.password === 'changeit'
      ? [{ code: 'default-password', detail: 'the password is the one the server is delivered with' }]
      : []),
  ];
}

export function findingsInVersion(version: string): readonly Finding[] {
  return SUPPORTED.test(version)
    ? []
    : [{ code: 'version-out-of-support', detail: `version ${version} is not one of 23.10, 24, 25 and 26, which are supported` }];
}

/** What the node's default rights leave open. Without settings everybody may do everything. */
export function findingsInSettings(settings: unknown): readonly Finding[] {
  const acl = memberOf(settings, '$userStreamAcl');
  if (acl === undefined)
    return [{ code: 'acl-default', detail: 'no default rights are set: every user may append, delete streams and write metadata' }];
  const rights = [
    ['$r', 'acl-read', 'every user may read the ledger', [EVERYBODY]],
    ['$w', 'acl-write', 'every user may append to the ledger', [EVERYBODY]],
    ['$d', 'acl-delete', 'others than administrators may delete streams', undefined],
    ['$mw', 'acl-metadata', 'others than administrators may write stream metadata, which can hide events', undefined],
  ] as const;
  return rights.flatMap(([right, code, detail, forbidden]) => {
    const roles = rolesIn(acl, right);
    const open =
      forbidden === undefined
        ? roles.some((role) => role !== ADMINS) || roles.length === 0
        : roles.includes(EVERYBODY) || roles.length === 0;
    return open ? [{ code, detail }] : [];
  });
}

/** Streams of the ledger that hide events, or whose rights are not the default ones. */
export function findingsInStreams(streams: readonly StreamMetadata[]): readonly Finding[] {
  return streams
    .filter(({ stream }) => !stream.startsWith('$'))
    .flatMap(({ stream, deleted, data }): readonly Finding[] => {
      if (deleted) return [{ code: 'stream-tombstoned', stream, detail: `${stream} was deleted for good` }];
      const truncated = memberOf(data, '$tb');
      return [
        ...(memberOf(data, '$maxAge') === undefined ? [] : [{ code: 'max-age', stream, detail: `${stream} loses its events with age` }]),
        ...(memberOf(data, '$maxCount') === undefined
          ? []
          : [{ code: 'max-count', stream, detail: `${stream} keeps only its last events` }]),
        ...(truncated === undefined
          ? []
          : Number(truncated) >= END_OF_TIME
            ? [{ code: 'stream-deleted', stream, detail: `${stream} was deleted; a scavenge would destroy its events` }]
            : [{ code: 'truncated', stream, detail: `events of ${stream} before revision ${Number(truncated)} are hidden` }]),
        ...(memberOf(data, '$acl') === undefined ? [] : [{ code: 'stream-acl', stream, detail: `${stream} has rights of its own` }]),
      ];
    });
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function rolesIn(acl: unknown, right: string): readonly string[] {
  const roles = memberOf(acl, right);
  return (Array.isArray(roles) ? roles : [roles]).filter((role): role is string => typeof role === 'string');
}
