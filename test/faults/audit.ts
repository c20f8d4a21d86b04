import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { esdbAdapter, openLedgerFile, parseAddress } from '@app/event-store';
import { derivedId } from '@app/kernel';
import { StandInLog } from '../stand-in/log.mjs';
import { STAND_IN_LOG } from '../support/store-under-test.js';
import type { Acknowledged } from './load.js';

interface StoredEvent {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly data: Record<string, unknown>;
  readonly commandId: string;
}

interface AwardMoney {
  granted: number;
  /** What the bank has paid and not returned, by instalment. */
  paid: Map<number, number>;
  grants: number;
  line: string | undefined;
  /** Lapsed or revoked: what is not paid is free again once nothing is at the bank. */
  hasEnded: boolean;
  openPayments: Map<number, string>;
}

const paidOf = ({ paid }: AwardMoney) => [...paid.values()].reduce((sum, amount) => sum + amount, 0);
const fen = (amount: unknown) => Math.round(Number(amount) * 100);

/** Everything that must hold of a ledger whatever happened to the processes that wrote it. Returns what does not. */
export async function auditLedger(dataFolder: string, acknowledged: readonly Acknowledged[]): Promise<readonly string[]> {
  const events = await readEvents(dataFolder);
  return [...lostOrDoubled(events, acknowledged), ...gaps(events, existsSync(join(dataFolder, 'ledger.db'))), ...moneyFaults(events)];
}

/** The events of the folder's ledger, of the stand-in node that keeps its log there, or of the real node under test. */
export async function readEvents(dataFolder: string): Promise<readonly StoredEvent[]> {
  if (existsSync(join(dataFolder, STAND_IN_LOG))) return readStandIn(join(dataFolder, STAND_IN_LOG));
  const file = join(dataFolder, 'ledger.db');
  const archive = existsSync(file)
    ? openLedgerFile(file)
    : new (await esdbAdapter()).EsdbArchive(parseAddress(process.env['LEDGER_TEST_ESDB_URL'] ?? ''));
  try {
    const events: StoredEvent[] = [];
    for await (const page of archive.read())
      for (const { data, metadata, ...record } of page)
        events.push({ ...record, data: data as StoredEvent['data'], commandId: metadata.commandId });
    return events;
  } finally {
    await archive.close();
  }
}

function readStandIn(file: string): readonly StoredEvent[] {
  return new StandInLog(file, { readOnly: true }).records
    .filter(({ type }) => !type.startsWith('$') && type !== 'ledger-ids-claimed')
    .map(({ position, stream, revision, type, data, metadata }) => ({
      ...{ position, stream, revision, type },
      data: JSON.parse(data.toString('utf8')) as Record<string, unknown>,
      commandId: (JSON.parse(metadata.toString('utf8')) as { commandId: string }).commandId,
    }));
}

function lostOrDoubled(events: readonly StoredEvent[], acknowledged: readonly Acknowledged[]): readonly string[] {
  const byCommand = new Map<string, StoredEvent[]>();
  for (const event of events) byCommand.set(event.commandId, [...(byCommand.get(event.commandId) ?? []), event]);
  const at = new Set(events.map(({ stream, revision }) => `${stream}@${revision}`));
  const faults: string[] = [];
  for (const { actor, key, path, stream, revision } of acknowledged) {
    if (!at.has(`${stream}@${revision}`)) faults.push(`lost: ${path} (${key}) was answered with ${stream}@${revision}`);
    const own = byCommand.get(derivedId('command', actor, key)) ?? [];
    // A repeated bank file adds nothing and so has no event of its own.
    if (own.length === 0 && !key.endsWith('.again')) faults.push(`lost: ${path} (${key}) left no event`);
    if (new Set(own.map((event) => event.stream)).size > 1) faults.push(`doubled: ${path} (${key}) wrote two streams`);
    const revisions = own.map((event) => event.revision);
    if (revisions.length > 0 && (revisions.at(-1) as number) - (revisions[0] as number) !== revisions.length - 1)
      faults.push(`doubled: ${path} (${key}) was applied twice`);
  }
  return faults;
}

/** Positions grow; in the embedded store without gaps. */
function gaps(events: readonly StoredEvent[], gapFree: boolean): readonly string[] {
  const heads = new Map<string, number>();
  let last = 0;
  return events.flatMap(({ position, stream, revision }, index) => {
    const expected = (heads.get(stream) ?? -1) + 1;
    heads.set(stream, revision);
    const placed = gapFree ? position === index + 1 : position > last;
    last = position;
    return placed && revision === expected ? [] : [`gap: ${stream}@${revision} at position ${position}`];
  });
}

