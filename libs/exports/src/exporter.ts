import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { type Actor, invalidField, officeTime } from '@app/kernel';
import { BYTE_ORDER_MARK, csvLine, type FilledSheet, type SheetRow, widthFor, workbook } from '@app/sheets';
import { type FileName, fileName, MEDIA_TYPES, textStream } from './answer.js';
import { Disclosures } from './disclosures.js';
import { InnerRoutes, type Question, type Verdict } from './inner.js';
import { declarationOf } from './lists.js';
import { Columns, DISCLOSURE_FIELD, namedIn, packOf, publicPart, readingAt, titleOf } from './table.js';
import { isList, type JsonObject, rowsOf } from './value.js';

export const FORMATS = ['xlsx', 'csv', 'jsonl'] as const;
export type Format = (typeof FORMATS)[number];
export const AUDIENCES = ['internal', 'public'] as const;
export type Audience = (typeof AUDIENCES)[number];

/** Columns are those of the first items; of a longer list, what later ones have beyond them stands in a column of its own. */
const LOOKED_AHEAD = 2_000;

/** What a file holds in the end. */
interface Tally {
  rows: number;
  leftOut: number;
}

export interface ExportedFile {
  readonly content: Readable;
  /** It holds no item of the list. */
  readonly isEmpty: boolean;
  readonly verdict: Verdict;
  readonly type: string;
  readonly fileName: FileName;
}

/** Writes lists as files while they are read. */
@Injectable()
export class Exporter {
  constructor(
    private readonly routes: InnerRoutes,
    private readonly disclosures: Disclosures,
  ) {}

  /** @throws InnerRefusal, Problem `invalid-input` for what is no list. */
  async file(question: Question, format: Format, audience: Audience, actor: Actor | undefined): Promise<ExportedFile> {
    if (audience === 'public' && declarationOf(question.path)?.forThePublic !== true)
      throw invalidField(
        'audience',
        'internal-list',
        'this list is of the office alone; what the public may read of awards is in public-notices',
      );
    const answer = await this.routes.ask(question);
    if (answer.kind === 'object') throw invalidField('path', 'list', 'this route answers with one object: only lists are exported');
    const tally: Tally = { rows: 0, leftOut: 0 };
    const items = this.shown(answer.pages, question, audience, tally);
    // What cannot begin is refused, and an empty list is known, before anything is answered.
    const ahead = await lookAhead(items, format === 'jsonl' ? 1 : LOOKED_AHEAD);
    const all = concat(ahead.items, items);
    const file = {
      isEmpty: ahead.items.length === 0,
      verdict: answer.verdict,
      type: MEDIA_TYPES[format],
      fileName: fileName(titleOf(question.path), question.path, String(question.vantage.position), format),
    };
    if (format === 'jsonl') return { ...file, content: textStream(jsonLines(all, audience, tally)) };
    const reading = readingAt(question.path, this.disclosures.names());
    const columns = Columns.of(ahead.items, reading, { isPublic: audience === 'public', mayFollow: !ahead.isAll });
    if (format === 'csv') return { ...file, content: textStream(csvLines(all, columns, audience, tally)) };
    const about = () => explanation(question, audience, actor, tally);
    return { ...file, content: workbook(sheets(titleOf(question.path), columns, ahead.items, all, about)) };
  }

  /** The items of a list as the audience may read them, each with the class of disclosure of the policy it belongs to. */
  private async *shown(
    pages: AsyncIterable<readonly JsonObject[]>,
    { path, query }: Question,
    audience: Audience,
    tally: Tally,
  ): AsyncGenerator<JsonObject> {
    const declaration = declarationOf(path);
    const classes = new Map<string, string>();
    const asked = namedIn(path, query);
    for await (const page of pages) {
      for (const item of page.flatMap((one) => rowsOf(one, declaration?.each))) {
        const pack = packOf(item, asked, (ladder) => this.disclosures.packOfLadder(ladder));
        const disclosure = pack === undefined ? undefined : (classes.get(pack) ?? (await this.disclosures.of(pack)));
        if (pack !== undefined && disclosure !== undefined) classes.set(pack, disclosure);
        if (audience === 'public' && disclosure !== 'public') {
          tally.leftOut += 1;
          continue;
        }
        tally.rows += 1;
        const whole = disclosure === undefined ? item : { ...item, [DISCLOSURE_FIELD]: disclosure };
        yield audience === 'public' ? publicPart(whole, declaration ?? {}) : whole;
      }
    }
  }
}

