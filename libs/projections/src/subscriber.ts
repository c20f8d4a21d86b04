import { Logger } from '@nestjs/common';
import { Problem } from '@app/kernel';

/** Where operators read who follows the ledger and what keeps it from going on. */
export const subscriberLog = new Logger('subscribers');

/** How a subscriber of the ledger is doing, for health and for people. */
export interface SubscriberStatus {
  readonly name: string;
  readonly kind: 'projection' | 'process-manager';
  readonly position: number;
  /**
   * `building`: queries have to wait for it, or see what an older version has left. `retrying`: a store cannot be read or
   * written just now, and it goes on by itself as soon as it can. `stopped`: it goes on when somebody resumes it.
   */
  readonly state: 'running' | 'building' | 'retrying' | 'stopped';
  /** When its position last moved, as far as this process has seen: ISO 8601 in UTC. */
  readonly movedAt?: string;
  /** Why it stopped, and at which event, or what keeps it from going on. */
  readonly error?: string;
  /** The process that runs it, where there are several. */
  readonly runBy?: string;
  /** What is being built beside the tables queries see. */
  readonly beside?: { readonly purpose: 'rebuild' | 'verification'; readonly position: number; readonly error?: string };
}

/** Whether something follows the ledger, be it far behind. */
export const goesOn = ({ state }: Pick<SubscriberStatus, 'state'>): boolean => state === 'running' || state === 'building';

/** A process manager as whoever starts, ends and waits for it sees it. */
export interface Runner {
  readonly name: string;
  /** Whether this process runs it. */
  readonly isHeld: boolean;
  /** From now on this process runs it; resolves when it has found its place. */
  gain(): Promise<void>;
  /** Another process runs it by now, or may at any moment. */
  lose(): void;
  stop(): Promise<void>;
  /** Goes on from the event it stopped at; resolves when everybody can see that it does. */
  resume(): Promise<void>;
  status(): SubscriberStatus;
  /** True as soon as it has dealt with the position, false when it has not within the time. */
  reached(position: number, timeoutMs: number): Promise<boolean>;
}

/** Lets callers wait until a moving position has reached a value. */
export class PositionGate {
  private waiters: { readonly position: number; readonly resolve: (reached: boolean) => void; readonly timer: NodeJS.Timeout }[] = [];

  private movedAtMs: number | undefined;

  constructor(private current = 0) {}

  get position(): number {
    return this.current;
  }

  /** For a status; nothing before it has first moved. */
  get moved(): { readonly movedAt?: string } {
    return this.movedAtMs === undefined ? {} : { movedAt: new Date(this.movedAtMs).toISOString() };
  }

  advance(position: number): void {
    if (position <= this.current) return;
    this.current = position;
    this.movedAtMs = Date.now();
    if (this.waiters.length === 0) return;
    const ready = this.waiters.filter((waiter) => waiter.position <= position);
    this.waiters = this.waiters.filter((waiter) => waiter.position > position);
    for (const { timer, resolve } of ready) {
      clearTimeout(timer);
      resolve(true);
    }
  }

  /** Stands at a position found elsewhere, further on or further back. */
  reset(position: number): void {
    if (position < this.current) this.current = position;
    else this.advance(position);
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

export function elsewhere(name: string): Problem {
  return new Problem('unavailable', 'projector-elsewhere', `another process runs ${name}`);
}

/** A fault in words that may stand in a log: what a problem of the stores says; of all else the kind alone, for the rest may quote the ledger. */
export function faultOf(error: unknown): string {
  if (error instanceof Problem) return error.kind === 'unavailable' ? `${error.code}: ${error.detail}` : error.code;
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown };
  return [name, code].filter((each) => typeof each === 'string').join(' ') || 'unknown';
}
