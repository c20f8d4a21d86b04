import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { Problem } from '@app/kernel';
import type { EventCodec } from '../codec.js';
import { encodeAppend, type EncodedEvent } from '../encode-append.js';
import type { EventMetadata, NewEvent, RecordedEvent } from '../event.js';
import {
  type Appended,
  duplicateEvent,
  type EventStore,
  NO_STREAM,
  type ReadAllOptions,
  type ReadStreamOptions,
  type SubscribeOptions,
  wrongRevision,
} from '../event-store.js';
import type { EsdbAddress } from './address.js';
import { BatchWriter, bytesOf, type WireEvent } from './batch-writer.js';
import { ClaimIndex } from './claim-index.js';
import { Claims, CLAIMS_STREAM, CLAIMS_TYPE, type Granted } from './claims.js';
import { LiveFeed } from './live-feed.js';
import { isMetadata, notesIn, PAGE_SIZE, type Place, Reader, type StoredEvent, type StoreNotes, withoutNotes } from './reading.js';
import { closedProblem, DEFAULT_LIMITS, type Limits, Session, verdictOn } from './session.js';

const QUEUED_APPENDS = 20_000;
/** Places of the store that are remembered, so that a read from one of them needs no search. */
const REMEMBERED_PLACES = 4_096;
const REMEMBERED_STREAMS = 4_096;

export interface EsdbOptions {
  readonly address: EsdbAddress;
  /** File of the local copy of the claimed ids; derived, may be deleted. `:memory:` reads it anew at every start. */
  readonly indexFile: string;
  readonly limits?: Partial<Limits>;
}

/** An append on its way. */
interface Append {
  readonly stream: string;
  readonly expectedRevision: number;
  readonly events: readonly EncodedEvent[];
  /** SHA-256 of the command's content, event by event. */
  readonly hashes: readonly string[];
}

/** Where the last event of an append stands. */
interface Written {
  readonly revision: number;
  readonly place: number;
  readonly position: number;
}

/** The end of a stream: its events after a place, and its last revision. */
interface Tail {
  readonly revision: number;
  readonly events: readonly StoredEvent[];
}

/**
 * The ledger in EventStoreDB (KurrentDB). Positions are the commit positions of the store: they grow, with gaps, and the
 * system's own events between them are passed over. `recordedAt` is the clock of the server. Events that were recorded in
 * another store keep both as they were there (`StoreNotes`), and positions go on after theirs.
 *
 * The store tells repeats within a stream by their ids alone and knows nothing of ids in other streams: `Claims` makes
 * them unique, and what a repeat must equal is compared here.
 */
export class EsdbEventStore implements EventStore {
  private readonly session: Session;
  private readonly reader: Reader;
  private readonly writer = new BatchWriter();
  private readonly index: ClaimIndex;
  private readonly claims: Claims;
  private readonly tails = new Map<string, Promise<unknown>>();
  /** Up to where streams have grown, as far as we have heard. */
  private readonly revisions = new LRUCache<string, number>({ max: REMEMBERED_STREAMS });
  /** Where events stand in the store, by their position in the ledger. */
  private readonly places = new LRUCache<number, number>({ max: REMEMBERED_PLACES });
  private readonly closing = new AbortController();
  private pending = 0;
  private idle: () => void = () => {};
  private highest = { place: 0, position: 0 };
  private closed: Promise<void> | undefined;

  constructor(
    options: EsdbOptions,
    private readonly codec: EventCodec,
  ) {
    this.session = new Session(options.address, { ...DEFAULT_LIMITS, ...options.limits });
    this.reader = new Reader(this.session);
    this.index = new ClaimIndex(options.indexFile);
    this.claims = new Claims(this.session, this.reader, this.writer, this.index);
  }

  async append(stream: string, expectedRevision: number, events: readonly NewEvent[]): Promise<Appended> {
    if (this.closing.signal.aborted) throw closedProblem();
    if (this.pending >= QUEUED_APPENDS) throw new Problem('unavailable', 'store-busy', 'too many appends are waiting; retry later');
    if (stream.startsWith('$') || stream === CLAIMS_STREAM)
      throw new Problem('invalid', 'stream-name', `no stream of the ledger is named ${stream}`);
    const append: Append = {
      stream,
      expectedRevision,
      events: encodeAppend(this.codec, stream, expectedRevision, events),
      hashes: events.map(({ metadata }) => metadata.commandHash),
    };
    this.pending += 1;
    try {
      const granted = this.claims.claim(
        stream,
        append.events.map(({ id }, index) => ({ id, commandHash: append.hashes[index] as string })),
      );
      // Whoever is before us on the stream is waited for first.
      granted.catch(() => undefined);
      // One at a time on a stream: whether an id is taken there cannot change between the look and the write.
      return await oneAtATime(this.tails, stream, async () => this.appendNow(append, await granted));
    } finally {
      this.pending -= 1;
      if (this.pending === 0) this.idle();
    }
  }

