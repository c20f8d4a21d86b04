/** How an option's text becomes a value of the request. */
export type OptionKind = 'text' | 'number' | 'boolean' | 'list' | 'evidence' | 'json' | 'file';

export interface RouteOption {
  readonly flag: string;
  /** Field of the body, or of the query string for a GET; dots nest. */
  readonly field: string;
  readonly kind?: OptionKind;
  readonly required?: true;
  /** Left out, it is the file name given to the option of this field. */
  readonly fromPath?: string;
  readonly help: string;
}

/** One command of the command line: words, and the route they call. `<name>` in the words fills `:name` in the path. */
export interface Route {
  readonly words: string;
  readonly help: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly options?: readonly RouteOption[];
  /** Needs no token. */
  readonly open?: true;
}

const text = (flag: string, field: string, help: string): RouteOption => ({ flag: `${flag} <text>`, field, help });
const must = (flag: string, field: string, help: string): RouteOption => ({ flag: `${flag} <text>`, field, help, required: true });
const number = (flag: string, field: string, help: string): RouteOption => ({ flag: `${flag} <number>`, field, kind: 'number', help });
const flag = (name: string, field: string, help: string): RouteOption => ({ flag: name, field, kind: 'boolean', help });

const REASON = must('--reason', 'reason', '理由');
const EVIDENCE: RouteOption = {
  flag: '--evidence <title|documentNo|sha256...>',
  field: 'evidence',
  kind: 'evidence',
  help: '依据材料: title, then document number and SHA-256 after |',
};
const PAGING = [number('--limit', 'limit', 'items a page, 1 to 500'), text('--cursor', 'cursor', '`next` of the page before')];
const LINE = '/v1/budgets/:pack/:line/:period';

