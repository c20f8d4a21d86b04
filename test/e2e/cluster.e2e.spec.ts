import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Tokens } from '@app/http';
import { bundledPackFiles } from '@app/policies';
import { type PersonRole, withCheckCharacter } from '@app/kernel';
import { auditLedger } from '../faults/audit.js';
import type { Acknowledged } from '../faults/load.js';
import { PostgresServer } from '../stand-in/postgres.mjs';
import { paper } from '../support/office.js';
import { ServerProgram } from '../support/server-program.js';
import { ESDB, StoreUnderTest } from '../support/store-under-test.js';
import { until } from '../support/until.js';

const CODE = withCheckCharacter('91360799MAXX00077');
const DOSSIER = `/enterprises/${CODE}`;
const PACK = 'ganzhou-etdz-2023';
/** The next year: it does not end while this runs, and money is taken into no period that has ended. */
const PERIOD = String(new Date().getFullYear() + 1);
const [FROM, TO] = [
  { pack: PACK, line: 'awards', period: PERIOD },
  { pack: PACK, line: 'reserve', period: PERIOD },
];
const pathOf = ({ pack, line, period }: typeof FROM) => `/budgets/${pack}/${line}/${period}`;
/** As many names at each stage: each is given at one API and read at the other, in turn. */
const WRITES = 10;
/** Of each file: it takes seconds to write them. */
const ROWS = 1_000;
/** What is answered while the read models have still to get there: it says that one should ask again. */
const NOT_YET = ['read-model-behind', 'read-model-rebuilding'];

type Body = Readonly<Record<string, unknown>>;
type Counts = Readonly<Record<'rows' | 'written' | 'unchanged', number>>;
type Pair = readonly [ServerProgram, ServerProgram];

