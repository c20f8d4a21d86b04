import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from '@jest/globals';
import { type ICommand, CommandBus, CqrsModule, QueryBus } from '@nestjs/cqrs';
import { Test } from '@nestjs/testing';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AgenciesModule, agencyEvents, RunAgencyCommand } from '@app/agencies';
import { Blacklist, blacklistEvents, BlacklistModule, OpenBlacklistCase, RunBlacklistCommand, type Subject } from '@app/blacklist';
import { Budgets, BudgetsModule, budgetEvents, RunBudgetCommand, budgetStream } from '@app/budgets';
import {
  Dossiers,
  EnterprisesModule,
  type EnterpriseCommand,
  enterpriseEvents,
  RunEnterpriseCommand,
  vocabularyOf,
} from '@app/enterprises';
import {
  type CommandContext,
  EVENT_STORE,
  type EventStore,
  EventStoreModule,
  Executor,
  type Receipt,
  type RecordedEvent,
} from '@app/event-store';
import { HttpModule, Tokens } from '@app/http';
import { type Clock, contentHash, type CreditCode, derivedId, type PersonRole, Problem, type Role } from '@app/kernel';
import { ACCOUNT_FACT, type Pack, Policies, policyDecider, policyEvents } from '@app/policies';
import { ProjectionsModule, ReadModels, Subscriptions } from '@app/projections';
import { awardEvents } from './award.codec.js';
import { type AwardState, awardStream, type GrantedState, isGranted } from './award.js';
import { AwardsModule } from './awards.module.js';
import { GetTrialBalance } from './balances/balances.query.js';
import { type AwardCommand, awardDecider } from './decide.js';
import { batchEvents } from './disbursement/batch.codec.js';
import { type BatchCommand, batchDecider, batchStream, type LineResult } from './disbursement/batch.js';
import { PrepareBatch } from './disbursement/prepare-batch.js';
import { RunBatchCommand } from './disbursement/run-batch-command.js';
import { ApplyForAward } from './handlers/apply-for-award.js';
import { AssessAward } from './handlers/assess-award.js';
import { GrantAward } from './handlers/grant-award.js';
import { PubliciseAward } from './handlers/publicise-award.js';
import { RunAwardCommand } from './handlers/run-award-command.js';
import { UnlockInstalment } from './handlers/unlock-instalment.js';
import { PACK, testPack } from './pack.fixture.js';
import { Reconcile } from './reconciliation/reconciliation.query.js';

const ACCOUNT = { name: ACCOUNT_FACT, type: 'text', label: '收款账户', period: 'day' } as const;
const paper = [{ title: '佐证材料' }];
export const LINE = { pack: PACK, line: 'awards', period: '2024' };

