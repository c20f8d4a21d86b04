import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

describe('ledger policy coverage', () => {
  let elsewhere: string;
  beforeAll(() => {
    elsewhere = mkdtempSync(join(tmpdir(), 'ledger-coverage-'));
    // The built program alone, as on a machine that has no sources.
    cpSync(join(ROOT, 'dist'), join(elsewhere, 'dist'), { recursive: true });
    cpSync(join(ROOT, 'package.json'), join(elsewhere, 'package.json'));
    symlinkSync(join(ROOT, 'node_modules'), join(elsewhere, 'node_modules'));
  });
  afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(elsewhere, 'dist/programs/ledger.js'), 'policy', 'coverage', ...args],
      { encoding: 'utf8' },
    );
    return { code: status, stdout, stderr };
  };

  it('prints one JSON array of 192 rules, and nothing else on stdout', () => {
    const { code, stdout } = run('--json');
    expect(code).toBe(0);
    const rows = JSON.parse(stdout) as Record<string, unknown>[];
    expect(rows).toHaveLength(192);
    for (const row of rows)
      expect(row).toEqual({
        id: expect.any(String),
        pack: expect.any(String),
        clause: expect.any(String),
        handling: expect.stringMatching(/^(executable|tracked|registered)$/),
        note: expect.any(String),
      });
  }, 60_000);

  it('prints a table for people, with the counts beside it', () => {
    const { code, stdout, stderr } = run();
    expect(code).toBe(0);
    expect(stdout).toMatch(/G01 .*ganzhou-etdz-2023 .*可执行/);
    expect(stderr).toContain('共192条');
  }, 60_000);

  it('answers no, with 1, when a rule stands in no pack', () => {
    appendFileSync(join(elsewhere, 'dist/packs/catalogue.tsv'), 'G99\t000_ff803e66a95b661d.txt\t1\tgate\t关于印发\n');
    const { code, stdout } = run('--json');
    expect(code).toBe(1);
    expect((JSON.parse(stdout) as unknown[]).at(-1)).toMatchObject({ id: 'G99', pack: null, clause: null, handling: null });
  }, 60_000);
});
