import { AsyncLocalStorage } from 'node:async_hooks';
import { LRUCache } from 'lru-cache';
import { type Actor, type Decider, type DecisionContext, derivedId, type DomainEvent, Problem } from '@app/kernel';
import type { EventMetadata, NewEvent, RecordedEvent } from './event.js';
import { type Appended, type EventStore, isProblem, NO_STREAM } from './event-store.js';
import { COMMAND_NOTED } from './codec.js';
import { kindOfStream, type Observer, UNOBSERVED } from './observer.js';
import { currentVantage, lookingFrom } from './vantage.js';

/** Everything a command carries besides its own input. */
export interface CommandContext {
  readonly commandId: string;
  /** SHA-256 of the command's content. */
  readonly contentHash: string;
  readonly actor: Actor;
  /** Business date on which the command takes effect. */
  readonly effectiveOn: string;
  /** Business date on which it is handled. */
  readonly today: string;
  readonly correlationId: string;
  readonly causationId: string;
  /** The caller's If-Match: the command is refused unless the stream stands exactly there. */
  readonly expectedRevision?: number;
}

/** What a command did. `replayed` means it had been done before under the same id, and nothing was added. */
export interface Receipt {
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly events: number;
  readonly replayed: boolean;
  /** Decided in a rehearsal only: `revision` and `events` are what would be, `position` is where the stream really stands. */
  readonly rehearsed?: true;
}

export interface Loaded<State> {
  readonly state: State;
  readonly revision: number;
  /** Position of the stream's last event; 0 when it does not exist. */
  readonly position: number;
}

/** Makes the command from the state, with the look-ups a pure decider cannot do. */
export type Prepare<Command, State> = (state: State) => Promise<Command>;

type AnyDecider<Command, Event extends DomainEvent, State> = Decider<Command, Event, State>;

/** How many folded events the cache may stand for: states differ in size as their histories do. */
const CACHED_EVENTS = 20_000;
/** What one stream counts at most, so that the longest, which is the dearest to fold again, still fits. */
const LARGEST_SHARE = 1_000;
/** Of how many short streams every past state is kept, for whoever looks at the past; and how many events a short one has at most. */
const KEPT_PASTS = 256;
const SHORT_STREAM = 32;
/** What one rehearsal may hold: each command counts one, and a stream it changes what the cache would count for it. */
const REHEARSED = 50_000;
/** Other processes may win this many races against us before the caller is told to retry. */
const ATTEMPTS = 20;

/**
 * Load, fold, decide, append at the exact revision: the one way into a stream.
 *
 * Commands on one stream queue up inside this process, so that its writers do not race each other; against other
 * processes the expected revision decides. The folded state is cached: a refusal or a repeat is answered only after
 * the stream's tail has been read again, so a stale cache can cost a retry but never a wrong answer.
 */
export class Executor {
  private readonly cache = new LRUCache<string, Loaded<unknown>>({ maxSize: CACHED_EVENTS, sizeCalculation: share });
  /** Every state a short stream has had. Streams only grow: what is kept stays true. */
  private readonly pasts = new LRUCache<string, readonly Loaded<unknown>[]>({ max: KEPT_PASTS });
  private readonly tails: Tails = new Map();
  private readonly rehearsals = new AsyncLocalStorage<Rehearsal>();

  constructor(
    private readonly store: EventStore,
    private readonly observer: Observer = UNOBSERVED,
  ) {}

  /** The current state of a stream; in a rehearsal the one it has left; from a vantage the one it had there. */
  async load<Command, Event extends DomainEvent, State>(
    decider: AnyDecider<Command, Event, State>,
    stream: string,
  ): Promise<Loaded<State>> {
    const rehearsed = this.rehearsals.getStore()?.states.get(stream);
    if (rehearsed !== undefined) return rehearsed as Loaded<State>;
    const vantage = currentVantage();
    if (vantage !== undefined) {
      // The store ends at the vantage. What is cached serves as a beginning where nothing has been added since.
      const known = this.cached(decider, stream);
      if (known.position <= vantage.position) return this.read(decider, stream, known);
      const kept = known.revision < SHORT_STREAM ? await this.before(decider, stream, vantage.position) : undefined;
      return kept ?? this.read(decider, stream, orNone(decider, undefined));
    }
    return this.refresh(decider, stream, this.cached(decider, stream));
  }

