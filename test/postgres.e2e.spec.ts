import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { namesOf } from '@app/exports';
import { Tokens } from '@app/http';
import { bundledPacks } from '@app/policies';
import { meaningIn, type PostgresSettings, prepareReportingRole, REPORTING_ROLE, Subscriptions } from '@app/projections';
import pg from 'pg';
import { REPORTING_VIEWS } from '../apps/api/src/reporting-views.js';
import { createLedger, type Ledger } from '../apps/api/src/create-ledger.js';
import { PostgresServer } from './stand-in/postgres.mjs';
import { comparePastWithFold } from './support/fold.js';
import { StoreUnderTest } from './support/store-under-test.js';
import { untoldIn } from './support/untold.js';

/** More for a long night: LEDGER_HISTORY_EVENTS=20000 npm test -- postgres.e2e */
const EVENTS = Number(process.env['LEDGER_HISTORY_EVENTS'] ?? 900);
const clock = { now: () => new Date('2026-03-01T04:00:00Z') };
/** How a process of its own gets on; and what reads the other routes. */
const PASSING = /^\/(health|live|ready|metrics|v1\/(subscribers|imports|exports|differences))\b/;
/** Parameters of paths by the names that answers give them. */
const ALIASES: Readonly<Record<string, readonly string[]>> = { code: ['creditCode'], position: ['position'] };
/** What queries cannot do without. */
const QUERIES: Readonly<Record<string, string>> = {
  '/v1/titles': '?title=专精特新',
  '/v1/entitlements': '?pack=ganzhou-etdz-2023',
  '/v1/public-notices/file': '?pack=ganzhou-etdz-2023',
};
const COLON = { english: ': ', chinese: '：' };
const REVIEW = { ladder: 'haimen-cultivation', year: '2023' };
/** What nothing in the other answers leads to. */
const BY_NAME: Readonly<Record<string, Item>> = {
  '/v1/ladders/{ladder}/diagnosis/{code}': { ladder: 'baiyun-cultivation' },
  '/v1/rosters/{pack}/{clause}': { pack: 'ganzhou-etdz-2023', clause: 'G51' },
  '/v1/targets/{pack}/{clause}': { pack: 'ganzhou-2023', clause: 'Z29' },
  '/v1/target-tables/{pack}/{clause}': { pack: 'ganzhou-2023', clause: 'Z29' },
  '/v1/targets/{pack}/{clause}/entries': { pack: 'ganzhou-2023', clause: 'Z29' },
  '/v1/audit/timeline/{kind}/{id}': { kind: 'enterprise' },
  '/v1/audit/reliance/{kind}/{of}/{id}': { kind: 'fact', id: 'F1' },
  '/v1/audit/reliance/{kind}/{id}': { kind: 'document', id: '赣开纪〔2024〕12号' },
  '/v1/tier-reviews/{ladder}/{year}': REVIEW,
  '/v1/tier-reviews/{ladder}/{year}/proposals': REVIEW,
  '/v1/tier-reviews/{ladder}/{year}/recommendations': REVIEW,
};
const GENERATOR = './bench/history.mjs';
const { writeHistoryFile } = (await import(GENERATOR)) as {
  writeHistoryFile(file: string, options: { events: number; seed: number; withStories: boolean }): Promise<number>;
};

