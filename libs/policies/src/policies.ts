import { setTimeout as sleep } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { currentVantage, EVENT_STORE, type EventStore, Executor } from '@app/event-store';
import { notFound, refused } from '@app/kernel';
import { ReadModels, Subscriptions } from '@app/projections';
import { type PolicyTables } from './list/policies.projection.js';
import type { Envelope, Pack } from './pack.js';
import { policyEvents } from './policy.codec.js';
import {
  latestVersion,
  policyDecider,
  type PolicyState,
  type PolicyVersion,
  versionFor,
  versionInForce,
  versionNumbered,
} from './policy.js';

/** How soon a policy counts that another process has published, in milliseconds. */
const NOTED_WITHIN_MS = 500;

export function policyStream(pack: string): string {
  return `policy-${pack}`;
}

/** The published policies, for features that decide under them. */
@Injectable()
export class Policies implements OnApplicationBootstrap, BeforeApplicationShutdown {
  /** The latest text of every published policy, for vocabularies that must answer at once. */
  private latest: readonly Pack[] = [];
  private readonly stopping = new AbortController();
  /** Up to where it is known what other processes have done to policies. */
  private noted = 0;
  private noting: Promise<void> = Promise.resolve();
  private watching: Promise<void> = Promise.resolve();

  constructor(
    private readonly executor: Executor,
    private readonly readModels: ReadModels,
    private readonly subscriptions: Subscriptions,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.noted = await this.store.head();
    for (const pack of await this.namedAtStart()) await this.noteChange(pack);
    if (!this.subscriptions.othersWrite) return;
    this.subscriptions.alsoSees((position) => this.noteOthers(position));
    this.watching = this.watch();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.watching;
  }

  /** Looks regularly for what other processes have done to policies. A fault is nothing but a later look. */
  private async watch(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await sleep(NOTED_WITHIN_MS, undefined, { signal, ref: false }).catch(() => undefined);
      // Whatever keeps the store from answering is told by health.
      await this.noteOthers(await this.store.head().catch(() => this.noted)).catch(() => undefined);
    }
  }

  /** Resolves when everything that is recorded of policies counts here. */
  async upToDate(): Promise<void> {
    if (this.subscriptions.othersWrite) await this.noteOthers(await this.store.head());
  }

  /** Resolves when what others have done to policies up to a position is known here. */
  private noteOthers(position: number): Promise<void> {
    const noted = this.noting.then(async () => {
      if (position <= this.noted) return;
      const head = await this.store.head();
      for await (const page of this.store.readAll({ after: this.noted, types: Object.keys(policyEvents) }))
        for (const { stream } of page) await this.noteChange(stream.slice(policyStream('').length));
      this.noted = head;
    });
    this.noting = noted.catch(() => undefined);
    return noted;
  }

  /**
   * After a restart the list of policies comes from the read models, brought up to date first. Where they are being built,
   * or have stopped, it comes from the events: that takes longer, and needs nobody to wait for all the others.
   */
  private async namedAtStart(): Promise<readonly string[]> {
    const isBuilt = this.subscriptions.status().some(({ name, state }) => name === 'policies' && state === 'running');
    if (isBuilt && (await this.subscriptions.caughtUp('policies'))) return this.named();
    const packs = new Set<string>();
    for await (const page of this.store.readAll({ types: ['policy-published'] }))
      for (const { stream } of page) packs.add(stream.slice(policyStream('').length));
    return [...packs];
  }

  private async named(): Promise<readonly string[]> {
    const rows = await this.readModels.from<PolicyTables>().selectFrom('policy').select('pack').distinct().orderBy('pack').execute();
    return rows.map(({ pack }) => pack);
  }

  /** Called after a policy stream has changed. */
  async noteChange(pack: string): Promise<void> {
    const version = latestVersion(await this.state(pack));
    if (version !== undefined) this.latest = [...this.latest.filter(({ id }) => id !== pack), version.pack];
  }

  /** The latest text of every published policy; another array once anything has changed. For commands: it is the present, always. */
  packs(): readonly Pack[] {
    return this.latest;
  }

  /** The latest text of every policy that is published where one looks from, by its id. */
  async published(): Promise<readonly Pack[]> {
    if (currentVantage() === undefined) return [...this.latest].sort((one, other) => (one.id < other.id ? -1 : 1));
    const states = await Promise.all((await this.named()).map((pack) => this.state(pack)));
    return states.flatMap((state) => latestVersion(state)?.pack ?? []);
  }

  async state(pack: string): Promise<PolicyState> {
    return (await this.executor.load(policyDecider, policyStream(pack))).state;
  }

  /** @throws Problem `policy-unknown`. */
  async requirePublished(pack: string): Promise<void> {
    if ((await this.state(pack)).status === 'unpublished') throw unknown(pack);
  }

  /** The version to judge a day by, in force or not. @throws Problem `policy-unknown`. */
  async versionFor(pack: string, on: string): Promise<PolicyVersion> {
    const version = versionFor(await this.state(pack), on);
    if (version === undefined) throw unknown(pack);
    return version;
  }

  /** The version in force on a day. @throws Problem `policy-unknown`, `policy-not-in-force`. */
  async versionInForce(pack: string, on: string): Promise<PolicyVersion> {
    const state = await this.state(pack);
    if (state.status === 'unpublished') throw unknown(pack);
    const version = versionInForce(state, on);
    if (version === undefined) throw refused('policy-not-in-force', `${pack} is not in force on ${on}`, { pack, on });
    return version;
  }

  /** A version by its number. @throws Problem `policy-unknown`. */
  async version(pack: string, number: number): Promise<PolicyVersion> {
    const version = versionNumbered(await this.state(pack), number);
    if (version === undefined) throw unknown(pack);
    return version;
  }

  /** The envelope the latest text of a pack declares under this id, with the clause that is its ground. */
  async envelope(pack: string, id: string): Promise<{ readonly envelope: Envelope; readonly version: PolicyVersion } | undefined> {
    const version = latestVersion(await this.state(pack));
    if (version === undefined) throw unknown(pack);
    const envelope = version.pack.envelopes.find((each) => each.id === id);
    return envelope && { envelope, version };
  }
}

function unknown(pack: string) {
  return notFound('policy-unknown', `no policy ${pack} has been published`);
}
