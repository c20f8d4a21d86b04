import type { Role } from '@app/kernel';
import { COMPARISON_TERMS, COUNT_TERMS, FULFILMENT_TERMS, METRIC_TERMS } from '@app/policies';

/** Chinese terms for the words the ledger answers with, wherever people read them: on the command line and in exported files. */

/** Of an award in lists. */
export const AWARD_STATUS = {
  applied: '已申报',
  assessed: '已测算',
  reviewed: '已审核',
  publicised: '公示中',
  granting: '批准中',
  granted: '已批准',
  rejected: '不予通过',
  withdrawn: '已撤回',
  lapsed: '已失效',
  revoked: '已撤销',
};

/** Of an award by itself, which tells how it ended in a word of its own. */
export const AWARD_STATE: Readonly<Record<string, string>> = { ...AWARD_STATUS, closed: '已办结', ended: '已终止' };

export const INSTALMENT_STATUS = { locked: '未到付', unlocked: '到付待拨', ordered: '批次中', paid: '已拨付', lapsed: '已失效' };

export const BUDGET_LINE_STATUS = { open: '执行中', closed: '已结账' };

export const ENTERPRISE_STATUS = { registered: '已登记', merged: '已合并' };

/** Of what is on record for a target. */
export const TARGET_ENTRY = { actual: '实绩', plan: '计划', baseline: '基数' };

export const DUE_STATE: Readonly<Record<string, string>> = {
  due: '待拨付',
  held: '暂缓',
  'in-batch': '批次中',
  clawback: '追缴未清',
};

export const OUTLOOK: Readonly<Record<string, string>> = {
  due: '已到付未拨',
  certain: '到期即付',
  possible: '条件待成就',
  held: '暂缓拨付',
  barred: '现无法成就',
};

export const BATCH_STATUS: Readonly<Record<string, string>> = {
  draft: '待冻结',
  freezing: '冻结中',
  frozen: '已冻结',
  cancelled: '已作废',
};

export const DUTY_STATUS: Readonly<Record<string, string>> = {
  due: '待办',
  done: '已办结',
  'done-late': '逾期办结',
  overdue: '逾期',
};

export const SEVERITY: Readonly<Record<string, string>> = { low: '轻', medium: '中', high: '重' };

export const ACHIEVED: Readonly<Record<string, string>> = { yes: '达到', no: '未达到', unknown: '尚不能判断' };

export const SUBJECT: Readonly<Record<string, string>> = { enterprise: '企业', agency: '服务机构', person: '个人' };

export const LISTING_CLASS: Readonly<Record<string, string>> = { minor: '轻微', general: '一般', serious: '严重' };

export const PROPOSAL: Readonly<Record<string, string>> = {
  enter: '入库',
  promote: '升级',
  keep: '保留',
  demote: '降级',
  remove: '移出',
  'stay-out': '不入库',
  undetermined: '待定',
};

export const FINDING_STATUS: Readonly<Record<string, string>> = { open: '未结', resolved: '已办结' };

export const OUTCOME: Readonly<Record<string, string>> = { confirmed: '属实', unfounded: '不成立', corrected: '已纠正' };

/** Of a read model or process manager. */
export const SUBSCRIBER_STATE = { running: '正常', building: '构建中', retrying: '重试中', stopped: '已停止' } as const;

/** What it may do, by role. */
export const ROLE: Readonly<Record<Role, string>> = {
  clerk: '经办',
  reviewer: '审核',
  approver: '审批',
  finance: '财务',
  auditor: '审计',
  administrator: '管理员',
  service: '系统',
};

export const POLICY_STATUS: Readonly<Record<string, string>> = {
  'in-force': '有效',
  'not-yet-in-force': '尚未施行',
  draft: '草案',
  expired: '已到期',
  repealed: '已废止',
  ended: '已终止',
};

