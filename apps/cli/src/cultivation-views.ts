import { list, rowsTable } from './list-view.js';
import { tableOf } from './output.js';
import { ACHIEVED, DUTY_STATUS, LISTING_CLASS, PROPOSAL, SEVERITY, SUBJECT } from './terms.js';

interface Evaluation {
  readonly plan?: { readonly value: string };
  readonly actual?: { readonly value: string; readonly through: string };
  readonly achieved: string;
  readonly ratio?: string;
  readonly gap?: string;
  readonly due?: boolean;
}
interface Question {
  readonly question: string;
}
interface Table {
  readonly title: string;
  readonly measure: string;
  readonly openQuestions: readonly Question[];
  readonly columns: readonly { readonly title: string }[];
  readonly rows: readonly {
    readonly unit: string;
    readonly cells: readonly { readonly plan: string | null; readonly actual: string | null }[];
  }[];
  readonly parts?: readonly Table[];
}

const questions = (open: readonly Question[]) => open.map(({ question }) => `待定：${question}`);

/** Plan over actual in each cell; a blank is unknown. */
function tableText({ title, measure, openQuestions, columns, rows, parts = [] }: Table): string {
  const cells = tableOf(
    [`${title}（${measure}）`, ...columns.map((column) => column.title)],
    rows.map(({ unit, cells: row }) => [
      unit,
      ...row.map(({ plan, actual }) => (actual === null ? (plan ?? '未知') : `${plan ?? '未知'} ／ 实际 ${actual}`)),
    ]),
  );
  return [cells, ...questions(openQuestions), ...parts.map(tableText)].join('\n');
}

const unitColumns = [
  ['名次', 'rank'],
  ['单位', 'unit'],
  ['计划', 'plan', ({ evaluation }: { evaluation: Evaluation }) => evaluation.plan?.value ?? '未知'],
  ['实际', 'actual', ({ evaluation }: { evaluation: Evaluation }) => evaluation.actual?.value ?? '未知'],
  ['完成（%）', 'ratio', ({ evaluation }: { evaluation: Evaluation }) => evaluation.ratio ?? ''],
  ['差距', 'gap', ({ evaluation }: { evaluation: Evaluation }) => evaluation.gap ?? ''],
  ['是否达到', 'achieved', ({ evaluation }: { evaluation: Evaluation }) => ACHIEVED[evaluation.achieved] ?? evaluation.achieved],
] as const;

/** Views of tiers, lists, targets and duties, by the words of their commands. */
export const CULTIVATION_VIEWS: Readonly<Record<string, (answer: never) => string>> = {
  calendar: list([
    ['政策包', 'pack'],
    ['条款', 'clause'],
    ['期间', 'period'],
    ['事项', 'action'],
    ['期限', 'due'],
    ['状态', 'status', DUTY_STATUS],
    ['剩余（天）', 'daysLeft'],
    ['已逾（天）', 'daysOver'],
  ]),
  'duty findings': list([
    ['政策包', 'pack'],
    ['条款', 'clause'],
    ['期间', 'period'],
    ['事项', 'action'],
    ['期限', 'due'],
    ['已逾（天）', 'daysOver'],
    ['轻重', 'severity', SEVERITY],
  ]),
  'target list': list([
    ['政策包', 'pack'],
    ['条款', 'clause'],
    ['指标', 'indicator'],
    ['单位', 'unit'],
    ['年度', 'year'],
    ['计划', 'plan', ({ plan }: Evaluation) => plan?.value ?? ''],
    ['实际', 'actual', ({ actual }: Evaluation) => actual?.value ?? '未知'],
    ['计量', 'measure'],
    ['是否达到', 'achieved', ACHIEVED],
  ]),
  'target show': ({
    title,
    measure,
    year,
    openQuestions,
    units,
  }: {
    title: string;
    measure: string;
    year: number;
    openQuestions: readonly Question[];
    units: readonly Readonly<Record<string, unknown>>[];
  }) => [`${title}（${measure}，${year}年）`, rowsTable(unitColumns, units), ...questions(openQuestions)].join('\n'),
  'target table': tableText,
  'ladder list': ({
    items,
  }: {
    items: readonly { ladder: string; pack: string; tiers: readonly { title: string; standing: number }[] }[];
  }) =>
    tableOf(
      ['梯次', '政策包', '梯队（由低到高，在库企业数）'],
      items.map(({ ladder, pack, tiers }) => [ladder, pack, tiers.map(({ title, standing }) => `${title} ${standing}`).join('\n')]),
    ),
  'tier review proposals': list([
    ['企业', 'name'],
    ['建议', 'kind', PROPOSAL],
    ['原梯队', 'fromTitle'],
    ['调整后', 'toTitle'],
    ['理由', 'reason'],
    [
      '尚缺数据',
      'missing',
      ({ missing }: { missing: readonly { label?: string; input: string }[] }) =>
        missing.map(({ label, input }) => label ?? input).join('、'),
    ],
  ]),
  'blacklist list': list([
    ['编号', 'listing'],
    ['对象', 'kind', SUBJECT],
    ['类别', 'listingClass', LISTING_CLASS],
    ['事由', 'ground'],
    ['自', 'from'],
    ['至（不含）', 'until'],
  ]),
  'roster show': list([
    ['统一社会信用代码', 'creditCode'],
    ['企业', 'name'],
    ['证书', 'number'],
    ['有效期至', 'expiresOn'],
    ['剩余（天）', 'daysLeft'],
    ['梯队', 'tier'],
  ]),
};
