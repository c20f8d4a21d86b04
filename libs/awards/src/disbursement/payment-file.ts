import { capitalAmount, Money, refused } from '@app/kernel';
import { BYTE_ORDER_MARK, type Cell, csvLine, type FilledSheet, type SheetRow, TABLE_TYPES, workbookBuffer } from '@app/sheets';
import { type BatchLine, type BatchState, batchTotal, type ExistingBatch } from './batch.js';

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

export const PAYMENT_FILE_TYPES = TABLE_TYPES;
export type PaymentFileFormat = keyof typeof PAYMENT_FILE_TYPES;

/**
 * The payment list of a frozen batch. The same batch always gives the same rows. A workbook holds them twice: as a table, and
 * as the form that is printed and signed, which it opens with.
 * @throws Problem `batch-status` for a batch that is not frozen: only then is its composition final.
 */
export async function paymentFile(batch: string, state: BatchState, format: PaymentFileFormat): Promise<Buffer> {
  if (state.status !== 'frozen') throw refused('batch-status', `the batch is ${state.status}; only a frozen batch is exported`);
  const lines = state.lines.filter(({ status }) => status !== 'dropped');
  const rows = lines.map((line): readonly Cell[] => [
    batch,
    line.line,
    line.payeeName,
    line.payee,
    line.account,
    Money.parse(line.amount),
    `${line.policy.pack} ${line.policy.clause}`,
    `v${line.policy.version} ${line.policy.hash.slice(0, 12)}`,
    line.documentNo,
    line.award,
    line.instalment,
  ]);
  if (format === 'csv') return Buffer.from(BYTE_ORDER_MARK + [HEADINGS, ...rows].map(csvLine).join(''), 'utf8');
  return workbookBuffer([tableOf(rows), formOf(batch, state, lines)], 1);
}

function tableOf(rows: readonly (readonly Cell[])[]): FilledSheet {
  return {
    name: '拨付清单',
    widths: [12, 6, 34, 22, 34, 16, 26, 18, 22, 50, 6],
    frozenRows: 1,
    // Numbers of lines and instalments are names, as they are in the CSV.
    rows: [
      { cells: HEADINGS, style: 'heading' },
      ...rows.map((cells): SheetRow => ({ cells: cells.map((cell) => (typeof cell === 'number' ? String(cell) : cell)) })),
    ],
  };
}

const FORM_HEADINGS = ['序号', '收款单位', '统一社会信用代码', '收款账户', '金额（元）', '政策条款', '批准文号', '奖补编号（分期）'];

/** As a finance bureau prints and signs it: A4 across, with the sum in figures and in capitals. */
function formOf(batch: string, state: ExistingBatch, lines: readonly BatchLine[]): FilledSheet {
  const total = batchTotal(state.lines);
  const across = (text: string, style: SheetRow['style'], height: number): SheetRow => ({ cells: [text], style, acrossAll: true, height });
  return {
    name: '签批表',
    widths: [6, 30, 21, 30, 16, 22, 20, 40],
    print: { orientation: 'landscape', repeatedRows: [3, 3] },
    rows: [
      across('奖补资金拨付清单', 'title', 40),
      across(`批次：${batch}    ${state.title}    锁定日期：${state.frozenOn ?? ''}    共${lines.length}笔`, 'note', 22),
      { cells: FORM_HEADINGS, style: 'heading', height: 24 },
      ...lines.map(({ line, payeeName, payee, account, amount, policy, documentNo, award, instalment }): SheetRow => ({
        cells: [
          line,
          payeeName,
          payee,
          account,
          Money.parse(amount),
          `${policy.pack} ${policy.clause}`,
          documentNo,
          `${award}（第${instalment}期）`,
        ],
        style: 'framed',
      })),
      { cells: ['合计', null, null, null, total, null, null, null], style: 'total', height: 24 },
      across(`合计（大写）：${capitalAmount(total)}`, 'note', 24),
      across('制表：                    复核：                    审批：                    日期：        年    月    日', 'note', 40),
    ],
  };
}
