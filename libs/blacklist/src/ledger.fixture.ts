import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CqrsModule } from '@nestjs/cqrs';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { EventStoreModule, Executor } from '@app/event-store';
import { HttpModule, Tokens } from '@app/http';
import { type Clock, derivedId, type PersonRole } from '@app/kernel';
import { type Pack, packFromCanonical, Policies, policyDecider, policyEvents } from '@app/policies';
import { ProjectionsModule, Subscriptions } from '@app/projections';
import { BlacklistModule } from './blacklist.module.js';
import { paper } from './blacklist.fixture.js';
import { blacklistEvents } from './listing.codec.js';

const cited = { line: 1, quote: '黑名单' };

/** A policy of the year 2026 with one clause about the blacklist and one that is not. */
export function testPack(): Pack {
  return packFromCanonical({
    id: 'test-2026',
    title: '服务机构管理办法',
    issuer: '虚构市科技局',
    region: '虚构市',
    source: { file: 'fictional.txt', sha256: '0'.repeat(64) },
    status: 'in-force',
    force: { from: '2026-01-01', until: '2027-01-01' },
    disclosure: 'public',
    publicNotice: { days: 5, basis: 'notice' },
    inputs: {},
    gates: [],
    envelopes: [],
    clauses: [
      { id: 'N1', title: '黑名单', citation: cited, shape: { kind: 'note', about: 'blacklist' } },
      { id: 'N2', title: '备案', citation: cited, shape: { kind: 'note', about: 'registry' } },
    ],
    interpretations: [
      {
        id: 'notice',
        clauses: [],
        question: '公示几天',
        options: [
          { id: 'five', text: '五个工作日' },
          { id: 'seven', text: '七日' },
        ],
        chosen: 'five',
        reason: '按惯例',
      },
    ],
  });
}

let keys = 0;

/** The blacklist with real policies over HTTP, on real files and a calendar of its own. For specs only. */
export class BlacklistLedger {
  private constructor(
    readonly app: NestFastifyApplication,
    private readonly tokens: Tokens,
    private readonly folder: string,
    private readonly calendar: { today: string },
  ) {}

  static async open(today: string): Promise<BlacklistLedger> {
    const folder = mkdtempSync(join(tmpdir(), 'blacklist-'));
    const calendar = { today };
    const clock: Clock = { now: () => new Date(`${calendar.today}T04:00:00Z`) };
    const tokens = new Tokens(new Uint8Array(32).fill(7), clock);
    const module = await Test.createTestingModule({
      imports: [
        EventStoreModule.forRoot({ file: join(folder, 'events.db'), clock, definitions: { ...policyEvents, ...blacklistEvents } }),
        ProjectionsModule.forRoot({ file: join(folder, 'read.db') }),
        HttpModule.forRoot(tokens),
        CqrsModule.forRoot(),
        BlacklistModule,
      ],
    }).compile();
    const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter({ routerOptions: { maxParamLength: 1_000 } }), {
      logger: false,
    });
    app
      .getHttpAdapter()
      .getInstance()
      .decorateRequest('clock', { getter: () => clock });
    await app.listen(0, '127.0.0.1');
    return new BlacklistLedger(app, tokens, folder, calendar);
  }

  on(today: string): void {
    this.calendar.today = today;
  }

  async publish(pack: Pack): Promise<void> {
    const { today } = this.calendar;
    const commandId = derivedId('spec', pack.id);
    const actor = { id: 'administrator-1', unit: '科技局', roles: ['administrator'] as const };
    const context = { commandId, contentHash: pack.id, actor, effectiveOn: today, today, correlationId: commandId, causationId: commandId };
    await this.app.get(Executor).execute(policyDecider, `policy-${pack.id}`, { type: 'publish', pack, evidence: paper }, context);
    await this.app.get(Policies).noteChange(pack.id);
  }

  /** As `role`, or as `role:person`; a GET sees everything written before. */
  async send(method: 'GET' | 'POST', path: string, as: string, body?: object, key = `key-${(keys += 1)}`) {
    if (method === 'GET' && !(await this.app.get(Subscriptions).settled(10_000))) throw new Error('the read models did not follow');
    const [role, id] = as.split(':') as [PersonRole, string?];
    const token = await this.tokens.issue({ id: id ?? `${role}-1`, unit: '区经发局', roles: [role] }, 3_600);
    const posting = { 'idempotency-key': key, 'content-type': 'application/json' };
    const origin = (await this.app.getUrl()).replace('[::1]', '127.0.0.1');
    const answer = await fetch(`${origin}/v1/blacklist${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(method === 'POST' && posting) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, headers: Object.fromEntries(answer.headers), body: (await answer.json()) as Record<string, unknown> };
  }

  async close(): Promise<void> {
    await this.app.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
