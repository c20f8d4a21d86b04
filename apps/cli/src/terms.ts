/** Chinese terms for what the ledger answers in its own words, for everything the command line shows to people. */

export const AWARD_STATUS: Readonly<Record<string, string>> = {
  applied: '已申报',
  assessed: '已测算',
  reviewed: '已审核',
  publicised: '公示中',
  granting: '批准中',
  granted: '已批准',
  closed: '已办结',
  rejected: '不予通过',
  withdrawn: '已撤回',
  ended: '已终止',
  lapsed: '已失效',
  revoked: '已撤销',
};

export const DUE_STATE: Readonly<Record<string, string>> = {
  due: '待拨付',
  held: '暂缓',
  'in-batch': '批次中',
  clawback: '追缴未清',
};

export const BATCH_STATUS: Readonly<Record<string, string>> = {
  draft: '待冻结',
  freezing: '冻结中',
  frozen: '已冻结，待银行处理',
  cancelled: '已作废',
};

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

/** The term for a word of the ledger; the word itself where there is none. */
export const termOf = (terms: Readonly<Record<string, string>>, word: string): string => terms[word] ?? word;
/** What happened, in words, from the name of an event (`award-granted` or `award-granted.v1`). */
export const eventTerm = (event: string): string => termOf(EVENTS, event.replace(/\.v\d+$/, ''));

export const PROPOSAL: Readonly<Record<string, string>> = {
  enter: '入库',
  promote: '升级',
  keep: '保留',
  demote: '降级',
  remove: '移出',
  'stay-out': '不入库',
  undetermined: '待定',
};
