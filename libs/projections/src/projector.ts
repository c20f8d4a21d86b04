import { setTimeout as sleep } from 'node:timers/promises';
import { type EventStore, type Observer, type RecordedEvent, UNOBSERVED } from '@app/event-store';
import { notFound, Problem, unreachable } from '@app/kernel';
import { compareGenerations, type Comparison } from './comparison.js';
import { isHandled, type Projection } from './projection.js';
import type { Batch, Checkpoint, Outcome, ReadModels } from './read-models.js';
import { elsewhere, faultOf, PositionGate, subscriberLog, type SubscriberStatus } from './subscriber.js';
import { SideBySide } from './side-by-side.js';
import type { Table } from './table.js';
import { Watcher } from './watcher.js';

const RETRY_MS = 500;
/**
 * Tables may take over at what was the end when so few events ago: under load it moves on all the time. Events are counted,
 * since positions tell nothing of it: in some stores there are thousands from one event to the next.
 */
const CLOSE_ENOUGH = 1_000;
/** So many pages the first of those that are built side by side may be ahead of the last. */
const PAGES_AHEAD = 2;

/** One generation of a projection's tables, on its way through the events. */
interface Track {
  readonly projection: Projection;
  checkpoint: Checkpoint;
  /** Why it stopped for good: an event it cannot apply. */
  error?: string;
  /** Why it cannot go on just now; retried. */
  failure?: string | undefined;
  /** Tables that are being built have been made ready to be seen. */
  isComplete?: true;
}

/** What has come of making tables ready to be seen. */
interface Completion {
  readonly completed: number;
  /** What the first of those threw that could not be completed. */
  readonly failure: { readonly thrown: unknown } | undefined;
}

const NOTHING_TO_COMPLETE: Completion = { completed: 0, failure: undefined };

/** Events that follow each other: all there are after one position and up to another. */
interface Stretch {
  readonly after: number;
  readonly to: number;
  readonly page: readonly RecordedEvent[];
}

/** A projection: the tables queries see, and what is being built beside them. */
interface Member {
  readonly projection: Projection;
  readonly gate: PositionGate;
  /** Whether this process runs it. */
  held: boolean;
  live?: Track;
  building?: Track;
  check?: Check;
}

/** What the comparison of the live tables with ones built anew has shown, at a position. */
export interface Verified extends Comparison {
  readonly position: number;
}

interface Check {
  readonly track: Track;
  readonly done: (verified: Verified) => void;
  readonly failed: (error: unknown) => void;
  /** Ends when the projection is lost: whoever runs it now cannot drop these tables while they are read. */
  readonly ending: AbortController;
}

/**
 * Feeds every projection from the event store. Rows and checkpoint of a page are committed together, so an event
 * counts exactly once, whatever crashes and however many processes project into the same file. A projection that
 * cannot apply an event stops before it and reports it; the others go on.
 *
 * All live tables share one subscription. What is behind (new or changed projections, rebuilds, one that was resumed)
 * follows on another until it has caught up, and then takes its place among the live ones, between two pages.
 */
