import { Money } from '@app/kernel';
import type { TraceStep } from '@app/policies';
import { tableOf } from '../output.js';
import { AWARD_STATUS, DUE_STATE, eventTerm, PROPOSAL, refusalText, termOf } from '../terms.js';
import { TABLE_UNIT } from './cultivation-year.js';
import { AGENCY, ENTERPRISES } from './enterprises.js';
import type { Office } from './office.js';

interface AwardItem {
  readonly award: string;
  readonly clause: string;
  readonly payeeName: string;
  readonly status: string;
  readonly outcome: string | null;
  readonly amount: string | null;
  readonly paid: string;
  readonly clawbackOutstanding: string;
  readonly remark: string | null;
  /** The words of the source the sum rests on. */
  readonly citations: readonly string[];
  readonly explanation: readonly string[];
}
interface AccountItem {
  readonly title: string;
  readonly debit: string;
  readonly credit: string;
  readonly balance: string;
}
interface LineItem {
  readonly group: Readonly<Record<string, string>>;
  readonly accounts: readonly AccountItem[];
}
interface DueItem {
  readonly payeeName: string;
  readonly clause: string;
  readonly amount: string;
  readonly dueSince: string;
  readonly ageDays: number;
  readonly state: string;
}

interface ProposalItem {
  readonly name: string;
  readonly kind: string;
  readonly fromTitle?: string;
  readonly toTitle?: string;
  readonly reason: string;
}
interface CultivationReport {
  readonly review: { readonly dueOn: string; readonly closedOn?: string; readonly isLate: boolean };
  readonly proposals: readonly ProposalItem[];
  readonly recommended: readonly { readonly name: string; readonly on: string; readonly isLate: boolean }[];
  readonly agency: { readonly listed: boolean; readonly history: readonly { readonly event: string; readonly effectiveOn: string }[] };
  /** What happened to the award that the agency had prepared, from the hold on. */
  readonly client: {
    readonly payeeName: string;
    readonly clause: string;
    readonly steps: readonly { readonly event: string; readonly effectiveOn: string }[];
  };
  readonly figures: { readonly plan: string | null; readonly actual: string | null; readonly difference: string | null };
  readonly quarters: readonly { readonly period: string; readonly value: string; readonly sourceUnit: string }[];
  readonly overdue: readonly {
    readonly clause: string;
    readonly period: string;
    readonly action: string;
    readonly due: string;
    readonly daysOver: number;
  }[];
}

/** What came of the year, as the ledger itself tells it. */
export interface Report {
  readonly fictional: true;
  readonly pack: string;
  readonly on: string;
  readonly awards: readonly AwardItem[];
  readonly refusals: readonly { readonly who: string; readonly what: string; readonly code: string; readonly detail: string }[];
  readonly lines: readonly LineItem[];
  readonly due: readonly DueItem[];
  readonly trial: { readonly accounts: readonly AccountItem[]; readonly difference: string; readonly balanced: boolean };
  readonly cultivation: CultivationReport;
}

export async function collectReport(office: Office, { pack, refusals, on }: Pick<Report, 'pack' | 'refusals' | 'on'>): Promise<Report> {
  const list = await office.get<{ items: readonly Omit<AwardItem, 'explanation' | 'citations'>[] }>('/v1/awards?limit=500');
  const awards: AwardItem[] = [];
  for (const item of list.items) {
    const detail = await office.get<{ timeline: readonly { event: string; data: { assessment?: { trace: readonly TraceStep[] } } }[] }>(
      `/v1/awards/${encodeURIComponent(item.award)}`,
    );
    const assessed = detail.timeline.findLast(({ event }) => event === 'award-assessed');
    const trace = assessed?.data.assessment?.trace ?? [];
    const citations = [...new Set(trace.flatMap(({ line, quote }) => (quote === undefined ? [] : [`第${line}行“${quote}”`])))];
    awards.push({ ...item, citations, explanation: trace.map(({ text }) => text) });
  }
  const lines = await office.get<readonly LineItem[]>('/v1/balances?by=line');
  const due = await office.get<{ items: readonly DueItem[] }>(`/v1/due-instalments?on=${on}`);
  const trial = await office.get<Report['trial']>('/v1/balances/trial');
  return { fictional: true, pack, on, awards, refusals, lines, due: due.items, trial, cultivation: await collectCultivation(office, on) };
}

async function collectCultivation(office: Office, on: string): Promise<CultivationReport> {
  const items = async <Item>(path: string) => (await office.get<{ items: readonly Item[] }>(path)).items;
  const review = '/v1/tier-reviews/baiyun-cultivation/2024';
  const table = await office.get<{
    rows: readonly { unit: string; cells: readonly (CultivationReport['figures'] & { year: number })[] }[];
  }>(`/v1/target-tables/ganzhou-2023/Z29?year=2024&on=${on}`);
  const held = await office.get<{ timeline: CultivationReport['client']['steps'] }>(
    `/v1/awards/${encodeURIComponent(`ganzhou-etdz-2023.G04.${ENTERPRISES.outOfProvince.code}.once`)}`,
  );
  const cell = table.rows.find(({ unit }) => unit === TABLE_UNIT)?.cells.find(({ year }) => year === 2024);
  return {
    review: await office.get(review),
    proposals: await items(`${review}/proposals`),
    recommended: await items(`${review}/recommendations`),
    agency: await office.get(`/v1/blacklist/agency/${AGENCY.code}`),
    client: {
      payeeName: ENTERPRISES.outOfProvince.name,
      clause: 'G04',
      steps: held.timeline.slice(held.timeline.findIndex(({ event }) => event === 'award-held')),
    },
    figures: cell ?? { plan: null, actual: null, difference: null },
    quarters: await items(`/v1/targets/ganzhou-2023/Z29/entries?unit=${encodeURIComponent(TABLE_UNIT)}`),
    overdue: (await items<CultivationReport['overdue'][number]>(`/v1/calendar/findings?pack=ganzhou-2023&on=${on}`)).filter(({ due }) =>
      due.startsWith(on.slice(0, 4)),
    ),
  };
}

