import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { CommandContext } from '@app/event-store';
import { normalisedReference } from '@app/kernel';
import { type ReportActual, RunTargetCommand, type TargetRef } from '@app/targets';
import type { Column, Entry, ImportKind, RowCells, Verdict } from '../import-kind.js';
import { CellFault, day, decimal, type Take, text, textOf } from '../values.js';
import { commandOrders } from './command-orders.js';
import { documentsIn, EVIDENCE_COLUMNS } from './shared-columns.js';

const id = text(64);
const unit = text(100);
const sourceUnit = text(100);

/** 2024, 2024年, 2024-H1, 2024-Q3, 2024-09 or 2024年9月. */
const period: Take<string> = (cell) => {
  const value = textOf(cell)
    .toUpperCase()
    .replace(/^(\d{4})年度?$/, '$1')
    .replace(/^(\d{4})年(\d{1,2})月$/, (_, year: string, month: string) => `${year}-${month.padStart(2, '0')}`);
  if (!/^\d{4}(-(H[12]|Q[1-4]|0[1-9]|1[0-2]))?$/.test(value)) throw new CellFault('period', '应为 2024、2024-H1、2024-Q3 或 2024-09');
  return value;
};
const count: Take<number> = (cell) => {
  const value = textOf(cell);
  if (!/^[1-9]\d{0,5}$/.test(value)) throw new CellFault('number', '应为报告序号，如 1');
  return Number(value);
};

const COLUMNS: readonly Column[] = [
  { field: 'pack', heading: '政策包', required: true, example: 'ganzhou-2023', help: '政策包的代号' },
  { field: 'clause', heading: '条款', required: true, example: 'Z29', help: '设定目标的条款' },
  { field: 'unit', heading: '单位', example: '某县', help: '计划表中的单位；不填为政策所在地区' },
  { field: 'period', heading: '所属期', required: true, example: '2024-Q3', help: '2024、2024-H1、2024-Q3 或 2024-09，为期末累计数' },
  { field: 'value', heading: '实际数', required: true, example: '2.6', help: '按该指标的计量单位' },
  { field: 'sourceUnit', heading: '来源单位', required: true, example: '某县科技局', help: '最多100字' },
  { field: 'asOf', heading: '统计日期', required: true, example: '2024-10-15', help: '来源单位出具数据的日期' },
  { field: 'corrects', heading: '更正报告序号', example: '', help: '更正已填报的数据时填其序号' },
  ...EVIDENCE_COLUMNS('没有可不填'),
];

interface TargetRow {
  readonly target: TargetRef;
  readonly command: ReportActual;
}

/** 目标任务实际数: recorded as reported; another person verifies them. */
@Injectable()
export class TargetImport implements ImportKind<TargetRow> {
  readonly name = 'targets';
  readonly title = '目标任务实际数';
  readonly roles = ['clerk'] as const;
  readonly columns = COLUMNS;
  readonly canRehearse = false;

  constructor(private readonly commands: CommandBus) {}

  read(cells: RowCells): { readonly group: string; readonly item: TargetRow } {
    const [pack, clause, named] = [cells.need('pack', id), cells.need('clause', id), cells.take('unit', unit)];
    const corrects = cells.take('corrects', count);
    const evidence = documentsIn(cells);
    const command: ReportActual = {
      type: 'report-actual',
      period: cells.need('period', period),
      value: cells.need('value', decimal),
      sourceUnit: cells.need('sourceUnit', sourceUnit),
      asOf: cells.need('asOf', day),
      ...(corrects !== undefined && { corrects }),
      ...(evidence.length > 0 && { evidence }),
    };
    const target = { pack, clause, ...(named !== undefined && { unit: named }) };
    return { group: `${pack}.${clause}.${normalisedReference(named ?? '')}`, item: { target, command } };
  }

  async decide(group: string, entries: readonly Entry<TargetRow>[], context: CommandContext): Promise<Verdict> {
    return commandOrders(this.name, group, entries, context, ({ target, command }, own) =>
      this.commands.execute(new RunTargetCommand(target, command, own)),
    );
  }
}
