import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { esdbAdapter, parseAddress } from '@app/event-store';
import { type PersonRole, sha256 } from '@app/kernel';
import { readModelSettings } from '@app/projections';
import { bundledPackFiles } from '@app/policies';
import { seededRandom } from '../support/random.js';
import { insist, ServedLedger } from '../support/served-ledger.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { type Fault, StandInNode } from '../stand-in/node.mjs';
import type { PostgresServer } from '../stand-in/postgres.mjs';
import { StandInProcess } from '../stand-in/process.mjs';
import { type ESDB, nodeToStrike } from '../support/store-under-test.js';
import { auditLedger, readEvents } from './audit.js';
import type { Fate, Point } from './mortal-process.js';
import { type Door, PACK, RandomOffice } from './random-office.js';
import { HandClock, Succession } from './succession.js';

const DAY_MS = 86_400_000;
const BEGIN = '2024-02-01';
const PERSONS: readonly PersonRole[] = ['clerk', 'reviewer', 'approver', 'finance', 'auditor', 'administrator'];

export interface Schedule {
  readonly seed: number;
  readonly store: 'embedded' | typeof ESDB;
  /**
   * `simulated`: the ledger runs in this process, which plays its deaths and time-outs, at any call of its stores. Without
   * a PostgreSQL or a real node it runs in virtual time, and the same seed plays the same history.
   * `processes`: real servers over HTTP, ended by SIGKILL at random moments, and with them the node, or the relay before a real
   * one. Where events and read models are both elsewhere, one answers and two follow, which share the leases; these are killed
   * too, and put to sleep.
   */
  readonly kind: 'simulated' | 'processes';
  /** How often officers set to work in a simulated one, a fault of the node and a step of the clock each time. */
  readonly rounds: number;
}

export interface Report extends Schedule {
  readonly passed: boolean;
  /** What did not hold. */
  readonly faults: readonly string[];
  readonly commands: number;
  readonly acknowledged: number;
  readonly events: number;
  /** Of every event, in their order: two ledgers with the same have the same history. Empty when nothing came of it. */
  readonly digest: string;
  /** How often a process of the ledger, or the node, has died. */
  readonly deaths: number;
  /** Time-outs, lost and late answers, broken connections. */
  readonly disturbances: number;
  /** Jumps of the clock, forward and back. */
  readonly jumps: number;
  readonly ms: number;
}

interface Played {
  readonly office: RandomOffice;
  readonly folder: string;
  readonly deaths: number;
  readonly disturbances: number;
  readonly jumps: number;
  readonly faults: readonly string[];
}

/**
 * Plays a schedule of faults over random commands, and then checks everything that must hold. The folder of one that failed
 * stays. With a PostgreSQL the read models are there: it crashes now and then, and now and then the leases of a simulated
 * ledger go to another worker.
 */
export async function play(schedule: Schedule, postgres?: PostgresServer): Promise<Report> {
  const began = performance.now();
  const folder = mkdtempSync(join(tmpdir(), `ledger-soak-${schedule.seed}-`));
  const report = (faults: readonly string[], played?: Played, events: Awaited<ReturnType<typeof readEvents>> = []): Report => ({
    ...schedule,
    passed: faults.length === 0,
    faults: faults.length === 0 ? [] : [...faults.slice(0, 10), `its files are in ${folder}`],
    commands: played?.office.commands ?? 0,
    acknowledged: played?.office.done.length ?? 0,
    events: events.length,
    digest: events.length === 0 ? '' : digestOf(events),
    ...{ deaths: played?.deaths ?? 0, disturbances: played?.disturbances ?? 0, jumps: played?.jumps ?? 0 },
    ms: Math.round(performance.now() - began),
  });
  try {
    const played = await playing(schedule, folder, postgres);
    const faults = [...played.faults, ...played.office.faults, ...(await auditLedger(folder, played.office.done))];
    const told = report(faults, played, await readEvents(folder));
    if (told.passed) rmSync(folder, { recursive: true, force: true });
    return told;
  } catch (error) {
    return report([error instanceof Error ? (error.stack ?? error.message) : String(error)]);
  }
}

/** Ids are left out: those of commands by which the ledger carries something further itself are of chance. */
const digestOf = (events: Awaited<ReturnType<typeof readEvents>>) =>
  sha256(JSON.stringify(events.map(({ position, stream, revision, type, data }) => [position, stream, revision, type, data])));

