/** Who does what in the histories: duties that must not meet in one person have several. */
const person = (id, unit, ...roles) => ({ id, unit, roles });

export const CLERK = person('clerk.liu', '科技创新局', 'clerk');
export const OTHER_CLERK = person('clerk.gao', '科技创新局', 'clerk');
export const REVIEWER = person('reviewer.chen', '科技创新局', 'reviewer');
export const JUDGE = person('reviewer.he', '科技创新局', 'reviewer');
export const APPROVER = person('approver.wu', '科技创新局', 'approver');
export const OTHER_APPROVER = person('approver.luo', '区管委会', 'approver');
export const THIRD_APPROVER = person('approver.yan', '区管委会', 'approver');
export const FINANCE = person('finance.zhao', '财政局', 'finance');
export const OTHER_FINANCE = person('finance.xu', '财政局', 'finance');
export const ADMINISTRATOR = person('administrator.tang', '科技创新局', 'administrator');
export const AUDITOR = person('auditor.hu', '纪检监察组', 'auditor');
export const LEDGER = person('ledger', 'ledger', 'service');
