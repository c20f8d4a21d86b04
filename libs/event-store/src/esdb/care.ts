import { randomUUID } from 'node:crypto';
import { eventTypeFilter, type ResolvedEvent } from '@eventstore/db-client';
import { invalidField } from '@app/kernel';
import { NO_STREAM } from '../event-store.js';
import { type EsdbAddress, shown } from './address.js';
import { BatchWriter, bytesOf } from './batch-writer.js';
import {
  type Acl,
  ADMINS,
  type Finding,
  findingsInAddress,
  findingsInRights,
  findingsInStreams,
  findingsInVersion,
  isBeforeCaughtUp,
  type StoreRoles,
  type StreamMetadata,
} from './findings.js';
import { Reader, type StoredEvent, storedEvent } from './reading.js';
import { DEFAULT_LIMITS, Session } from './session.js';

/** Looking through a large ledger takes the server its time. */
const PATIENT = { ...DEFAULT_LIMITS, callMs: 120_000, giveUpMs: 10_000 };
/** Beyond this, times recorded by the server and days counted by the ledger can disagree. */
const TOLERATED_SKEW_MS = 5_000;

export interface Preparation {
  readonly server: string;
  /** What had to be written; empty when the node was prepared already. */
  readonly changed: readonly string[];
}

export interface Examination {
  readonly server: string;
  readonly version: string;
  /** How far the server's clock is ahead of ours, to the second; null when it does not tell. */
  readonly clockAheadMs: number | null;
  /** Everything unsafe; empty for a node that can be trusted with a ledger. */
  readonly findings: readonly Finding[];
}

export interface ExaminationOptions {
  /** How the ledger itself connects, where it is examined as somebody else. */
  readonly ledger?: EsdbAddress;
  /** Who may write and read; without them only rights that are open to everybody are found. */
  readonly roles?: StoreRoles | undefined;
  readonly now?: () => Date;
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
    const put = async (stream: string, type: string, content: object) => {
      const [last] = await new Reader(session).stream(stream, 'end', 'backwards', 1);
      if (JSON.stringify(last?.data) === JSON.stringify(content)) return;
      const event = { id: randomUUID(), type, data: bytesOf(JSON.stringify(content)), metadata: bytesOf('{}') };
      const writer = new BatchWriter();
      await session.repeating((client) =>
        session.inTime(writer.send(client, stream, last?.revision ?? NO_STREAM, [event], session.limits.callMs)),
      );
      changed.push(stream);
    };
    await put('$settings', '$settings', { $userStreamAcl: user, $systemStreamAcl: system });
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
  { ledger = address, roles, now = () => new Date() }: ExaminationOptions = {},
): Promise<Examination> {
  if (roles !== undefined) requireRoles(roles);
  return withSession(address, async (session) => {
    const { version, date } = await session.repeating((client) => session.inTime(client.serverInfo()));
    const clockAheadMs = date === undefined ? null : date.getTime() - now().getTime();
    const findings = [
      ...findingsInAddress(ledger, address),
      ...findingsInVersion(version),
      ...(clockAheadMs !== null && Math.abs(clockAheadMs) > TOLERATED_SKEW_MS
        ? [{ code: 'clock-skew', detail: `the server's clock is ${Math.round(clockAheadMs / 1_000)} seconds ahead of this machine's` }]
        : []),
      // Waiting for what an old server never says, or refusing its events without positions, would hide how old it is.
      ...(isBeforeCaughtUp(version) ? [] : await findingsInStore(session, roles)),
    ];
    return { server: shown(address), version, clockAheadMs, findings };
  });
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

/** What the metadata of each stream says now, and which streams are gone for good. */
async function streamMetadata(session: Session): Promise<readonly StreamMetadata[]> {
  const events = await session.repeating((client) => {
    const found: StoredEvent[] = [];
    const filter = eventTypeFilter({ prefixes: ['$metadata', '$streamDeleted'], checkpointInterval: 1_000 });
    const subscription = client.subscribeToAll({ filter, requiresLeader: true });
    return session
      .inTime(
        new Promise<readonly StoredEvent[]>((resolve, reject) => {
          subscription
            .on('data', (event: ResolvedEvent) => found.push(storedEvent(event)))
            .on('error', reject)
            .on('caughtUp', () => resolve(found));
        }),
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

async function withSession<Result>(address: EsdbAddress, work: (session: Session) => Promise<Result>): Promise<Result> {
  const session = new Session(address, PATIENT, false);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
