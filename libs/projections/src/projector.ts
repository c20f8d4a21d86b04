import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStore, RecordedEvent } from '@app/event-store';
import { isHandled, type Projection } from './projection.js';
import type { Checkpoint, ReadModels } from './read-models.js';
import { PositionGate, type SubscriberStatus } from './subscriber.js';

interface Running {
  readonly projection: Projection;
  readonly gate: PositionGate;
  checkpoint: Checkpoint;
  /** Why it stopped for good: an event it cannot apply. */
  error?: string;
  /** Why it cannot go on just now; retried. */
  failure?: string | undefined;
}

const RETRY_MS = 500;

/**
 * Feeds every projection from one subscription. Rows and checkpoint of a page are committed together, so an event
 * counts exactly once, whatever crashes and however many processes project into the same file. A projection that
 * cannot apply an event stops before it and reports it; the others go on.
 */
export class Projector {
  private readonly running: Running[] = [];
  private readonly stopping = new AbortController();
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: EventStore,
    private readonly readModels: ReadModels,
  ) {}

  /** Adds a projection and creates its tables; before `start`. */
  add(projection: Projection): void {
    const checkpoint = this.readModels.prepare(projection);
    this.running.push({ projection, checkpoint, gate: new PositionGate(checkpoint.position) });
  }

  start(): void {
    this.loop = this.run();
  }

  /** Ends after the page in work. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  status(): readonly SubscriberStatus[] {
    return this.running.map(({ projection, checkpoint, error, failure }) => {
      const reason = error ?? failure;
      return {
        name: projection.name,
        kind: 'projection',
        position: checkpoint.position,
        state: reason === undefined ? 'running' : 'stopped',
        ...(reason !== undefined && { error: reason }),
      };
    });
  }

  /** True when every projection, or the one named, has applied the event at the position; false after the time or when one has stopped. */
  async reached(position: number, timeoutMs: number, name?: string): Promise<boolean> {
    const asked = name === undefined ? this.running : this.running.filter(({ projection }) => projection.name === name);
    const results = await Promise.all(
      asked.map(async ({ gate, error }) => (error !== undefined && gate.position < position ? false : gate.reached(position, timeoutMs))),
    );
    return results.every(Boolean);
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.follow(signal);
      } catch (error) {
        // The store could not be read or the rows not written: nothing was skipped, so try again from the checkpoints.
        for (const running of this.running) running.failure = messageOf(error);
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private async follow(signal: AbortSignal): Promise<void> {
    const after = Math.min(...this.running.map(({ checkpoint }) => checkpoint.position));
    for await (const page of this.store.subscribe({ after, signal })) this.projectPage(page);
  }

  /** One transaction for all projections: it costs more than the share of one of them in a page. */
  private projectPage(page: readonly RecordedEvent[]): void {
    const projected = this.readModels.together(() =>
      this.running
        .filter(({ error }) => error === undefined)
        .map((running) => ({ running, ...this.project(running.projection, running.checkpoint, page) })),
    );
    for (const { running, checkpoint, error } of projected) {
      running.checkpoint = checkpoint;
      running.failure = undefined;
      running.gate.advance(checkpoint.position);
      if (error === undefined) continue;
      running.error = error;
      running.gate.giveUp();
    }
  }

  /** Applies what is new of a page, up to an event that cannot be applied. */
  private project(projection: Projection, from: Checkpoint, page: readonly RecordedEvent[]): Progress {
    const fresh = page.filter(({ position }) => position > from.position);
    if (fresh.length === 0) return { checkpoint: from };
    try {
      return this.write(projection, from, fresh);
    } catch (error) {
      if (isStorageFault(error)) throw error;
      if (fresh.length === 1) return { checkpoint: from, error: `position ${fresh[0]?.position}: ${messageOf(error)}` };
    }
    // One by one, so that everything before the event at fault is applied, and nothing of that event.
    let progress: Progress = { checkpoint: from };
    for (const event of fresh) {
      progress = this.project(projection, progress.checkpoint, [event]);
      if (progress.error !== undefined) break;
    }
    return progress;
  }

  private write(projection: Projection, from: Checkpoint, events: readonly RecordedEvent[]): Progress {
    const work = this.readModels.begin();
    for (const event of events) if (isHandled(projection, event)) projection.apply(event, work);
    const position = events.at(-1)?.position ?? from.position;
    if (this.readModels.commit(work, from, position)) return { checkpoint: { ...from, position } };
    // Another process has moved the checkpoint. With the same code it has done our work; with other code the tables are no longer ours.
    const present = this.readModels.checkpoint(projection.name);
    if (present?.version === from.version) return this.project(projection, present, events);
    return {
      checkpoint: from,
      error: `version ${present?.version ?? 'unknown'} of ${projection.name} has taken over its tables; this is version ${from.version}`,
    };
  }
}

/** Where a projection stands after a page, and why it stops there if it does. */
interface Progress {
  readonly checkpoint: Checkpoint;
  readonly error?: string;
}

/** The file cannot be read or written just now. A value that does not fit its column is the projection's own fault. */
function isStorageFault(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' && code.startsWith('SQLITE_') && !/^SQLITE_(CONSTRAINT|MISMATCH|RANGE|ERROR)/.test(code);
}

function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' ? message : String(error);
}
