import { Money } from '@app/kernel';
import type { TraceStep } from '@app/policies';
import { tableOf } from '../output.js';
import { AWARD_STATUS, DUE_STATE, termOf } from '../terms.js';
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
  return { fictional: true, pack, on, awards, refusals, lines, due: due.items, trial };
}

const yuan = (text: string | null) => (text === null ? '—' : Money.parseSigned(text).toChinese());

/** The report as a person reads it. */
export function reportText({ pack, on, awards, refusals, lines, due, trial }: Report): string {
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
      ...(remark === null ? [] : [`  备注：${remark}`]),
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
  ];
  return sections.join('\n');
}