describe('one history in both kinds of read models', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-both-'));
  let server: PostgresServer;
  let store: StoreUnderTest;
  let superuser: string;
  let database: PostgresSettings;
  let ledgers: readonly [Ledger, Ledger];
  let headers: Readonly<Record<string, string>>;

  async function open(name: string, postgres?: PostgresSettings): Promise<Ledger> {
    const dataFolder = join(folder, name);
    const ledger = await createLedger({
      dataFolder,
      clock,
      logger: false,
      publishBundledPolicies: false,
      esdb: store.setting,
      ...(postgres && { postgres }),
    });
    await ledger.app.listen(0, '127.0.0.1');
    const subscriptions = ledger.app.get(Subscriptions);
    expect({ settled: await subscriptions.settled(100_000), status: subscriptions.status() }).toMatchObject({ settled: true });
    return ledger;
  }

  beforeAll(async () => {
    server = await PostgresServer.start();
    mkdirSync(join(folder, 'sqlite'));
    await writeHistoryFile(join(folder, 'sqlite', 'ledger.db'), { events: EVENTS, seed: 7, withStories: true });
    const tokens = Tokens.fromKeyFile(join(folder, 'sqlite', 'token.key'), clock);
    const roles = ['administrator', 'auditor', 'finance', 'clerk'] as const;
    headers = { authorization: `Bearer ${await tokens.issue({ id: 'auditor', unit: '测试单位', roles: [...roles] }, 3_600)}` };
    store = await StoreUnderTest.holding(join(folder, 'sqlite'), () => clock.now().getTime());
    const sqlite = await open('sqlite');
    await sqlite.close();
    // What process managers have added is in both: in the file and its copy, or in the one store that both look at.
    cpSync(join(folder, 'sqlite'), join(folder, 'postgres'), { recursive: true });
    superuser = await server.database();
    database = { url: await prepared(superuser), pool: 5, timeoutMs: 30_000 };
    ledgers = [await open('sqlite'), await open('postgres', database)];
  }, 200_000);
  afterAll(async () => {
    for (const ledger of ledgers) await ledger.close();
    await store.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function ask({ app }: Ledger, path: string) {
    const response = await fetch((await app.getUrl()) + path, { headers });
    const type = response.headers.get('content-type') ?? '';
    const isJson = /[/+]json\b/.test(type);
    // A workbook says when it was packed.
    const body = type.includes('spreadsheet') ? String((await response.arrayBuffer()).byteLength) : await response.text();
    return { path, statusCode: response.status, isJson, body };
  }

  it('gives the same answers to every query there is, of now, of a day and of before, and each can be told in Chinese', async () => {
    const [sqlite, postgres] = ledgers;
    const { paths } = JSON.parse((await ask(sqlite, '/openapi.json')).body) as {
      paths: Record<string, { get?: { parameters?: readonly { name: string }[] } }>;
    };
    const routes = Object.entries(paths).filter(([path, { get }]) => get !== undefined && !PASSING.test(path));
    const head = (JSON.parse((await ask(sqlite, '/health')).body) as { position: number }).position;
    /** What was answered, and by which path: a list tells best what one of its things is called. */
    const seen = new Map<string, { readonly item: Item; readonly by: string }>();
    const likeliest = (path: string) => {
      const isListed = ({ by }: { readonly by: string }) => path.startsWith(`${by}/`);
      const answers = [...seen.values()];
      return [...answers.filter(isListed), ...answers.filter((one) => !isListed(one))].map(({ item }) => item);
    };
    const unequal: unknown[] = [];
    /** What people who read it as a table, or as a difference, would find in words of the code. */
    const untold = new Set<string>();
    const names = namesOf(bundledPacks);
    const answered = new Set<string>();
    const compare = async (path: string, url: string) => {
      const [one, other] = [await ask(sqlite, url), await ask(postgres, url)];
      if (one.statusCode === 200) answered.add(path);
      if (one.statusCode !== other.statusCode || one.body !== other.body || one.statusCode >= 500) unequal.push(one, other);
      if (one.statusCode === 200 && one.isJson) {
        const answer: unknown = JSON.parse(one.body);
        if (path.startsWith('/v1/'))
          for (const what of untoldIn(url.slice('/v1/'.length).replace(/\?.*/, ''), answer, names)) untold.add(`${path} ${what}`);
        for (const item of itemsIn(answer)) seen.set(JSON.stringify(item), { item, by: path });
      }
    };
    for (const isDeep of [false, true]) {
      for (const [path, { get }] of routes) {
        const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
        if (names.length > 0 !== isDeep) continue;
        const takes = new Set(get?.parameters?.map(({ name }) => name));
        for (const values of valuesFor(names, likeliest(path)).slice(0, 4)) {
          const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] as string));
          const needed = QUERIES[path] ?? '?';
          for (const query of [
            needed,
            `${needed}&asOf=${Math.floor(head / 2)}`,
            ...(takes.has('on') ? [`${needed}&on=2024-06-30`] : []),
            ...(takes.has('limit') ? [`${needed}&limit=3`] : []),
          ])
            await compare(path, url + query);
        }
      }
    }
    const { creditCode } = likeliest('/v1/enterprises/').find((item) => item['creditCode'] !== undefined) as { creditCode: string };
    for (const [path, values] of Object.entries(BY_NAME)) {
      const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? creditCode);
      for (const query of ['', `?asOf=${Math.floor(head / 2)}`]) await compare(path, url + query);
    }
    expect(unequal.slice(0, 6)).toEqual([]);
    expect([...untold]).toEqual([]);
    expect(routes.map(([path]) => path).filter((path) => !answered.has(path))).toEqual([]);
  });

  it('shows reporting tools documented views of what queries see, and nothing else', async () => {
    const { url } = database;
    await prepareReportingRole(database);
    await prepareReportingRole(database);
    const owner = new pg.Client({ connectionString: url });
    await owner.connect();
    const administrator = new pg.Client({ connectionString: superuser });
    await administrator.connect();
    await administrator.query(`CREATE ROLE bi_tool LOGIN PASSWORD 'only here' IN ROLE ${REPORTING_ROLE}`);
    await administrator.end();
    const asTool = new URL(url);
    [asTool.username, asTool.password] = ['bi_tool', encodeURIComponent('only here')];
    const tool = new pg.Client({ connectionString: asTool.href });
    await tool.connect();
    try {
      const worded: string[] = [];
      for (const { name, columns } of REPORTING_VIEWS) {
        const { rows, fields } = await tool.query<Record<string, unknown>>(`SELECT * FROM reporting."${name}"`);
        expect(fields.map((field) => field.name)).toEqual(Object.keys(columns));
        expect({ name, rows: rows.length }).not.toEqual({ name, rows: 0 });
        for (const [column, { words }] of Object.entries(columns)) {
          if (words === undefined) continue;
          worded.push(`${name}.${column}`);
          const found = new Set(rows.map((row) => row[column]));
          expect({ column, unknown: [...found].filter((word) => !Object.hasOwn(words, word as string)) }).toEqual({ column, unknown: [] });
        }
      }
      // Of these the words are the code's own, which the compiler compares with its types.
      expect(worded).toEqual([
        'awards.status',
        'instalments.status',
        'line_balances.account',
        'budget_lines.status',
        'enterprises.status',
        'target_figures.kind',
      ]);
      // What can be summed without a look at the status.
      const { rows: granted } = await tool.query<Record<string, string>>(
        `SELECT count(*) FILTER (WHERE granted_yuan IS NOT NULL AND status NOT IN ('granted', 'lapsed', 'revoked')) AS early,
                count(*) FILTER (WHERE granted_yuan IS NULL AND status IN ('granted', 'revoked')) AS missing,
                count(*) FILTER (WHERE granted_yuan IS NULL AND amount_yuan IS NOT NULL) AS undecided,
                sum(granted_yuan) AS sum, (SELECT sum(amount_yuan) FROM reporting.instalments) AS of_instalments
         FROM reporting.awards`,
      );
      const { sum, undecided, ...wrong } = granted[0] as Record<string, string>;
      expect(wrong).toEqual({ early: '0', missing: '0', of_instalments: sum });
      expect(Number(undecided)).toBeGreaterThan(0);
      const { rows: sums } = await tool.query<{ account: string; balance: string }>(
        'SELECT account, sum(balance_yuan) AS balance FROM reporting.line_balances GROUP BY account ORDER BY account',
      );
      const trial = JSON.parse((await ask(ledgers[1], '/v1/balances/trial')).body) as {
        accounts: readonly { account: string; balance: string }[];
      };
      expect(sums).toEqual(trial.accounts.map(({ account, balance }) => ({ account, balance })));
      const { rows: tables } = await owner.query<{ name: string }>(
        `SELECT relname AS name FROM pg_class WHERE relnamespace = 'ledger'::regnamespace AND relkind IN ('r', 'v')`,
      );
      expect(tables.length).toBeGreaterThan(100);
      for (const { name } of tables) await expect(tool.query(`SELECT 1 FROM ledger."${name}"`)).rejects.toMatchObject({ code: '42501' });
      for (const attempt of [
        'UPDATE reporting.awards SET award = award',
        'DELETE FROM reporting.budget_lines',
        'CREATE TABLE reporting.mine (id integer)',
        'CREATE TABLE public.mine (id integer)',
        'CREATE SCHEMA mine',
        'DROP VIEW reporting.awards',
      ])
        await expect(tool.query(attempt)).rejects.toMatchObject({ code: expect.stringMatching(/^(42501|55000)$/) });
      // A rebuild puts the views over the new tables, and leaves what others have made of them.
      await owner.query('CREATE VIEW public.of_the_tool AS SELECT award FROM reporting.awards');
      const subscriptions = ledgers[1].app.get(Subscriptions);
      await subscriptions.rebuild(['awards']);
      while (subscriptions.status().some(({ beside }) => beside !== undefined)) await sleep(50);
      expect((await tool.query('SELECT 1 FROM reporting.awards LIMIT 1')).rows).toHaveLength(1);
      expect((await owner.query('SELECT 1 FROM public.of_the_tool LIMIT 1')).rows).toHaveLength(1);
    } finally {
      await tool.end();
      await owner.end();
    }
  });

  it.each([
    ['english', 'docs/reporting.md'],
    ['chinese', 'docs/reporting.zh-CN.md'],
  ] as const)('documents these views in %s as the database does: %s', (language, path) => {
    const chapter = readFileSync(new URL(`../${path}`, import.meta.url), 'utf8').replace(/^[^]*?(?=^### )/m, '');
    const views = REPORTING_VIEWS.map(({ name, title, columns }) => {
      const told = Object.entries(columns).map(([column, one]) => `- \`${column}\`${COLON[language]}${meaningIn(language, one)}`);
      return `### ${name}\n\n${title[language]}\n\n${told.join('\n')}\n`;
    });
    expect(chapter).toBe(views.join('\n'));
  });

  it('holds the rows a fold has at every position, and those of tables built anew', async () => {
    const [, postgres] = ledgers;
    const { differences, compared } = await comparePastWithFold(postgres, 100);
    expect(differences).toEqual([]);
    expect(compared).toBeGreaterThan(100);
    const subscriptions = postgres.app.get(Subscriptions);
    await subscriptions.verify(subscriptions.projections().map(({ name }) => name));
    while ((await subscriptions.verifications()).some(({ state }) => state === 'running')) await sleep(50);
    expect((await subscriptions.verifications()).filter(({ state }) => state !== 'equal')).toEqual([]);
  });
});

