import { Problem } from '@app/kernel';
import type { NewEvent, RecordedEvent } from './event.js';

/** The revision an append expects: the last one of the stream, or -1 for a stream that does not exist yet. */
export const NO_STREAM = -1;

export interface Appended {
  /** Revision of the last appended event. */
  readonly revision: number;
  /** Position of the last appended event. */
  readonly position: number;
  /** Exactly this append had been stored before: this is its answer of then, and nothing was added. */
  readonly repeated: boolean;
}

export interface ReadStreamOptions {
  /** First revision to read; default 0 forwards, the last one backwards. */
  readonly from?: number;
  readonly direction?: 'forwards' | 'backwards';
  readonly limit?: number;
}

export interface ReadAllOptions {
  /** Events after this position (forwards) or before it (backwards). */
  readonly after?: number;
  readonly direction?: 'forwards' | 'backwards';
  /** How many events at most; with `types`, how many of those. */
  readonly limit?: number;
  /**
   * Only events of these types, by their domain names, in whichever version they are stored; every type without it, none
   * for an empty list. Whatever else is recorded is passed over unread: a reader of one type does not stop at another
   * that its codec does not know.
   */
  readonly types?: readonly string[];
}

export interface SubscribeOptions {
  /** Deliver events after this position; 0 for everything. */
  readonly after: number;
  readonly signal: AbortSignal;
}

/**
 * The port. Every adapter passes `event-store.conformance.ts`.
 *
 * Reads come in pages, in order, so that a history of any length needs bounded memory and a slow reader
 * is never outrun. Streams are never edited or deleted.
 */
export interface EventStore {
  /**
   * Appends all events or none, exactly after `expectedRevision`, and resolves only when they are durable.
   * Repeating an append with the same events and the same expected revision answers as the first time, `repeated`.
   * @throws Problem `wrong-revision` (conflict), `duplicate-event` (conflict: an id is used elsewhere or for other content),
   *   `append-too-large` (invalid), `store-busy` or `store-unavailable` (unavailable: outcome unknown, retry the same append).
   */
  append(stream: string, expectedRevision: number, events: readonly NewEvent[]): Promise<Appended>;
  /** Pages of one stream; none when it does not exist. */
  readStream(stream: string, options?: ReadStreamOptions): AsyncIterable<readonly RecordedEvent[]>;
  /**
   * Pages of the whole ledger by position. Nothing else waits for a search through what `types` leaves out.
   * @throws Error for one of `types` that the codec does not know.
   */
  readAll(options?: ReadAllOptions): AsyncIterable<readonly RecordedEvent[]>;
  /** Catches up from a position and then goes live; ends when the signal aborts. */
  subscribe(options: SubscribeOptions): AsyncIterable<readonly RecordedEvent[]>;
  /** The event with this id, wherever it stands. */
  findEvent(id: string): Promise<RecordedEvent | undefined>;
  /** The position of the last event; 0 for an empty ledger. */
  head(): Promise<number>;
  close(): Promise<void>;
}

/** Injection token of the event store. */
export const EVENT_STORE = Symbol('EventStore');

/** Appends larger than this are refused before they are sent: EventStoreDB takes at most 1 MiB an append. */
export const MAX_APPEND_BYTES = 1_000_000;
export const MAX_STREAM_NAME_LENGTH = 512;

export function wrongRevision(stream: string, expected: number, actual: number): Problem {
  return new Problem('conflict', 'wrong-revision', `stream ${stream} is at revision ${actual}, not ${expected}`, [], {
    stream,
    expected,
    actual,
  });
}

export function duplicateEvent(stream: string, id: string): Problem {
  return new Problem('conflict', 'duplicate-event', `event ${id} is already recorded, but not as this append to ${stream}`, [], { id });
}

export function isProblem(error: unknown, code: string): error is Problem {
  return error instanceof Problem && error.code === code;
}
