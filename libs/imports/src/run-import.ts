import type { FileHandle } from 'node:fs/promises';
import { setImmediate as breath, setTimeout as sleep } from 'node:timers/promises';
import type { CommandContext } from '@app/event-store';
import { problemTitle } from '@app/http';
import { Problem } from '@app/kernel';
import type { Entry, ImportKind, Order, Verdict } from './import-kind.js';
import type { ImportMode, Report } from './import-report.js';
import { readRows } from './read-rows.js';

/** Commands under way at once: appends that arrive together are made durable together. */
const AT_ONCE = 64;
const GROUPS_IN_A_BREATH = 100;
const RETRY_MS = [50, 200, 1_000, 3_000];

export interface ImportOrder<Item = unknown> {
  readonly kind: ImportKind<Item>;
  /** Decides the rows of one group against the ledger as it stands, without writing. */
  readonly decide: (
    batch: { readonly kind: ImportKind<Item>; readonly group: string; readonly context: CommandContext },
    entries: readonly Entry<Item>[],
  ) => Promise<Verdict>;
  readonly file: FileHandle;
  readonly mode: ImportMode;
  readonly dryRun: boolean;
  readonly context: CommandContext;
}

/** What to do about an import that was interrupted. */
export const REPEAT = '重新导入同一文件即可继续：已写入的行不会重复写入';

/**
 * Reads, decides and writes one file. All-or-nothing decides every row first and writes only when none is wrong; the
 * writes are many appends, so that what a crash or a conflict leaves undone is done by importing the same file again.
 */
export async function runImport<Item>(order: ImportOrder<Item>, report: Report, signal: AbortSignal): Promise<void> {
  const { kind, decide, file, mode, dryRun, context } = order;
  const { counts } = report;
  report.state = 'running';
  report.begin('reading');
  try {
    const read = await readRows(kind, file, {
      signal,
      onError: (error) => report.fail(error),
      onRow: (rows) => {
        counts.rows = report.done = rows;
      },
    });
    counts.rejected = read.failed;
    const { groups, headingOf } = read;
    const total = [...groups.values()].reduce((sum, entries) => sum + entries.length, 0);
    const judge = async (group: string, entries: readonly Entry<Item>[]): Promise<readonly Order[]> => {
      const { refusals, orders, unchanged } = await decide({ kind, group, context }, entries);
      refuse(report, refusals, headingOf);
      counts.unchanged += unchanged;
      counts.changing += orders.reduce((sum, { changes }) => sum + changes, 0);
      return orders;
    };
    const isJudgedFirst = dryRun || mode === 'all-or-nothing';
    report.begin(isJudgedFirst ? 'deciding' : 'writing', total);
    const planned: Order[] = [];
    await inTurn(groups, isJudgedFirst ? 1 : AT_ONCE, signal, async ([group, entries]) => {
      const orders = await judge(group, entries);
      if (!isJudgedFirst) await writeInTurn(orders, report, signal);
      else if (!dryRun) planned.push(...orders);
      groups.delete(group);
      report.done += entries.length;
    });
    if (dryRun) return report.finish('finished', '试运行，未写入任何内容');
    if (!isJudgedFirst) return report.finish('finished', conclusion(report));
    if (report.errorCount > 0) return report.finish('finished', '有行不符合要求，整个文件未写入任何内容');
    await writeAll(planned, report, signal);
    report.finish('finished', conclusion(report));
  } catch (error) {
    if (signal.aborted) return report.finish('failed', `服务停止，导入中断。${REPEAT}`);
    if (!(error instanceof Problem)) throw error;
    for (const { field, rule, message } of error.errors) report.fail({ row: 0, column: field, code: rule, message });
    if (error.errors.length === 0) report.fail({ row: 0, code: error.code, message: `${problemTitle(error.code)}：${error.detail}` });
    report.finish('failed', counts.written > 0 ? `${problemTitle(error.code)}。${REPEAT}` : problemTitle(error.code));
  }
}

/** Rows of a group follow one another; groups do not wait for each other. */
async function writeAll(orders: readonly Order[], report: Report, signal: AbortSignal): Promise<void> {
  const rowsOf = (some: readonly Order[]) => some.reduce((sum, { rows }) => sum + rows.length, 0);
  report.begin('writing', rowsOf(orders));
  await inTurn(byGroup(orders), AT_ONCE, signal, async (some) => {
    await writeInTurn(some, report, signal);
    report.done += rowsOf(some);
  });
}

/** Orders of one group stand together. */
function* byGroup(orders: readonly Order[]): Generator<readonly Order[]> {
  for (let from = 0, to = 0; from < orders.length; from = to) {
    while (orders[to]?.group === orders[from]?.group) to += 1;
    yield orders.slice(from, to);
  }
}

async function writeInTurn(orders: readonly Order[], report: Report, signal: AbortSignal): Promise<void> {
  for (const order of orders) {
    signal.throwIfAborted();
    await write(order, report, signal);
  }
}

/** `atOnce` workers that take what comes next; between pieces everybody else in this process gets a turn. */
async function inTurn<Piece>(
  pieces: Iterable<Piece>,
  atOnce: number,
  signal: AbortSignal,
  work: (piece: Piece) => Promise<void>,
): Promise<void> {
  const source = pieces[Symbol.iterator]();
  let taken = 0;
  let hasFailed = false;
  const worker = async () => {
    for (let next = source.next(); next.done !== true && !hasFailed; next = source.next()) {
      signal.throwIfAborted();
      try {
        await work(next.value);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
      if ((taken += 1) % GROUPS_IN_A_BREATH === 0) await breath();
    }
  };
  // All have come to rest before anybody is told.
  const ended = await Promise.allSettled(Array.from({ length: atOnce }, worker));
  const failed = ended.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason as unknown;
}

/** Does a little later what is not available now, a few times over. @throws whatever the work does. */
export async function persevere<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const delay = RETRY_MS[attempt];
      if (!(error instanceof Problem) || error.kind !== 'unavailable' || delay === undefined) throw error;
      await sleep(delay, undefined, { signal });
    }
  }
}

async function write(order: Order, report: Report, signal: AbortSignal): Promise<void> {
  try {
    const { events, replayed } = await persevere(() => order.write(), signal);
    const written = replayed ? 0 : Math.min(events, order.changes);
    report.counts.written += written;
    // Somebody else has brought it about since it was decided.
    report.counts.unchanged += order.changes - written;
    if (!replayed) report.counts.events += events;
  } catch (error) {
    if (!(error instanceof Problem) || error.kind === 'unavailable') throw error;
    // Somebody has changed the same thing since it was decided.
    const message = `${problemTitle(error.code)}：${error.detail}`;
    refuse(
      report,
      order.rows.map((row) => ({ row, code: error.code, message })),
      () => undefined,
    );
  }
}

function refuse(report: Report, refusals: Verdict['refusals'], headingOf: (field: string | undefined) => string | undefined): void {
  report.counts.rejected += new Set(refusals.map(({ row }) => row)).size;
  for (const { row, field, code, message } of refusals) {
    const column = headingOf(field);
    report.fail({ row, ...(column !== undefined && { column }), code, message });
  }
}

function conclusion({ counts, errorCount }: Report): string {
  if (errorCount > 0) return `写入 ${counts.written} 行，${counts.rejected} 行未写入。改正后${REPEAT}`;
  return counts.written === 0 ? '没有变化：文件内容均已登记' : `写入 ${counts.written} 行`;
}
