import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { sql } from 'kysely';
import { Executor } from '@app/event-store';
import { Money, Problem } from '@app/kernel';
import { ReadModels, Subscriptions } from '@app/projections';
import { awardStream, isGranted, shortOf, undemandedOf } from '../award.js';
import { awardDecider } from '../decide.js';
import { batchDecider, batchStream } from '../disbursement/batch.js';
import type { BatchTables } from '../disbursement/batches.projection.js';
import { unexpectedOf } from '../disbursement/batches.query.js';
import type { AwardTables } from '../list/awards.projection.js';

/** Two figures that should agree and do not. */
export interface Difference {
  /** An award or a budget line. */
  readonly subject: string;
  readonly figure: string;
  /** What the award, or the line's own sums, say. */
  readonly expected: string;
  readonly found: string;
}

export interface Reconciliation {
  readonly reconciled: boolean;
  readonly awards: number;
  readonly lines: number;
  readonly differences: readonly Difference[];
}

/**
 * 对账: awards against what budget lines hold and spent for them, lines against the double-entry accounts, and what the
 * bank did against both: payments nobody expected, too much paid and not demanded back, money an enterprise is short of.
 */
export class Reconcile extends Query<Reconciliation> {}

interface Compared {
  readonly subject: string;
  readonly figure: string;
  readonly expected: number;
  readonly found: number;
}

/** What is under way gets this long to settle first. */
const SETTLE_MS = 10_000;

@QueryHandler(Reconcile)
export class ReconcileHandler implements IQueryHandler<Reconcile> {
  constructor(
    private readonly readModels: ReadModels,
    private readonly subscriptions: Subscriptions,
    private readonly executor: Executor,
  ) {}

  /** @throws Problem `read-model-behind`: what is still under way would look like a difference, and be none. */
  async execute(): Promise<Reconciliation> {
    if (!(await this.subscriptions.settled(SETTLE_MS)))
      throw new Problem('unavailable', 'read-model-behind', 'not everything that was recorded has been carried through yet; retry');
    const database = this.readModels.queries;
    const { rows: counted } = await sql<{ awards: number; lines: number }>`
      SELECT (SELECT count(*) FROM award) AS awards, (SELECT count(*) FROM budget_line) AS lines`.execute(database);
    const { rows: awards } = await sql<Compared>`${AWARDS_AGAINST_LINES}`.execute(database);
    const { rows: lines } = await sql<Compared>`${LINES_AGAINST_ACCOUNTS}`.execute(database);
    const compared = [...awards, ...lines].map(({ subject, figure, expected, found }) => ({
      subject,
      figure,
      expected: Money.formatFen(expected),
      found: Money.formatFen(found),
    }));
    const differences = [...compared, ...(await this.unexpected()), ...(await this.outOfStep())];
    return { reconciled: differences.length === 0, awards: counted[0]?.awards ?? 0, lines: counted[0]?.lines ?? 0, differences };
  }

  /** What the bank says it paid, and the books do not. */
  private async unexpected(): Promise<readonly Difference[]> {
    const rows = await this.readModels
      .from<BatchTables>()
      .selectFrom('batch_unexpected')
      .select('batch')
      .distinct()
      .orderBy('batch')
      .execute();
    const differences: Difference[] = [];
    for (const { batch } of rows) {
      const { state } = await this.executor.load(batchDecider, batchStream(batch));
      if (state.status === 'none') continue;
      for (const { award, line, amount } of unexpectedOf(state))
        differences.push(nothingBut(award, `unexpected payment ${batch}/${line}`, amount));
    }
    return differences;
  }

  /** The rows say which awards may be concerned; each award itself says by how much. */
  private async outOfStep(): Promise<readonly Difference[]> {
    const rows = await this.readModels
      .from<AwardTables>()
      .selectFrom('award')
      .select('award')
      .where(({ eb, or, ref }) =>
        or([eb('overpaid_fen', '>', 0), eb('clawback_received_fen', '>', eb('paid_fen', '+', ref('overpaid_fen')))]),
      )
      .orderBy('award')
      .execute();
    const differences: Difference[] = [];
    for (const { award } of rows) {
      const { state } = await this.executor.load(awardDecider, awardStream(award));
      if (!isGranted(state)) continue;
      const [undemanded, short] = [undemandedOf(state), shortOf(state)];
      if (!undemanded.isZero) differences.push(nothingBut(award, 'overpaid, not demanded back', undemanded.toString()));
      if (!short.isZero) differences.push(nothingBut(award, 'clawed back, returned by the bank', short.toString()));
    }
    return differences;
  }
}