async function playing(schedule: Schedule, folder: string, postgres?: PostgresServer): Promise<Played> {
  if (schedule.kind === 'processes') return processes(schedule, folder, postgres);
  // Loaded before: how long that takes is a matter of chance.
  await esdbAdapter();
  const simulation = () => simulated(schedule, folder, postgres);
  return isAlone(schedule.store, postgres) ? inVirtualTime(simulation, schedule.seed) : simulation();
}

/** Whether a simulated ledger waits for nobody outside this process. */
const isAlone = (store: Schedule['store'], postgres?: PostgresServer) => postgres === undefined && store !== 'node';

async function opened(door: Door, office: RandomOffice): Promise<void> {
  const file = `${PACK}.yaml`;
  const pack = { pack: bundledPackFiles().get(file), file, evidence: [{ title: '原件' }] };
  await door.send('administrator', 'publish', '/policies', pack);
  await office.open();
}

/** How likely something befalls a process at a point of each kind, and what. */
const RISKS: Readonly<Record<Point['kind'], readonly [risk: number, fates: readonly Fate[]]>> = {
  append: [0.03, ['before', 'after', 'late', 'lost', 'done', 'delayed']],
  send: [0.01, ['before', 'after', 'late', 'lost', 'done', 'delayed']],
  query: [0.002, ['before', 'lost']],
  reaction: [0.002, ['before', 'after', 'lost', 'done']],
  rows: [0.01, ['before', 'after', 'lost', 'done']],
  statement: [0.001, ['before', 'after', 'lost', 'done']],
  commit: [0.01, ['before', 'after', 'lost', 'done']],
  checkpoint: [0.02, ['before', 'after', 'lost', 'done']],
  read: [0.002, ['before', 'after', 'lost']],
  page: [0.002, ['before', 'lost']],
};
const DEADLY: ReadonlySet<Fate> = new Set(['before', 'after', 'late']);

/** What befalls a connection to the node, and what a node says that is busy, or that has lost the lead and tells who has it: itself again. */
const nodeFaults = (port: number): readonly Fault[] => [
  { on: 'batchAppend', kind: 'break' },
  { on: 'batchAppend', kind: 'lost-answer' },
  { on: 'batchAppend', kind: 'twice' },
  { on: 'batchAppend', kind: 'late', delayMs: 30 },
  { on: 'batchAppend', kind: 'late-answer', delayMs: 30 },
  { on: 'batchAppend', kind: 'silent' },
  { on: 'batchAppend', kind: 'status-after', code: status.UNAVAILABLE, message: 'busy' },
  {
    on: 'batchAppend',
    kind: 'refuse',
    code: status.NOT_FOUND,
    exception: 'not-leader',
    trailers: { 'leader-endpoint-host': '127.0.0.1', 'leader-endpoint-port': port },
  },
  { on: 'subscribe', kind: 'break', after: 3 },
  { on: 'subscribe', kind: 'refuse', code: status.UNAVAILABLE },
  { on: 'read', kind: 'break', after: 1 },
  { on: 'read', kind: 'refuse', code: status.UNAVAILABLE },
];
/** How long a call takes at most, in schedules of one pace and another: some interleave only what comes together, in some time-outs are near. */
const DURATIONS_MS = [0, 2, 20, 200];
const OFFICERS = 3;
const EACH = 4;

function drawn<Item>(items: readonly Item[], at: number): Item {
  return items[Math.floor(at * items.length)] as Item;
}

