import { setTimeout as sleep } from 'node:timers/promises';
import type { Projection } from './projection.js';
import type { LiveCheckpoint, ReadModels } from './read-models.js';
import { elsewhere, type Runner, type SubscriberStatus } from './subscriber.js';

/** What is known of the checkpoints is at most so old when somebody waits for them. */
const POLL_MS = 25;

interface Watched {
  readonly name: string;
  readonly kind: SubscriberStatus['kind'];
  movedAtMs: number | undefined;
}

/**
 * Sees how far the ledger has been followed where another process does the following: by the checkpoints that one writes.
 * That a projection has stopped is seen here, so that nobody waits for it; it is no fault of this process, whose own status
 * does not tell of it.
 */
export class Watcher {
  private readonly watched: Watched[] = [];
  private readonly known: Projection[] = [];
  private readonly stopping = new AbortController();
  private checkpoints: ReadonlyMap<string, LiveCheckpoint> = new Map();
  private readAtMs = Number.NEGATIVE_INFINITY;
  private reading: Promise<void> | undefined;

  constructor(private readonly readModels: ReadModels) {}

  add(projection: Projection): void {
    this.readModels.register(projection);
    this.known.push(projection);
    this.watched.push({ name: projection.name, kind: 'projection', movedAtMs: undefined });
  }

  /** A process manager that runs elsewhere. */
  manager(name: string): Runner {
    const one: Watched = { name, kind: 'process-manager', movedAtMs: undefined };
    this.watched.push(one);
    return {
      name,
      isHeld: false,
      gain: async () => undefined,
      lose: () => undefined,
      stop: async () => undefined,
      resume: () => Promise.reject(elsewhere(name)),
      status: () => this.statusOf(one),
      reached: (position, timeoutMs) => this.wait([one], position, timeoutMs),
    };
  }

  projections(): readonly Projection[] {
    return this.known;
  }

  /** Nothing is run by whoever watches. */
  holds(_name: string): boolean {
    return false;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
  }

  status(): readonly SubscriberStatus[] {
    return this.projected().map((one) => this.statusOf(one));
  }

  reached(position: number, timeoutMs: number, name?: string): Promise<boolean> {
    const asked = this.projected().filter((one) => name === undefined || one.name === name);
    return this.wait(asked, position, timeoutMs);
  }

  /** The same of those, among all or some, that have tables to answer from and have not stopped. */
  async reachedByRunning(position: number, timeoutMs: number, names?: readonly string[]): Promise<boolean> {
    await this.refresh();
    const asked = this.projected().filter(({ name }) => names?.includes(name) !== false && this.checkpoints.has(name));
    return this.wait(asked, position, timeoutMs, true);
  }

  private projected(): readonly Watched[] {
    return this.watched.filter(({ kind }) => kind === 'projection');
  }

  /** Nobody waits for what has stopped: it is passed over, or the answer is no at once. */
  private async wait(asked: readonly Watched[], position: number, timeoutMs: number, passesOver = false): Promise<boolean> {
    const { signal } = this.stopping;
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      await this.refresh();
      const behind = asked.map(({ name }) => this.checkpoints.get(name)).filter((at) => (at?.position ?? 0) < position);
      const stopped = behind.filter((at) => at !== undefined && at.failure !== null);
      if (behind.length === (passesOver ? stopped.length : 0)) return true;
      if ((stopped.length > 0 && !passesOver) || signal.aborted || performance.now() >= deadline) return false;
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private statusOf({ name, kind, movedAtMs }: Watched): SubscriberStatus {
    // Told as it was last seen; who has to have it as it is waits for `refresh` first.
    this.refresh().catch(() => undefined);
    const checkpoint = this.checkpoints.get(name);
    // A process manager that has had nothing to do has not noted where it stands either.
    const isBuilding = checkpoint === undefined && kind === 'projection';
    return {
      name,
      kind,
      position: checkpoint?.position ?? 0,
      state: isBuilding ? 'building' : 'running',
      ...(movedAtMs !== undefined && { movedAt: new Date(movedAtMs).toISOString() }),
    };
  }

  /** Reads the checkpoints, unless they have just been read. @throws whatever keeps the read models from being read. */
  refresh(): Promise<void> {
    this.reading ??= this.read().finally(() => (this.reading = undefined));
    return this.reading;
  }

  private async read(): Promise<void> {
    if (performance.now() - this.readAtMs < POLL_MS) return;
    const before = this.checkpoints;
    this.checkpoints = await this.readModels.liveCheckpoints();
    this.readAtMs = performance.now();
    for (const one of this.watched) {
      if (this.checkpoints.get(one.name)?.position !== before.get(one.name)?.position) one.movedAtMs = Date.now();
    }
  }
}
