import { Money } from '@app/kernel';
import type { BudgetLineReference } from '../award.js';

/** The accounts of the ledger (科目). A positive amount is a debit, a negative one a credit. */
export const ACCOUNTS = {
  appropriation: '预算安排',
  transferred: '调剂结转',
  available: '可用指标',
  reserved: '已占用指标',
  spent: '已支出',
  returned: '银行退回',
  'clawback-claim': '追缴债权',
  'clawback-due': '应追缴',
  'clawback-received': '已追缴',
  'clawback-written-off': '已核销',
} as const;
export type Account = keyof typeof ACCOUNTS;

/** What an amount belongs to. Clause and payee are empty where money is not yet anyone's. */
export interface Dimensions extends BudgetLineReference {
  readonly clause: string;
  readonly payee: string;
  readonly award: string;
}

export interface Posting extends Dimensions {
  readonly account: Account;
  readonly amount: Money;
}

/** The money side of an event: pairs of a debit and a credit, so that every event's postings sum to zero. */
export function move(
  amount: Money,
  debit: Account,
  credit: Account,
  debited: Dimensions,
  credited: Dimensions = debited,
): readonly Posting[] {
  return [
    { ...debited, account: debit, amount },
    { ...credited, account: credit, amount: amount.negated() },
  ];
}

export const lineOnly = ({ pack, line, period }: BudgetLineReference): Dimensions => ({
  pack,
  line,
  period,
  clause: '',
  payee: '',
  award: '',
});

/** The postings of one event. `award` gives the dimensions of an award that was granted before. Pure. */
export function postingsOf(
  event: { readonly type: string; readonly data: unknown },
  line: BudgetLineReference | undefined,
  award: Dimensions | undefined,
): readonly Posting[] {
  const data = event.data as {
    readonly amount: string;
    readonly carriedOver: string;
    readonly award: string;
    readonly payee: string;
    readonly clause: string;
  };
  const amountOf = (text: string) => Money.parseSigned(text);
  const whole = () => lineOnly(required(line, event.type));
  const payee = (): Dimensions => ({ ...whole(), award: data.award, payee: data.payee, clause: data.clause });
  const granted = () => required(award, event.type);
  switch (event.type) {
    case 'budget-appropriated':
    case 'budget-adjusted':
      return move(amountOf(data.amount), 'available', 'appropriation', whole());
    case 'budget-transferred-in':
      return move(amountOf(data.amount), 'available', 'transferred', whole());
    case 'budget-transferred-out':
      return move(amountOf(data.amount), 'transferred', 'available', whole());
    case 'budget-closed':
      return move(amountOf(data.carriedOver), 'transferred', 'available', whole());
    case 'budget-reserved':
      return move(amountOf(data.amount), 'reserved', 'available', payee(), whole());
    case 'budget-released':
      return move(amountOf(data.amount), 'available', 'reserved', whole(), payee());
    case 'budget-spent':
      return move(amountOf(data.amount), 'spent', 'reserved', payee());
    case 'budget-spending-returned':
      return move(amountOf(data.amount), 'reserved', 'spent', payee());
    case 'instalment-returned':
      // Whether it had been booked as paid or not: through an account of its own and back, so that it stays visible as turnover.
      return [
        ...move(amountOf(data.amount), 'returned', 'reserved', granted()),
        ...move(amountOf(data.amount), 'reserved', 'returned', granted()),
      ];
    case 'clawback-demanded':
      return move(amountOf(data.amount), 'clawback-due', 'clawback-claim', granted());
    case 'clawback-received':
      return move(amountOf(data.amount), 'clawback-received', 'clawback-due', granted());
    case 'clawback-written-off':
      return move(amountOf(data.amount), 'clawback-written-off', 'clawback-due', granted());
    default:
      return [];
  }
}

export const POSTING_EVENTS: ReadonlySet<string> = new Set([
  'budget-appropriated',
  'budget-adjusted',
  'budget-transferred-in',
  'budget-transferred-out',
  'budget-closed',
  'budget-reserved',
  'budget-released',
  'budget-spent',
  'budget-spending-returned',
  'instalment-returned',
  'clawback-demanded',
  'clawback-received',
  'clawback-written-off',
]);

function required<Value>(value: Value | undefined, type: string): Value {
  if (value === undefined) throw new Error(`${type} without the budget line or award it belongs to`);
  return value;
}
