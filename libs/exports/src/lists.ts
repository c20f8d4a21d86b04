import { FULFILMENT_TERMS } from '@app/policies';
import type { Field } from './fields.js';
import type { Reading } from './flatten.js';
import {
  ASSESSMENT,
  ASSUMED_GROUP,
  AWARD_STATE,
  AWARD_STATUS,
  BATCH_STATUS,
  BUDGET_LINE_STATUS,
  DUE_STATE,
  DUTY_STATUS,
  ENTERPRISE_STATUS,
  FINDING_STATUS,
  INSPECTION,
  OUTCOME,
  OUTLOOK,
  PLAN_SOURCE,
  POLICY_STATUS,
  PROPOSAL,
  RECOMPUTED_STATUS,
  STATED,
  SUBJECT,
  SUBSCRIBER_STATE,
  TARGET_ENTRY,
  WHY,
} from './terms.js';

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
const CASE_STATUS = {
  open: '已立案',
  noticed: '已告知',
  declined: '不予列入',
  listed: '已列入',
  expired: '已到期',
  repaired: '已修复',
  revoked: '已撤销',
};
const AGENCY_STATUS = { registered: '已备案', lapsed: '备案已过期', 'struck-off': '已注销' };
const BUDGET = { status: BUDGET_LINE_STATUS };
const UNKNOWN = {
  'no-plan': '没有计划',
  'no-actual': '没有实绩',
  'years-missing': '缺少年度',
  'no-baseline': '没有基数',
  'base-not-positive': '基数不大于零',
};
const PLAN = { from: PLAN_SOURCE, unknown: UNKNOWN };
const IMPORT = {
  terms: {
    kind: {
      enterprises: '企业名册',
      facts: '申报数据',
      certificates: '证书',
      tiers: '梯次名单',
      targets: '目标任务实际数',
      'target-plans': '目标任务分解指标',
      'target-baselines': '目标任务基数',
    },
    mode: { 'all-or-nothing': '全部或全不', 'valid-rows': '只导入正确的行' },
    'progress.stage': { waiting: '等待', reading: '读取', deciding: '核对', writing: '登记', done: '完成' },
    state: { waiting: '等待', running: '进行中', finished: '已完成', failed: '未导入' },
  },
  fields: {
    'counts.changing': { heading: '有变化的行数' },
    'counts.events': { heading: '登记事项数' },
    'counts.rejected': { heading: '有误的行数' },
    'counts.rows': { heading: '行数' },
    'counts.unchanged': { heading: '无变化的行数' },
    'counts.written': { heading: '已登记的行数' },
    'errors.column': { heading: '列' },
    'errors.message': { heading: '说明' },
    'errors.row': { heading: '行号' },
    dryRun: { heading: '试导入' },
    errorCount: { heading: '错误数' },
    errors: { heading: '错误' },
    mode: { heading: '导入方式' },
    'progress.done': { heading: '已处理行数' },
    'progress.stage': { heading: '阶段' },
    'progress.total': { heading: '总行数' },
  },
};
const SUBSCRIBER_KIND = { projection: '读模型', 'process-manager': '流程' };
const FINDING = {
  terms: { status: FINDING_STATUS, outcome: OUTCOME },
  fields: { id: { heading: '疑点编号' }, title: { heading: '疑点' }, outcome: { heading: '核查结论' } },
};
const RELIANCE = {
  title: '引用追溯',
  key: ['stream'],
  otherDay: true as const,
  terms: { how: { relied: '直接引用', follows: '据此作出' } },
  fields: {
    award: { heading: '奖补' },
    'award.award': { heading: '奖补编号' },
    'award.payee': { heading: '统一社会信用代码' },
    'award.payeeName': { heading: '企业名称' },
    'award.paid': { heading: '据此已拨付（元）', kind: 'yuan' as const },
    'award.recovered': { heading: '已追回（元）', kind: 'yuan' as const },
    decisions: { heading: '所作决定' },
    stands: { heading: '仍有效' },
    how: { heading: '关系' },
    inputs: { heading: '引用数据' },
    input: { heading: '数据' },
    verified: { heading: '已核实' },
    endedBy: { heading: '终止于账本位置' },
  },
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
  {
    path: 'blacklist-reviews/*/awards',
    title: '失信关联奖补',
    key: ['award'],
    terms: { status: AWARD_STATUS, relation: { payee: '收款单位', agency: '服务机构', person: '责任人员' } },
  },
  { path: 'public-notices', forThePublic: true, title: '公示清单', key: ['award', 'startsOn'], terms: { status: AWARD_STATUS } },
  { path: 'due-instalments', title: '应付分期', key: ['award', 'instalment'], passing: ['ageDays'], terms: { state: DUE_STATE } },
  {
    path: 'entitlements',
    title: '免申即享',
    nextIn: 'after',
    terms: { outcome: ASSESSMENT, kind: { entitled: '可享受', near: '接近条件', 'black-listed': '失信限制' } },
    fields: { ...ENTERPRISE, ...titled('条款名称') },
  },
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
  {
    path: 'balances/reconciliation',
    title: '对账差异',
    at: 'differences',
    key: ['subject', 'figure', 'expected', 'found'],
    fields: {
      figure: { heading: '核对项目' },
      expected: { heading: '应为（元）', kind: 'yuan' },
      found: { heading: '实为（元）', kind: 'yuan' },
    },
  },
  { path: 'policies', forThePublic: true, title: '政策列表', key: ['pack', 'version'], terms: { status: POLICY_STATUS } },
  {
    path: 'policies/open-questions',
    title: '待定事项',
    key: ['pack', 'clause', 'kind', 'interpretation'],
    terms: { kind: { registered: '登记备查', interpretation: '待明确口径' } },
    fields: { reason: { heading: '待定原因' } },
  },
  {
    path: 'enterprises',
    title: '企业列表',
    key: ['creditCode'],
    ordered: true,
    terms: { status: ENTERPRISE_STATUS },
    fields: { ...ENTERPRISE, facts: { heading: '数据数' } },
  },
  {
    path: 'enterprises/*/tiers',
    title: '企业梯次变动',
    key: ['ladder', 'revision'],
    fields: { from: { heading: '原梯队' }, to: { heading: '调整后梯队' } },
  },
  { path: 'titles', title: '称号名单', key: ['creditCode', 'title', 'year'], fields: { ...ENTERPRISE, ...titled('称号') } },
  { path: 'budgets', forThePublic: true, title: '预算科目', key: ['pack', 'line', 'period'], terms: BUDGET },
  { path: 'budgets/*/*/*/reservations', title: '指标占用', key: ['award'], terms: { status: { live: '占用中', released: '已释放' } } },
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
    terms: {
      status: AGENCY_STATUS,
      lastFinding: INSPECTION,
    },
    fields: { name: { heading: '机构名称' }, from: { heading: '备案日期' } },
  },
  { path: 'ladders', forThePublic: true, title: '梯次一览', key: ['ladder'], terms: { status: POLICY_STATUS } },
  {
    path: 'ladders/*/enterprises',
    forThePublic: true,
    title: '在库企业',
    key: ['creditCode'],
    ordered: true,
    fields: ENTERPRISE,
  },
  {
    path: 'tier-reviews/*/*/proposals',
    title: '梯次调整建议',
    key: ['creditCode'],
    terms: { kind: PROPOSAL, status: { open: '待决定', decided: '已决定', failed: '未能执行' } },
    fields: { ...ENTERPRISE, from: { heading: '原梯队代码' }, to: { heading: '调整后梯队代码' } },
  },
  { path: 'tier-reviews/*/*/recommendations', title: '推荐名单', key: ['creditCode'], fields: ENTERPRISE },
  {
    path: 'rosters',
    forThePublic: true,
    title: '名单一览',
    key: ['pack', 'clause'],
    terms: { of: { facts: '按数据', 'expiring-certificates': '到期证书', ladder: '按梯次' } },
  },
  {
    path: 'rosters/*/*',
    forThePublic: true,
    title: '名单',
    key: ['creditCode', 'number'],
    passing: ['daysLeft'],
    fields: ENTERPRISE,
  },
  {
    path: 'targets',
    forThePublic: true,
    title: '目标任务',
    key: ['pack', 'clause', 'unit', 'year'],
    terms: { ...PLAN, kind: { target: '目标', 'target-table': '分解计划表' } },
    fields: {
      'plan.from': { heading: '计划来源' },
      due: { heading: '本年到期' },
      openQuestions: { heading: '待明确口径' },
      question: { heading: '问题' },
      options: { heading: '可选口径' },
      text: { heading: '口径' },
      simulatedAs: { heading: '暂按' },
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
    terms: PLAN,
    fields: {
      'evaluation.plan.from': { heading: '计划来源' },
      evaluation: { heading: '完成情况' },
      due: { heading: '本年到期' },
    },
  },
  {
    path: 'target-tables/*/*',
    forThePublic: true,
    title: '指导计划表',
    key: ['unit', 'year'],
    at: 'rows',
    each: 'cells',
    terms: PLAN,
    fields: {
      actual: { heading: '实际' },
      difference: { heading: '实际与计划之差' },
      line: { heading: '行号' },
      planFrom: { heading: '计划来源' },
    },
  },
  {
    path: 'targets/*/*/entries',
    title: '填报记录',
    key: ['kind', 'no'],
    terms: { kind: TARGET_ENTRY },
  },
  {
    path: 'calendar',
    forThePublic: true,
    title: '履职日历',
    key: ['id'],
    passing: ['daysOver', 'daysLeft'],
    terms: { status: DUTY_STATUS, kind: { officer: '经办登记', ...FULFILMENT_TERMS } },
  },
  { path: 'calendar/findings', title: '逾期事项', key: ['pack', 'clause', 'period'], passing: ['daysOver', 'severity'] },
  { path: 'imports', title: '导入记录', key: ['id'], ...IMPORT },
  {
    path: 'subscribers',
    title: '读模型',
    key: ['name'],
    fields: { name: { heading: '代码' } },
    terms: { kind: SUBSCRIBER_KIND, state: SUBSCRIBER_STATE },
  },
  { path: 'audit/reliance/*/*', ...RELIANCE },
  { path: 'audit/reliance/*/*/*', ...RELIANCE },
  { path: 'audit/timeline/*/*', title: '时间线', key: ['position'] },
  {
    path: 'audit/findings',
    title: '疑点',
    key: ['id'],
    // An overdue duty weighs more the later it is.
    passing: ['daysOver', 'severity'],
    ...FINDING,
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
    terms: { state: OUTLOOK, unknown: { 'no-dossier': '企业未登记', 'no-text': '没有政策文本' } },
    fields: {
      condition: { heading: '待满足条件' },
      certain: { heading: '日期已定' },
      certificates: { heading: '所据证书' },
      earliest: { heading: '最早可付日' },
      inputs: { heading: '所需数据' },
      input: { heading: '数据' },
      label: { heading: '名称' },
      now: { heading: '目前' },
      quarter: { heading: '季度' },
      unknown: { heading: '无法判断的原因' },
    },
  },
  {
    path: 'audit/forecast/totals',
    title: '拨付预测汇总',
    key: ['budgetLine', 'quarter'],
    fields: {
      quarter: { heading: '季度' },
      instalments: { heading: '期数' },
      ...Object.fromEntries(
        Object.entries(OUTLOOK).map(([state, heading]) => [state, { heading: `${heading}（元）`, kind: 'yuan' as const }]),
      ),
    },
  },
  {
    path: 'audit/recomputation',
    title: '复算差异',
    key: ['award'],
    terms: { status: RECOMPUTED_STATUS, 'recorded.outcome': STATED, 'expected.outcome': STATED, 'why.code': WHY },
    fields: {
      changed: { heading: '变化的数据' },
      demanded: { heading: '已要求追缴（元）', kind: 'yuan' },
      expected: { heading: '复算' },
      recorded: { heading: '原测算' },
      undetermined: { heading: '不能判断' },
      why: { heading: '不符之处' },
      'why.code': { heading: '原因' },
    },
  },
  {
    path: 'audit/what-if',
    title: '假设测算',
    key: ['award'],
    terms: { group: ASSUMED_GROUP, 'outcome.before': STATED, 'outcome.after': STATED },
    fields: {
      year: { heading: '年度' },
      group: { heading: '情形' },
      outcome: { heading: '结论' },
      'outcome.before': { heading: '原结论' },
      'outcome.after': { heading: '假设结论' },
      before: { heading: '原金额（元）', kind: 'yuan' },
      after: { heading: '假设金额（元）', kind: 'yuan' },
      difference: { heading: '差额（元）', kind: 'yuan' },
      missing: { heading: '缺少的事实' },
      ceiling: { heading: '最高金额（元）', kind: 'yuan' },
    },
  },
];

