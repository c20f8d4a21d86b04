import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import { escaped, MAIN, rowXml, type Sheet, sheetEnd, type SheetRow, sheetStart, stylesXml, XML } from './sheet-xml.js';

/** A sheet with its rows, which are read as they are written. */
export interface FilledSheet extends Sheet {
  readonly rows: AsyncIterable<SheetRow> | Iterable<SheetRow>;
}

/** A worksheet of the format has 1,048,576 rows; what is longer goes on in another. */
export const ROWS_IN_A_SHEET = 1_000_000;
const CHUNK_CHARACTERS = 64 * 1024;

/**
 * An XLSX workbook as a stream: sheets are written one after the other while their rows come, so that only some rows
 * are in memory. `active` is the sheet shown on opening. Rows that fail end the stream with their error.
 */
export function workbook(sheets: Iterable<FilledSheet>, active = 0, rowsInASheet = ROWS_IN_A_SHEET): Readable {
  const zip = new ZipFile();
  const out = new PassThrough();
  const written: Sheet[] = [];
  let open: Readable | undefined;
  zip.outputStream.pipe(out);
  out.once('close', () => open?.destroy());

  async function write(): Promise<void> {
    for (const sheet of sheets) {
      const rows = iterator(sheet.rows);
      try {
        const rest = { isEmpty: false };
        for (let part = 1; !rest.isEmpty && !out.destroyed; part += 1) {
          const named = { ...sheet, name: part === 1 ? sheet.name : `${sheet.name}（${part}）` };
          const content = partXml(named, written.length === active, rows, rowsInASheet, () => (rest.isEmpty = true));
          written.push(named);
          open = Readable.from(content, { objectMode: false });
          zip.addReadStream(open, `xl/worksheets/sheet${written.length}.xml`);
          await once(open, 'close');
          if (open.errored) throw open.errored;
        }
      } finally {
        await rows.return?.();
      }
    }
    for (const [name, content] of frame(written, active)) zip.addBuffer(Buffer.from(content, 'utf8'), name);
    zip.end();
  }
  write().catch((error: unknown) => out.destroy(error as Error));
  return out;
}

/** A small workbook as a whole. */
export function workbookBuffer(sheets: Iterable<FilledSheet>, active = 0): Promise<Buffer> {
  return buffer(workbook(sheets, active));
}

function iterator(rows: FilledSheet['rows']): AsyncIterator<SheetRow> | Iterator<SheetRow> {
  return Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]();
}

/** The XML of one worksheet, in chunks; says when the rows have ended. */
async function* partXml(
  sheet: Sheet,
  isActive: boolean,
  rows: AsyncIterator<SheetRow> | Iterator<SheetRow>,
  most: number,
  ended: () => void,
): AsyncGenerator<Buffer> {
  const merged: number[] = [];
  let chunk = sheetStart(sheet, isActive);
  for (let number = 1; ; number += 1) {
    if (number > most) break;
    const next = await rows.next();
    if (next.done === true) {
      ended();
      break;
    }
    const acrossAll = next.value.acrossAll === true;
    if (acrossAll) merged.push(number);
    chunk += rowXml(next.value, number, sheet.widths.length, acrossAll);
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield Buffer.from(chunk, 'utf8');
    chunk = '';
  }
  yield Buffer.from(chunk + sheetEnd(sheet, merged), 'utf8');
}

const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

/** The parts that say what the sheets are; written last, when all are known. */
function frame(sheets: readonly Sheet[], active: number): readonly (readonly [string, string])[] {
  const all = sheets.map((sheet, index) => ({ ...sheet, number: index + 1 }));
  const titles = all.flatMap(({ name, number, print }) =>
    print === undefined
      ? []
      : `<definedName name="_xlnm.Print_Titles" localSheetId="${number - 1}">${escaped(`'${nameOf(name)}'!$${print.repeatedRows[0]}:$${print.repeatedRows[1]}`)}</definedName>`,
  );
  const override = (part: string, type: string) => `<Override PartName="${part}" ContentType="${TYPE}.${type}+xml"/>`;
  return [
    [
      '[Content_Types].xml',
      [
        XML,
        `<Types xmlns="${PACKAGE}/content-types">`,
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>',
        '<Default Extension="xml" ContentType="application/xml"/>',
        override('/xl/workbook.xml', 'sheet.main'),
        override('/xl/styles.xml', 'styles'),
        ...all.map(({ number }) => override(`/xl/worksheets/sheet${number}.xml`, 'worksheet')),
        '</Types>',
      ].join(''),
    ],
    ['_rels/.rels', relations([['officeDocument', 'xl/workbook.xml']])],
    [
      'xl/workbook.xml',
      [
        XML,
        `<workbook xmlns="${MAIN}" xmlns:r="${RELATIONS}">`,
        `<bookViews><workbookView activeTab="${active}"/></bookViews>`,
        `<sheets>${all.map(({ name, number }) => `<sheet name="${escaped(nameOf(name))}" sheetId="${number}" r:id="rId${number}"/>`).join('')}</sheets>`,
        titles.length === 0 ? '' : `<definedNames>${titles.join('')}</definedNames>`,
        '</workbook>',
      ].join(''),
    ],
    [
      'xl/_rels/workbook.xml.rels',
      relations([...all.map(({ number }) => ['worksheet', `worksheets/sheet${number}.xml`] as const), ['styles', 'styles.xml']]),
    ],
    ['xl/styles.xml', stylesXml()],
  ];
}

/** At most 31 characters, without those the format forbids. */
function nameOf(name: string): string {
  return name.replace(/[[\]:*?/\\']/g, ' ').slice(0, 31);
}

function relations(targets: readonly (readonly [type: string, target: string])[]): string {
  const each = targets.map(
    ([type, target], index) => `<Relationship Id="rId${index + 1}" Type="${RELATIONS}/${type}" Target="${target}"/>`,
  );
  return `${XML}<Relationships xmlns="${PACKAGE}/relationships">${each.join('')}</Relationships>`;
}

/** The width a column needs for its texts, in characters: Chinese ones take two. */
export function widthFor(texts: Iterable<string>, least = 8, most = 60): number {
  let widest = least;
  for (const text of texts) {
    let width = 2;
    for (const character of text) width += character > '\u2E7F' ? 2 : 1;
    widest = Math.max(widest, Math.min(width, most));
  }
  return widest;
}
