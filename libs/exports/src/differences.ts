import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { invalidField, officeTime, Problem } from '@app/kernel';
import { BYTE_ORDER_MARK, csvLine, type SheetRow, workbook } from '@app/sheets';
import { type Content, textStream } from './answer.js';
import { Disclosures } from './disclosures.js';
import { pathText, type Step } from './difference.js';
import { headingIn, headingOf } from './fields.js';
import { headingOfPart, leavesOf, partOf, type Reading, readingWithin, textOf } from './flatten.js';
import { type InnerAnswer, InnerRefusal, InnerRoutes, type Question } from './inner.js';
import { type ItemDifference, listDifference, MOST_HELD, TooManyItems } from './list-difference.js';
import { declarationOf } from './lists.js';
import type { Names } from './names.js';
import { readingAt, titleOf } from './table.js';
import type { Json, JsonObject } from './value.js';

export const DIFFERENCE_FORMATS = ['json', 'jsonl', 'csv', 'xlsx'] as const;
export type DifferenceFormat = (typeof DIFFERENCE_FORMATS)[number];

/** One difference as it is answered: a changed field names its path in words of the answer, `instalments[no=1].status`. */
export type ShownDifference =
  | { readonly change: 'added' | 'removed'; readonly key: JsonObject; readonly item: JsonObject }
  | { readonly change: 'changed'; readonly key: JsonObject; readonly fields: readonly ShownChange[] };

export interface ShownChange {
  readonly field: string;
  /** The same in Chinese. */
  readonly heading: string;
  readonly before?: Json;
  readonly after?: Json;
}

const CHANGES = { added: '新增', removed: '减少', changed: '变更' } as const;
export const DIFFERENCE_HEADINGS = ['变化', '对象', '栏目', '变更前', '变更后'];

/** A route at the earlier point; on an earlier business day where `earlierOn` names one, which its `query` then says as `on`. */
export interface EarlierQuestion extends Question {
  readonly earlierOn?: string;
}

/** Compares what a route answers at two points. */
@Injectable()
export class Differences {
  constructor(
    private readonly routes: InnerRoutes,
    private readonly disclosures: Disclosures,
  ) {}

  /**
   * @throws InnerRefusal where the route refuses at the later point, or at both; Problem `invalid-input` naming `earlierOn`
   * where the route knows no business day, or not that one.
   */
  async between(earlier: EarlierQuestion, later: Question, format: DifferenceFormat): Promise<Content> {
    if (earlier.earlierOn !== undefined) await this.requireDays(earlier);
    const before = await this.asked(earlier).catch((error: unknown) => {
      const fault = earlier.earlierOn !== undefined && error instanceof InnerRefusal ? error.faultOf('on') : undefined;
      throw fault === undefined ? error : invalidField('earlierOn', fault.rule, fault.message);
    });
    const after = await this.asked(later);
    if (before instanceof InnerRefusal && after instanceof InnerRefusal) throw after;
    const found = differencesOf(before, after, earlier.path);
    // The first is looked for before anything is answered: what cannot be compared is refused, not cut off.
    const { differences, isEmpty } = await begun(found);
    return { content: this.written(earlier, later, differences, format), isEmpty };
  }

  private written(earlier: Question, later: Question, differences: AsyncIterable<ItemDifference>, format: DifferenceFormat): Readable {
    const reading = readingAt(earlier.path, this.disclosures.names());
    switch (format) {
      case 'json':
        return textStream(json(earlier, later, differences, reading));
      case 'jsonl':
        return textStream(lines(differences, reading));
      case 'csv':
        return textStream(csv(differences, reading));
      case 'xlsx':
        return workbook([
          {
            name: `${titleOf(earlier.path)}差异`,
            widths: [8, 44, 24, 40, 40],
            frozenRows: 2,
            rows: sheetRows(pointsText(earlier, later), differences, reading),
          },
        ]);
    }
  }

  /** A route that answers by business day refuses a day there is not; any other says that it knows no `on`, or does not look at it. */
  private async requireDays(question: Question): Promise<void> {
    const query = new URLSearchParams(question.query);
    query.set('on', 'none');
    const refusal = await this.routes.ask({ ...question, query }).catch((error: unknown) => {
      if (error instanceof InnerRefusal) return error;
      throw error;
    });
    if (refusal instanceof InnerRefusal) {
      const fault = refusal.faultOf('on');
      if (fault === undefined) throw refusal;
      if (fault.rule === 'date' && declarationOf(question.path)?.otherDay !== true) return;
    }
    throw invalidField('earlierOn', 'no-business-days', 'this route does not answer by business day: compare recorded points with earlier');
  }

  /** What is not there at one point, such as an award nobody has applied for, is no refusal of the whole. */
  private async asked(question: Question): Promise<InnerAnswer | InnerRefusal> {
    try {
      return await this.routes.ask(question);
    } catch (error) {
      if (error instanceof InnerRefusal && error.isNotFound) return error;
      throw error;
    }
  }
}

function differencesOf(
  before: InnerAnswer | InnerRefusal,
  after: InnerAnswer | InnerRefusal,
  path: string,
): AsyncGenerator<ItemDifference> {
  const isListed = [before, after].some((answer) => !(answer instanceof InnerRefusal) && answer.kind === 'list');
  const matching = isListed ? (declarationOf(path) ?? {}) : { key: [] };
  return listDifference(pagesOf(before), pagesOf(after), matching);
}

