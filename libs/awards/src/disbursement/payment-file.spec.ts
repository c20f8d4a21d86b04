import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import readExcelFile from 'read-excel-file/node';
import { problemOf } from '../award.fixture.js';
import { draft, freezing, frozen, line, on, results, row, then } from './batch.fixture.js';
import { paymentFile } from './payment-file.js';

const largest = '9999999999999.99';
const sheet = async (content: Buffer): Promise<readonly (readonly unknown[])[]> => {
  const read: unknown = await readExcelFile(content);
  const first = (read as readonly { readonly data?: unknown }[])[0];
  return (first?.data ?? read) as readonly (readonly unknown[])[];
};
const table = (content: Buffer) => parse(content, { bom: true, columns: false });

describe('the payment list', () => {
  const state = frozen([line(1), line(2, '0.01', { instalment: 2 }), line(3, '1.00'), line(4, '12345678.90')], 3);
  const large = frozen([line(1, largest)]);

  it('holds what a bank needs and a reviewer checks, without dropped lines', async () => {
    const [headings, ...rows] = table(await paymentFile('B1', state, 'csv'));
    expect(headings).toEqual([
      '批次',
      '序号',
      '收款单位',
      '统一社会信用代码',
      '收款账户',
      '金额',
      '政策条款',
      '政策版本',
      '批准文号',
      '奖补编号',
      '分期',
    ]);
    expect(rows.map((cells) => cells[1])).toEqual(['1', '2', '4']);
    const { payee, account, award } = line(1);
    expect(rows[0]).toEqual([
      'B1',
      '1',
      '赣州甲科技有限公司',
      payee,
      account,
      '100000.00',
      'test-2024 T1',
      'v1 aaaaaaaaaaaa',
      '虚构财〔2024〕3号',
      award,
      '1',
    ]);
    expect(rows.map((cells) => cells[5])).toEqual(['100000.00', '0.01', '12345678.90']);
    expect(table(await paymentFile('B1', large, 'csv'))[1]?.[5]).toBe(largest);
  });
  it('begins with a byte order mark, so that Chinese is readable everywhere', async () => {
    expect((await paymentFile('B1', state, 'csv')).subarray(0, 3).toString('hex')).toBe('efbbbf');
  });
  it('says the same as a workbook, amounts as exact numbers', async () => {
    const [headings, ...rows] = await sheet(await paymentFile('B1', state, 'xlsx'));
    const [csvHeadings, ...csvRows] = table(await paymentFile('B1', state, 'csv'));
    expect(headings).toEqual(csvHeadings);
    expect(rows.map((cells) => cells[5])).toEqual([100000, 0.01, 12345678.9]);
    expect(rows.map((cells) => Number(cells[5]).toFixed(2))).toEqual(csvRows.map((cells) => cells[5]));
    const texts = (cells: readonly unknown[]) => cells.filter((_, column) => column !== 5).map(String);
    expect(rows.map(texts)).toEqual(csvRows.map(texts));
    expect(typeof rows[0]?.[4]).toBe('string');
    expect(Number((await sheet(await paymentFile('B1', large, 'xlsx')))[1]?.[5]).toFixed(2)).toBe(largest);
  });
  it('opens with a form to sign: the same lines, the sum in figures and in capitals', async () => {
    const [, form] = (await readExcelFile(await paymentFile('B1', state, 'xlsx'))) as unknown as readonly {
      readonly sheet: string;
      readonly data: readonly (readonly unknown[])[];
    }[];
    const texts = (form?.data ?? []).map((cells) =>
      cells
        .map((cell) => (cell === null ? '' : `${cell as string | number}`))
        .join('|')
        .replace(/\|+$/, ''),
    );
    expect(form?.sheet).toBe('签批表');
    expect(texts.slice(0, 3)).toEqual([
      '奖补资金拨付清单',
      '批次：B1    第一批    锁定日期：2024-05-10    共3笔',
      '序号|收款单位|统一社会信用代码|收款账户|金额（元）|政策条款|批准文号|奖补编号（分期）',
    ]);
    expect(form?.data.slice(3, 6).map((cells) => [cells[0], cells[4]])).toEqual([
      [1, 100000],
      [2, 0.01],
      [4, 12345678.9],
    ]);
    expect(texts.slice(6)).toEqual([
      '合计||||12445678.91',
      '合计（大写）：壹仟贰佰肆拾肆万伍仟陆佰柒拾捌元玖角壹分',
      expect.stringMatching(/^制表： +复核： +审批： +日期：/),
    ]);
  });
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '=HYPERLINK("http://x","y")'])(
    'shows %j as text, never as a formula',
    async (name) => {
      const hostile = frozen([line(1, '1.00', { payeeName: name, account: name, documentNo: name })]);
      const [, cells = []] = table(await paymentFile('B1', hostile, 'csv'));
      expect([cells[2], cells[4], cells[8]]).toEqual([`'${name}`, `'${name}`, `'${name}`]);
      const workbook = await paymentFile('B1', hostile, 'xlsx');
      const [, shown = []] = await sheet(workbook);
      expect(String(shown[2]).trim()).toBe(name.trim());
    },
  );
  it('keeps every digit of an account: as it is in CSV, which is for systems, and as text in the workbook, which is for people', async () => {
    const account = '6222021001123456789';
    const numbered = frozen([line(1, '1.00', { account })]);
    expect((await paymentFile('B1', numbered, 'csv')).toString()).toContain(`,${account},`);
    expect((await sheet(await paymentFile('B1', numbered, 'xlsx')))[1]?.[4]).toBe(account);
  });
  it('keeps separators, quotes and line breaks inside their cell', async () => {
    const name = '甲,"乙"\n丙;公司';
    const odd = frozen([line(1, '1.00', { payeeName: name })]);
    expect(table(await paymentFile('B1', odd, 'csv'))[1]?.[2]).toBe(name);
    expect((await sheet(await paymentFile('B1', odd, 'xlsx')))[1]?.[2]).toBe(name);
  });
  it('stays the same after the bank has answered', async () => {
    const answered = then(state, results(row(1, 'paid', '2024-05-12')), on('2024-05-12'));
    expect(await paymentFile('B1', answered, 'csv')).toEqual(await paymentFile('B1', state, 'csv'));
  });
  it.each([
    ['draft', draft(line(1))],
    ['freezing', freezing(line(1))],
    ['cancelled', then(draft(line(1)), { type: 'cancel', reason: '有误' }, on('2024-05-10'))],
    ['none', { status: 'none' } as const],
  ])('is not made of a batch that is %s', async (_, unfinished) => {
    const problem: unknown = await paymentFile('B1', unfinished, 'csv').catch((error: unknown) => error);
    expect(
      problemOf(() => {
        throw problem;
      }).code,
    ).toBe('batch-status');
  });
});
