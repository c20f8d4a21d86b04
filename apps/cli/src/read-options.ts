import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { extname } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { DIFFERENCE_HEADINGS, differenceRows, type ShownDifference } from '@app/exports';
import { invalidField, officeTime, Problem } from '@app/kernel';
import { ask, type Call, type Door, problemIn, Refused, type StreamedAnswer } from './door.js';
import { NAMES, note, print, printJson, tableOf } from './output.js';
import type { GlobalOptions } from './session.js';

/** Every query can be asked from a point of the past. */
export const AS_OF_HELP = '时点: answers as the ledger stood at a position, a time with its zone, or the end of a day';
const FORMATS = ['xlsx', 'csv', 'jsonl'] as const;

/** Said beside a file: one that holds nothing might be taken for one that went wrong. */
const NOTHING = { list: '清单为空：没有可列出的记录', comparison: '没有差异' } as const;

/** What every command that reads takes besides its own options. */
export interface ReadOptions extends GlobalOptions {
  readonly asOf?: string;
  readonly differsFrom?: string;
  readonly differsFromOn?: string;
  readonly format?: string;
  readonly output?: string;
  readonly audience?: string;
}

interface Difference {
  readonly earlier: Point;
  readonly later: Point;
  readonly items: readonly ShownDifference[];
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}
interface Point {
  readonly position: number;
  readonly time: string;
  readonly on?: string;
}

export function addReadOptions(command: Command): void {
  command
    .option('--as-of <point>', AS_OF_HELP)
    .option('--differs-from <point>', '比较: what is not as the ledger knew it at that point')
    .option('--differs-from-on <day>', '比较: what is not as it was on that business day; compared with --on, or with the present');
  addFileOptions(command).addOption(
    new Option('--audience <audience>', '对象: public leaves out what is not public').choices(['internal', 'public']),
  );
}

/** What every command takes whose list can go into a file. */
export function addFileOptions(command: Command): Command {
  return command
    .addOption(new Option('--format <format>', '导出: the whole list in this format').choices(FORMATS))
    .option('--output <path>', '导出: the whole list into this file, its format by the ending .xlsx, .csv or .jsonl');
}

/** Whether a file or a comparison was asked for instead of a page on the screen. */
export function asksForMore({ differsFrom, differsFromOn, format, output, audience }: ReadOptions): boolean {
  return [differsFrom, differsFromOn, format, output, audience].some((option) => option !== undefined);
}

const isComparison = ({ differsFrom, differsFromOn }: ReadOptions) => differsFrom !== undefined || differsFromOn !== undefined;

/** What a list that was written came to, besides its items. */
export interface Written {
  readonly isEmpty: boolean;
  readonly verdict: Readonly<Record<string, boolean>>;
}

/**
 * Writes the list that a call reads into a file, and answers with what it came to; or shows or writes what differs from an
 * earlier point, which is no answer to what the list is asked for.
 */
export async function readMore(door: Door, call: Call, options: ReadOptions): Promise<Written | undefined> {
  const { output } = options;
  if (options.format === undefined && output === undefined) {
    if (!isComparison(options)) throw invalidField('--output', 'required', 'name the file for the list');
    await showDifference(door, call, options);
    return undefined;
  }
  const format = formatOf(output, options.format, FORMATS);
  if (format === 'xlsx' && output === undefined) throw invalidField('--output', 'required', 'name a file for a workbook');
  const { status, content, headers } = await door.stream({ ...call, path: throughPath(call.path, options, { format }) });
  if (status >= 400) throw new Refused(problemIn(await buffer(content), status));
  const isEmpty = headers['ledger-empty'] !== undefined;
  if (isEmpty) note(NOTHING[isComparison(options) ? 'comparison' : 'list']);
  if (output === undefined) await whole(pipeline(content, process.stdout, { end: false }));
  else await writeFile(content, output, headers, options.json === true);
  if (isComparison(options)) return undefined;
  return { isEmpty, verdict: JSON.parse(headers['ledger-verdict'] ?? '{}') as Written['verdict'] };
}

async function writeFile(content: NodeJS.ReadableStream, output: string, headers: StreamedAnswer['headers'], json: boolean): Promise<void> {
  const bytes = await writeWhole(content, output);
  const [asOf, asOfTime] = [headers['ledger-as-of'], headers['ledger-as-of-time']];
  if (json) printJson({ output, bytes, ...(asOf !== undefined && { asOf: Number(asOf), asOfTime }) });
  else print(`${output}：${bytes} 字节${asOf === undefined ? '' : `，账本位置 ${asOf}，${officeTime(new Date(asOfTime ?? ''))}`}`);
}

