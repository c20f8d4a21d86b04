import { ACCOUNTS, type AwardRow, type InstalmentRow } from '@app/awards';
import type { BudgetLineRow } from '@app/budgets';
import type { DossierTables } from '@app/enterprises';
import { AWARD_STATUS, BUDGET_LINE_STATUS, ENTERPRISE_STATUS, INSTALMENT_STATUS, TARGET_ENTRY } from '@app/exports';
import type { ReportingColumn, ReportingView } from '@app/projections';
import type { TargetTables } from '@app/targets';

/** Terms for the very words a column may hold: one too many or too few does not compile. */
type TermsFor<Word extends string, Terms extends Readonly<Record<Word, string>>> = [keyof Terms] extends [Word] ? Terms : never;

const AWARD_WORDS: TermsFor<AwardRow['status'], typeof AWARD_STATUS> = AWARD_STATUS;
const INSTALMENT_WORDS: TermsFor<InstalmentRow['status'], typeof INSTALMENT_STATUS> = INSTALMENT_STATUS;
const LINE_WORDS: TermsFor<BudgetLineRow['status'], typeof BUDGET_LINE_STATUS> = BUDGET_LINE_STATUS;
const ENTERPRISE_WORDS: TermsFor<DossierTables['enterprise']['status'], typeof ENTERPRISE_STATUS> = ENTERPRISE_STATUS;
const ENTRY_WORDS: TermsFor<TargetTables['target_entry']['kind'], typeof TARGET_ENTRY> = TARGET_ENTRY;

const column = (sql: string, english: string, chinese: string, words?: Readonly<Record<string, string>>): ReportingColumn => ({
  sql,
  meaning: { english, chinese },
  ...(words && { words }),
});
const yuan = (fen: string) => `(${fen} / 100.0)::numeric(20, 2)`;
const PACK = column('pack', 'policy', '政策');
const AWARD_CLAUSE = column('clause', 'clause of the policy', '政策条款');
const PAYEE = column('payee', 'credit code of the enterprise', '企业统一社会信用代码');
const PAYEE_NAME = column('payee_name', 'its name when it applied', '申报时的企业名称');
const PAYING_LINE = column(
  'budget_line',
  'the line it is paid from: pack, line and period; empty before the grant',
  '支付科目：政策、科目、期间；批准前为空',
);

/**
 * What reporting tools see. Left out, because whoever may make charts need not know it: who did what, facts of enterprises
 * (accounts and telephone numbers among them), evidence, holds and everything else of the black list, refusals and remarks.
 * New columns come last: then what others have made over a view stays.
 */