  private async appendNow(append: Append, { first, after }: Granted): Promise<Appended> {
    const { stream, expectedRevision, events } = append;
    if (!first) {
      const tail = await this.tailOf(stream, after);
      const before = this.recordedAs(append, tail, []);
      if (before !== undefined) return this.seen(stream, before);
    }
    // Streams only grow: one that has gone on needs no call to say so.
    const known = this.revisions.get(stream) ?? NO_STREAM;
    if (known > expectedRevision) throw wrongRevision(stream, expectedRevision, known);
    // Whoever claims an id writes it as it is. A later attempt, perhaps beside one that is still under way elsewhere, must not
    // be taken for it by the server, which compares ids and nothing else: it gets ids of its own.
    const ids = events.map(({ id }) => (first ? id : randomUUID()));
    const written = await this.write(append, ids);
    if (written !== undefined) return this.seen(stream, { ...written, repeated: false });
    const tail = await this.tailOf(stream, after);
    const recorded = this.recordedAs(append, tail, ids);
    if (recorded !== undefined) return this.seen(stream, recorded);
    throw wrongRevision(stream, expectedRevision, tail.revision);
  }

  /** Writes the events; undefined when the answer leaves open whether and where they stand. */
  private async write({ stream, expectedRevision, events }: Append, ids: readonly string[]): Promise<Written | undefined> {
    const { shift } = this.index;
    const wire: readonly WireEvent[] = events.map(({ id, type, data, metadata }, index) => ({
      id: ids[index] as string,
      type,
      data: bytesOf(data),
      metadata: bytesOf(withNotes(metadata, { ...(ids[index] !== id && { eventId: id }), ...(shift > 0 && { shift }) })),
    }));
    const written = await this.session.repeating(async (client) => {
      try {
        return await this.session.inTime(this.writer.send(client, stream, expectedRevision, wire, this.session.limits.callMs));
      } catch (error) {
        if (verdictOn(error) === 'conflict') return undefined;
        throw error;
      }
    });
    if (written?.position === undefined || written.revision !== expectedRevision + events.length) return undefined;
    const place = Number(written.position);
    return { revision: written.revision, place, position: place + shift };
  }

  /** The events of a stream after a place, read from its end: an id that was claimed there can stand nowhere else. */
  private async tailOf(stream: string, after: number): Promise<Tail> {
    const events: StoredEvent[] = [];
    let count = 32;
    for (let from: Place = 'end'; ; count = PAGE_SIZE) {
      const page: readonly StoredEvent[] = await this.reader.stream(stream, from, 'backwards', count);
      const later = page.filter(({ place }) => place > after);
      events.push(...later);
      const oldest = page.at(-1);
      if (from === 'end' && page[0] === undefined) return { revision: NO_STREAM, events };
      if (oldest === undefined || later.length < page.length || oldest.revision === 0) break;
      from = oldest.revision - 1;
    }
    const revision = events[0]?.revision ?? (await this.reader.stream(stream, 'end', 'backwards', 1))[0]?.revision ?? NO_STREAM;
    this.noteRevision(stream, revision);
    return { revision, events: events.reverse() };
  }

  /**
   * The answer of an append whose ids stand in the stream; undefined when none of them does. `repeated` unless this very
   * call wrote them.
   * @throws Problem `duplicate-event` when they stand there as anything but this append.
   */
  private recordedAs(
    { stream, expectedRevision, events }: Append,
    tail: Tail,
    written: readonly string[],
  ): (Appended & Written) | undefined {
    const own = new Set(events.map(({ id }) => id));
    const recorded = tail.events.filter((event) => own.has(ledgerIdOf(event)));
    const [first] = recorded;
    const last = recorded.at(-1);
    if (first === undefined || last === undefined) return undefined;
    const same =
      recorded.length === events.length &&
      first.revision === expectedRevision + 1 &&
      recorded.every((event, index) => event.revision === first.revision + index && isSameEvent(event, events[index]));
    if (!same) throw duplicateEvent(stream, ledgerIdOf(first));
    return { revision: last.revision, place: last.place, position: last.position, repeated: first.id !== written[0] };
  }