/** Prepares a new database as the cluster's is, and answers its URL for the role the ledger works as: `office`, as `ledger` is taken here. */
async function prepared(superuser: string): Promise<string> {
  const url = new URL(superuser);
  const script = readFileSync(new URL('../docker/prepare-postgres.sql', import.meta.url), 'utf8')
    .replaceAll(/^(\\|--).*$/gm, '')
    .replaceAll(/\bledger\b/g, 'office')
    .replaceAll(":'password'", `'${url.password}'`)
    .replaceAll(':"DBNAME"', `"${url.pathname.slice(1)}"`);
  const client = new pg.Client({ connectionString: superuser });
  await client.connect();
  try {
    await client.query(script);
    const { rows } = await client.query(`SELECT rolsuper OR rolcreaterole OR rolcreatedb AS may FROM pg_roles WHERE rolname = 'office'`);
    expect(rows).toEqual([{ may: false }]);
  } finally {
    await client.end();
  }
  url.username = 'office';
  return url.href;
}

type Item = Readonly<Record<string, string>>;

/** Every object an answer holds, with its texts and numbers. */
function* itemsIn(answer: unknown): Iterable<Item> {
  if (typeof answer !== 'object' || answer === null) return;
  const own = Object.entries(answer).filter(([, value]) => typeof value === 'string' || typeof value === 'number');
  if (own.length > 0 && !Array.isArray(answer)) yield Object.fromEntries(own.map(([name, value]) => [name, String(value)]));
  for (const value of Object.values(answer)) yield* itemsIn(value);
}

/** What the parameters of a path may be: fields of one thing that was answered elsewhere. */
function valuesFor(names: readonly string[], items: readonly Item[]): readonly Item[] {
  if (names.length === 0) return [{}];
  const values = new Map<string, Item>();
  for (const item of items) {
    const found = names.map(
      (name) => [name, (ALIASES[name] ?? [name]).map((alias) => item[alias]).find((value) => value !== undefined)] as const,
    );
    if (found.every(([, value]) => value !== undefined)) values.set(JSON.stringify(found), Object.fromEntries(found) as Item);
  }
  return [...values.values()];
}
