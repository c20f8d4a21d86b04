import type { Field } from './fields.js';
import type { Reading } from './flatten.js';
import { AWARD_STATUS, BATCH_STATUS, DUE_STATE, DUTY_STATUS, FINDING_STATUS, OUTCOME, OUTLOOK, PROPOSAL, SUBJECT } from './terms.js';

/** What is known of a route whose answer is, or holds, a list. Any other list can be exported as well: this makes it read better. */
export interface ListDeclaration extends Reading {
  /** After `/v1/`; `*` stands for one segment. */
  readonly path: string;
  readonly title: string;
  /** Fields that tell its items apart. Without them, two items are the same when all they say is. */
  readonly key?: readonly string[];
  /** Its items come in ascending order of the first of its key fields, which tells them apart by itself. */
  readonly ordered?: true;
  /** Figures that change by themselves as days pass: no difference between two points. */
  readonly passing?: readonly string[];
  /** Its `on` is no business day it answers by, but chooses what is asked about: two of them are no two points of one list. */
  readonly otherDay?: true;
  /** The field of the answer that holds the list, where it is not `items`. */
  readonly at?: string;
  /** The query parameter that takes `next`, where it is not `cursor`. */
  readonly nextIn?: string;
  /** It may be given to the public, without the fields of the office and what belongs to policies that are not public. */
  readonly forThePublic?: true;
  /** A field of its items that is a list itself: every element becomes a row of its own. */
  readonly each?: string;
}

const ENTERPRISE: Readonly<Record<string, Field>> = { name: { heading: '企业名称' } };
const titled = (heading: string): Readonly<Record<string, Field>> => ({ title: { heading } });
const POLICY_STATUS = {
  'in-force': '有效',
  'not-yet-in-force': '尚未施行',
  draft: '草案',
  expired: '已到期',
  repealed: '已废止',
  ended: '已终止',
};
const CASE_STATUS = {
  open: '已立案',
  noticed: '已告知',
  declined: '不予列入',
  listed: '已列入',
  expired: '已到期',
  repaired: '已修复',
  revoked: '已撤销',
};
const CHANGE = { assigned: '入库', promoted: '升级', demoted: '降级', removed: '移出', entered: '直接入库' };
const ASSESSMENT = {
  payable: '可兑付',
  refused: '不符合',
  missing: '缺数据',
  discretionary: '裁量',
  unresolved: '待定',
  'not-in-force': '不在有效期',
  passed: '通过',
  placed: '入级',
  invalid: '输入有误',
};

