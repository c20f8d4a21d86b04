import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { CommandContext } from '@app/event-store';
import { Problem, refused } from '@app/kernel';
import type { Entry, ImportKind, Order, RowCells, Verdict } from './import-kind.js';
import { type ImportMode, Report } from './import-report.js';
import { runImport } from './run-import.js';
import { text } from './values.js';

const folder = mkdtempSync(join(tmpdir(), 'run-import-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Writing = (row: number) => Promise<{ readonly events: number; readonly replayed: boolean }>;
const done = { events: 1, replayed: false };

/** Rows named "bad" are refused; the others are written as the spec says, in groups of their first letter. */
function kind(write: Writing): ImportKind<{ readonly name: string }> {
  return {
    name: 'facts',
    title: '',
    roles: ['clerk'],
    columns: [{ field: 'name', heading: '名称', required: true, example: '', help: '' }],
    canRehearse: true,
    read: (cells: RowCells) => {
      const name = cells.need('name', text(10));
      return { group: name[0] ?? '', item: { name } };
    },
    decide: async (_group: string, entries: readonly Entry<{ readonly name: string }>[]): Promise<Verdict> => {
      const orders: Order[] = entries
        .filter(({ item }) => !item.name.startsWith('bad'))
        .map(({ row }) => ({ rows: [row], changes: 1, write: () => write(row) }));
      const refusals = entries.filter(({ item }) => item.name.startsWith('bad')).map(({ row }) => ({ row, code: 'bad', message: '' }));
      return { refusals, orders, unchanged: 0 };
    },
  };
}

async function run(
  names: readonly string[],
  write: Writing,
  { mode = 'all-or-nothing', signal = new AbortController().signal }: { readonly mode?: ImportMode; readonly signal?: AbortSignal } = {},
) {
  const path = join(folder, 'file.csv');
  writeFileSync(path, ['名称', ...names].join('\n'));
  const report = new Report({ id: '1', kind: 'facts', mode, dryRun: false, uploadedBy: 'clerk-1', bytes: 1 });
  const file = await open(path);
  await runImport({ kind: kind(write), file, mode, dryRun: false, context: {} as CommandContext }, report, signal);
  await file.close();
  return report.view();
}

describe('writing', () => {
  const names = ['a1', 'b1', 'c1', 'd1'];

  it('begins only when no row is wrong', async () => {
    const written: number[] = [];
    const write = async (row: number) => (written.push(row), done);
    expect(await run([...names, 'bad'], write)).toMatchObject({ state: 'finished', counts: { written: 0, changing: 4, rejected: 1 } });
    expect(written).toEqual([]);
    expect(await run([...names, 'bad'], write, { mode: 'valid-rows' })).toMatchObject({ counts: { written: 4 } });
    expect(written.sort()).toEqual([2, 3, 4, 5]);
  });

  it('reports what somebody else has changed meanwhile, and goes on', async () => {
    const report = await run(names, async (row) => {
      if (row === 3) throw refused('fact-disputed', 'disputed');
      return done;
    });
    expect(report).toMatchObject({ state: 'finished', errors: [{ row: 3, code: 'fact-disputed' }], counts: { written: 3, rejected: 1 } });
    expect(report.note).toContain('重新导入同一文件');
  });

  it('tries again what was not available', async () => {
    let failures = 2;
    const report = await run(names, async () => {
      if ((failures -= 1) >= 0) throw new Problem('unavailable', 'store-busy', 'busy');
      return done;
    });
    expect(report).toMatchObject({ state: 'finished', errorCount: 0, counts: { written: 4 } });
  });

  it('counts what had been written before a crash as unchanged', async () => {
    expect(await run(names, async (row) => ({ events: 1, replayed: row < 4 }))).toMatchObject({
      counts: { written: 2, unchanged: 2, events: 2 },
    });
  });

  it('stops between two commands when the server does, and says how to go on', async () => {
    const stopping = new AbortController();
    const report = await run(
      Array.from({ length: 200 }, (_, index) => `${String.fromCodePoint(0x4e00 + index)}1`),
      async () => (stopping.abort(), done),
      { signal: stopping.signal },
    );
    expect(report.state).toBe('failed');
    expect(report.counts.written).toBeLessThan(200);
    expect(report.note).toContain('重新导入同一文件');
  });

  it('lets a fault of the program through, when all has come to rest', async () => {
    let running = 0;
    const write = async (row: number) => {
      running += 1;
      await new Promise((resolve) => setTimeout(resolve, row));
      running -= 1;
      if (row === 2) throw new Error('broken');
      return done;
    };
    await expect(run(names, write)).rejects.toThrow('broken');
    expect(running).toBe(0);
  });
});
