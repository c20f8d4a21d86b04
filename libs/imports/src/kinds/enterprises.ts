import { Injectable } from '@nestjs/common';
import type { RegisterEnterprise } from '@app/enterprises';
import type { CommandContext } from '@app/event-store';
import type { CreditCode } from '@app/kernel';
import type { Column, Entry, ImportKind, RowCells, Verdict } from '../import-kind.js';
import { creditCodeOf, day, text } from '../values.js';
import { EnterpriseDoor } from './enterprise-door.js';
import { CREDIT_CODE, documentsIn, EVIDENCE_COLUMNS } from './shared-columns.js';

const name = text(200);
const region = text(100);

const COLUMNS: readonly Column[] = [
  CREDIT_CODE,
  { field: 'name', heading: '企业名称', required: true, example: '某某科技有限公司', help: '最多200字' },
  { field: 'region', heading: '所在区域', example: '某市某区', help: '最多100字' },
  { field: 'registeredOn', heading: '成立日期', example: '2019-05-06', help: '市场监管部门登记的成立日期' },
  ...EVIDENCE_COLUMNS('信用代码校验位不符时必填'),
];

/** 企业名册 */
@Injectable()
export class EnterpriseImport implements ImportKind<RegisterEnterprise> {
  readonly name = 'enterprises';
  readonly title = '企业名册';
  readonly roles = ['clerk'] as const;
  readonly columns = COLUMNS;
  readonly canRehearse = true;

  constructor(private readonly door: EnterpriseDoor) {}

  read(cells: RowCells): { readonly group: string; readonly item: RegisterEnterprise } {
    const code = cells.need('creditCode', creditCodeOf);
    const [where, registeredOn, evidence] = [cells.take('region', region), cells.take('registeredOn', day), documentsIn(cells)];
    const item: RegisterEnterprise = {
      type: 'register',
      creditCode: code,
      name: cells.need('name', name),
      ...(where !== undefined && { region: where }),
      ...(registeredOn !== undefined && { registeredOn }),
      ...(evidence.length > 0 && { evidence }),
    };
    return { group: code, item };
  }

  decide(group: string, entries: readonly Entry<RegisterEnterprise>[], context: CommandContext): Promise<Verdict> {
    const each = (rows: readonly Entry<RegisterEnterprise>[]) =>
      rows.map((entry) => ({ command: entry.item, entries: [entry], fieldOf: (field: string) => ({ index: 0, field }) }));
    return this.door.decide(this.name, group as CreditCode, entries, each, context);
  }
}
