import { setTimeout as sleep } from 'node:timers/promises';
import { rmSync } from 'node:fs';
import pg from 'pg';
import { EVENT_STORE, type EsdbAddress, type EventStore, type RecordedEvent } from '@app/event-store';
import type { Clock, PersonRole } from '@app/kernel';
import { type PostgresSettings, Subscriptions } from '@app/projections';
import { type Fate, MortalProcess, type Point, unharmed } from './mortal-process.js';
import { toldAs } from './routes.js';

/** How often a client asks before it says that the ledger answers nothing at all. */
const PATIENCE = 2_000;
const SETTLED_MS = 30_000;
/** How often a ledger is started whose store or read models are away. */
const STARTS = 100;
/** Who holds the leases while nobody may write. */
const STRANGER = 'stranger';
const END_CONNECTIONS =
  'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()';
const TAKE_LEASES = `UPDATE ledger.lease SET holder = '${STRANGER}', token = token + 1, expires_at = 'infinity'`;
const END_LEASES = `UPDATE ledger.lease SET expires_at = '-infinity' WHERE holder <> '${STRANGER}'`;
const CHECKPOINTS = 'SELECT name, generation, purpose, position FROM ledger.checkpoint ORDER BY name, generation';

/** A day that is set by hand. */
export class HandClock implements Clock {
  constructor(public instant: number) {}
  static on(day: string): HandClock {
    return new HandClock(Date.parse(`${day}T04:00:00Z`));
  }
  now(): Date {
    return new Date(this.instant);
  }
  reach(day: string): void {
    this.instant = Date.parse(`${day}T04:00:00Z`);
  }
}

export interface Sent {
  /** A role, with a number where there are several of it: `approver2`. */
  readonly actor: string;
  readonly key: string;
  readonly path: string;
  readonly body: object;
}

/** What a command came to: done, or refused for good. */
export interface Outcome {
  readonly sent: Sent;
  readonly body: Readonly<Record<string, unknown>>;
  readonly refused?: string;
}

/**
 * One ledger over the lives of the processes that serve it: when one dies, the next takes over its files, and clients ask
 * again, always under the same key.
 */
export class Succession {
  /** Asked at every point of every process. */
  fate: (point: Point) => Fate | undefined = () => undefined;
  /** Asked before that: what has to happen first. */
  first: (point: Point) => Promise<void> | undefined = () => undefined;
  /** After how many calls of others something arrives that was on its way. */
  delay = 3;
  deaths = 0;
  /** With read models in PostgreSQL: one successor in so many is there before the leases of the dead have run out. */
  earlyOneIn = 2;
  /** What clients do before they ask again: some find that everything has come to its end without them. */
  beforeAskingAgain: () => Promise<void> = async () => undefined;
  private process!: MortalProcess;
  private taking: Promise<void> | undefined;
  private left = 0;
  private readonly arrivals: Promise<void>[] = [];

  private constructor(
    readonly folder: string,
    readonly clock: HandClock,
    private readonly esdb: EsdbAddress | undefined,
    private readonly postgres: PostgresSettings | undefined,
  ) {}

  /** The ledger of a folder, or a new one where that is empty. */
  static async begin(
    clock: HandClock,
    { folder, esdb, postgres }: { folder: string; esdb?: EsdbAddress; postgres?: PostgresSettings },
  ): Promise<Succession> {
    const succession = new Succession(folder, clock, esdb, postgres);
    await succession.open();
    return succession;
  }

  get current(): MortalProcess {
    return this.process;
  }

  private async open(): Promise<void> {
    let failures = 0;
    for (let stragglers = this.process?.stragglers ?? []; ; stragglers = this.process.stragglers) {
      this.left = this.delay;
      this.process = await MortalProcess.start(this.folder, this.clock, {
        ...this.elsewhere,
        fate: (point) => this.decide(point),
        first: (point) => this.first(point),
        stragglers,
      });
      if (!this.process.isDead) return;
      this.deaths += 1;
      await this.buried(this.process);
      const { failure } = this.process;
      if (failure === undefined) continue;
      if ((failures += 1) > STARTS) throw failure as Error;
      await sleep(100);
    }
  }

  private get elsewhere() {
    return { ...(this.esdb && { esdb: this.esdb }), ...(this.postgres && { postgres: this.postgres }) };
  }