/** How far an assessment has come. */
export const ASSESSMENT: Readonly<Record<string, string>> = {
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

/** 假设测算: how an award stands. */
export const ASSUMED_GROUP = { granted: '已批准', denied: '曾不予支持', pending: '办理中' };

/** What an award comes to on record, and computed again. */
export const STATED = {
  payable: '应付',
  refused: '不予支持',
  missing: '缺少事实',
  discretionary: '核定',
  unresolved: '待定',
  'not-in-force': '不在有效期',
  passed: '符合要求',
  placed: '入库',
  invalid: '填报有误',
  'clause-missing': '无此条款',
  'ground-gone': '依据已失',
} as const;

/** Why an award is not as it is computed again. */
export const WHY = {
  'text-unknown': '账本中没有所引的政策版本',
  'text-altered': '政策文本与其校验值不符',
  'outcome-differs': '测算结论不同',
  'amount-differs': '测算金额不同',
  'schedule-differs': '测算分期不同',
  'granted-unassessed': '未经测算即批准',
  'granted-differs': '批准金额与测算不符',
  'lowered-upward': '调整后高于测算金额',
  'over-ceiling': '超过上限',
  'unlocked-unmet': '条件未满足即到付',
  'unlocked-unclear': '条件所据事实存疑',
  'paid-not-granted': '未批准即拨付',
  'paid-locked': '未到付即拨付',
  'paid-differs': '拨付金额与批准不符',
  'paid-twice': '重复拨付尚未追回',
} as const;

/** Of an award that is computed again. */
export const RECOMPUTED_STATUS: Readonly<Record<string, string>> = { ...AWARD_STATE, open: '办理中' };

const INSTALMENT = { ...INSTALMENT_STATUS, met: '条件已满足', unmet: '条件未满足', pending: '待定' };
const RESULT = { paid: '已付', returned: '退回' };
const BATCH_LINE = { pending: '待银行回单', dropped: '已剔除', ...RESULT };
const UNEXPECTED = { accepted: '确已支付，予以入账', 'not-made': '未支付或已退回' };
const ENDING: Readonly<Record<string, string>> = {
  expired: '到期',
  repealed: '废止',
  repaired: '修复',
  revoked: '撤销',
  rejected: '审核不通过',
  withdrawn: '撤回',
  lapsed: '失效',
};
export const INSPECTION: Readonly<Record<string, string>> = { ok: '合格', irregular: '不规范', fraud: '弄虚作假' };
const CLEARANCE = { clear: '无问题', adverse: '有问题' };
const CERTIFICATE = { hnte: '高新技术企业' };
/** What a step of an assessment does. */
const STEP = {
  force: '有效期',
  interpretation: '释义',
  input: '数据',
  gate: '门槛条件',
  formula: '计算',
  cap: '上限',
  rounding: '取整',
  instalment: '分期',
  result: '结论',
};
const OCCASION = { once: '一次性', certificate: '按证书', year: '按年度', project: '按项目', transaction: '按交易' };
export const PLAN_SOURCE: Readonly<Record<string, string>> = { pack: '政策文本', unit: '分解文件' };
/** Kinds of records that decisions rest on. */
const RECORD = {
  fact: '数据',
  certificate: '证书',
  move: '迁移',
  title: '称号',
  registration: '企业登记',
  clearance: '部门核查意见',
  listing: '失信名单记录',
  interpretation: '释义',
};

/** Words of clauses, by what a clause is. */
const SHAPE = {
  fixed: '定额',
  percent: '按比例',
  'level-table': '分档定额',
  match: '配套',
  staged: '分期',
  discretionary: '裁量',
  external: '另行规定',
  unspecified: '未定标准',
  gate: '门槛',
  tier: '入库',
  ladder: '梯次',
  target: '目标',
  'target-table': '分解计划表',
  deadline: '按期事项',
  clearance: '部门核查',
  roster: '名单',
  title: '称号',
  budget: '预算',
  note: '说明',
};
const ABOUT = {
  occasion: '奖补事项',
  priority: '优先支持',
  explore: '探索',
  external: '另行规定',
  validity: '有效期',
  disclosure: '公开属性',
  registry: '名录',
  blacklist: '失信名单',
  kpi: '考核',
  layer: '层级',
  condition: '条件',
  adjustment: '动态调整',
};

/** By the name of a field, or by that of the part it stands in and its own. */
export type Terms = Readonly<Record<string, Readonly<Record<string, string>>>>;

const SYSTEM = { ledger: '系统' };

/** Words that mean the same in every list. */
const EVERYWHERE: Terms = {
  about: ABOUT,
  achieved: ACHIEVED,
  actor: SYSTEM,
  'actor.id': SYSTEM,
  'agency-inspected.finding': INSPECTION,
  approver: SYSTEM,
  'assessment.outcome': ASSESSMENT,
  'batch-unexpected-resolved.outcome': UNEXPECTED,
  by: { ...SYSTEM, end: '期末' },
  cause: {
    fraud: '弄虚作假',
    misuse: '挪用资金',
    'condition-broken': '违反条件',
    'certificate-revoked': '证书被撤销',
    overpayment: '重复拨付',
  },
  'certificate-recorded.kind': CERTIFICATE,
  'certificates.kind': CERTIFICATE,
  certification: { first: '首次认定', renewal: '重新认定' },
  'clearance-recorded.finding': CLEARANCE,
  'clearances.finding': CLEARANCE,
  'record.finding': CLEARANCE,
  comparison: COMPARISON_TERMS,
  counts: COUNT_TERMS,
  decidedBy: SYSTEM,
  'decisions.kind': PROPOSAL,
  disclosure: { public: '公开', 'on-request': '依申请公开', internal: '内部', draft: '草案', unstated: '未载明' },
  'end.kind': ENDING,
  'ended.how': ENDING,
  ended_how: ENDING,
  every: { year: '每年', 'half-year': '每半年', quarter: '每季度', once: '一次' },
  'finding-resolved.outcome': OUTCOME,
  'fulfilledBy.kind': FULFILMENT_TERMS,
  'inspections.finding': INSPECTION,
  'instalments.status': INSTALMENT,
  'kinds.kind': PROPOSAL,
  'kinds.status': { open: '待决定', decided: '已决定', failed: '未能执行' },
  'lines.result': RESULT,
  'lines.status': BATCH_LINE,
  listingClass: LISTING_CLASS,
  'listing-ended.how': ENDING,
  metric: METRIC_TERMS,
  'moves.kind': { arrival: '迁入', departure: '迁出' },
  'nextStep.step': {
    statement: '陈述申辩',
    decision: '作出决定',
    'objection-decision': '异议决定',
    'repair-decision': '信用修复决定',
  },
  occasion: { once: '一次性事项' },
  'occasion.key': { once: '一次性事项' },
  'occasion.kind': OCCASION,
  'occasion.reference': { once: '一次性事项' },
  'of.kind': { facts: '按数据', 'expiring-certificates': '到期证书', ladder: '按梯次' },
  origin: { 'in-province': '省内', 'out-of-province': '省外' },
  'pack.status': POLICY_STATUS,
  'paid.result': RESULT,
  'past.result': RESULT,
  period: {
    none: '不分年度',
    'occasion-year': '奖补事项当年',
    'year-before-certificate': '发证前一年',
    'prior-year': '上一年',
    annual: '每年',
  },
  planFrom: PLAN_SOURCE,
  'policy-amended.status': POLICY_STATUS,
  'policy-published.status': POLICY_STATUS,
  'proposals.kind': PROPOSAL,
  'record.kind': { ...CERTIFICATE, arrival: '迁入', departure: '迁出' },
  'records.kind': RECORD,
  recordedBy: SYSTEM,
  'resolutions.outcome': UNEXPECTED,
  'result.result': RESULT,
  'results.result': RESULT,
  'late.result': RESULT,
  'returned.result': RESULT,
  roles: ROLE,
  rounding: { 'half-up-fen': '四舍五入到分' },
  rule: { exactly: '恰为', 'at-least': '不少于' },
  scope: { standing: '在库企业', all: '全部企业' },
  severity: SEVERITY,
  'shape.kind': SHAPE,
  'state.how': ENDING,
  subject: SUBJECT,
  'subject.kind': SUBJECT,
  'trace.step': STEP,
  type: { money: '金额', percent: '百分比', bool: '是否', word: '选项', text: '文字' },
  uniqueness: OCCASION,
  unit: SYSTEM,
  unlockedBy: SYSTEM,
  verification: { reported: '填报', verified: '已核实' },
};

/** The term for a word of a field, which may mean something of its own in a part of that name; undefined where there is none. */
export function termIn(own: Terms, part: string, name: string, word: string): string | undefined {
  const both = `${part}.${name}`;
  return (own[both] ?? EVERYWHERE[both] ?? own[name] ?? EVERYWHERE[name])?.[word];
}

const FIGURES: readonly (readonly [pattern: RegExp, text: string])[] = [
  [/^unexpected payment (.+)$/, '意外支付$1'],
  [/^overpaid, not demanded back$/, '多付未追缴'],
  [/^clawed back, returned by the bank$/, '已追缴，银行又退回'],
  [/^held$/, '指标占用'],
  [/^spent$/, '指标支出'],
  [/^award$/, '没有奖补的占用'],
  [/^account available$/, '可用指标'],
  [/^account reserved$/, '已占用指标'],
  [/^account spent$/, '已支出'],
  [/^reservations$/, '各笔占用合计'],
  [/^payments$/, '各笔支出合计'],
  [/^sum$/, '收支合计'],
];

/** What a reconciliation compares, in words. */
export const figureTerm = (figure: string): string => saidBy(FIGURES, figure);

/** What refusals say beside their code, where there are figures or an officer's own words in it. */
const REFUSED: readonly (readonly [pattern: RegExp, text: string])[] = [
  [/^the award is held: (.+)$/s, '$1'],
  [/^(.+) of clawbacks are not settled: .*$/, '未清追缴款$1'],
  [/^it stood in (.+) for the review and stands in (.+) now$/, '复核时在$1，现在$2'],
  [/^(\S+) has (\S+) available \((\S+) reserved, (\S+) spent\); cannot reserve (\S+)$/, '$1可用$2元（已占用$3元，已支出$4元），不足$5元'],
];

/** Why something was refused, in words. */
export const refusalText = (detail: string): string => saidBy(REFUSED, detail);

function saidBy(patterns: typeof FIGURES, words: string): string {
  const [pattern, text] = patterns.find(([one]) => one.test(words)) ?? [];
  return pattern === undefined || text === undefined ? words : words.replace(pattern, text);
}

/** The term for a word of the ledger; the word itself where there is none. */
export const termOf = (terms: Readonly<Record<string, string>>, word: string): string => terms[word] ?? word;

const EVENTS: Readonly<Record<string, string>> = {
  'award-applied': '申报',
  'award-assessed': '测算',
  'award-reviewed': '审核通过',
  'award-rejected': '审核不通过',
  'award-withdrawn': '撤回',
  'award-publicised': '公示',
  'award-objection-raised': '提出异议',
  'award-objection-decided': '异议处理',
  'award-override-proposed': '拟调减金额',
  'award-override-dropped': '取消调减',
  'award-grant-started': '批准开始（占用指标）',
  'award-grant-failed': '批准未成',
  'award-granted': '批准',
  'instalment-unlocked': '分期到付',
  'instalment-ordered': '列入拨付批次',
  'instalment-order-cancelled': '移出拨付批次',
  'instalment-paid': '已拨付',
  'instalment-returned': '银行退回',
  'instalment-overpaid': '重复拨付',
  'overpayment-returned': '重复拨付的款项退回',
  'award-payee-confirmed': '确认承继单位',
  'award-held': '暂缓拨付',
  'award-hold-released': '恢复拨付',
  'award-lapsed': '失效',
  'award-revoked': '撤销',
  'clawback-demanded': '追缴',
  'clawback-received': '收到追缴款',
  'clawback-written-off': '核销',
  'clawback-settled': '追缴办结',
  'blacklist-case-opened': '立案并事先告知',
  'statement-recorded': '陈述申辩',
  'statement-waived': '放弃陈述申辩',
  'listing-decided': '列入黑名单',
  'listing-declined': '不予列入',
  'listing-objection-raised': '提出异议',
  'listing-objection-decided': '异议决定',
  'credit-repair-applied': '申请信用修复',
  'credit-repair-refused': '信用修复不予通过',
  'listing-ended': '移出黑名单',
  'command-noted': '重复提交或无变化的请求',
  'policy-published': '发布政策',
  'policy-amended': '修订政策',
  'policy-expired': '政策到期',
  'policy-repealed': '废止政策',
  'interpretation-settled': '明确口径',
  'enterprise-registered': '企业登记',
  'enterprise-renamed': '企业更名',
  'fact-recorded': '登记数据',
  'fact-verified': '核实数据',
  'fact-disputed': '数据异议',
  'certificate-recorded': '登记证书',
  'certificate-revoked': '撤销证书',
  'relocation-recorded': '登记迁入',
  'departure-recorded': '登记迁出',
  'clearance-recorded': '部门核查意见',
  'title-awarded': '授予称号',
  'title-withdrawn': '撤销称号',
  'enterprise-merged': '企业被合并',
  'absorption-announced': '拟吸收合并',
  'enterprise-absorbed': '并入企业',
  'budget-line-opened': '设立预算科目',
  'budget-appropriated': '下达预算',
  'budget-adjusted': '调整预算',
  'budget-transferred-out': '调出',
  'budget-transferred-in': '调入',
  'budget-reserved': '占用指标',
  'budget-released': '释放指标',
  'budget-spent': '支出',
  'budget-spending-returned': '支出退回',
  'budget-closed': '科目年终关闭',
  'batch-prepared': '编制拨付批次',
  'batch-freeze-started': '批次开始冻结',
  'batch-frozen': '批次冻结',
  'batch-cancelled': '作废批次',
  'batch-results-recorded': '登记银行回单',
  'batch-unexpected-results': '银行回单异常',
  'batch-unexpected-resolved': '处理异常回单',
  'agency-registered': '服务机构备案',
  'agency-renewed': '备案延期',
  'agency-renamed': '机构更名',
  'agency-inspected': '机构检查',
  'agency-struck-off': '注销备案',
  'actual-reported': '上报实绩',
  'actual-verified': '核实实绩',
  'plan-set': '下达计划',
  'baseline-reported': '上报基数',
  'duty-done': '事项办结',
  'duty-reopened': '事项重开',
  'tier-assigned': '入库',
  'tier-entered-directly': '直接入库',
  'tier-promoted': '升级',
  'tier-demoted': '降级',
  'tier-removed': '移出',
  'tier-review-opened': '启动动态调整',
  'tier-proposals-made': '提出调整建议',
  'tier-proposals-decided': '决定调整',
  'tier-decision-failed': '调整未能执行',
  'tier-review-closed': '动态调整办结',
  'tier-review-lapsed': '动态调整失效',
  'tier-recommended': '推荐申报',
  'finding-opened': '登记疑点',
  'finding-commented': '批注',
  'finding-assigned': '交办',
  'finding-resolved': '办结疑点',
  'finding-reopened': '重新核查',
};

/** What happened, in words, from the name of an event (`award-granted` or `award-granted.v1`). */
export const eventTerm = (event: string): string => termOf(EVENTS, event.replace(/\.v\d+$/, ''));
