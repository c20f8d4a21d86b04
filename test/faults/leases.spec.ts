import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { EventCodec, type EventStore, SqliteEventStore } from '@app/event-store';
import { derivedId } from '@app/kernel';
import { PostgresReadModels, type Projection, table } from '@app/projections';
import { PostgresServer } from '../stand-in/postgres.mjs';
import { ended } from '../support/served-ledger.js';
import { until } from '../support/until.js';

const WORKER = fileURLToPath(new URL('./lease-worker.mjs', import.meta.url));

/** A worker process, and what it has said. */
class Worker {
  readonly said: { gained?: string; lost?: string; reacted?: number; ready?: true }[] = [];
  private readonly child: ChildProcess;

  constructor(file: string, url: string) {
    this.child = spawn(process.execPath, [WORKER, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, LEDGER_READ_MODELS_URL: url },
    });
    createInterface(this.child.stdout as NodeJS.ReadableStream).on('line', (line) => this.said.push(JSON.parse(line) as never));
  }

  holds(name: string): boolean {
    const last = this.said.filter(({ gained, lost }) => gained === name || lost === name).at(-1);
    return last?.gained === name;
  }

  get isReady(): boolean {
    return this.said.some(({ ready }) => ready);
  }

  get reactions(): readonly number[] {
    return this.said.flatMap(({ reacted }) => reacted ?? []);
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  async end(name: NodeJS.Signals): Promise<void> {
    await ended(this.child, name);
  }
}

/** The way to a server, over a network that can fall silent: nothing arrives any more over connections there are, and nobody is told. */
class Network {
  private readonly sockets: Socket[] = [];
  private readonly server = createServer((near) => {
    if (this.isSilent) return void near.destroy();
    const far = connect(this.port, '127.0.0.1');
    this.sockets.push(near, far);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.pipe(far).pipe(near);
  });
  private isSilent = false;

  private constructor(private readonly port: number) {}

  /** The same database, reached over it. */
  static async before(url: string): Promise<Network & { readonly url: string }> {
    const target = new URL(url);
    const network = new Network(Number(target.port));
    await once(network.server.listen(0, '127.0.0.1'), 'listening');
    target.port = String((network.server.address() as AddressInfo).port);
    return Object.assign(network, { url: target.href });
  }

  fallSilent(): void {
    this.isSilent = true;
    for (const socket of this.sockets) socket.unpipe().pause();
  }

  /** For connections that are made from now on. */
  heal(): void {
    this.isSilent = false;
  }