async function simulated({ seed, store, rounds }: Schedule, folder: string, postgres?: PostgresServer): Promise<Played> {
  const random = seededRandom(seed);
  const clock = HandClock.on(BEGIN);
  const isVirtual = isAlone(store, postgres);
  const node = store === 'embedded' ? undefined : await StandInNode.start({ ...(await nodeToStrike(store, folder)), inProcess: isVirtual });
  const database = postgres && readModelSettings({ LEDGER_READ_MODELS_URL: await postgres.database(), LEDGER_READ_MODELS_POOL: '4' });
  const ledger = await Succession.begin(clock, {
    folder,
    ...(node && { esdb: parseAddress(node.url) }),
    ...(database && { postgres: database }),
  });
  const deposed: string[] = [];
  let disturbances = 0;
  let jumps = 0;
  try {
    const door: Door = {
      send: (actor, key, path, body) => ledger.send(actor, key, path, body),
      get: (path) => ledger.get(path),
      now: () => clock.now(),
    };
    const office = new RandomOffice(door, seed);
    await opened(door, office);
    const risks = seededRandom(seed + 1_000_003);
    ledger.fate = ({ kind }) => {
      const [risk, fates] = RISKS[kind];
      if (risks() >= risk) return undefined;
      const fate = fates[Math.floor(risks() * fates.length)] as Fate;
      if (!DEADLY.has(fate)) disturbances += 1;
      ledger.delay = 1 + Math.floor(risks() * 30);
      return fate;
    };
    // In virtual time calls take as long as is drawn for them; otherwise as long as they take.
    const [longestMs, durations] = [drawn(DURATIONS_MS, random()), seededRandom(seed + 3_000_017)];
    if (isVirtual) ledger.first = () => (durations() < 0.5 ? sleep(durations() * longestMs) : undefined);
    for (let round = 0; round < rounds; round += 1) {
      const fault = random();
      if (node !== undefined) {
        node.inject(drawn(nodeFaults(node.port), fault));
        disturbances += 1;
        if (random() < 0.2) await node.restart(50);
      }
      const working = office.work(round, OFFICERS, EACH);
      if (postgres !== undefined) {
        const draw = random();
        if (draw < 0.4) await sleep(random() * 300);
        if (draw < 0.2) await postgres.restart();
        else if (draw < 0.4) deposed.push(...(await ledger.depose({ cutOff: draw < 0.3, dying: random() < 0.5, forMs: random() * 4_000 })));
        if (draw < 0.4) disturbances += 1;
      }
      await working;
      // Forward for the notices to end; now and then back, as when somebody sets a clock right.
      const days = random() < 0.25 ? -Math.ceil(random() * 3) : Math.ceil(random() * 8);
      clock.instant += days * DAY_MS;
      if (Math.abs(days) > 1) jumps += 1;
    }
    ledger.fate = () => undefined;
    ledger.first = () => undefined;
    node?.calm();
    await ledger.arriveAll();
    await ledger.settle();
    const faults = [...deposed];
    faults.push(
      ...(await differences(
        door,
        office,
        () => ledger.settle(),
        () => ledger.head(),
      )),
    );
    faults.push(...(await ledger.differingReadModels()));
    return { office, folder, deaths: ledger.deaths, disturbances, jumps, faults };
  } finally {
    await ledger.end();
    await node?.stop();
  }
}

const KILLS = 2;
/** Longer than a lease lasts, or shorter. */
const MOST_ASLEEP_MS = 8_000;

