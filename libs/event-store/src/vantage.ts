import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '@app/kernel';
import type { RecordedEvent } from './event.js';
import type { Appended, EventStore, ReadAllOptions, ReadStreamOptions, SubscribeOptions } from './event-store.js';

/** A point of the past from which the ledger is looked at: nothing recorded after it can be seen. */
export interface Vantage {
  /** The last event that is seen; 0 for none. */
  readonly position: number;
  /** What the clock says there. */
  readonly now: Date;
  /** Where the ledger stood when somebody asked: held fast while a long answer is read, it shows nothing but what is so today. */
  readonly isPresent?: true;
}

const vantages = new AsyncLocalStorage<Vantage | undefined>();

/** Where the running request looks from; undefined for the present. */
export function currentVantage(): Vantage | undefined {
  return vantages.getStore();
}

/**
 * Runs `work`, and everything it starts, as of a point of the past: the event store ends there, the clock stands there,
 * the read models answer as they stood, and nothing can be written.
 */
export function lookingFrom<Result>(vantage: Vantage | undefined, work: () => Result): Result {
  return vantages.run(vantage, work);
}

/** The time where one looks from: the clock's, or that of the vantage. */
export function vantageClock(clock: Clock): Clock {
  return { now: () => currentVantage()?.now ?? clock.now() };
}

/** An event store that ends at the vantage of whoever reads it. Subscriptions follow the present always. */
export class VantageEventStore implements EventStore {
  constructor(private readonly store: EventStore) {}

  /** @throws Error from a vantage: history is looked at, not added to. */
  async append(...append: Parameters<EventStore['append']>): Promise<Appended> {
    if (currentVantage() !== undefined) throw new Error(`something was about to write to ${append[0]} while looking at the past`);
    return this.store.append(...append);
  }

  async *readStream(stream: string, options?: ReadStreamOptions): AsyncGenerator<readonly RecordedEvent[]> {
    const vantage = currentVantage();
    if (vantage === undefined) {
      yield* this.store.readStream(stream, options);
      return;
    }
    let left = options?.limit ?? Number.POSITIVE_INFINITY;
    const backwards = options?.direction === 'backwards';
    // Backwards, what lies after the vantage is passed over and does not count towards the limit.
    const { limit: _limit, ...open } = options ?? {};
    for await (const page of this.store.readStream(stream, backwards ? open : options)) {
      const seen = page.filter(({ position }) => position <= vantage.position).slice(0, left);
      left -= seen.length;
      if (seen.length > 0) yield seen;
      if (left === 0 || (!backwards && seen.length < page.length)) return;
    }
  }

  async *readAll(options: ReadAllOptions = {}): AsyncGenerator<readonly RecordedEvent[]> {
    const vantage = currentVantage();
    if (vantage === undefined || options.direction === 'backwards') {
      const end = vantage === undefined ? options.after : Math.min(options.after ?? Number.MAX_SAFE_INTEGER, vantage.position + 1);
      yield* this.store.readAll({ ...options, ...(end !== undefined && { after: end }) });
      return;
    }
    for await (const page of this.store.readAll(options)) {
      const seen = page.filter(({ position }) => position <= vantage.position);
      if (seen.length > 0) yield seen;
      if (seen.length < page.length) return;
    }
  }

  subscribe(options: SubscribeOptions): AsyncIterable<readonly RecordedEvent[]> {
    return this.store.subscribe(options);
  }

  async findEvent(id: string): Promise<RecordedEvent | undefined> {
    const event = await this.store.findEvent(id);
    const vantage = currentVantage();
    return event === undefined || vantage === undefined || event.position <= vantage.position ? event : undefined;
  }

  async head(): Promise<number> {
    return currentVantage()?.position ?? this.store.head();
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
