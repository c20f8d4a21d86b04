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
      .select([
        sql<string>`CAST(sum(CAST(debit_fen AS INTEGER)) AS TEXT)`.as('debit'),
        sql<string>`CAST(sum(CAST(credit_fen AS INTEGER)) AS TEXT)`.as('credit'),
        sql<string>`CAST(sum(balance_fen) AS TEXT)`.as('balance'),
      ])
      .groupBy(['account', ...columns]);
    for (const column of [...columns, 'account' as const]) query = query.orderBy(column);
    for (const column of ['pack', 'line', 'period', 'clause', 'payee'] as const) {
      const value = filter[column];
      if (value !== undefined) query = query.where(column, '=', value);
    }
    // Money that is nobody's yet has no clause and no payee: it would only be an unnamed group here.
    if (by === 'clause' || by === 'payee') query = query.where(by, '!=', '');
    const groups = new Map<string, { group: Record<string, string>; accounts: AccountBalance[] }>();
    for (const row of (await query.execute()) as readonly (Record<(typeof columns)[number] | 'debit' | 'credit' | 'balance', string> & {
      readonly account: Account;
    })[]) {
      const group = Object.fromEntries(columns.map((column) => [column, row[column]]));
      const key = JSON.stringify(group);
      const entry = groups.get(key) ?? { group, accounts: [] };
      entry.accounts.push(accountBalance(row.account, BigInt(row.debit), BigInt(row.credit), BigInt(row.balance)));
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
    const { rows } = await sql<{ account: Account; debit: string; credit: string; running: string }>`
      SELECT account, CAST(sum(max(amount_fen, 0)) AS TEXT) AS debit, CAST(sum(max(-amount_fen, 0)) AS TEXT) AS credit,
        (SELECT CAST(coalesce(sum(balance_fen), 0) AS TEXT) FROM balance WHERE balance.account = posting.account) AS running
      FROM posting GROUP BY account ORDER BY account`.execute(this.readModels.queries);
    const sums = rows.map(({ account, debit, credit, running }) => ({
      account,
      debit: BigInt(debit),
      credit: BigInt(credit),
      running: BigInt(running),
    }));
    const accounts = sums.map(({ account, debit, credit }) => accountBalance(account, debit, credit, debit - credit));
    const difference = sums.reduce((total, { debit, credit }) => total + debit - credit, 0n);
    const agree = sums.every(({ debit, credit, running }) => running === debit - credit);
    return { accounts, difference: Money.formatFen(difference), balanced: difference === 0n && agree };
  }
}

/** Sums over a whole ledger may be more than one amount can carry, and than a JavaScript number counts exactly. */
function accountBalance(account: Account, debit: bigint, credit: bigint, balance: bigint): AccountBalance {
  return {
    account,
    title: ACCOUNTS[account],
    debit: Money.formatFen(debit),
    credit: Money.formatFen(credit),
    balance: Money.formatFen(balance),
  };
}
