import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { EXIT, explain, show } from './output.js';

describe('one object, as a person reads it', () => {
  const dossier = {
    creditCode: '91360700MA35QWERT0',
    name: '甲公司',
    status: 'registered',
    names: [{ name: '甲公司', from: '2024-01-08', recordedBy: 'clerk' }],
    certificates: [],
    facts: [{ factId: 'F1', name: 'enterprise.sme', value: true, verification: 'verified', checked: { by: 'reviewer', on: '2024-03-04' } }],
    revision: 3,
  };
  const text = show(dossier, 'enterprises/:code');

  it('stands in lines, under Chinese names and in Chinese words', () => {
    expect(text.split('\n').slice(0, 4)).toEqual(['统一社会信用代码：91360700MA35QWERT0', '企业名称：甲公司', '状态：已登记', '修订号：3']);
  });

  it('has a table for each list of its parts', () => {
    expect(text).toContain('名称沿革\n┌');
    expect(text).toMatch(/数据编号 .*数据 .*数值 .*核实状况 .*核实·经办人 .*核实·日期/u);
    expect(text).toMatch(/F1 .*enterprise\.sme .*是 .*已核实 .*reviewer .*2024-03-04/u);
    expect(text).not.toMatch(/factId|verification|checked/u);
  });

  it('shows what its state holds like its own', () => {
    const batch = { batch: '2024-05', state: { status: 'frozen', lines: [{ line: 1, amount: '600000.00' }] } };
    const shown = show(batch, 'payment-batches/:batch');
    expect(shown).toContain('批次：2024-05\n状态：已冻结\n明细\n');
    expect(shown).toMatch(/行号 .*金额（元）/u);
  });
});

describe('what went wrong', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });
  function told(error: unknown): { readonly code: number; readonly text: string } {
    let text = '';
    jest.spyOn(process.stderr, 'write').mockImplementation((part) => (text += String(part)) !== '');
    return { code: explain(error, false), text };
  }

  it.each([
    ['SQLITE_FULL', 'database or disk is full', EXIT.unavailable],
    ['ENOSPC', 'ENOSPC: no space left on device, write', EXIT.unavailable],
    ['ENOENT', 'ENOENT: no such file or directory', EXIT.usage],
  ])('is told in a line where the machine refuses (%s)', (name, message, code) =>
    expect(told(Object.assign(new Error(message), { code: name }))).toEqual({ code, text: `${message}\n` }),
  );

  it('is told with its place where the program is at fault', () =>
    expect(told(new TypeError('not a function'))).toEqual({
      code: EXIT.unavailable,
      text: expect.stringMatching(/^TypeError: not a function\n\s+at /),
    }));
});