function groupFields(): Readonly<Record<string, Field>> {
  return Object.fromEntries(
    Object.entries({ pack: '政策包', line: '预算科目', period: '期间', clause: '条款', payee: '统一社会信用代码', year: '年度' }).map(
      ([name, heading]) => [`group.${name}`, { heading }],
    ),
  );
}

/** How single objects and their parts read, by the route's path with `*` for what a parameter names. */
const OBJECTS: readonly (Reading & { readonly path: string })[] = [
  {
    path: 'awards/*',
    terms: { status: AWARD_STATE },
    fields: { 'state.override': { heading: '调减' }, 'assessed.on': { heading: '测算日' } },
  },
  {
    path: 'enterprises/*',
    terms: { status: ENTERPRISE_STATUS },
    fields: {
      ...ENTERPRISE,
      certificates: { heading: '证书' },
      'facts.name': { heading: '数据' },
      'names.name': { heading: '名称' },
      'titles.name': { heading: '名称' },
    },
  },
  {
    path: 'policies/*',
    terms: { 'state.status': { published: '已发布', ended: '已终止' } },
    fields: { fromTitle: { heading: '取自称号' } },
  },
  { path: 'budgets/*/*/*', terms: BUDGET },
  {
    path: 'payment-batches/*',
    terms: { status: BATCH_STATUS },
    fields: { lines: { heading: '明细' }, 'lines.paid': { heading: '回单' } },
  },
  {
    path: 'blacklist/*/*',
    terms: { kind: SUBJECT, 'cases.status': { ...CASE_STATUS, ended: '已终止' } },
    fields: { id: { heading: '对象' } },
  },
  {
    path: 'agencies/*',
    terms: { status: AGENCY_STATUS },
    fields: { name: { heading: '机构名称' }, inspections: { heading: '检查' } },
  },
  { path: 'ladders/*/diagnosis/*', terms: { kind: PROPOSAL }, fields: { kind: { heading: '结论' } } },
  { path: 'tier-reviews/*/*', terms: { status: { open: '进行中', closed: '已办结', lapsed: '已失效' } } },
  { path: 'audit/findings/*', terms: FINDING.terms, fields: FINDING.fields },
  { path: 'imports/*', ...IMPORT },
  {
    path: 'health',
    terms: {
      status: { ok: '正常', degraded: '异常' },
      'subscribers.kind': SUBSCRIBER_KIND,
      'subscribers.state': SUBSCRIBER_STATE,
    },
  },
];

/** How what a route answers reads; `path` is that of the route after `/v1/`. */
export function readingOf(path: string): Reading & Partial<ListDeclaration> {
  return matching([...LISTS, ...OBJECTS], path) ?? {};
}

/** What is known of a list; `path` is that of its route after `/v1/`. */
export function declarationOf(path: string): ListDeclaration | undefined {
  return matching(LISTS, path);
}

/** Exact segments count before `*`. */
function matching<Declared extends { readonly path: string }>(declared: readonly Declared[], path: string): Declared | undefined {
  const segments = path.split('/');
  const stars = (pattern: string) => pattern.split('*').length;
  return declared
    .filter(({ path: pattern }) => {
      const parts = pattern.split('/');
      return parts.length === segments.length && parts.every((part, index) => part === '*' || part === segments[index]);
    })
    .sort((one, other) => stars(one.path) - stars(other.path))[0];
}