  private seen(stream: string, { revision, repeated, ...stands }: Appended & Written): Appended {
    this.noteRevision(stream, revision);
    this.remember(stands);
    return { revision, position: stands.position, repeated };
  }

  private noteRevision(stream: string, revision: number): void {
    if (revision > (this.revisions.get(stream) ?? NO_STREAM)) this.revisions.set(stream, revision);
  }

  private remember({ place, position }: Pick<StoredEvent, 'place' | 'position'>): void {
    this.places.set(position, place);
    if (position > this.highest.position) this.highest = { place, position };
  }

  async *readStream(stream: string, options: ReadStreamOptions = {}): AsyncGenerator<readonly RecordedEvent[]> {
    await this.claims.ready();
    const direction = options.direction ?? 'forwards';
    const forwards = direction === 'forwards';
    let from: Place = options.from ?? (forwards ? 'start' : 'end');
    let left = options.limit ?? Number.POSITIVE_INFINITY;
    while (left > 0 && from !== -1) {
      const wanted = Math.min(PAGE_SIZE, left);
      const page: readonly StoredEvent[] = await this.reader.stream(stream, from, direction, wanted);
      const last = page.at(-1);
      if (last !== undefined) yield page.map((event) => this.decode(event));
      if (last === undefined || page.length < wanted) return;
      left -= page.length;
      from = forwards ? last.revision + 1 : last.revision - 1;
    }
  }

  async *readAll({ types, ...options }: ReadAllOptions = {}): AsyncGenerator<readonly RecordedEvent[]> {
    const names = types && new Set(types.flatMap((type) => this.codec.storedNames(type)));
    if (names?.size === 0) return;
    await this.claims.ready();
    const forwards = options.direction !== 'backwards';
    const after = options.after ?? (forwards ? 0 : Number.MAX_SAFE_INTEGER);
    let left = options.limit ?? Number.POSITIVE_INFINITY;
    if (left <= 0) return;
    const wanted = ({ type, position }: StoredEvent) =>
      (forwards ? position > after : position < after) && isLedgerEvent(type) && (names === undefined || names.has(type));
    const place = forwards ? await this.placeAfter(after) : await this.placeBefore(after);
    for await (const page of this.reader.pagesFrom(place, forwards ? 'forwards' : 'backwards', left)) {
      const events = page.filter(wanted).slice(0, left);
      left -= events.length;
      if (events.length > 0) yield events.map((event) => this.decode(event));
      if (left <= 0) return;
    }
  }

  /**
   * A place from which a forward read finds everything after a position. The store takes only positions of its events, and
   * what we are asked for may be any number: the last claim before it is one.
   */
  private async placeAfter(position: number): Promise<Place> {
    if (position <= 0) return 'start';
    const known = this.places.get(position);
    if (known !== undefined) return known;
    await this.claims.refresh();
    return this.index.placeBefore(position) ?? 'start';
  }

  /** A place from which a backward read finds everything before a position. */
  private async placeBefore(position: number): Promise<Place> {
    const known = this.places.get(position);
    if (known !== undefined) return known;
    await this.claims.refresh();
    return this.index.placeAfter(position) ?? 'end';
  }

  async *subscribe({ after, signal }: SubscribeOptions): AsyncGenerator<readonly RecordedEvent[]> {
    // What cannot be decoded ends the subscription; only what happens on the way is mended.
    for await (const page of this.following(after, AbortSignal.any([signal, this.closing.signal])))
      yield page.map((event) => this.decode(event));
  }