  /**
   * Runs `work` without writing: every command below it, through whatever handler, is decided on the streams as they stand
   * and as the commands rehearsed before it leave them. It is refused as it would be, or answered with a receipt marked
   * `rehearsed`; then all of it is forgotten, and every idempotency key is as free as before. Commands of others go on
   * unaffected. A rehearsal within a rehearsal begins where the outer one stands and leaves that as it was.
   *
   * It knows what `decide` decides, not what comes after: process managers react to recorded events alone, queries answer
   * from what is recorded, and the store may still refuse an append, or another writer come in between. Fit for handlers
   * whose one effect is `execute`: what a handler keeps elsewhere on the strength of a receipt, no rehearsal takes back.
   * @throws Problem `rehearsal-too-large` from the command that goes beyond what a rehearsal may hold.
   */
  rehearse<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.rehearsals.run(new Rehearsal(this.rehearsals.getStore()), work);
  }

  /**
   * Decides a command on a stream and appends what follows from it. Where a command needs look-ups that depend on the
   * state, pass a function that prepares it; what it refuses is answered like a refusal of the decider.
   * @throws Problem what the decider refuses; `precondition-failed` when If-Match names another revision;
   *   `idempotency-key-reused` when the command id was used with other content; `too-much-contention`; the store's own.
   */
  execute<Command, Event extends DomainEvent, State>(
    decider: AnyDecider<Command, Event, State>,
    stream: string,
    command: Command | Prepare<Command, State>,
    context: CommandContext,
  ): Promise<Receipt> {
    const rehearsal = this.rehearsals.getStore();
    if (rehearsal === undefined) {
      const attempt = () => this.attempt(decider, stream, command, context);
      return this.observer.observe({ kind: 'command', stream: kindOfStream(stream) }, () => oneAtATime(this.tails, stream, attempt));
    }
    return oneAtATime(rehearsal.tails, stream, () => this.decideOnly(rehearsal, decider, stream, command, context));
  }

  /** What `attempt` would answer, were the rehearsal alone with the ledger. */
  private async decideOnly<Command, Event extends DomainEvent, State>(
    rehearsal: Rehearsal,
    decider: AnyDecider<Command, Event, State>,
    stream: string,
    command: Command | Prepare<Command, State>,
    context: CommandContext,
  ): Promise<Receipt> {
    const before = await this.replay(context);
    if (before !== undefined) return { ...before, rehearsed: true };
    const known = rehearsal.states.get(stream) as Loaded<State> | undefined;
    // Read past the cache: it is looked into, and neither filled nor reordered.
    const loaded = known ?? (await this.read(decider, stream, orNone(decider, this.cache.peek(stream))));
    requireRevision(stream, context.expectedRevision, loaded.revision);
    const prepared = typeof command === 'function' ? await (command as Prepare<Command, State>)(loaded.state) : command;
    const events = decider.decide(prepared, loaded.state, decisionOf(context));
    const { position } = loaded;
    const revision = loaded.revision + events.length;
    const receipt: Receipt = { stream, revision, position, events: events.length, replayed: false, rehearsed: true };
    const changed = events.length > 0 && { state: folded(decider, loaded.state, events, context), revision, position };
    if (changed || leavesNotes(context)) rehearsal.keep(receipt, changed, context);
    return receipt;
  }

  private async attempt<Command, Event extends DomainEvent, State>(
    decider: AnyDecider<Command, Event, State>,
    stream: string,
    command: Command | Prepare<Command, State>,
    context: CommandContext,
  ): Promise<Receipt> {
    const decision = decisionOf(context);
    let loaded = this.cached(decider, stream);
    // A stream not seen before is most often a new one: a plain command is decided at once, and the exact revision of
    // the append (or the look before any refusal) tells when it is not. One that needs look-ups reads first.
    if (loaded.revision === NO_STREAM && typeof command === 'function') loaded = await this.refresh(decider, stream, loaded);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      let events: readonly Event[] = [];
      let refusal: { readonly error: unknown } | undefined;
      try {
        requireRevision(stream, context.expectedRevision, loaded.revision);
        const prepared = typeof command === 'function' ? await (command as Prepare<Command, State>)(loaded.state) : command;
        events = decider.decide(prepared, loaded.state, decision);
      } catch (error) {
        refusal = { error };
      }
      if (events.length === 0) {
        const fresh = await this.refresh(decider, stream, loaded);
        if (fresh.revision !== loaded.revision) {
          loaded = fresh;
          continue;
        }
        const before = await this.replay(context);
        if (before !== undefined) return before;
        if (refusal !== undefined) throw refusal.error;
        return this.note({ stream, revision: loaded.revision, position: loaded.position, events: 0, replayed: false }, context);
      }
      try {
        const newEvents = events.map((event, index) => envelope(event, index, context));
        const { revision, position, repeated } = await this.append(stream, loaded.revision, newEvents, attempt);
        // Decided on a stale state, a command done before comes to the same append: the store has recognised it. What was
        // recorded then may bear another day than this retry: the state is read from the events, not made up here.
        if (repeated) this.cache.delete(stream);
        else this.remember(decider, stream, loaded, events, context, position);
        return { stream, revision, position, events: events.length, replayed: repeated };
      } catch (error) {
        if (isProblem(error, 'duplicate-event')) {
          const before = await this.replay(context);
          if (before !== undefined) return before;
        }
        if (!isProblem(error, 'wrong-revision')) {
          this.cache.delete(stream);
          throw error;
        }
        loaded = await this.refresh(decider, stream, loaded);
      }
    }
    throw new Problem('conflict', 'too-much-contention', `stream ${stream} is being changed by many writers; retry`);
  }

  /** The one way from here to the store: what a rehearsal has let through by mistake ends here. */
  private append(stream: string, expectedRevision: number, events: readonly NewEvent[], attempt = 0): Promise<Appended> {
    if (this.rehearsals.getStore() !== undefined) throw new Error(`a rehearsal was about to write to ${stream}`);
    const step = { kind: 'append', stream: kindOfStream(stream), events: events.length, attempt } as const;
    return this.observer.observe(step, () => this.store.append(stream, expectedRevision, events));
  }

  /**
   * Binds the command id of a person's command that changed nothing to its content, in a stream of its own: otherwise
   * the same key could later do something else.
   */
  private async note(receipt: Receipt, context: CommandContext): Promise<Receipt> {
    if (!leavesNotes(context)) return receipt;
    const { stream, revision, position } = receipt;
    const noted = envelope({ type: COMMAND_NOTED, data: { stream, revision, position } }, 0, context);
    try {
      await this.append(`command-${context.commandId}`, NO_STREAM, [noted]);
    } catch (error) {
      // Somebody has just used the id: the same command gets the same answer, another is refused.
      if (!isProblem(error, 'duplicate-event') && !isProblem(error, 'wrong-revision')) throw error;
      return (await this.replay(context)) ?? receipt;
    }
    return receipt;
  }

  /**
   * The receipt of the same command done before; undefined when it has not been.
   * @throws Problem `idempotency-key-reused` for a command id that was used with other content.
   */
  async replay(context: CommandContext): Promise<Receipt | undefined> {
    const rehearsed = this.rehearsals.getStore()?.done.get(context.commandId);
    if (rehearsed !== undefined) {
      requireContent(rehearsed.contentHash, context);
      return { ...rehearsed.receipt, replayed: true };
    }
    const first = await this.store.findEvent(eventId(context.commandId, 0));
    if (first === undefined) return undefined;
    requireContent(first.metadata.commandHash, context);
    if (first.type === COMMAND_NOTED)
      return { ...(first.data as Pick<Receipt, 'stream' | 'revision' | 'position'>), events: 0, replayed: true };
    let last = first;
    let events = 0;
    for await (const page of this.store.readStream(first.stream, { from: first.revision })) {
      for (const event of page) {
        if (event.metadata.commandId !== context.commandId) return receiptOf(last, events);
        last = event;
        events += 1;
      }
    }
    return receiptOf(last, events);
  }

  private cached<Command, Event extends DomainEvent, State>(decider: AnyDecider<Command, Event, State>, stream: string): Loaded<State> {
    return orNone(decider, this.cache.get(stream));
  }

  private async refresh<Command, Event extends DomainEvent, State>(
    decider: AnyDecider<Command, Event, State>,
    stream: string,
    known: Loaded<State>,
  ): Promise<Loaded<State>> {
    const loaded = await this.observer.observe({ kind: 'load', stream: kindOfStream(stream) }, () => this.read(decider, stream, known));
    if (loaded !== known) this.keep(stream, loaded);
    return loaded;
  }

  private async read<Command, Event extends DomainEvent, State>(
    decider: AnyDecider<Command, Event, State>,
    stream: string,
    known: Loaded<State>,
  ): Promise<Loaded<State>> {
    let { state, revision, position } = known;
    for await (const page of this.store.readStream(stream, { from: revision + 1 })) {
      for (const event of page) {
        state = decider.evolve(state, asDomainEvent<Event>(event), contextOf(event));
        ({ revision, position } = event);
      }
    }
    return revision === known.revision ? known : { state, revision, position };
  }

  /**
   * The state a short stream had at a position after which it has gone on. Policies are such: long to read and to check, asked
   * for by most questions about the past, and changed a few times in all. Undefined where its beginning ends before.
   */
  private async before<Command, Event extends DomainEvent, State>(
    decider: AnyDecider<Command, Event, State>,
    stream: string,
    position: number,
  ): Promise<Loaded<State> | undefined> {
    const goesBeyond = (states: readonly Loaded<unknown>[]) => (states.at(-1)?.position ?? 0) > position;
    let states = this.pasts.get(stream) ?? [];
    if (!goesBeyond(states)) {
      states = await lookingFrom(undefined, () => this.beginningOf(decider, stream));
      if (!goesBeyond(states)) return undefined;
      this.pasts.set(stream, states);
    }
    return (states.findLast((state) => state.position <= position) as Loaded<State> | undefined) ?? orNone(decider, undefined);
  }

  /** The states after each of the first events of a stream. */
  private async beginningOf<Command, Event extends DomainEvent, State>(
    decider: AnyDecider<Command, Event, State>,
    stream: string,
  ): Promise<readonly Loaded<State>[]> {
    const states: Loaded<State>[] = [];
    let { state } = orNone(decider, undefined);
    for await (const page of this.store.readStream(stream, { limit: SHORT_STREAM })) {
      for (const event of page) {
        state = decider.evolve(state, asDomainEvent<Event>(event), contextOf(event));
        states.push({ state, revision: event.revision, position: event.position });
      }
    }
    return states;
  }

  private remember<Command, Event extends DomainEvent, State>(
    decider: AnyDecider<Command, Event, State>,
    stream: string,
    loaded: Loaded<State>,
    events: readonly Event[],
    context: CommandContext,
    position: number,
  ): void {
    this.keep(stream, { state: folded(decider, loaded.state, events, context), revision: loaded.revision + events.length, position });
  }

  /** Never lets a slow reader put an older state over a newer one. */
  private keep(stream: string, loaded: Loaded<unknown>): void {
    const present = this.cache.get(stream);
    if (present === undefined || present.revision < loaded.revision) this.cache.set(stream, loaded);
  }
}

