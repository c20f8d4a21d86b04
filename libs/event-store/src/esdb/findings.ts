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

/**
 * Releases of the server, the oldest first, and the last day of their support: docs.kurrent.io, "Release schedule" and "Previous
 * versions" in the documents of 26.0. A long-term release is supported for two years, to the end of the month that is named there;
 * any other one until the next comes. What 26.1 waits for is 27.0, announced for January 2027.
 */
const SUPPORTED_UNTIL: Readonly<Record<string, string>> = {
  '23.10': '2025-10-31',
  '24.2': '2024-06-30',
  '24.6': '2024-10-31',
  '24.10': '2026-10-31',
  '25.0': '2025-10-31',
  '25.1': '2026-01-31',
  '26.0': '2028-01-31',
  '26.1': '2027-01-31',
};
const NEWEST_KNOWN = Object.keys(SUPPORTED_UNTIL).at(-1) as string;
/** What a soft delete writes: everything before the end of time. A JSON number of this size is not exact. */
const END_OF_TIME = 9.2e18;
const EVERYBODY = '$all';
export const ADMINS = '$admins';

/** Whoever is one may do everything, whatever the rights say. */
export const RUNS_AS_ADMINISTRATOR = 'runs-as-administrator';
/** Others than administrators may read the system's streams. */
export const SYSTEM_IS_READ = 'acl-system-read';

/** What is wrong with how the ledger connects; and with the password of whoever examines, where that is somebody else. */
export function findingsInAddress(ledger: EsdbAddress, examiner = ledger): readonly Finding[] {
  const { tls, credentials } = ledger;
  const username = credentials?.username;
  return [
    ...(tls ? [] : [{ code: 'insecure', detail: 'the node runs without certificates: nobody’s rights are checked' }]),
    ...(tls && credentials === undefined ? [{ code: 'anonymous', detail: 'the ledger does not say who it is' }] : []),
    ...(username === 'admin' || username === 'ops'
      ? [{ code: RUNS_AS_ADMINISTRATOR, detail: `the ledger connects as ${username}, whom no rule of rights stops` }]
      : []),
    ...([ledger, examiner].some((address) => address.credentials?.password === 'changeit')
      ? [{ code: 'default-password', detail: 'a password is the one the server is delivered with' }]
      : []),
  ];
}

/** Whether the release a node runs is supported on a day; one that is younger than this program is told as such. `node` is its address. */
export function findingsInVersion(version: string, today: Date, node: string): readonly Finding[] {
  const release = releaseOf(version);
  const runs = `${node} runs version ${version}`;
  if (release !== undefined && isBefore(releaseOf(NEWEST_KNOWN), release))
    return [{ code: 'version-unknown', detail: `${runs}; this program knows releases up to ${NEWEST_KNOWN}` }];
  const until = release && SUPPORTED_UNTIL[release.join('.')];
  if (until !== undefined && today.toISOString().slice(0, 10) <= until) return [];
  const ended = until === undefined ? 'which is not supported' : `whose support ended on ${until}`;
  const unseen = isBeforeCaughtUp(version) ? '; what it stores was not examined' : '';
  return [{ code: 'version-out-of-support', detail: `${runs}, ${ended}${unseen}` }];
}

type Release = readonly [major: number, minor: number];

function releaseOf(version: string): Release | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)(?:\.|$)/.exec(version) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor)];
}

const isBefore = ([major, minor]: Release = [0, 0], other: Release) => major < other[0] || (major === other[0] && minor < other[1]);

/** Servers before 23.10 do not say when a subscription has come to the end of what is stored; one without a version may not. */
export function isBeforeCaughtUp(version: string): boolean {
  return isBefore(releaseOf(version), [23, 10]);
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
    ...ofSystem('$r', [ADMINS], SYSTEM_IS_READ, 'may read system streams, which hold the hashes of passwords'),
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

/** Streams that hide events, or whose own rights let somebody do what the default ones would not. */
export function findingsInStreams(streams: readonly StreamMetadata[]): readonly Finding[] {
  return streams.flatMap((metadata): readonly Finding[] => {
    const { stream, data } = metadata;
    if (stream.startsWith('$'))
      return [...findingsInSystemStream(stream, data), ...(stream === '$settings' ? findingsInHiding(metadata) : [])];
    return [
      ...findingsInHiding(metadata),
      ...(memberOf(data, '$acl') === undefined ? [] : [{ code: 'stream-acl', stream, detail: `${stream} has rights of its own` }]),
    ];
  });
}

/**
 * A node gives many of its streams rights of their own, and lets everybody read some (`$server-info`, those of projections): not
 * that there are any is judged, but whom they name. What they leave out is as by default. Who may read everything at once is
 * judged elsewhere.
 */
function findingsInSystemStream(stream: string, data: unknown): readonly Finding[] {
  const judge = judging(memberOf(data, '$acl') ?? {}, ADMINS);
  const found = (right: string, detail: string) =>
    judge(right, [ADMINS], 'stream-acl-system', `${detail} ${stream}`).map((finding) => ({ ...finding, stream }));
  return [
    ...(/^\$(settings$|users?\b)/.test(stream) ? found('$r', 'may read') : []),
    ...found('$w', 'may append to'),
    ...found('$d', 'may delete'),
    ...found('$mw', 'may write the metadata of'),
  ];
}

function findingsInHiding({ stream, deleted, data }: StreamMetadata): readonly Finding[] {
  if (deleted) return [{ code: 'stream-tombstoned', stream, detail: `${stream} was deleted for good` }];
  const truncated = memberOf(data, '$tb');
  return [
    ...(memberOf(data, '$maxAge') === undefined ? [] : [{ code: 'max-age', stream, detail: `${stream} loses its events with age` }]),
    ...(memberOf(data, '$maxCount') === undefined ? [] : [{ code: 'max-count', stream, detail: `${stream} keeps only its last events` }]),
    ...(truncated === undefined
      ? []
      : Number(truncated) >= END_OF_TIME
        ? [{ code: 'stream-deleted', stream, detail: `${stream} was deleted; a scavenge would destroy its events` }]
        : [{ code: 'truncated', stream, detail: `events of ${stream} before revision ${Number(truncated)} are hidden` }]),
  ];
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** An empty list names nobody: then only administrators may, who always do. */
function rolesIn(acl: unknown, right: string, otherwise: string): readonly string[] {
  const roles = memberOf(acl, right) ?? otherwise;
  return (Array.isArray(roles) ? roles : [roles]).filter((role): role is string => typeof role === 'string');
}