const yuan = (text: string | null) => (text === null ? '—' : Money.parseSigned(text).toChinese());

/** The report as a person reads it. */
export function reportText({ pack, on, awards, refusals, lines, due, trial, cultivation }: Report): string {
  const accountRows = (accounts: readonly AccountItem[]) =>
    accounts.map(({ title, debit, credit, balance }) => [title, debit, credit, balance]);
  const sections = [
    `演示年度报告（截至 ${on}）`,
    '企业、人员、账户与文号均为虚构，仅作演示；条款为真实政策条款。',
    `\n一、奖补（${pack}）`,
    tableOf(
      ['条款', '企业', '状态', '金额', '已拨付', '待追缴'],
      awards.map(({ clause, payeeName, status, amount, paid, clawbackOutstanding }) => [
        clause,
        payeeName,
        termOf(AWARD_STATUS, status),
        yuan(amount),
        yuan(paid),
        yuan(clawbackOutstanding),
      ]),
    ),
    '\n二、依据说明',
    ...awards.flatMap(({ clause, payeeName, citations, explanation, remark }) => [
      `\n${clause} ${payeeName}`,
      `  原文：${citations.join('；')}`,
      ...explanation.map((text) => `  ${text}`),
      ...(remark === null ? [] : [`  备注：${refusalText(remark)}`]),
    ]),
    '\n三、未予批准',
    ...refusals.map(({ who, what, code, detail }) => `${what} ${who}：${detail}（${code}）`),
    '\n四、各预算科目余额（元）',
    ...lines.flatMap(({ group, accounts }) => [
      `${group['line']} ${group['period']}`,
      tableOf(['科目', '借方', '贷方', '余额'], accountRows(accounts)),
    ]),
    '\n五、应付未付',
    due.length === 0
      ? '（无）'
      : tableOf(
          ['企业', '条款', '金额', '应付日', '已逾（天）', '状态'],
          due.map((item) => [item.payeeName, item.clause, yuan(item.amount), item.dueSince, item.ageDays, termOf(DUE_STATE, item.state)]),
        ),
    '\n六、试算平衡（元）',
    tableOf(['科目', '借方', '贷方', '余额'], accountRows(trial.accounts)),
    `借贷差额 ${trial.difference} 元，${trial.balanced ? '平衡' : '不平衡！'}`,
    ...cultivationText(cultivation),
  ];
  return sections.join('\n');
}

function cultivationText({
  review,
  proposals,
  recommended,
  agency,
  client,
  figures,
  quarters,
  overdue,
}: CultivationReport): readonly string[] {
  const late = (isLate: boolean) => (isLate ? '逾期' : '按期');
  return [
    `\n七、培育库动态调整（baiyun-2022，应于 ${review.dueOn} 前完成，${review.closedOn ?? '未'}办结，${late(review.isLate)}）`,
    tableOf(
      ['企业', '建议', '原梯队', '调整后', '理由'],
      proposals.map(({ name, kind, fromTitle, toTitle, reason }) => [
        name,
        termOf(PROPOSAL, kind),
        fromTitle ?? '—',
        toTitle ?? '—',
        reason,
      ]),
    ),
    ...recommended.map(({ name, on, isLate }) => `推荐申报：${name}（${on}，${late(isLate)}）`),
    `\n八、服务机构黑名单（${AGENCY.name}，现${agency.listed ? '在列' : '已移出'}）`,
    ...agency.history.map(({ event, effectiveOn }) => `${effectiveOn} ${eventTerm(event)}`),
    `其客户 ${client.payeeName} 的 ${client.clause}：`,
    ...client.steps.map(({ event, effectiveOn }) => `${effectiveOn} ${eventTerm(event)}`),
    `\n九、目标任务（ganzhou-2023 Z29，${TABLE_UNIT}，2024年）`,
    tableOf(
      ['期间', '研发投入占比（%）', '来源'],
      quarters.map(({ period, value, sourceUnit }) => [period, value, sourceUnit]),
    ),
    `计划 ${figures.plan ?? '未知'}，实际 ${figures.actual ?? '未知'}，差额 ${figures.difference ?? '未知'}`,
    '\n十、本年度逾期事项（ganzhou-2023）',
    overdue.length === 0
      ? '（无）'
      : tableOf(
          ['条款', '期间', '事项', '期限', '已逾（天）'],
          overdue.map(({ clause, period, action, due, daysOver }) => [clause, period, action, due, daysOver]),
        ),
  ];
}
