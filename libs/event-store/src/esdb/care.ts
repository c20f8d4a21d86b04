import { randomUUID } from 'node:crypto';
import { eventTypeFilter, type ResolvedEvent } from '@eventstore/db-client';
import { invalidField } from '@app/kernel';
import { NO_STREAM } from '../event-store.js';
import { type Endpoint, type EsdbAddress, shown } from './address.js';
import { BatchWriter, bytesOf } from './batch-writer.js';
import type { ServerInfo } from './client.js';
import {
  type Acl,
  ADMINS,
  type Finding,
  findingsInAddress,
  findingsInRights,
  findingsInStreams,
  findingsInVersion,
  isBeforeCaughtUp,
  RUNS_AS_ADMINISTRATOR,
  SYSTEM_IS_READ,
  type StoreRoles,
  type StreamMetadata,
} from './findings.js';
import { Reader, type StoredEvent, storedEvent } from './reading.js';
import { DEFAULT_LIMITS, type Limits, Session } from './session.js';

/** Looking through a large ledger takes the server its time. */
const PATIENT = { ...DEFAULT_LIMITS, callMs: 120_000, giveUpMs: 10_000 };
/** For a word from a node about itself. */
const BRIEF = { ...DEFAULT_LIMITS, giveUpMs: 5_000 };
/** Beyond this, times recorded by the server and days counted by the ledger can disagree. */
const TOLERATED_SKEW_MS = 5_000;

export interface Preparation {
  readonly server: string;
  /** What had to be written; empty when the node was prepared already. */
  readonly changed: readonly string[];
}

export interface NodeExamination {
  /** Host and port. */
  readonly node: string;
  /** Null when it cannot be reached, `unknown` when it is too old to tell. */
  readonly version: string | null;
  /** How far its clock is ahead of ours, to the second; null when it does not tell. */
  readonly clockAheadMs: number | null;
}

export interface Examination {
  readonly server: string;
  /** Every node of the cluster. */
  readonly nodes: readonly NodeExamination[];
  /** Everything unsafe; empty for a store that can be trusted with a ledger. */
  readonly findings: readonly Finding[];
}

export interface ExaminationOptions {
  /** How the ledger itself connects, where it is examined as somebody else. */
  readonly ledger?: EsdbAddress;
  /** Who may write and read; without them only rights that are open to everybody are found. */
  readonly roles?: StoreRoles | undefined;
  readonly now?: () => Date;
  readonly limits?: Partial<Limits>;
}

/**
 * Sets the rights a ledger needs, as an administrator of the node: the service may append and read, the projector may
 * read, also everything at once; only administrators may delete streams or write their metadata.
 * @throws Problem `invalid-input` for a role that is none; `store-unavailable`; `store-refused` without the rights.
 */
export async function prepareStore(address: EsdbAddress, roles: StoreRoles): Promise<Preparation> {
  requireRoles(roles);
  const { service, projector } = roles;
  const readers = [...new Set([service, projector, ADMINS])];
  const user: Acl = { $r: readers, $w: [service, ADMINS], $d: ADMINS, $mr: readers, $mw: ADMINS };
  const system: Acl = { $r: ADMINS, $w: ADMINS, $d: ADMINS, $mr: ADMINS, $mw: ADMINS };
  return withSession(address, async (session) => {
    const changed: string[] = [];
    const put = async (stream: string, type: string, content: object, onlyOver = false) => {
      const [last] = await new Reader(session).stream(stream, 'end', 'backwards', 1);
      if (onlyOver && last === undefined) return;
      if (JSON.stringify(last?.data) === JSON.stringify(content)) return;
      const event = { id: randomUUID(), type, data: bytesOf(JSON.stringify(content)), metadata: bytesOf('{}') };
      const writer = new BatchWriter();
      await session.repeating((client) =>
        session.inTime(writer.send(client, stream, last?.revision ?? NO_STREAM, [event], session.limits.callMs)),
      );
      changed.push(stream);
    };
    await put('$settings', '$settings', { $userStreamAcl: user, $systemStreamAcl: system });
    // Rights of its own would open the settings to whom these close them.
    await put('$$$settings', '$metadata', {}, true);
    await put('$$$all', '$metadata', { $acl: { $r: readers } });
    return { server: shown(address), changed };
  });
}

