import { parse } from 'csv-parse/sync';
import { type FieldError, invalid, isBusinessDate, Money } from '@app/kernel';
import type { LineResult, ReportedResult } from './batch.js';

/** 银行回单文件: one row a payment. Column names in English or Chinese, in any order. */
const COLUMNS: Readonly<Record<string, string>> = {
  batch: 'batch',
  批次: 'batch',
  line: 'line',
  序号: 'line',
  amount: 'amount',
  金额: 'amount',
  result: 'result',
  结果: 'result',
  date: 'on',
  日期: 'on',
  reference: 'reference',
  流水号: 'reference',
  reason: 'reason',
  原因: 'reason',
};
const RESULTS: Readonly<Record<string, LineResult['result']>> = {
  paid: 'paid',
  成功: 'paid',
  已付: 'paid',
  returned: 'returned',
  退回: 'returned',
  退票: 'returned',
  失败: 'returned',
};
const REQUIRED = ['batch', 'line', 'amount', 'result', 'on', 'reference'] as const;
const MAX_ROWS = 10_000;

/**
 * Reads the bank's return file for one batch. All or nothing: a single bad row refuses the whole file.
 * @throws Problem `bank-file-invalid` naming every bad row and column.
 */
export function parseBankFile(text: string, batch: string): readonly ReportedResult[] {
  const rows = readRows(text);
  const errors: FieldError[] = [];
  const results = rows.map(({ number, row }) => {
    const field = (column: string) => `row ${number}.${column}`;
    const check = (column: string, rule: string, ok: boolean, message: string) => {
      if (!ok) errors.push({ field: field(column), rule, message: `${field(column)} ${message}` });
    };
    const { batch: rowBatch = '', line = '', result = '', reference = '', reason = '' } = row;
    const [amount, on] = [plainAmount(row['amount'] ?? ''), plainDate(row['on'] ?? '')];
    check('batch', 'this-batch', rowBatch === batch, `must be ${batch}, the batch this file is recorded for`);
    check('line', 'line', /^[1-9]\d{0,5}$/.test(line), 'must be a line number');
    check('amount', 'money', Money.isText(amount), 'must be yuan such as 100000.00 or 100,000.00');
    check('result', 'result', Object.hasOwn(RESULTS, result), `must be one of ${Object.keys(RESULTS).join(', ')}`);
    check('date', 'date', isBusinessDate(on), 'must be an existing day written YYYY-MM-DD or YYYY/MM/DD');
    check('reference', 'required', /^\S.{0,99}$/u.test(reference), "must be the bank's reference, at most 100 characters");
    check('reason', 'length', reason.length <= 500, 'must have at most 500 characters');
    return {
      line: Number(line),
      amount: Money.isText(amount) ? Money.parse(amount).toString() : amount,
      result: RESULTS[result] ?? 'paid',
      on,
      reference,
      reason,
      row: number,
    };
  });
  if (errors.length > 0)
    throw invalid('bank-file-invalid', `${errors.length} fields of the file are not valid; nothing was recorded`, errors.slice(0, 100));
  return results;
}

/** Without the separators of thousands, where they stand right: what they separate is otherwise anybody's guess. */
function plainAmount(text: string): string {
  return /^\d{1,3}(,\d{3})+(\.\d+)?$/.test(text) ? text.replaceAll(',', '') : text;
}

/** Spreadsheets write days with slashes, and leave out leading zeros. */
function plainDate(text: string): string {
  const parts = /^(\d{4})\/(\d{1,2})\/(\d{1,2})$/.exec(text);
  return parts === null ? text : [parts[1], ...parts.slice(2).map((part) => part.padStart(2, '0'))].join('-');
}

interface Row {
  /** The line it ends on, blank lines counted: where a person looks for it. */
  readonly number: number;
  readonly row: Readonly<Record<string, string>>;
}

function readRows(text: string): readonly Row[] {
  let records: { readonly record: string[]; readonly info: { readonly lines: number } }[];
  try {
    const options = { bom: true, skipEmptyLines: true, trim: true, relaxColumnCount: false, maxRecordSize: 10_000, info: true } as const;
    records = parse(text, options) as unknown as typeof records;
  } catch (error) {
    throw invalid('bank-file-invalid', `the file is not CSV: ${(error as Error).message}`, [
      { field: 'content', rule: 'csv', message: (error as Error).message },
    ]);
  }
  const [header, ...rows] = records;
  const names = (header?.record ?? []).map((name) => COLUMNS[name.toLowerCase()] ?? COLUMNS[name] ?? '');
  const missing = REQUIRED.filter((name) => !names.includes(name));
  const twice = names.filter((name, index) => name !== '' && names.indexOf(name) !== index);
  if (missing.length > 0 || twice.length > 0 || rows.length === 0 || rows.length > MAX_ROWS) {
    const message =
      rows.length === 0 || rows.length > MAX_ROWS
        ? `needs 1 to ${MAX_ROWS} rows`
        : `needs each of the columns batch, line, amount, result, date, reference once`;
    throw invalid('bank-file-invalid', `the file ${message}`, [{ field: 'content', rule: 'columns', message }]);
  }
  return rows.map(({ record, info }) => ({
    number: info.lines,
    row: Object.fromEntries(record.flatMap((value, index) => (names[index] === '' ? [] : [[names[index], value]]))) as Record<
      string,
      string
    >,
  }));
}
