import { randomUUID } from 'node:crypto';
import { Problem } from '@app/kernel';
import { duplicateEvent, NO_STREAM } from '../event-store.js';
import { type BatchWriter, bytesOf, type WireEvent, type Written } from './batch-writer.js';
import type { Claim, Claimed, ClaimBatch, ClaimContent, ClaimIndex, Move } from './claim-index.js';
import type { Place, Reader, StoredEvent } from './reading.js';
import { type Session, verdictOn } from './session.js';

/** The stream in which every event id is claimed before it is used, and the type of its events. */
export const CLAIMS_STREAM = 'ledger-claims';
export const CLAIMS_TYPE = 'ledger-ids-claimed';

const GROUP_CLAIMS = 256;
/** How many ids one event of the claims stream may hold: far below what one append may weigh. */
const GROUP_IDS = 8_000;
const PAGE = 256;

export interface ClaimedId {
  readonly id: string;
  readonly commandHash: string;
}

/** What an append may now write. */
export interface Granted {
  /**
   * The events can only stand after this place of the store. `first` says that nobody can have written them yet: the ids have been
   * claimed just now, by this very append.
   */
  readonly after: number;
  readonly first: boolean;
}

interface Waiting {
  readonly stream: string;
  readonly events: readonly ClaimedId[];
  readonly resolve: (granted: Granted) => void;
  readonly reject: (problem: unknown) => void;
}

/** One who waits for the group to be recorded, or to be looked at `again` when it cannot be. */
interface Grouped extends Pick<Waiting, 'resolve' | 'reject'> {
  readonly again: Waiting;
}

/**
 * Makes event ids unique across streams and processes, which the store does only within a stream.
 *
 * Before an append its ids are written, with its stream and the hash of its command, into one stream at its exact
 * revision. So of two appends that use an id for different streams or content, in whatever processes, one claims it and
 * the other is refused. Appends that wait at the same time are claimed in one event.
 */
export class Claims {
  private readonly waiting: Waiting[] = [];
  private draining = false;
  private opened: Promise<void> | undefined;
  private catching: Promise<void> = Promise.resolve();
  private nextCatch: Promise<void> | undefined;

  constructor(
    private readonly session: Session,
    private readonly reader: Reader,
    private readonly writer: BatchWriter,
    private readonly index: ClaimIndex,
    /** For the one that moves a ledger in; everybody else is refused until it has arrived. */
    private readonly movesIn = false,
  ) {}

  /** The index as the stream had it when this was asked first. @throws Problem `store-incomplete` while a ledger is moving in. */
  async ready(): Promise<void> {
    await this.open();
    this.refuseIncomplete();
  }

  private refuseIncomplete(): void {
    if (this.movesIn || this.index.move?.state !== 'begun') return;
    throw new Problem(
      'unavailable',
      'store-incomplete',
      'a ledger is being copied into this event store; let "ledger store copy" come to its end, or run it again',
    );
  }

  /**
   * Claims ids of events that have happened elsewhere, all after a position of the ledger and in its order.
   * @returns how many of the events, from the first, were claimed before: these may stand in the store already, and are
   *   to be written before the rest is claimed.
   * @throws Problem `duplicate-event` for an id that is claimed for another stream or command.
   */
  async claimMoved(events: readonly (ClaimedId & { readonly stream: string })[], floor: number): Promise<number> {
    await this.open();
    for (;;) {
      const known = events.map(({ id }) => this.index.find(id));
      const taken = events.find(({ stream, commandHash }, index) => {
        const claimed = known[index];
        return claimed !== undefined && (claimed.stream !== stream || claimed.commandHash !== commandHash);
      });
      if (taken !== undefined) throw duplicateEvent(taken.stream, taken.id);
      const before = known.findIndex((claimed) => claimed === undefined);
      if (before !== 0) return before < 0 ? events.length : before;
      const fresh = events.filter((_, index) => known[index] === undefined);
      const claims = new Map<string, Claim & { readonly ids: string[] }>();
      for (const { id, stream, commandHash } of fresh) {
        const key = `${commandHash} ${stream}`;
        const claim = claims.get(key) ?? { stream, commandHash, ids: [] };
        claims.set(key, claim);
        claim.ids.push(id);
      }
      if ((await this.record(randomUUID(), { claims: [...claims.values()], floor })) !== undefined) return events.length;
    }
  }

