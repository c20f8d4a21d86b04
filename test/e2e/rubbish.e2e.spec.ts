import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { withCheckCharacter } from '@app/kernel';
import { seededRandom } from '../support/random.js';
import { ServedLedger } from '../support/served-ledger.js';

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly fields: readonly string[];
}
interface Raw {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const SEED = Number(process.env['LEDGER_TEST_SEED'] ?? 7);
const CODE = withCheckCharacter('91360799MAXX00001');
const NESTED = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;

/** Values no field of any command should accept, or at least none should fall over. */
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  12345678901234567890n.toString(),
  '',
  ' ',
  '\u0000',
  '💥'.repeat(300),
  'x'.repeat(100_000),
  '../../etc/passwd',
  "'; DROP TABLE events; --",
  '1e5',
  '-1.00',
  '99999999999999999999.99',
  '2024-02-30',
  '9999-99-99',
  [],
  [null],
  [[]],
  [{ title: 1 }],
  {},
  { $ne: null },
  { constructor: { prototype: {} } },
];

/** Whole bodies, as bytes. */
const BODIES: readonly (string | Buffer)[] = [
  '',
  '{',
  'null',
  '[]',
  '"text"',
  '12',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"a":1e999}',
  '{"unknownField":1}',
  NESTED,
  Buffer.from([0xff, 0xfe, 0x00, 0x01]),
  Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
  `{"reason":"${'长'.repeat(1_500_000)}"}`,
];

describe('rubbish at every route', () => {
  let folder: string;
  let served: ServedLedger;
  let tokens: readonly string[];
  let operations: readonly Operation[];
  const failures: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ledger-rubbish-'));
    served = await ServedLedger.start(folder);
    tokens = [await served.token('everyone', 'clerk', 'reviewer', 'approver', 'finance', 'auditor', 'administrator')];
    operations = operationsOf(await served.get('/openapi.json', ''));
  }, 60_000);
  afterAll(async () => {
    await served.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(() => {
    failures.length = 0;
  });

  const send = (method: string, path: string, body: string | Buffer | undefined, headers: Record<string, string> = {}) =>
    raw(served.port, method, path, body, {
      authorization: `Bearer ${tokens[0]}`,
      'content-type': 'application/json',
      'idempotency-key': `k${Math.random()}`,
      ...headers,
    });

  /** Anything may be refused, nothing may break; what succeeds must be a real answer. */
  function check(answer: Raw, what: string): void {
    if (answer.status >= 500 || answer.status < 200) failures.push(`${what}: ${answer.status} ${answer.body.slice(0, 200)}`);
    else if (answer.status >= 400) {
      const isProblem = answer.contentType.startsWith('application/problem+json') && typeof JSON.parse(answer.body).code === 'string';
      if (!isProblem) failures.push(`${what}: ${answer.status} is no problem document: ${answer.contentType} ${answer.body.slice(0, 200)}`);
    }
  }

  it('finds every route in the description', () => {
    expect(operations.length).toBeGreaterThan(50);
  });

  it('refuses bodies that are not what they should be', async () => {
    for (const { method, path } of operations.filter((operation) => operation.method === 'POST')) {
      for (const [index, body] of BODIES.entries()) {
        const answer = await send(method, filled(path), body);
        const what = `${method} ${path} body ${index}`;
        check(answer, what);
        if (answer.status < 400) failures.push(`${what}: was accepted`);
      }
    }
    expect(failures).toEqual([]);
  }, 120_000);

  it('refuses wrong types, huge and hostile values in every field', async () => {
    for (const { method, path, fields } of operations.filter((operation) => operation.method === 'POST')) {
      for (const field of fields) {
        for (const value of VALUES)
          check(
            await send(method, filled(path), JSON.stringify({ [field]: value })),
            `${method} ${path} ${field}=${JSON.stringify(value)?.slice(0, 40)}`,
          );
      }
    }
    expect(failures).toEqual([]);
  }, 240_000);

  it('refuses hostile path and query parameters', async () => {
    const segments = ['%00', '%ff', '%', '..%2f..%2fetc', 'x'.repeat(2_000), '💥', "'%20OR%201=1", '-1', '1e9', 'NaN', '%E4%BD'];
    for (const { method, path } of operations) {
      for (const segment of segments) {
        const target = path.includes('{')
          ? path.replace(/\{[^}]+\}/g, encodeURI(segment).replace(/%25/g, '%'))
          : `${path}?limit=${segment}&cursor=${segment}&on=${segment}&by=${segment}&unknown=1`;
        check(await send(method, target, method === 'POST' ? '{}' : undefined), `${method} ${target.slice(0, 120)}`);
      }
    }
    expect(failures).toEqual([]);
  }, 120_000);

  it('passes over no query parameter it does not know', async () => {
    // These two hand on what they are asked, to routes that do the same; probes take what load balancers add.
    const handing = await Promise.all(
      ['exports', 'differences'].map((name) => send('GET', `/v1/${name}/audit/detectors?earlier=1&nonsense=1`, undefined)),
    );
    const asked = operations.filter(({ path }) => path.startsWith('/v1/') && !path.endsWith('/{path}'));
    for (const { method, path } of asked)
      handing.push(await send(method, `${filled(path)}?nonsense=1`, method === 'POST' ? '{}' : undefined));
    const answers = handing.map(({ status, body }, index) => {
      const { errors } = (body.startsWith('{') ? JSON.parse(body) : {}) as { errors?: readonly unknown[] };
      const { method, path } = asked[index - 2] ?? { method: 'GET', path: 'handed on' };
      return { method, path, status, errors };
    });
    const named = expect.arrayContaining([{ field: 'nonsense', rule: 'whitelistValidation', message: 'nonsense should not exist' }]);
    expect(answers).toEqual(answers.map(({ method, path }) => ({ method, path, status: 400, errors: named })));
    expect((await send('GET', '/health?nonsense=1', undefined)).status).toBe(200);
  });

  it('refuses missing and malformed headers', async () => {
    const headers: readonly Record<string, string>[] = [
      { authorization: '' },
      { authorization: 'Bearer' },
      { authorization: `Bearer ${'a'.repeat(5_000)}` },
      { authorization: 'Basic YTpi' },
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/xml' },
      { 'content-type': 'application/json; charset=latin1' },
      { 'idempotency-key': '' },
      { 'idempotency-key': 'x'.repeat(300) },
      { 'idempotency-key': 'a b\tc' },
      { 'if-match': '*' },
      { 'if-match': '"9999999999999999999999"' },
      { 'ledger-position': '-1' },
      { 'ledger-position': '999999999' },
      { 'ledger-position': 'x' },
      { 'correlation-id': 'x'.repeat(500) },
      { 'accept-encoding': 'nonsense' },
      { 'content-encoding': 'gzip' },
    ];
    for (const { method, path } of operations) {
      for (const header of headers)
        check(
          await send(method, filled(path), method === 'POST' ? '{}' : undefined, header),
          `${method} ${path} ${JSON.stringify(header).slice(0, 60)}`,
        );
    }
    expect(failures).toEqual([]);
    const without = await raw(served.port, 'POST', '/v1/enterprises', JSON.stringify({ creditCode: CODE, name: '测试' }), {
      authorization: `Bearer ${tokens[0]}`,
      'content-type': 'application/json',
    });
    expect([without.status, JSON.parse(without.body).code]).toEqual([400, 'idempotency-key-required']);
  }, 120_000);

  it('answers unknown routes, methods and bytes that are no HTTP', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'])
      check(await send(method, '/v1/awards', undefined), `${method} /v1/awards`);
    for (const path of ['/', '/v2/awards', '/v1/../health', '//v1//awards', '/v1/awards/%2e%2e'])
      check(await send('GET', path, undefined), `GET ${path}`);
    const random = seededRandom(SEED);
    const starts = [
      '',
      'GET / HTTP/1.1\r\n',
      'POST /v1/awards HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n',
      'POST /v1/awards HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n',
    ];
    for (let round = 0; round < 100; round += 1) {
      const noise = Buffer.from(Array.from({ length: 1 + Math.floor(random() * 400) }, () => Math.floor(random() * 256)));
      const answer = await rawBytes(served.port, Buffer.concat([Buffer.from(starts[round % starts.length] as string), noise]));
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 400);
      if (status >= 500) failures.push(`bytes ${round}: ${answer.slice(0, 200)}`);
      if (answer.startsWith('HTTP') && status >= 400 && !/application\/problem\+json/i.test(answer))
        failures.push(`bytes ${round}: no problem document: ${answer.slice(0, 200)}`);
    }
    expect(failures).toEqual([]);
  }, 60_000);

  it('survives all of it and has polluted nothing', async () => {
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(await served.get('/health', '')).toMatchObject({ status: 'ok' });
    expect(served.stderr).toBe('');
  });
});

