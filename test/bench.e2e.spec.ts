import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

describe('npm run bench', () => {
  it('loads every figure, and names them to whoever asks for one there is not', () => {
    const program = fileURLToPath(new URL('./bench/main.mjs', import.meta.url));
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'no-such-figure'], { encoding: 'utf8' });
    expect(stderr).toContain('no figure begins with no-such-figure; there are append.one-client');
    expect([status, stdout]).toEqual([2, '']);
  }, 60_000);
});
