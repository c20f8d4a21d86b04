import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import readExcelFile from 'read-excel-file/node';
import { Money } from '@app/kernel';
import { type Cell, csvLine, type FilledSheet, type SheetRow, workbook, workbookBuffer } from './index.js';

interface ReadSheet {
  readonly sheet: string;
  readonly data: readonly (readonly unknown[])[];
}
const read = async (content: Buffer) => (await readExcelFile(content)) as unknown as readonly ReadSheet[];
const rowOf = (...cells: Cell[]): SheetRow => ({ cells });
const sheet = (rows: FilledSheet['rows'], more: Partial<FilledSheet> = {}): FilledSheet => ({
  name: '清单',
  widths: [10, 10],
  rows,
  ...more,
});

describe('a workbook', () => {
  it('reads back as it was written: texts, amounts and numbers, several sheets', async () => {
    const rows = [
      rowOf('甲', Money.parse('12345678.90')),
      rowOf('6222021001123456789', 12),
      rowOf('=1+1', null),
      rowOf('a<b & "c"\n丁', 1e16),
    ];
    const [first, second] = await read(await workbookBuffer([sheet(rows), sheet([rowOf('说明')], { name: '导出说明', widths: [20] })]));
    expect(first?.data).toEqual([
      ['甲', 12345678.9],
      ['6222021001123456789', 12],
      ['=1+1', null],
      ['a<b & "c"\n丁', '10000000000000000'],
    ]);
    expect(second).toMatchObject({ sheet: '导出说明', data: [['说明']] });
  });

  it('holds every amount exactly, and any text that XML can hold', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.string({ unit: 'grapheme', minLength: 1 }), fc.integer({ min: 0, max: 999_999_999_999_999 })), {
          minLength: 1,
          maxLength: 5,
        }),
        async (pairs) => {
          const texts = pairs.map(([text]) => `x${text.replace(/[\s\p{Cc}\uFFFE\uFFFF]/gu, '')}`);
          const content = await workbookBuffer([sheet(pairs.map(([, fen], index) => rowOf(texts[index] as string, Money.fromFen(fen))))]);
          const [{ data } = { data: [] }] = await read(content);
          expect(data.map(([, amount]) => Number(amount).toFixed(2))).toEqual(pairs.map(([, fen]) => Money.fromFen(fen).toString()));
          expect(data.map(([text]) => text)).toEqual(texts);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('goes on in another sheet where one is full', async () => {
    const rows = Array.from({ length: 5 }, (_, index) => rowOf(index));
    const sheets = await read(await buffer(workbook([sheet(rows)], 0, 2)));
    expect(sheets.map(({ sheet: name, data }) => [name, data.flat()])).toEqual([
      ['清单', [0, 1]],
      ['清单（2）', [2, 3]],
      ['清单（3）', [4]],
    ]);
  });

  it('asks for rows no faster than somebody reads, and for none after that', async () => {
    let asked = 0;
    let ended = false;
    async function* endless() {
      try {
        for (;;) {
          asked += 1;
          // Text that does not shrink, so that what is waiting is what was asked for.
          yield rowOf(Array.from({ length: 50 }, () => Math.random().toString(36)).join(''), asked);
          if (asked % 100 === 0) await setImmediate();
        }
      } finally {
        ended = true;
      }
    }
    const stream = workbook([sheet(endless())]);
    await new Promise((resolve) => stream.once('readable', resolve));
    let before = -1;
    while (before !== asked) {
      before = asked;
      for (let turn = 0; turn < 50; turn += 1) await setImmediate();
    }
    expect(asked).toBeGreaterThan(10);
    expect(asked).toBeLessThan(5000);
    stream.destroy();
    while (!ended) await setImmediate();
    expect(asked - before).toBeLessThan(5000);
  });

  it('fails where its rows fail: half a workbook is none', async () => {
    async function* failing() {
      yield rowOf('甲', 1);
      await setImmediate();
      throw new Error('no more rows');
    }
    await expect(buffer(workbook([sheet(failing())]))).rejects.toThrow('no more rows');
    const never = workbook([sheet(Readable.from([]) as never), sheet(failing())]);
    await expect(buffer(never)).rejects.toThrow('no more rows');
  });
});

describe('a line of CSV', () => {
  it('keeps amounts and texts, and defuses formulas', () => {
    const line = csvLine([Money.parseSigned('-5.00'), '=1+1', '-x', '甲,"乙"\n丙', null, 12, '6222021001123456789']);
    expect(parse(line)).toEqual([['-5.00', `'=1+1`, `'-x`, '甲,"乙"\n丙', '', '12', '6222021001123456789']]);
    const disguised = [' =1+1', '\n=1+1', '＝1+1', '＋1', '－1', '＠x', '\u00a0@x'];
    expect(parse(csvLine(disguised))).toEqual([disguised.map((text) => `'${text}`)]);
  });
});