/** What a rehearsal has decided so far. Nothing outside it sees any of this. */
class Rehearsal {
  readonly states: Map<string, Loaded<unknown>>;
  readonly done: Map<string, { readonly contentHash: string; readonly receipt: Receipt }>;
  readonly tails: Tails = new Map();
  private size: number;

  constructor(outer: Rehearsal | undefined) {
    this.states = new Map(outer?.states);
    this.done = new Map(outer?.done);
    this.size = outer?.size ?? 0;
  }

  keep(receipt: Receipt, changed: Loaded<unknown> | false, { commandId, contentHash }: CommandContext): void {
    const before = this.states.get(receipt.stream);
    const size = this.size + 1 + (changed ? share(changed) - (before === undefined ? 0 : share(before)) : 0);
    if (size > REHEARSED) throw new Problem('invalid', 'rehearsal-too-large', 'this is too much for one rehearsal; do it in parts');
    this.size = size;
    this.done.set(commandId, { contentHash, receipt });
    if (changed) this.states.set(receipt.stream, changed);
  }
}

/** The last command under way on each stream. */
type Tails = Map<string, Promise<unknown>>;

function oneAtATime<Result>(tails: Tails, stream: string, work: () => Promise<Result>): Promise<Result> {
  const before = tails.get(stream);
  const running = before === undefined ? work() : before.then(work, work);
  tails.set(stream, running);
  const done = () => {
    if (tails.get(stream) === running) tails.delete(stream);
  };
  running.then(done, done);
  return running;
}

