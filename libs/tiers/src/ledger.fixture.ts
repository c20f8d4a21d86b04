import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { CommandBus, CqrsModule } from '@nestjs/cqrs';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Blacklist, type Listing, type Subject } from '@app/blacklist';
import {
  Dossiers,
  EnterprisesModule,
  type EnterpriseCommand,
  enterpriseEvents,
  RunEnterpriseCommand,
  vocabularyOf,
} from '@app/enterprises';
import { type CommandContext, EVENT_STORE, type EventStore, EventStoreModule, Executor, type RecordedEvent } from '@app/event-store';
import { HttpModule, Tokens } from '@app/http';
import { type Clock, contentHash, type CreditCode, derivedId, type PersonRole, type Role, withCheckCharacter } from '@app/kernel';
import { bundledPacks, Policies, policyDecider, policyEvents } from '@app/policies';
import { ProjectionsModule, ReadModels, Subscriptions } from '@app/projections';
import { tierEvents } from './tier.codec.js';
import { TiersModule } from './tiers.module.js';

const paper = [{ title: '佐证材料' }];
/** Never begins anew: a ledger that is opened again must not send its old keys again. */
let keys = 0;

/** The n-th fictional enterprise; their codes sort as their numbers do. */
export const codeOf = (n: number): CreditCode => withCheckCharacter(`91520113MA${String(n).padStart(7, '0')}`);

/** The black list as a spec wants it. */
export class KnownListings {
  readonly listings: Listing[] = [];
  async listingsOf(subjects: readonly Subject[]): Promise<readonly Listing[]> {
    return this.listings.filter(({ subject }) => subjects.some(({ id }) => id === subject.id));
  }
  list(id: string): void {
    const subject = { kind: 'enterprise' as const, id };
    this.listings.push({
      listing: `enterprise.${id}.1`,
      subject,
      listingClass: 'general',
      from: '2024-01-01',
      until: '2025-01-01',
      reason: '骗补',
    });
  }
}

/** A ladder's own day. */
class Calendar implements Clock {
  constructor(public today: string) {}
  now(): Date {
    return new Date(`${this.today}T04:00:00Z`);
  }
}

/** Ladders with the bundled policies and real dossiers on real files. For specs only. */
export class TierLedger {
  private constructor(
    readonly app: NestFastifyApplication,
    readonly calendar: Calendar,
    readonly blacklist: KnownListings,
    private readonly tokens: Tokens,
    private readonly url: string,
  ) {}

  static folder() {
    const path = mkdtempSync(join(tmpdir(), 'tiers-'));
    return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
  }

  static async open(folder: string, today = '2024-04-15'): Promise<TierLedger> {
    const calendar = new Calendar(today);
    const tokens = new Tokens(new Uint8Array(32).fill(7), calendar);
    const vocabulary = vocabularyOf(bundledPacks());
    const blacklist = new KnownListings();
    @Global()
    @Module({ providers: [{ provide: Blacklist, useValue: blacklist }], exports: [Blacklist] })
    class KnownListingsModule {}
    const testing = Test.createTestingModule({
      imports: [
        EventStoreModule.forRoot({
          file: join(folder, 'events.db'),
          clock: calendar,
          definitions: { ...policyEvents, ...enterpriseEvents, ...tierEvents },
        }),
        ProjectionsModule.forRoot({ file: join(folder, 'read.db') }),
        HttpModule.forRoot(tokens),
        EnterprisesModule.forRoot({ useVocabulary: () => vocabulary }),
        KnownListingsModule,
        TiersModule,
        // Last on purpose: the bus learns its handlers after the process managers have started.
        CqrsModule.forRoot(),
      ],
    });
    const app = (await testing.compile()).createNestApplication<NestFastifyApplication>(
      new FastifyAdapter({ routerOptions: { maxParamLength: 1_000 } }),
      {
        logger: false,
      },
    );
    app
      .getHttpAdapter()
      .getInstance()
      .decorateRequest('clock', { getter: () => calendar });
    await app.listen(0, '127.0.0.1');
    return new TierLedger(app, calendar, blacklist, tokens, (await app.getUrl()).replace('[::1]', '127.0.0.1'));
  }

  context(actor: string, roles: readonly Role[], key = `k${(keys += 1)}`): CommandContext {
    const { today } = this.calendar;
    const commandId = derivedId('spec', actor, key);
    const actorOf = { id: actor, unit: '科技局', roles };
    return {
      commandId,
      contentHash: contentHash(key),
      actor: actorOf,
      effectiveOn: today,
      today,
      correlationId: commandId,
      causationId: commandId,
    };
  }