export class Projector {
  private readonly members: Member[] = [];
  /** Sees how far those are that other processes run. */
  readonly watcher: Watcher;
  private readonly live: Track[] = [];
  /** The last position the live tables were given; undefined until any is live. */
  private livePosition: number | undefined;
  private readonly stopping = new AbortController();
  private readonly loops = new Set<Promise<void>>();
  private leading: Promise<void> = Promise.resolve();
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: EventStore,
    private readonly readModels: ReadModels,
    private readonly observer: Observer = UNOBSERVED,
  ) {
    this.watcher = new Watcher(readModels);
  }

  /** Adds a projection; before `start`. */
  add(projection: Projection): void {
    this.watcher.add(projection);
    this.members.push({ projection, gate: new PositionGate(), held: false });
  }

  projections(): readonly Projection[] {
    return this.members.map(({ projection }) => projection);
  }

  /** Whether this process runs a projection. */
  holds(name: string): boolean {
    return this.members.some(({ projection, held }) => held && projection.name === name);
  }

  /** Follows the ledger with every projection. */
  start(): void {
    this.keep(this.gain(this.members.map(({ projection }) => projection.name)));
  }

  /**
   * From now on this process runs these of its projections; resolves when it is known what is there of them.
   * @throws Error when that cannot be read.
   */
  gain(names: readonly string[]): Promise<void> {
    const members = this.members.filter(({ projection, held }) => !held && names.includes(projection.name));
    for (const member of members) member.held = true;
    const leading = this.leading.then(() => this.lead(members));
    this.leading = leading.catch(() => this.lose(names));
    return leading;
  }

  /** Another process runs these projections by now, or may at any moment. */
  lose(names: readonly string[]): void {
    for (const member of this.members) {
      if (!names.includes(member.projection.name)) continue;
      const place = member.live === undefined ? -1 : this.live.indexOf(member.live);
      if (place >= 0) this.live.splice(place, 1);
      member.check?.failed(elsewhere(member.projection.name));
      member.check?.ending.abort();
      delete member.live;
      delete member.building;
      delete member.check;
      member.held = false;
      member.gate.giveUp();
    }
  }

  /** Finds out what is there of projections, begins what has to be built, and follows the ledger with them. */
  private async lead(members: readonly Member[]): Promise<void> {
    for (const member of members) {
      const { projection } = member;
      const { live, building } = await this.readModels.prepare(projection);
      if (!member.held) continue;
      if (live !== undefined) {
        member.live = { projection, checkpoint: live };
        member.gate.reset(live.position);
      }
      if (building !== undefined) member.building = { projection, checkpoint: building };
    }
    this.begin(members);
  }

  /** Ends after the page in work; nobody waits any longer for what comes after it. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.watcher.stop();
    for (const { gate } of this.members) gate.giveUp();
    while (this.loops.size > 0) await Promise.all(this.loops);
    for (const { check } of this.members) check?.failed(ending());
  }

  /** One at a time: between two of these, every live track stands at `livePosition` and no other moves. */
  private exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => undefined);
    return done;
  }

  private keep(loop: Promise<void>): void {
    this.loops.add(loop);
    void loop.finally(() => this.loops.delete(loop));
  }

  status(): readonly SubscriberStatus[] {
    const elsewhere = this.watcher.status();
    return this.members.map((member, index) => {
      const {
        projection: { name },
        gate,
        live,
        building,
        check,
      } = member;
      if (!member.held) return elsewhere[index] as SubscriberStatus;
      const seen = live ?? building;
      const reason = seen?.error ?? seen?.failure;
      const beside = building ?? check?.track;
      return {
        name,
        kind: 'projection',
        position: live?.checkpoint.position ?? building?.checkpoint.position ?? 0,
        state: stateOf(member),
        ...gate.moved,
        ...(reason !== undefined && { error: reason }),
        ...(live !== undefined &&
          beside !== undefined && {
            beside: {
              purpose: beside === building ? ('rebuild' as const) : ('verification' as const),
              position: beside.checkpoint.position,
              ...(beside.error !== undefined && { error: beside.error }),
            },
          }),
      };
    });
  }

  /** True when every projection, or the one named, has applied the event at the position; false after the time or when one has stopped. */
  async reached(position: number, timeoutMs: number, name?: string): Promise<boolean> {
    const asked = name === undefined ? this.members : this.members.filter(({ projection }) => projection.name === name);
    return this.reachedBy(asked, position, timeoutMs);
  }

  /** The same of those alone that queries see and that have not stopped. Others refuse by themselves to answer from where they have not been. */
  async reachedByRunning(position: number, timeoutMs: number): Promise<boolean> {
    const running = this.members.filter(({ held, live }) => held && live !== undefined && live.error === undefined);
    const elsewhere = this.members.flatMap(({ held, projection }) => (held ? [] : [projection.name]));
    const results = await Promise.all([
      this.reachedBy(running, position, timeoutMs),
      elsewhere.length === 0 || this.watcher.reachedByRunning(position, timeoutMs, elsewhere),
    ]);
    return results.every(Boolean);
  }

  private async reachedBy(members: readonly Member[], position: number, timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    const results = await Promise.all(
      members.map(async (member) => {
        const { projection, held, gate, live, building } = member;
        if (held) {
          const error = live === undefined ? building?.error : live.error;
          if (error !== undefined && gate.position < position) return false;
          if (await gate.reached(position, timeoutMs)) return true;
        }
        // Whoever runs it now goes on with it.
        return !member.held && this.watcher.reached(position, Math.max(0, deadline - performance.now()), projection.name);
      }),
    );
    return results.every(Boolean);
  }

  /**
   * Builds projections anew beside their live tables, which they replace when they have caught up.
   * @throws Problem `projection-unknown`, `projection-building`, `projection-stopped`; then nothing is begun.
   */
  rebuild(names: readonly string[]): Promise<void> {
    return this.exclusively(async () => {
      await this.leading;
      const members = names.map((name) => this.idle(name));
      const begun = await this.begun(members, 'building');
      members.forEach((member, index) => (member.building = begun[index] as Track));
      this.keep(this.catchUp(begun));
    });
  }

  private async begun(members: readonly Member[], purpose: 'building' | 'checking'): Promise<readonly Track[]> {
    const projections = members.map(({ projection }) => projection);
    const checkpoints = await this.readModels.begin(projections, purpose);
    return projections.map((projection, index) => ({ projection, checkpoint: checkpoints[index] as Checkpoint }));
  }

  /**
   * Goes on with a projection that had stopped, from the event it stopped at.
   * @throws Problem `projection-unknown`, `projection-not-stopped`.
   */
  resume(name: string): Promise<void> {
    return this.exclusively(async () => {
      await this.leading;
      const member = this.member(name);
      if (!member.held) throw elsewhere(name);
      const stopped = [member.live, member.building].filter((track) => track?.error !== undefined) as Track[];
      if (stopped.length === 0) throw new Problem('conflict', 'projection-not-stopped', `the projection ${name} has not stopped`);
      for (const track of stopped) {
        delete track.error;
        const place = this.live.indexOf(track);
        if (place >= 0) this.live.splice(place, 1);
      }
      this.keep(this.catchUp(stopped));
    });
  }

  /**
   * Builds projections anew and compares every row, of now and of before, with the live tables at the same position.
   * One promise a projection, in the order of the names; it fails when an event cannot be applied.
   * @throws Problem `projection-unknown`, `projection-building`, `projection-stopped`; then nothing is begun.
   */
  verify(names: readonly string[]): Promise<readonly Promise<Verified>[]> {
    return this.exclusively(async () => {
      await this.leading;
      const members = names.map((name) => this.idle(name));
      const tracks = await this.begun(members, 'checking');
      const results = members.map(
        (member, index) =>
          new Promise<Verified>((done, failed) => {
            member.check = { track: tracks[index] as Track, done, failed, ending: new AbortController() };
          }),
      );
      this.keep(this.catchUp(tracks));
      return results;
    });
  }

  private member(name: string): Member {
    const member = this.members.find(({ projection }) => projection.name === name);
    if (member === undefined) throw notFound('projection-unknown', `there is no projection ${name}`);
    return member;
  }

  private idle(name: string): Member {
    const member = this.member(name);
    if (!member.held) throw elsewhere(name);
    if (member.live === undefined && member.building?.error !== undefined) {
      const detail = `the projection ${name} has stopped before it was complete (${member.building.error}): resume it after a fix`;
      throw new Problem('conflict', 'projection-stopped', detail);
    }
    const isBuilding = member.building !== undefined && member.building.error === undefined;
    if (member.live === undefined || isBuilding || member.check !== undefined)
      throw new Problem('conflict', 'projection-building', `the projection ${name} is being built or verified already`);
    return member;
  }

  private begin(members: readonly Member[]): void {
    const live = members.flatMap((member) => member.live ?? []);
    const building = members.flatMap((member) => member.building ?? []);
    const furthest = this.livePosition ?? Math.max(...live.map(({ checkpoint }) => checkpoint.position));
    // Those that stand together go on together, when nothing goes on yet.
    const abreast = this.livePosition === undefined ? live.filter(({ checkpoint }) => checkpoint.position === furthest) : [];
    if (abreast.length > 0) {
      this.live.push(...abreast);
      this.livePosition = furthest;
      this.keep(this.followLive());
    }
    const behind = live.filter((track) => !abreast.includes(track));
    for (const tracks of [behind, building]) if (tracks.length > 0) this.keep(this.catchUp(tracks));
    this.keep(this.dropAllFormer(members));
  }

  private async dropAllFormer(members: readonly Member[]): Promise<void> {
    for (const { projection } of members) await this.dropFormer(projection);
  }

  private async followLive(): Promise<void> {
    await this.retrying(
      () => this.live,
      async (signal) => {
        // Behind that position are those alone that have stopped, and tables that were set back.
        const running = this.live.filter(({ error }) => error === undefined);
        const after = Math.min(this.livePosition ?? 0, ...running.map(({ checkpoint }) => checkpoint.position));
        // A fault that has passed while nothing was missed is told no longer: nothing may come for days.
        if ((await this.store.head()) <= after) for (const track of this.live) track.failure = undefined;
        for await (const stretch of stretches(this.store.subscribe({ after, signal }), after)) {
          await this.exclusively(async () => {
            await this.projectStretch(this.live, stretch);
            this.livePosition = Math.max(this.livePosition ?? 0, stretch.to);
          });
        }
        return true;
      },
    );
  }

  /** Follows on a subscription of its own until every one of the tracks has found its place. */
  private async catchUp(tracks: readonly Track[]): Promise<void> {
    const left = new Set(tracks);
    await this.retrying(
      () => [...left],
      async (signal) => {
        // What stood when it began is complete when queries first see it.
        let end = await this.store.head();
        let sinceThen = 0;
        const settle = async ({ failure }: Completion, stretch?: Stretch) => {
          const isClose = sinceThen <= CLOSE_ENOUGH;
          // Nothing may come between these two: what a comparison leaves of a page is for the moment the live tables stand there.
          await this.exclusively(async () => {
            if (stretch !== undefined) await this.projectStretch([...left], stretch);
            // One by one: should one fail, those before it have found their place.
            for (const track of left) if (await this.settle(track, isClose && track.checkpoint.position >= end)) left.delete(track);
          });
          // What cannot be completed has not held up the others.
          if (failure !== undefined) throw failure.thrown;
        };
        await settle(await this.complete([...left].filter(({ checkpoint }) => checkpoint.position >= end)));
        if (left.size === 0) return true;
        const after = Math.min(...[...left].map(({ checkpoint }) => checkpoint.position));
        const pages = gathered(this.store.subscribe({ after, signal }), this.readModels.eventsAtOnce, () => end);
        const hidden = this.sideBySide(left, signal);
        try {
          for await (const stretch of stretches(pages, after)) {
            sinceThen += stretch.page.length;
            // What another process runs by now stands still here, and is not to hold up the rest.
            for (const track of left) if (!this.isOfMember(track)) left.delete(track);
            const isAtEnd = stretch.to >= end;
            // Nobody sees these tables yet: others may go on meanwhile.
            const areHidden = [...left].every((track) => this.isBuilding(track));
            if (areHidden) await hidden.give(stretch);
            if (areHidden && !isAtEnd && left.size > 0) continue;
            await hidden.taken();
            const completion = isAtEnd ? await this.complete([...left]) : NOTHING_TO_COMPLETE;
            if (signal.aborted) return true;
            // Where much has come since then, or may have come while tables were completed, the end is somewhere else by now.
            if (isAtEnd && (completion.completed > 0 || sinceThen > CLOSE_ENOUGH)) {
              end = await this.store.head();
              sinceThen = 0;
            }
            await settle(completion, areHidden ? undefined : stretch);
            if (left.size === 0) return true;
          }
          return true;
        } finally {
          await hidden.ended();
        }
      },
    );
  }

  /** Builds tables that nobody sees yet, each at its own pace. Those that stop are left to whoever resumes them. */
  private sideBySide(left: Set<Track>, signal: AbortSignal): SideBySide<Stretch> {
    const { buildersAtOnce } = this.readModels;
    const hands = buildersAtOnce === 1 ? [[...left]] : [...left].map((track) => [track]);
    const work = (hand: readonly Track[]) => async (stretch: Stretch) => {
      const held = hand.filter((track) => left.has(track) && this.isBuilding(track));
      if (signal.aborted || held.length === 0) return;
      await this.projectStretch(held, stretch);
      for (const track of held) if (track.error !== undefined) left.delete(track);
    };
    return new SideBySide(hands.map(work), buildersAtOnce, PAGES_AHEAD);
  }

  private isBuilding(track: Track): boolean {
    return this.members.some(({ building }) => building === track);
  }

  /** What takes long before tables can be seen is done while others go on: whoever is free takes the next ones. */
  private async complete(tracks: readonly Track[]): Promise<Completion> {
    const incomplete = tracks.filter((track) => this.isBuilding(track) && track.isComplete !== true && track.error === undefined);
    const next = incomplete.values();
    let completed = 0;
    let failure: Completion['failure'];
    const hand = async () => {
      for (const track of next) {
        if (this.stopping.signal.aborted) return;
        try {
          await this.readModels.complete(track.projection, track.checkpoint);
          track.isComplete = true;
          completed += 1;
        } catch (thrown) {
          failure ??= { thrown };
        }
      }
    };
    await Promise.all(Array.from({ length: this.readModels.buildersAtOnce }, hand));
    return { completed, failure };
  }

  /** @throws Error when it would pass over something: whoever was deposed, or set back, may stand before it. */
  private projectStretch(tracks: readonly Track[], { after, to, page }: Stretch): Promise<void> {
    if (tracks.some(({ error, checkpoint }) => error === undefined && checkpoint.position < after)) throw setBack();
    const step = { kind: 'projection-page', projections: tracks.length, events: page.length, position: to } as const;
    return this.observer.observe(step, () => this.projectPage(tracks, page));
  }

  /** Runs `work` until it says it is done; after a fault, which is noted on the tracks, from where they stand. */
  private async retrying(tracks: () => readonly Track[], work: (signal: AbortSignal) => Promise<boolean>): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        if (await work(signal)) return;
      } catch (error) {
        // The store could not be read or the rows not written: nothing was skipped, so try again from the checkpoints.
        const held = tracks();
        // Said once, not at every try.
        if (held.some(({ failure }) => failure === undefined))
          subscriberLog.warn(`${held.length} projections cannot go on and try again: ${faultOf(error)}`);
        for (const track of held) track.failure = messageOf(error);
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Puts a track that has caught up where it belongs; true when it needs no more feeding here. `isClose`: to the end of the ledger. */
  private async settle(track: Track, isClose: boolean): Promise<boolean> {
    const member = this.members.find(({ projection }) => projection === track.projection) as Member;
    const { position } = track.checkpoint;
    if (member.check?.track === track) return this.settleCheck(member, member.check);
    const isReplaced = track !== member.live && track !== member.building;
    if (isReplaced || track.error !== undefined) return true;
    if (position < (this.livePosition ?? 0)) return false;
    if (track === member.building) {
      if (!isClose || track.isComplete !== true) return false;
      await this.promote(member, track);
    }
    track.failure = undefined;
    this.live.push(track);
    if (this.livePosition === undefined) {
      this.livePosition = position;
      this.keep(this.followLive());
    }
    return true;
  }

  private async promote(member: Member, track: Track): Promise<void> {
    const former = member.live;
    if (!(await this.readModels.promote(member.projection, track.checkpoint))) {
      track.checkpoint = (await this.readModels.present(track.checkpoint)) ?? track.checkpoint;
      delete track.isComplete;
      throw setBack();
    }
    if (former !== undefined && this.live.includes(former)) this.live.splice(this.live.indexOf(former), 1);
    member.live = track;
    delete member.building;
    member.gate.advance(track.checkpoint.position);
    this.keep(this.dropFormer(member.projection));
  }

  /** Tables nobody sees any more only take up room: what cannot be dropped now is dropped at the next start. */
  private async dropFormer(projection: Projection): Promise<void> {
    await this.readModels.dropFormerGenerations(projection).catch(() => undefined);
  }

  private async settleCheck(member: Member, check: Check): Promise<boolean> {
    const { track, done, failed, ending } = check;
    const live = member.live?.checkpoint;
    // Lost meanwhile: whoever runs it now has dropped these tables.
    if (live === undefined) return true;
    const end = async () => {
      // Lost meanwhile: their number may be that of other tables by now.
      if (member.check !== check) return;
      delete member.check;
      await this.readModels.abandon(track.checkpoint);
    };
    if (track.error !== undefined) {
      await end();
      failed(new Error(track.error));
      return true;
    }
    if (track.checkpoint.position < live.position) return false;
    if (track.checkpoint.position > live.position) {
      await end();
      failed(new Error('the tables in use have been set back meanwhile; verify again'));
      return true;
    }
    const { position } = live;
    const snapshot = await this.readModels.snapshot();
    const tables = member.projection.tables as unknown as readonly Table[];
    const signal = AbortSignal.any([this.stopping.signal, ending.signal]);
    const comparing = compareGenerations(snapshot, tables, live.generation, track.checkpoint.generation, signal)
      .finally(() => snapshot.close())
      .finally(end)
      .then((comparison) => done({ ...comparison, position }), failed);
    this.keep(comparing);
    return true;
  }

  /** One transaction for all tracks: it costs more than the share of one of them in a page. */
  private async projectPage(tracks: readonly Track[], page: readonly RecordedEvent[]): Promise<void> {
    const parts = tracks.flatMap((track) => {
      const events = track.error === undefined ? this.upToLive(track, page) : [];
      const batch = batchOf(track, events);
      return batch === undefined ? [] : [{ track, events, batch }];
    });
    if (parts.length === 0) return;
    // Whoever began on an empty ledger may find that another has come first.
    if (parts.some(({ batch }) => batch.from.position === 0)) await this.readModels.belongTo(page[0]?.id);
    const outcomes = await this.readModels.commit(parts.map(({ batch }) => batch));
    for (const [index, { track, events }] of parts.entries()) await this.settleOutcome(track, events, outcomes[index] as Outcome);
    if (parts.some(({ track, batch }) => track.checkpoint.position < batch.from.position)) throw setBack();
  }

  private async settleOutcome(track: Track, events: readonly RecordedEvent[], outcome: Outcome): Promise<void> {
    switch (outcome.kind) {
      case 'committed':
        track.checkpoint = outcome.checkpoint;
        track.failure = undefined;
        this.opened(track)?.advance(track.checkpoint.position);
        return;
      case 'moved':
        return this.takenOver(track, events);
      case 'deposed':
        // Who has come back since then follows with other tracks, and is not to lose these: nobody would give them back.
        if (this.isOfMember(track)) this.lose([track.projection.name]);
        return;
      case 'failed':
        return this.oneByOne(track, events, outcome.error);
      default:
        return unreachable(outcome);
    }
  }

  private isOfMember(track: Track): boolean {
    return this.members.some(({ live, building, check }) => [live, building, check?.track].includes(track));
  }

  /** The gate of the tables queries see. */
  private opened(track: Track): PositionGate | undefined {
    return this.members.find(({ live }) => live === track)?.gate;
  }

  /** So that everything before the event at fault is applied, and nothing of that event. */
  private async oneByOne(track: Track, events: readonly RecordedEvent[], error: unknown): Promise<void> {
    const fresh = events.filter(({ position }) => position > track.checkpoint.position);
    if (fresh.length === 1) {
      const reason = `position ${fresh[0]?.position}: ${messageOf(error)}`;
      // First of all: queries in other processes go by it too.
      await this.readModels.noteStop(track.checkpoint, reason);
      return this.stopTrack(track, reason);
    }
    for (const event of fresh) {
      if (this.stopping.signal.aborted) return;
      await this.projectPage([track], [event]);
      // It has stopped there, or another process may run it by now: what comes next would pass over this one.
      if (track.checkpoint.position < event.position) return;
    }
  }

  private stopTrack(track: Track, error: string): void {
    track.error = error;
    track.failure = undefined;
    const after = track.checkpoint.position;
    subscriberLog.error(`the projection ${track.projection.name} has stopped after position ${after}; "ledger projections list" says why`);
    const member = this.members.find(({ projection }) => projection === track.projection) as Member;
    if (member.live === track || (member.live === undefined && member.building === track)) member.gate.giveUp();
  }

  /** Tables that are to be compared with the live ones end where these end. */
  private upToLive(track: Track, page: readonly RecordedEvent[]): readonly RecordedEvent[] {
    const member = this.members.find(({ check }) => check?.track === track);
    const end = member?.live?.checkpoint.position;
    return end === undefined ? page : page.filter(({ position }) => position <= end);
  }

  /** Something has moved the checkpoint. Another process with the same code has done our work; with other code the tables are no longer ours. */
  private async takenOver(track: Track, events: readonly RecordedEvent[]): Promise<void> {
    const { checkpoint, projection } = track;
    const own = await this.readModels.present(checkpoint);
    // The tables in use would be compared with themselves, and dropped.
    if (own === undefined && this.members.some(({ check }) => check?.track === track))
      return this.stopTrack(track, 'the tables to be compared have been dropped meanwhile; verify again');
    const present = own ?? (await this.readModels.generations(projection.name)).live;
    if (present?.version !== checkpoint.version)
      return this.stopTrack(
        track,
        `version ${present?.version ?? 'unknown'} of ${projection.name} has taken over its tables; this is version ${checkpoint.version}`,
      );
    track.checkpoint = present;
    track.failure = undefined;
    // With its rows a database may have lost what made them ready.
    delete track.isComplete;
    this.opened(track)?.reset(present.position);
    // A database may lose what it had written last. What comes between is not among these events.
    if (present.position >= checkpoint.position) await this.projectPage([track], events);
  }
}

