import type {
  ChangedFact,
  Difference,
  Group,
  Otherwise,
  Outlook,
  OutlookSummary,
  OutlookTotal,
  QuarterSums,
  RecomputeSummary,
  Stated,
  Sums,
  WhatIfSummary,
} from '@app/audit';
import { Money } from '@app/kernel';
import type { LongView } from './long-answer.js';
import { tableOf } from './output.js';
import { ASSUMED_GROUP, OUTLOOK, RECOMPUTED_STATUS, STATED, termOf, WHY } from './terms.js';

/** An amount as people write it; nothing for zero, so that what matters stands out. */
const yuan = (amount: string | undefined) => (amount === undefined || Number(amount) === 0 ? '' : Money.parseSigned(amount).toChinese());
const zeroToo = (amount: string) => Money.parseSigned(amount).toChinese();

function statedText(stated: Stated | undefined): string {
  if (stated === undefined) return '';
  const { outcome, amount, ceiling } = stated;
  if (amount !== undefined) return zeroToo(amount);
  return ceiling === undefined ? STATED[outcome] : `核定，最高${zeroToo(ceiling)}`;
}

const saidOf = (value: string | boolean | undefined) =>
  value === undefined ? '未知' : value === true ? '是' : value === false ? '否' : value;

/** What says it, and that nobody has checked it where nobody has. */
function sourceOf({ factId, verified }: Pick<ChangedFact, 'factId' | 'verified'>): string {
  const words = [...(factId === undefined ? [] : [factId]), ...(verified === false ? ['未核实'] : [])];
  return words.length === 0 ? '' : `（${words.join('，')}）`;
}

function reasonsOf({ why, changed = [], undetermined }: Difference): string {
  return [
    ...why.map(({ code, instalment }) => `${WHY[code]}${instalment === undefined ? '' : `（第${instalment}期）`}`),
    ...changed.map(({ label, then, now, ...source }) => `${label}：${saidOf(then)} → ${saidOf(now)}${sourceOf(source)}`),
    ...(undetermined === true ? ['尚不能判断应付多少'] : []),
  ].join('\n');
}

export const RECOMPUTATION_VIEW: LongView<Difference, RecomputeSummary> = {
  headings: ['奖补编号', '企业', '状态', '原测算', '复算', '批准', '已拨付', '多付', '少付', '原因'],
  row: (item) => [
    item.award,
    item.payeeName,
    termOf(RECOMPUTED_STATUS, item.status),
    statedText(item.recorded),
    statedText(item.expected),
    yuan(item.granted),
    yuan(item.paid),
    yuan(item.overpaid),
    yuan(item.underpaid),
    reasonsOf(item),
  ],
  summary: ({ awards, unassessed, differing, undetermined, overpaid, underpaid, unverified, position, facts }) =>
    [
      `复算 ${awards} 笔（${facts === 'stored' ? '按当时所据事实' : '按今日所知事实'}，截至账本位置 ${position}${unassessed === 0 ? '' : `；另有 ${unassessed} 笔尚未测算`}）`,
      differing === 0
        ? '全部一致'
        : `不一致 ${differing} 笔${undetermined === 0 ? '' : `，其中 ${undetermined} 笔尚不能判断`}；多付 ${zeroToo(overpaid)}，少付 ${zeroToo(underpaid)}`,
      ...(unverified === undefined || unverified.differing === 0
        ? []
        : [
            `其中 ${unverified.differing} 笔（部分）依据尚未核实的事实：多付 ${zeroToo(unverified.overpaid)}，少付 ${zeroToo(unverified.underpaid)}`,
          ]),
    ].join('\n'),
};

const sumsRow = ({ awards, before, after, difference }: Sums) => [awards, zeroToo(before), zeroToo(after), zeroToo(difference)];
const SUMS = ['笔数', '原金额', '假设金额', '差额'];

