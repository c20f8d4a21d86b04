import { randomUUID } from 'node:crypto';
import { eventTypeFilter, type ResolvedEvent } from '@eventstore/db-client';
import { invalidField } from '@app/kernel';
import { NO_STREAM } from '../event-store.js';
import { type EsdbAddress, shown } from './address.js';
import { BatchWriter, bytesOf } from './batch-writer.js';
import {
  type Acl,
  type Finding,
  findingsInAddress,
  findingsInSettings,
  findingsInStreams,
  findingsInVersion,
  type StreamMetadata,
} from './findings.js';
import { Reader, type StoredEvent, storedEvent } from './reading.js';
import { DEFAULT_LIMITS, Session } from './session.js';

/** Looking through a large ledger takes the server its time. */
const PATIENT = { ...DEFAULT_LIMITS, callMs: 120_000, giveUpMs: 10_000 };
/** Beyond this, times recorded by the server and days counted by the ledger can disagree. */
const TOLERATED_SKEW_MS = 5_000;
const ADMINS = '$admins';

export interface StoreRoles {
  /** The role the ledger's processes write and read as. */
  readonly service: string;
  /** The role of processes that only follow the ledger. */
  readonly projector: string;
}

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

/**
 * Sets the rights a ledger needs, as an administrator of the node: the service may append and read, the projector may
 * read, also everything at once; only administrators may delete streams or write their metadata.
 * @throws Problem `invalid-input` for a role that is none; `store-unavailable`; `store-refused` without the rights.
 */
export async function prepareStore(address: EsdbAddress, { service, projector }: StoreRoles): Promise<Preparation> {
  for (const [field, role] of Object.entries({ role: service, 'reader-role': projector }))
    if (!/^[A-Za-z][A-Za-z0-9._-]{0,63}$/.test(role)) throw invalidField(field, 'role', 'must be the name of a group of users');
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
 * Looks for everything that could hide, destroy or forge events of a ledger, or that this version cannot live with.
 * @throws Problem `store-unavailable`; `store-refused` when not even this may be asked.
 */
export async function examineStore(address: EsdbAddress, now: () => Date = () => new Date()): Promise<Examination> {
  return withSession(address, async (session) => {
    const { version, date } = await session.repeating((client) => session.inTime(client.serverInfo()));
    const clockAheadMs = date === undefined ? null : date.getTime() - now().getTime();
    const reader = new Reader(session);
    const [settings] = await reader.stream('$settings', 'end', 'backwards', 1);
    const [projected] = await reader.stream('$streams', 'start', 'forwards', 1);
    const findings = [
      ...findingsInAddress(address),
      ...findingsInVersion(version),
      ...(clockAheadMs !== null && Math.abs(clockAheadMs) > TOLERATED_SKEW_MS
        ? [{ code: 'clock-skew', detail: `the server's clock is ${Math.round(clockAheadMs / 1_000)} seconds ahead of this machine's` }]
        : []),
      ...findingsInSettings(settings?.data),
      ...(projected === undefined
        ? []
        : [{ code: 'system-projections', detail: 'the built-in projections run; they write beside the ledger' }]),
      ...findingsInStreams(await streamMetadata(session)),
    ];
    return { server: shown(address), version, clockAheadMs, findings };
  });
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