/**
 * Looks for everything that could hide, destroy or forge events of a ledger, or that this version cannot live with; as an
 * administrator of the node, since nobody else may read its system streams once it is prepared.
 * @throws Problem `invalid-input` for a role that is none; `store-unavailable`; `store-refused` when not even this may be asked.
 */
export async function examineStore(
  address: EsdbAddress,
  { ledger = address, roles, now = () => new Date(), limits = {} }: ExaminationOptions = {},
): Promise<Examination> {
  if (roles !== undefined) requireRoles(roles);
  const ofAddress = findingsInAddress(ledger, address);
  return withSession(
    address,
    async (session) => {
      const { nodes, leader } = await nodesOf(session, address, now);
      // Waiting for what an old server never says, or refusing its events without positions, would hide how old it is.
      const inStore = isBeforeCaughtUp(leader.version) ? undefined : await findingsInStore(session, roles);
      const inNodes = nodes.flatMap((node) => findingsInNode(node, now()));
      const findings = [...ofAddress, ...(await findingsInRank(ledger, ofAddress, inStore)), ...inNodes, ...(inStore ?? [])];
      return { server: shown(address), nodes, findings };
    },
    limits,
  );
}

/**
 * Every node that the one at the address knows of or that the address names, each asked by itself; and what the one at the
 * address says of itself. Others forget a node that has been away for long; who wrote the address has not.
 */
async function nodesOf(session: Session, address: EsdbAddress, now: () => Date) {
  const leader = await session.repeating((client) => session.inTime(client.serverInfo()));
  // A server too old to be asked for its version may not know of this either.
  const members = leader.version === 'unknown' ? [] : await session.repeating((client) => session.inTime(client.members()));
  const [first, ...others] = address.hosts;
  if (members.length <= 1 && first !== undefined && others.length === 0) return { leader, nodes: [nodeTold(first, leader, now)] };
  const named = address.hosts.length > 1 ? address.hosts.map((host) => ({ ...host, isAlive: true })) : [];
  // What gossip says of a node comes first.
  const known = new Map([...named, ...members].map((node) => [`${node.address}:${node.port}`, node]));
  const asked = [...known.values()].map(async ({ isAlive, ...host }) => {
    if (!isAlive) return nodeTold(host, undefined, now);
    const itself = { ...address, hosts: [host], discover: false };
    const asking = withSession(itself, (own) => own.repeating((client) => own.inTime(client.serverInfo())), BRIEF);
    // Why it does not answer is its administrator's business: the others are told of all the same.
    return nodeTold(host, await asking.catch(() => undefined), now);
  });
  return { leader, nodes: await Promise.all(asked) };
}

function nodeTold({ address, port }: Endpoint, info: ServerInfo | undefined, now: () => Date): NodeExamination {
  const clockAheadMs = info?.date === undefined ? null : info.date.getTime() - now().getTime();
  return { node: `${address}:${port}`, version: info?.version ?? null, clockAheadMs };
}

function findingsInNode({ node, version, clockAheadMs }: NodeExamination, today: Date): readonly Finding[] {
  if (version === null) return [{ code: 'node-unreachable', detail: `${node} belongs to the cluster and cannot be reached` }];
  return [
    ...findingsInVersion(version, today, node),
    ...(clockAheadMs !== null && Math.abs(clockAheadMs) > TOLERATED_SKEW_MS
      ? [{ code: 'clock-skew', detail: `the clock of ${node} is ${Math.round(clockAheadMs / 1_000)} seconds ahead of this machine's` }]
      : []),
  ];
}

