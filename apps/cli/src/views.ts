import { problemTitle } from '@app/http';
import type { PolicyVersion } from '@app/policies';
import { CULTIVATION_VIEWS } from './cultivation-views.js';
import { FINDING_VIEWS } from './finding-views.js';
import { list } from './list-view.js';
import { show, tableOf } from './output.js';
import type { Route } from './routes.js';
import { AWARD_STATE, AWARD_STATUS, BATCH_STATUS, DUE_STATE, eventTerm, POLICY_STATUS, refusalText, termOf } from './terms.js';
import { TIMELINE_VIEWS } from './timeline-views.js';

interface AccountBalance {
  readonly title: string;
  readonly debit: string;
  readonly credit: string;
  readonly balance: string;
}
interface Assessed {
  readonly assessment?: { readonly outcome: string; readonly trace: readonly { readonly text: string }[] };
}
interface AwardDetail {
  readonly award: string;
  readonly state: {
    readonly status: string;
    readonly assessed?: Assessed;
    /** Why the last grant came to nothing, until another is started. */
    readonly failedGrant?: { readonly code: string; readonly detail: string };
  };
  readonly timeline: readonly {
    readonly revision: number;
    readonly event: string;
    readonly effectiveOn: string;
    readonly actor: { readonly id: string; readonly unit: string };
    readonly policy?: { readonly clause: string; readonly version: number };
  }[];
}

interface PolicyDetail {
  readonly state: { readonly versions: readonly PolicyVersion[] };
}

const accountTable = (accounts: readonly AccountBalance[]) =>
  tableOf(
    ['科目', '借方', '贷方', '余额'],
    accounts.map(({ title, debit, credit, balance }) => [title, debit, credit, balance]),
  );

