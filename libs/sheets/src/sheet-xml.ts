import { Money } from '@app/kernel';
import type { Cell } from './cell.js';

/** How a row looks. `body` is a line of a plain list; the others belong to tables that are printed. */
export type RowStyle = 'body' | 'heading' | 'title' | 'note' | 'signature' | 'framed' | 'total';

export interface SheetRow {
  readonly cells: readonly Cell[];
  readonly style?: RowStyle;
  /** One text across all columns. */
  readonly acrossAll?: true;
  /** In points; by the font when left out. */
  readonly height?: number;
}

export interface Sheet {
  readonly name: string;
  /** Width of each column, in characters. */
  readonly widths: readonly number[];
  /** Rows at the top that stay in view. */
  readonly frozenRows?: number;
  /** For paper: A4, fitted to its width, with page numbers and these rows (first and last, from 1) on every page. */
  readonly print?: { readonly orientation: 'portrait' | 'landscape'; readonly repeatedRows: readonly [number, number] };
}

/** The most a cell of the format holds. */
const LONGEST_TEXT = 32_767;
const CUT = '……（过长，未完）';
/** Digits a spreadsheet's numbers keep. */
const EXACT_DIGITS = 15;
const STYLES: readonly RowStyle[] = ['body', 'heading', 'title', 'note', 'signature', 'framed', 'total'];
const FORMATS = ['text', 'money', 'number'] as const;

/** Written before the rows of a sheet. */
export function sheetStart({ widths, frozenRows = 0, print }: Sheet, isActive: boolean): string {
  const pane =
    frozenRows === 0
      ? ''
      : `<pane ySplit="${frozenRows}" topLeftCell="A${frozenRows + 1}" activePane="bottomLeft" state="frozen"/><selection pane="bottomLeft"/>`;
  const columns = widths.map((width, index) => `<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`).join('');
  return [
    XML,
    `<worksheet xmlns="${MAIN}">`,
    print === undefined ? '' : '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>',
    `<sheetViews><sheetView${isActive ? ' tabSelected="1"' : ''} workbookViewId="0">${pane}</sheetView></sheetViews>`,
    '<sheetFormatPr defaultRowHeight="15"/>',
    columns === '' ? '' : `<cols>${columns}</cols>`,
    '<sheetData>',
  ].join('');
}

/** One row; `number` counts from 1. */
export function rowXml({ cells, style = 'body', height }: SheetRow, number: number, columns: number, acrossAll: boolean): string {
  const tall = height === undefined ? '' : ` ht="${height}" customHeight="1"`;
  const filled = acrossAll ? [cells[0] ?? null, ...Array.from({ length: columns - 1 }, () => null)] : cells;
  return `<row r="${number}"${tall}>${filled.map((cell, column) => cellXml(cell, columnName(column) + number, style)).join('')}</row>`;
}

/** Written after the rows. `merged` holds the numbers of rows whose one text goes across all columns. */
export function sheetEnd({ widths, print }: Sheet, merged: readonly number[]): string {
  const last = columnName(Math.max(0, widths.length - 1));
  const merges = merged.map((row) => `<mergeCell ref="A${row}:${last}${row}"/>`).join('');
  return [
    '</sheetData>',
    merged.length === 0 || widths.length < 2 ? '' : `<mergeCells count="${merged.length}">${merges}</mergeCells>`,
    print === undefined
      ? ''
      : [
          '<printOptions horizontalCentered="1"/>',
          '<pageMargins left="0.6" right="0.6" top="0.75" bottom="0.75" header="0.3" footer="0.4"/>',
          `<pageSetup paperSize="9" orientation="${print.orientation}" fitToWidth="1" fitToHeight="0"/>`,
          '<headerFooter><oddFooter>&amp;C第 &amp;P 页，共 &amp;N 页</oddFooter></headerFooter>',
        ].join(''),
    '</worksheet>',
  ].join('');
}

