import { type ReportActual, type ReportBaseline, RunTargetCommand, type SetPlan, type TargetCommand, type TargetRef } from '@app/targets';
import { type Column, type ImportKind, oneByOne, type RowCells } from '../import-kind.js';
import { CellFault, day, decimal, type Take, text, textOf } from '../values.js';
import { documentsIn, EVIDENCE_COLUMNS } from './shared-columns.js';

const id = text(64);
const unit = text(100);
const sourceUnit = text(100);
const documentTitle = text(200);

/** 2024, 2024年, 2024-H1, 2024-Q3, 2024-09 or 2024年9月. */
const period: Take<string> = (cell) => {
  const value = textOf(cell)
    .toUpperCase()
    .replace(/^(\d{4})年度?$/, '$1')
    .replace(/^(\d{4})年(\d{1,2})月$/, (_, year: string, month: string) => `${year}-${month.padStart(2, '0')}`);
  if (!/^\d{4}(-(H[12]|Q[1-4]|0[1-9]|1[0-2]))?$/.test(value)) throw new CellFault('period', '应为 2024、2024-H1、2024-Q3 或 2024-09');
  return value;
};
const year: Take<number> = (cell) => {
  const found = Number(/^(\d{4})(?:年度?)?$/.exec(textOf(cell))?.[1]);
  if (!(found >= 1949 && found <= 9997)) throw new CellFault('year', '应为年份，如 2024');
  return found;
};
const count: Take<number> = (cell) => {
  const value = textOf(cell);
  if (!/^[1-9]\d{0,5}$/.test(value)) throw new CellFault('number', '应为序号，如 1');
  return Number(value);
};

const TARGET: readonly Column[] = [
  { field: 'pack', heading: '政策包', required: true, example: 'ganzhou-2023', help: '政策包的代号' },
  { field: 'clause', heading: '条款', required: true, example: 'Z29', help: '设定目标的条款' },
  { field: 'unit', heading: '单位', example: '某县', help: '计划表中的单位；不填为政策所在地区' },
];
const SOURCE: readonly Column[] = [
  { field: 'sourceUnit', heading: '来源单位', required: true, example: '某县科技局', help: '最多100字' },
  { field: 'asOf', heading: '统计日期', required: true, example: '2024-10-15', help: '来源单位出具数据的日期' },
];
const valueColumn = (heading: string): Column => ({ field: 'value', heading, required: true, example: '2.6', help: '按该指标的计量单位' });
const corrects = (what: string): Column => ({ field: 'corrects', heading: '更正序号', example: '', help: `更正已登记的${what}时填其序号` });

interface FigureRow<Command extends TargetCommand> {
  readonly target: TargetRef;
  readonly command: Command;
}

/** Figures about targets. All of a clause are one group: its region may be named or left out, and is one unit. */
function figures<Command extends TargetCommand>(
  kind: Pick<ImportKind, 'name' | 'title' | 'roles' | 'columns' | 'columnOf'>,
  commandIn: (cells: RowCells) => Command,
): ImportKind<FigureRow<Command>> {
  return {
    ...kind,
    columnOf: {
      'policy-unknown': 'pack',
      'clause-not-found': 'clause',
      'clause-sets-no-target': 'clause',
      'target-without-baseline': 'clause',
      'target-unit-unknown': 'unit',
      'report-not-found': 'corrects',
      'report-corrected': 'corrects',
      'correction-of-another-period': 'corrects',
      ...kind.columnOf,
    },
    read(cells) {
      const [pack, clause, named] = [cells.need('pack', id), cells.need('clause', id), cells.take('unit', unit)];
      const target = { pack, clause, ...(named !== undefined && { unit: named }) };
      return { group: `${pack}.${clause}`, item: { target, command: commandIn(cells) } };
    },
    bundles: oneByOne,
    command: ({ target, command }, _group, context) => new RunTargetCommand(target, command, context),
  };
}

function correcting(cells: RowCells) {
  const [wrong, evidence] = [cells.take('corrects', count), documentsIn(cells)];
  return { ...(wrong !== undefined && { corrects: wrong }), ...(evidence.length > 0 && { evidence }) };
}

/** 目标任务实际数: recorded as reported; another person verifies them. */
export const actualImport = figures<ReportActual>(
  {
    name: 'targets',
    title: '目标任务实际数',
    roles: ['clerk'],
    columns: [
      ...TARGET,
      {
        field: 'period',
        heading: '所属期',
        required: true,
        example: '2024-Q3',
        help: '2024、2024-H1、2024-Q3 或 2024-09，为期末累计数',
      },
      valueColumn('实际数'),
      ...SOURCE,
      corrects('实际数'),
      ...EVIDENCE_COLUMNS('没有可不填'),
    ],
    columnOf: { 'report-exists': 'period' },
  },
  (cells) => ({
    type: 'report-actual',
    period: cells.need('period', period),
    value: cells.need('value', decimal),
    sourceUnit: cells.need('sourceUnit', sourceUnit),
    asOf: cells.need('asOf', day),
    ...correcting(cells),
  }),
);

/** 目标任务分解指标: a decision, which takes effect on the day of the import. */
export const planImport = figures<SetPlan>(
  {
    name: 'target-plans',
    title: '目标任务分解指标',
    roles: ['approver', 'administrator'],
    columns: [
      ...TARGET,
      { field: 'year', heading: '年度', required: true, example: '2024', help: '指标所属年份' },
      valueColumn('计划数'),
      { field: 'document', heading: '分解文件', required: true, example: '某市分解下达通知', help: '下达指标的文件名称，最多200字' },
      corrects('分解指标'),
      ...EVIDENCE_COLUMNS('没有可不填'),
    ],
    columnOf: { 'report-exists': 'year', 'plan-stated': 'year', 'year-not-planned': 'year' },
  },
  (cells) => ({
    type: 'set-plan',
    year: cells.need('year', year),
    value: cells.need('value', decimal),
    document: cells.need('document', documentTitle),
    ...correcting(cells),
  }),
);

/** 目标任务基数 */
export const baselineImport = figures<ReportBaseline>(
  {
    name: 'target-baselines',
    title: '目标任务基数',
    roles: ['clerk'],
    columns: [
      ...TARGET,
      { field: 'year', heading: '年度', example: '2024', help: '以该基数考核的年份；各年同一基数的不填' },
      valueColumn('基数'),
      ...SOURCE,
      corrects('基数'),
      ...EVIDENCE_COLUMNS('没有可不填'),
    ],
    columnOf: { 'report-exists': 'year' },
  },
  (cells) => {
    const judged = cells.take('year', year);
    return {
      type: 'report-baseline',
      ...(judged !== undefined && { year: judged }),
      value: cells.need('value', decimal),
      sourceUnit: cells.need('sourceUnit', sourceUnit),
      asOf: cells.need('asOf', day),
      ...correcting(cells),
    };
  },
);
