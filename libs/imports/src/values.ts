import { validateSync } from 'class-validator';
import { IsText } from '@app/http';
import { type CreditCode, creditCode, isBusinessDate, Money } from '@app/kernel';
import type { Cell } from './sheet/sheet.js';
import { dayOfSerial } from './sheet/xlsx.js';

/** Why a cell cannot be taken: a stable code, and words for the person who filled it in. */
export class CellFault extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** How a column's cells become values. @throws CellFault */
export type Take<Value> = (cell: Cell) => Value;

/** What a cell says, as text. */
export function textOf(cell: Cell): string {
  switch (cell.kind) {
    case 'formula':
      throw new CellFault('formula', '单元格是公式，请复制后“粘贴为数值”再导入');
    case 'error':
      throw new CellFault('cell-error', `单元格有错误值 ${cell.text}`);
    case 'too-long':
      throw new CellFault('too-long', '单元格内容过长');
    case 'imprecise':
      throw new CellFault('imprecise', '数字超过15位，电子表格已丢失末尾数字；请将单元格设为“文本”后重新填写');
    case 'text':
      // Blanks of every kind around it come from copying.
      return cell.text.replace(/^[\s\u00a0\u3000\ufeff]+|[\s\u00a0\u3000\ufeff]+$/g, '');
    default:
      return cell.text;
  }
}

/** Nothing in it that could be hidden, and something to see: no need to ask the rule itself. */
const PLAIN = /^[\u4e00-\u9fa5A-Za-z0-9（）()〔〕_.-]*[\u4e00-\u9fa5A-Za-z0-9][\u4e00-\u9fa5A-Za-z0-9（）()〔〕_.-]*$/;

/** A text by the very rule of the HTTP door. */
export function text(maxLength: number): Take<string> {
  class Text {
    text!: string;
  }
  IsText(maxLength)(Text.prototype, 'text');
  return (cell) => {
    const value = textOf(cell);
    if (value.length > maxLength) throw new CellFault('too-long', `最多 ${maxLength} 个字`);
    if (PLAIN.test(value)) return value;
    if (validateSync(Object.assign(new Text(), { text: value })).length > 0)
      throw new CellFault('text', '含有不可见字符或控制字符，或没有可见的文字');
    return value;
  };
}

export const creditCodeOf: Take<CreditCode> = (cell) => {
  const value = textOf(cell);
  try {
    return creditCode(value.length > 64 ? '' : value.normalize('NFKC'));
  } catch {
    throw new CellFault('credit-code', '统一社会信用代码应为18位（GB 32100，不含字母 I、O、S、V、Z）');
  }
};

/** 2024-05-06, 2024/5/6, 2024.5.6, 2024年5月6日, a spreadsheet's date or its bare number. */
export const day: Take<string> = (cell) => {
  const value = textOf(cell);
  const bare = /^\d{5}$/.test(value) ? dayOfSerial(Number(value)) : undefined;
  const [, year, month = '', date = ''] =
    /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]0{1,2}:00(?::00)?)?$/.exec(value) ?? /^(\d{4})年(\d{1,2})月(\d{1,2})日$/.exec(value) ?? [];
  const found = year === undefined ? bare : `${year}-${month.padStart(2, '0')}-${date.padStart(2, '0')}`;
  if (!isBusinessDate(found)) throw new CellFault('date', '应为存在的日期，如 2024-05-06');
  return found;
};

/** A year or a day. */
export const yearOrDay: Take<string> = (cell) => {
  const value = textOf(cell);
  const year = cell.kind === 'date' ? undefined : /^(\d{4})(?:年度?)?$/.exec(value)?.[1];
  if (year !== undefined) return year;
  try {
    return day(cell);
  } catch {
    throw new CellFault('period', '应为年份（如 2023）或日期（如 2024-05-06）');
  }
};

/** Yuan, also with thousand separators, ¥ or 元; what is given in 万元 has to be written out. */
export const money: Take<string> = (cell) => {
  const value = plainFigure(
    textOf(cell)
      .replace(/^[¥￥]\s*/, '')
      .replace(/元$/, ''),
  );
  if (/[万亿千百]/.test(value)) throw new CellFault('money-unit', '金额单位应为元，请将“万元”“亿元”换算为元后填写');
  const amount = value.replace(/(\.\d\d)0+$/, '$1');
  if (!Money.isText(amount)) throw new CellFault('money', '应为以元为单位的非负金额，最多两位小数，如 400000.00');
  return Money.parse(amount).toString();
};

/** A percentage: 3.00, 3% or a cell shown as a percentage; 0.03 in such a cell is 3. */
export const percent: Take<string> = (cell) => {
  const value = plainFigure(textOf(cell)).replace(/\s*[%％]$/, '');
  if (!/^(0|[1-9]\d{0,5})(\.\d{1,6})?$/.test(value)) throw new CellFault('percent', '应为非负百分数，如 3.00 表示 3%');
  return value;
};

/** A decimal figure of either sign. */
export const decimal: Take<string> = (cell) => {
  const value = plainFigure(textOf(cell));
  if (/[万亿]/.test(value)) throw new CellFault('unit', '请换算为该指标的计量单位后填写，不带“万”“亿”');
  if (!/^-?(0|[1-9]\d{0,12})(\.\d{1,6})?$/.test(value)) throw new CellFault('decimal', '应为数字，最多13位整数、6位小数');
  return value;
};

/** Full-width digits made plain, thousand separators dropped where they stand right. */
function plainFigure(text: string): string {
  const value = text.normalize('NFKC').replace(/\s/g, '');
  return /^-?\d{1,3}(,\d{3})+(\.\d+)?[^,]*$/.test(value) ? value.replaceAll(',', '') : value;
}

const YES_OR_NO: ReadonlyMap<string, boolean> = new Map([
  ['是', true],
  ['true', true],
  ['yes', true],
  ['否', false],
  ['false', false],
  ['no', false],
]);

export const yesOrNo: Take<boolean> = (cell) => {
  const value = YES_OR_NO.get(textOf(cell).toLowerCase());
  if (value === undefined) throw new CellFault('bool', '应为 是 或 否');
  return value;
};

/** One of some words, by the word itself or by what people call it. */
export function word(words: Readonly<Record<string, string>>): Take<string> {
  const known = new Map([
    ...Object.entries(words).map(([id, name]): [string, string] => [name, id]),
    ...Object.keys(words).map((id): [string, string] => [id, id]),
  ]);
  return (cell) => {
    const value = known.get(textOf(cell));
    if (value === undefined) throw new CellFault('word', `应为 ${Object.values(words).slice(0, 20).join('、')} 之一`);
    return value;
  };
}
