import { describe, expect, it } from '@jest/globals';
import { problemOf } from '../award.fixture.js';
import { parseBankFile } from './bank-file.js';

const english = 'batch,line,amount,result,date,reference,reason\n';
const row = 'B1,1,100000,paid,2024-05-12,T-1,\n';
const errorsOf = (text: string) => {
  const problem = problemOf(() => parseBankFile(text, 'B1'));
  expect(problem).toMatchObject({ kind: 'invalid', code: 'bank-file-invalid' });
  return problem.errors.map(({ field, rule }) => ({ field, rule }));
};

describe('a bank file', () => {
  const expected = [
    { line: 1, amount: '100000.00', result: 'paid', on: '2024-05-12', reference: 'T-1', reason: '' },
    { line: 2, amount: '0.50', result: 'returned', on: '2024-05-13', reference: 'T-2', reason: '账号不符' },
  ];
  it.each([
    ['English headings', `${english}${row}B1,2,0.5,returned,2024-05-13,T-2,账号不符\n`],
    [
      'Chinese headings',
      '批次,序号,金额,结果,日期,流水号,原因\nB1,1,100000.00,成功,2024-05-12,T-1,\nB1,2,0.50,退票,2024-05-13,T-2,账号不符',
    ],
    [
      'mixed headings in another order',
      'Result,流水号,金额,DATE,line,批次,原因\n已付,T-1,100000.0,2024-05-12,1,B1,\n退回,T-2,0.50,2024-05-13,2,B1,账号不符\n',
    ],
    ['a byte order mark and CRLF', `\ufeff${english}${row}B1,2,0.5,returned,2024-05-13,T-2,账号不符\n`.replaceAll('\n', '\r\n')],
    [
      'blanks around values, blank lines and quotes',
      `${english}\n B1 , 1 ,"100000", paid ,2024-05-12, T-1 ,\n\nB1,2,0.5,returned,2024-05-13,T-2,"账号不符"\n\n`,
    ],
    [
      'columns nobody asked for',
      '余额,batch,line,amount,result,date,reference,reason,constructor\n9,B1,1,100000,paid,2024-05-12,T-1,,x\n9,B1,2,0.5,returned,2024-05-13,T-2,账号不符,y\n',
    ],
  ])('is read with %s', (_, text) => {
    expect(parseBankFile(text, 'B1')).toEqual(expected.map((result) => ({ ...result, row: expect.any(Number) })));
  });
  it('is read as banks and spreadsheets write it: failures, days with slashes, thousands apart, each with its row', () => {
    const text = `${english}B1,1,"123,456.79",失败,2026/11/23,T-1,账号不符\n\nB1,2,"1,000",成功,2026/1/5,T-2,\n`;
    expect(parseBankFile(text, 'B1')).toMatchObject([
      { line: 1, amount: '123456.79', result: 'returned', on: '2026-11-23', row: 2 },
      { line: 2, amount: '1000.00', result: 'paid', on: '2026-01-05', row: 4 },
    ]);
  });
  it('may leave out the column of reasons', () => {
    expect(parseBankFile('batch,line,amount,result,date,reference\nB1,1,1.00,returned,2024-05-12,T-1\n', 'B1')).toMatchObject([
      { reason: '' },
    ]);
  });

  it.each([
    ['B2,1,1.00,paid,2024-05-12,T-1,', 'batch', 'this-batch'],
    ['B1,0,1.00,paid,2024-05-12,T-1,', 'line', 'line'],
    ['B1,1.0,1.00,paid,2024-05-12,T-1,', 'line', 'line'],
    ['B1,1,"1,00.00",paid,2024-05-12,T-1,', 'amount', 'money'],
    ['B1,1,"1000,000.00",paid,2024-05-12,T-1,', 'amount', 'money'],
    ['B1,1,-1.00,paid,2024-05-12,T-1,', 'amount', 'money'],
    ['B1,1,1.001,paid,2024-05-12,T-1,', 'amount', 'money'],
    ['B1,1,1e3,paid,2024-05-12,T-1,', 'amount', 'money'],
    ['B1,1,1.00,toString,2024-05-12,T-1,', 'result', 'result'],
    ['B1,1,1.00,,2024-05-12,T-1,', 'result', 'result'],
    ['B1,1,1.00,paid,2024-02-30,T-1,', 'date', 'date'],
    ['B1,1,1.00,paid,2024/02/30,T-1,', 'date', 'date'],
    ['B1,1,1.00,paid,24/05/12,T-1,', 'date', 'date'],
    ['B1,1,1.00,paid,2024-05-12,,', 'reference', 'required'],
    [`B1,1,1.00,paid,2024-05-12,${'9'.repeat(101)},`, 'reference', 'required'],
    [`B1,1,1.00,paid,2024-05-12,T-1,${'长'.repeat(501)}`, 'reason', 'length'],
  ])('names row and column of %s', (bad, column, rule) => {
    expect(errorsOf(`${english}${row}${bad}\n`)).toEqual([{ field: `row 3.${column}`, rule }]);
  });
  it('counts rows as a spreadsheet does, blank ones too', () => {
    const text = `${english}\n${row}\n\nB1,x,1.00,paid,2024-05-12,T-1,`;
    for (const spelling of [text, `${text}\n`, text.replaceAll('\n', '\r\n'), `\ufeff${text}`]) {
      expect(errorsOf(spelling)).toEqual([{ field: 'row 6.line', rule: 'line' }]);
    }
  });
  it('names everything that is wrong, up to a hundred places', () => {
    expect(errorsOf(`${english}B2,x,1,paid,2024-05-12,T-1,\n${row}B1,1,1,lost,2024-05-12,T-1,\n`)).toEqual([
      { field: 'row 2.batch', rule: 'this-batch' },
      { field: 'row 2.line', rule: 'line' },
      { field: 'row 4.result', rule: 'result' },
    ]);
    expect(errorsOf(english + 'B2,x,x,x,x,,\n'.repeat(1_000))).toHaveLength(100);
  });

  it.each([
    ['nothing', ''],
    ['a byte order mark alone', '\ufeff'],
    ['headings alone', english],
    ['a missing column', 'batch,line,amount,result,date\nB1,1,1.00,paid,2024-05-12\n'],
    ['a column twice', 'batch,批次,line,amount,result,date,reference\nB1,B1,1,1.00,paid,2024-05-12,T-1\n'],
    ['a row with too few values', `${english}${row}B1,1,1.00\n`],
    ['a row with too many values', `${english}B1,1,1.00,paid,2024-05-12,T-1,,extra\n`],
    ['an open quote', `${english}B1,1,"1.00,paid,2024-05-12,T-1,\n`],
    ['a letter', '尊敬的客户：附件为贵单位回单。\n此致\n敬礼'],
    ['the bytes of a spreadsheet', 'PK\u0003\u0004\u0014\u0000\u0006\u0000\u0008\u0000\u0000\u0000!\u0000\ufffd\ufffd'],
    ['one endless record', `${english}${'x'.repeat(20_000)}`],
    ['more rows than a batch could have', english + row.repeat(10_001)],
  ])('is refused when it is %s', (_, text) => {
    expect(errorsOf(text)).toMatchObject([{ field: 'content' }]);
  });
  it('takes as many rows as a file may have', () => {
    expect(parseBankFile(english + row.repeat(10_000), 'B1')).toHaveLength(10_000);
  });
});
