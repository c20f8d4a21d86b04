import { setImmediate as nextTurn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import Database from 'better-sqlite3';
import { type Clock, Problem } from '@app/kernel';
import type { EventCodec } from './codec.js';
import { encodeAppend, type EncodedEvent } from './encode-append.js';
import { type EventRow, EVENTS_SCHEMA, LOCK_WAIT_MS, NEVER_REPLACED } from './events-schema.js';
import type { EventMetadata, NewEvent, RecordedEvent } from './event.js';
import {
  type Appended,
  duplicateEvent,
  type EventStore,
  NO_STREAM,
  type ReadAllOptions,
  type ReadStreamOptions,
  type SubscribeOptions,
  wrongRevision,
} from './event-store.js';

/** Where operators read that events cannot be stored. */
const storeLog = new Logger('event-store');

const PAGE_SIZE = 512;
/** How many events a read of some types searches through in one turn of the event loop. */
const SEARCHED_EVENTS = 4_096;
const GROUP_APPENDS = 256;
const QUEUED_APPENDS = 20_000;
/** How often a live subscription looks for events that another process on the same file has written. */
const POLL_MS = 100;

interface QueuedAppend {
  readonly stream: string;
  readonly expectedRevision: number;
  readonly events: readonly EncodedEvent[];
  readonly resolve: (appended: Appended) => void;
  readonly reject: (problem: unknown) => void;
}

type Outcome = Appended | Problem;

interface Page {
  readonly after: number;
  readonly events: readonly RecordedEvent[];
}

/**
 * The embedded event store: one SQLite file in WAL mode with `synchronous=FULL`. Appends that arrive together
 * are committed together (one fsync a group); each is acknowledged only after its group's commit.
 * Several processes may share the file.
 */
export class SqliteEventStore implements EventStore {
  private readonly database: Database.Database;
  private readonly statements: ReturnType<typeof prepare>;
  private readonly queue: QueuedAppend[] = [];
  private flushScheduled = false;
  private readonly wakers = new Set<() => void>();
  private lastPage: Page = { after: -1, events: [] };
  private closed = false;

  constructor(
    file: string,
    private readonly codec: EventCodec,
    private readonly clock: Clock,
  ) {
    this.database = new Database(file, { timeout: LOCK_WAIT_MS });
    this.database.pragma('journal_mode = WAL');
    this.database.pragma('synchronous = FULL');
    this.database.exec(EVENTS_SCHEMA);
    this.statements = prepare(this.database);
  }

  append(stream: string, expectedRevision: number, events: readonly NewEvent[]): Promise<Appended> {
    return new Promise((resolve, reject) => {
      if (this.closed) throw unavailable('the event store is closed');
      if (this.queue.length >= QUEUED_APPENDS) throw new Problem('unavailable', 'store-busy', 'too many appends are waiting; retry later');
      this.queue.push({ stream, expectedRevision, events: encodeAppend(this.codec, stream, expectedRevision, events), resolve, reject });
      this.scheduleFlush();
    });
  }

  private scheduleFlush(): void {
    if (this.flushScheduled) return;
    this.flushScheduled = true;
    // After the I/O callbacks of this turn, so that every request that has arrived joins the group.
    setImmediate(() => {
      this.flushScheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    const group = this.queue.splice(0, GROUP_APPENDS);
    if (group.length === 0) return;
    if (this.queue.length > 0) this.scheduleFlush();
    let outcomes: readonly Outcome[];
    try {
      outcomes = this.commit(group);
    } catch (error) {
      // One append used an id that stands elsewhere: alone, each of the others still gets its own answer.
      if (isUniqueViolation(error)) outcomes = group.map((append) => this.commitAlone(append));
      else outcomes = new Array<Problem>(group.length).fill(storageProblem(error));
    }
    this.wake();
    group.forEach((append, index) => {
      const outcome = outcomes[index] as Outcome;
      if (outcome instanceof Problem) append.reject(outcome);
      else append.resolve(outcome);
    });
  }

  /** One durable transaction for the whole group; refused appends leave no trace and no gap. */
  private commit(group: readonly QueuedAppend[]): readonly Outcome[] {
    const recordedAt = this.clock.now().toISOString();
    this.statements.begin.run();
    try {
      let position = this.statements.head.get() ?? 0;
      const outcomes = group.map((append) => {
        const outcome = this.insert(append, position, recordedAt);
        if (!(outcome instanceof Problem) && outcome.position > position) position = outcome.position;
        return outcome;
      });
      this.statements.commit.run();
      return outcomes;
    } catch (error) {
      if (this.database.inTransaction) this.statements.rollback.run();
      throw error;
    }
  }

  private commitAlone(append: QueuedAppend): Outcome {
    try {
      return this.commit([append])[0] as Outcome;
    } catch (error) {
      // An append whose ids are all new repeats one of its own.
      return isUniqueViolation(error)
        ? (this.duplicate(append) ?? duplicateEvent(append.stream, append.events[0]?.id ?? ''))
        : storageProblem(error);
    }
  }

  private insert(append: QueuedAppend, head: number, recordedAt: string): Outcome {
    const { stream, expectedRevision, events } = append;
    const actual = this.statements.streamHead.get(stream) ?? NO_STREAM;
    if (actual !== expectedRevision)
      return this.repeated(append) ?? this.duplicate(append) ?? wrongRevision(stream, expectedRevision, actual);
    let revision = actual;
    let position = head;
    for (const event of events) {
      revision += 1;
      position += 1;
      this.statements.insert.run(position, stream, revision, event.id, event.type, recordedAt, event.data, event.metadata);
    }
    return { revision, position, repeated: false };
  }

  /** The original answer when exactly these events stand right after the expected revision. */
  private repeated({ stream, expectedRevision, events }: QueuedAppend): Appended | undefined {
    const rows = this.statements.forwards.all(stream, expectedRevision + 1, events.length);
    const last = rows.at(-1);
    const same = rows.length === events.length && rows.every((row, index) => isSameEvent(row, events[index]));
    return same && last !== undefined ? { revision: last.revision, position: last.position, repeated: true } : undefined;
  }

  /** The refusal of an append with an id that is recorded already. */
  private duplicate({ stream, events }: QueuedAppend): Problem | undefined {
    const taken = events.find((event) => this.statements.byId.get(event.id) !== undefined);
    return taken && duplicateEvent(stream, taken.id);
  }

  async *readStream(stream: string, options: ReadStreamOptions = {}): AsyncGenerator<readonly RecordedEvent[]> {
    const forwards = options.direction !== 'backwards';
    let from = options.from ?? (forwards ? 0 : Number.MAX_SAFE_INTEGER);
    let left = options.limit ?? Number.POSITIVE_INFINITY;
    while (left > 0 && from >= 0) {
      const wanted = Math.min(PAGE_SIZE, left);
      const rows = (forwards ? this.statements.forwards : this.statements.backwards).all(stream, from, wanted);
      if (rows.length > 0) yield rows.map((row) => this.decode(row));
      if (rows.length < wanted) return;
      left -= rows.length;
      const last = (rows.at(-1) as EventRow).revision;
      from = forwards ? last + 1 : last - 1;
    }
  }

  async *readAll({ types, ...options }: ReadAllOptions = {}): AsyncGenerator<readonly RecordedEvent[]> {
    if (types !== undefined) {
      yield* this.readTypes(types, options);
      return;
    }
    const forwards = options.direction !== 'backwards';
    let after = options.after ?? (forwards ? 0 : Number.MAX_SAFE_INTEGER);
    let left = options.limit ?? Number.POSITIVE_INFINITY;
    while (left > 0) {
      const wanted = Math.min(PAGE_SIZE, left);
      const rows = (forwards ? this.statements.allForwards : this.statements.allBackwards).all(after, wanted);
      if (rows.length > 0) yield rows.map((row) => this.decode(row));
      if (rows.length < wanted) return;
      left -= rows.length;
      after = (rows.at(-1) as EventRow).position;
      await nextTurn();
    }
  }

  /** Searches one stretch of positions after another, so that rare types keep nobody waiting. */
  private async *readTypes(types: readonly string[], options: ReadAllOptions): AsyncGenerator<readonly RecordedEvent[]> {
    const names = JSON.stringify(types.flatMap((type) => this.codec.storedNames(type)));
    const forwards = options.direction !== 'backwards';
    const { typesForwards, typesBackwards, stretchForwards, stretchBackwards } = this.statements;
    const head = () => this.statements.head.get() ?? 0;
    let after = forwards ? (options.after ?? 0) : Math.min(options.after ?? Number.MAX_SAFE_INTEGER, head() + 1);
    let left = options.limit ?? Number.POSITIVE_INFINITY;
    while (left > 0) {
      // So many events, not positions: a ledger that has moved here may have gaps between them. Never beyond the head: what is
      // recorded there meanwhile would be passed over.
      const end = forwards ? (stretchForwards.get(after) ?? head()) : (stretchBackwards.get(after) ?? 0);
      if (forwards ? end <= after : after <= 1) return;
      const wanted = Math.min(PAGE_SIZE, left);
      const rows = (forwards ? typesForwards : typesBackwards).all(after, end, names, wanted);
      if (rows.length > 0) yield rows.map((row) => this.decode(row));
      left -= rows.length;
      after = rows.length < wanted ? end : (rows.at(-1) as EventRow).position;
      await nextTurn();
    }
  }

  async *subscribe({ after, signal }: SubscribeOptions): AsyncGenerator<readonly RecordedEvent[]> {
    let position = after;
    while (!signal.aborted && !this.closed) {
      const events = this.pageAfter(position);
      if (events.length === 0) {
        await this.waitForMore(signal);
        continue;
      }
      position = (events.at(-1) as RecordedEvent).position;
      yield events;
      // Requests come in between the pages of a long history: without this, catching up would keep everyone else out.
      if (events.length === PAGE_SIZE) await nextTurn();
    }
  }

  /** Subscriptions that stand at one place read one page once: what follows a position never changes, it only grows. */
  private pageAfter(position: number): readonly RecordedEvent[] {
    if (this.lastPage.after === position) return this.lastPage.events;
    const events = this.statements.allForwards.all(position, PAGE_SIZE).map((row) => this.decode(row));
    if (events.length > 0) this.lastPage = { after: position, events };
    return events;
  }

  private waitForMore(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.wakers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, POLL_MS);
      this.wakers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  private wake(): void {
    for (const wake of [...this.wakers]) wake();
  }

  private decode(row: EventRow): RecordedEvent {
    const { type, data } = this.codec.decode(row.type, JSON.parse(row.data));
    const metadata = JSON.parse(row.metadata) as EventMetadata;
    return {
      id: row.id,
      stream: row.stream,
      revision: row.revision,
      position: row.position,
      type,
      data,
      recordedAt: row.recorded_at,
      metadata,
    };
  }

  async findEvent(id: string): Promise<RecordedEvent | undefined> {
    const row = this.statements.byId.get(id);
    return row === undefined ? undefined : this.decode(row);
  }

  async head(): Promise<number> {
    return this.statements.head.get() ?? 0;
  }

  /** Commits what is queued, wakes every subscription so that it can end, and closes the file. */
  async close(): Promise<void> {
    if (this.closed) return;
    while (this.queue.length > 0) this.flush();
    this.closed = true;
    this.wake();
    this.database.close();
  }
}

function prepare(database: Database.Database) {
  const columns = 'position, stream, revision, id, type, recorded_at, data, metadata';
  // `LIMIT +?`, not `LIMIT ?`: SQLite plans by the value of a bare one and prepares the statement anew for every call.
  return {
    begin: database.prepare('BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
    rollback: database.prepare('ROLLBACK'),
    head: database.prepare<[], number>('SELECT position FROM events ORDER BY position DESC LIMIT 1').pluck(),
    streamHead: database.prepare<[string], number>('SELECT revision FROM events WHERE stream = ? ORDER BY revision DESC LIMIT 1').pluck(),
    insert: database.prepare(`INSERT INTO events (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`),
    byId: database.prepare<[string], EventRow>(`SELECT ${columns} FROM events WHERE id = ?`),
    forwards: database.prepare<[string, number, number], EventRow>(
      `SELECT ${columns} FROM events WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT +?`,
    ),
    backwards: database.prepare<[string, number, number], EventRow>(
      `SELECT ${columns} FROM events WHERE stream = ? AND revision <= ? ORDER BY revision DESC LIMIT +?`,
    ),
    allForwards: database.prepare<[number, number], EventRow>(
      `SELECT ${columns} FROM events WHERE position > ? ORDER BY position LIMIT +?`,
    ),
    allBackwards: database.prepare<[number, number], EventRow>(
      `SELECT ${columns} FROM events WHERE position < ? ORDER BY position DESC LIMIT +?`,
    ),
    stretchForwards: database
      .prepare<[number], number>(`SELECT position FROM events WHERE position > ? ORDER BY position LIMIT 1 OFFSET ${SEARCHED_EVENTS - 1}`)
      .pluck(),
    stretchBackwards: database
      .prepare<[number], number>(
        `SELECT position FROM events WHERE position < ? ORDER BY position DESC LIMIT 1 OFFSET ${SEARCHED_EVENTS - 1}`,
      )
      .pluck(),
    typesForwards: database.prepare<[number, number, string, number], EventRow>(
      `SELECT ${columns} FROM events WHERE position > ? AND position <= ? AND type IN (SELECT value FROM json_each(?)) ORDER BY position LIMIT +?`,
    ),
    typesBackwards: database.prepare<[number, number, string, number], EventRow>(
      `SELECT ${columns} FROM events WHERE position < ? AND position >= ? AND type IN (SELECT value FROM json_each(?)) ORDER BY position DESC LIMIT +?`,
    ),
  };
}

/** Read by its field, not its class: the native module may have been loaded in another realm. */
function sqliteCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined;
}

function isUniqueViolation(error: unknown): boolean {
  return sqliteCode(error) === 'SQLITE_CONSTRAINT_UNIQUE' || (error as Error).message === NEVER_REPLACED;
}

/**
 * The id alone is not enough: an id reused for other content, or by a command with other content that happens to cause
 * the same event, must not be answered as if that had been stored. Correlation may differ from retry to retry.
 */
function isSameEvent(row: EventRow, event: EncodedEvent | undefined): boolean {
  if (row.id !== event?.id || row.type !== event.type || row.data !== event.data) return false;
  return commandHashOf(row.metadata) === commandHashOf(event.metadata);
}

function commandHashOf(metadata: string): string {
  return (JSON.parse(metadata) as EventMetadata).commandHash;
}

function unavailable(detail: string): Problem {
  return new Problem('unavailable', 'store-unavailable', detail);
}

/** Disk full, I/O error, lock not obtained: nothing was acknowledged; the same append may be retried. */
function storageProblem(error: unknown): Problem {
  const code = sqliteCode(error) ?? String(error);
  // Whoever asked learns the code; what it means is for whoever can free the disk.
  storeLog.error(`the file of the ledger cannot be written: ${(error as Partial<Error> | null)?.message} (${code})`);
  return unavailable(`the event store could not write (${code}); retry the same command`);
}
