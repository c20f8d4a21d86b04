import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EVENT_STORE, type EventStore, type RecordedEvent } from '@app/event-store';
import { Tokens } from '@app/http';
import { type PersonRole, withCheckCharacter } from '@app/kernel';
import { Subscriptions } from '@app/projections';
import { createLedger, type Ledger } from '../../apps/api/src/create-ledger.js';
import { type StoreKind, StoreUnderTest } from './store-under-test.js';

export const paper = [{ title: '佐证材料' }];

/** What a request was answered; `did` is its status, with the code of the problem if there was one. */
export interface Answer {
  readonly did: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly items: readonly Readonly<Record<string, unknown>>[];
}

export interface NewEnterprise {
  readonly region?: string;
  /** Facts that hold since the day `since`; since today when left out. */
  readonly facts?: Readonly<Record<string, string | boolean>>;
  readonly since?: string;
  /** The last day of a certificate it holds. */
  readonly certifiedUntil?: string;
}

/** The whole ledger with all its routes and the bundled policies, on a folder of its own, with a calendar that is turned by hand. */
export class Office {
  private readonly tokens: Tokens;
  private keys = 0;
  private enterprises = 0;

  private constructor(
    private readonly ledger: Ledger,
    private readonly store: StoreUnderTest,
    private readonly url: string,
    private readonly dataFolder: string,
    private readonly clock: { today: string; now(): Date },
  ) {
    this.tokens = Tokens.fromKeyFile(join(dataFolder, 'token.key'), clock);
  }

  /** On the store under test, or a certain one. */
  static async open(today: string, kind?: StoreKind): Promise<Office> {
    const dataFolder = mkdtempSync(join(tmpdir(), 'ledger-office-'));
    const clock = { today, now: () => new Date(`${clock.today}T04:00:00Z`) };
    const store = await StoreUnderTest.start(dataFolder, () => clock.now().getTime(), kind);
    const ledger = await createLedger({ dataFolder, clock, logger: false, publishBundledPolicies: true, esdb: store.setting });
    await ledger.app.listen(0, '127.0.0.1');
    return new Office(ledger, store, await ledger.app.getUrl(), dataFolder, clock);
  }

  async close(): Promise<void> {
    await this.ledger.close();
    await this.store.close();
    rmSync(this.dataFolder, { recursive: true, force: true });
  }

  get today(): string {
    return this.clock.today;
  }

  /** Turns the calendar; it never goes back. */
  reach(day: string): void {
    if (day > this.clock.today) this.clock.today = day;
  }

  /** Where the command line finds it. */
  get address(): string {
    return this.url;
  }

  /** What auditors read, or somebody else, once everything has followed. */
  async get(url: string, actor = 'auditor'): Promise<Answer> {
    await this.settle();
    return this.ask('GET', actor, url);
  }

  /** Waits until everything has followed. */
  async settle(): Promise<void> {
    const subscriptions = this.ledger.app.get(Subscriptions);
    const isSettled = await subscriptions.settled(20_000);
    const stopped = subscriptions.status().filter(({ state }) => state !== 'running');
    if (!isSettled || stopped.length > 0) throw new Error(`the read models do not follow: ${JSON.stringify(stopped)}`);
  }

  /** What any path is answered, as it comes: the status and the text. */
  async text(path: string, actor = 'auditor'): Promise<readonly [status: number, text: string]> {
    const answer = await fetch(`${this.url}${path}`, { headers: { authorization: `Bearer ${await this.token(actor)}` } });
    return [answer.status, await answer.text()];
  }

  /** `actor` is a role, with a number where there are several of it: `approver2`. */
  post(actor: string, url: string, body: object = {}): Promise<Answer> {
    return this.ask('POST', actor, url, body);
  }

  /** A command that must succeed. */
  async do(actor: string, url: string, body: object = {}): Promise<Answer> {
    const answer = await this.post(actor, url, body);
    if (!/^20[01]$/.test(answer.did)) throw new Error(`${url} ${JSON.stringify(body)}: ${JSON.stringify(answer.body)}`);
    return answer;
  }

