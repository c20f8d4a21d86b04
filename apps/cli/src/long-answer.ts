import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { SingleBar } from 'cli-progress';
import type { Line } from '@app/audit';
import type { ProblemDocument } from '@app/http';
import { Problem } from '@app/kernel';
import { type Call, type Door, problemIn, Refused } from './door.js';
import { EXIT, note, print, tableOf } from './output.js';

/** How a long answer is shown to a person. */
export interface LongView<Item, Summary> {
  readonly headings: readonly string[];
  readonly row: (item: Item) => readonly (string | number)[];
  readonly summary: (summary: Summary) => string;
}

/** Items of a long answer shown to a person; `--json` has them all. */
const SHOWN_ITEMS = 200;

/**
 * Reads an answer in JSON Lines while it comes: a bar for its progress, items as a table, the summary at the end; with
 * `json` the lines of items and summary as they are. Answers with the summary; undefined when the ledger failed halfway,
 * which it has told.
 * @throws Refused before it begins, Problem `answer-cut-off` when it breaks off.
 */
export async function readLong<Item, Summary>(
  door: Door,
  call: Call,
  json: boolean,
  view: LongView<Item, Summary>,
): Promise<Summary | undefined> {
  const { status, content } = await door.stream(call);
  if (status >= 400) throw new Refused(problemIn(await buffer(content), status));
  const bar = process.stderr.isTTY ? new SingleBar({ format: '[{bar}] {value}/{total}', stream: process.stderr }) : undefined;
  bar?.start(0, 0);
  const shown: Item[] = [];
  let items = 0;
  let end: { readonly summary: Summary } | { readonly problem: ProblemDocument } | undefined;
  try {
    for await (const text of createInterface({ input: content, crlfDelay: Infinity })) {
      const line = JSON.parse(text) as Line<Item, Summary> | { readonly problem: ProblemDocument };
      if ('progress' in line) {
        bar?.setTotal(line.progress.total);
        bar?.update(line.progress.done);
        continue;
      }
      if (json && !process.stdout.write(`${text}\n`)) await once(process.stdout, 'drain');
      if ('item' in line) {
        items += 1;
        if (!json && shown.length < SHOWN_ITEMS) shown.push(line.item);
      } else end = line;
    }
  } catch (error) {
    throw cutOff((error as Error).message);
  } finally {
    bar?.stop();
  }
  if (end === undefined) throw cutOff('it has no end');
  if ('problem' in end) {
    note(`${end.problem.title}（${end.problem.code}）: ${end.problem.detail}`);
    process.exitCode = EXIT.unavailable;
    return undefined;
  }
  if (!json) {
    if (shown.length > 0) print(tableOf(view.headings, shown.map(view.row)));
    if (items > shown.length) note(`共 ${items} 项，列出前 ${shown.length} 项；--json 输出全部`);
    print(view.summary(end.summary));
  }
  return end.summary;
}

function cutOff(why: string): Problem {
  return new Problem('unavailable', 'answer-cut-off', `the answer broke off before it was whole (${why}); ask again`);
}