export const REPORTING_VIEWS: readonly ReportingView[] = [
  {
    name: 'awards',
    title: { english: 'one row an award', chinese: '奖补：每笔一行' },
    reads: ['award'],
    columns: {
      award: column('award', 'name of the award: pack, clause, payee and occasion', '奖补编号：政策、条款、企业、事由'),
      pack: PACK,
      clause: AWARD_CLAUSE,
      payee: PAYEE,
      payee_name: PAYEE_NAME,
      occasion: column(
        'occasion',
        'what it is for: a year, the number of a certificate, a project, or once',
        '事由：年度、证书编号、项目，或一次性（once）',
      ),
      status: column('status', 'where it stands', '状态', AWARD_WORDS),
      computed_yuan: column(
        yuan('computed_fen'),
        'what the clause computed, where another amount was proposed by hand and not dropped; otherwise empty',
        '人工提出另定金额且未撤回时，条款原测算的金额；其余为空',
      ),
      amount_yuan: column(
        yuan('amount_fen'),
        'its amount as it stands: assessed, then reviewed, from the grant on granted. To sum what is granted, take granted_yuan',
        '当前金额：先为测算，后为审核，批准后为批准金额。汇总批准金额请用 granted_yuan',
      ),
      paid_yuan: column(
        yuan('paid_fen'),
        'paid for its instalments and not returned by the bank; what was paid twice is not among it',
        '各期已拨付且银行未退回的金额；重复拨付不计',
      ),
      clawback_outstanding_yuan: column(
        yuan('clawback_outstanding_fen'),
        'demanded back, with fines, and neither received nor written off',
        '待追缴（含罚款）：尚未收到也未核销',
      ),
      clawback_received_yuan: column(yuan('clawback_received_fen'), 'received back, with fines', '已追缴（含罚款）'),
      budget_line: PAYING_LINE,
      document_no: column('document_no', 'number of the document that grants it; empty before', '批准文号；批准前为空'),
      applied_on: column('applied_on::date', 'day of the application', '申报日期'),
      granted_on: column('granted_on::date', 'day of the grant; empty before', '批准日期；批准前为空'),
      granted_yuan: column(
        yuan('CASE WHEN granted_on IS NOT NULL THEN amount_fen END'),
        'amount granted; empty before the grant. It stays when the award lapses or is revoked later',
        '批准金额；批准前为空。此后失效或撤销的，金额保留',
      ),
    },
  },
  {
    name: 'instalments',
    title: { english: 'one row an instalment of an award that was granted', chinese: '分期：已批准奖补每期一行' },
    reads: ['instalment'],
    columns: {
      award: column('award', 'the award', '奖补编号'),
      no: column('no', 'number within the award', '期次'),
      pack: PACK,
      clause: AWARD_CLAUSE,
      payee: PAYEE,
      payee_name: PAYEE_NAME,
      budget_line: column('budget_line', 'the line it is paid from: pack, line and period', '支付科目：政策、科目、期间'),
      amount_yuan: column(yuan('amount_fen'), 'its amount, whatever its status', '本期金额，不论状态'),
      status: column('status', 'where it stands', '状态', INSTALMENT_WORDS),
      due_since: column(
        'due_since::date',
        'day since which it is or was due; empty while it never was',
        '到付日期，拨付后保留；从未到付为空',
      ),
      batch: column('batch', 'payment batch it is in or was paid by', '所在或据以拨付的批次'),
      returns: column('returns', 'how often the bank has returned it', '银行退回次数'),
      paid_on: column('paid_on::date', 'day on which the bank paid it; empty when it was returned', '银行支付日期；退回后为空'),
    },
  },
  {
    name: 'line_balances',
    title: {
      english: 'one row an account, budget line and clause; all balances together are zero',
      chinese: '科目余额：每账户、科目、条款一行；余额合计为零',
    },
    reads: ['line_balance'],
    columns: {
      account: column('account', 'account of the double-entry books', '复式账户', ACCOUNTS),
      pack: PACK,
      line: column('line', 'budget line', '预算科目'),
      period: column('period', 'year or span of years of the line', '科目的年度或年度区间'),
      clause: column('clause', 'clause; an empty text for money that is nobody’s yet', '条款；尚未归属的资金为空文本'),
      debit_yuan: column(yuan('debit_fen::numeric'), 'sum of all debits: turnover', '借方发生额'),
      credit_yuan: column(yuan('credit_fen::numeric'), 'sum of all credits: turnover', '贷方发生额'),
      balance_yuan: column(yuan('balance_fen'), 'debits less credits', '余额：借方减贷方'),
    },
  },
  {
    name: 'budget_lines',
    title: { english: 'one row a budget line and period', chinese: '预算指标：每科目、期间一行' },
    reads: ['budget_line'],
    columns: {
      pack: PACK,
      line: column('line', 'budget line', '预算科目'),
      period: column('period', 'year or span of years', '年度或年度区间'),
      title: column('title', 'its title', '名称'),
      status: column('status', 'whether it can be used', '状态', LINE_WORDS),
      appropriated_yuan: column(yuan('appropriated_fen'), 'appropriated', '预算安排'),
      adjusted_yuan: column(yuan('adjusted_fen'), 'sum of its adjustments; negative where it was cut', '调整合计；调减为负'),
      transferred_in_yuan: column(
        yuan('transferred_in_fen'),
        'received from other lines and earlier periods, and what came back of its own',
        '自其他科目和以前期间调入，含退回的调出',
      ),
      transferred_out_yuan: column(yuan('transferred_out_fen'), 'moved to other lines', '调出至其他科目'),
      carried_over_yuan: column(yuan('carried_over_fen'), 'carried over to a later period', '结转以后期间'),
      available_yuan: column(yuan('available_fen'), 'still free', '可用指标'),
      reserved_yuan: column(yuan('reserved_fen'), 'held for awards and not yet paid', '已占用指标，尚未拨付'),
      spent_yuan: column(yuan('spent_fen'), 'paid and not returned by the bank', '已支出，不含银行退回'),
      opened_on: column('opened_on::date', 'day it was opened', '设立日期'),
      closed_on: column('closed_on::date', 'day it was closed', '关闭日期'),
    },
  },
  {
    name: 'enterprises',
    title: { english: 'one row an enterprise on record', chinese: '企业：每户一行' },
    reads: ['enterprise'],
    columns: {
      credit_code: column('credit_code', 'unified social credit code', '统一社会信用代码'),
      name: column('name', 'its latest name', '最新名称'),
      region: column('region', 'its region as it was entered: a name, as a rule', '所在地区，按录入原文（一般为名称）'),
      registered_on: column(
        'registered_on::date',
        'day of its registration with the authority; empty where nobody entered it',
        '成立日期；未录入为空',
      ),
      status: column('status', 'whether it stands by itself', '状态', ENTERPRISE_WORDS),
      survivor: column('survivor', 'credit code of the enterprise it was merged into', '并入企业的统一社会信用代码'),
      facts: column('facts', 'how many facts were recorded, those put right since among them', '录入的事实数，含已更正的'),
      disputed_facts: column('disputed_facts', 'how many of them are in dispute', '其中存疑的事实数'),
    },
  },
  {
    name: 'certificates',
    title: { english: 'one row a certificate of an enterprise', chinese: '证书：每企业、证书一行' },
    reads: ['enterprise_certificate'],
    columns: {
      credit_code: column('credit_code', 'the enterprise', '企业统一社会信用代码'),
      number: column('number', 'number of the certificate', '证书编号'),
      kind: column('kind', 'what it certifies, as policies name it: hnte and others', '证书种类，用政策中的代号，如 hnte（高新技术企业）'),
      issued_on: column('issued_on::date', 'day of issue', '发证日期'),
      expires_on: column('expires_on::date', 'last day on which it counts', '有效期至（当日有效）'),
      revoked_on: column('revoked_on::date', 'day from which it counts no more', '撤销日期（当日起无效）'),
    },
  },
  {
    name: 'titles',
    title: { english: 'one row a title of an enterprise and year', chinese: '称号：每企业、称号、年度一行' },
    reads: ['enterprise_title'],
    columns: {
      credit_code: column('credit_code', 'the enterprise', '企业统一社会信用代码'),
      title: column('title', 'the title, as policies name it', '称号，用政策中的代号'),
      year: column('year', 'its year', '年度'),
      grade: column('grade', 'its grade; empty where it has none', '等级；不分等级为空'),
      awarded_on: column('awarded_on::date', 'day of the award', '授予日期'),
      withdrawn_on: column('withdrawn_on::date', 'day from which it is held no more', '撤销日期（当日起不再持有）'),
      name: column('name', 'what it is called', '称号名称'),
    },
  },
  {
    name: 'tier_standings',
    title: { english: 'one row a spell of an enterprise in a tier', chinese: '梯次在库：企业每段在库一行' },
    reads: ['tier_standing'],
    columns: {
      ladder: column('ladder', 'the ladder', '梯次库'),
      credit_code: column('credit_code', 'the enterprise', '企业统一社会信用代码'),
      tier: column('tier', 'the tier', '层级'),
      valid_from: column('valid_from::date', 'first day', '起始日期'),
      valid_until: column(
        'valid_until::date',
        'day from which it stands there no more; empty while it does',
        '终止日期（当日起不在该层级）；仍在为空',
      ),
    },
  },
  {
    name: 'target_figures',
    title: {
      english: 'one row a figure reported, planned or taken as a baseline, that has not been corrected',
      chinese: '目标数据：每个未被更正的上报、计划或基数一行',
    },
    reads: ['target_entry'],
    where: 'corrected_by_no IS NULL',
    columns: {
      kind: column('kind', 'what it is', '类别', ENTRY_WORDS),
      pack: PACK,
      clause: column('clause', 'the target', '目标条款'),
      unit: column('unit', 'district or office it is for', '责任单位（区县或部门）'),
      year: column('year', 'year; empty for the baseline of every year', '年度；各年通用的基数为空'),
      period: column(
        'period',
        'of an actual: year, half-year, quarter or month, as 2024, 2024-H1, 2024-Q3, 2024-09; otherwise empty',
        '实际值的期间：年、半年、季或月，如 2024、2024-H1、2024-Q3、2024-09；其余为空',
      ),
      value: column(
        'value::numeric',
        'the figure, in the unit of measure of its clause; of an actual as of the last day of its period: those of one year are not to be summed',
        '数值，计量单位见条款；实际值截至期末，同年各期不可相加',
      ),
      source_unit: column('source_unit', 'the office it comes from; empty for a plan', '数据来源单位；计划为空'),
      as_of: column('as_of::date', 'day on which that office stated it; empty for a plan', '来源单位的数据日期；计划为空'),
      verified_on: column('verified_on::date', 'day another person verified it', '他人核实日期'),
    },
  },
];