function cellXml(cell: Cell, reference: string, style: RowStyle): string {
  const at = (format: (typeof FORMATS)[number]) =>
    `<c r="${reference}" s="${STYLES.indexOf(style) * FORMATS.length + FORMATS.indexOf(format)}"`;
  if (cell === null) return `${at('text')}/>`;
  // Every legal amount has at most 15 digits, which a spreadsheet's numbers hold exactly.
  if (cell instanceof Money) return `${at('money')}><v>${cell.toString()}</v></c>`;
  if (typeof cell === 'number' && isExact(cell)) return `${at('number')}><v>${cell}</v></c>`;
  return `${at('text')} t="inlineStr"><is><t xml:space="preserve">${textXml(String(cell))}</t></is></c>`;
}

function isExact(number: number): boolean {
  return Number.isFinite(number) && String(number).replace(/\D/g, '').length <= EXACT_DIGITS;
}

/** What XML and the format cannot hold is left out; what it would read as an escape (`_x0041_`) is escaped. */
function textXml(text: string): string {
  const fitting = text.length > LONGEST_TEXT ? text.slice(0, LONGEST_TEXT - CUT.length) + CUT : text;
  return escaped(fitting.replace(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_'));
}

/** Text for XML, in content and attributes. */
export function escaped(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, '\uFFFD')
    .replace(UNPRINTABLE, '')
    .replace(/[&<>"\r]/g, (character) => ENTITIES[character] as string);
}

const UNPRINTABLE = new RegExp('[\\u0000-\\u0008\\u000B\\u000C\\u000E-\\u001F\\uFFFE\\uFFFF]', 'g');
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' };

/** A, B, … Z, AA, … */
export function columnName(index: number): string {
  const rest = String.fromCharCode(65 + (index % 26));
  return index < 26 ? rest : columnName(Math.floor(index / 26) - 1) + rest;
}

export const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
export const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';

/** The looks of `STYLES`, each in the `FORMATS`: songti for text, heiti for titles, as offices print. */
export function stylesXml(): string {
  const fonts = [
    '<font><sz val="11"/><name val="宋体"/><charset val="134"/></font>',
    '<font><b/><sz val="11"/><name val="宋体"/><charset val="134"/></font>',
    '<font><b/><sz val="18"/><name val="黑体"/><charset val="134"/></font>',
  ];
  const looks: Readonly<Record<RowStyle, { font: number; framed: boolean; align: string }>> = {
    body: { font: 0, framed: false, align: 'vertical="center"' },
    heading: { font: 1, framed: true, align: 'horizontal="center" vertical="center" wrapText="1"' },
    title: { font: 2, framed: false, align: 'horizontal="center" vertical="center" wrapText="1"' },
    note: { font: 0, framed: false, align: 'vertical="center" wrapText="1"' },
    signature: { font: 0, framed: false, align: 'horizontal="right" vertical="center"' },
    framed: { font: 0, framed: true, align: 'vertical="center" wrapText="1"' },
    total: { font: 1, framed: true, align: 'vertical="center" wrapText="1"' },
  };
  const numberFormats = { text: 49, money: 4, number: 0 } as const;
  const line = ['left', 'right', 'top', 'bottom'].map((side) => `<${side} style="thin"><color auto="1"/></${side}>`).join('');
  const cells = STYLES.flatMap((style) =>
    FORMATS.map((format) => {
      const { font, framed, align } = looks[style];
      return `<xf numFmtId="${numberFormats[format]}" fontId="${font}" fillId="0" borderId="${framed ? 1 : 0}" xfId="0" applyNumberFormat="1" applyFont="1" applyBorder="1" applyAlignment="1"><alignment ${align}/></xf>`;
    }),
  );
  return [
    XML,
    `<styleSheet xmlns="${MAIN}">`,
    `<fonts count="${fonts.length}">${fonts.join('')}</fonts>`,
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>',
    `<borders count="2"><border><left/><right/><top/><bottom/><diagonal/></border><border>${line}<diagonal/></border></borders>`,
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>',
    `<cellXfs count="${cells.length}">${cells.join('')}</cellXfs>`,
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>',
    '</styleSheet>',
  ].join('');
}
