import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Tiers } from '@app/tiers';
import { code, csv, ImportLedger } from './imports.fixture.js';
import { SHEET_TYPES } from './sheet/open-sheet.js';

const [FIRST, SECOND, THIRD] = [code(1), code(2), code(3)];
const LADDER = 'ganzhou-etdz-echelon';

let ledger: ImportLedger;
beforeAll(async () => {
  ledger = await ImportLedger.open();
  await ledger.publish();
  await ledger.bring('enterprises', csv(['统一社会信用代码', '企业名称'], [FIRST, '甲公司'], [SECOND, '乙公司']));
});
afterAll(() => ledger.close());

interface Sample {
  readonly kind: string;
  readonly as: string;
  readonly headings: readonly string[];
  /** Later rows rest on earlier ones of the same file. */
  readonly good: readonly (readonly string[])[];
  /** Each with its column and code; they rest on the good ones too. */
  readonly bad: readonly (readonly [readonly string[], string, string])[];
  /** What is on record when the good rows have been brought in. */
  readonly recorded: () => Promise<unknown>;
  readonly expected: unknown;
}

const entries = async (target: string) => (await ledger.get(`/v1/targets/${target}/entries`)).body as unknown;
const report = (period: string, value: string, unit = '', corrects = '') => [
  'haimen-2022',
  'H07',
  unit,
  period,
  value,
  '区科技局',
  '2025/1/15',
  corrects,
];
const plan = (unit: string, year: string, value: string, corrects = '') => ['ganzhou-2023', 'Z32', unit, year, value, '分解通知', corrects];
const baseline = (clause: string, year: string, value: string, corrects = '') => [
  'jiangmen-2021',
  clause,
  '',
  year,
  value,
  '统计局',
  '2021-03-01',
  corrects,
];
const BUILDERS = '特级、一级建筑企业';

const samples: readonly Sample[] = [
  {
    kind: 'tiers',
    as: 'reviewer',
    headings: ['统一社会信用代码', '培育库', '调整方式', '目标梯次', '理由', '佐证材料'],
    good: [
      [FIRST, LADDER, '入库', 'high-growth', '年度评定', '名单'],
      [SECOND, LADDER, '入库', 'leading', '年度评定', '名单'],
      [FIRST, LADDER, '升级', 'leading', '年度评定', '名单'],
      [SECOND, LADDER, '移出', '', '迁出', ''],
    ],
    bad: [
      [[FIRST, LADDER, '入库', 'high-growth', '再次评定'], '调整方式', 'already-in-ladder'],
      [[SECOND, LADDER, '降级', 'tech-sme', '年度评定'], '调整方式', 'not-in-ladder'],
      [[SECOND, LADDER, '入库', 'tech-sme', '年度评定'], '目标梯次', 'gates-not-met'],
      [[SECOND, LADDER, '入库', 'none', '年度评定'], '目标梯次', 'tier-unknown'],
      [[SECOND, '无此库', '入库', 'leading', '年度评定'], '培育库', 'ladder-unknown'],
      [[THIRD, LADDER, '入库', 'leading', '年度评定'], '统一社会信用代码', 'enterprise-unknown'],
      [[FIRST, LADDER, '晋升', 'leading', '年度评定'], '调整方式', 'word'],
      [[FIRST, LADDER, '升级', '', '年度评定'], '目标梯次', 'required'],
    ],
    recorded: () => Promise.all([FIRST, SECOND].map((owner) => ledger.app.get(Tiers).load(LADDER, owner))),
    expected: [{ status: 'placed', tier: 'leading' }, { status: 'removed' }],
  },
  {
    kind: 'targets',
    as: 'clerk',
    headings: ['政策包', '条款', '单位', '所属期', '实际数', '来源单位', '统计日期', '更正序号'],
    good: [report('2024年', '119'), report('2024', '121.50', '江苏省南通市海门区', '1'), report('2024-Q3', '90')],
    bad: [
      // The same unit, named or not.
      [report('2024', '7'), '所属期', 'report-exists'],
      [report('2024', '7', '', '9'), '更正序号', 'report-not-found'],
      [report('2024', '7', '', '1'), '更正序号', 'report-corrected'],
      [report('2030', '7'), '所属期', 'invalid-input'],
      [report('2025-Q1', '7'), '统计日期', 'invalid-input'],
      [report('2024年13月', '7'), '所属期', 'period'],
      [report('2023', '三万'), '实际数', 'unit'],
      [report('2023', '7').with(0, '无此政策'), '政策包', 'policy-unknown'],
      [report('2023', '7').with(1, 'H99'), '条款', 'clause-not-found'],
      [report('2023', '7').with(1, 'H34').with(2, '无此单位'), '单位', 'target-unit-unknown'],
    ],
    recorded: () => entries('haimen-2022/H07'),
    expected: {
      items: [
        { no: 1, value: '119', correctedBy: 2 },
        { no: 2, value: '121.5', corrects: 1 },
        { no: 3, period: '2024-Q3', value: '90' },
      ],
    },
  },
  {
    kind: 'target-plans',
    as: 'approver',
    headings: ['政策包', '条款', '单位', '年度', '计划数', '分解文件', '更正序号'],
    good: [plan(BUILDERS, '2024年', '1.5'), plan(BUILDERS, '2024', '1.6', '1')],
    bad: [
      [plan(BUILDERS, '2024', '2'), '年度', 'report-exists'],
      [plan('高等学校', '2024', '1'), '年度', 'plan-stated'],
      [plan(BUILDERS, '2031', '1'), '年度', 'year-not-planned'],
      [plan(BUILDERS, '今年', '1'), '年度', 'year'],
      [plan(BUILDERS, '2025', '1').with(5, ''), '分解文件', 'required'],
    ],
    recorded: () => entries('ganzhou-2023/Z32'),
    expected: {
      items: [
        { no: 1, value: '1.5', correctedBy: 2 },
        { no: 2, value: '1.6', corrects: 1 },
      ],
    },
  },
  {
    kind: 'target-baselines',
    as: 'clerk',
    headings: ['政策包', '条款', '单位', '年度', '基数', '来源单位', '统计日期', '更正序号'],
    good: [baseline('J12-net', '', '1851'), baseline('J12-net', '', '1852', '1'), baseline('J12-net', '2023', '1900')],
    bad: [
      [baseline('J12-net', '', '7'), '年度', 'report-exists'],
      [baseline('J12', '', '7'), '条款', 'target-without-baseline'],
      [baseline('J12-net', '2022', '7').with(6, '2026-03-02'), '统计日期', 'invalid-input'],
    ],
    recorded: () => entries('jiangmen-2021/J12-net'),
    expected: {
      items: [
        { no: 1, correctedBy: 2 },
        { no: 2, value: '1852', corrects: 1 },
        { no: 3, year: 2023, value: '1900' },
      ],
    },
  },
];

