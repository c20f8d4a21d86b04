import { Logger } from '@nestjs/common';
import { Problem } from '@app/kernel';
import { type EsdbAddress, shown } from './address.js';
import { classify, reasonIn, symptomOf, type Verdict } from './classify.js';
import { LedgerClient } from './client.js';

/** How long the adapter waits, in milliseconds. */
export interface Limits {
  /** For one call to be answered; then its outcome is unknown and it is made again. */
  readonly callMs: number;
  /** For one operation with all its repeats; then the caller is told that the store is not available. */
  readonly giveUpMs: number;
  /** Between repeats: this at first, twice as long after each, up to the second. */
  readonly backOffMs: readonly [number, number];
  /** How often a silent subscription is compared with the head of the ledger. */
  readonly stallMs: number;
}

export const DEFAULT_LIMITS: Limits = { callMs: 5_000, giveUpMs: 20_000, backOffMs: [50, 2_000], stallMs: 10_000 };

/** A call that was not answered in time. */
export class TimedOut extends Error {
  constructor() {
    super('the event store did not answer in time');
    this.name = 'TimedOut';
  }
}

/** What was thrown means; a call that timed out may have been done. */
export const verdictOn = (error: unknown): Verdict => (error instanceof TimedOut ? 'unknown' : classify(symptomOf(error)));

/** One connection to the store and the rules of every call over it: a time limit, what to repeat, and when to give up. */
export class Session {
  private readonly logger = new Logger('eventstoredb');
  private readonly closing = new AbortController();
  private current: LedgerClient;

  constructor(
    private readonly address: EsdbAddress,
    readonly limits: Limits,
    warn = true,
  ) {
    this.current = LedgerClient.to(address);
    if (warn && !address.tls) this.logger.warn(`the connection to ${shown(address)} is not encrypted, and its rights are not checked`);
  }

  get client(): LedgerClient {
    return this.current;
  }

  /** Aborts when the store closes: nothing is repeated or waited for any more. */
  get closed(): AbortSignal {
    return this.closing.signal;
  }

  /**
   * Rejects with TimedOut when a call takes too long; what becomes of it then is nobody's business. For a call of many
   * answers `heard` counts those that have come: then only silence takes too long.
   */
  async inTime<Result>(call: Promise<Result>, heard: () => number = () => 0): Promise<Result> {
    let timer: NodeJS.Timeout | undefined;
    let settled = false;
    const late = new Promise<never>((_, reject) => {
      const wait = (before: number) => {
        // When this process was busy itself, the answer may be waiting at the door: it is let in first.
        const expired = () => {
          if (!settled && heard() > before) wait(heard());
          else reject(new TimedOut());
        };
        timer = setTimeout(() => setImmediate(expired), this.limits.callMs);
      };
      wait(heard());
    });
    late.catch(() => undefined);
    try {
      return await Promise.race([call, late]);
    } finally {
      settled = true;
      clearTimeout(timer);
    }
  }

  /**
   * Makes a call until it succeeds. `attempt` must be safe to repeat.
   * @throws what is a conflict as it came; Problem `store-unavailable` after the time is up or for what repeating cannot mend.
   */
  async repeating<Result>(attempt: (client: LedgerClient) => Promise<Result>): Promise<Result> {
    const until = performance.now() + this.limits.giveUpMs;
    for (let failures = 0; ; failures += 1) {
      if (this.closed.aborted) throw closedProblem();
      const client = this.current;
      try {
        return await attempt(client);
      } catch (error) {
        if (error instanceof Problem) throw error;
        const verdict = verdictOn(error);
        if (verdict === 'conflict') throw error;
        if (verdict === 'fatal') throw this.refusal(error);
        this.recoverFrom(error, client);
        if (performance.now() >= until) throw this.unavailable(error);
      }
      await this.backOff(failures);
    }
  }

  /** After silence the connection is not trusted any more. Other calls on it fail and are made again. */
  recoverFrom(error: unknown, client: LedgerClient): void {
    if (!(error instanceof TimedOut) || client !== this.current || this.closed.aborted) return;
    this.logger.warn(`${shown(this.address)} did not answer in ${this.limits.callMs} ms; connecting anew`);
    this.current = LedgerClient.to(this.address);
    void client.close().catch(() => undefined);
  }

  /** Waits the n-th back-off, with a share of chance so that many processes do not come back at once; ends when the store closes. */
  async backOff(failures: number): Promise<void> {
    const [first, longest] = this.limits.backOffMs;
    await this.pause(Math.min(longest, first * 2 ** Math.min(failures, 20)) * (0.5 + Math.random() / 2));
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.closed.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.closed.addEventListener('abort', done, { once: true });
    });
  }

  warn(text: string): void {
    this.logger.warn(text);
  }

  /** What repeating cannot mend. */
  refusal(error: unknown): Problem {
    const told = reasonIn(error) ?? 'unknown';
    this.logger.error(`${shown(this.address)} refuses what the ledger asks: ${told}`);
    if (symptomOf(error).type === 'maximum-append-size-exceeded')
      return new Problem('invalid', 'append-too-large', 'the event store takes no append of this size');
    return new Problem(
      'unavailable',
      'store-refused',
      `the event store refuses what the ledger asks (${told}); its administrator must look into it`,
    );
  }

  private unavailable(error: unknown): Problem {
    const told = error instanceof TimedOut ? 'no answer' : (reasonIn(error) ?? 'no connection');
    return new Problem('unavailable', 'store-unavailable', `the event store cannot be reached (${told}); retry the same command`);
  }

  /** Ends every wait and every call. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.inTime(this.current.close()).catch(() => undefined);
  }
}

export const closedProblem = () => new Problem('unavailable', 'store-unavailable', 'the event store is closed');
