import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { pino } from 'pino';
import { EVENT_STORE, type EventStore } from '@app/event-store';
import { Tokens } from '@app/http';
import { withCheckCharacter } from '@app/kernel';
import { ReadModels, Subscriptions } from '@app/projections';
import { createLedger, type Ledger, SYSTEM_CLOCK } from '../create-ledger.js';
import { openTracing, type Tracing } from './tracing.js';

const METRICS_TOKEN = 'prometheus-of-this-spec';
const ZHANG = '张三的名字';
const [A, B, C, D] = [1, 2, 3, 4].map((no) => withCheckCharacter(`91360799MA000000${no}`)) as unknown as [string, string, string, string];

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}

/** An OTLP/HTTP collector that keeps what arrives. */
class Collector {
  readonly bodies: string[] = [];
  readonly paths = new Set<string>();
  status = 200;
  private readonly server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      this.paths.add(`${request.method} ${request.url} ${request.headers['content-type']}`);
      this.bodies.push(Buffer.concat(chunks).toString('utf8'));
      response.writeHead(this.status, { 'content-type': 'application/json' }).end('{}');
    });
  });

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get spans(): readonly Span[] {
    return this.bodies.flatMap((body) =>
      (JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }).resourceSpans.flatMap(({ scopeSpans }) =>
        scopeSpans.flatMap(({ spans }) => spans),
      ),
    );
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** An api process and a worker on one folder, as two processes would be. */
describe('processes of the ledger', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-processes-'));
  const keyFile = join(folder, 'shared.key');
  const collector = new Collector();
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { messageKey: 'message' },
    new Writable({
      write(line: Buffer, _encoding, done) {
        lines.push(JSON.parse(line.toString('utf8')) as Record<string, unknown>);
        done();
      },
    }),
  );
  const words: string[] = [];
  const told = { log: (word: string) => void words.push(word), warn: (word: string) => void words.push(word) };
  let tracing: Tracing;
  let api: Ledger;
  let worker: Ledger;
  let url: string;
  let workerUrl: string;
  let clerk: string;
  const options = { dataFolder: folder, logger: false, tokenKeyFile: keyFile, metrics: { token: METRICS_TOKEN } } as const;

  const get = (path: string, headers: Record<string, string> = {}, from = url) => fetch(from + path, { headers });
  const register = (creditCode: string, headers: Record<string, string> = {}) =>
    fetch(`${url}/v1/enterprises`, {
      method: 'POST',
      headers: { authorization: `Bearer ${clerk}`, 'content-type': 'application/json', 'idempotency-key': creditCode, ...headers },
      body: JSON.stringify({ creditCode, name: ZHANG }),
    });
  const metricsOf = async (from: string) => (await get('/metrics', { authorization: `Bearer ${METRICS_TOKEN}` }, from)).text();
  const valueOf = (text: string, series: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.split(' ')
        .at(-1),
    );

  beforeAll(async () => {
    writeFileSync(keyFile, `${'5a'.repeat(32)}\n`, { mode: 0o600 });
    // The exporter reads it for itself.
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = await collector.open();
    tracing = (await openTracing(process.env, 'api', told)) as Tracing;
    clerk = await Tokens.fromKeyFile(keyFile, SYSTEM_CLOCK).issue({ id: 'zhangsan', unit: '科技局', roles: ['clerk'] }, 3_600);
    api = await createLedger({ ...options, publishBundledPolicies: true, requestLog: log, tracing }, 'api');
    url = await api.listen(0, '127.0.0.1');
    worker = await createLedger({ ...options, publishBundledPolicies: true }, 'worker');
    workerUrl = await worker.listen(0, '127.0.0.1');
  });
  afterAll(async () => {
    await worker.close();
    await api.close();
    await tracing.close();
    await collector.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('share a folder, but neither with a second worker nor with one that works alone', async () => {
    await expect(createLedger({ ...options, publishBundledPolicies: false }, 'worker')).rejects.toMatchObject({
      code: 'data-folder-in-use',
    });
    await expect(createLedger({ ...options, publishBundledPolicies: false })).rejects.toMatchObject({ code: 'data-folder-in-use' });
  });

  it('make no key where one is to be shared', async () => {
    const missing = { ...options, tokenKeyFile: join(folder, 'other.key'), publishBundledPolicies: false };
    await expect(createLedger(missing, 'api')).rejects.toMatchObject({ code: 'token-key-missing' });
  });

  it('answer in one what the other has projected, and know in one what the other has published', async () => {
    const answer = await register(A, { 'x-correlation-id': 'case-42' });
    expect([answer.status, answer.headers.get('x-correlation-id')]).toEqual([201, 'case-42']);
    const position = answer.headers.get('ledger-position') as string;
    const read = await get(`/v1/enterprises/${A}`, { authorization: `Bearer ${clerk}`, 'ledger-position': position });
    expect(await read.json()).toMatchObject({ creditCode: A, name: ZHANG });
    // Facts are those the published policies ask for, and these were published by the worker after the api had started.
    const facts = {
      facts: [
        { name: 'payment.account', value: '账户', sourceUnit: '测试' },
        { name: 'enterprise.hnte', value: true, sourceUnit: '科技局' },
      ],
    };
    const stated = () =>
      fetch(`${url}/v1/enterprises/${A}/facts`, {
        method: 'POST',
        headers: { authorization: `Bearer ${clerk}`, 'content-type': 'application/json', 'idempotency-key': `facts-${Math.random()}` },
        body: JSON.stringify(facts),
      });
    let did = await stated();
    for (let tries = 0; did.status === 400 && tries < 50; tries += 1) {
      await sleep(100);
      did = await stated();
    }
    expect(did.status).toBe(201);
  });

  it('keep the correlation of a request with its events, and name nobody in their log', async () => {
    const events: { correlationId: string; type: string }[] = [];
    for await (const page of api.app.get<EventStore>(EVENT_STORE).readAll())
      for (const { type, metadata } of page) events.push({ type, correlationId: metadata.correlationId });
    expect(events).toContainEqual({ type: 'enterprise-registered', correlationId: 'case-42' });
    expect(lines).toContainEqual(
      expect.objectContaining({ correlationId: 'case-42', method: 'POST', route: '/v1/enterprises', status: 201, roles: ['clerk'] }),
    );
    expect(lines).toContainEqual(expect.objectContaining({ method: 'GET', route: '/v1/enterprises/:code', status: 200 }));
    const told = JSON.stringify(lines);
    for (const secret of [clerk, ZHANG, 'zhangsan', A, METRICS_TOKEN]) expect(told).not.toContain(secret);
  });

  it('answer operators alone where they serve nobody else', async () => {
    expect((await get('/health', {}, workerUrl)).status).toBe(200);
    for (const path of ['/v1/enterprises', '/v1/awards?limit=1', '/openapi.json', '/v1/subscribersx', '/nowhere']) {
      const refused = await get(path, { authorization: `Bearer ${clerk}` }, workerUrl);
      expect([path, refused.status, await refused.json()]).toEqual([path, 404, expect.objectContaining({ code: 'route-not-found' })]);
    }
    const written = await fetch(`${workerUrl}/v1/enterprises`, {
      method: 'POST',
      headers: { authorization: `Bearer ${clerk}`, 'content-type': 'application/json', 'idempotency-key': 'to-a-worker' },
      body: JSON.stringify({ creditCode: A, name: ZHANG }),
    });
    expect(written.status).toBe(404);
  });

  it('have read models compared and rebuilt by whoever keeps them, asked anywhere', async () => {
    const administrator = await Tokens.fromKeyFile(keyFile, SYSTEM_CLOCK).issue(
      { id: 'li', unit: '财政局', roles: ['administrator'] },
      3_600,
    );
    const tell = async (to: string, work: string, token = administrator) => {
      const headers = {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'idempotency-key': `${work}-${Math.random()}`,
      };
      const body = JSON.stringify({ names: ['dossier'] });
      const answer = await fetch(`${to}/v1/subscribers/${work}`, { method: 'POST', headers, body });
      return [answer.status, ((await answer.json()) as { code?: string }).code];
    };
    expect(await tell(workerUrl, 'verify', clerk)).toEqual([403, 'role-required']);
    const told = async <One>(from: string, path: string) =>
      (await (await get(`/v1/subscribers${path}`, { authorization: `Bearer ${administrator}` }, from)).json()) as readonly One[];
    for (const asked of [url, workerUrl]) {
      expect(await tell(asked, 'verify')).toEqual([202, undefined]);
      for (const from of [url, workerUrl]) {
        const compared = () => told<{ state: string }>(from, '/verifications');
        while ((await compared()).some(({ state }) => state === 'running')) await sleep(20);
        expect(await compared()).toMatchObject([{ name: 'dossier', state: 'equal' }]);
      }
      expect(await tell(asked, 'rebuild')).toEqual([202, undefined]);
      while ((await told<{ beside?: object }>(asked, '')).some(({ beside }) => beside !== undefined)) await sleep(20);
    }
  });

  it('are ready as long as both stores answer', async () => {
    for (const from of [url, workerUrl]) {
      expect((await get('/health/live', {}, from)).status).toBe(200);
      const ready = await get('/health/ready', {}, from);
      expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', failed: [] }]);
    }
    await sleep(50);
    const head = jest.spyOn(api.app.get<EventStore>(EVENT_STORE), 'head').mockRejectedValue(new Error('gone'));
    const checkpoints = jest.spyOn(api.app.get(ReadModels), 'liveCheckpoints').mockRejectedValue(new Error('gone'));
    const unready = await get('/health/ready');
    expect([unready.status, await unready.json()]).toEqual([503, { status: 'not-ready', failed: ['event-store', 'read-models'] }]);
    const degraded = await get('/health');
    const told = (await degraded.json()) as object;
    expect([degraded.status, told]).toEqual([503, expect.objectContaining({ status: 'degraded' })]);
    expect(told).not.toHaveProperty('position');
    expect((await get('/health/live')).status).toBe(200);
    const metrics = await metricsOf(url);
    expect([valueOf(metrics, 'ledger_event_store_up'), valueOf(metrics, 'ledger_read_models_up')]).toEqual([0, 0]);
    expect(metrics).not.toMatch(/^ledger_head_position /m);
    head.mockRestore();
    checkpoints.mockRestore();
    expect((await get('/health/ready')).status).toBe(200);
  });

  it('show metrics to whoever has the token', async () => {
    for (const from of [url, workerUrl]) {
      for (const authorization of ['', 'Bearer wrong', `Bearer ${clerk}`, `Bearer ${METRICS_TOKEN}x`, METRICS_TOKEN]) {
        const refused = await get('/metrics', { authorization }, from);
        expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([401, 'metrics-token']);
      }
    }
    const metrics = await metricsOf(url);
    expect(valueOf(metrics, 'ledger_append_duration_seconds_count{outcome="done"}')).toBeGreaterThanOrEqual(2);
    expect(metrics).toMatch(/^ledger_http_request_duration_seconds_count\{method="POST",route="\/v1\/enterprises",status="2xx"\} 1$/m);
    expect(metrics).toMatch(/^ledger_subscriber_lag_seconds\{name="awards",kind="projection"\} \d/m);
    expect(metrics).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(metrics).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m);
    for (const secret of [clerk, ZHANG, 'zhangsan', A]) expect(metrics).not.toContain(secret);
    expect(await metricsOf(workerUrl)).toMatch(/^ledger_projection_page_duration_seconds_count [1-9]/m);
  });

  it('tell how far behind and for how long something is', async () => {
    const readModels = api.app.get(ReadModels);
    const checkpoints = await readModels.liveCheckpoints();
    const awards = checkpoints.get('awards') as NonNullable<ReturnType<typeof checkpoints.get>>;
    const behind = new Map([...checkpoints, ['awards', { ...awards, position: awards.position - 2 }]]);
    const spy = jest.spyOn(readModels, 'liveCheckpoints').mockResolvedValue(behind);
    await sleep(50);
    const metrics = await metricsOf(url);
    spy.mockRestore();
    expect(valueOf(metrics, 'ledger_subscriber_lag_events{name="awards",kind="projection"}')).toBe(2);
    expect(valueOf(metrics, 'ledger_subscriber_lag_seconds{name="awards",kind="projection"}')).toBeGreaterThan(0);
    expect(valueOf(metrics, 'ledger_subscriber_lag_events{name="policies",kind="projection"}')).toBe(0);
  });

  it('send a request and what it led to as one trace, without names', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const answer = await register(B, { traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
    expect([answer.status, answer.headers.get('x-correlation-id')]).toEqual([201, traceId]);
    await tracing.flush();
    const spans = collector.spans.filter((span) => span.traceId === traceId);
    const named = (name: string) => spans.find((span) => span.name === name) as Span;
    expect(named('POST /v1/enterprises')).toMatchObject({ parentSpanId: '00f067aa0ba902b7' });
    expect(named('command enterprise').parentSpanId).toBe(named('POST /v1/enterprises').spanId);
    expect(named('append enterprise').parentSpanId).toBe(named('command enterprise').spanId);
    expect([...collector.paths]).toEqual(['POST /v1/traces application/json']);
    for (const secret of [clerk, ZHANG, 'zhangsan', B]) expect(collector.bodies.join()).not.toContain(secret);
  });

  it('answer no list of the present from what has stopped, and every one again once it goes on', async () => {
    const administrator = await Tokens.fromKeyFile(keyFile, SYSTEM_CLOCK).issue(
      { id: 'li', unit: '财政局', roles: ['administrator', 'auditor'] },
      3_600,
    );
    const authorization = `Bearer ${administrator}`;
    const subscriptions = worker.app.get(Subscriptions);
    expect(await subscriptions.settled()).toBe(true);
    const before = await worker.app.get<EventStore>(EVENT_STORE).head();
    const asked = async (path: string) => {
      const answer = await get(`/v1/${path}`, { authorization });
      const { code, detail } = (await answer.json()) as { code?: string; detail?: string };
      return [path, answer.status, ...(code === undefined ? [] : [code]), ...(detail === undefined ? [] : [detail])];
    };
    const past = (path: string) => `${path}${path.includes('?') ? '&' : '?'}asOf=${before}`;
    const LISTS = {
      awards: ['awards', 'due-instalments', 'public-notices'],
      balances: ['balances', 'balances/trial'],
      'budget-lines': ['budgets'],
      dossier: ['enterprises', `enterprises/${A}`],
      findings: ['audit/findings', 'audit/findings/summary'],
      timeline: [`audit/timeline/enterprise/${A}?recordedFrom=2024-01-01`],
    };
    const poisoned = subscriptions.projections().filter(({ name }) => name in LISTS);
    const spies = poisoned.map((projection) => {
      const handles = jest.replaceProperty(projection, 'handles', new Set(['enterprise-registered']));
      const apply = jest.spyOn(projection, 'apply').mockImplementation(() => {
        throw new Error(`not for strangers: ${ZHANG}`);
      });
      return () => [handles.restore(), apply.mockRestore()];
    });
    expect((await register(D)).status).toBe(201);
    while (subscriptions.status().filter(({ state }) => state === 'stopped').length < poisoned.length) await sleep(20);
    for (const [name, paths] of Object.entries(LISTS)) {
      for (const path of paths) {
        // Those of findings wait for all there is before they say that there are none, and not for what will not come.
        const told = name === 'findings' ? 'the read models have not reached' : `the read model ${name} has stopped behind`;
        const detail = expect.stringMatching(new RegExp(`^${told} position ${name === 'findings' ? before + 1 : before} `));
        expect(await asked(path)).toEqual([path, 503, 'read-model-behind', detail]);
        expect(await asked(past(path))).toEqual([past(path), 200]);
      }
    }
    // Whatever rests on others is answered, and so is what it takes to mend this.
    for (const path of ['policies', 'agencies', 'subscribers', `audit/events/${before + 1}`])
      expect(await asked(path)).toEqual([path, 200]);
    const event = await (await get(`/v1/audit/events/${before + 1}`, { authorization })).json();
    expect(event).toMatchObject({ data: { creditCode: D }, consequences: [], isCut: true });
    expect((await get('/health', {}, workerUrl)).status).toBe(503);
    for (const restore of spies) restore();
    for (const { name } of poisoned) {
      const headers = { authorization, 'content-type': 'application/json', 'idempotency-key': `resume-${name}` };
      expect((await fetch(`${workerUrl}/v1/subscribers/${name}/resume`, { method: 'POST', headers, body: '{}' })).status).toBe(202);
    }
    expect(await subscriptions.settled()).toBe(true);
    for (const path of Object.values(LISTS).flat()) expect(await asked(path)).toEqual([path, 200]);
  });

  it('say once that traces are lost, and that they are delivered again', async () => {
    const deliver = async (status: number) => {
      collector.status = status;
      expect((await fetch(`${url}/health/live`)).status).toBe(200);
      await tracing.flush().catch(() => undefined);
    };
    for (const status of [200, 400, 400, 200, 200]) await deliver(status);
    expect(words).toEqual([expect.stringMatching(/^traces cannot be delivered and are lost: /), 'traces are delivered again']);
  });

  it('load nothing for traces that nobody collects', async () => {
    expect(await openTracing({}, 'api', told)).toBeUndefined();
    expect(await openTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, 'api', told)).toBeUndefined();
  });

  it('finish what is under way before they end, and cut off what takes too long', async () => {
    const other = await createLedger({ ...options, publishBundledPolicies: false, drainMs: 60_000 }, 'api');
    const { port, hostname } = new URL(await other.listen(0, '127.0.0.1'));
    const body = JSON.stringify({ creditCode: C, name: ZHANG });
    const socket = connect(Number(port), hostname);
    let answered = '';
    socket.on('data', (chunk: Buffer) => (answered += chunk.toString('utf8')));
    const ended = new Promise((resolve) => socket.on('close', resolve));
    const head = `POST /v1/enterprises HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${clerk}\r\ncontent-type: application/json\r\nidempotency-key: slow\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;
    // Newer Nodes end a connection on which nothing has come yet.
    const isUnderWay = once(other.app.getHttpServer(), 'request');
    socket.write(head + body.slice(0, 10));
    await isUnderWay;
    const closed = other.close();
    // It takes no more connections, and still answers this one.
    await expect(fetch(`http://${hostname}:${port}/health/live`)).rejects.toThrow();
    socket.write(body.slice(10));
    await ended;
    expect(answered).toMatch(/^HTTP\/1\.1 201 .*connection: close/is);
    expect(await closed).toBe(0);

    const impatient = await createLedger({ ...options, publishBundledPolicies: false, drainMs: 50 }, 'api');
    const address = new URL(await impatient.listen(0, '127.0.0.1'));
    const hanging = connect(Number(address.port), address.hostname);
    hanging.on('error', () => undefined);
    const isHanging = once(impatient.app.getHttpServer(), 'request');
    hanging.write(head + body.slice(0, 10));
    await isHanging;
    expect(await impatient.close()).toBe(1);
  });
});