describe.each(samples)('an import of $kind', ({ kind, as, headings, good, bad, recorded, expected }) => {
  const rows = good.length;
  const nothing = { written: 0, unchanged: 0, changing: rows };

  it('names row and column of everything wrong, and leaves no trace when one row is wrong or it is a rehearsal', async () => {
    const position = await ledger.head();
    const errors = bad.map(([, column, wrong], index) => ({ row: rows + 2 + index, column, code: wrong }));
    const faulty = csv(headings, ...good, ...bad.map(([row]) => row));
    for (const query of ['', '?dryRun=true', '?mode=valid-rows&dryRun=true'])
      expect(await ledger.bring(`${kind}${query}`, faulty, { as })).toMatchObject({
        state: 'finished',
        errors,
        counts: { ...nothing, rejected: bad.length },
      });
    expect(await ledger.bring(`${kind}?dryRun=true`, csv(headings, ...good), { as })).toMatchObject({ errorCount: 0, counts: nothing });
    expect(await ledger.head()).toBe(position);
  });

  it('writes what people could do by hand, in the order of its rows; again it changes nothing', async () => {
    const position = await ledger.head();
    const file = csv(headings, ...good);
    expect(await ledger.bring(kind, file, { as })).toMatchObject({ errorCount: 0, counts: { written: rows, unchanged: 0, events: rows } });
    expect(await ledger.head()).toBe(position + rows);
    await ledger.settle();
    expect(await recorded()).toMatchObject(expected as object);
    for (const query of ['', '?mode=valid-rows', '?dryRun=true'])
      expect(await ledger.bring(`${kind}${query}`, file, { as })).toMatchObject({
        errorCount: 0,
        counts: { written: 0, changing: 0, unchanged: rows },
      });
    expect(await ledger.head()).toBe(position + rows);
  });

  it('is for those who may do the same by hand, with a template to fill in', async () => {
    const [sheet, other] = [await ledger.ask(`/v1/imports/templates/${kind}`), as === 'clerk' ? 'reviewer' : 'clerk'];
    expect(await ledger.post(kind, sheet.content, { as: other, type: SHEET_TYPES.xlsx })).toMatchObject({ status: 403 });
    expect(await ledger.bring(kind, sheet.content, { as, type: SHEET_TYPES.xlsx })).toMatchObject({ errorCount: 0, counts: { rows: 0 } });
  });
});

describe('only the rows that are right', () => {
  it('are written when asked to, each on what the ones before it have left', async () => {
    const position = await ledger.head();
    const headings = ['政策包', '条款', '所属期', '实际数', '来源单位', '统计日期'];
    const rows = ['1', '2', '1'].map((value) => ['haimen-2022', 'H08', '2023', value, '区科技局', '2025-01-15']);
    expect(await ledger.bring('targets?mode=valid-rows', csv(headings, ...rows))).toMatchObject({
      errors: [{ row: 3, column: '所属期', code: 'report-exists' }],
      // The third row says what the first one says.
      counts: { written: 1, rejected: 1, unchanged: 1 },
    });
    expect(await ledger.head()).toBe(position + 1);
  });
});
