import { type RecordCertificate, RunEnterpriseCommand } from '@app/enterprises';
import type { CreditCode } from '@app/kernel';
import { type Column, type ImportKind, oneByOne } from '../import-kind.js';
import { CellFault, creditCodeOf, day, type Take, text, textOf, word, yesOrNo } from '../values.js';
import { CREDIT_CODE, documentsIn, EVIDENCE_COLUMNS } from './shared-columns.js';

const number = text(100);
const issuer = text(100);
const certification = word({ first: '首次认定', renewal: '重新认定' });
/** 高新技术企业证书, or another kind by its word. */
const kind: Take<string> = (cell) => {
  const value = textOf(cell);
  if (['高新技术企业证书', '高新技术企业'].includes(value)) return 'hnte';
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(value)) throw new CellFault('word', '应为 高新技术企业证书，或其他种类的代号（小写英文）');
  return value;
};

const COLUMNS: readonly Column[] = [
  CREDIT_CODE,
  { field: 'number', heading: '证书编号', required: true, example: 'GR202336000001', help: '最多100字' },
  { field: 'kind', heading: '证书种类', example: '高新技术企业证书', help: '不填为高新技术企业证书' },
  { field: 'certification', heading: '认定类型', required: true, example: '首次认定', help: '首次认定 或 重新认定' },
  { field: 'issuedOn', heading: '发证日期', required: true, example: '2023-11-22', help: '日期' },
  { field: 'expiresOn', heading: '有效期至', required: true, example: '2026-11-21', help: '最后一个有效日' },
  { field: 'issuer', heading: '发证机关', required: true, example: '某省科学技术厅', help: '最多100字' },
  { field: 'corrects', heading: '更正', example: '否', help: '更正已登记的同号证书时填 是' },
  ...EVIDENCE_COLUMNS('如证书扫描件', true),
];

/** 证书 */
export const certificateImport: ImportKind<RecordCertificate> = {
  name: 'certificates',
  title: '证书',
  roles: ['clerk'],
  columns: COLUMNS,
  columnOf: { 'enterprise-unknown': 'creditCode', 'certificate-exists': 'number' },
  read(cells) {
    const group = cells.need('creditCode', creditCodeOf);
    const corrects = cells.take('corrects', yesOrNo);
    const item: RecordCertificate = {
      type: 'record-certificate',
      number: cells.need('number', number),
      kind: cells.take('kind', kind) ?? 'hnte',
      certification: cells.need('certification', certification) as RecordCertificate['certification'],
      issuedOn: cells.need('issuedOn', day),
      expiresOn: cells.need('expiresOn', day),
      issuer: cells.need('issuer', issuer),
      evidence: documentsIn(cells, true),
      ...(corrects === true && { corrects }),
    };
    return { group, item };
  },
  bundles: oneByOne,
  command: (item, group, context) => new RunEnterpriseCommand(group as CreditCode, item, context),
};