/** A stream as it is known, or as one nobody has written to. */
function orNone<State>({ initialState }: { readonly initialState: State }, known: Loaded<unknown> | undefined): Loaded<State> {
  return (known as Loaded<State> | undefined) ?? { state: initialState, revision: NO_STREAM, position: 0 };
}

/** What a stream counts for in memory. */
function share({ revision }: Loaded<unknown>): number {
  return Math.min(revision + 1, LARGEST_SHARE);
}

function folded<Event extends DomainEvent, State>(
  decider: AnyDecider<never, Event, State>,
  state: State,
  events: readonly Event[],
  { actor, effectiveOn }: CommandContext,
): State {
  return events.reduce((before, event) => decider.evolve(before, event, { actorId: actor.id, effectiveOn }), state);
}

/** Process managers repeat themselves by design: a command of theirs that changed nothing binds its id to nothing. */
function leavesNotes({ actor }: CommandContext): boolean {
  return !actor.roles.includes('service');
}

/** What a decider may know of a command. */
export function decisionOf({ actor: { id, roles }, effectiveOn, today }: CommandContext): DecisionContext {
  return { actorId: id, roles, effectiveOn, today };
}

/** The id of a command's n-th event. */
export function eventId(commandId: string, index: number): string {
  return derivedId(commandId, String(index));
}