export function folder() {
  const path = mkdtempSync(join(tmpdir(), 'awards-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Never begins anew: a ledger that is opened again must not send its old keys again. */
let keys = 0;

/** The day it is, for a ledger and everything in it. */
export class Calendar implements Clock {
  constructor(public today: string) {}
  now(): Date {
    return new Date(`${this.today}T04:00:00Z`);
  }
}

/** Awards with the real policies, dossiers and budgets on real files that can be opened again. For specs only. */
export class AwardLedger {
  private appendsLeft = Number.POSITIVE_INFINITY;

  private constructor(
    readonly app: NestFastifyApplication,
    readonly calendar: Calendar,
    private readonly tokens: Tokens,
  ) {
    const store = this.store;
    const append = store.append.bind(store);
    store.append = (...asked) => {
      if (this.appendsLeft <= 0) return Promise.reject(new Error('the power is cut'));
      this.appendsLeft -= 1;
      return append(...asked);
    };
  }

  /** `follow: false` is a ledger in which no process manager runs. */
  static async open(
    path: string,
    { today = '2024-05-01', follow = true }: { readonly today?: string; readonly follow?: boolean } = {},
  ): Promise<AwardLedger> {
    const calendar = new Calendar(today);
    const tokens = new Tokens(new Uint8Array(32).fill(7), calendar);
    const packs = vocabularyOf([testPack()]);
    const vocabulary = { ...packs, definitionOf: (name: string) => (name === ACCOUNT_FACT ? ACCOUNT : packs.definitionOf(name)) };
    const testing = Test.createTestingModule({
      imports: [
        EventStoreModule.forRoot({
          file: join(path, 'events.db'),
          clock: calendar,
          definitions: {
            ...policyEvents,
            ...enterpriseEvents,
            ...budgetEvents,
            ...blacklistEvents,
            ...agencyEvents,
            ...awardEvents,
            ...batchEvents,
          },
        }),
        ProjectionsModule.forRoot({ file: join(path, 'read.db') }),
        HttpModule.forRoot(tokens),
        CqrsModule.forRoot(),
        EnterprisesModule.forRoot({ useVocabulary: () => vocabulary }),
        BudgetsModule.forRoot(),
        BlacklistModule,
        AgenciesModule,
        AwardsModule,
      ],
    });
    if (!follow) {
      testing.overrideProvider(Subscriptions).useFactory({
        inject: [EVENT_STORE, ReadModels],
        factory: (store: EventStore, readModels: ReadModels) =>
          Object.assign(new Subscriptions(store, readModels, calendar), { addProcessManager: () => undefined }),
      });
    }
    const module = await testing.compile();
    const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter({ routerOptions: { maxParamLength: 1_000 } }), {
      logger: false,
    });
    app
      .getHttpAdapter()
      .getInstance()
      .decorateRequest('clock', { getter: () => calendar });
    await app.init();
    return new AwardLedger(app, calendar, tokens);
  }

  /** From the n-th append on nothing is stored any more, as when the power is cut. */
  cutPowerAfter(appends: number): void {
    this.appendsLeft = appends;
  }

  context(actor: string, key = `k${(keys += 1)}`, roles: readonly Role[] = []): CommandContext {
    const { today } = this.calendar;
    const commandId = derivedId('spec', actor, key);
    return {
      commandId,
      contentHash: contentHash(key),
      actor: { id: actor, unit: '科技局', roles },
      effectiveOn: today,
      today,
      correlationId: commandId,
      causationId: commandId,
    };
  }

  run<Result>(command: ICommand): Promise<Result> {
    return this.app.get(CommandBus).execute(command);
  }

  async publish(pack: Pack, command: 'publish' | 'amend' = 'publish'): Promise<void> {
    const asked =
      command === 'publish' ? ({ type: 'publish', pack, evidence: paper } as const) : ({ type: 'amend', pack, reason: '修订' } as const);
    await this.app.get(Executor).execute(policyDecider, `policy-${pack.id}`, asked, this.context('administrator'));
    await this.app.get(Policies).noteChange(pack.id);
  }

  async dossier(code: CreditCode, ...commands: readonly EnterpriseCommand[]): Promise<void> {
    for (const command of commands)
      await this.run(new RunEnterpriseCommand(code, command, this.context('registrar', undefined, ['reviewer'])));
  }

  /** Facts as a clerk reports them, and, unless only reported, verified by another person. */
  async facts(
    code: CreditCode,
    facts: Readonly<Record<string, string | boolean>>,
    {
      period,
      subject,
      verification = 'verified' as const,
      corrects,
    }: { period?: string; subject?: string; verification?: 'verified' | 'reported'; corrects?: string } = {},
  ): Promise<void> {
    const each = Object.entries(facts).map(([name, value]) => ({
      name,
      value,
      ...(period !== undefined && { period }),
      ...(subject !== undefined && { subject }),
      sourceUnit: '区税务局',
      evidence: paper,
      ...(corrects !== undefined && { correctsFactId: corrects }),
    }));
    await this.dossier(code, { type: 'record-facts', facts: each });
    if (verification === 'reported') return;
    const dossier = await this.app.get(Dossiers).require(code);
    for (const { factId } of dossier.facts.takeLast(each.length)) {
      await this.run(new RunEnterpriseCommand(code, { type: 'verify-fact', factId, evidence: paper }, this.context('verifier')));
    }
  }

  /** A registered small enterprise with an account. */
  async enterprise(code: CreditCode, name = '赣州甲科技有限公司'): Promise<void> {
    await this.dossier(code, { type: 'register', creditCode: code, name, evidence: paper });
    await this.facts(code, { 'enterprise.sme': true, [ACCOUNT_FACT]: `6222 ${code}` });
  }

  async fund(amount: string, line = LINE): Promise<void> {
    const finance = (command: ConstructorParameters<typeof RunBudgetCommand>[1]) =>
      this.run(new RunBudgetCommand(budgetStream(line), command, this.context('finance-1', undefined, ['finance'])));
    if ((await this.app.get(Budgets).load(line)).state.status === 'none') await finance({ type: 'open', line, title: '奖补资金' });
    await finance({ type: 'appropriate', amount, reason: `下达${amount}`, evidence: paper });
  }

  /** The policy, the line's money and one enterprise per code. */
  async prepare(amount: string, ...codes: readonly CreditCode[]): Promise<void> {
    await this.publish(testPack());
    await this.fund(amount);
    for (const code of codes) await this.enterprise(code);
  }

  /** A registered service agency. */
  async agency(code: CreditCode): Promise<void> {
    const register = {
      type: 'register' as const,
      creditCode: code,
      name: '虚构代理公司',
      services: ['高企申报'],
      contactUnit: '虚构代理公司综合部',
      from: this.calendar.today,
      evidence: paper,
    };
    await this.run(new RunAgencyCommand(code, register, this.context('clerk-9', undefined, ['clerk', 'administrator'])));
  }

  /** Lists somebody for some months from today; the listing's id. */
  async blackList(subject: Subject, termMonths = 3): Promise<string> {
    const { today } = this.calendar;
    const notice = {
      subject,
      listingClass: 'general' as const,
      ground: `失信${(keys += 1)}`,
      legalBasis: '条例',
      reasons: '事实',
      rights: '陈述申辩',
    };
    const opened = { ...notice, servedOn: today, evidence: paper };
    const { case: no } = await this.run<{ case: number }>(new OpenBlacklistCase(opened, this.context('clerk-1', undefined, ['clerk'])));
    const decide = (command: ConstructorParameters<typeof RunBlacklistCommand>[1], actor: string) =>
      this.run(new RunBlacklistCommand(subject, command, this.context(actor, undefined, ['approver'])));
    await decide({ type: 'waive-statement', case: no, on: today, evidence: paper }, 'clerk-1');
    await decide({ type: 'list', case: no, termMonths, reason: '虚假申报', evidence: paper }, 'approver-9');
    return `${subject.kind}.${subject.id}.${no}`;
  }

  /** An objection is upheld: the listing ends today. */
  async endListing(listing: string): Promise<void> {
    const found = await this.app.get(Blacklist).listing(listing);
    if (found === undefined) throw new Error(`no listing ${listing}`);
    const no = Number(listing.split('.').at(-1));
    const decide = (command: ConstructorParameters<typeof RunBlacklistCommand>[1], actor: string) =>
      this.run(new RunBlacklistCommand(found.subject, command, this.context(actor, undefined, ['approver'])));
    await decide({ type: 'object', case: no, on: this.calendar.today, reasons: '有误', evidence: paper }, 'clerk-1');
    await decide({ type: 'decide-objection', case: no, objection: 1, upheld: true, reason: '属实', evidence: paper }, 'approver-8');
  }

  async apply(
    clause: string,
    payee: CreditCode,
    occasion?: string,
    parties: { readonly agency?: string; readonly persons?: readonly string[] } = {},
  ): Promise<string> {
    const application = { pack: PACK, clause, payee, ...(occasion !== undefined && { occasion }), ...parties };
    return (await this.run<{ award: string }>(new ApplyForAward(application, this.context('clerk-1')))).award;
  }

  assess(award: string): Promise<Receipt> {
    return this.run(new AssessAward(award, this.context('clerk-1')));
  }

  /** Assessed, reviewed and publicised today; it may be granted from the sixth day on. */
  async toNotice(award: string, review: Partial<Extract<AwardCommand, { type: 'review' }>> = {}): Promise<void> {
    await this.assess(award);
    await this.award(award, { type: 'review', recommended: true, ...review }, 'reviewer-1');
    await this.run(new PubliciseAward(award, {}, this.context('clerk-1')));
  }

  award(award: string, command: AwardCommand, actor: string): Promise<Receipt> {
    return this.run(new RunAwardCommand(award, command, this.context(actor)));
  }

  grant(
    award: string,
    {
      actor = 'approver-1',
      key,
      line = LINE.line,
      period = LINE.period,
    }: { actor?: string; key?: string; line?: string; period?: string } = {},
  ): Promise<Receipt> {
    return this.run(new GrantAward(award, { line, period, documentNo: '虚构财〔2024〕3号' }, this.context(actor, key)));
  }

  unlock(award: string, no: number): Promise<Receipt> {
    return this.run(new UnlockInstalment(award, no, paper, this.context('clerk-1')));
  }

  prepareBatch(
    batch: string,
    instalments?: readonly { award: string; instalment: number }[],
    actor = 'payer-1',
  ): Promise<Receipt & { readonly skipped: readonly { code: string }[] }> {
    return this.run(new PrepareBatch(batch, '拨付', instalments === undefined ? { filter: {} } : { instalments }, this.context(actor)));
  }

  batch(batch: string, command: BatchCommand, actor = 'payer-1', key?: string): Promise<Receipt> {
    return this.run(new RunBatchCommand(batch, command, this.context(actor, key)));
  }

  results(
    batch: string,
    rows: readonly (Pick<LineResult, 'line' | 'result' | 'on'> & { readonly amount: string })[],
    key?: string,
  ): Promise<Receipt> {
    const results = rows.map((row) => ({
      ...row,
      reference: `${batch}-${row.line}-${row.result}`,
      reason: row.result === 'returned' ? '账号不符' : '',
    }));
    return this.batch(batch, { type: 'record-results', file: '回单.csv', sha256: contentHash(results), results }, 'payer-1', key);
  }

  /** Applied for, assessed, reviewed, publicised and granted; moves the calendar past the notice. */
  async granted(clause: string, payee: CreditCode, occasion?: string): Promise<string> {
    const award = await this.apply(clause, payee, occasion);
    await this.toNotice(award);
    this.calendar.today = '2024-05-10';
    await this.grant(award);
    return award;
  }

  async state(award: string): Promise<AwardState> {
    return (await this.app.get(Executor).load(awardDecider, awardStream(award))).state;
  }

  async grantedState(award: string): Promise<GrantedState> {
    const state = await this.state(award);
    if (!isGranted(state)) throw new Error(`${award} is ${state.status}`);
    return state;
  }

  async batchLines(batch: string) {
    const { state } = await this.app.get(Executor).load(batchDecider, batchStream(batch));
    if (state.status === 'none') throw new Error(`no batch ${batch}`);
    return state.lines.map(({ status }) => status);
  }

  /** Available, reserved and spent of a line. */
  async figures(line = LINE): Promise<readonly [string, string, string]> {
    const { state } = await this.app.get(Budgets).load(line);
    if (state.status === 'none') throw new Error('no such line');
    const available = state.appropriated
      .plus(state.adjusted)
      .plus(state.transferredIn)
      .minus(state.transferredOut)
      .minus(state.carriedOver)
      .minus(state.reserved)
      .minus(state.spent);
    return [available.toString(), state.reserved.toString(), state.spent.toString()];
  }

  async events(...types: readonly string[]): Promise<readonly RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for await (const page of this.store.readAll()) events.push(...page.filter(({ type }) => types.length === 0 || types.includes(type)));
    return events;
  }

  /** Waits until everything has followed; every subscriber must be running, the books balance and awards agree with budgets. */
  async settle(): Promise<void> {
    if (!(await this.subscriptions.settled(8_000))) throw new Error(`not settled: ${JSON.stringify(this.subscriptions.status())}`);
    const stopped = this.subscriptions.status().filter(({ state }) => state !== 'running');
    if (stopped.length > 0) throw new Error(`stopped: ${JSON.stringify(stopped)}`);
    const trial = await this.query.execute(new GetTrialBalance());
    if (!trial.balanced) throw new Error(`out of balance: ${JSON.stringify(trial)}`);
    const { reconciled, differences } = await this.query.execute(new Reconcile());
    if (!reconciled) throw new Error(`awards and budgets differ: ${JSON.stringify(differences)}`);
  }

  /** As the first person of a role, or as the one named, such as `finance-2`. */
  async request(
    method: 'GET' | 'POST',
    url: string,
    person: PersonRole | `${PersonRole}-${number}`,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ) {
    const role = person.split('-')[0] as PersonRole;
    if (!this.app.getHttpServer().listening) await this.app.listen(0, '127.0.0.1');
    const token = await this.tokens.issue({ id: person === role ? `${role}-1` : person, unit: '财政局', roles: [role] }, 3_600);
    const answer = await fetch(`${(await this.app.getUrl()).replace('[::1]', '127.0.0.1')}${url}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(method === 'POST' && { 'content-type': 'application/json', 'idempotency-key': `h${(keys += 1)}` }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const content = Buffer.from(await answer.arrayBuffer());
    const isJson = (answer.headers.get('content-type') ?? '').includes('json');
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      content,
      body: (isJson ? JSON.parse(content.toString('utf8')) : {}) as Record<string, unknown>,
    };
  }

  get store(): EventStore {
    return this.app.get<EventStore>(EVENT_STORE);
  }
  get query(): QueryBus {
    return this.app.get(QueryBus);
  }
  get subscriptions(): Subscriptions {
    return this.app.get(Subscriptions);
  }
  close(): Promise<void> {
    return this.app.close();
  }
}

/** The code with which something is refused. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
  return 'was not refused';
}

/**
 * Gives every test a ledger in a folder of its own, and takes both away afterwards. `current`: the one that is open by then,
 * since a test may have closed it and opened another on the same folder.
 */
export function ledgerForEach(opened: (ledger: AwardLedger, path: string) => void, current: () => AwardLedger): void {
  let place: ReturnType<typeof folder>;
  beforeEach(async () => {
    place = folder();
    opened(await AwardLedger.open(place.path), place.path);
  });
  afterEach(async () => {
    await current().close();
    place.remove();
  });
}
