import type { Evidence } from '@app/kernel';
import type { Column, RowCells } from '../import-kind.js';
import { text } from '../values.js';

export const CREDIT_CODE: Column = {
  field: 'creditCode',
  heading: '统一社会信用代码',
  required: true,
  example: '91360700MA35QWERTX',
  help: '18位；请将整列设为“文本”格式',
};

/** A document a row rests on. */
export const EVIDENCE_COLUMNS = (help: string, required?: true): readonly Column[] => [
  { field: 'evidence', heading: '佐证材料', ...(required && { required }), example: '佐证材料名称', help },
  { field: 'evidenceNo', heading: '佐证文号', example: '某函〔2024〕1号', help: '佐证材料的文号，没有可不填' },
];

const title = text(200);
const documentNo = text(100);

export function documentsIn(cells: RowCells, isRequired = false): readonly Evidence[] {
  const named = isRequired ? cells.need('evidence', title) : cells.take('evidence', title);
  const number = cells.take('evidenceNo', documentNo);
  if (named === undefined) {
    if (number !== undefined && !cells.failed) cells.fail('evidence', 'required', '填写了佐证文号，还须填写佐证材料');
    return [];
  }
  return [{ title: named, ...(number !== undefined && { documentNo: number }) }];
}
