import type { ResolvedEvent, StreamingRead } from '@eventstore/db-client';
import { Problem } from '@app/kernel';
import { symptomOf } from './classify.js';
import type { LedgerClient } from './client.js';
import type { Session } from './session.js';

/** An event as the store returns it, with what the client leaves optional made sure of. */
export interface StoredEvent {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  /** Stored name, such as `award-granted.v1`, or a system type that begins with `$`. */
  readonly type: string;
  readonly data: unknown;
  readonly metadata: unknown;
  readonly created: Date;
}

export type Direction = 'forwards' | 'backwards';
/** A position in the ledger, or one of its ends. */
export type Place = number | 'start' | 'end';

/** Positions of the store are pairs of 64 bits; those of the ledger are numbers. Every event has its own commit position. */
export function pairOf(position: number) {
  return { commit: BigInt(position), prepare: BigInt(position) };
}

/**
 * @throws Problem `store-refused` for an event without a position (servers before 22.6), beyond what a number can hold
 *   exactly, or of an explicit transaction, whose events share one commit position.
 */
function positionOf(id: string, position: { readonly commit: bigint; readonly prepare: bigint } | undefined): number {
  if (position === undefined || position.commit > BigInt(Number.MAX_SAFE_INTEGER) || position.commit !== position.prepare)
    throw new Problem('unavailable', 'store-refused', `event ${id} has no position of its own in the event store`);
  return Number(position.commit);
}

export function storedEvent({ event }: ResolvedEvent): StoredEvent {
  if (event === undefined) throw new Problem('unavailable', 'store-refused', 'the event store returned a link whose event is gone');
  const { id, streamId, revision, type, data, metadata, created, position } = event;
  return { id, stream: streamId, revision: Number(revision), position: positionOf(id, position), type, data, metadata, created };
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