  /** Notes that a ledger begins to move in, or has arrived. */
  async noteMove(move: Move, floor: number): Promise<void> {
    await this.open();
    while ((await this.record(randomUUID(), { claims: [], floor, move })) === undefined);
  }

  /**
   * Claims ids for an append.
   * @throws Problem `duplicate-event` for an id that is claimed for another stream or command, or comes twice.
   */
  async claim(stream: string, events: readonly ClaimedId[]): Promise<Granted> {
    await this.open();
    return new Promise((resolve, reject) => {
      this.waiting.push({ stream, events, resolve, reject });
      void this.drain();
    });
  }

  /** Who has claimed an id, in whatever process, until now. */
  async find(id: string): Promise<Claimed | undefined> {
    await this.refresh();
    return this.index.find(id);
  }

  /** Takes in what every process has claimed until now. Those who ask meanwhile share the next look. */
  async refresh(): Promise<void> {
    await this.open();
    const next = () => {
      this.nextCatch = undefined;
      return this.catchUp();
    };
    await (this.nextCatch ??= this.catching.then(next, next));
    this.refuseIncomplete();
  }

  /** An index of another ledger, or of a later state of one that was restored, is of no use. */
  private open(): Promise<void> {
    this.opened ??= (async () => {
      const last = this.index.last();
      if (last !== undefined) {
        const [event] = await this.reader.stream(CLAIMS_STREAM, last.revision, 'forwards', 1);
        if (event?.revision !== last.revision || event.id !== last.eventId) this.index.clear();
      }
      await this.catchUp();
    })().catch((error: unknown) => {
      this.opened = undefined;
      throw error;
    });
    return this.opened;
  }

  private catchUp(): Promise<void> {
    const look = async () => {
      for (;;) {
        const from = (this.index.last()?.revision ?? NO_STREAM) + 1;
        const events = await this.reader.stream(CLAIMS_STREAM, from, 'forwards', PAGE);
        this.index.add(events.map(batchIn));
        if (events.length < PAGE) return;
      }
    };
    this.catching = this.catching.then(look, look);
    return this.catching;
  }

  private async drain(): Promise<void> {
    if (this.draining) return;
    this.draining = true;
    // Every append of this turn of the event loop joins the group.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) await this.claimGroup();
    this.draining = false;
  }

  private async claimGroup(): Promise<void> {
    const { group, claims } = this.nextGroup();
    if (group.length === 0) return;
    const eventId = randomUUID();
    try {
      const batch = await this.record(eventId, { claims });
      if (batch === undefined) {
        // Another process has claimed something meanwhile: everything is looked at again.
        this.waiting.unshift(...group.map(({ again }) => again));
        return;
      }
      for (const { resolve } of group) resolve({ after: batch.place, first: true });
    } catch (error) {
      // Who came later would wait as long for the same.
      for (const { reject } of [...group, ...this.waiting.splice(0)]) reject(error);
    }
  }

