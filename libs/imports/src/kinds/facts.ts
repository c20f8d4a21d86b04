import { type FactDefinition, type FactVocabulary, type NewFact, type RecordFacts, RunEnterpriseCommand } from '@app/enterprises';
import { type CreditCode, normalisedReference } from '@app/kernel';
import type { Bundle, Column, Entry, ImportKind, Refusal } from '../import-kind.js';
import { CellFault, creditCodeOf, money, percent, type Take, text, word, yearOrDay, yesOrNo } from '../values.js';
import { CREDIT_CODE, documentsIn, EVIDENCE_COLUMNS } from './shared-columns.js';

/** As many as one command through the HTTP door may hold. */
const FACTS_IN_A_COMMAND = 200;
const factName = text(100);
const subject = text(100);
const sourceUnit = text(100);
const words = text(500);
const factId: Take<string> = (cell) => {
  const value = words(cell);
  if (!/^F[1-9]\d{0,8}$/.test(value)) throw new CellFault('fact-id', '应为数据编号，如 F3');
  return value;
};

const COLUMNS: readonly Column[] = [
  CREDIT_CODE,
  {
    field: 'name',
    heading: '数据名称',
    required: true,
    example: 'rd.expenditure',
    help: '政策所需数据的名称，如 rd.expenditure（研发投入）',
  },
  {
    field: 'value',
    heading: '数据值',
    required: true,
    example: '5000000.00',
    help: '金额以元为单位；百分数 3.00 表示 3%；是或否；选项按名称',
  },
  { field: 'period', heading: '所属期', example: '2023', help: '年度数据填年份；其他数据填起始日期，可不填' },
  { field: 'subject', heading: '所属项目', example: '', help: '数据属于某个项目、交易或证书时填其编号' },
  { field: 'sourceUnit', heading: '来源单位', required: true, example: '某区税务局', help: '最多100字' },
  { field: 'correctsFactId', heading: '更正数据编号', example: '', help: '更正已登记的数据时填其编号，如 F3' },
  ...EVIDENCE_COLUMNS('佐证材料名称，没有可不填'),
];

/** 申报数据: recorded as reported; another person verifies them. */
export const factImport = (vocabulary: FactVocabulary): ImportKind<NewFact, RecordFacts> => ({
  name: 'facts',
  title: '申报数据',
  roles: ['clerk'],
  columns: COLUMNS,
  columnOf: { 'enterprise-unknown': 'creditCode', 'fact-not-found': 'correctsFactId' },
  read(cells) {
    const group = cells.need('creditCode', creditCodeOf);
    const name = cells.need('name', factName) as string | undefined;
    const definition = name === undefined ? undefined : vocabulary.definitionOf(name);
    if (name !== undefined && definition === undefined) cells.fail('name', 'fact-unknown', `没有政策需要该数据：${name}`);
    const value = cells.need('value', definition === undefined ? words : valueOf(definition));
    const period = cells.take('period', yearOrDay);
    const about = cells.take('subject', subject);
    const corrects = cells.take('correctsFactId', factId);
    const item: NewFact = {
      name: name as string,
      value,
      ...(period !== undefined && { period }),
      ...(about !== undefined && { subject: about }),
      sourceUnit: cells.need('sourceUnit', sourceUnit),
      evidence: documentsIn(cells),
      ...(corrects !== undefined && { correctsFactId: corrects }),
    };
    return { group, item };
  },
  sift: withoutRepeats,
  bundles,
  command: (content, group, context) => new RunEnterpriseCommand(group as CreditCode, content, context),
});

function valueOf({ type, words: known = {} }: FactDefinition): Take<string | boolean> {
  switch (type) {
    case 'money':
      return money;
    case 'percent':
      return percent;
    case 'bool':
      return yesOrNo;
    case 'word':
      return word(known);
    case 'text':
      return words;
  }
}

/** A row that says again what another one says is left out; one that says something else about the same is at fault. */
function withoutRepeats(entries: readonly Entry<NewFact>[]) {
  const first = new Map<string, Entry<NewFact>>();
  const refusals: Refusal[] = [];
  let repeats = 0;
  for (const entry of entries) {
    const { name, period = '', subject: about = '', value } = entry.item;
    const key = [name, period, normalisedReference(about)].join(' ');
    const before = first.get(key);
    if (before === undefined) first.set(key, entry);
    else if (before.item.value === value && before.item.sourceUnit === entry.item.sourceUnit) repeats += 1;
    else refusals.push({ row: entry.row, field: 'name', code: 'stated-twice', message: `第 ${before.row} 行已填写同一数据，内容不同` });
  }
  return { rest: [...first.values()], refusals, repeats };
}

function bundles(entries: readonly Entry<NewFact>[]): readonly Bundle<NewFact, RecordFacts>[] {
  return Array.from({ length: Math.ceil(entries.length / FACTS_IN_A_COMMAND) }, (_, index) => {
    const some = entries.slice(index * FACTS_IN_A_COMMAND, (index + 1) * FACTS_IN_A_COMMAND);
    return { entries: some, content: { type: 'record-facts', facts: some.map(({ item }) => item) }, placeOf: factField };
  });
}

/** `facts.3.value` is the value of the fourth row. */
function factField(field: string): { readonly index: number; readonly field: string } {
  const [, index = '0', name = field] = /^facts\.(\d+)\.(\w+)$/.exec(field) ?? [];
  return { index: Number(index), field: name };
}