/** Awards against budgets: no award without its reservation, nothing granted or paid twice, no line overdrawn. */
function moneyFaults(events: readonly StoredEvent[]): readonly string[] {
  const awards = new Map<string, AwardMoney>();
  const lines = new Map<string, { available: number; reserved: Map<string, number>; spent: Map<string, number> }>();
  const faults: string[] = [];
  for (const { stream, type, data } of events) {
    const award = awards.get(stream) ?? {
      granted: 0,
      paid: new Map(),
      grants: 0,
      line: undefined,
      hasEnded: false,
      openPayments: new Map(),
    };
    const line = lines.get(stream) ?? { available: 0, reserved: new Map(), spent: new Map() };
    const key = typeof data['award'] === 'string' ? data['award'] : '';
    const amount = fen(data['amount']);
    const add = (map: Map<string, number>, by: number) => map.set(key, (map.get(key) ?? 0) + by);
    switch (type.replace(/\.v\d+$/, '')) {
      case 'award-granted': {
        const budget = data['budget'] as { pack: string; line: string; period: string };
        Object.assign(award, {
          granted: award.granted + amount,
          grants: award.grants + 1,
          line: `budget-${budget.pack}.${budget.line}.${budget.period}`,
        });
        const reserved = lines.get(award.line as string)?.reserved.get(stream.slice('award-'.length)) ?? 0;
        if (reserved < amount) faults.push(`${stream} was granted without its reservation`);
        break;
      }
      case 'instalment-ordered':
        if (award.openPayments.has(Number(data['no']))) faults.push(`${stream}: instalment ${Number(data['no'])} is in two batches`);
        award.openPayments.set(Number(data['no']), String(data['batch']));
        break;
      case 'instalment-paid':
        if (award.paid.has(Number(data['no']))) faults.push(`${stream}: instalment ${Number(data['no'])} is paid twice`);
        award.paid.set(Number(data['no']), amount);
        if (paidOf(award) > award.granted) faults.push(`${stream} was paid more than granted`);
        break;
      case 'award-lapsed':
      case 'award-revoked':
        award.hasEnded = true;
        break;
      case 'instalment-returned':
        award.paid.delete(Number(data['no']));
        award.openPayments.delete(Number(data['no']));
        break;
      case 'instalment-order-cancelled':
        award.openPayments.delete(Number(data['no']));
        break;
      case 'budget-appropriated':
      case 'budget-transferred-in':
        line.available += amount;
        break;
      case 'budget-transferred-out':
        line.available -= amount;
        if (line.available < 0) faults.push(`${stream} has sent away what it does not have`);
        break;
      case 'budget-reserved':
        line.available -= amount;
        add(line.reserved, amount);
        if (line.available < 0) faults.push(`${stream} is overdrawn`);
        break;
      case 'budget-released':
        line.available += amount;
        add(line.reserved, -amount);
        break;
      case 'budget-spent':
        add(line.reserved, -amount);
        add(line.spent, amount);
        break;
      case 'budget-spending-returned':
        add(line.reserved, amount);
        add(line.spent, -amount);
        break;
      default: // moves no money
    }
    if (stream.startsWith('award-')) awards.set(stream, award);
    if (stream.startsWith('budget-')) lines.set(stream, line);
  }
  for (const [stream, award] of awards) {
    if (award.grants > 1) faults.push(`${stream} was granted ${award.grants} times`);
    const line = award.line === undefined ? undefined : lines.get(award.line);
    const id = stream.slice('award-'.length);
    const [reserved, spent] = [line?.reserved.get(id) ?? 0, line?.spent.get(id) ?? 0];
    const paid = paidOf(award);
    // Paid instalments stay among the open payments.
    const isAtBank = [...award.openPayments.keys()].some((no) => !award.paid.has(no));
    const needed = award.hasEnded && !isAtBank ? 0 : award.granted - paid;
    if (reserved !== needed) faults.push(`${stream}: its line holds ${reserved} and should hold ${needed}`);
    if (spent !== paid) faults.push(`${stream}: paid ${paid}, its line spent ${spent}`);
  }
  for (const [stream, { reserved }] of lines) {
    for (const [award, held] of reserved) {
      if (held !== 0 && (awards.get(`award-${award}`)?.granted ?? 0) === 0)
        faults.push(`${stream} holds ${held} for ${award}, which is not granted`);
    }
  }
  return faults;
}
