import { type BudgetEvent, dayOfBudgetEvent } from '@app/budgets';
import type { RecordedEvent } from '@app/event-store';
import { Money } from '@app/kernel';
import { changeFrom, datedTable, type Projection, type Rows, type Since, table } from '@app/projections';
import type { AwardEvent, BudgetLineReference } from '../award.js';
import { dayOfEffect } from '../day-of-effect.js';
import { type Dimensions, type Posting, POSTING_EVENTS, postingsOf } from './postings.js';

/** One side of an entry: never changed once written. Amounts in fen, debits positive. */
export interface PostingRow {
  readonly position: number;
  readonly number: number;
  readonly account: string;
  readonly pack: string;
  readonly line: string;
  readonly period: string;
  readonly clause: string;
  readonly payee: string;
  readonly award: string;
  readonly amount_fen: number;
  /** The business day from which it counts. */
  readonly day_of_effect: string;
  readonly recorded_at: string;
  readonly event_type: string;
}

/** The running sums of an account for one budget line, clause and payee. */
export interface BalanceRow {
  readonly account: string;
  readonly pack: string;
  readonly line: string;
  readonly period: string;
  readonly clause: string;
  readonly payee: string;
  /** Turnover only ever grows, beyond what a JavaScript number counts exactly: fen as a whole number in text. */
  readonly debit_fen: string;
  readonly credit_fen: string;
  readonly balance_fen: number;
}

/** The running sums of an account for one budget line and clause, whoever the payees: what a line, a year, a clause or the whole ledger adds up from. */
export type LineBalanceRow = Omit<BalanceRow, 'payee'> & Since;

interface AwardLineRow {
  readonly award: string;
  readonly pack: string;
  readonly line: string;
  readonly period: string;
  readonly clause: string;
  readonly payee: string;
}

export interface BalanceTables {
  readonly posting: PostingRow;
  readonly balance: BalanceRow;
  readonly line_balance: LineBalanceRow;
}

const postingTable = table<PostingRow>({
  name: 'posting',
  columns: {
    position: 'integer',
    number: 'integer',
    account: 'text',
    pack: 'text',
    line: 'text',
    period: 'text',
    clause: 'text',
    payee: 'text',
    award: 'text',
    amount_fen: 'integer',
    day_of_effect: 'text',
    recorded_at: 'text',
    event_type: 'text',
  },
  key: ['position', 'number'],
  writtenOnceAt: 'position',
  indexes: [
    ['payee', 'position'],
    ['pack', 'line', 'period', 'position'],
  ],
});

const balanceTable = table<BalanceRow>({
  name: 'balance',
  columns: {
    account: 'text',
    pack: 'text',
    line: 'text',
    period: 'text',
    clause: 'text',
    payee: 'text',
    debit_fen: 'text',
    credit_fen: 'text',
    balance_fen: 'integer',
  },
  key: ['pack', 'line', 'period', 'account', 'clause', 'payee'],
  indexes: [['payee']],
});

/** By business day, as postings are: all postings of an event are of one day, so that the books balance on every day. */
export const lineBalances = datedTable(
  table<LineBalanceRow>({
    name: 'line_balance',
    columns: {
      account: 'text',
      pack: 'text',
      line: 'text',
      period: 'text',
      clause: 'text',
      debit_fen: 'text',
      credit_fen: 'text',
      balance_fen: 'integer',
      from_day: 'text',
    },
    key: ['pack', 'line', 'period', 'account', 'clause'],
  }),
  { cut: 'all', indexes: [['until_day']] },
);

const awardLineTable = table<AwardLineRow>({
  name: 'balance_award',
  columns: { award: 'text', pack: 'text', line: 'text', period: 'text', clause: 'text', payee: 'text' },
  key: ['award'],
  isPrivate: true,
});

/** 余额: double entry over everything that moves budget or money. An event whose postings do not sum to zero stops it. */
export class BalancesProjection implements Projection {
  readonly name = 'balances';
  readonly version = 4;
  readonly tables = [postingTable, balanceTable, lineBalances.now, lineBalances.past, awardLineTable] as never[];
  readonly handles = new Set([...POSTING_EVENTS, 'award-granted']);

  apply(event: RecordedEvent, rows: Rows): void {
    if (event.type === 'award-granted') return this.rememberAward(event, rows);
    const award = event.stream.startsWith('award-') ? this.dimensionsOf(event.stream.slice('award-'.length), rows) : undefined;
    const postings = postingsOf(event, lineOf(event.stream), award).filter(({ amount }) => !amount.isZero);
    if (!Money.sum(postings.map(({ amount }) => amount)).isZero) throw new Error(`the postings of ${event.type} do not sum to zero`);
    postings.forEach((posting, number) => this.post(event, posting, number, rows));
  }

  private rememberAward(event: RecordedEvent, rows: Rows): void {
    const { budget } = event.data as { budget: BudgetLineReference };
    const award = event.stream.slice('award-'.length);
    const [, clause = '', payee = ''] = award.split('.');
    rows.put(awardLineTable, { award, pack: budget.pack, line: budget.line, period: budget.period, clause, payee });
  }

  private dimensionsOf(award: string, rows: Rows): Dimensions | undefined {
    return rows.get(awardLineTable, award);
  }

  private post(event: RecordedEvent, { account, amount, award, ...dimensions }: Posting, number: number, rows: Rows): void {
    const fen = amount.toFen();
    const day = dayOf(event);
    const { pack, line, period, clause, payee } = dimensions;
    rows.put(postingTable, {
      position: event.position,
      number,
      account,
      pack,
      line,
      period,
      clause,
      payee,
      award,
      amount_fen: fen,
      day_of_effect: day,
      recorded_at: event.recordedAt,
      event_type: event.type,
    });
    const before = rows.get(balanceTable, pack, line, period, account, clause, payee);
    rows.put(balanceTable, { account, pack, line, period, clause, payee, ...sums(before, fen) });
    changeFrom(rows, lineBalances, [pack, line, period, account, clause], day, (row) => ({
      account,
      pack,
      line,
      period,
      clause,
      ...sums(row, fen),
    }));
  }
}

/** Awards and budget lines know it of their own events. */
function dayOf(event: RecordedEvent): string {
  return event.stream.startsWith('award-')
    ? dayOfEffect(event as RecordedEvent & AwardEvent)
    : dayOfBudgetEvent(event as RecordedEvent & BudgetEvent);
}

type Sums = Pick<BalanceRow, 'debit_fen' | 'credit_fen' | 'balance_fen'>;

function sums(before: Sums | undefined, fen: number): Sums {
  return {
    debit_fen: grown(before?.debit_fen, Math.max(fen, 0)),
    credit_fen: grown(before?.credit_fen, Math.max(-fen, 0)),
    balance_fen: safe((before?.balance_fen ?? 0) + fen),
  };
}

/** `budget-<pack>.<line>.<period>` */
function lineOf(stream: string): BudgetLineReference | undefined {
  if (!stream.startsWith('budget-')) return undefined;
  const [pack = '', line = '', period = ''] = stream.slice('budget-'.length).split('.');
  return { pack, line, period };
}

function grown(turnover = '0', fen: number): string {
  return (BigInt(turnover) + BigInt(fen)).toString();
}

function safe(fen: number): number {
  if (!Number.isSafeInteger(fen)) throw new Error('a balance has left the range of exact integers');
  return fen;
}
