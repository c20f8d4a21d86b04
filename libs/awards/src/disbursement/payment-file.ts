import { stringify } from 'csv-stringify/sync';
import writeExcelFile from 'write-excel-file/node';
import { Money, refused } from '@app/kernel';
import type { BatchState } from './batch.js';

/** 拨付清单: what a bank needs to pay and a reviewer needs to check. */
const HEADINGS = [
  '批次',
  '序号',
  '收款单位',
  '统一社会信用代码',
  '收款账户',
  '金额',
  '政策条款',
  '政策版本',
  '批准文号',
  '奖补编号',
  '分期',
] as const;

export const PAYMENT_FILE_TYPES = {
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
} as const;
export type PaymentFileFormat = keyof typeof PAYMENT_FILE_TYPES;

/**
 * The payment list of a frozen batch. The same batch always gives the same rows.
 * @throws Problem `batch-status` for a batch that is not frozen: only then is its composition final.
 */
export async function paymentFile(batch: string, state: BatchState, format: PaymentFileFormat): Promise<Buffer> {
  if (state.status !== 'frozen') throw refused('batch-status', `the batch is ${state.status}; only a frozen batch is exported`);
  const rows = state.lines
    .filter(({ status }) => status !== 'dropped')
    .map((line) => [
      batch,
      line.line,
      line.payeeName,
      line.payee,
      line.account,
      line.amount,
      `${line.policy.pack} ${line.policy.clause}`,
      `v${line.policy.version} ${line.policy.hash.slice(0, 12)}`,
      line.documentNo,
      line.award,
      line.instalment,
    ]);
  return format === 'csv' ? csv(rows) : excel(rows);
}

/** With a byte order mark, without which spreadsheet programs misread Chinese text. */
function csv(rows: readonly (readonly (string | number)[])[]): Buffer {
  return Buffer.from(stringify([[...HEADINGS], ...rows.map((row) => row.map(harmless))], { bom: true }), 'utf8');
}

/** A text that a spreadsheet would run as a formula is shown as text instead. */
function harmless(value: string | number): string | number {
  return typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
}

async function excel(rows: readonly (readonly (string | number)[])[]): Promise<Buffer> {
  const header = HEADINGS.map((value) => ({ value, fontWeight: 'bold' as const }));
  const amountColumn = HEADINGS.indexOf('金额');
  const data = rows.map((row) =>
    row.map((value, column) =>
      // Every legal amount has at most 15 digits, which a spreadsheet's numbers hold exactly.
      column === amountColumn
        ? { value: Money.parse(String(value)).toFen() / 100, type: Number, format: '#,##0.00' }
        : { value: String(value), type: String },
    ),
  );
  const file = writeExcelFile([header, ...data] as never, { sheet: '拨付清单' } as never) as unknown as { toBuffer(): Promise<Buffer> };
  return file.toBuffer();
}