/** What `evolve` may know of an event's envelope. */
export function contextOf(event: RecordedEvent) {
  return { actorId: event.metadata.actor.id, effectiveOn: event.metadata.effectiveOn };
}

/** A recorded event as the domain knows it. */
export function asDomainEvent<Event extends DomainEvent>(event: RecordedEvent): Event {
  const { policy, evidence } = event.metadata;
  return { type: event.type, data: event.data, ...(policy && { policy }), ...(evidence && { evidence }) } as unknown as Event;
}

function envelope(event: DomainEvent, index: number, context: CommandContext): NewEvent {
  const metadata: EventMetadata = {
    effectiveOn: context.effectiveOn,
    actor: context.actor,
    commandId: context.commandId,
    commandHash: context.contentHash,
    correlationId: context.correlationId,
    causationId: context.causationId,
    ...(event.policy && { policy: event.policy }),
    ...(event.evidence && event.evidence.length > 0 && { evidence: event.evidence }),
  };
  return { id: eventId(context.commandId, index), type: event.type, data: event.data, metadata };
}

function receiptOf(last: RecordedEvent, events: number): Receipt {
  return { stream: last.stream, revision: last.revision, position: last.position, events, replayed: true };
}

function requireContent(recorded: string, { contentHash }: CommandContext): void {
  if (recorded !== contentHash)
    throw new Problem('refused', 'idempotency-key-reused', 'this idempotency key was used for a command with other content');
}

function requireRevision(stream: string, expected: number | undefined, actual: number): void {
  if (expected !== undefined && expected !== actual) {
    throw new Problem('precondition-failed', 'precondition-failed', `${stream} is at revision ${actual}, not ${expected}`, [], {
      expected,
      actual,
    });
  }
}