  /** Adds events to a stream as nobody can through the ledger: straight into the store, past every rule. */
  async writePast(stream: string, events: readonly { readonly type: string; readonly data: object }[]): Promise<void> {
    const store = this.ledger.app.get<EventStore>(EVENT_STORE);
    let last: RecordedEvent | undefined;
    for await (const [event] of store.readStream(stream, { direction: 'backwards', limit: 1 })) last = event;
    if (last === undefined) throw new Error(`there is no stream ${stream}`);
    const { revision, metadata } = last;
    await store.append(
      stream,
      revision,
      events.map((event) => ({ id: randomUUID(), ...event, metadata })),
    );
  }

  /** Where the events of the ledger stand: without gaps only where it is embedded. */
  async positions(): Promise<readonly number[]> {
    await this.settle();
    const positions: number[] = [];
    for await (const page of this.ledger.app.get<EventStore>(EVENT_STORE).readAll())
      positions.push(...page.map(({ position }) => position));
    return positions;
  }

  /** Good for an hour of its calendar. */
  token(actor: string): Promise<string> {
    return this.tokens.issue({ id: actor, unit: '测试单位', roles: [actor.replace(/\d$/, '') as PersonRole] }, 3_600);
  }

  private async ask(method: 'GET' | 'POST', actor: string, url: string, payload?: object): Promise<Answer> {
    const token = await this.token(actor);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': `k${(this.keys += 1)}` };
    const request = { method, headers, ...(payload !== undefined && { body: JSON.stringify(payload) }) };
    const answer = await fetch(`${this.url}/v1${url}`, request);
    const body = (await answer.json()) as Answer['body'] | readonly never[];
    const isList = Array.isArray(body);
    const problem = isList ? undefined : (body as Answer['body'])['code'];
    return {
      did: typeof problem === 'string' ? `${answer.status} ${problem}` : String(answer.status),
      body: isList ? {} : (body as Answer['body']),
      items: (isList ? body : ((body as Answer['body'])['items'] ?? [])) as Answer['items'],
    };
  }

  /** A credit code nobody has yet. */
  code(): string {
    return withCheckCharacter(`91360799MA${String((this.enterprises += 1)).padStart(7, '0')}`);
  }

  /** A registered enterprise. */
  async enterprise({ region, facts = {}, since, certifiedUntil }: NewEnterprise = {}): Promise<string> {
    const creditCode = this.code();
    await this.do('clerk', '/enterprises', { creditCode, name: `测试企业${this.enterprises}`, ...(region !== undefined && { region }) });
    await this.state(creditCode, facts, since);
    if (certifiedUntil !== undefined) await this.certify(creditCode, certifiedUntil);
    return creditCode;
  }

  /** Facts that a unit reports and another person verifies. */
  async state(code: string, facts: NonNullable<NewEnterprise['facts']>, since?: string): Promise<void> {
    const each = Object.entries(facts).map(([name, value]) => ({ name, value, ...(since && { period: since }), sourceUnit: '测试' }));
    if (each.length === 0) return;
    await this.do('clerk', `/enterprises/${code}/facts`, { facts: each });
    const { body } = await this.get(`/enterprises/${code}`);
    const recorded = body['facts'] as readonly { readonly factId: string; readonly verification: string }[];
    for (const { factId, verification } of recorded)
      if (verification === 'reported') await this.do('reviewer2', `/enterprises/${code}/facts/${factId}/verify`, { evidence: paper });
  }

  /** Records a high-tech enterprise certificate of three years; its number. */
  async certify(code: string, expiresOn: string): Promise<string> {
    const issuedOn = `${Number(expiresOn.slice(0, 4)) - 3}${expiresOn.slice(4)}`;
    const number = `GR${code.slice(-8)}${expiresOn.slice(0, 4)}`;
    const certificate = { number, kind: 'hnte', certification: 'first', issuedOn, expiresOn, issuer: '认定机构', evidence: paper };
    await this.do('clerk', `/enterprises/${code}/certificates`, certificate);
    return number;
  }
}
