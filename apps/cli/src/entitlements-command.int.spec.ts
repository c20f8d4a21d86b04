import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { CommandBus } from '@nestjs/cqrs';
import { Command } from 'commander';
import { RunEnterpriseCommand } from '@app/enterprises';
import { Tokens } from '@app/http';
import { type Clock, contentHash, derivedId, withCheckCharacter } from '@app/kernel';
import { Subscriptions } from '@app/projections';
import { createLedger, type Ledger } from '../../api/src/create-ledger.js';
import { DataFolder } from '../../api/src/data-folder.js';
import { addEntitlementsCommand } from './entitlements-command.js';

const CODE = withCheckCharacter('91360799MAXX00077');
const clock: Clock = { now: () => new Date('2024-05-20T04:00:00Z') };

describe('ledger entitlements', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-entitlements-'));
  let ledger: Ledger;
  let server: readonly string[] = [];

  beforeAll(async () => {
    ledger = await createLedger({ dataFolder: folder, clock, logger: false, publishBundledPolicies: true });
    const context = {
      commandId: derivedId('spec', 'register'),
      contentHash: contentHash('register'),
      actor: { id: 'clerk-1', unit: '科技局', roles: ['clerk' as const] },
      effectiveOn: '2024-05-20',
      today: '2024-05-20',
      correlationId: 'spec',
      causationId: 'spec',
    };
    const evidence = [{ title: '营业执照' }];
    const register = { type: 'register' as const, creditCode: CODE, name: '赣州甲科技有限公司', evidence };
    await ledger.app.get(CommandBus).execute(new RunEnterpriseCommand(CODE, register, context));
    await ledger.app.get(Subscriptions).settled();
    const tokens = Tokens.fromKeyFile(new DataFolder(folder).tokenKeyFile, clock);
    const token = await tokens.issue({ id: 'auditor-1', unit: '审计局', roles: ['auditor'] }, 3_600);
    await ledger.app.listen(0, '127.0.0.1');
    server = ['--server', await ledger.app.getUrl(), '--token', token];
  }, 60_000);
  afterAll(async () => {
    await ledger.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(...words: readonly string[]): Promise<{ readonly out: string; readonly notes: string }> {
    const written = { out: '', notes: '' };
    const spies = [
      jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((written.out += String(text)), true)),
      jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((written.notes += String(text)), true)),
    ];
    const program = new Command('ledger')
      .option('--json')
      .option('--data <folder>', '', folder)
      .option('--server <url>')
      .option('--token <token>');
    addEntitlementsCommand(program.exitOverride());
    try {
      await program.parseAsync(['node', 'ledger', 'entitlements', ...server, ...words]);
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
    return written;
  }

  it('prints a line of JSON for each entitlement and keeps its notes to itself', async () => {
    const { out, notes } = await run('--pack', 'ganzhou-etdz-2023', '--on', '2024-05-20', '--near', '--json');
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const line of lines) expect(line).toMatchObject({ creditCode: CODE, name: '赣州甲科技有限公司', kind: expect.any(String) });
    expect(notes).toContain(`已查1家企业：接近${lines.length}项`);
  });

  it('shows people a table with what is missing', async () => {
    const { out } = await run('--pack', 'ganzhou-etdz-2023', '--clause', 'G01', '--on', '2024-05-20', '--near', '--max-missing', '20');
    expect(out).toContain('G01 首次认定高新技术企业奖补');
    expect(out).toContain('缺少：高企认定类别');
  });

  it('refuses a policy that is not in force', async () => {
    await expect(run('--pack', 'ganzhou-etdz-2023', '--on', '2015-01-01')).rejects.toMatchObject({
      problem: { code: 'policy-not-in-force' },
    });
  });
});
