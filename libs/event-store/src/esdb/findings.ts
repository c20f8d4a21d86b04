import type { EsdbAddress } from './address.js';

export interface StoreRoles {
  /** The role the ledger's processes write and read as. */
  readonly service: string;
  /** The role of processes that only follow the ledger. */
  readonly projector: string;
}

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
export const ADMINS = '$admins';

/** What is wrong with how the ledger connects; and with the password of whoever examines, where that is somebody else. */
export function findingsInAddress(ledger: EsdbAddress, examiner = ledger): readonly Finding[] {
  const { tls, credentials } = ledger;
  const username = credentials?.username;
  return [
    ...(tls ? [] : [{ code: 'insecure', detail: 'the node runs without certificates: nobody’s rights are checked' }]),
    ...(tls && credentials === undefined ? [{ code: 'anonymous', detail: 'the ledger does not say who it is' }] : []),
    ...(username === 'admin' || username === 'ops'
      ? [{ code: 'runs-as-administrator', detail: `the ledger connects as ${username}, whom no rule of rights stops` }]
      : []),
    ...([ledger, examiner].some((address) => address.credentials?.password === 'changeit')
      ? [{ code: 'default-password', detail: 'a password is the one the server is delivered with' }]
      : []),
  ];
}

export function findingsInVersion(version: string): readonly Finding[] {
  if (SUPPORTED.test(version)) return [];
  const unseen = isBeforeCaughtUp(version) ? '; what it stores was not examined' : '';
  return [
    { code: 'version-out-of-support', detail: `version ${version} is not one of 23.10, 24, 25 and 26, which are supported${unseen}` },
  ];
}

/** Servers before 23.10 do not say when a subscription has come to the end of what is stored; one without a version may not. */
export function isBeforeCaughtUp(version: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(version) ?? [];
  return major === undefined || Number(major) < 23 || (Number(major) === 23 && Number(minor) < 10);
}

/**
 * What the rights leave open that hold wherever a stream has none of its own (`settings`), and those to read everything at
 * once (`everything`, the metadata of `$all`). With the roles that may write and read, others that may are found as well.
 */
export function findingsInRights(settings: unknown, everything: unknown, roles?: StoreRoles): readonly Finding[] {
  const user = memberOf(settings, '$userStreamAcl');
  const system = memberOf(settings, '$systemStreamAcl');
  const writers = roles && [roles.service, ADMINS];
  const readers = roles && [roles.service, roles.projector, ADMINS];
  const allRead = memberOf(memberOf(everything, '$acl'), '$r') ?? memberOf(system, '$r');
  // What is left out of the rights is open in streams of users and closed in those of the system, of which `$all` is one.
  const ofUsers = judging(user, EVERYBODY);
  const ofSystem = judging(system, ADMINS);
  const ofEverything = judging({ $r: allRead }, ADMINS);
  return [
    ...(user === undefined
      ? [{ code: 'acl-default', detail: 'no default rights are set: every user may append, delete streams and write metadata' }]
      : [
          ...ofUsers('$r', readers, 'acl-read', 'may read the ledger'),
          ...ofUsers('$w', writers, 'acl-write', 'may append to the ledger'),
          ...ofUsers('$d', [ADMINS], 'acl-delete', 'may delete streams'),
          ...ofUsers('$mw', [ADMINS], 'acl-metadata', 'may write stream metadata, which can hide events'),
        ]),
    ...ofSystem('$w', [ADMINS], 'acl-system-write', 'may append to system streams, which hold users and rights'),
    ...ofSystem('$d', [ADMINS], 'acl-system-delete', 'may delete system streams, which hold users and rights'),
    ...ofSystem('$mw', [ADMINS], 'acl-system-metadata', 'may write metadata of system streams, which gives rights'),
    ...ofEverything('$r', readers, 'acl-read-all', 'may read everything at once, whatever the rights of each stream'),
  ];
}

/** Finds who has a right beside those that may; where these are not known, whether everybody has. `otherwise` has what is left out. */
const judging =
  (acl: unknown, otherwise: string) =>
  (right: string, permitted: readonly string[] | undefined, code: string, detail: string): readonly Finding[] => {
    const roles = rolesIn(acl, right, otherwise);
    if (roles.includes(EVERYBODY)) return [{ code, detail: `every user ${detail}` }];
    const others = permitted === undefined ? [] : roles.filter((role) => !permitted.includes(role));
    return others.length === 0 ? [] : [{ code, detail: `${others.join(', ')} ${detail}` }];
  };

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

/** An empty list names nobody: then only administrators may, who always do. */
function rolesIn(acl: unknown, right: string, otherwise: string): readonly string[] {
  const roles = memberOf(acl, right) ?? otherwise;
  return (Array.isArray(roles) ? roles : [roles]).filter((role): role is string => typeof role === 'string');
}
