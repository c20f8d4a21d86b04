import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { CommandContext } from '@app/event-store';
import { Problem, refused } from '@app/kernel';
import type { Entry, ImportKind, Order, RowCells } from './import-kind.js';
import { type ImportMode, Report } from './import-report.js';
import { runImport } from './run-import.js';
import { text } from './values.js';

const folder = mkdtempSync(join(tmpdir(), 'run-import-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Writing = (row: number) => Promise<{ readonly events: number; readonly replayed: boolean }>;
const done = { events: 1, replayed: false };

interface Named {
  readonly name: string;
}
const kind: ImportKind<Named> = {
  name: 'facts',
  title: '',
  roles: ['clerk'],
  columns: [{ field: 'name', heading: '名称', required: true, example: '', help: '' }],
  read: (cells: RowCells) => {
    const name = cells.need('name', text(10));
    return { group: name[0] ?? '', item: { name } };
  },
  bundles: () => [],
  command: () => {
    throw new Error('not sent here');
  },
};

/** Rows named "bad" are refused; the others are written as the spec says, in groups of their first letter. */
const decided =
  (write: Writing) =>
  async ({ group }: { readonly group: string }, entries: readonly Entry<Named>[]) => {
    const [bad, good] = [true, false].map((isBad) => entries.filter(({ item }) => item.name.startsWith('bad') === isBad));
    const orders: Order[] = (good ?? []).map(({ row }) => ({ group, rows: [row], changes: 1, write: () => write(row) }));
    return { refusals: (bad ?? []).map(({ row }) => ({ row, code: 'bad', message: '' })), orders, unchanged: 0 };
  };

async function run(
  names: readonly string[],
  write: Writing,
  { mode = 'all-or-nothing', signal = new AbortController().signal }: { readonly mode?: ImportMode; readonly signal?: AbortSignal } = {},
) {
  const path = join(folder, 'file.csv');
  writeFileSync(path, ['名称', ...names].join('\n'));
  const report = new Report({ id: '1', kind: 'facts', mode, dryRun: false, uploadedBy: 'clerk-1', bytes: 1 });
  const file = await open(path);
  try {
    await runImport({ kind, decide: decided(write), file, mode, dryRun: false, context: {} as CommandContext }, report, signal);
  } finally {
    // Left to the garbage collector, it ends the process of newer Nodes.
    await file.close();
  }
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

  it.each(['all-or-nothing', 'valid-rows'] as const)(
    'keeps the order of rows of one group with %s, and goes on with others',
    async (mode) => {
      const events: string[] = [];
      const write = async (row: number) => {
        events.push(`begin ${row}`);
        await new Promise((resolve) => setTimeout(resolve, row === 2 ? 20 : 1));
        events.push(`end ${row}`);
        return done;
      };
      await run(['a1', 'a2', 'b1'], write, { mode });
      expect(events.filter((event) => !event.endsWith('4'))).toEqual(['begin 2', 'end 2', 'begin 3', 'end 3']);
      expect(events.indexOf('end 4')).toBeLessThan(events.indexOf('end 2'));
    },
  );

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
