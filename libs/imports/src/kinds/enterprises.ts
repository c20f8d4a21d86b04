import { type RegisterEnterprise, RunEnterpriseCommand } from '@app/enterprises';
import type { CreditCode } from '@app/kernel';
import { type Column, type ImportKind, oneByOne } from '../import-kind.js';
import { creditCodeOf, day, text } from '../values.js';
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
export const enterpriseImport: ImportKind<RegisterEnterprise> = {
  name: 'enterprises',
  title: '企业名册',
  roles: ['clerk'],
  columns: COLUMNS,
  columnOf: { 'enterprise-exists': 'creditCode' },
  read(cells) {
    const creditCode = cells.need('creditCode', creditCodeOf);
    const [where, registeredOn, evidence] = [cells.take('region', region), cells.take('registeredOn', day), documentsIn(cells)];
    const item: RegisterEnterprise = {
      type: 'register',
      creditCode,
      name: cells.need('name', name),
      ...(where !== undefined && { region: where }),
      ...(registeredOn !== undefined && { registeredOn }),
      ...(evidence.length > 0 && { evidence }),
    };
    return { group: creditCode, item };
  },
  bundles: oneByOne,
  command: (item, group, context) => new RunEnterpriseCommand(group as CreditCode, item, context),
};
