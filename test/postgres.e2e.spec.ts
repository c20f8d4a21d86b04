import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Tokens } from '@app/http';
import { type PostgresSettings, Subscriptions } from '@app/projections';
import { createLedger, type Ledger } from '../apps/api/src/create-ledger.js';
import { PostgresServer } from './stand-in/postgres.mjs';
import { comparePastWithFold } from './support/fold.js';

/** More for a long night: LEDGER_HISTORY_EVENTS=20000 npm test -- postgres.e2e */
const EVENTS = Number(process.env['LEDGER_HISTORY_EVENTS'] ?? 1_000);
const clock = { now: () => new Date('2026-03-01T04:00:00Z') };
/** How a process of its own gets on, and what is made anew for every question. */
const PASSING = /^\/(health|live|ready|metrics|v1\/(subscribers|imports))\b/;

const GENERATOR = './bench/history.mjs';
const { writeHistoryFile } = (await import(GENERATOR)) as {
  writeHistoryFile(file: string, options: { events: number; seed: number }): Promise<number>;
};

describe('one history in both kinds of read models', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-both-'));
  let server: PostgresServer;
  let ledgers: readonly [Ledger, Ledger];
  let headers: Readonly<Record<string, string>>;

  async function open(name: string, postgres?: PostgresSettings): Promise<Ledger> {
    const dataFolder = join(folder, name);
    const ledger = await createLedger({
      dataFolder,
      clock,
      logger: false,
      publishBundledPolicies: false,
      ...(postgres && { postgres }),
    });
    const subscriptions = ledger.app.get(Subscriptions);
    expect({ settled: await subscriptions.settled(100_000), status: subscriptions.status() }).toMatchObject({ settled: true });
    return ledger;
  }

  beforeAll(async () => {
    server = await PostgresServer.start();
    mkdirSync(join(folder, 'sqlite'));
    await writeHistoryFile(join(folder, 'sqlite', 'ledger.db'), { events: EVENTS, seed: 7 });
    const tokens = Tokens.fromKeyFile(join(folder, 'sqlite', 'token.key'), clock);
    const roles = ['administrator', 'auditor', 'finance', 'clerk'] as const;
    headers = { authorization: `Bearer ${await tokens.issue({ id: 'auditor', unit: '测试单位', roles: [...roles] }, 3_600)}` };
    const sqlite = await open('sqlite');
    await sqlite.close();
    // What process managers have added is in both.
    cpSync(join(folder, 'sqlite'), join(folder, 'postgres'), { recursive: true });
    const postgres = { url: await server.database(), pool: 5, timeoutMs: 30_000 };
    ledgers = [await open('sqlite'), await open('postgres', postgres)];
  }, 200_000);
  afterAll(async () => {
    for (const ledger of ledgers) await ledger.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function ask({ app }: Ledger, url: string) {
    const { statusCode, body } = await app.getHttpAdapter().getInstance().inject({ method: 'GET', url, headers });
    return { url, statusCode, body };
  }

  it('gives the same answers to every query there is, of now, of a day and of before', async () => {
    const [sqlite, postgres] = ledgers;
    const { paths } = JSON.parse((await ask(sqlite, '/openapi.json')).body) as {
      paths: Record<string, { get?: { parameters?: readonly { name: string; in: string; required?: boolean }[] } }>;
    };
    const routes = Object.entries(paths).filter(([path, { get }]) => get !== undefined && !PASSING.test(path));
    const values = new Map<string, Set<string>>();
    const head = (JSON.parse((await ask(sqlite, '/health')).body) as { position: number }).position;
    const unequal: unknown[] = [];
    const statuses = new Map<number, number>();
    const compare = async (url: string) => {
      const [one, other] = [await ask(sqlite, url), await ask(postgres, url)];
      statuses.set(one.statusCode, (statuses.get(one.statusCode) ?? 0) + 1);
      if (one.statusCode !== other.statusCode || one.body !== other.body) unequal.push(one, other);
      if (one.statusCode === 200 && one.body.startsWith('{')) collect(JSON.parse(one.body), values);
    };
    for (const isDeep of [false, true]) {
      for (const [path, { get }] of routes) {
        const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
        if (names.length > 0 !== isDeep) continue;
        const takes = new Set(get?.parameters?.map(({ name }) => name));
        for (const index of isDeep ? [0, 1, 2] : [0]) {
          const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(valueOf(values, name, index)));
          for (const query of [
            '',
            `?asOf=${Math.floor(head / 2)}`,
            ...(takes.has('on') ? ['?on=2024-06-30'] : []),
            ...(takes.has('limit') ? ['?limit=3'] : []),
          ])
            await compare(url + query);
        }
      }
    }
    expect(unequal.slice(0, 6)).toEqual([]);
    expect(statuses.get(200)).toBeGreaterThan(100);
    expect([...statuses.keys()].filter((status) => status >= 500)).toEqual([]);
  });

  it('holds the rows a fold has at every position, and those of tables built anew', async () => {
    const [, postgres] = ledgers;
    const { differences, compared } = await comparePastWithFold(postgres, 100);
    expect(differences).toEqual([]);
    expect(compared).toBeGreaterThan(100);
    const subscriptions = postgres.app.get(Subscriptions);
    await subscriptions.verify(subscriptions.projections().map(({ name }) => name));
    while (subscriptions.verifications().some(({ state }) => state === 'running')) await sleep(50);
    expect(subscriptions.verifications().filter(({ state }) => state !== 'equal')).toEqual([]);
  });
});

/** Every text an answer holds, by the name of its field. */
function collect(answer: unknown, into: Map<string, Set<string>>): void {
  if (typeof answer !== 'object' || answer === null) return;
  for (const [name, value] of Object.entries(answer)) {
    if (typeof value === 'string' || typeof value === 'number') into.set(name, (into.get(name) ?? new Set()).add(String(value)));
    else collect(value, into);
  }
}

const ALIASES: Readonly<Record<string, string>> = { code: 'creditCode', year: 'period' };

function valueOf(values: ReadonlyMap<string, ReadonlySet<string>>, name: string, index: number): string {
  const found = [...(values.get(name) ?? values.get(ALIASES[name] ?? '') ?? [])];
  return found[index % Math.max(1, found.length)] ?? '1';
}
