import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Command } from 'commander';
import type { ImportReport } from '@app/imports';
import { addImportCommand } from './import-command.js';

const counts = { rows: 0, rejected: 0, unchanged: 0, changing: 0, written: 0, events: 0 };
const report = (state: ImportReport['state'], rest: Partial<ImportReport> = {}) => ({
  ...{ id: 'i1', kind: 'facts', mode: 'all-or-nothing', dryRun: false, uploadedBy: 'clerk-1', bytes: 1, state, counts },
  ...{ progress: { stage: 'waiting', done: 0 }, errors: [], errorCount: 0, note: '完', ...rest },
});
const wrong = { errors: [{ row: 0, code: 'columns', message: '没有表头' }], errorCount: 1 };

type Answering = (response: ServerResponse) => void;
const json =
  (status: number, body: object): Answering =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

describe('ledger import', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-import-'));
  const file = join(folder, 'facts.csv');
  let server: Server;
  let answers: Answering[] = [];
  /** What was asked, in its order. */
  const asked: string[] = [];

  beforeAll(async () => {
    writeFileSync(file, 'x');
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      request.resume().on('end', () => answers.shift()?.(response));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  beforeEach(() => void asked.splice(0));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    process.exitCode = 0;
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(...answering: readonly Answering[]) {
    answers = [...answering];
    const spy = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    const program = new Command('ledger')
      .option('--json')
      .option('--data <folder>', '', folder)
      .option('--server <url>')
      .option('--token <token>');
    addImportCommand(program.exitOverride());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      await program.parseAsync(['node', 'ledger', 'import', 'facts', file, '--server', url, '--token', 't', '--json']);
      return [process.exitCode, (JSON.parse(String(spy.mock.calls[0]?.[0])) as ImportReport).state];
    } finally {
      spy.mockRestore();
    }
  }

  it('goes on asking where a replica dies or nobody is there for a moment', async () => {
    const dies: Answering = (response) => response.destroy();
    const nobody: Answering = (response) => void response.writeHead(502).end('<html>Bad Gateway</html>');
    const busy = json(503, { code: 'read-models-unavailable', detail: '', status: 503 });
    expect(await run(json(202, report('waiting')), dies, nobody, busy, json(200, report('finished')))).toEqual([0, 'finished']);
    expect(asked).toEqual(['POST /v1/imports/facts?mode=all-or-nothing', ...Array.from({ length: 4 }, () => 'GET /v1/imports/i1')]);
  });

  it('does not ask again what is refused, or send the file twice', async () => {
    const gone = json(404, { code: 'import-not-found', detail: '', status: 404 });
    await expect(run(json(202, report('waiting')), gone)).rejects.toMatchObject({ problem: { code: 'import-not-found' } });
    await expect(run((response) => response.destroy())).rejects.toMatchObject({ code: 'server-unreachable' });
    expect(asked.filter((one) => one.startsWith('POST'))).toHaveLength(2);
  });

  it('ends with what came of it: done, rows at fault, a file that cannot be read, and a server that has stopped', async () => {
    for (const [rest, code] of [
      [report('finished'), 0],
      [report('finished', { ...wrong, counts: { ...counts, rows: 1 } }), 1],
      [report('failed', wrong), 2],
      [report('failed'), 3],
      [report('failed', { counts: { ...counts, rows: 9, written: 5 } }), 3],
    ] as const)
      expect(await run(json(202, rest))).toEqual([code, rest.state]);
  });
});