  /** Answers those whose ids are known, one way or the other, and gathers the rest. */
  private nextGroup(): { group: readonly Grouped[]; claims: readonly Claim[] } {
    const group: Grouped[] = [];
    const claims: Claim[] = [];
    const inGroup = new Map<string, ClaimedId & { readonly stream: string }>();
    while (this.waiting.length > 0 && group.length < GROUP_CLAIMS && inGroup.size < GROUP_IDS) {
      const next = this.waiting.shift() as Waiting;
      const { stream, events, resolve, reject } = next;
      try {
        this.refuseIncomplete();
        const known = events.map(({ id }) => this.index.find(id));
        const own = new Set<string>();
        const taken = events.find(({ id, commandHash }, index) => {
          if (own.has(id)) return true;
          own.add(id);
          const claimed = known[index] ?? inGroup.get(id);
          return claimed !== undefined && (claimed.stream !== stream || claimed.commandHash !== commandHash);
        });
        if (taken !== undefined) throw duplicateEvent(stream, taken.id);
        const fresh = events.filter(({ id }, index) => known[index] === undefined && !inGroup.has(id));
        const earliest = Math.min(...known.flatMap((claimed) => claimed?.place ?? []));
        const first = fresh.length === events.length;
        if (known.every((claimed) => claimed !== undefined)) {
          resolve({ after: earliest, first });
          continue;
        }
        for (const event of fresh) inGroup.set(event.id, { ...event, stream });
        for (const commandHash of new Set(fresh.map((event) => event.commandHash)))
          claims.push({ stream, commandHash, ids: fresh.filter((event) => event.commandHash === commandHash).map(({ id }) => id) });
        group.push({ again: next, reject, resolve: ({ after }) => resolve({ after: Math.min(after, earliest), first }) });
      } catch (problem) {
        reject(problem);
      }
    }
    return { group, claims };
  }

  /** Writes one batch after the last one known. Undefined when it is not the last any more. */
  private async record(eventId: string, content: ClaimContent): Promise<ClaimBatch | undefined> {
    const expected = this.index.last()?.revision ?? NO_STREAM;
    const event: WireEvent = { id: eventId, type: CLAIMS_TYPE, data: bytesOf(JSON.stringify(content)), metadata: bytesOf('{}') };
    const written = await this.session.repeating(async (client) => {
      try {
        const limit = this.session.limits.callMs;
        return await this.session.inTime(this.writer.send(client, CLAIMS_STREAM, expected, [event], limit));
      } catch (error) {
        if (verdictOn(error) === 'conflict') return 'conflict' as const;
        throw error;
      }
    });
    const batch = written === 'conflict' ? undefined : batchOf(written, expected + 1, eventId, content);
    if (batch !== undefined) {
      this.index.add([batch]);
      return batch;
    }
    // Written by somebody else, or by us in a call whose answer was lost: the stream itself tells.
    await this.catchUp();
    const place = this.index.placeAt(expected + 1);
    if (place !== undefined && this.index.has(eventId, expected + 1)) return { revision: expected + 1, place, eventId, ...content };
    if ((this.index.last()?.revision ?? NO_STREAM) === expected) throw rewound();
    return undefined;
  }
}

/**
 * What was last said of a ledger moving in; `never` where none was spoken of, undefined where nothing was claimed at all. It is
 * read from the end, and needs no copy of the claims.
 */
export async function lastMove(reader: Reader): Promise<Move | 'never' | undefined> {
  for (let from: Place = 'end'; ;) {
    const page: readonly StoredEvent[] = await reader.stream(CLAIMS_STREAM, from, 'backwards', PAGE);
    const oldest = page.at(-1);
    if (oldest === undefined) return undefined;
    const { move } = page.map(batchIn).find((batch) => batch.move !== undefined) ?? {};
    if (move !== undefined) return move;
    if (oldest.revision === 0) return 'never';
    from = oldest.revision - 1;
  }
}

/** The batch just written; undefined where the answer does not place it exactly. */
function batchOf({ revision, position }: Written, expected: number, eventId: string, content: ClaimContent): ClaimBatch | undefined {
  return position === undefined || revision !== expected ? undefined : { revision, place: Number(position), eventId, ...content };
}

function batchIn({ id, type, revision, place, data }: StoredEvent): ClaimBatch {
  const { claims, floor, move } = (data ?? {}) as Partial<ClaimContent>;
  if (type !== CLAIMS_TYPE || !Array.isArray(claims))
    throw new Problem('unavailable', 'store-refused', `event ${revision} of ${CLAIMS_STREAM} is not one of the ledger's`);
  return { revision, place, eventId: id, claims, ...(floor !== undefined && { floor }), ...(move !== undefined && { move }) };
}

function rewound(): Problem {
  return new Problem(
    'unavailable',
    'store-refused',
    `${CLAIMS_STREAM} is shorter than it was: the event store was restored from an older copy; restart the ledger`,
  );
}
