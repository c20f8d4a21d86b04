import { describe, expect, it } from '@jest/globals';
import type { QueryBus } from '@nestjs/cqrs';
import type { CommandContext, Executor } from '@app/event-store';
import { creditCode, Problem } from '@app/kernel';
import { granted, PAYEE } from '../award.fixture.js';
import { CountPayableAfter, type DueInstalment, type GetDueInstalments } from '../due-instalments/due-instalments.query.js';
import { type BatchLine, MAX_BATCH_BYTES, MAX_BATCH_LINES } from './batch.js';
import type { Payees } from './payees.js';
import { type InstalmentReference, PrepareBatch, PrepareBatchHandler } from './prepare-batch.js';

const { state } = granted();
const context = { effectiveOn: '2024-05-10', today: '2024-05-10' } as CommandContext;

/** A batch prepared from as many due instalments as asked for, of which those `unpayable` have no account. */
async function prepared(
  count: number,
  {
    unpayable = () => false,
    account = '6222 0000 0000 0001',
    instalments,
  }: { unpayable?: (index: number) => boolean; account?: string; instalments?: readonly InstalmentReference[] } = {},
) {
  const due = Array.from({ length: count }, (_, index) => ({ award: `a${index}`, instalment: 1 })) as unknown as DueInstalment[];
  const asked = { lines: [] as readonly BatchLine[] };
  let loaded = 0;
  const executor = {
    replay: async () => undefined,
    load: async () => {
      loaded += 1;
      return { state, revision: 0, position: 1 };
    },
    execute: async (_decider: unknown, stream: string, prepare: () => Promise<{ lines: readonly BatchLine[] }>) => {
      asked.lines = (await prepare()).lines;
      return { stream, revision: 0, position: 1, events: 1, replayed: false };
    },
  } as unknown as Executor;
  const queries = {
    execute: async (query: unknown) => {
      if (query instanceof CountPayableAfter) return count - 1 - due.findIndex(({ award }) => award === query.after.award);
      const { limit, cursor = '0', filter } = query as GetDueInstalments;
      expect(filter.notInBatch).toBe(true);
      const end = Number(cursor) + limit;
      return { items: due.slice(Number(cursor), end), ...(end < count && { next: String(end) }) };
    },
  } as unknown as QueryBus;
  const payees = {
    of: async () =>
      unpayable(loaded - 1)
        ? { refusal: 'account-unverified', detail: '长'.repeat(2_000) }
        : { code: creditCode(PAYEE), name: '赣州甲科技有限公司', account },
  } as unknown as Payees;
  const command = new PrepareBatch('B1', '第一批', instalments === undefined ? {} : { instalments }, context);
  const { skipped = [], left } = await new PrepareBatchHandler(executor, queries, payees).execute(command);
  return { lines: asked.lines, skipped, left };
}

describe('preparing a batch', () => {
  it('takes what fits, the oldest first, and says how much is left', async () => {
    const { lines, skipped, left } = await prepared(MAX_BATCH_LINES + 205, { unpayable: (index) => index % 200 === 0 });
    expect(lines.map(({ line }) => line)).toEqual(Array.from({ length: MAX_BATCH_LINES }, (_, index) => index + 1));
    expect(lines.at(-1)?.award).toBe('a1005');
    expect(skipped.map(({ award }) => award)).toEqual(['a0', 'a200', 'a400', 'a600', 'a800', 'a1000']);
    expect(left).toBe(199);
  });

  it('leaves nothing when everything fits', async () => {
    expect(await prepared(MAX_BATCH_LINES)).toMatchObject({ skipped: [], left: 0, lines: { length: MAX_BATCH_LINES } });
    expect(await prepared(1)).toMatchObject({ left: 0, lines: { length: 1 } });
  });

  it('is full earlier when its lines are long', async () => {
    const { lines, left } = await prepared(MAX_BATCH_LINES, { account: '长'.repeat(500) });
    expect(Buffer.byteLength(JSON.stringify(lines))).toBeLessThanOrEqual(MAX_BATCH_BYTES);
    expect(lines.length).toBeGreaterThan(400);
    expect(left).toBe(MAX_BATCH_LINES - lines.length);
  });

  it('gives up on a list of which nothing can be paid, and names some of it in few words', async () => {
    const problem = await prepared(10 * MAX_BATCH_LINES, { unpayable: () => true }).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(Problem);
    const { code, detail, extra } = problem as Problem;
    expect({ code, extra }).toMatchObject({ code: 'batch-empty', extra: { left: 5 * MAX_BATCH_LINES, skipped: { length: 20 } } });
    expect(detail).toMatch(/and 4980 more$/);
    expect(detail.length).toBeLessThan(5_000);
  });

  it('refuses named instalments that cannot all be in it', async () => {
    const instalments = Array.from({ length: 600 }, (_, index) => ({ award: `a${index}`, instalment: 1 }));
    await expect(prepared(0, { instalments, unpayable: (index) => index > 500 })).rejects.toMatchObject({
      code: 'invalid-input',
      errors: [{ field: 'instalments', message: expect.stringMatching(/^a501\/1: .*and 79 more$/) }],
    });
    await expect(prepared(0, { instalments, account: '长'.repeat(500) })).rejects.toMatchObject({ code: 'batch-too-long' });
  });
});
