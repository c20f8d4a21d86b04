import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Actor } from '@app/kernel';

const real = { ...fs };
const clerk: Actor = { id: 'zhang.san', unit: '科技局', roles: ['clerk'] };
const clock = { now: () => new Date('2024-05-01T04:00:00Z') };

describe('two processes that make the key file at once', () => {
  let folder: string;
  let file: string;
  let written: string[];
  /** Happens in the other process between our look and our write. */
  let meanwhile: () => void;
  beforeEach(() => {
    folder = real.mkdtempSync(join(tmpdir(), 'tokens-'));
    file = join(folder, 'token.key');
    written = [];
    meanwhile = () => undefined;
    jest.resetModules();
    jest.unstable_mockModule('node:fs', () => ({
      ...real,
      existsSync: (path: string) => {
        const there = real.existsSync(path);
        meanwhile();
        return there;
      },
      writeFileSync: (...asked: Parameters<typeof fs.writeFileSync>) => {
        written.push(String(asked[0]));
        real.writeFileSync(...asked);
      },
    }));
  });
  afterEach(() => real.rmSync(folder, { recursive: true, force: true }));
  const open = async () => (await import('./tokens.js')).Tokens.fromKeyFile(file, clock);

  it('both use the key of the first', async () => {
    const other = `${'ab'.repeat(32)}\n`;
    meanwhile = () => real.writeFileSync(file, other, { mode: 0o600 });
    const late = await open();
    meanwhile = () => undefined;
    expect(real.readFileSync(file, 'utf8')).toBe(other);
    expect(await (await open()).verify(await late.issue(clerk, 600))).toEqual(clerk);
    expect(real.readdirSync(folder)).toEqual(['token.key']);
  });

  it('never find half a key: it is written elsewhere and put in its place whole', async () => {
    await open();
    expect(written).toHaveLength(1);
    expect(written).not.toContain(file);
    expect(real.readFileSync(file, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
    expect(real.readdirSync(folder)).toEqual(['token.key']);
  });
});
