import { expect } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CqrsModule } from '@nestjs/cqrs';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { enterpriseEvents, EnterprisesModule, vocabularyOf } from '@app/enterprises';
import { EVENT_STORE, type EventStore, EventStoreModule } from '@app/event-store';
import { HttpModule, refuseDeepBodies, Tokens } from '@app/http';
import { type Clock, type PersonRole, withCheckCharacter } from '@app/kernel';
import { bundledPacks, BundledPolicies, policyEvents } from '@app/policies';
import { ProjectionsModule, Subscriptions } from '@app/projections';
import { targetEvents, TargetsModule } from '@app/targets';
import { tierEvents, TiersModule } from '@app/tiers';
import type { ImportReport } from './import-report.js';
import { ImportsModule } from './imports.module.js';
import { SHEET_TYPES } from './sheet/open-sheet.js';

const clock: Clock = { now: () => new Date('2026-03-01T04:00:00Z') };
const tokens = new Tokens(new Uint8Array(32).fill(7), clock);

/** The n-th fictional enterprise. */
export const code = (number: number) => withCheckCharacter(`91360700MA3J${String(number).padStart(5, '0')}`);

export const csv = (...rows: readonly (readonly string[])[]) =>
  rows.map((row) => row.map((cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')).join('\n');

/** Roles as `clerk`, or with a person: `clerk:clerk-2`. */
interface Sending {
  readonly as?: string;
  readonly key?: string;
  readonly type?: string;
}

type Body = ImportReport & { readonly code?: string };

/** A ledger with all that imports bring into, on real files and a real port. For specs only. */
export class ImportLedger {
  private keys = 0;

  private constructor(
    readonly app: NestFastifyApplication,
    private readonly folder: string,
    private readonly origin: string,
  ) {}

  static async open(): Promise<ImportLedger> {
    const folder = mkdtempSync(join(tmpdir(), 'imports-'));
    const module = await Test.createTestingModule({
      imports: [
        EventStoreModule.forRoot({
          file: join(folder, 'events.db'),
          clock,
          definitions: { ...policyEvents, ...enterpriseEvents, ...tierEvents, ...targetEvents },
        }),
        ProjectionsModule.forRoot({ file: join(folder, 'read.db') }),
        HttpModule.forRoot(tokens),
        EnterprisesModule.forRoot({ useVocabulary: () => vocabularyOf(bundledPacks()) }),
        TiersModule,
        TargetsModule,
        ImportsModule,
        CqrsModule.forRoot(),
      ],
    })
      // What tiers ask besides: nobody is black-listed here.
      .useMocker(() => ({ listingsOf: async () => [] }))
      .compile();
    const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter({ bodyLimit: 3_000_000 }), { logger: false });
    const fastify = app.getHttpAdapter().getInstance();
    refuseDeepBodies(fastify);
    fastify.decorateRequest('clock', { getter: () => clock });
    await app.listen(0, '127.0.0.1');
    return new ImportLedger(app, folder, await app.getUrl());
  }

  publish(): Promise<void> {
    return this.app.get(BundledPolicies).publishNew();
  }

  async ask(path: string, as = 'clerk', init: RequestInit = {}) {
    const [role, id = `${role}-1`] = as.split(':') as [PersonRole, string?];
    const token = await tokens.issue({ id, unit: '区科技局', roles: [role] }, 3_600);
    const answer = await fetch(`${this.origin}${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });
    return { status: answer.status, headers: answer.headers, content: Buffer.from(await answer.arrayBuffer()) };
  }

  async get(path: string, as?: string) {
    const { status, content } = await this.ask(path, as);
    return { status, body: JSON.parse(content.toString()) as Body };
  }

  async post(path: string, file: string | Buffer, { as = 'clerk', key = `key-${(this.keys += 1)}`, type = SHEET_TYPES.csv }: Sending = {}) {
    const headers = { 'content-type': type, 'idempotency-key': key };
    const { status, content } = await this.ask(`/v1/imports/${path}`, as, { method: 'POST', body: file as never, headers });
    return { status, body: JSON.parse(content.toString()) as Body };
  }

  /** Sends a file and waits for what comes of it. */
  async bring(path: string, file: string | Buffer, options: Sending = {}): Promise<ImportReport> {
    const { status, body } = await this.post(path, file, options);
    expect({ status, body }).toMatchObject({ status: 202 });
    for (;;) {
      const { body: report } = await this.get(`/v1/imports/${body.id}`, options.as);
      if (report.state === 'finished' || report.state === 'failed') return report;
      await sleep(5);
    }
  }

  /** Waits until the read models have followed. */
  async settle(): Promise<void> {
    if (!(await this.app.get(Subscriptions).settled(10_000))) throw new Error('not settled');
  }

  head(): Promise<number> {
    return this.app.get<EventStore>(EVENT_STORE).head();
  }

  async close(): Promise<void> {
    await this.app.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
