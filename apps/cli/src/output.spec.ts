import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { EXIT, explain, show } from './output.js';
import { viewOf } from './views.js';

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
    expect(text).toMatch(/F1 .*中小企业（enterprise\.sme） .*是 .*已核实 .*reviewer .*2024-03-04/u);
    expect(text).not.toMatch(/factId|verification|checked/u);
  });

  it('shows what its state holds like its own', () => {
    const batch = { batch: '2024-05', state: { status: 'frozen', lines: [{ line: 1, amount: '600000.00' }] } };
    const shown = show(batch, 'payment-batches/:batch');
    expect(shown).toContain('批次：2024-05\n状态：已冻结\n明细\n');
    expect(shown).toMatch(/行号 .*金额（元）/u);
  });
});

describe('what happened, as a person reads it', () => {
  const step = {
    position: 7,
    event: 'relocation-recorded.v1',
    stream: 'enterprise-91360700MA35QWERT0',
    recordedAt: '2024-03-04T01:00:00Z',
    effectiveOn: '2024-03-04',
    actor: { id: 'clerk', unit: '科技局' },
  };
  const data = { no: 1, from: '深圳市', origin: 'out-of-province', whole: true, on: '2024-03-01', corrects: false };

  it('tells an event field by field', () => {
    const event = { ...step, id: 'x', revision: 3, data, causes: [], consequences: [], isCut: false };
    const text = viewOf({ words: 'audit event <position>', path: '/v1/audit/events/7' }, event);
    expect(text).toContain('\n原所在地：深圳市\n迁出地：省外\n整体迁入：是\n日期：2024-03-01\n');
    expect(text).not.toMatch(/[{}"]/);
  });

  it('names the steps of an assessment', () => {
    const trace = [
      { step: 'gate', clause: 'T1', text: '条件满足' },
      { step: 'result', clause: 'T1', text: '应付1元' },
    ];
    const assessed = { ...step, event: 'award-assessed.v1', stream: 'award-p.T1.x', id: 'x', revision: 1, data: { assessment: { trace } } };
    const text = viewOf({ words: 'audit event <position>', path: '/v1/audit/events/7' }, { ...assessed, causes: [], consequences: [] });
    expect(text).toMatch(/门槛条件 .*条件满足/u);
    expect(text).toMatch(/结论 .*应付1元/u);
  });

  it('counts instalments, and no moves, in a timeline', () => {
    const entry = (event: string) => ({ ...step, event, data, causedBy: null, caused: [], causedCount: 0 });
    const told = (event: string) =>
      viewOf({ words: 'audit timeline <kind> <id>', path: '/v1/audit/timeline/enterprise/x' }, { items: [entry(event)] });
    expect(told('relocation-recorded.v1')).toContain('登记迁入');
    expect(told('relocation-recorded.v1')).not.toContain('第1期');
    expect(told('instalment-paid.v1')).toContain('第1期');
  });

  it('tells a move and a document that decisions rely on in words', () => {
    const relied = (kind: string, record: unknown) =>
      viewOf({ words: `audit relied-on ${kind} <x>`, path: `/v1/audit/reliance/${kind}/x` }, { record, items: [] });
    expect(relied('move', { kind: 'arrival', ...data, evidence: [], recordedBy: 'clerk' })).toContain('类别：迁入\n');
    const document = relied('document', { citedBy: 2, records: [{ kind: 'move', id: '91360700MA35QWERT0.2024-03-01' }] });
    expect(document).toMatch(/^被引用次数：2\n记录\n[^]*│ 迁移 /);
  });
});

describe('an award, as a person reads it', () => {
  const detail = (state: object) => {
    const actor = { id: 'ledger', unit: 'ledger' };
    const timeline = [{ revision: 5, event: 'award-grant-failed.v1', effectiveOn: '2024-06-11', actor }];
    return viewOf({ words: 'award show <award>', path: '/v1/awards/p.T1.x' }, { award: 'p.T1.x', state, timeline });
  };

  it('says why its grant was refused, and names the ledger as what it is', () => {
    const refused = 'p.fund.2024 has 1.00 available (2.00 reserved, 3.00 spent); cannot reserve 5.00';
    const text = detail({ status: 'publicised', failedGrant: { grant: 'g', code: 'budget-exhausted', detail: refused } });
    expect(text).toContain('\n批准未成：可用指标不足，p.fund.2024可用1.00元（已占用2.00元，已支出3.00元），不足5.00元\n');
    expect(text).toMatch(/批准未成 *│ 2024-06-11 │ 系统 /u);
    expect(detail({ status: 'publicised' })).not.toContain('批准未成：');
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
