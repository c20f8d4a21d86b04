import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  Optional,
} from '@nestjs/common';
import { currentVantage, EVENT_STORE, type EventStore, type Observer, OBSERVER, UNOBSERVED, type Vantage } from '@app/event-store';
import { CLOCK, type Clock, invalidField, notFound, Problem, unreachable } from '@app/kernel';
import { Errands, type Work } from './errands.js';
import { type ProcessManager, ProcessManagerRunner } from './process-manager.js';
import type { Projection } from './projection.js';
import { Projector, type Verified } from './projector.js';
import { type Candidacy, ReadModels, type Standing } from './read-models.js';
import { positionAt } from './recording-times.js';
import { elsewhere, goesOn, type Runner, subscriberLog, type SubscriberStatus } from './subscriber.js';
import { type Verification, Verifications } from './verifications.js';
import { Watcher } from './watcher.js';

/** Who keeps the read models up to date: this process for itself, this one for others too, or another. */
export type Following = 'alone' | 'for-others' | 'elsewhere';
/** Injection token of `Following`. */
export const FOLLOWING = Symbol('Following');

/** How long a query waits for a position it was asked to have seen. */
const READ_YOUR_WRITES_MS = 5_000;

/** How often a process looks whether others ask something of it. */
const SERVE_MS = 250;
/** How long whoever resumes a projection waits for what comes of it. */
const RESUMED_MS = 2_000;
/** How often it is tried to note what has come of a comparison. */
const NOTE_MS = 1_000;