/** How the answer of a command is shown to a person, by the command's words; anything else is shown as it is. */
const VIEWS: Readonly<Record<string, (answer: never) => string>> = {
  ...CULTIVATION_VIEWS,
  ...FINDING_VIEWS,
  ...TIMELINE_VIEWS,
  'award assess': ({ assessment }: Assessed) =>
    assessment === undefined ? '（已测算过）' : assessment.trace.map(({ text }) => text).join('\n'),
  'award show': ({ award, state, timeline }: AwardDetail) =>
    [
      `${award}：${termOf(AWARD_STATE, state.status)}`,
      ...(state.assessed?.assessment?.trace.map(({ text }) => `  ${text}`) ?? []),
      ...(state.failedGrant === undefined
        ? []
        : [`批准未成：${problemTitle(state.failedGrant.code)}，${refusalText(state.failedGrant.detail)}`]),
      tableOf(
        ['#', '事件', '生效日期', '经办人', '单位', '条款'],
        timeline.map(({ revision, event, effectiveOn, actor, policy }) => [
          revision,
          eventTerm(event),
          effectiveOn,
          actor.id === 'ledger' ? '系统' : actor.id,
          actor.id === 'ledger' ? '' : actor.unit,
          policy === undefined ? '' : `${policy.clause} v${policy.version}`,
        ]),
      ),
    ].join('\n'),
  'policy show': ({ state: { versions } }: PolicyDetail) =>
    [...versions]
      .reverse()
      .map(({ version, hash, reason, pack }) =>
        [
          `《${pack.title}》第${version}版（${pack.issuer}，${pack.region}）`,
          `版本指纹：${hash}`,
          ...(reason === undefined ? [] : [`修订理由：${reason}`]),
          tableOf(
            ['条款', '名称', '原文'],
            pack.clauses.map(({ id, title, citation }) => [id, title, citation.quote]),
          ),
          ...(pack.interpretations.length === 0
            ? []
            : [
                tableOf(
                  ['释义', '问题', '取', '理由'],
                  pack.interpretations.map(({ id, question, options, chosen, reason: why }) => [
                    id,
                    question,
                    options.find((option) => option.id === chosen)?.text ?? '待定',
                    why,
                  ]),
                ),
              ]),
          '条款的计算方式见 --json',
        ].join('\n'),
      )
      .join('\n\n'),
  'award list': list([
    ['奖补编号', 'award'],
    ['企业', 'payeeName'],
    ['状态', 'status', AWARD_STATUS],
    ['金额', 'amount', 'yuan'],
    ['已拨付', 'paid', 'yuan'],
    ['待追缴', 'clawbackOutstanding', 'yuan'],
  ]),
  due: list([
    ['奖补编号', 'award'],
    ['分期', 'instalment'],
    ['企业', 'payeeName'],
    ['金额', 'amount', 'yuan'],
    ['应付日', 'dueSince'],
    ['已逾（天）', 'ageDays'],
    ['状态', 'state', DUE_STATE],
  ]),
  'notice list': list([
    ['企业', 'payeeName'],
    ['统一社会信用代码', 'payee'],
    ['条款', 'clause'],
    ['拟奖补金额', 'amount', 'yuan'],
    ['公示自', 'startsOn'],
    ['至', 'endsOn'],
    ['地点', 'place'],
    ['状态', 'status', AWARD_STATUS],
  ]),
  'batch list': list([
    ['批次', 'batch'],
    ['标题', 'title'],
    ['状态', 'status', BATCH_STATUS],
    ['笔数', 'lines'],
    ['剔除', 'dropped'],
    ['待银行回单', 'awaiting'],
    ['金额', 'total', 'yuan'],
  ]),
  'policy open-questions': (items: readonly { pack: string; clause: string; title: string; reason: string }[]) =>
    items.length === 0
      ? '（无）'
      : tableOf(
          ['政策包', '条款', '名称', '待定原因'],
          items.map(({ pack, clause, title, reason }) => [pack, clause, title, reason]),
        ),
  'policy list': list([
    ['政策包', 'pack'],
    ['版本', 'version'],
    ['名称', 'title'],
    ['状态', 'status', POLICY_STATUS],
    ['施行', 'force_from'],
    ['止于', 'force_until'],
    ['终止', 'ended_on'],
  ]),
  balances: (groups: readonly { group: Readonly<Record<string, string>>; accounts: readonly AccountBalance[] }[]) =>
    groups.length === 0
      ? '（无）'
      : groups.map(({ group, accounts }) => `${Object.values(group).join(' ')}\n${accountTable(accounts)}`).join('\n'),
  'trial-balance': ({ accounts, difference, balanced }: { accounts: readonly AccountBalance[]; difference: string; balanced: boolean }) =>
    `${accountTable(accounts)}\n借贷差额 ${difference} 元，${balanced ? '平衡' : '不平衡！'}`,
};

interface ReceiptView {
  readonly revision: number;
  readonly position: number;
  readonly events: number;
  readonly replayed: boolean;
}

/** Says whether anything was recorded: the same again changes nothing, and whoever asked must learn it. */
function receiptText({ revision, position, events, replayed, ...rest }: ReceiptView & Readonly<Record<string, unknown>>): string {
  const what = replayed ? '此前已登记（同一请求），未重复登记' : events === 0 ? '未登记任何变化：与已有记录相同' : `已登记 ${events} 项`;
  const { stream: _internal, ...others } = rest;
  const more = Object.keys(others).length === 0 ? '' : `\n${show(others)}`;
  return `${what}（修订号 ${revision}，账本位置 ${position}）${more}`;
}

const isReceipt = (answer: unknown): answer is ReceiptView & Readonly<Record<string, unknown>> =>
  typeof answer === 'object' &&
  answer !== null &&
  'revision' in answer &&
  'position' in answer &&
  'events' in answer &&
  'replayed' in answer;

/** The answer of a command as a person reads it; `path` is that of its route. */
export function viewOf({ words, path }: Pick<Route, 'words' | 'path'>, answer: unknown): string {
  const name = words.replace(/ <.*$/, '');
  const view = VIEWS[name];
  if (view !== undefined) return view(answer as never);
  return isReceipt(answer) ? receiptText(answer) : show(answer, path.replace(/^\/(v1\/)?/, ''));
}
