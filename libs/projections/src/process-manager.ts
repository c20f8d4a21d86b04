import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '@app/kernel';
import type { EventStore, RecordedEvent } from '@app/event-store';
import type { ReadModels } from './read-models.js';
import { PositionGate, type Runner, type SubscriberStatus } from './subscriber.js';

/**
 * Carries a decision from one stream to the next. `react` sends commands whose ids derive from the event, so that
 * doing it again changes nothing; it runs at least once for every event, also after a crash.
 */
export interface ProcessManager {
  readonly name: string;
  readonly handles: ReadonlySet<string>;
  react(event: RecordedEvent): Promise<void>;
}

const RETRY_MS = [20, 100, 500, 2_000, 5_000];
/** How many events it may pass over before it notes where it stands: looking at them again costs less than noting it. */
const PASSED_OVER = 1_000;

/** Runs one process manager over the ledger, in order, with its own checkpoint. */
export class ProcessManagerRunner implements Runner {
  private readonly stopping = new AbortController();
  private readonly gate = new PositionGate();
  private loop: Promise<void> = Promise.resolve();
  private error: string | undefined;
  /** It has met an event it cannot deal with, and does nothing until it is told to go on. */
  private gaveUp = false;
  /** The checkpoint as it is stored. */
  private noted = 0;

  constructor(
    private readonly manager: ProcessManager,
    private readonly store: EventStore,
    private readonly readModels: ReadModels,
    /** Other processes see by the checkpoint alone how far it is: it is noted after every page. */
    private readonly isWatched = false,
  ) {}

  /** Finds its place; before `start`. */
  async prepare(): Promise<void> {
    this.noted = (await this.readModels.checkpoint(this.manager.name))?.position ?? 0;
    this.gate.advance(this.noted);
  }

  start(): void {
    this.loop = this.run();
  }

  /** Ends after the event in work; nobody waits any longer for what comes after it. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.gate.giveUp();
    await this.loop;
  }

  /** Goes on from the event it stopped at. @throws Problem `projection-not-stopped`. */
  resume(): void {
    if (!this.gaveUp) throw new Problem('conflict', 'projection-not-stopped', `the process manager ${this.manager.name} has not stopped`);
    this.gaveUp = false;
    this.error = undefined;
    this.loop = this.run();
  }

  status(): SubscriberStatus {
    const { name } = this.manager;
    const state = this.error === undefined ? ('running' as const) : ('stopped' as const);
    const { position, moved } = this.gate;
    return { name, kind: 'process-manager', position, state, ...moved, ...(this.error !== undefined && { error: this.error }) };
  }

  reached(position: number, timeoutMs: number): Promise<boolean> {
    return this.error !== undefined && this.gate.position < position ? Promise.resolve(false) : this.gate.reached(position, timeoutMs);
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    for (let goOn = true; goOn && !signal.aborted;) {
      try {
        goOn = await this.follow(signal);
      } catch (error) {
        this.error = error instanceof Error ? error.message : String(error);
        await sleep(500, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** False when an event cannot be dealt with and the manager has to stop. */
  private async follow(signal: AbortSignal): Promise<boolean> {
    // After a fault: what was dealt with before it still has to be noted down.
    if (this.error !== undefined && this.gate.position > this.noted) await this.note();
    for await (const page of this.store.subscribe({ after: this.gate.position, signal })) {
      let hasReacted = false;
      for (const event of page) {
        if (this.manager.handles.has(event.type)) {
          if (!(await this.reactUntilDone(event))) {
            this.gaveUp = !this.stopping.signal.aborted;
            return false;
          }
          hasReacted = true;
        }
        this.gate.advance(event.position);
      }
      if (hasReacted || this.isWatched || this.gate.position - this.noted >= PASSED_OVER) await this.note();
      this.error = undefined;
    }
    return true;
  }

  private async note(): Promise<void> {
    const { position } = this.gate;
    await this.readModels.saveCheckpoint({ name: this.manager.name, version: 1, position });
    this.noted = position;
    this.error = undefined;
  }

  /** False when it was told to stop or cannot go on. A passing fault is retried; anything else stops it, visibly. */
  private async reactUntilDone(event: RecordedEvent): Promise<boolean> {
    for (let attempt = 0; ; attempt += 1) {
      if (this.stopping.signal.aborted) return false;
      try {
        await this.manager.react(event);
        this.error = undefined;
        return true;
      } catch (error) {
        const passing = error instanceof Problem && (error.kind === 'unavailable' || error.kind === 'conflict');
        this.error = `position ${event.position}: ${error instanceof Error ? error.message : String(error)}`;
        if (!passing) {
          this.gate.giveUp();
          return false;
        }
        await sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)], undefined, { signal: this.stopping.signal }).catch(() => undefined);
      }
    }
  }
}