/** Everything that follows the ledger, in this process or in another. Features add their projections and process managers at construction. */
@Injectable()
export class Subscriptions implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly projector: Projector | Watcher;
  private readonly managers: Runner[] = [];
  /** By name, how many types of events concern each: the more, the more work it is. */
  private readonly names = new Map<string, number>();
  /** What is waited for besides the read models, each until it knows the ledger up to a position. */
  private readonly alsoSeen: ((position: number) => Promise<void>)[] = [];
  private readonly errands: Errands;
  private readonly compared: Verifications;
  private candidacy: Candidacy | undefined;
  private serving: Promise<void> = Promise.resolve();
  private started = false;
  private isIdentified = false;
  private readonly stopping = new AbortController();

  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    private readonly readModels: ReadModels,
    @Inject(CLOCK) private readonly clock: Clock,
    @Optional() @Inject(OBSERVER) observer: Observer = UNOBSERVED,
    @Optional() @Inject(FOLLOWING) private readonly following: Following = 'alone',
  ) {
    this.errands = new Errands(readModels);
    this.compared = new Verifications(readModels);
    this.projector = following === 'elsewhere' ? new Watcher(readModels) : new Projector(store, readModels, observer);
  }

  /**
   * The vantage of a position, with the time its event was recorded at, or of an instant. Waits until the read models
   * have got there, but for those that are being built or have stopped: these refuse by themselves what they have not seen.
   * @throws Problem `position-ahead`, or `invalid-input` for a time that is still to come.
   */
  async vantageAt(point: number | Date, field: string): Promise<Vantage> {
    if (point instanceof Date) {
      if (point > this.clock.now())
        throw invalidField(field, 'not-in-the-future', 'must not be later than now, nor than the point looked from');
      await this.seenByRunning(await this.store.head(), field);
      return { position: await positionAt(point, this.store, this.readModels), now: point };
    }
    await this.seenByRunning(point, field);
    for await (const [event] of this.store.readAll({ after: point - 1, limit: 1 }))
      if (event?.position === point) return { position: point, now: new Date(event.recordedAt) };
    return { position: point, now: this.clock.now() };
  }

  /** Whether this process may find events it has not written itself. */
  get othersWrite(): boolean {
    return this.following !== 'alone' || this.readModels.isShared;
  }

  addProjection(projection: Projection): void {
    this.claim(projection);
    this.projector.add(projection);
  }

  addProcessManager(manager: ProcessManager): void {
    this.claim(manager);
    if (this.projector instanceof Watcher) {
      this.managers.push(this.projector.manager(manager.name));
      return;
    }
    const holds = () => this.candidacy?.holds(manager.name) ?? true;
    const isWatched = this.following === 'for-others' || this.readModels.isShared;
    const elsewhere = this.projector.watcher.manager(manager.name);
    this.managers.push(new ProcessManagerRunner(manager, this.store, this.readModels, elsewhere, holds, isWatched));
  }

  /** Whoever waits for a position waits for this as well: something a process knows of the ledger besides its read models. */
  alsoSees(upTo: (position: number) => Promise<void>): void {
    this.alsoSeen.push(upTo);
  }

  /** Projections and process managers keep their checkpoints in one table, by name. */
  private claim({ name, handles }: Pick<Projection, 'name' | 'handles'>): void {
    if (this.names.has(name)) throw new Error(`two subscribers of the ledger are named ${name}: they would share one checkpoint`);
    this.names.set(name, handles === 'all' ? Number.POSITIVE_INFINITY : handles.size);
  }

  /**
   * @throws Problem `read-models-ahead` when the read models know more than the ledger: they belong to another state of it;
   *   `read-models-of-another-ledger`.
   */
  async onApplicationBootstrap(): Promise<void> {
    // In this order: another process may go on meanwhile.
    const furthest = await this.readModels.furthest();
    const head = await this.store.head();
    if (furthest !== undefined && furthest.position > head) {
      const detail = `${furthest.name} has seen position ${furthest.position}, but the ledger ends at ${head}: it is an older copy. If that is intended, delete the read models; they are built anew from the ledger`;
      throw new Problem('unavailable', 'read-models-ahead', detail);
    }
    await this.identify();
    this.started = true;
    const { projector } = this;
    if (projector instanceof Watcher) return projector.refresh();
    // Neighbours come to different processes where they are shared out: so each has some that are much work.
    const byWork = [...this.names].sort(([, one], [, other]) => (one === other ? 0 : other - one)).map(([name]) => name);
    this.candidacy = await this.readModels.stand(byWork, {
      gained: async (names) => {
        await this.compared.interrupted(names);
        await projector.gain(names);
        for (const manager of this.managers) if (names.includes(manager.name)) await manager.gain();
        if (this.readModels.isShared) subscriberLog.log(`this process runs ${names.join(', ')}`);
      },
      lost: (names, areGiven = false) => {
        if (areGiven) subscriberLog.log(`this process gives ${names.join(', ')} to another`);
        else subscriberLog.warn(`this process no longer runs ${names.join(', ')}: another may`);
        projector.lose(names);
        for (const manager of this.managers) if (names.includes(manager.name)) manager.lose();
      },
    });
    if (this.othersWrite) this.serving = this.serve();
  }

  /** Does what other processes ask of this one. What cannot be read or written just now is asked again, or withdrawn. */
  private async serve(): Promise<void> {
    const { signal } = this.stopping;
    const holds = (name: string) => this.holds(name);
    while (!signal.aborted) {
      await this.errands.serve(holds, (work, names) => this.perform(work, names)).catch(() => undefined);
      await sleep(SERVE_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Two ledgers may have been given the same read models by mistake. As long as a ledger is empty, there is no telling. */
  private async identify(): Promise<void> {
    if (this.isIdentified) return;
    let first: string | undefined;
    for await (const [event] of this.store.readAll({ limit: 1 })) first ??= event?.id;
    await this.readModels.belongTo(first);
    this.isIdentified = first !== undefined;
  }

  /** Resolves when the read models can be read, and fails when they cannot or are another ledger's. */
  async probe(): Promise<void> {
    await this.identify();
    if (this.projector instanceof Watcher) await this.projector.refresh();
    else await this.readModels.liveCheckpoints();
  }

  status(): readonly SubscriberStatus[] {
    return [...this.projector.status(), ...this.managers.map((manager) => manager.status())];
  }

  /** Every projection of this ledger. */
  projections(): readonly Projection[] {
    return this.projector.projections();
  }

  /** How everything is doing, as whoever runs it says or has noted, and who that is. */
  async overview(): Promise<readonly SubscriberStatus[]> {
    const { projector } = this;
    // What it was last seen at may be long ago.
    const seen = (projector instanceof Watcher ? projector : projector.watcher).refresh();
    const [standings, holders] = await Promise.all([this.readModels.standings(), this.readModels.holders(), seen]);
    return this.status().map((status) => {
      const runBy = holders.get(status.name);
      const noted = this.holds(status.name) ? {} : notedOf(standings.filter(({ name }) => name === status.name));
      return { ...status, ...noted, ...(runBy !== undefined && { runBy }) };
    });
  }

  /**
   * Builds projections anew beside what queries see, wherever they are run.
   * @throws Problem as `Projector.rebuild` and `Errands.ask`; those that other processes run may have been begun.
   */
  async rebuild(names: readonly string[]): Promise<void> {
    this.refuseManagers(names);
    await this.haveDone('rebuild', names);
  }

  /** Goes on with a projection or process manager that had stopped. @throws Problem `projection-unknown`, `projection-not-stopped`. */
  async resume(name: string): Promise<void> {
    await this.haveDone('resume', [name]);
  }

  /**
   * Begins to compare projections row for row with ones built anew; `verifications` tells how it goes.
   * @throws Problem as `Projector.verify` and `Errands.ask`; those that other processes run may have been begun.
   */
  async verify(names: readonly string[]): Promise<void> {
    this.refuseManagers(names);
    await this.haveDone('verify', names);
  }

  /** Has work done by whoever runs what it is about: this process, or others. */
  private async haveDone(work: Work, names: readonly string[]): Promise<void> {
    const unknown = names.find((name) => !this.names.has(name));
    if (unknown !== undefined) throw notFound('projection-unknown', `there is no projection ${unknown}`);
    const others = names.filter((name) => !this.holds(name));
    if (others.length > 0) await this.errands.ask(work, others);
    const own = names.filter((name) => !others.includes(name));
    if (own.length > 0) await this.perform(work, own);
  }

  /** Does work on what this process runs. */
  private async perform(work: Work, names: readonly string[]): Promise<void> {
    const { projector } = this;
    const [first = ''] = names;
    const manager = this.managers.find(({ name }) => name === first);
    if (manager !== undefined) return manager.resume();
    // It runs none.
    if (projector instanceof Watcher) throw elsewhere(first);
    switch (work) {
      case 'rebuild':
        return projector.rebuild(names);
      case 'resume':
        return this.resumed(projector, first);
      case 'verify':
        return this.compare(projector, names);
      default:
        return unreachable(work);
    }
  }

  /** Others know by the next batch alone that it goes on: whoever asks them next is not to be told that it has stopped. */
  private async resumed(projector: Projector, name: string): Promise<void> {
    const position = projector.status().find((one) => one.name === name)?.position ?? 0;
    await projector.resume(name);
    await projector.reached(position + 1, RESUMED_MS, name);
  }

  private async compare(projector: Projector, names: readonly string[]): Promise<void> {
    const results = await projector.verify(names);
    const run = randomUUID();
    const begun = this.compared.begin(run, names);
    for (const [index, name] of names.entries()) {
      const result = results[index] as Promise<Verified>;
      void result.then(
        (verified) => this.noteCompared(begun, run, name, verified.different === 0 ? 'equal' : 'different', verified),
        (error: unknown) =>
          this.noteCompared(begun, run, name, 'failed', { error: error instanceof Error ? error.message : String(error) }),
      );
    }
    await begun;
  }

  /** As often as it needs: that it began may have been noted also where nobody heard of it. */
  private async noteCompared(begun: Promise<void>, ...what: Parameters<Verifications['end']>): Promise<void> {
    const isDone = (noting: Promise<void>) =>
      noting.then(
        () => true,
        () => false,
      );
    await isDone(begun);
    while (!(await isDone(this.compared.end(...what))) && !this.stopping.signal.aborted) await sleep(NOTE_MS, undefined, { ref: false });
  }

  /** Whether this process runs a projection or process manager. */
  private holds(name: string): boolean {
    return this.projector.holds(name) || this.managers.some((manager) => manager.name === name && manager.isHeld);
  }

  private refuseManagers(names: readonly string[]): void {
    const name = names.find((each) => this.managers.some((manager) => manager.name === each));
    if (name === undefined) return;
    throw notFound('projection-unknown', `${name} is a process manager: it acts, and has no tables to be built or compared`);
  }

  /** The latest verification of each projection, whichever process has made it. */
  verifications(): Promise<readonly Verification[]> {
    return this.compared.list();
  }

  /**
   * Waits until the read models have seen a position.
   * @throws Problem `position-ahead` for a position the ledger does not have; `read-model-behind` when it takes too long.
   */
  async atLeast(position: number, field = 'Ledger-Position'): Promise<void> {
    await this.seen(position, field, (timeoutMs) => this.projector.reached(position, timeoutMs));
  }

  /**
   * As `atLeast`, but for read models that are being built or have stopped: these refuse by themselves what they have not seen.
   * @throws Problem as `atLeast`.
   */
  seenByRunning(position: number, field = 'Ledger-Position'): Promise<void> {
    return this.seen(position, field, (timeoutMs) => this.projector.reachedByRunning(position, timeoutMs));
  }

  private async seen(position: number, field: string, reached: (timeoutMs: number) => Promise<boolean>): Promise<void> {
    await this.reach(position, field, reached);
    for (const upTo of this.alsoSeen) await upTo(position);
  }

  private async reach(position: number, field: string, reached: (timeoutMs: number) => Promise<boolean>): Promise<void> {
    if (await reached(0)) return;
    const head = await this.store.head();
    if (position > head) {
      throw new Problem('invalid', 'position-ahead', `the ledger ends at position ${head}`, [
        { field, rule: 'position', message: `must be at most ${head}` },
      ]);
    }
    if (await reached(READ_YOUR_WRITES_MS)) return;
    throw behind(position);
  }

  /**
   * Waits, however long it needs, until a projection has seen the ledger as it stands: it may have to be built anew.
   * False when it has stopped or cannot go on just now, which health then says, or when the program is ending.
   */
  async caughtUp(name: string): Promise<boolean> {
    const head = await this.store.head();
    while (!(await this.projector.reached(head, READ_YOUR_WRITES_MS, name))) {
      if (this.stopping.signal.aborted || this.projector.status().some((one) => one.name === name && !goesOn(one))) return false;
    }
    return true;
  }

  /**
   * Waits until a projection has seen the ledger as it stands, no longer than who reads their own writes: for answers that
   * must not say "nothing" because they have not looked. The past answers for itself.
   * @throws Problem `read-model-behind`.
   */
  async upToDate(name: string): Promise<void> {
    if (currentVantage() !== undefined) return;
    const head = await this.store.head();
    if (!(await this.projector.reached(head, READ_YOUR_WRITES_MS, name))) throw behind(head);
  }

  /** Waits until the process managers, or the one named, have dealt with a position; false when they have not within the time. */
  async followed(position: number, timeoutMs: number, name?: string): Promise<boolean> {
    const asked = this.managers.filter((manager) => name === undefined || manager.name === name);
    const reached = await Promise.all(asked.map((manager) => manager.reached(position, timeoutMs)));
    return reached.every(Boolean);
  }

  /** Waits until process managers and read models have dealt with everything, including what follows from it. False after the time. */
  async settled(timeoutMs = 30_000): Promise<boolean> {
    const deadline = Date.now() + timeoutMs;
    for (let position = -1; ;) {
      const head = await this.store.head();
      if (head === position) return true;
      position = head;
      const left = Math.max(0, deadline - Date.now());
      const reached = await Promise.all([
        ...this.managers.map((manager) => manager.reached(head, left)),
        this.projector.reached(head, left),
      ]);
      if (!reached.every(Boolean)) return false;
    }
  }

  /** Before any store closes. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.serving;
    if (this.started) await Promise.all([this.projector.stop(), ...this.managers.map((manager) => manager.stop())]);
    // Only now: nothing of it is under way any more.
    await this.candidacy?.end();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.readModels.close();
  }
}

function behind(position: number): Problem {
  return new Problem('unavailable', 'read-model-behind', `the read models have not reached position ${position} yet; retry`);
}

/** What has been noted of something that another process runs. */
function notedOf(standings: readonly Standing[]): Pick<SubscriberStatus, 'error' | 'beside'> & { readonly state?: 'stopped' } {
  const of = (purpose: Standing['purpose']) => standings.find((standing) => standing.purpose === purpose);
  const [live, building, checking] = [of('live'), of('building'), of('checking')];
  const seen = live ?? building;
  const beside = live && (building ?? checking);
  return {
    ...(seen !== undefined && seen.failure !== null && { state: 'stopped', error: seen.failure }),
    ...(beside !== undefined && {
      beside: {
        purpose: beside === building ? 'rebuild' : 'verification',
        position: beside.position,
        ...(beside.failure !== null && { error: beside.failure }),
      },
    }),
  };
}