  end(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

const names = ['counts', 'echo'] as const;

describe('workers that compete for the same read models', () => {
  const folder = mkdtempSync(join(tmpdir(), 'leases-'));
  const file = join(folder, 'events.db');
  const workers: Worker[] = [];
  let server: PostgresServer;
  let url: string;
  let store: EventStore;
  let reader: PostgresReadModels;
  let events = 0;

  beforeAll(async () => {
    server = await PostgresServer.start();
    url = await server.database();
    store = new SqliteEventStore(file, new EventCodec({ added: { version: 1 } }), { now: () => new Date('2024-05-01T04:00:00Z') });
    reader = await PostgresReadModels.open({ url, pool: 2, timeoutMs: 10_000 });
  });
  afterAll(async () => {
    for (const worker of workers) await worker.end('SIGKILL');
    await reader.close();
    await store.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function worker(at = url): Worker {
    const started = new Worker(file, at);
    workers.push(started);
    return started;
  }

  /** Appends one event to each of three streams. */
  async function append(): Promise<number> {
    const revision = events / 3 - 1;
    let position = 0;
    for (const stream of ['a', 'b', 'c']) {
      events += 1;
      const id = derivedId('leases', String(events));
      const metadata = {
        effectiveOn: '2024-05-01',
        actor: { id: 'a', unit: 'u', roles: [] },
        commandId: id,
        commandHash: 'h',
        correlationId: id,
        causationId: id,
      };
      ({ position } = await store.append(stream, revision, [{ id, type: 'added', data: {}, metadata }]));
    }
    return position;
  }

  const standing = async () => {
    const checkpoints = await reader.liveCheckpoints();
    return names.map((name) => checkpoints.get(name)?.position ?? 0);
  };
  const followed = (position: number) => until(async () => (await standing()).every((each) => each >= position));

  it('run each projection once: the next takes over from one that is killed, and one that slept through its lease writes nothing more', async () => {
    const first = worker();
    await until(() => names.every((name) => first.holds(name)));
    const second = worker();
    // They share: one of the two each.
    await until(() => names.every((name) => first.holds(name) !== second.holds(name)));
    await followed(await append());

    await first.end('SIGKILL');
    await until(() => names.every((name) => second.holds(name)));
    await followed(await append());

    const third = worker();
    await until(() => names.every((name) => second.holds(name) !== third.holds(name)));
    // It sleeps with whatever it has open, and wakes when another has taken its place.
    second.signal('SIGSTOP');
    const unseen = await append();
    await until(() => names.every((name) => third.holds(name)));
    await followed(unseen);
    second.signal('SIGCONT');
    for (let round = 0; round < 5; round += 1) await followed(await append());
    await until(() => names.every((name) => !second.holds(name)));
    const last = await append();
    await followed(last);

    const rows = await reader
      .from<{ lease_count__1: { stream: string; total: number } }>()
      .selectFrom('lease_count__1')
      .selectAll()
      .orderBy('stream')
      .execute();
    expect(rows.map(({ stream, total }) => [stream, total])).toEqual(['a', 'b', 'c'].map((stream) => [stream, events / 3]));
    const all = Array.from({ length: last }, (_, index) => index + 1);
    expect([...new Set(workers.flatMap(({ reactions }) => reactions))].sort((one, other) => one - other)).toEqual(all);
    // What was recorded after another had taken over is none of its business.
    expect(second.reactions.filter((position) => position > unseen)).toEqual([]);

    // It has come back for its part. Told to end, the other does not keep it waiting.
    await until(() => names.every((name) => second.holds(name) !== third.holds(name)));
    await third.end('SIGTERM');
    await until(() => names.every((name) => second.holds(name)));
    await followed(await append());
  });

  it("go on in each other's place when one is cut off by a network that swallows everything, and that one comes back", async () => {
    const database = await server.database();
    const network = await Network.before(database);
    const direct = await PostgresReadModels.open({ url: database, pool: 2, timeoutMs: 10_000 });
    const reached = (position: number) =>
      until(async () => {
        const checkpoints = await direct.liveCheckpoints();
        return names.every((name) => (checkpoints.get(name)?.position ?? 0) >= position);
      });
    const first = worker(network.url);
    await until(() => names.every((name) => first.holds(name)));
    await reached(await append());
    const second = worker(database);
    await until(() => names.every((name) => first.holds(name) !== second.holds(name)));

    network.fallSilent();
    const unseen = await append();
    await until(() => names.every((name) => second.holds(name)));
    await reached(unseen);
    await until(() => names.every((name) => !first.holds(name)));
    await reached(await append());

    network.heal();
    await second.end('SIGTERM');
    await until(() => names.every((name) => first.holds(name)));
    await reached(await append());
    const rows = await direct.from<{ lease_count: { total: number } }>().selectFrom('lease_count').select('total').execute();
    expect(rows).toEqual(Array.from({ length: 3 }, () => ({ total: events / 3 })));
    await first.end('SIGKILL');
    await direct.close();
    network.end();
  });

  it('are refused, by the tables themselves, a commit under a lease that another holds', async () => {
    const counts = table({ name: 'fenced', columns: { id: 'text' as const }, key: ['id'] });
    const projection: Projection = { name: 'fenced', version: 1, tables: [counts] as never[], handles: 'all', apply: () => undefined };
    const [one, other] = [
      await PostgresReadModels.open({ url, pool: 2, timeoutMs: 10_000 }),
      await PostgresReadModels.open({ url, pool: 2, timeoutMs: 10_000 }),
    ];
    const held = new Set<string>();
    const candidate = (name: string) => ({
      gained: async () => void held.add(name),
      lost: () => void held.delete(name),
    });
    const candidacies = [await one.stand(['fenced'], candidate('one'))];
    const from = await one.openLive(projection);
    const batch = (id: string, at = from) => ({
      from: at,
      to: at.position + 1,
      apply: (work: { put(into: typeof counts, row: { id: string }): void }) => work.put(counts, { id }),
    });
    expect(await one.commit([batch('first')])).toMatchObject([{ kind: 'committed' }]);
    candidacies.push(await other.stand(['fenced'], candidate('other')));
    expect([...held]).toEqual(['one']);
    // The lease has run out, and the one who held it does not know.
    Object.assign((one as unknown as { leases: object }).leases, {
      renew: async () => undefined,
      acquire: async () => undefined,
      giveUpOverdue: () => undefined,
    });
    await sql`UPDATE lease SET expires_at = '-infinity' WHERE name = 'fenced'`.execute(reader.queries);
    await until(() => held.has('other'));
    const here = { ...from, position: 1 };
    const outcomes: string[] = [];
    while (outcomes.length === 0) {
      // Its connections have been ended; with new ones it is told why.
      const [outcome] = await one.commit([batch('deposed', here)]).catch(() => []);
      if (outcome !== undefined) outcomes.push(outcome.kind);
    }
    expect(outcomes).toEqual(['deposed']);
    // Nor may it change what there is of tables.
    for (const change of [
      () => one.prepare(projection),
      () => one.begin([projection], 'building'),
      () => one.complete(projection, from),
      () => one.promote(projection, from),
      () => one.abandon(from),
      () => one.saveCheckpoint({ name: 'fenced', version: 1, position: 9 }),
    ])
      await expect(change()).rejects.toMatchObject({ code: 'projector-elsewhere' });
    expect(await other.commit([batch('second', here)])).toMatchObject([{ kind: 'committed' }]);
    const rows = await other.from<{ fenced__1: { id: string } }>().selectFrom('fenced__1').select('id').orderBy('id').execute();
    expect(rows).toEqual([{ id: 'first' }, { id: 'second' }]);
    for (const candidacy of candidacies) await candidacy.end();
    await one.close();
    await other.close();
  });
});