  async publishBundled(): Promise<void> {
    for (const pack of bundledPacks()) {
      const command = { type: 'publish', pack, evidence: paper } as const;
      await this.executor.execute(policyDecider, `policy-${pack.id}`, command, this.context('administrator-1', ['administrator']));
      await this.app.get(Policies).noteChange(pack.id);
    }
  }

  async dossier(code: CreditCode, ...commands: readonly EnterpriseCommand[]): Promise<void> {
    for (const command of commands)
      await this.app
        .get(CommandBus)
        .execute(new RunEnterpriseCommand(code, command, this.context('registrar-1', ['clerk', 'administrator'])));
  }

  async dossierOn(effectiveOn: string, code: CreditCode, command: EnterpriseCommand): Promise<void> {
    const context = { ...this.context('registrar-1', ['clerk', 'administrator']), effectiveOn };
    await this.app.get(CommandBus).execute(new RunEnterpriseCommand(code, command, context));
  }

  /** A registered enterprise with facts; those of a year under `2024:name`. */
  async enterprise(n: number, facts: Readonly<Record<string, string | boolean>> = {}, region?: string): Promise<CreditCode> {
    const code = codeOf(n);
    await this.dossier(code, { type: 'register', creditCode: code, name: `企业${n}`, ...(region !== undefined && { region }) });
    await this.facts(code, facts);
    return code;
  }

  async facts(code: CreditCode, facts: Readonly<Record<string, string | boolean>>): Promise<void> {
    const each = Object.entries(facts).map(([key, value]) => {
      const [, period, name = key] = /^(\d{4}):(.+)$/.exec(key) ?? [];
      return { name, value, ...(period !== undefined && { period }), sourceUnit: '区科技局', evidence: paper };
    });
    if (each.length > 0) await this.dossier(code, { type: 'record-facts', facts: each });
  }

  /** Has everything that was reported of an enterprise verified, by another person. */
  async verify(code: CreditCode): Promise<void> {
    const { facts } = await this.app.get(Dossiers).require(code);
    for (const { factId, verification } of facts)
      if (verification === 'reported')
        await this.app
          .get(CommandBus)
          .execute(
            new RunEnterpriseCommand(code, { type: 'verify-fact', factId, evidence: paper }, this.context('checker-1', ['reviewer'])),
          );
  }

  async clear(code: CreditCode, clearances: Readonly<Record<string, string>>): Promise<void> {
    const { today } = this.calendar;
    for (const [clearance, agency] of Object.entries(clearances)) {
      const documentNo = `${clearance}〔2024〕1号`;
      await this.dossier(code, { type: 'record-clearance', clearance, agency, finding: 'clear', on: today, documentNo, evidence: paper });
    }
  }

  async request(
    method: 'GET' | 'POST',
    url: string,
    role: PersonRole,
    body?: unknown,
    { actor = `${role}-1`, key = `h${(keys += 1)}` }: { readonly actor?: string; readonly key?: string } = {},
  ) {
    const token = await this.tokens.issue({ id: actor, unit: '科技局', roles: [role] }, 3_600);
    const answer = await fetch(`${this.url}${url}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(method === 'POST' && { 'content-type': 'application/json', 'idempotency-key': key }),
      },
      ...(method === 'POST' && { body: JSON.stringify(body ?? {}) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> & { items: Record<string, unknown>[] } };
  }

  /** Waits until everything has followed; every subscriber must be running. */
  async settle(): Promise<void> {
    if (!(await this.subscriptions.settled(10_000))) throw new Error(`not settled: ${JSON.stringify(this.subscriptions.status())}`);
    const stopped = this.subscriptions.status().filter(({ state }) => state !== 'running');
    if (stopped.length > 0) throw new Error(`stopped: ${JSON.stringify(stopped)}`);
  }

  async events(...types: readonly string[]): Promise<readonly RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for await (const page of this.store.readAll()) events.push(...page.filter(({ type }) => types.includes(type)));
    return events;
  }

  get executor(): Executor {
    return this.app.get(Executor);
  }
  get store(): EventStore {
    return this.app.get<EventStore>(EVENT_STORE);
  }
  get readModels(): ReadModels {
    return this.app.get(ReadModels);
  }
  get subscriptions(): Subscriptions {
    return this.app.get(Subscriptions);
  }
  close(): Promise<void> {
    return this.app.close();
  }
}