/** A file appears under its name when it is whole: what is broken off leaves nothing that could be taken for it. */
async function writeWhole(content: NodeJS.ReadableStream, output: string): Promise<number> {
  const part = `${output}.part`;
  const file = createWriteStream(part);
  try {
    await whole(pipeline(content, file));
    renameSync(part, output);
    return file.bytesWritten;
  } finally {
    rmSync(part, { force: true });
  }
}

async function whole(transfer: Promise<void>): Promise<void> {
  try {
    await transfer;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Files that cannot be written have messages of their own.
    if (code !== undefined && /^E(NOENT|ACCES|ISDIR|NOSPC)$/.test(code)) throw error;
    throw new Problem('unavailable', 'answer-cut-off', `the answer broke off before it was whole (${message}); ask again`);
  }
}

async function showDifference(door: Door, call: Call, options: ReadOptions): Promise<void> {
  const path = throughPath(call.path, options, {});
  const difference = await ask<Difference>(door, { ...call, path });
  if (options.json === true) {
    printJson(difference);
    return;
  }
  const { earlier, later, items, added, removed, changed } = difference;
  const point = ({ position, time, on }: Point) =>
    `账本位置 ${position}（${officeTime(new Date(time))}）${on === undefined ? '' : `，业务日期 ${on}`}`;
  print(`变更前：${point(earlier)}\n变更后：${point(later)}`);
  const inner = innerPath(call.path);
  if (items.length > 0)
    print(
      tableOf(
        DIFFERENCE_HEADINGS,
        items.flatMap((item) => {
          const rows = differenceRows(item, inner, NAMES);
          return item.change === 'changed' ? rows : [inOne(rows)];
        }),
      ),
    );
  print(items.length === 0 ? '没有差异' : `新增${added}项，减少${removed}项，变更${changed}项`);
}

/** What is new or gone is one row of the table, a line for each of its fields. */
function inOne(rows: readonly (readonly string[])[]): readonly string[] {
  const [change = '', key = ''] = rows[0] ?? [];
  const lines = (at: number) => rows.map((row) => row[at] ?? '').map((text) => text.replaceAll('\n', ' '));
  return [change, key, ...[2, 3, 4].map((at) => lines(at).join('\n').trimEnd())];
}

/** The route that reads another one whole, or at two points. */
function throughPath(
  path: string,
  { differsFrom, differsFromOn, asOf, audience }: ReadOptions,
  more: Readonly<Record<string, string>>,
): string {
  const query = new URLSearchParams(path.split(/\?(.*)/s)[1] ?? '');
  for (const [name, value] of Object.entries(more)) query.set(name, value);
  if (differsFrom === undefined && differsFromOn === undefined) {
    if (audience !== undefined) query.set('audience', audience);
    return `/v1/exports/${innerPath(path)}?${query.toString()}`;
  }
  if (audience !== undefined) throw invalidField('--audience', 'exports', 'is for exported lists, not for comparisons');
  query.delete('asOf');
  if (differsFrom !== undefined) query.set('earlier', differsFrom);
  if (differsFromOn !== undefined) query.set('earlierOn', differsFromOn);
  if (asOf !== undefined) query.set('later', asOf);
  return `/v1/differences/${innerPath(path)}?${query.toString()}`;
}

/** After `/v1/`. */
function innerPath(path: string): string {
  return (path.split('?')[0] ?? '').replace('/v1/', '');
}

/**
 * What a file is written in: what was named, or what its ending says. A name that promises another format is refused, as
 * nothing that opens the file would find out what is in it.
 * @throws Problem `invalid-input` naming the option.
 */
export function formatOf(output: string | undefined, named: string | undefined, formats: readonly string[]): string {
  const ending = extname(output ?? '')
    .slice(1)
    .toLowerCase();
  if (named === undefined) {
    if (formats.includes(ending)) return ending;
    throw invalidField('--output', 'ending', `give the file one of the endings .${formats.join(', .')}, or name its --format`);
  }
  if (ending !== named && (FORMATS as readonly string[]).includes(ending))
    throw invalidField('--output', 'ending', `ends in .${ending}, but --format says ${named}: give the file the ending .${named}`);
  return named;
}