/**
 * Whether the ledger's user is an administrator, by whatever name and however it was made one: nobody else may read a system
 * stream that has no rights of its own. Unless the rights let others (`acl-system-read`) or are not known: then it says nothing.
 */
async function findingsInRank(
  ledger: EsdbAddress,
  ofAddress: readonly Finding[],
  inStore: readonly Finding[] | undefined,
): Promise<readonly Finding[]> {
  const isNobody = !ledger.tls || (ledger.credentials === undefined && ledger.userCertFile === undefined);
  const isOpen = inStore?.some(({ code }) => code === SYSTEM_IS_READ) ?? true;
  if (isNobody || isOpen || ofAddress.some(({ code }) => code === RUNS_AS_ADMINISTRATOR)) return [];
  const reserved = `$administrators-only-${randomUUID()}`;
  const isAdministrator = await withSession(ledger, (session) => new Reader(session).mayRead(reserved), BRIEF);
  const detail = 'the ledger connects as one of the administrators, whom no rule of rights stops';
  return isAdministrator ? [{ code: RUNS_AS_ADMINISTRATOR, detail }] : [];
}

async function findingsInStore(session: Session, roles: StoreRoles | undefined): Promise<readonly Finding[]> {
  const reader = new Reader(session);
  const [settings] = await reader.stream('$settings', 'end', 'backwards', 1);
  const [everything] = await reader.stream('$$$all', 'end', 'backwards', 1);
  const [projected] = await reader.stream('$streams', 'start', 'forwards', 1);
  return [
    ...findingsInRights(settings?.data, everything?.data, roles),
    ...(projected === undefined
      ? []
      : [{ code: 'system-projections', detail: 'the built-in projections run; they write beside the ledger' }]),
    ...findingsInStreams(await streamMetadata(session)),
  ];
}

function requireRoles({ service, projector }: StoreRoles): void {
  for (const [field, role] of Object.entries({ role: service, 'reader-role': projector }))
    if (!/^[A-Za-z][A-Za-z0-9._-]{0,63}$/.test(role)) throw invalidField(field, 'role', 'must be the name of a group of users');
}

/** What the metadata of each stream says now, and which streams are gone for good. However long it takes, only silence ends it. */
async function streamMetadata(session: Session): Promise<readonly StreamMetadata[]> {
  const events = await session.repeating((client) => {
    const found: StoredEvent[] = [];
    let heard = 0;
    const filter = eventTypeFilter({
      prefixes: ['$metadata', '$streamDeleted'],
      checkpointInterval: 100,
      checkpointReached: () => void (heard += 1),
    });
    const subscription = client.subscribeToAll({ filter, requiresLeader: true });
    return session
      .inTime(
        new Promise<readonly StoredEvent[]>((resolve, reject) => {
          subscription
            .on('data', (event: ResolvedEvent) => {
              heard += 1;
              // An error thrown here would reach nobody.
              try {
                found.push(storedEvent(event));
              } catch (error) {
                reject(error instanceof Error ? error : new Error(String(error)));
              }
            })
            .on('error', reject)
            .on('caughtUp', () => resolve(found));
        }),
        () => heard,
      )
      .finally(() => void subscription.unsubscribe().catch(() => undefined));
  });
  const latest = new Map<string, StreamMetadata>();
  for (const { stream, type, data } of events) {
    if (type === '$streamDeleted') latest.set(stream, { stream, deleted: true, data: {} });
    else if (stream.startsWith('$$')) latest.set(stream.slice(2), { stream: stream.slice(2), deleted: false, data });
  }
  return [...latest.values()].sort((one, other) => (one.stream < other.stream ? -1 : 1));
}

async function withSession<Result>(
  address: EsdbAddress,
  work: (session: Session) => Promise<Result>,
  limits: Partial<Limits> = {},
): Promise<Result> {
  const session = new Session(address, { ...PATIENT, ...limits }, false);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