function operationsOf(description: Record<string, unknown>): readonly Operation[] {
  const { paths, components } = description as {
    paths: Record<string, Record<string, { requestBody?: { content?: Record<string, { schema?: { $ref?: string } }> } }>>;
    components: { schemas: Record<string, { properties?: Record<string, unknown> }> };
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { requestBody }]) => {
      const reference = requestBody?.content?.['application/json']?.schema?.$ref?.split('/').at(-1) ?? '';
      return { method: method.toUpperCase(), path, fields: Object.keys(components.schemas[reference]?.properties ?? {}) };
    }),
  );
}

/** A path whose parameters have the right form, so that the body is what is judged. */
function filled(path: string): string {
  const values: Record<string, string> = {
    award: `ganzhou-etdz-2023.G13.${CODE}.P1`,
    pack: 'ganzhou-etdz-2023',
    code: CODE,
    line: 'awards',
    period: '2024',
    clause: 'G01',
    factId: 'F1',
    listing: `enterprise.${CODE}.1`,
  };
  return path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '1');
}

function raw(port: number, method: string, path: string, body: string | Buffer | undefined, headers: Record<string, string>): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const sent = request(
      { port, host: '127.0.0.1', method, path: path.replace(/[^\x21-\x7e]/gu, encodeURIComponent), headers: { ...headers, ...length } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            contentType: response.headers['content-type'] ?? '',
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    // The server may hang up on a body it has refused: then its answer has already come.
    sent.on('error', (error: NodeJS.ErrnoException) =>
      ['EPIPE', 'ECONNRESET'].includes(error.code ?? '')
        ? resolve({ status: 413, contentType: 'application/problem+json', body: '{"code":"body-too-large"}' })
        : reject(error),
    );
    sent.end(body);
  });
}

function rawBytes(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('close', () => resolve(answer));
    socket.on('error', () => resolve(answer));
    socket.end(bytes);
    socket.setTimeout(2_000, () => socket.destroy());
  });
}
