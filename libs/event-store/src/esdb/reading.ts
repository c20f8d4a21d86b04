import type { ResolvedEvent, StreamingRead } from '@eventstore/db-client';
import { Problem } from '@app/kernel';
import type { EventMetadata } from '../event.js';
import { symptomOf } from './classify.js';
import type { LedgerClient } from './client.js';
import type { Session } from './session.js';

/** Events in one page of a long read. */
export const PAGE_SIZE = 512;

/** An event as the store returns it, with what the client leaves optional made sure of. */
export interface StoredEvent {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  /** Where it stands in the store: its commit position. */
  readonly place: number;
  /** Where it stands in the ledger: the same, unless the ledger has moved here from elsewhere. */
  readonly position: number;
  /** Stored name, such as `award-granted.v1`, or a system type that begins with `$`. */
  readonly type: string;
  readonly data: unknown;
  readonly metadata: unknown;
  readonly created: Date;
}

/** What stands in an event's metadata beside the ledger's own, where the store could not keep it otherwise. */
export interface StoreNotes {
  /** The ledger's id of the event, where the store knows it by another. */
  readonly eventId?: string;
  /** Of an event that was recorded in another store first: where it stood there, and when it was recorded. */
  readonly moved?: { readonly position: number; readonly recordedAt: string };
  /** How far the ledger's position lies beyond the store's: so that positions go on where those of the former store ended. */
  readonly shift?: number;
}

export type Direction = 'forwards' | 'backwards';
/** A place in the store, or one of its ends. */
export type Place = number | 'start' | 'end';

/** Positions of the store are pairs of 64 bits; those of the ledger are numbers. Every event has its own commit position. */
export function pairOf(place: number) {
  return { commit: BigInt(place), prepare: BigInt(place) };
}

const LAST_PLACE = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * @throws Problem `store-refused` for an event without a position (servers before 22.6), beyond what a number can hold
 *   exactly, or of an explicit transaction, whose events share one commit position.
 */
function placeOf(id: string, position: { readonly commit: bigint; readonly prepare: bigint } | undefined): number {
  if (position === undefined || position.commit > LAST_PLACE || position.commit !== position.prepare)
    throw new Problem('unavailable', 'store-refused', `event ${id} has no position of its own in the event store`);
  return Number(position.commit);
}

/** @throws Problem `store-refused` for a position that is none. */
function positionOf(id: string, { moved, shift = 0 }: StoreNotes, place: number): number {
  const position = moved === undefined ? place + shift : moved.position;
  if (!Number.isSafeInteger(position) || position < 0)
    throw new Problem('unavailable', 'store-refused', `event ${id} has a position that is none`);
  return position;
}

/** The ledger's metadata as it stands in the store. */
export type StoredMetadata = EventMetadata & StoreNotes;

export function isMetadata(metadata: unknown): metadata is StoredMetadata {
  return typeof metadata === 'object' && metadata !== null && 'commandId' in metadata && 'commandHash' in metadata;
}

/** What is the ledger's own of the metadata. Most have no notes: they are not copied. */
export function withoutNotes(metadata: StoredMetadata): EventMetadata {
  if (metadata.eventId === undefined && metadata.moved === undefined && metadata.shift === undefined) return metadata;
  const { eventId: _eventId, moved: _moved, shift: _shift, ...own } = metadata;
  return own;
}

/** The store's notes in the metadata of an event, of whichever kind; none where there is nothing of ours. */
export function notesIn(metadata: unknown): StoreNotes {
  return isMetadata(metadata) ? metadata : {};
}

export function storedEvent({ event }: ResolvedEvent): StoredEvent {
  if (event === undefined) throw new Problem('unavailable', 'store-refused', 'the event store returned a link whose event is gone');
  const { id, streamId: stream, type, data, metadata, created } = event;
  const revision = Number(event.revision);
  const place = placeOf(id, event.position);
  const position = positionOf(id, notesIn(metadata), place);
  return { id, stream, revision, place, position, type, data, metadata, created };
}