/** Everything the command line can ask of a ledger. */
export const ROUTES: readonly Route[] = [
  { words: 'policy list', help: '政策列表', method: 'GET', path: '/v1/policies', options: PAGING },
  {
    words: 'policy open-questions',
    help: '待定事项: what the published texts leave open, and why',
    method: 'GET',
    path: '/v1/policies/open-questions',
    options: [text('--pack', 'pack', '政策包')],
  },
  { words: 'policy show <pack>', help: '政策全文与各版本', method: 'GET', path: '/v1/policies/:pack' },
  {
    words: 'policy publish',
    help: '发布政策',
    method: 'POST',
    path: '/v1/policies',
    options: [
      { flag: '--pack-file <path>', field: 'pack', kind: 'file', required: true, help: 'the YAML pack' },
      { flag: '--source-file <path>', field: 'source', kind: 'file', help: 'the source document its quotes are checked against' },
      { flag: '--name <text>', field: 'file', help: 'its name in messages; the file name when left out', fromPath: 'pack' },
      EVIDENCE,
    ],
  },
  {
    words: 'policy amend <pack>',
    help: '修订政策',
    method: 'POST',
    path: '/v1/policies/:pack/amend',
    options: [
      { flag: '--pack-file <path>', field: 'pack', kind: 'file', required: true, help: 'the YAML pack' },
      { flag: '--source-file <path>', field: 'source', kind: 'file', help: 'the source document its quotes are checked against' },
      { flag: '--name <text>', field: 'file', help: 'its name in messages; the file name when left out', fromPath: 'pack' },
      REASON,
      EVIDENCE,
    ],
  },
  {
    words: 'policy expire <pack>',
    help: '政策到期',
    method: 'POST',
    path: '/v1/policies/:pack/expire',
    options: [must('--on', 'on', 'first day it no longer applies'), REASON, EVIDENCE],
  },
  {
    words: 'policy repeal <pack>',
    help: '废止政策',
    method: 'POST',
    path: '/v1/policies/:pack/repeal',
    options: [must('--on', 'on', 'first day it no longer applies'), REASON, EVIDENCE],
  },
  {
    words: 'policy settle <pack> <interpretation>',
    help: '明确口径',
    method: 'POST',
    path: '/v1/policies/:pack/interpretations/:interpretation/settle',
    options: [must('--chosen', 'chosen', 'the option taken'), REASON],
  },

  {
    words: 'enterprise register',
    help: '企业登记',
    method: 'POST',
    path: '/v1/enterprises',
    options: [
      must('--code', 'creditCode', '统一社会信用代码'),
      must('--name', 'name', '企业名称'),
      text('--region', 'region', '所在区域'),
      text('--registered-on', 'registeredOn', '成立日期'),
      EVIDENCE,
    ],
  },
  {
    words: 'enterprise list',
    help: '企业列表',
    method: 'GET',
    path: '/v1/enterprises',
    options: [text('--search', 'q', 'beginning of a code or name'), ...PAGING],
  },
  {
    words: 'enterprise show <code>',
    help: '一企一档',
    method: 'GET',
    path: '/v1/enterprises/:code',
    options: [text('--on', 'on', 'as of a business date')],
  },
  {
    words: 'enterprise rename <code>',
    help: '更名',
    method: 'POST',
    path: '/v1/enterprises/:code/rename',
    options: [must('--name', 'name', '新名称'), EVIDENCE],
  },
  {
    words: 'enterprise facts <code>',
    help: '登记数据 (a JSON list of facts)',
    method: 'POST',
    path: '/v1/enterprises/:code/facts',
    options: [
      {
        flag: '--facts <json>',
        field: 'facts',
        kind: 'json',
        required: true,
        help: '[{"name","value","period","subject","sourceUnit","evidence"}], or @file',
      },
    ],
  },
  {
    words: 'enterprise verify-fact <code> <fact>',
    help: '核实数据',
    method: 'POST',
    path: '/v1/enterprises/:code/facts/:fact/verify',
    options: [EVIDENCE],
  },
  {
    words: 'enterprise dispute-fact <code> <fact>',
    help: '质疑数据',
    method: 'POST',
    path: '/v1/enterprises/:code/facts/:fact/dispute',
    options: [REASON],
  },
  {
    words: 'enterprise certificate <code>',
    help: '登记证书',
    method: 'POST',
    path: '/v1/enterprises/:code/certificates',
    options: [
      must('--number', 'number', '证书编号'),
      must('--kind', 'kind', '证书种类: hnte is 高新技术企业证书'),
      must('--certification', 'certification', 'first or renewal'),
      must('--issued-on', 'issuedOn', '发证日期'),
      must('--expires-on', 'expiresOn', '有效期至'),
      must('--issuer', 'issuer', '发证机关'),
      flag('--corrects', 'corrects', 'puts right what was recorded under the number'),
      EVIDENCE,
    ],
  },
  {
    words: 'enterprise revoke-certificate <code> <number>',
    help: '撤销证书',
    method: 'POST',
    path: '/v1/enterprises/:code/certificates/:number/revoke',
    options: [must('--on', 'on', '撤销日期'), REASON, EVIDENCE],
  },
  {
    words: 'enterprise relocation <code>',
    help: '登记迁入',
    method: 'POST',
    path: '/v1/enterprises/:code/relocation',
    options: [
      must('--from', 'from', '原注册地'),
      must('--origin', 'origin', 'in-province or out-of-province'),
      flag('--whole', 'whole', '整体迁入'),
      must('--on', 'on', '迁入日期'),
      EVIDENCE,
    ],
  },
  {
    words: 'enterprise departure <code>',
    help: '登记迁出',
    method: 'POST',
    path: '/v1/enterprises/:code/departure',
    options: [must('--on', 'on', '迁出日期'), EVIDENCE],
  },
  {
    words: 'enterprise clearance <code>',
    help: '登记部门核查意见',
    method: 'POST',
    path: '/v1/enterprises/:code/clearances',
    options: [
      must('--clearance', 'clearance', '核查事项, as a policy names it'),
      must('--agency', 'agency', '核查部门'),
      must('--finding', 'finding', 'clear or adverse'),
      must('--on', 'on', '核查日期'),
      text('--valid-until', 'validUntil', '有效期至; the policy says how long when left out'),
      must('--document-no', 'documentNo', '文号'),
      text('--note', 'note', '备注'),
      EVIDENCE,
    ],
  },
  {
    words: 'enterprise award-title <code>',
    help: '授予称号',
    method: 'POST',
    path: '/v1/enterprises/:code/titles',
    options: [
      must('--title', 'title', '称号, as a policy names it'),
      text('--grade', 'grade', '等级'),
      { ...number('--year', 'year', '年度'), required: true },
      must('--on', 'on', '授予日期'),
      must('--document-no', 'documentNo', '文号'),
      EVIDENCE,
    ],
  },
  {
    words: 'enterprise withdraw-title <code>',
    help: '撤销称号',
    method: 'POST',
    path: '/v1/enterprises/:code/titles/withdraw',
    options: [
      must('--title', 'title', '称号'),
      { ...number('--year', 'year', '年度'), required: true },
      must('--on', 'on', '撤销日期'),
      REASON,
      EVIDENCE,
    ],
  },
  {
    words: 'enterprise titles',
    help: '称号名单',
    method: 'GET',
    path: '/v1/titles',
    options: [must('--title', 'title', '称号'), number('--year', 'year', '年度'), ...PAGING],
  },
  {
    words: 'enterprise merge <code>',
    help: '合并',
    method: 'POST',
    path: '/v1/enterprises/:code/merge',
    options: [must('--survivor', 'survivor', '存续企业的统一社会信用代码'), REASON, EVIDENCE],
  },

  {
    words: 'budget open',
    help: '设立预算科目',
    method: 'POST',
    path: '/v1/budgets',
    options: [
      must('--pack', 'pack', '政策包'),
      must('--line', 'line', '科目'),
      must('--period', 'period', '"2024" or "2021-2023"'),
      text('--title', 'title', '名称'),
    ],
  },
  {
    words: 'budget list',
    help: '预算列表',
    method: 'GET',
    path: '/v1/budgets',
    options: [text('--pack', 'pack', '政策包'), text('--period', 'period', '期间'), ...PAGING],
  },
  { words: 'budget show <pack> <line> <period>', help: '预算科目', method: 'GET', path: LINE },
  {
    words: 'budget reservations <pack> <line> <period>',
    help: '指标占用',
    method: 'GET',
    path: `${LINE}/reservations`,
    options: [text('--status', 'status', 'live or released'), ...PAGING],
  },
  {
    words: 'budget appropriate <pack> <line> <period>',
    help: '安排预算',
    method: 'POST',
    path: `${LINE}/appropriations`,
    options: [must('--amount', 'amount', '金额'), REASON, EVIDENCE],
  },
  {
    words: 'budget adjust <pack> <line> <period>',
    help: '调整预算 (a negative amount lowers it)',
    method: 'POST',
    path: `${LINE}/adjustments`,
    options: [must('--amount', 'amount', '金额, may be negative'), REASON, EVIDENCE],
  },
  {
    words: 'budget transfer <pack> <line> <period>',
    help: '调剂到另一科目',
    method: 'POST',
    path: `${LINE}/transfers`,
    options: [
      must('--to-pack', 'to.pack', '政策包'),
      must('--to-line', 'to.line', '科目'),
      must('--to-period', 'to.period', '期间'),
      must('--amount', 'amount', '金额'),
      REASON,
      EVIDENCE,
    ],
  },
  {
    words: 'budget close <pack> <line> <period>',
    help: '年终结账, the rest is carried over',
    method: 'POST',
    path: `${LINE}/close`,
    options: [
      text('--to-pack', 'to.pack', '政策包'),
      text('--to-line', 'to.line', '科目'),
      text('--to-period', 'to.period', '期间'),
      EVIDENCE,
    ],
  },

  {
    words: 'award apply',
    help: '申报奖补',
    method: 'POST',
    path: '/v1/awards',
    options: [
      must('--pack', 'pack', '政策包'),
      must('--clause', 'clause', '条款'),
      must('--payee', 'payee', '统一社会信用代码'),
      text('--occasion', 'occasion', 'certificate number, year, project or transaction'),
      text('--note', 'note', '备注'),
      EVIDENCE,
    ],
  },
  {
    words: 'award list',
    help: '奖补列表',
    method: 'GET',
    path: '/v1/awards',
    options: [
      text('--pack', 'pack', '政策包'),
      text('--clause', 'clause', '条款'),
      text('--payee', 'payee', '信用代码'),
      text('--status', 'status', '状态'),
      ...PAGING,
    ],
  },
  { words: 'award show <award>', help: '奖补详情与历史', method: 'GET', path: '/v1/awards/:award' },
  { words: 'award assess <award>', help: '测算', method: 'POST', path: '/v1/awards/:award/assess' },
  {
    words: 'award review <award>',
    help: '审核',
    method: 'POST',
    path: '/v1/awards/:award/review',
    options: [
      { flag: '--recommended <yes|no>', field: 'recommended', kind: 'boolean', required: true, help: '是否建议给予' },
      text('--amount', 'amount', '核定金额, under a discretionary clause'),
      text('--reason', 'reason', '审核意见'),
      text('--unverified-reason', 'unverifiedReason', '采信未核实数据的理由'),
      EVIDENCE,
    ],
  },
  { words: 'award withdraw <award>', help: '撤回', method: 'POST', path: '/v1/awards/:award/withdraw', options: [REASON] },
  {
    words: 'award publicise <award>',
    help: '公示',
    method: 'POST',
    path: '/v1/awards/:award/publicise',
    options: [text('--from', 'from', '起始日'), number('--days', 'days', '天数'), text('--place', 'place', '地点')],
  },
  {
    words: 'award object <award>',
    help: '提出异议',
    method: 'POST',
    path: '/v1/awards/:award/objections',
    options: [must('--by', 'by', '异议人'), REASON, EVIDENCE],
  },
  {
    words: 'award decide-objection <award> <objection>',
    help: '处理异议',
    method: 'POST',
    path: '/v1/awards/:award/objections/:objection/decide',
    options: [{ flag: '--upheld <yes|no>', field: 'upheld', kind: 'boolean', required: true, help: '异议是否成立' }, REASON, EVIDENCE],
  },
  {
    words: 'award override <award>',
    help: '提议调减',
    method: 'POST',
    path: '/v1/awards/:award/override',
    options: [
      { flag: '--amounts <amount...>', field: 'amounts', kind: 'list', required: true, help: 'one for each instalment' },
      REASON,
      EVIDENCE,
    ],
  },
  { words: 'award drop-override <award>', help: '取消调减', method: 'POST', path: '/v1/awards/:award/override/drop', options: [REASON] },
  {
    words: 'award grant <award>',
    help: '批准',
    method: 'POST',
    path: '/v1/awards/:award/grant',
    options: [must('--line', 'line', '预算科目'), must('--period', 'period', '期间'), must('--document-no', 'documentNo', '批准文号')],
  },
  {
    words: 'award unlock <award> <no>',
    help: '解锁分期',
    method: 'POST',
    path: '/v1/awards/:award/instalments/:no/unlock',
    options: [EVIDENCE],
  },
  {
    words: 'award confirm-payee <award>',
    help: '确认承继单位',
    method: 'POST',
    path: '/v1/awards/:award/payee',
    options: [must('--payee', 'payee', '承继单位统一社会信用代码'), REASON, EVIDENCE],
  },
  { words: 'award hold <award>', help: '暂缓拨付', method: 'POST', path: '/v1/awards/:award/hold', options: [REASON, EVIDENCE] },
  { words: 'award release <award>', help: '解除暂缓', method: 'POST', path: '/v1/awards/:award/hold/release', options: [REASON, EVIDENCE] },
  { words: 'award lapse <award>', help: '失效', method: 'POST', path: '/v1/awards/:award/lapse', options: [REASON, EVIDENCE] },
  {
    words: 'award revoke <award>',
    help: '撤销',
    method: 'POST',
    path: '/v1/awards/:award/revoke',
    options: [must('--cause', 'cause', 'fraud, misuse, condition-broken, certificate-revoked or overpayment'), REASON, EVIDENCE],
  },
  {
    words: 'award clawback <award>',
    help: '追缴',
    method: 'POST',
    path: '/v1/awards/:award/clawbacks',
    options: [
      must('--cause', 'cause', 'fraud, misuse, condition-broken, certificate-revoked or overpayment'),
      must('--principal', 'principal', '本金'),
      text('--fine-percent', 'finePercent', '罚款比例'),
      must('--due-on', 'dueOn', '缴款期限'),
      REASON,
      EVIDENCE,
    ],
  },
  {
    words: 'award clawback-receipt <award> <clawback>',
    help: '追缴到账',
    method: 'POST',
    path: '/v1/awards/:award/clawbacks/:clawback/receipts',
    options: [must('--amount', 'amount', '金额'), must('--on', 'on', '到账日期'), must('--reference', 'reference', '凭证号')],
  },
  {
    words: 'award write-off <award> <clawback>',
    help: '核销',
    method: 'POST',
    path: '/v1/awards/:award/clawbacks/:clawback/write-off',
    options: [must('--amount', 'amount', '金额'), REASON, EVIDENCE],
  },

  {
    words: 'batch prepare <batch>',
    help: '编制拨付批次 from everything payable that matches',
    method: 'POST',
    path: '/v1/payment-batches',
    options: [
      must('--title', 'title', '批次名称'),
      { flag: '--instalments <json>', field: 'instalments', kind: 'json', help: '[{"award","instalment"}], or @file' },
      text('--pack', 'filter.pack', '政策包'),
      text('--payee', 'filter.payee', '信用代码'),
      text('--budget-line', 'filter.budgetLine', '<pack>.<line>.<period>'),
      number('--minimum-age-days', 'filter.minimumAgeDays', 'due at least this long'),
    ],
  },
  { words: 'batch list', help: '批次列表', method: 'GET', path: '/v1/payment-batches', options: PAGING },
  { words: 'batch show <batch>', help: '批次详情', method: 'GET', path: '/v1/payment-batches/:batch' },
  { words: 'batch freeze <batch>', help: '锁定批次', method: 'POST', path: '/v1/payment-batches/:batch/freeze' },
  { words: 'batch cancel <batch>', help: '作废批次', method: 'POST', path: '/v1/payment-batches/:batch/cancel', options: [REASON] },
  {
    words: 'batch results <batch>',
    help: '导入银行回单',
    method: 'POST',
    path: '/v1/payment-batches/:batch/results',
    options: [
      { flag: '--bank-file <path>', field: 'content', kind: 'file', required: true, help: 'CSV from the bank' },
      { flag: '--name <text>', field: 'file', help: '文件名; the file name when left out', fromPath: 'content' },
    ],
  },
  {
    words: 'batch file <batch>',
    help: '导出拨付清单',
    method: 'GET',
    path: '/v1/payment-batches/:batch/file',
    options: [text('--format', 'format', 'csv or xlsx')],
  },

  {
    words: 'due',
    help: '应付分期',
    method: 'GET',
    path: '/v1/due-instalments',
    options: [
      text('--on', 'on', '业务日期'),
      text('--pack', 'pack', '政策包'),
      text('--payee', 'payee', '信用代码'),
      text('--budget-line', 'budgetLine', '<pack>.<line>.<period>'),
      number('--minimum-age-days', 'minimumAgeDays', 'due at least this long'),
      ...PAGING,
    ],
  },
  {
    words: 'balances',
    help: '余额表',
    method: 'GET',
    path: '/v1/balances',
    options: [
      text('--by', 'by', 'line, year, clause or payee'),
      text('--pack', 'pack', '政策包'),
      text('--line', 'line', '科目'),
      text('--period', 'period', '期间'),
      text('--clause', 'clause', '条款'),
      text('--payee', 'payee', '信用代码'),
    ],
  },
  { words: 'trial-balance', help: '试算平衡', method: 'GET', path: '/v1/balances/trial' },
  { words: 'reconcile', help: '对账: exit code 1 when anything differs', method: 'GET', path: '/v1/balances/reconciliation' },
  { words: 'health', help: '健康检查', method: 'GET', path: '/health', open: true },
];