async function* jsonLines(items: AsyncIterable<JsonObject>, audience: Audience, tally: Tally): AsyncGenerator<string> {
  for await (const item of items) yield `${JSON.stringify(item)}\n`;
  if (audience === 'public') yield `${JSON.stringify({ leftOut: tally.leftOut })}\n`;
}

async function* csvLines(items: AsyncIterable<JsonObject>, columns: Columns, audience: Audience, tally: Tally): AsyncGenerator<string> {
  yield BYTE_ORDER_MARK + csvLine(columns.headings);
  for await (const item of items) yield csvLine(columns.cells(item));
  if (audience === 'public') yield csvLine([leftOutText(tally)]);
}

function* sheets(
  title: string,
  columns: Columns,
  sample: readonly JsonObject[],
  items: AsyncIterable<JsonObject>,
  about: () => readonly (readonly [string, string])[],
): Generator<FilledSheet> {
  const { headings } = columns;
  const texts = sample.slice(0, 200).map((item) => columns.cells(item).map((cell) => cell?.toString() ?? ''));
  const widths = headings.map((heading, index) => widthFor([heading, ...texts.map((cells) => cells[index] ?? '')]));
  yield { name: title, widths, frozenRows: 1, rows: tableRows(headings, columns, items) };
  // What the list came to is known when all of it has been written.
  yield { name: '导出说明', widths: [18, 80], rows: about().map((cells): SheetRow => ({ cells })) };
}

async function* tableRows(headings: readonly string[], columns: Columns, items: AsyncIterable<JsonObject>): AsyncGenerator<SheetRow> {
  yield { cells: headings, style: 'heading' };
  for await (const item of items) yield { cells: columns.cells(item) };
}

function explanation(
  { path, query, vantage, body }: Question,
  audience: Audience,
  actor: Actor | undefined,
  tally: Tally,
): readonly (readonly [string, string])[] {
  return [
    ['清单', titleOf(path)],
    ['来源', `/v1/${decodeURI(path)}`],
    ['筛选条件', [...query].map(([name, value]) => `${name}=${value}`).join('，') || '无'],
    ...(body === undefined ? [] : [['假设', assumption(body)] as const]),
    ['账本位置', String(vantage.position)],
    ['时点', `${officeTime(vantage.now)}（北京时间）`],
    ['导出人', actor === undefined ? '' : `${actor.id}（${actor.unit}）`],
    ['对象', audience === 'public' ? '社会公众：仅含公开政策的记录，不含内部栏目' : '内部使用'],
    ['行数', String(tally.rows)],
    ...(audience === 'public' ? [['未列出', leftOutText(tally)] as const] : []),
  ];
}

/** What was assumed; of a whole text its file says which. */
function assumption({ pack, set, file }: JsonObject): string {
  return [pack, ...(isList(set) ? set : [set]), file].filter((part) => typeof part === 'string').join('，');
}

const leftOutText = ({ leftOut }: Tally) => (leftOut === 0 ? '没有未列出的记录' : `另有${leftOut}条记录不属于公开的政策，未列出`);

/** The first items, which are then to be put before the rest. */
async function lookAhead(
  items: AsyncGenerator<JsonObject>,
  count: number,
): Promise<{ readonly items: readonly JsonObject[]; readonly isAll: boolean }> {
  const first: JsonObject[] = [];
  while (first.length < count) {
    const { done, value } = (await items.next()) as IteratorResult<JsonObject, undefined>;
    if (done === true) return { items: first, isAll: true };
    first.push(value);
  }
  return { items: first, isAll: false };
}

async function* concat(first: readonly JsonObject[], rest: AsyncIterable<JsonObject>): AsyncGenerator<JsonObject> {
  yield* first;
  yield* rest;
}
