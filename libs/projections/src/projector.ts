import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStore, RecordedEvent } from '@app/event-store';
import type { Projection } from './projection.js';
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

  /** True when every projection has applied the event at the position; false after the time or when one has stopped. */
  async reached(position: number, timeoutMs: number): Promise<boolean> {
    const results = await Promise.all(
      this.running.map(async ({ gate, error }) => (error !== undefined && gate.position < position ? false : gate.reached(position, timeoutMs))),
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
        for (const running of this.running) running.failure = error instanceof Error ? error.message : String(error);
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
      this.running.filter(({ error }) => error === undefined).map((running) => ({ running, checkpoint: this.project(running, page) })),
    );
    for (const { running, checkpoint } of projected) {
      running.checkpoint = checkpoint;
      running.failure = undefined;
      running.gate.advance(checkpoint.position);
    }
  }

  /** Where the projection stands after the page. */
  private project(running: Running, page: readonly RecordedEvent[]): Checkpoint {
    const { projection } = running;
    const last = page.at(-1)?.position ?? 0;
    let { checkpoint } = running;
    // A second round only when another process has moved the checkpoint meanwhile.
    while (checkpoint.position < last) {
      const work = this.readModels.begin();
      let position = checkpoint.position;
      try {
        for (const event of page) {
          if (event.position <= checkpoint.position) continue;
          if (projection.handles.has(event.type)) projection.apply(event, work);
          position = event.position;
        }
      } catch (error) {
        running.error = `position ${position + 1}: ${error instanceof Error ? error.message : String(error)}`;
        return checkpoint;
      }
      const isWritten = this.readModels.commit(work, checkpoint, position);
      checkpoint = isWritten ? { ...checkpoint, position } : (this.readModels.checkpoint(projection.name) ?? checkpoint);
    }
    return checkpoint;
  }
}
