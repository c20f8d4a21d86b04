import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { sql } from 'kysely';
import { Money } from '@app/kernel';
import { ReadModels } from '@app/projections';
import type { BalanceTables } from './balances.projection.js';
import { type Account, ACCOUNTS } from './postings.js';

/** What balances may be grouped by. */
export const BALANCE_GROUPS = ['line', 'year', 'clause', 'payee'] as const;
export type BalanceGroup = (typeof BALANCE_GROUPS)[number];

export interface BalanceFilter {
  readonly pack?: string;
  readonly line?: string;
  readonly period?: string;
  readonly clause?: string;
  readonly payee?: string;
}

export interface AccountBalance {
  readonly account: Account;
  /** 科目 */
  readonly title: string;
  readonly debit: string;
  readonly credit: string;
  readonly balance: string;
}

export interface GroupBalance {
  /** Pack, line and period; the year; the clause; or the payee: as asked. */
  readonly group: Readonly<Record<string, string>>;
  readonly accounts: readonly AccountBalance[];
}

export class GetBalances extends Query<readonly GroupBalance[]> {
  constructor(
    readonly by: BalanceGroup,
    readonly filter: BalanceFilter,
  ) {
    super();
  }
}

const COLUMNS: Readonly<Record<BalanceGroup, readonly ('pack' | 'line' | 'period' | 'clause' | 'payee')[]>> = {
  line: ['pack', 'line', 'period'],
  year: ['period'],
  clause: ['pack', 'clause'],
  payee: ['payee'],
};

@QueryHandler(GetBalances)
export class GetBalancesHandler implements IQueryHandler<GetBalances> {
  constructor(private readonly readModels: ReadModels) {}

  async execute({ by, filter }: GetBalances): Promise<readonly GroupBalance[]> {
    const columns = COLUMNS[by];
    let query = this.readModels
      .from<BalanceTables>()
      .selectFrom('balance')
      .select(['account', ...columns])
      .select(({ fn }) => [fn.sum<number>('debit_fen').as('debit'), fn.sum<number>('credit_fen').as('credit'), fn.sum<number>('balance_fen').as('balance')])
      .groupBy(['account', ...columns]);
    for (const column of [...columns, 'account' as const]) query = query.orderBy(column);
    for (const column of ['pack', 'line', 'period', 'clause', 'payee'] as const) {
      const value = filter[column];
      if (value !== undefined) query = query.where(column, '=', value);
    }
    // Money that is nobody's yet has no clause and no payee: it would only be an unnamed group here.
    if (by === 'clause' || by === 'payee') query = query.where(by, '!=', '');
    const groups = new Map<string, { group: Record<string, string>; accounts: AccountBalance[] }>();
    for (const row of (await query.execute()) as readonly Record<string, string | number>[]) {
      const group = Object.fromEntries(columns.map((column) => [column, String(row[column])]));
      const key = JSON.stringify(group);
      const entry = groups.get(key) ?? { group, accounts: [] };
      entry.accounts.push(accountBalance(row['account'] as Account, Number(row['debit']), Number(row['credit']), Number(row['balance'])));
      groups.set(key, entry);
    }
    return [...groups.values()];
  }
}

export interface TrialBalance {
  readonly accounts: readonly AccountBalance[];
  /** Debits less credits over everything; anything but 0.00 is an error. */
  readonly difference: string;
  readonly balanced: boolean;
}

export class GetTrialBalance extends Query<TrialBalance> {}

@QueryHandler(GetTrialBalance)
export class GetTrialBalanceHandler implements IQueryHandler<GetTrialBalance> {
  constructor(private readonly readModels: ReadModels) {}

  /** Summed from the postings themselves, not from the running balances, so that the one checks the other. */
  async execute(): Promise<TrialBalance> {
    const { rows } = await sql<{ account: Account; debit: number; credit: number; running: number }>`
      SELECT account, sum(max(amount_fen, 0)) AS debit, sum(max(-amount_fen, 0)) AS credit,
        (SELECT sum(balance_fen) FROM balance WHERE balance.account = posting.account) AS running
      FROM posting GROUP BY account ORDER BY account`.execute(this.readModels.queries);
    const accounts = rows.map(({ account, debit, credit }) => accountBalance(account, debit, credit, debit - credit));
    const difference = rows.reduce((total, { debit, credit }) => total + debit - credit, 0);
    const running = rows.every((row) => row.running === row.debit - row.credit);
    return { accounts, difference: Money.fromFen(difference).toString(), balanced: difference === 0 && running };
  }
}

function accountBalance(account: Account, debit: number, credit: number, balance: number): AccountBalance {
  return { account, title: ACCOUNTS[account], debit: Money.fromFen(debit).toString(), credit: Money.fromFen(credit).toString(), balance: Money.fromFen(balance).toString() };
}