/** One object is a list of one, which needs no key. */
async function* pagesOf(answer: InnerAnswer | InnerRefusal): AsyncGenerator<readonly JsonObject[]> {
  if (answer instanceof InnerRefusal) return;
  if (answer.kind === 'list') yield* answer.pages;
  else yield [answer.object];
}

async function begun(
  differences: AsyncGenerator<ItemDifference>,
): Promise<{ readonly differences: AsyncGenerator<ItemDifference>; readonly isEmpty: boolean }> {
  const first = await differences.next().catch((error: unknown) => {
    if (!(error instanceof TooManyItems)) throw error;
    throw new Problem(
      'invalid',
      'list-too-long',
      `this list has no order of its own and more than ${MOST_HELD} items: narrow it with its filters`,
    );
  });
  const all = (async function* () {
    if (first.done === true) return;
    yield first.value;
    yield* differences;
  })();
  return { differences: all, isEmpty: first.done === true };
}

function shown(difference: ItemDifference, reading: Reading): ShownDifference {
  if (difference.change !== 'changed') return difference;
  const { change, key, changes } = difference;
  return {
    change,
    key,
    fields: changes.map(({ path, ...values }) => ({ field: pathText(path), heading: pathHeading(path, reading), ...values })),
  };
}

async function* json(
  earlier: Question,
  later: Question,
  differences: AsyncIterable<ItemDifference>,
  reading: Reading,
): AsyncGenerator<string> {
  const point = (question: Question) => {
    const { position, now } = question.vantage;
    const on = question.query.get('on');
    return { position, time: now.toISOString(), ...(on !== null && { on }) };
  };
  const counts = { added: 0, removed: 0, changed: 0 };
  yield `${JSON.stringify({ earlier: point(earlier), later: point(later) }).slice(0, -1)},"items":[`;
  for await (const difference of differences) {
    const isFirst = counts.added + counts.removed + counts.changed === 0;
    counts[difference.change] += 1;
    yield `${isFirst ? '' : ','}${JSON.stringify(shown(difference, reading))}`;
  }
  yield `],${JSON.stringify(counts).slice(1)}`;
}

async function* lines(differences: AsyncIterable<ItemDifference>, reading: Reading): AsyncGenerator<string> {
  for await (const difference of differences) yield `${JSON.stringify(shown(difference, reading))}\n`;
}

async function* csv(differences: AsyncIterable<ItemDifference>, reading: Reading): AsyncGenerator<string> {
  yield BYTE_ORDER_MARK + csvLine(DIFFERENCE_HEADINGS);
  for await (const difference of differences) for (const cells of rowsOf(shown(difference, reading), reading)) yield csvLine(cells);
}

async function* sheetRows(points: string, differences: AsyncIterable<ItemDifference>, reading: Reading): AsyncGenerator<SheetRow> {
  yield { cells: [points], style: 'note', acrossAll: true };
  yield { cells: DIFFERENCE_HEADINGS, style: 'heading' };
  for await (const difference of differences) for (const cells of rowsOf(shown(difference, reading), reading)) yield { cells };
}

function pointsText(earlier: Question, later: Question): string {
  const text = ({ query, vantage: { position, now } }: Question) =>
    `账本位置 ${position}（${officeTime(now)}）${query.has('on') ? `，业务日期 ${query.get('on') ?? ''}` : ''}`;
  return `变更前：${text(earlier)}；变更后：${text(later)}`;
}

/**
 * A difference as people read it: what changed, of what, which field, before and after. A row for every field that changed,
 * and for every field of what was added or removed that says something. `path` is that of the route after `/v1/`.
 */
export function differenceRows(difference: ShownDifference, path: string, names?: Names): readonly (readonly string[])[] {
  return rowsOf(difference, readingAt(path, names));
}

function rowsOf(difference: ShownDifference, reading: Reading): readonly (readonly string[])[] {
  const { change, key } = difference;
  const head = [CHANGES[change], [...leavesOf(key)].map(([name, value, within]) => textOf(name, value, reading, within)).join(' ')];
  if (change !== 'changed') {
    const { item } = difference;
    const ofItem = readingWithin(reading, item);
    const fields = [...leavesOf(item)]
      .filter(([name]) => !(name in key))
      .map(([name, value, within]) => [headingOf(name, reading.fields), textOf(partOf(name, item), value, ofItem, within)] as const)
      .filter(([, text]) => text !== '');
    // What says nothing beyond its key is there all the same.
    return (fields.length === 0 ? [['', ''] as const] : fields).map(([heading, text]) => [
      ...head,
      heading,
      ...(change === 'added' ? ['', text] : [text, '']),
    ]);
  }
  // Of `instalments[no=1]`, the part of which it is one.
  const part = (field: string) => field.replaceAll(/\[[^\]]*\]/g, '');
  const rows = difference.fields.map(({ field, heading, before, after }) => [
    ...head,
    heading,
    textOf(part(field), before, reading),
    textOf(part(field), after, reading),
  ]);
  // A list that is there now and empty says nothing new.
  const telling = rows.filter(([, , , before, after]) => before !== '' || after !== '');
  return telling.length === 0 ? rows : telling;
}

function pathHeading(path: readonly Step[], reading: Reading): string {
  let part: string | undefined;
  const headings: string[] = [];
  for (const step of path) {
    headings.push(typeof step === 'string' ? headingOfPart(part, step, reading) : `${headingIn(part, step.by, reading.fields)}${step.is}`);
    if (typeof step === 'string') part = step;
  }
  return headings.join('·');
}
