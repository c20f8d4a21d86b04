import { type AllStreamSubscription, eventTypeFilter, type ResolvedEvent } from '@eventstore/db-client';
import { CLAIMS_TYPE } from './claims.js';
import type { LedgerClient } from './client.js';
import { pairOf, type Place, type StoredEvent, storedEvent } from './reading.js';
import { type Session, TimedOut } from './session.js';

/** How many events wait here, not at the server, for a slow consumer; also the largest page. */
const BUFFERED = 512;

/** Neither the system's own events nor the claims. */
const LEDGER_EVENTS = `^(?!\\$|${CLAIMS_TYPE}$)`;

/**
 * One subscription to everything after a place, as pages. It does not come back by itself: `next` throws when it is
 * dropped, and the one who knows how far the pages were taken subscribes again from there.
 *
 * Checkpoints are not asked for: a failing handler of theirs would stop the delivery without a word.
 */
export class LiveFeed {
  private readonly subscription: AllStreamSubscription;
  private failure: unknown;
  private confirmed = false;
  private wake: () => void = () => {};

  constructor(
    private readonly session: Session,
    client: LedgerClient,
    after: Place,
  ) {
    this.subscription = client.subscribeToAll(
      {
        fromPosition: typeof after === 'number' ? pairOf(after) : after,
        filter: eventTypeFilter({ regex: LEDGER_EVENTS, checkpointInterval: 1_000 }),
        requiresLeader: true,
      },
      { highWaterMark: BUFFERED },
    );
    this.subscription
      .on('readable', () => this.wake())
      .on('confirmation', () => {
        this.confirmed = true;
        this.wake();
      })
      // Stays for good: an error that comes after the end must find a listener.
      .on('error', (error: unknown) => this.fail(error))
      .on('end', () => this.fail(Object.assign(new Error('the subscription ended'), { code: 14 })));
  }

  private fail(error: unknown): void {
    this.failure ??= error;
    this.wake();
  }

  /**
   * What has come in, at most one page; waits for it up to `patienceMs`, or until the signal aborts, and is then empty.
   * @throws TimedOut when the server does not confirm the subscription; what ended it, after everything before that was taken.
   */
  async next(signal: AbortSignal, patienceMs: number): Promise<readonly StoredEvent[]> {
    const until = performance.now() + patienceMs;
    const confirmedBy = performance.now() + this.session.limits.callMs;
    for (;;) {
      const page = this.taken();
      if (page.length > 0 || signal.aborted) return page;
      if (this.failure !== undefined) throw this.failure as Error;
      const now = performance.now();
      if (!this.confirmed && now >= confirmedBy) throw new TimedOut();
      if (now >= until) return page;
      await this.woken(signal, Math.max(1, Math.min(until, this.confirmed ? until : confirmedBy) - now));
    }
  }

  private taken(): readonly StoredEvent[] {
    const page: StoredEvent[] = [];
    while (page.length < BUFFERED) {
      const event = this.subscription.read() as ResolvedEvent | null;
      if (event === null) break;
      page.push(storedEvent(event));
    }
    return page;
  }

  private woken(signal: AbortSignal, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.wake = () => {};
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.wake = done;
      signal.addEventListener('abort', done, { once: true });
    });
  }

  /** Ends the call: leaving the subscription alone would not. */
  end(): void {
    void this.subscription.unsubscribe().catch(() => undefined);
  }
}
