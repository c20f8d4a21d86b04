import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '@app/kernel';
import type { ReadModels } from './read-models.js';

/** How a subscriber of the ledger is doing, for health and for people. */
export interface SubscriberStatus {
  readonly name: string;
  readonly kind: 'projection' | 'process-manager';
  readonly position: number;
  /** `building`: queries have to wait for it, or see what an older version has left. */
  readonly state: 'running' | 'building' | 'stopped';
  /** Why it stopped, and at which event. */
  readonly error?: string;
  /** What is being built beside the tables queries see. */
  readonly beside?: { readonly purpose: 'rebuild' | 'verification'; readonly position: number; readonly error?: string };
}

/** Lets callers wait until a moving position has reached a value. */
export class PositionGate {
  private waiters: { readonly position: number; readonly resolve: (reached: boolean) => void; readonly timer: NodeJS.Timeout }[] = [];

  constructor(private current = 0) {}

  get position(): number {
    return this.current;
  }

  advance(position: number): void {
    if (position <= this.current) return;
    this.current = position;
    if (this.waiters.length === 0) return;
    const ready = this.waiters.filter((waiter) => waiter.position <= position);
    this.waiters = this.waiters.filter((waiter) => waiter.position > position);
    for (const { timer, resolve } of ready) {
      clearTimeout(timer);
      resolve(true);
    }
  }

  /** Nobody need wait any longer: the position will not move. */
  giveUp(): void {
    for (const { timer, resolve } of this.waiters) {
      clearTimeout(timer);
      resolve(false);
    }
    this.waiters = [];
  }

  /** True as soon as the position is reached, false when it has not been within the time. */
  reached(position: number, timeoutMs: number): Promise<boolean> {
    if (position <= this.current) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.waiters = this.waiters.filter((waiter) => waiter.resolve !== resolve);
        resolve(false);
      }, timeoutMs);
      this.waiters.push({ position, resolve, timer });
    });
  }
}

/** What is known of another process's progress is at most so old when somebody waits for it. */
const POLL_MS = 15;

/** Waits for the process that runs a subscriber, by the checkpoint it writes; as `PositionGate.reached`. */
export async function reachedElsewhere(
  readModels: Pick<ReadModels, 'refresh' | 'liveCheckpoints'>,
  name: string,
  position: number,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  const isThere = () => (readModels.liveCheckpoints().get(name)?.position ?? 0) >= position;
  while (!isThere()) {
    // What cannot be read just now is read at the next turn.
    await readModels.refresh().catch(() => undefined);
    if (isThere()) break;
    if (signal.aborted || performance.now() >= deadline) return false;
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  return true;
}

export function elsewhere(name: string): Problem {
  return new Problem('unavailable', 'projector-elsewhere', `another process runs ${name}`);
}