export const LISTS: readonly ListDeclaration[] = [
  {
    path: 'awards',
    title: '奖补列表',
    key: ['award'],
    ordered: true,
    terms: { status: AWARD_STATUS, outcome: ASSESSMENT },
    fields: { outcome: { heading: '测算结果' } },
  },
  { path: 'blacklist-reviews/*/awards', title: '失信关联奖补', key: ['award'], terms: { status: AWARD_STATUS } },
  { path: 'public-notices', forThePublic: true, title: '公示清单', key: ['award', 'startsOn'], terms: { status: AWARD_STATUS } },
  { path: 'due-instalments', title: '应付分期', key: ['award', 'instalment'], passing: ['ageDays'], terms: { state: DUE_STATE } },
  { path: 'entitlements', title: '免申即享', nextIn: 'after', fields: { ...ENTERPRISE, ...titled('条款名称') } },
  { path: 'payment-batches', title: '拨付批次', key: ['batch'], ordered: true, terms: { status: BATCH_STATUS } },
  {
    path: 'balances',
    title: '余额表',
    key: ['group', 'account', 'title'],
    each: 'accounts',
    fields: { ...titled('会计科目'), account: { heading: '科目代码' }, group: { heading: '' }, ...groupFields() },
  },
  {
    path: 'balances/trial',
    title: '试算平衡表',
    key: ['account', 'title'],
    at: 'accounts',
    fields: { ...titled('会计科目'), account: { heading: '科目代码' } },
  },
  { path: 'balances/reconciliation', title: '对账差异', at: 'differences' },
  { path: 'policies', forThePublic: true, title: '政策列表', key: ['pack', 'version'], terms: { status: POLICY_STATUS } },
  {
    path: 'policies/open-questions',
    title: '待定事项',
    key: ['pack', 'clause', 'kind', 'interpretation'],
    fields: { reason: { heading: '待定原因' } },
  },
  { path: 'enterprises', title: '企业列表', key: ['creditCode'], ordered: true, fields: { ...ENTERPRISE, facts: { heading: '数据数' } } },
  { path: 'enterprises/*/tiers', title: '企业梯次变动', key: ['ladder', 'revision'], terms: { change: CHANGE } },
  { path: 'titles', title: '称号名单', key: ['creditCode', 'title', 'year'], fields: { ...ENTERPRISE, ...titled('称号') } },
  { path: 'budgets', forThePublic: true, title: '预算科目', key: ['pack', 'line', 'period'] },
  { path: 'budgets/*/*/*/reservations', title: '指标占用', key: ['award'] },
  { path: 'blacklist', title: '黑名单', key: ['listing'], terms: { kind: SUBJECT } },
  {
    path: 'blacklist/cases',
    title: '失信案件',
    key: ['kind', 'id', 'case'],
    terms: { kind: SUBJECT, status: CASE_STATUS },
    fields: { id: { heading: '对象' } },
  },
  {
    path: 'agencies',
    title: '服务机构备案名录',
    key: ['creditCode'],
    ordered: true,
    fields: { name: { heading: '机构名称' }, from: { heading: '备案日期' } },
  },
  { path: 'ladders', forThePublic: true, title: '梯次一览', key: ['ladder'] },
  { path: 'ladders/*/enterprises', forThePublic: true, title: '在库企业', key: ['creditCode'], ordered: true, fields: ENTERPRISE },
  { path: 'tier-reviews/*/*/proposals', title: '梯次调整建议', key: ['creditCode'], terms: { kind: PROPOSAL }, fields: ENTERPRISE },
  { path: 'tier-reviews/*/*/recommendations', title: '推荐名单', key: ['creditCode'], fields: ENTERPRISE },
  { path: 'rosters', forThePublic: true, title: '名单一览', key: ['pack', 'clause'] },
  { path: 'rosters/*/*', forThePublic: true, title: '名单', key: ['creditCode', 'number'], passing: ['daysLeft'], fields: ENTERPRISE },
  {
    path: 'targets',
    forThePublic: true,
    title: '目标任务',
    key: ['pack', 'clause', 'unit', 'year'],
    fields: {
      'units.yes': { heading: '达到的单位数' },
      'units.no': { heading: '未达到的单位数' },
      'units.unknown': { heading: '不能判断的单位数' },
    },
  },
  {
    path: 'targets/*/*',
    forThePublic: true,
    title: '分单位完成情况',
    key: ['unit'],
    at: 'units',
    fields: { evaluation: { heading: '完成情况' } },
  },
  { path: 'targets/*/*/entries', title: '填报记录', key: ['kind', 'no'] },
  {
    path: 'calendar',
    forThePublic: true,
    title: '履职日历',
    key: ['id'],
    passing: ['daysOver', 'daysLeft'],
    terms: { status: DUTY_STATUS },
  },
  { path: 'calendar/findings', title: '逾期事项', key: ['pack', 'clause', 'period'], passing: ['daysOver', 'severity'] },
  { path: 'imports', title: '导入记录', key: ['id'] },
  { path: 'subscribers', title: '读模型', key: ['name'] },
  { path: 'audit/reliance/*/*', title: '引用追溯', otherDay: true },
  { path: 'audit/reliance/*/*/*', title: '引用追溯', otherDay: true },
  { path: 'audit/timeline/*/*', title: '时间线', key: ['position'] },
  {
    path: 'audit/findings',
    title: '疑点',
    key: ['id'],
    terms: { status: FINDING_STATUS, outcome: OUTCOME },
    fields: { id: { heading: '疑点编号' }, title: { heading: '疑点' }, outcome: { heading: '核查结论' } },
  },
  {
    path: 'audit/findings/summary',
    title: '疑点汇总',
    key: ['code', 'status'],
    terms: { status: FINDING_STATUS },
    fields: { title: { heading: '疑点' } },
  },
  { path: 'audit/detectors', title: '疑点规则', key: ['code'], fields: { title: { heading: '疑点' } } },
  {
    path: 'audit/forecast',
    title: '拨付预测',
    key: ['award', 'instalment'],
    terms: { state: OUTLOOK },
    fields: {
      condition: { heading: '待满足条件' },
      certain: { heading: '日期已定' },
      earliest: { heading: '最早可付日' },
      inputs: { heading: '所需数据' },
      input: { heading: '数据' },
      label: { heading: '名称' },
      now: { heading: '目前' },
      quarter: { heading: '季度' },
      unknown: { heading: '无法判断的原因' },
    },
  },
  { path: 'audit/recomputation', title: '复算差异', key: ['award'] },
];

function groupFields(): Readonly<Record<string, Field>> {
  return Object.fromEntries(
    Object.entries({ pack: '政策包', line: '预算科目', period: '期间', clause: '条款', payee: '统一社会信用代码', year: '年度' }).map(
      ([name, heading]) => [`group.${name}`, { heading }],
    ),
  );
}

/** What is known of a path after `/v1/`; exact segments count before `*`. */
export function declarationOf(path: string): ListDeclaration | undefined {
  const segments = path.split('/');
  const stars = (pattern: string) => pattern.split('*').length;
  return LISTS.filter(({ path: pattern }) => {
    const parts = pattern.split('/');
    return parts.length === segments.length && parts.every((part, index) => part === '*' || part === segments[index]);
  }).sort((one, other) => stars(one.path) - stars(other.path))[0];
}
