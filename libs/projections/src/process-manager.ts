import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '@app/kernel';
import type { EventStore, RecordedEvent } from '@app/event-store';
import type { ReadModels } from './read-models.js';
import { elsewhere, faultOf, PositionGate, type Runner, subscriberLog, type SubscriberStatus } from './subscriber.js';

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
  /** Ends when another process runs it; undefined while this one does not. */
  private tenure: AbortController | undefined;
  private loop: Promise<void> = Promise.resolve();
  private error: string | undefined;
  /** It has met an event it cannot deal with: trying again would not help. */
  private hasStopped = false;
  /** That has been noted for the others, and it does nothing until it is told to go on. */
  private gaveUp = false;
  /** The checkpoint as it is stored. */
  private noted = 0;

  /** `holds` tells whether this process may still react. */
  constructor(
    private readonly manager: ProcessManager,
    private readonly store: EventStore,
    private readonly readModels: ReadModels,
    /** How far it is when another process runs it. */
    private readonly elsewhere: Runner,
    private readonly holds: () => boolean = () => true,
    /** Other processes see by the checkpoint alone how far it is: it is noted after every page. */
    private readonly isWatched = false,
  ) {}

  get name(): string {
    return this.manager.name;
  }

  get isHeld(): boolean {
    return this.tenure !== undefined;
  }

  /** From now on this process runs it, unless it loses it again before it has found its place, or is ending; resolves then. */
  async gain(): Promise<void> {
    // What was given back without a word would be waited for as long as nothing is recorded.
    this.lose();
    if (this.stopping.signal.aborted) return;
    const tenure = (this.tenure = new AbortController());
    this.hasStopped = false;
    this.gaveUp = false;
    this.error = undefined;
    await this.loop;
    const noted = (await this.readModels.checkpoint(this.manager.name))?.position ?? 0;
    if (tenure.signal.aborted) return;
    this.noted = noted;
    this.gate.advance(noted);
    this.loop = this.run(tenure.signal);
  }

  /** Another process runs it by now, or may at any moment. */
  lose(): void {
    this.tenure?.abort();
    this.tenure = undefined;
    this.gate.giveUp();
  }

  /** Ends after the event in work; nobody waits any longer for what comes after it. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.tenure?.abort();
    this.gate.giveUp();
    await this.loop;
  }

  /**
   * Goes on from the event it stopped at; resolves when the others can see that it does.
   * @throws Problem `projection-not-stopped`, `projector-elsewhere`.
   */
  async resume(): Promise<void> {
    const { name } = this.manager;
    const { tenure } = this;
    if (tenure === undefined) throw elsewhere(name);
    if (!this.gaveUp) throw new Problem('conflict', 'projection-not-stopped', `the process manager ${name} has not stopped`);
    this.hasStopped = false;
    this.gaveUp = false;
    this.error = undefined;
    // Where it cannot be noted, it is with the next event.
    const noted = this.note().catch(() => undefined);
    this.loop = noted.then(() => this.run(tenure.signal));
    await noted;
  }

  status(): SubscriberStatus {
    if (this.tenure === undefined) return this.elsewhere.status();
    const { name } = this.manager;
    const state = this.error === undefined ? 'running' : this.hasStopped ? 'stopped' : 'retrying';
    const { position, moved } = this.gate;
    return { name, kind: 'process-manager', position, state, ...moved, ...(this.error !== undefined && { error: this.error }) };
  }

  async reached(position: number, timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    if (this.tenure !== undefined) {
      if (this.error !== undefined && this.gate.position < position) return false;
      if (await this.gate.reached(position, timeoutMs)) return true;
    }
    // Whoever runs it now goes on with it.
    return this.tenure === undefined && this.elsewhere.reached(position, Math.max(0, deadline - performance.now()));
  }

  private async run(signal: AbortSignal): Promise<void> {
    for (let goOn = true; goOn && !signal.aborted;) {
      try {
        goOn = await this.follow(signal);
      } catch (error) {
        // Once another process runs it, that one does again what could not be noted down here.
        if (this.error === undefined && this.tenure?.signal === signal)
          subscriberLog.warn(`the process manager ${this.name} cannot go on and tries again: ${faultOf(error)}`);
        this.error = error instanceof Error ? error.message : String(error);
        await sleep(500, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** False when an event cannot be dealt with and the manager has to stop. */
  private async follow(signal: AbortSignal): Promise<boolean> {
    if (this.error !== undefined) {
      // What was dealt with before the fault still has to be noted down.
      if (this.gate.position > this.noted) await this.note();
      // It has passed while nothing was missed: nothing may come for days.
      else if ((await this.store.head()) <= this.gate.position) this.error = undefined;
    }
    for await (const page of this.store.subscribe({ after: this.gate.position, signal })) {
      let hasReacted = false;
      for (const event of page) {
        if (this.manager.handles.has(event.type)) {
          if (!(await this.reactUntilDone(event, signal))) {
            if (signal.aborted || !this.holds()) return false;
            // For the others to see; this process says so itself.
            await this.noteStop().catch(() => undefined);
            // Resumed before, its place would be noted twice, and the earlier one last.
            this.gaveUp = !signal.aborted;
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

  private async noteStop(): Promise<void> {
    const at = { name: this.manager.name, version: 1, position: this.gate.position };
    await this.readModels.saveCheckpoint(at);
    this.noted = at.position;
    await this.readModels.noteStop({ ...at, generation: 0 }, this.error ?? '');
  }

  /** False when it was told to stop or cannot go on. A passing fault is retried; anything else stops it, visibly. */
  private async reactUntilDone(event: RecordedEvent, signal: AbortSignal): Promise<boolean> {
    for (let attempt = 0; ; attempt += 1) {
      // A process that has slept through its lease may not know yet that it has been deposed.
      if (signal.aborted || !this.holds()) return false;
      try {
        await this.manager.react(event);
        this.error = undefined;
        return true;
      } catch (error) {
        const passing = error instanceof Problem && (error.kind === 'unavailable' || error.kind === 'conflict');
        this.error = `position ${event.position}: ${error instanceof Error ? error.message : String(error)}`;
        if (!passing) {
          this.hasStopped = true;
          subscriberLog.error(
            `the process manager ${this.name} has stopped at position ${event.position}; "ledger projections list" says why`,
          );
          this.gate.giveUp();
          return false;
        }
        await sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)], undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