async function processes({ seed, store }: Schedule, folder: string, postgres?: PostgresServer): Promise<Played> {
  const random = seededRandom(seed);
  const node = store === 'embedded' ? undefined : await StandInProcess.start(await nodeToStrike(store, folder));
  const environment = {
    ...(node && { LEDGER_STORE: 'esdb', LEDGER_ESDB_URL: node.url }),
    ...(postgres && { LEDGER_READ_MODELS_URL: await postgres.database() }),
  };
  const isCluster = node !== undefined && postgres !== undefined;
  const served = await ServedLedger.start(folder, { environment }, { role: isCluster ? 'api' : 'all' });
  const workers = await Promise.all(
    (isCluster ? ['worker-1', 'worker-2'] : []).map((name) =>
      ServedLedger.start(join(folder, name), { environment }, { role: 'worker', clockOf: served }),
    ),
  );
  const all = [served, ...workers];
  let jumps = 0;
  let disturbances = 0;
  let deaths = 0;
  try {
    const tokens = new Map<string, string>();
    for (const role of PERSONS) for (const no of ['', '2', '3']) tokens.set(`${role}${no}`, await served.token(`${role}${no}`, role));
    const door: Door = {
      send: async (actor, key, path, body) => {
        const answer = await insist(served.url, tokens.get(actor) as string, `/v1${path}`, body, key, () => false);
        const refused = answer !== undefined && answer.status >= 400 ? String(answer.body['code']) : undefined;
        return { body: answer?.body ?? {}, ...(refused !== undefined && { refused }) };
      },
      get: async (path) => {
        for (;;) {
          try {
            return await served.get(`/v1${path}`, tokens.get('auditor') as string);
          } catch {
            await sleep(50);
          }
        }
      },
      now: () => served.now(),
    };
    const office = new RandomOffice(door, seed);
    await opened(door, office);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const working = office.work(kill, OFFICERS, EACH);
      for (const one of all) one.prepareNext();
      await sleep(100 + random() * 1_500);
      if (node !== undefined) {
        node.inject(drawn(nodeFaults(node.port), random()));
        disturbances += 1;
        if (random() < 0.5) {
          await node.kill();
          await node.restart();
          deaths += 1;
        }
      }
      if (postgres !== undefined && random() < 0.5) {
        await postgres.restart();
        disturbances += 1;
      }
      if (workers.length > 0) {
        const worker = drawn(workers, random());
        if (random() < 0.5) {
          await worker.sleep(random() * MOST_ASLEEP_MS);
          disturbances += 1;
        } else {
          await worker.kill();
          await worker.restart();
          deaths += 1;
        }
      }
      // All of them: they have one clock.
      await Promise.all(all.map((one) => one.kill()));
      deaths += all.length;
      const days = random() < 0.3 ? -2 : 7;
      for (const one of all) one.shift(days);
      jumps += 1;
      await Promise.all(all.map((one) => one.restart()));
      await working;
    }
    await office.work(KILLS, OFFICERS, EACH);
    await served.settle();
    const head = async () => (await served.get('/health', ''))['position'] as number;
    const faults = await differences(door, office, () => served.settle(), head);
    faults.push(...(await verified(served)));
    for (const one of all) await one.stop();
    return { office, folder, deaths, disturbances, jumps, faults };
  } finally {
    for (const one of all) await one.kill();
    await node?.kill();
  }
}

/** Compares the read models of a server with ones built anew, as its command line would. */
async function verified(served: ServedLedger): Promise<readonly string[]> {
  const token = await served.token('administrator', 'administrator');
  const ask = async (path: string) =>
    (await served.get(path, token)) as unknown as readonly { name: string; kind: string; state: string }[];
  const names = (await ask('/v1/subscribers')).filter(({ kind }) => kind === 'projection').map(({ name }) => name);
  const asked = await insist(served.url, token, '/v1/subscribers/verify', { names }, 'verify', () => false);
  if (asked === undefined || asked.status >= 400) return [`the verification is refused: ${JSON.stringify(asked?.body)}`];
  for (;;) {
    const all = await ask('/v1/subscribers/verifications');
    if (all.length === names.length && all.every(({ state }) => state !== 'running'))
      return all.filter(({ state }) => state !== 'equal').map((one) => JSON.stringify(one));
    await sleep(100);
  }
}

/** What the bank did beyond what was asked stands in a reconciliation until people have dealt with it; that is no fault. */
const LEFT_TO_PEOPLE = /^(unexpected payment|overpaid|clawed back)/;

/** Every command that was answered gets its answer again, and changes nothing; the books balance. */
async function differences(door: Door, office: RandomOffice, settle: () => Promise<void>, head: () => Promise<number>): Promise<string[]> {
  const faults: string[] = [];
  const before = await head();
  for (const { actor, key, path, body, stream, revision } of office.done) {
    const again = await door.send(actor, key, path, body);
    const same = again.refused === undefined && again.body['stream'] === stream && again.body['revision'] === revision;
    if (!same) faults.push(`${path} (${key}) was answered with ${stream}@${revision}, and now ${JSON.stringify(again)}`);
  }
  await settle();
  const after = await head();
  if (after !== before) faults.push(`asking again has added ${after - before} events`);
  const trial = await door.get('/balances/trial');
  if (trial['balanced'] !== true) faults.push(`out of balance: ${JSON.stringify(trial)}`);
  const { differences: found } = (await door.get('/balances/reconciliation')) as { differences?: readonly { figure: string }[] };
  for (const difference of found ?? [{ figure: 'no reconciliation' }])
    if (!LEFT_TO_PEOPLE.test(difference.figure)) faults.push(`not reconciled: ${JSON.stringify(difference)}`);
  const { items } = (await door.get('/awards?status=granting')) as { items: readonly object[] };
  if (items.length > 0) faults.push(`still being granted: ${JSON.stringify(items)}`);
  return faults;
}