const nothingBut = (subject: string, figure: string, found: string): Difference => ({ subject, figure, expected: '0.00', found });

/**
 * A granted award's line holds what is not paid and has spent what is; an ended one's holds what is not
 * paid for as long as anything is at the bank, and nothing from then on;
 * any other award holds and has spent nothing (one that is being granted may hold its amount already).
 */
const AWARDS_AGAINST_LINES = sql`
  WITH held AS (
    SELECT award, sum(amount_fen - spent_fen) AS held, sum(spent_fen) AS spent FROM budget_reservation GROUP BY award
  ), expected AS (
    SELECT award.award, award.status, award.paid_fen AS paid,
      CASE WHEN award.status = 'granted' THEN award.amount_fen - award.paid_fen
           WHEN award.status IN ('lapsed', 'revoked') THEN
             CASE WHEN EXISTS (SELECT 1 FROM instalment WHERE instalment.award = award.award AND instalment.status = 'ordered')
                  THEN award.amount_fen - award.paid_fen ELSE 0 END
           ELSE 0 END AS held
    FROM award WHERE award.status <> 'granting'
  ), compared AS (
    SELECT expected.award AS subject, 'held' AS figure, expected.held AS expected, coalesce(held.held, 0) AS found
      FROM expected LEFT JOIN held ON held.award = expected.award
    UNION ALL
    SELECT expected.award, 'spent', expected.paid, coalesce(held.spent, 0) FROM expected LEFT JOIN held ON held.award = expected.award
    UNION ALL
    SELECT held.award, 'award', 0, held.held + held.spent FROM held WHERE NOT EXISTS (SELECT 1 FROM award WHERE award.award = held.award)
  )
  SELECT * FROM compared WHERE expected <> found ORDER BY subject, figure`;

/** A line's totals are its reservations', and what the accounts say of it. */
const LINES_AGAINST_ACCOUNTS = sql`
  WITH reserved AS (
    SELECT stream, sum(amount_fen - spent_fen) AS held, sum(spent_fen) AS spent FROM budget_reservation GROUP BY stream
  ), accounts AS (
    SELECT pack, line, period, account, sum(balance_fen) AS balance FROM balance WHERE account IN ('available', 'reserved', 'spent') GROUP BY pack, line, period, account
  ), figures AS (
    SELECT stream, pack, line, period, 'available' AS account, available_fen AS figure FROM budget_line
    UNION ALL SELECT stream, pack, line, period, 'reserved', reserved_fen FROM budget_line
    UNION ALL SELECT stream, pack, line, period, 'spent', spent_fen FROM budget_line
  ), compared AS (
    SELECT figures.stream AS subject, 'account ' || figures.account AS figure, figures.figure AS expected, coalesce(accounts.balance, 0) AS found
      FROM figures LEFT JOIN accounts ON accounts.pack = figures.pack AND accounts.line = figures.line AND accounts.period = figures.period AND accounts.account = figures.account
    UNION ALL
    SELECT budget_line.stream, 'reservations', budget_line.reserved_fen, coalesce(reserved.held, 0) FROM budget_line LEFT JOIN reserved ON reserved.stream = budget_line.stream
    UNION ALL
    SELECT budget_line.stream, 'payments', budget_line.spent_fen, coalesce(reserved.spent, 0) FROM budget_line LEFT JOIN reserved ON reserved.stream = budget_line.stream
    UNION ALL
    SELECT stream, 'sum', appropriated_fen + adjusted_fen + transferred_in_fen - transferred_out_fen - carried_over_fen, available_fen + reserved_fen + spent_fen FROM budget_line
  )
  SELECT * FROM compared WHERE expected <> found ORDER BY subject, figure`;
