import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Authority, type Certified } from './stand-in/authority.mjs';

const PROGRAM = fileURLToPath(new URL('../docker/prepare-store.mjs', import.meta.url));
/** `ledger store setup`, as far as it shows here: ends with the exit codes of a list, one a run, and with 0 after them. */
const SETUP = `
  import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
  const [code = 0, ...rest] = JSON.parse(readFileSync('codes.json', 'utf8'));
  writeFileSync('codes.json', JSON.stringify(rest));
  appendFileSync('runs', process.argv.slice(2).join(' ') + '\\n');
  process.exit(code);
`;

describe('the preparation of the store in a cluster', () => {
  let folder: string;
  let authority: Authority;
  let certified: Certified;
  let server: Server;
  let port: number;
  /** What the node answers to one request after the other, 200 after that. */
  let answers: number[];
  let asked: string[];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ledger-prepare-'));
    authority = await Authority.make();
    certified = await authority.certify('node', ['localhost']);
    writeFileSync(join(folder, 'ca.crt'), authority.certificate);
    mkdirSync(join(folder, 'dist/programs'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'dist/programs/ledger.js'), SETUP);
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeEach(async () => {
    [answers, asked] = [[], []];
    rmSync(join(folder, 'runs'), { force: true });
    server = createServer({ cert: certified.certificate, key: certified.key }, (request, response) => {
      asked.push(`${request.url} ${Buffer.from(request.headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString()}`);
      response.writeHead(answers.shift() ?? 200, { location: `https://localhost:${port}/elsewhere` }).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  async function prepare({ codes = [] as number[], patience = 300, hosts = `localhost:${port}` } = {}) {
    const address = (user: string) => {
      const file = join(folder, user);
      writeFileSync(file, `esdb+discover://${user}:s3cret%20of%20${user}@${hosts}?tlsCAFile=/ca.crt\n`);
      return file;
    };
    writeFileSync(join(folder, 'codes.json'), JSON.stringify(codes));
    const child = spawn(process.execPath, [PROGRAM, String(patience)], {
      cwd: folder,
      env: {
        ...{ PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: join(folder, 'ca.crt') },
        ...{ LEDGER_ESDB_ADMIN_URL_FILE: address('admin'), LEDGER_ESDB_URL_FILE: address('office') },
      },
    });
    let told = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (told += text.toString()));
    const [code] = (await once(child, 'close')) as [number];
    return { code, told };
  }
  const runs = () => readFileSync(join(folder, 'runs'), 'utf8').trimEnd().split('\n');

  it('makes the user and sets the rights', async () => {
    expect(await prepare()).toEqual({ code: 0, told: '' });
    expect(asked).toEqual(['/users/ admin:s3cret of admin']);
    expect(runs()).toEqual(['store setup --role ledger']);
  });

  it('tries again while the nodes start: not ready, not the leader, no users yet; and so with the rights', async () => {
    answers = [503, 401, 307, 409, 503, 409, 200];
    const { code, told } = await prepare({ codes: [3, 3] });
    expect([code, asked.map((each) => each.split(' ')[0])]).toEqual([
      0,
      [
        '/users/',
        '/users/',
        '/users/',
        '/users/',
        '/users/office/command/reset-password',
        '/users/',
        '/users/office/command/reset-password',
      ],
    ]);
    expect(runs()).toHaveLength(3);
    expect(told.match(/trying again/g)).toHaveLength(6);
  });

  it('asks the next node where one does not answer', async () => {
    const { code, told } = await prepare({ hosts: `localhost:1,localhost:${port}` });
    expect([code, asked.length]).toEqual([0, 1]);
    expect(told).toMatch(/localhost:1 does not answer .*; trying again/);
  });

  it.each([
    ['what does not pass, at once', { refused: [400], codes: [], patience: 300 }, /answers 400 .*; the store is not prepared/],
    ['what has not passed in time', { refused: [401], codes: [], patience: 0 }, /answers 401 .*; the store is not prepared/],
    ['rights that do not come', { refused: [], codes: [3], patience: 0 }, /setup ends with 3; the store is not prepared/],
    ['wrong usage', { refused: [], codes: [2, 0], patience: 300 }, /setup ends with 2; the store is not prepared/],
  ])('fails for %s, says why and tells no secret', async (_, { refused, ...rest }, expected) => {
    answers = refused;
    const { code, told } = await prepare(rest);
    expect(code).toBe(3);
    expect(told).toMatch(expected);
    expect(told).not.toContain('s3cret');
    expect(asked).toHaveLength(1);
  });
});