  /** Closes what it has left open: files, and its connections to PostgreSQL, in whatever they were. */
  private async buried(dead: MortalProcess): Promise<void> {
    await dead.bury();
    if (this.postgres === undefined) return;
    await this.inDatabase(END_CONNECTIONS);
    if (this.deaths % this.earlyOneIn !== 1) await this.inDatabase(END_LEASES, 'DELETE FROM ledger.candidate');
  }

  /** Asks PostgreSQL, from beside the ledger; again when it is away. The rows of the last statement. */
  private async inDatabase(...statements: readonly string[]): Promise<readonly Readonly<Record<string, unknown>>[]> {
    for (;;) {
      const client = new pg.Client({ connectionString: (this.postgres as PostgresSettings).url });
      client.on('error', () => undefined);
      try {
        await client.connect();
        let rows: readonly Record<string, unknown>[] = [];
        for (const statement of statements) ({ rows } = await client.query<Record<string, unknown>>(statement));
        return rows;
      } catch (error) {
        // Neither schema nor leases before the first process has come so far.
        if (/does not exist/.test(String(error))) return [];
        await sleep(50);
      } finally {
        await client.end().catch(() => undefined);
      }
    }
  }

  /**
   * Takes the leases from whoever holds them, in the middle of whatever it is at; with `cutOff` its connections are ended as
   * well. It may write nothing then: returns what it has written all the same. When they are to be had again, another worker
   * is there and competes for them, until it ends as it should or, `dying`, does not.
   */
  async depose({ cutOff, dying, forMs }: { cutOff: boolean; dying: boolean; forMs: number }): Promise<readonly string[]> {
    await this.inDatabase('BEGIN', 'SELECT FROM ledger.lease FOR UPDATE', TAKE_LEASES, 'COMMIT');
    if (cutOff) await this.inDatabase(END_CONNECTIONS);
    const before = await this.inDatabase(CHECKPOINTS);
    // That takes about as long as leases last in a schedule.
    const rival = await MortalProcess.start(this.folder, this.clock, {
      ...this.elsewhere,
      role: 'worker',
      fate: (point) => this.fate(point),
    });
    const after = await this.inDatabase(CHECKPOINTS);
    await this.inDatabase(`UPDATE ledger.lease SET expires_at = '-infinity' WHERE holder = '${STRANGER}'`);
    await Promise.race([sleep(forMs), rival.death]);
    if (dying) rival.die();
    await Promise.race([rival.death, unharmed(() => rival.stop())]);
    if (rival.isDead) await rival.bury();
    const [stood, stands] = [JSON.stringify(before), JSON.stringify(after)];
    return stood === stands ? [] : [`deposed, and yet it has written: ${stood} became ${stands}`];
  }

  private decide(point: Point): Fate | undefined {
    if (this.process?.stragglers.length > 0 && (this.left -= 1) <= 0) this.deliver();
    const fate = this.fate(point);
    if (fate === 'delayed') this.left = this.delay;
    return fate;
  }

  private deliver(): void {
    this.arrivals.push(this.process.arrive());
  }

  /** Lets everything arrive that is still on its way. */
  async arriveAll(): Promise<void> {
    while (this.process.stragglers.length > 0) this.deliver();
    await Promise.all(this.arrivals.splice(0));
  }

  /** Waits for the one that takes over. */
  async successor(dead: MortalProcess): Promise<void> {
    if (this.process !== dead) return;
    this.taking ??= (async () => {
      this.deaths += 1;
      await this.buried(dead);
      await this.open();
    })().finally(() => (this.taking = undefined));
    await this.taking;
  }

  /** Does something with the living process, again with the next one when it dies of it. */
  async outliving<Result>(work: (process: MortalProcess) => Promise<Result>): Promise<Result> {
    for (;;) {
      if (this.taking !== undefined) await this.taking;
      const { process } = this;
      const done = await Promise.race([work(process).then((result) => ({ result })), process.death]);
      if (done !== undefined && !process.isDead) return done.result;
      await this.successor(process);
    }
  }

  /** A command, asked until it is answered. */
  async send(actor: string, key: string, path: string, body: object = {}): Promise<Outcome> {
    const sent = { actor, key, path, body };
    for (let attempt = 0; attempt < PATIENCE; attempt += 1) {
      const answer = await this.ask('POST', sent);
      if (answer !== undefined && !('status' in answer)) return { sent, body: answer.body };
      if (answer !== undefined && answer.status !== 503) return { sent, body: {}, refused: answer.code };
      await this.beforeAskingAgain();
      await sleep(Math.min(attempt, 20));
    }
    throw new Error(`${path} (${key}) is never answered`);
  }