export const WHAT_IF_VIEW: LongView<Otherwise, WhatIfSummary> = {
  headings: ['奖补编号', '企业', '情形', '原结论', '假设结论', '原金额', '假设金额', '差额', '说明'],
  row: ({ award, payeeName, group, outcome, before, after, difference, missing, ceiling }) => [
    award,
    payeeName,
    ASSUMED_GROUP[group],
    STATED[outcome.before],
    STATED[outcome.after],
    zeroToo(before),
    after === undefined ? '不能判断' : zeroToo(after),
    yuan(difference),
    [...(missing ? [`缺少：${missing.join('、')}`] : []), ...(ceiling === undefined ? [] : [`最高${zeroToo(ceiling)}`])].join('；'),
  ],
  summary: (summary) => {
    const { awards, untouched, gaining, losing, newlyPayable, undetermined, total, byGroup, byClause, byLine, unassigned } = summary;
    const groups = Object.entries(byGroup) as [Group, Sums][];
    return [
      tableOf(['情形', ...SUMS], [...groups.map(([group, sums]) => [ASSUMED_GROUP[group], ...sumsRow(sums)]), ['合计', ...sumsRow(total)]]),
      tableOf(
        ['条款', '名称', ...SUMS],
        byClause.map(({ clause, title, ...sums }) => [clause, title, ...sumsRow(sums)]),
      ),
      ...(byLine.length === 0
        ? []
        : [
            tableOf(
              ['预算指标', '差额', '可用', '提示'],
              byLine.map(({ budgetLine, difference, available, breaks }) => [
                budgetLine,
                zeroToo(difference),
                zeroToo(available),
                breaks ? '不足' : '',
              ]),
            ),
          ]),
      ...unassigned.map(
        ({ clause, year, difference, lines }) =>
          `${clause} ${year}年：差额 ${zeroToo(difference)}，${lines.length === 0 ? '没有可列支的预算指标（未设立或已关闭）' : `可列支的预算指标不止一条：${lines.join('、')}`}`,
      ),
      `测算 ${awards} 笔：增加 ${gaining} 笔（其中原不予支持、现可支付 ${newlyPayable} 笔），减少 ${losing} 笔${undetermined === 0 ? '' : `，不能判断 ${undetermined} 笔`}；另有 ${untouched} 笔不受影响（未测算、已撤回、已撤销或经审核不予通过）`,
      '仅为测算，未写入账本；从未申报的企业不在其内，可用 ledger entitlements 查找',
    ].join('\n');
  },
};

const quarterName = ({ quarter }: { readonly quarter?: string }) =>
  quarter === undefined ? '无法确定' : quarter.replace(/^(\d{4})Q(\d)$/, '$1年第$2季度');

const quarterRow = (sums: QuarterSums) => [
  quarterName(sums),
  sums.instalments,
  yuan(sums.due),
  yuan(sums.certain),
  yuan(sums.possible),
  yuan(sums.held),
  yuan(sums.barred),
];

export const FORECAST_VIEW: LongView<Outlook, OutlookSummary> = {
  headings: ['奖补编号', '分期', '企业', '金额', '状态', '季度', '最早', '所待条件', '证书有效期'],
  row: (item) => [
    item.award,
    item.instalment,
    item.payeeName,
    zeroToo(item.amount),
    termOf(OUTLOOK, item.state),
    quarterName(item),
    item.dueSince ?? item.earliest ?? '',
    [
      ...(item.condition === undefined ? [] : [item.condition]),
      ...(item.inputs ?? []).map(({ label, now }) => `${label}：${saidOf(now)}`),
    ].join('\n'),
    (item.certificates ?? [])
      .map(({ number, expiresOn, revokedOn }) => `${number} 至 ${expiresOn}${revokedOn === undefined ? '' : `（${revokedOn} 撤销）`}`)
      .join('\n'),
  ],
  summary: ({ on, instalments, total, byQuarter, byLine }) =>
    instalments === 0
      ? `${on}：没有待拨付的分期`
      : [
          tableOf(['季度', '期数', ...Object.values(OUTLOOK)], byQuarter.map(quarterRow)),
          tableOf(
            ['预算指标', '待拨付', '已占用', '可用', '提示'],
            byLine.map(({ budgetLine, unpaid, reserved, available, short }) => [
              budgetLine,
              zeroToo(unpaid),
              zeroToo(reserved),
              zeroToo(available),
              short ? '不足' : '',
            ]),
          ),
          `${on}：待拨付 ${instalments} 期，共 ${zeroToo(total)}`,
        ].join('\n'),
};

export const FORECAST_TOTALS_VIEW: LongView<OutlookTotal, OutlookSummary> = {
  headings: ['预算指标', '季度', '期数', ...Object.values(OUTLOOK)],
  row: (item) => [item.budgetLine, ...quarterRow(item)],
  summary: FORECAST_VIEW.summary,
};