  /** Subscribes again, from after the last page taken, whenever the subscription ends or falls silent while events are recorded. */
  private async *following(after: number, ending: AbortSignal): AsyncGenerator<readonly StoredEvent[]> {
    const over = () => ending.aborted;
    let delivered = after;
    let place: Place | undefined;
    for (let failures = 0; !over(); failures += 1) {
      const { client } = this.session;
      let feed: LiveFeed | undefined;
      try {
        await this.claims.ready();
        place ??= await this.placeAfter(after);
        feed = new LiveFeed(this.session, client, place);
        for (let expected = 0; !over();) {
          const page = await feed.next(ending, this.session.limits.stallMs);
          const events = page.filter(({ type, position }) => position > delivered && isLedgerEvent(type));
          const last = events.at(-1);
          if (last === undefined) {
            // Silence is right as long as nothing is recorded: what stood there a whole wait ago must have come by now.
            if (page.length > 0 || over()) continue;
            if (expected > delivered) throw new Stalled();
            expected = await this.head();
            continue;
          }
          failures = 0;
          yield events;
          delivered = last.position;
          place = last.place;
          this.remember(last);
        }
      } catch (error) {
        if (over()) return;
        if (error instanceof Problem && error.code !== 'store-unavailable') throw error;
        if (!(error instanceof Problem) && !(error instanceof Stalled)) {
          if (verdictOn(error) === 'fatal') throw this.session.refusal(error);
          this.session.recoverFrom(error, client);
        }
      } finally {
        feed?.end();
      }
      if (over()) return;
      this.session.warn(`a subscription was dropped after position ${delivered}; subscribing again`);
      await this.session.backOff(failures);
    }
  }

  /**
   * @throws Error for an event whose type this version does not know, or that the ledger did not write.
   */
  private decode(event: StoredEvent): RecordedEvent {
    const { stream, revision, position, created } = event;
    const { type, data } = this.codec.decode(event.type, event.data);
    if (!isMetadata(event.metadata)) throw new Error(`event ${revision} of ${stream} was not written by the ledger`);
    const { eventId, moved } = event.metadata;
    const recordedAt = moved?.recordedAt ?? created.toISOString();
    return { id: eventId ?? event.id, stream, revision, position, type, data, recordedAt, metadata: withoutNotes(event.metadata) };
  }

  async findEvent(id: string): Promise<RecordedEvent | undefined> {
    const claimed = await this.claims.find(id);
    if (claimed === undefined) return undefined;
    const { events } = await this.tailOf(claimed.stream, claimed.place);
    const found = events.find((event) => ledgerIdOf(event) === id);
    return found && this.decode(found);
  }

  async head(): Promise<number> {
    await this.claims.ready();
    const known = this.highest;
    let newest: number | undefined;
    for await (const page of this.reader.pagesFrom('end', 'backwards', 1)) {
      newest ??= page[0]?.place;
      const last = page.find(({ type, place }) => place <= known.place || isLedgerEvent(type));
      if (last === undefined) continue;
      if (last.place > known.place) this.remember(last);
      break;
    }
    // What the system has written behind the last event is passed over once.
    const { place, position } = this.highest;
    this.highest = { place: Math.max(place, newest ?? 0), position };
    return position;
  }

  /** Lets the appends under way come to their end, as long as one call may take, and ends everything else. */
  async close(): Promise<void> {
    this.closed ??= (async () => {
      this.closing.abort();
      const drained = new Promise<void>((resolve) => (this.idle = resolve));
      if (this.pending > 0) await this.session.inTime(drained).catch(() => undefined);
      await this.session.close();
      if (this.pending > 0) await this.session.inTime(drained).catch(() => undefined);
      this.index.close();
    })();
    await this.closed;
  }
}

/** The text of metadata with notes of the store before it. */
export function withNotes(metadata: string, notes: StoreNotes): string {
  const text = JSON.stringify(notes);
  return text === '{}' ? metadata : `${text.slice(0, -1)},${metadata.slice(1)}`;
}

/** A subscription that is behind and silent. */
class Stalled extends Error {}

export const isLedgerEvent = (type: string) => !type.startsWith('$') && type !== CLAIMS_TYPE;

const ledgerIdOf = ({ id, metadata }: StoredEvent) => notesIn(metadata).eventId ?? id;

/**
 * The id alone is not enough: an id reused for other content, or by a command with other content that happens to cause
 * the same event, must not be answered as if that had been stored. Correlation may differ from retry to retry.
 */
function isSameEvent(recorded: StoredEvent, event: EncodedEvent | undefined): boolean {
  if (event === undefined || ledgerIdOf(recorded) !== event.id || recorded.type !== event.type) return false;
  if (JSON.stringify(recorded.data) !== event.data || !isMetadata(recorded.metadata)) return false;
  return recorded.metadata.commandHash === (JSON.parse(event.metadata) as EventMetadata).commandHash;
}

function oneAtATime<Result>(tails: Map<string, Promise<unknown>>, stream: string, work: () => Promise<Result>): Promise<Result> {
  const running = (tails.get(stream) ?? Promise.resolve()).then(work, work);
  tails.set(stream, running);
  const done = () => {
    if (tails.get(stream) === running) tails.delete(stream);
  };
  running.then(done, done);
  return running;
}