  /** A command that must not be refused. */
  async do(actor: string, key: string, path: string, body: object = {}): Promise<Outcome> {
    const outcome = await this.send(actor, key, path, body);
    if (outcome.refused !== undefined) throw new Error(`${path} ${JSON.stringify(body)} is refused: ${outcome.refused}`);
    return outcome;
  }

  /** Nothing when it is refused. */
  async get(path: string, actor = 'auditor'): Promise<Readonly<Record<string, unknown>>> {
    for (;;) {
      const answer = await this.ask('GET', { actor, key: '', path, body: {} });
      if (answer === undefined) continue;
      return 'status' in answer ? {} : answer.body;
    }
  }

  /** Undefined when the process died of it. */
  private async ask(method: 'GET' | 'POST', { actor, key, path, body }: Sent) {
    const role = actor.replace(/\d+$/, '') as PersonRole;
    const asked = { method, path: `/v1${path}`, actor: { id: actor, unit: '测试单位', roles: [role] }, body, key };
    if (this.taking !== undefined) await this.taking;
    const { process } = this;
    const answer = await Promise.race([process.call(asked).then((answer) => ({ body: answer }), toldAs), process.death]);
    if (answer === undefined) await this.successor(process);
    return answer ?? undefined;
  }

  /** Waits until everything has followed, also what is tried again. @throws Error when something has stopped for good. */
  async settle(): Promise<void> {
    for (const deadline = Date.now() + SETTLED_MS; ; await sleep(5)) {
      const [isSettled, status] = await this.outliving((process) =>
        unharmed(async () => {
          const subscriptions = process.get(Subscriptions);
          return [await subscriptions.settled(SETTLED_MS), subscriptions.status()] as const;
        }),
      );
      const stopped = status.filter(({ state }) => state !== 'running');
      if (isSettled && stopped.length === 0) return;
      if (Date.now() > deadline) throw new Error(`not everything follows: ${JSON.stringify(isSettled ? stopped : status)}`);
    }
  }

  /** Waits until the living process runs everything: who is there early begins without the leases of the dead. */
  async takenOver(): Promise<void> {
    const runsEverything = async (process: MortalProcess) => {
      const subscriptions = process.get(Subscriptions);
      return [...subscriptions['names'].keys()].every((name) => subscriptions['holds'](name));
    };
    for (const deadline = Date.now() + SETTLED_MS; !(await this.outliving(runsEverything)); await sleep(20))
      if (Date.now() > deadline) throw new Error('nobody has taken everything over');
  }

  head(): Promise<number> {
    return this.outliving((process) => unharmed(() => process.get<EventStore>(EVENT_STORE as never).head()));
  }

  async events(after = 0): Promise<readonly RecordedEvent[]> {
    return this.outliving(async (process) => {
      const events: RecordedEvent[] = [];
      for await (const page of process.get<EventStore>(EVENT_STORE as never).readAll({ after })) events.push(...page);
      return events;
    });
  }

  /** Compares every read model with one built anew; what is said of those that differ. */
  async differingReadModels(): Promise<readonly string[]> {
    return this.outliving(async (process) => {
      const subscriptions = process.get(Subscriptions);
      const names = subscriptions.projections().map(({ name }) => name);
      // Another process may have had the leases last; they are to be had again when it has ended.
      for (const deadline = Date.now() + SETTLED_MS; ; await sleep(100)) {
        const refused = await subscriptions.verify(names).then(() => undefined, toldAs);
        if (refused === undefined) break;
        if (refused.code !== 'projector-elsewhere' || Date.now() > deadline) throw new Error(`nothing can be compared: ${refused.code}`);
      }
      while ((await subscriptions.verifications()).some(({ state }) => state === 'running')) await sleep(10);
      const verified = await subscriptions.verifications();
      if (verified.length !== names.length) throw new Error(`${verified.length} of ${names.length} read models were compared`);
      return verified.filter(({ state }) => state !== 'equal').map((verification) => JSON.stringify(verification));
    });
  }

  /** Lets the last process end as it should. */
  async end(): Promise<void> {
    this.fate = () => undefined;
    await this.outliving((process) => process.stop());
  }

  async remove(): Promise<void> {
    await this.end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