/** Reads pages, each a call of its own with a time limit: repeated when it fails, cancelled whatever happens. */
export class Reader {
  constructor(private readonly session: Session) {}

  /** At most `count` events of a stream; none when it does not exist. Backwards, `from` may lie beyond the end. */
  stream(stream: string, from: Place, direction: Direction, count: number): Promise<readonly StoredEvent[]> {
    const fromRevision = typeof from === 'number' ? BigInt(from) : from;
    return this.page((client) =>
      client.readStream(stream, { fromRevision, direction, maxCount: count, requiresLeader: true }, { highWaterMark: count }),
    );
  }

  /** Whether a stream may be read, whatever there is in it. */
  mayRead(stream: string): Promise<boolean> {
    return this.session.repeating(async (client) => {
      try {
        await this.collect(client.readStream(stream, { maxCount: 1, requiresLeader: true }));
        return true;
      } catch (error) {
        const { type } = symptomOf(error);
        if (type !== 'stream-not-found' && type !== 'access-denied') throw error;
        return type === 'stream-not-found';
      }
    });
  }

  /**
   * At most `count` events of everything, the system's included. The place must be one of the store: an event's own
   * position, or an end. Forwards the event at the place comes first, backwards the one before it.
   */
  all(from: Place, direction: Direction, count: number): Promise<readonly StoredEvent[]> {
    const fromPosition = typeof from === 'number' ? pairOf(from) : from;
    return this.page((client) =>
      client.readAll({ fromPosition, direction, maxCount: count, requiresLeader: true }, { highWaterMark: count }),
    );
  }

  /**
   * Everything from a place on, the system's events included, each once. In a long read the next page is on its way while
   * one is used; whoever wants only a few events gets a small first page.
   */
  async *pagesFrom(place: Place, direction: Direction, few = PAGE_SIZE): AsyncGenerator<readonly StoredEvent[]> {
    let count = Math.min(PAGE_SIZE, few + 32);
    const ahead = count === PAGE_SIZE;
    let passed: number | undefined;
    let coming = this.all(place, direction, count);
    for (;;) {
      const page = await coming;
      const last = page.at(-1)?.place;
      const more = page.length === count && last !== undefined;
      count = PAGE_SIZE;
      const next = () => this.all(last as number, direction, count);
      if (more && ahead) {
        coming = next();
        // Whoever leaves before the next page hears nothing of what became of it.
        coming.catch(() => undefined);
      }
      // Forwards, a page begins with the event at its place.
      const fresh = passed !== undefined && page[0]?.place === passed ? page.slice(1) : page;
      if (fresh.length > 0) yield fresh;
      if (!more) return;
      if (!ahead) coming = next();
      passed = last;
    }
  }

  private page(open: (client: LedgerClient) => StreamingRead<ResolvedEvent>): Promise<readonly StoredEvent[]> {
    return this.session.repeating(async (client) => {
      try {
        return await this.collect(open(client));
      } catch (error) {
        if (symptomOf(error).type === 'stream-not-found') return [];
        throw error;
      }
    });
  }

  private async collect(reading: StreamingRead<ResolvedEvent>): Promise<readonly StoredEvent[]> {
    const events: StoredEvent[] = [];
    try {
      await this.session.inTime(
        new Promise<void>((resolve, reject) => {
          reading
            .on('data', (event: ResolvedEvent) => {
              // An error thrown here would reach nobody.
              try {
                events.push(storedEvent(event));
              } catch (error) {
                reject(error instanceof Error ? error : new Error(String(error)));
              }
            })
            // Stays for good: an error that comes after the end, or after the time limit, must find a listener.
            .on('error', reject)
            .on('end', resolve);
        }),
        () => events.length,
      );
      return events;
    } finally {
      // Without this a call that was not read to its end would go on; on one that was, it does nothing.
      void reading.cancel().catch(() => undefined);
    }
  }
}
