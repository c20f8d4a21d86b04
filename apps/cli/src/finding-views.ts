import { Money } from '@app/kernel';
import { list, rowsTable } from './list-view.js';
import { eventTerm, FINDING_STATUS, OUTCOME, SEVERITY, termOf } from './terms.js';

interface EventView {
  readonly event: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly recordedAt: string;
  readonly effectiveOn: string;
  readonly actor: { readonly id: string; readonly unit: string };
  readonly evidence?: readonly { readonly title: string; readonly documentNo?: string }[];
  readonly data?: Readonly<Record<string, unknown>>;
}
interface Detail {
  readonly id: string;
  readonly title: string;
  readonly severity: string;
  readonly status: string;
  readonly outcome?: string;
  readonly detail: string;
  readonly daysOver?: number;
  readonly rule: string;
  readonly award?: string;
  readonly enterprise?: string;
  readonly line?: string;
  readonly pack?: string;
  readonly clause?: string;
  readonly amount?: string;
  readonly officers: readonly string[];
  readonly listing?: string;
  readonly assignee?: string;
  readonly event?: EventView;
  readonly history: readonly EventView[];
}

/** What an entry of the history says, in a line. */
function saidIn({ data, evidence = [] }: EventView): string {
  const { text, to, outcome, reason, correction } = data ?? {};
  const event = correction as { readonly stream: string; readonly revision: number } | undefined;
  const papers = evidence.map(({ title, documentNo }) => (documentNo === undefined ? title : `${title}（${documentNo}）`));
  return [
    ...(typeof to === 'string' ? [`交${to}`] : []),
    ...(typeof outcome === 'string' ? [termOf(OUTCOME, outcome)] : []),
    ...[text, reason].filter((said) => typeof said === 'string'),
    ...(event === undefined ? [] : [`见${event.stream}第${event.revision}号`]),
    ...(papers.length > 0 ? [`附：${papers.join('、')}`] : []),
  ].join('；');
}

function detailText(finding: Detail): string {
  const { id, title, severity, status, outcome, rule, officers, event, history } = finding;
  const lines: readonly (readonly [string, string | undefined])[] = [
    ['情况', matterOf(finding)],
    ['依据', rule],
    ['条款', finding.pack && `${finding.pack}${finding.clause === undefined ? '' : ` ${finding.clause}`}`],
    ['奖补', finding.award],
    ['企业', finding.enterprise],
    ['科目', finding.line],
    ['金额', finding.amount && Money.parse(finding.amount).toChinese()],
    ['名单', finding.listing],
    ['经手人', officers.length > 0 ? officers.join('、') : undefined],
    ['承办人', finding.assignee],
    [
      '记录',
      event &&
        `${event.stream} 第${event.revision}号（账本位置 ${event.position}）：${eventTerm(event.event)}，${event.effectiveOn}，${event.actor.id}`,
    ],
  ];
  return [
    `${id}：${title}（${termOf(SEVERITY, severity)}），${stateOf({ status, ...(outcome !== undefined && { outcome }) })}`,
    ...lines.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name}：${value}`])),
    ...(history.length === 0
      ? []
      : [
          rowsTable(
            [
              ['#', 'revision'],
              ['办理', 'event', ({ event: type }: EventView) => eventTerm(type)],
              ['日期', 'effectiveOn'],
              ['经办人', 'actor', ({ actor }: EventView) => actor.id],
              ['内容', 'data', saidIn],
            ],
            history as unknown as readonly Readonly<Record<string, unknown>>[],
          ),
        ]),
  ].join('\n');
}

/** What was found; of a duty, with how late it is. */
const matterOf = ({ detail, daysOver }: { readonly detail: string; readonly daysOver?: number | undefined }) =>
  daysOver === undefined ? detail : `${detail}，逾期${daysOver}天`;

/** Some lines each: what a finding says is too long for the column of a table. */
function findingsText({ items, next }: { readonly items: readonly (Detail & { readonly day: string })[]; readonly next?: string }): string {
  if (items.length === 0) return '（无）';
  const lines = items.flatMap(({ id, severity, title, day, detail, daysOver, officers, assignee, ...state }) => [
    `【${termOf(SEVERITY, severity)}】${title}　${day}　${stateOf(state)}　${id}`,
    `    ${matterOf({ detail, daysOver })}`,
    ...(officers.length > 0 || assignee !== undefined
      ? [
          `    ${[...(officers.length > 0 ? [`经手人：${officers.join('、')}`] : []), ...(assignee === undefined ? [] : [`承办人：${assignee}`])].join('　')}`,
        ]
      : []),
  ]);
  return [...lines, ...(next === undefined ? [] : [`更多：--cursor ${next}`])].join('\n');
}

function stateOf({ status, outcome }: Pick<Detail, 'status' | 'outcome'>): string {
  return outcome === undefined ? termOf(FINDING_STATUS, status) : `${termOf(FINDING_STATUS, status)}（${termOf(OUTCOME, outcome)}）`;
}

/** Views of findings, by the words of their commands. */
export const FINDING_VIEWS: Readonly<Record<string, (answer: never) => string>> = {
  'audit findings': findingsText,
  'audit summary': list([
    ['疑点', 'title'],
    ['检查项目', 'code'],
    ['轻重', 'severity', SEVERITY],
    ['状态', 'status', FINDING_STATUS],
    ['件数', 'findings'],
  ]),
  'audit detectors': list([
    ['检查项目', 'code'],
    ['疑点', 'title'],
    ['轻重', 'severity', SEVERITY],
    ['依据', 'rule'],
  ]),
  'audit finding show': detailText,
};
