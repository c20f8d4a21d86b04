import { isDeepStrictEqual } from 'node:util';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { type AliasableExpression, type RawBuilder, sql } from 'kysely';
import { Money } from '@app/kernel';
import { currentVantage } from '@app/event-store';
import { ReadModels, trueOn } from '@app/projections';
import { type BalanceRow, lineBalances } from './balances.projection.js';
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
    /** The business day; the present when left out. */
    readonly on?: string,
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

/** A posting's amount, on the side it stands on. */
const DEBIT = sql`CASE WHEN amount_fen > 0 THEN amount_fen ELSE 0 END`;
const CREDIT = sql`CASE WHEN amount_fen < 0 THEN -amount_fen ELSE 0 END`;

@QueryHandler(GetBalances)
export class GetBalancesHandler implements IQueryHandler<GetBalances> {
  constructor(private readonly readModels: ReadModels) {}

  async execute({ by, filter, on }: GetBalances): Promise<readonly GroupBalance[]> {
    const columns = COLUMNS[by];
    let query = this.readModels
      .from<Record<never, never>>()
      .selectFrom(runningSums(by === 'payee' || filter.payee !== undefined, on).as('sums'))
      .select(['account', ...columns])
      .select([
        sql<string>`CAST(sum(CAST(debit_fen AS BIGINT)) AS TEXT)`.as('debit'),
        sql<string>`CAST(sum(CAST(credit_fen AS BIGINT)) AS TEXT)`.as('credit'),
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

/** The sums to add up. Where a payee is asked for, its own: for a day those of its postings, which are few for any one payee. */
function runningSums(byPayee: boolean, on: string | undefined): AliasableExpression<BalanceRow> {
  if (!byPayee) return on === undefined ? sql`${sql.table('line_balance')}` : (trueOn(lineBalances, on) as AliasableExpression<never>);
  if (on === undefined) return sql`${sql.table('balance')}`;
  return sql`(SELECT account, pack, line, period, clause, payee,
    ${DEBIT} AS debit_fen, ${CREDIT} AS credit_fen, amount_fen AS balance_fen
    FROM ${sql.table('posting')} WHERE day_of_effect <= ${on})`;
}

export interface TrialBalance {
  readonly accounts: readonly AccountBalance[];
  /** Debits less credits over everything; anything but 0.00 is an error. */
  readonly difference: string;
  readonly balanced: boolean;
}

/** 试算平衡: the whole ledger's, or as it stood on a business day. */
export class GetTrialBalance extends Query<TrialBalance> {
  constructor(readonly on?: string) {
    super();
  }
}

@QueryHandler(GetTrialBalance)
export class GetTrialBalanceHandler implements IQueryHandler<GetTrialBalance> {
  constructor(private readonly readModels: ReadModels) {}

  /**
   * Of the present, summed from the postings themselves, not from the running sums, so that the one checks the other.
   * Earlier ones are summed from the running sums of their day or position, which that check covers.
   */
  async execute({ on }: GetTrialBalance): Promise<TrialBalance> {
    const isPresent = on === undefined && currentVantage() === undefined;
    const sums = await this.running(on);
    const accounts = sums.map(({ account, debit, credit }) => accountBalance(account, debit, credit, debit - credit));
    const difference = sums.reduce((total, { debit, credit }) => total + debit - credit, 0n);
    const agree = isPresent
      ? isDeepStrictEqual(sums, await this.posted())
      : sums.every(({ debit, credit, balance }) => balance === debit - credit);
    return { accounts, difference: Money.formatFen(difference), balanced: difference === 0n && agree };
  }

  private async running(on: string | undefined): Promise<readonly AccountSums[]> {
    return this
      .summed(sql`SELECT account, CAST(sum(CAST(debit_fen AS BIGINT)) AS TEXT) AS debit, CAST(sum(CAST(credit_fen AS BIGINT)) AS TEXT) AS credit,
      CAST(sum(balance_fen) AS TEXT) AS balance FROM ${runningSums(false, on)} GROUP BY account ORDER BY account`);
  }

  private async posted(): Promise<readonly AccountSums[]> {
    return this.summed(sql`SELECT account, CAST(sum(${DEBIT}) AS TEXT) AS debit, CAST(sum(${CREDIT}) AS TEXT) AS credit,
      (SELECT CAST(coalesce(sum(balance_fen), 0) AS TEXT) FROM balance WHERE balance.account = posting.account) AS balance
      FROM posting GROUP BY account ORDER BY account`);
  }

  private async summed(query: RawBuilder<unknown>): Promise<readonly AccountSums[]> {
    const { rows } = await (
      query as RawBuilder<Record<Exclude<keyof AccountSums, 'account'>, string> & Pick<AccountSums, 'account'>>
    ).execute(this.readModels.queries);
    return rows.map(({ account, debit, credit, balance }) => ({
      account,
      debit: BigInt(debit),
      credit: BigInt(credit),
      balance: BigInt(balance),
    }));
  }
}

interface AccountSums {
  readonly account: Account;
  readonly debit: bigint;
  readonly credit: bigint;
  readonly balance: bigint;
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