/** What a province runs, but for the balancer: events in EventStoreDB, read models in PostgreSQL, and processes that share nothing else but a key. */
describe('two processes that answer and two that follow', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-cluster-'));
  const keyFile = join(folder, 'shared.key');
  const acknowledged: Acknowledged[] = [];
  const programs: ServerProgram[] = [];
  let tokens: Tokens;
  let store: StoreUnderTest;
  let postgres: PostgresServer;
  let apis: Pair;
  let workers: Pair;
  let names = 0;
  let transferred = 0;

  beforeAll(async () => {
    tokens = Tokens.fromKeyFile(keyFile, { now: () => new Date() });
    [store, postgres] = await Promise.all([StoreUnderTest.start(folder, undefined, ESDB), PostgresServer.start()]);
    const shared = {
      ...store.environment,
      LEDGER_READ_MODELS_URL: await postgres.database(),
      LEDGER_TOKEN_KEY_FILE: keyFile,
    };
    const start = (role: 'api' | 'worker', no: number) => {
      const program = new ServerProgram({ ...shared, LEDGER_ROLE: role, LEDGER_DATA: join(folder, `${role}-${no}`) });
      programs.push(program);
      return program;
    };
    // All at once on stores that are empty, as a cluster is started for the first time.
    apis = [start('api', 1), start('api', 2)];
    workers = [start('worker', 1), start('worker', 2)];
    await Promise.all(programs.map((program) => program.ready()));
  });
  afterAll(async () => {
    await Promise.all(programs.map((program) => program.end('SIGKILL')));
    await store?.close();
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function ask(at: ServerProgram, role: PersonRole, path: string, headers: Record<string, string> = {}, body?: object) {
    const token = await tokens.issue({ id: role, unit: '测试单位', roles: [role] }, 3_600);
    const answer = await fetch(`${at.url}/v1${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, position: answer.headers.get('ledger-position'), body: (await answer.json()) as Body };
  }

  /** A command that must succeed; answers with the position it was told. */
  async function write(at: ServerProgram, role: PersonRole, path: string, body: object): Promise<string> {
    const key = `k${acknowledged.length}`;
    const { status, position, body: receipt } = await ask(at, role, path, { 'idempotency-key': key }, body);
    if (status > 201 || position === null) throw new Error(`${path} is answered with ${status}: ${JSON.stringify(receipt)}`);
    acknowledged.push({ actor: role, key, path, stream: String(receipt['stream']), revision: Number(receipt['revision']) });
    return position;
  }

  /** What is answered by whoever has seen a position, asked again for as long as nobody has. */
  async function read(at: ServerProgram, path: string, position: string): Promise<Body> {
    let answer = await ask(at, 'auditor', path, { 'ledger-position': position });
    await until(async () => {
      if (answer.status !== 503 || !NOT_YET.includes(String(answer.body['code']))) return true;
      answer = await ask(at, 'auditor', path, { 'ledger-position': position });
      return false;
    });
    if (answer.status !== 200) throw new Error(`${path} is answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Gives the enterprise its next name at one API, and reads it at the other, or the same where there is no other. */
  async function name(writer: ServerProgram, reader: ServerProgram): Promise<void> {
    const next = `测试企业${(names += 1)}`;
    const [path, body] =
      names === 1 ? ['/enterprises', { creditCode: CODE, name: next }] : [`${DOSSIER}/rename`, { name: next, evidence: paper }];
    const position = await write(writer, 'clerk', path, body);
    expect(await read(reader, DOSSIER, position)).toMatchObject({ creditCode: CODE, name: next });
  }

  async function nameInTurn([one, other]: Pair): Promise<void> {
    for (let written = 0; written < WRITES; written += 1) await (written % 2 === 0 ? name(one, other) : name(other, one));
  }

  /** Moves money from one budget line to another: it arrives when a process manager has taken it there. */
  async function transfer(writer: ServerProgram, reader: ServerProgram): Promise<void> {
    const body = { to: TO, amount: '10.00', reason: '调剂', evidence: paper };
    const position = await write(writer, 'finance', `${pathOf(FROM)}/transfers`, body);
    transferred += 10;
    await until(async () => {
      const { transferredIn } = await read(reader, pathOf(TO), position);
      return transferredIn === `${transferred}.00`;
    });
  }

  interface Subscriber {
    readonly name: string;
    readonly kind: string;
    readonly runBy?: string;
    readonly beside?: object;
  }
  const subscribers = async (at: ServerProgram) => (await ask(at, 'auditor', '/subscribers')).body as unknown as readonly Subscriber[];

  /** Resolves when these workers run everything that follows the ledger, each its part, as an API tells it. */
  async function shared(at: ServerProgram, ...among: readonly ServerProgram[]): Promise<void> {
    await until(async () => {
      const all = await subscribers(at);
      const shares = among.map(({ pid }) => all.filter(({ runBy }) => runBy?.includes(`-${pid}-`)).length);
      const part = Math.ceil(all.length / among.length);
      return shares.every((share) => share <= part) && shares.reduce((sum, share) => sum + share) === all.length;
    });
  }

  /** Has work done on every read model, asked of an API; resolves when it has been done. */
  async function have(work: 'verify' | 'rebuild', at: ServerProgram): Promise<void> {
    const names = (await subscribers(at)).flatMap(({ name, kind }) => (kind === 'projection' ? [name] : []));
    expect(names.length).toBeGreaterThan(10);
    const key = { 'idempotency-key': `${work}-all` };
    const { status, body } = await ask(at, 'administrator', `/subscribers/${work}`, key, { names });
    expect([status, body['code']]).toEqual([202, undefined]);
    await until(async () => (await subscribers(at)).every(({ beside }) => beside === undefined));
  }

  /** Sends a file of enterprises that nobody else names, and answers with what is said of its import. */
  async function bring(at: ServerProgram, file: number, mode = 'valid-rows'): Promise<Body> {
    const rows = Array.from(
      { length: ROWS },
      (_, row) => `${withCheckCharacter(`9136079${file}MA${String(row).padStart(7, '0')}`)},导入企业${row}`,
    );
    const token = await tokens.issue({ id: 'clerk', unit: '测试单位', roles: ['clerk'] }, 3_600);
    const answer = await fetch(`${at.url}/v1/imports/enterprises?mode=${mode}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'idempotency-key': `file-${file}`, 'content-type': 'text/csv' },
      body: ['统一社会信用代码,企业名称', ...rows].join('\n'),
    });
    return { status: answer.status, ...((await answer.json()) as Body) };
  }

  /** How an import stands, asked of any process. */
  async function imported(at: ServerProgram, { id }: Body, role: PersonRole = 'clerk'): Promise<Body & { readonly counts: Counts }> {
    const { status, body } = await ask(at, role, `/imports/${String(id)}`);
    expect([status, body]).toEqual([200, expect.objectContaining({ id })]);
    return body as Body & { readonly counts: Counts };
  }

  async function outcome(at: ServerProgram, brought: Body): Promise<Body & { readonly counts: Counts }> {
    await until(async () => ['finished', 'failed'].includes(String((await imported(at, brought))['state'])));
    return imported(at, brought);
  }

  async function kill(program: ServerProgram): Promise<void> {
    expect(await program.end('SIGKILL')).toBeNull();
    await expect(fetch(`${program.url}/health`)).rejects.toThrow();
  }

  it('show at either API what was written at the other, by the position it was answered with', async () => {
    await nameInTurn(apis);
    const [one, other] = apis;
    for (const line of [FROM, TO]) await write(one, 'finance', '/budgets', { ...line, title: '奖补资金' });
    const appropriation = { amount: '1000.00', reason: '下达', evidence: paper };
    await write(other, 'finance', `${pathOf(FROM)}/appropriations`, appropriation);
    await transfer(one, other);
  });

  it('show at either API what came of a file that was sent to the other, to whom it concerns', async () => {
    const [one, other] = apis;
    const brought = await bring(one, 1);
    expect(await outcome(other, brought)).toMatchObject({ state: 'finished', errorCount: 0, counts: { rows: ROWS, written: ROWS } });
    expect(await imported(one, brought, 'auditor')).toEqual(await imported(other, brought, 'auditor'));
    expect(await ask(other, 'finance', `/imports/${String(brought['id'])}`)).toMatchObject({ status: 404 });
    // The same key again, wherever it is sent, is the same import, and takes no other settings.
    expect(await bring(other, 1)).toEqual({ status: 202, ...(await imported(one, brought)) });
    expect(await bring(other, 1, 'all-or-nothing')).toMatchObject({ status: 409, code: 'idempotency-key-reused' });
    expect((await ask(other, 'clerk', '/imports')).body).toMatchObject({ items: [{ id: brought['id'], state: 'finished' }] });
  });

  it('know at either API what has been published at the other, by the position it was answered with', async () => {
    const text = bundledPackFiles().get(`${PACK}.yaml`) as string;
    for (let no = 0; no < 4; no += 1) {
      const [one, other] = no % 2 === 0 ? apis : [apis[1], apis[0]];
      const [id, file] = [`${PACK}-${no}`, `${PACK}-${no}.yaml`];
      const position = await write(one, 'administrator', '/policies', {
        pack: text.replace(/^id: .*/m, `id: ${id}`),
        file,
        evidence: paper,
      });
      const open = (await read(other, `/policies/open-questions?pack=${id}`, position)) as unknown as readonly object[];
      expect(open.length).toBeGreaterThan(0);
    }
  });

  it('share what follows the ledger, and have work on it done that is asked of any process', async () => {
    const [one, other] = apis;
    await shared(one, ...workers);
    await have('verify', one);
    let compared: readonly { readonly state: string }[] = [];
    await until(async () => {
      compared = (await ask(other, 'auditor', '/subscribers/verifications')).body as unknown as typeof compared;
      return compared.every(({ state }) => state !== 'running');
    });
    expect(compared.length).toBeGreaterThan(10);
    expect(compared.filter(({ state }) => state !== 'equal')).toEqual([]);
    await have('rebuild', other);
    await nameInTurn(apis);
  });

  it('go on when a worker is killed: the other takes over what that one ran', async () => {
    const [killed, left] = workers;
    await kill(killed);
    await nameInTurn(apis);
    await transfer(apis[1], apis[0]);
    await shared(apis[0], left);
  });

  it('answer all the same when an API is killed', async () => {
    const [killed, left] = apis;
    const [first, second] = [await bring(killed, 2), await bring(killed, 3)];
    await until(async () => (await imported(left, first)).counts.written > 0);
    const position = await write(killed, 'clerk', `${DOSSIER}/rename`, { name: '测试企业', evidence: paper });
    await kill(killed);
    expect(await read(left, DOSSIER, position)).toMatchObject({ name: '测试企业' });
    await nameInTurn([left, left]);
    await transfer(left, left);
    // The second file had its turn only after the first. Whoever sends one again before its process is missed is told that it runs.
    for (const brought of [second, first])
      expect(await outcome(left, brought)).toMatchObject({ state: 'failed', note: expect.stringContaining('重新导入同一文件') });
    for (const [file, brought] of [first, second].entries()) {
      const { id } = await bring(left, file + 2);
      expect(id).toBe(brought['id']);
      const { state, counts } = await outcome(left, brought);
      expect([state, counts.written + counts.unchanged]).toEqual(['finished', ROWS]);
    }
  });

  it('end when they are told to, with everything recorded that was acknowledged', async () => {
    expect(await Promise.all([apis[1], workers[1]].map((program) => program.end('SIGTERM')))).toEqual([0, 0]);
    expect(acknowledged.length).toBeGreaterThan(3 * WRITES);
    expect(await auditLedger(folder, acknowledged)).toEqual([]);
  });
});
