import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import writeExcelFile from 'write-excel-file/node';
import { Problem } from '@app/kernel';
import { openSheet } from './open-sheet.js';
import { textRows, workbook, zip } from './workbook.fixture.js';

const folder = mkdtempSync(join(tmpdir(), 'sheets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every row as "row: kind text | kind text". */
async function read(content: Buffer): Promise<readonly string[]> {
  const path = join(folder, 'file');
  writeFileSync(path, content);
  const file = await open(path);
  try {
    const sheet = await openSheet(file);
    const rows: string[] = [];
    for await (const { row, cells } of sheet)
      rows.push(`${row}: ${[...cells].map(([column, { kind, text }]) => `${column} ${kind} ${text}`).join(' | ')}`);
    return [...rows, ...sheet.merged.map(({ range }) => range)];
  } finally {
    await file.close();
  }
}
async function rule(content: Buffer): Promise<string | undefined> {
  try {
    await read(content);
  } catch (error) {
    if (error instanceof Problem && error.code === 'import-file-invalid') return error.errors[0]?.rule;
    throw error;
  }
  return 'was read';
}

/** 甲公司,是 in GBK. */
const GBK = Buffer.from('bcd7b9abcbbe2ccac70a', 'hex');

describe('a CSV file', () => {
  const expected = ['1: 0 text 甲公司 | 1 text 是'];

  it.each([
    ['UTF-8', Buffer.from('甲公司,是\n')],
    ['UTF-8 with its mark', Buffer.from('\ufeff甲公司,是\n')],
    ['UTF-16 with tabs, as spreadsheets save it', Buffer.from('\ufeff甲公司\t是\n', 'utf16le')],
    ['GBK', GBK],
    ['quotes, blanks and Windows line ends', Buffer.from('"甲公司" , 是\r\n\r\n')],
  ])('is read in %s', async (_, content) => {
    expect(await read(content)).toEqual(expected);
  });

  it('keeps the numbers of lines, also over blank lines', async () => {
    expect(await read(Buffer.from('a\n\n\nb,,c\n,,\nd'))).toEqual(['1: 0 text a', '4: 0 text b | 2 text c', '6: 0 text d']);
  });

  it('marks formulas and cells beyond all bounds', async () => {
    expect(await read(Buffer.from(`=1+1,${'长'.repeat(4_001)}`))).toEqual([`1: 0 formula =1+1 | 1 too-long ${'长'.repeat(20)}`]);
  });

  it.each([
    ['an empty file', Buffer.alloc(0), 'empty'],
    ['a file in no encoding', Buffer.from([0x80, 0xff, 0x80, 0x81, 0xff]), 'encoding'],
    ['UTF-16 cut off', Buffer.from([0xff, 0xfe, 0x32, 0x75, 0x00, 0xd8, 0x41, 0x00]), 'encoding'],
    ['a quote that never ends', Buffer.from('a,"b\nc'), 'csv'],
    ['an endless record', Buffer.from(`"${'x'.repeat(300_000)}"`), 'csv'],
    ['an old or encrypted workbook', Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'old-or-encrypted'],
  ])('is not %s', async (_, content, expectedRule) => {
    expect(await rule(content)).toBe(expectedRule);
  });
});

describe('a workbook', () => {
  it('is read as another library writes it', async () => {
    const data = [
      ['名称', '金额', '日期', '是'],
      ['甲&<乙>', 1234567.89, new Date(Date.UTC(2024, 4, 6)), true],
    ];
    const columns = [{}, {}, {}, {}];
    const cells = data.map((row) => row.map((value) => (value instanceof Date ? { value, type: Date, format: 'yyyy-mm-dd' } : { value })));
    const file = writeExcelFile(cells as never, { columns } as never) as unknown as { toBuffer(): Promise<Buffer> };
    expect(await read(await file.toBuffer())).toEqual([
      '1: 0 text 名称 | 1 text 金额 | 2 text 日期 | 3 text 是',
      '2: 0 text 甲&<乙> | 1 number 1234567.89 | 2 date 2024-05-06 | 3 bool true',
    ]);
  });

  const styles =
    '<numFmts><numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;"/><numFmt numFmtId="165" formatCode="#,##0.00&quot;day&quot;"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="10"/><xf numFmtId="165"/></cellXfs>';
  const row = (cells: string) => `<row r="1">${cells}</row>`;
  it.each([
    ['a date', '<c r="A1" s="1"><v>45418</v></c>', ['1: 0 date 2024-05-06']],
    ['a date with a time', '<c r="A1" s="2"><v>45418.75</v></c>', ['1: 0 date 2024-05-06']],
    ['a percentage', '<c r="A1" s="3"><v>0.035</v></c>', ['1: 0 percent 3.5']],
    ['a number whose format only looks like a date', '<c r="A1" s="4"><v>5</v></c>', ['1: 0 number 5']],
    ['the noise of binary fractions', '<c r="A1"><v>0.30000000000000004</v></c>', ['1: 0 number 0.3']],
    ['a number of many digits', '<c r="B1"><v>9.1360700123456789E17</v></c>', ['1: 1 imprecise 9.1360700123456789E17']],
    ['a formula', '<c r="A1"><f>SUM(B1)</f><v>3</v></c>', ['1: 0 formula 3']],
    ['an error', '<c r="A1" t="e"><v>#N/A</v></c>', ['1: 0 error #N/A']],
    ['a shared text without its reading aid', '<c r="C1" t="s"><v>1</v></c>', ['1: 2 text 乙公司']],
    [
      'namespaces, quotes and comments',
      '<!-- > --><x:c r=\'A1\' note="a>b" t="inlineStr"><x:is><x:t>丙&#20844;</x:t></x:is></x:c>',
      ['1: 0 text 丙公'],
    ],
    ['cells without references', '<c/><c><v>1</v></c><c t="inlineStr"><is><t> </t></is></c>', ['1: 1 number 1']],
  ])('says what it holds: %s', async (_, cells, expected) => {
    const strings = '<si><t>甲</t></si><si><r><t>乙公</t></r><r><t>司</t></r><rPh><t>yi</t></rPh></si>';
    expect(await read(workbook({ rows: row(cells), strings, styles }))).toEqual(expected);
  });

  it('counts days from 1904 where the workbook says so', async () => {
    const properties = '<workbookPr date1904="1"/>';
    expect(await read(workbook({ rows: row('<c s="1"><v>43956</v></c>'), styles, properties }))).toEqual(['1: 0 date 2024-05-06']);
  });

  it('tells merged ranges and skips blank rows', async () => {
    const rows = textRows([['a'], [' '], ['b']]);
    expect(await read(workbook({ rows, after: '<mergeCells><mergeCell ref="A2:B3"/></mergeCells>' }))).toEqual([
      '1: 0 text a',
      '3: 0 text b',
      'A2:B3',
    ]);
  });

  const good = workbook({ rows: textRows([['a', 'b']]) });
  const bomb = workbook({ rows: '', styles: '<a/>'.repeat(2_500_000) });
  it.each([
    ['cut off', good.subarray(0, 300), 'workbook'],
    ['another kind of zip', zip({ 'a.txt': 'x' }), 'workbook'],
    ['without a sheet', zip({ 'xl/workbook.xml': '<workbook/>', 'xl/_rels/workbook.xml.rels': '<Relationships/>' }), 'workbook'],
    ['with a document type', workbook({ rows: '<!DOCTYPE a [<!ENTITY b "c">]>' }), 'workbook'],
    ['with a tag that never ends', workbook({ rows: '<row r="1"><c t="', after: 'x'.repeat(1_000_000) }), 'workbook'],
    ['with impossible rows', workbook({ rows: '<row r="99999999999"><c><v>1</v></c></row>' }), 'workbook'],
    ['unpacked beyond all bounds', bomb, 'too-large'],
  ])('is refused when %s', async (_, content, expected) => {
    expect(await rule(content)).toBe(expected);
  });

  it('never fails in another way, whatever bytes are changed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 20 }), async (changes) => {
        const content = Buffer.from(good);
        for (const [at, byte] of changes) content[at] = byte;
        await rule(content);
      }),
      { numRuns: 300 },
    );
  });
});
