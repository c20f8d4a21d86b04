import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandBus, CqrsModule, QueryBus } from '@nestjs/cqrs';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { type CommandContext, EVENT_STORE, EventStoreModule, type EventStore, Executor, type RecordedEvent } from '@app/event-store';
import { HttpModule, Tokens } from '@app/http';
import { type Clock, contentHash, derivedId, type PersonRole, type Role } from '@app/kernel';
import { ProjectionsModule, ReadModels, Subscriptions } from '@app/projections';
import { budgetEvents } from './budget.codec.js';
import { Budgets } from './budgets.js';
import { BudgetsModule, type BudgetsOptions } from './budgets.module.js';
import type { BudgetCommand } from './decide.js';
import { RunBudgetCommand } from './handlers/run-budget-command.js';
import { budgetStream, type LineRef } from './line.js';

/** In the year of the specs' `line`, until a spec lets it end. */
export const MIDYEAR = '2024-06-30';

export const clock = new (class implements Clock {
  today = MIDYEAR;
  now(): Date {
    return new Date(`${this.today}T04:00:00Z`);
  }
})();

export function context(commandId: string, roles: readonly Role[] = ['finance'], effectiveOn = clock.today): CommandContext {
  const id = derivedId('spec', commandId);
  return {
    commandId: id,
    contentHash: contentHash(commandId),
    actor: { id: 'f1', unit: '财政局', roles },
    effectiveOn,
    today: clock.today,
    correlationId: id,
    causationId: id,
  };
}

/** A ledger of budgets alone, on real files that can be opened again. For specs only. */
export class BudgetLedger {
  private constructor(
    readonly app: NestFastifyApplication,
    private readonly tokens: Tokens,
    private readonly url: string,
  ) {}

  static folder() {
    const path = mkdtempSync(join(tmpdir(), 'budgets-'));
    return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
  }

  /** `follow: false` is a ledger whose process managers and projections never run. */
  static async open(
    folder: string,
    { follow = true, ...options }: BudgetsOptions & { readonly follow?: boolean } = {},
  ): Promise<BudgetLedger> {
    const tokens = new Tokens(new Uint8Array(32).fill(7), clock);
    const testing = Test.createTestingModule({
      imports: [
        EventStoreModule.forRoot({ file: join(folder, 'events.db'), clock, definitions: budgetEvents }),
        ProjectionsModule.forRoot({ file: join(folder, 'read.db') }),
        HttpModule.forRoot(tokens),
        BudgetsModule.forRoot(options),
        // Last on purpose: the bus learns its handlers after the process managers have started.
        CqrsModule.forRoot(),
      ],
    });
    const module = await testing.compile();
    const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
    if (!follow) app.get(Subscriptions).onApplicationBootstrap = async () => undefined;
    app
      .getHttpAdapter()
      .getInstance()
      .decorateRequest('clock', { getter: () => clock });
    await app.listen(0, '127.0.0.1');
    return new BudgetLedger(app, tokens, (await app.getUrl()).replace('[::1]', '127.0.0.1'));
  }

  readonly run = (line: LineRef, command: BudgetCommand, id: string, roles: readonly Role[] = ['finance']) =>
    this.app.get(CommandBus).execute(new RunBudgetCommand(budgetStream(line), command, context(id, roles)));

  async fund(line: LineRef, amount: string): Promise<void> {
    const name = budgetStream(line);
    await this.run(line, { type: 'open', line, title: '研发奖补' }, `${name}:open`);
    await this.run(line, { type: 'appropriate', amount, reason: '年初预算', evidence: [{ title: '拨款通知' }] }, `${name}:fund`);
  }

  async state(line: LineRef) {
    const { state } = await this.budgets.load(line);
    if (state.status === 'none') throw new Error('no such line');
    return state;
  }

  async events(): Promise<readonly RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for await (const page of this.store.readAll()) events.push(...page);
    return events;
  }

  async request(method: 'GET' | 'POST', url: string, role: PersonRole, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
    const token = await this.tokens.issue({ id: `u-${role}`, unit: '财政局', roles: [role] }, 3_600);
    const answer = await fetch(`${this.url}${url}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(method === 'POST' && { 'idempotency-key': `${Math.random()}` }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, headers: Object.fromEntries(answer.headers), body: (await answer.json()) as Record<string, unknown> };
  }

  get budgets(): Budgets {
    return this.app.get(Budgets);
  }
  get queries(): QueryBus {
    return this.app.get(QueryBus);
  }
  get store(): EventStore {
    return this.app.get<EventStore>(EVENT_STORE);
  }
  get executor(): Executor {
    return this.app.get(Executor);
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
