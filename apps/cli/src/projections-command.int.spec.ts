import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Command } from 'commander';
import type { SubscriberStatus, Verification } from '@app/projections';
import { addProjectionsCommand } from './projections-command.js';

describe('ledger projections verify', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('waits for what it was asked to verify, and for nothing that another has left unfinished', async () => {
    const at = '2024-05-20T04:00:00.000Z';
    const subscribers: readonly SubscriberStatus[] = [{ name: 'asked', kind: 'projection', position: 1, state: 'running' }];
    const verifications: readonly Verification[] = [
      { name: 'asked', state: 'equal', at, position: 1, rows: 2, different: 0, differences: [] },
      { name: 'unfinished', state: 'running', at },
    ];
    const server = createServer((request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(request.url === '/v1/subscribers' ? subscribers : verifications));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    let out = '';
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
    const program = new Command('ledger').option('--json').option('--data <folder>').option('--server <url>').option('--token <token>');
    addProjectionsCommand(program.exitOverride());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await program.parseAsync(['--server', url, '--token', 'x', '--json', 'projections', 'verify', 'asked'], { from: 'user' });
    expect(JSON.parse(out)).toEqual([verifications[0]]);
    server.closeAllConnections();
    server.close();
  });
});