/** What is new of some events to a track; undefined for nothing. */
function batchOf({ projection, checkpoint: from }: Track, events: readonly RecordedEvent[]): Batch | undefined {
  const fresh = events.filter(({ position }) => position > from.position);
  const to = fresh.at(-1)?.position;
  if (to === undefined) return undefined;
  const handled = fresh.filter((event) => isHandled(projection, event));
  return {
    from,
    to,
    apply: (work) => {
      for (const event of handled) work.during(event.position, () => projection.apply(event, work));
    },
  };
}

/** Puts pages together, as long as there is more to come before `end`. */
async function* gathered(
  pages: AsyncIterable<readonly RecordedEvent[]>,
  most: number,
  end: () => number,
): AsyncGenerator<readonly RecordedEvent[]> {
  let together: RecordedEvent[] = [];
  for await (const page of pages) {
    if (together.length === 0 && page.length >= most) yield page;
    else {
      together.push(...page);
      if (together.length < most && (page.at(-1)?.position ?? 0) < end()) continue;
      yield together;
      together = [];
    }
  }
}

/** Pages of a subscription that begins after a position. */
async function* stretches(pages: AsyncIterable<readonly RecordedEvent[]>, begin: number): AsyncGenerator<Stretch> {
  let after = begin;
  for await (const page of pages) {
    const to = page.at(-1)?.position ?? after;
    yield { after, to, page };
    after = to;
  }
}

function setBack(): Error {
  return new Error('the read models have been set back; they are followed again from where they stand');
}

function ending(): Problem {
  return new Problem('unavailable', 'shutting-down', 'the program is ending');
}

function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' ? message : String(error);
}

function stateOf({ live, building }: Member): SubscriberStatus['state'] {
  const seen = live ?? building;
  if (seen?.error !== undefined) return 'stopped';
  if (seen?.failure !== undefined) return 'retrying';
  return live === undefined ? 'building' : 'running';
}
