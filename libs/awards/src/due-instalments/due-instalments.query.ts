import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { addDays, type BusinessDate, daysBetween, Money } from '@app/kernel';
import { cursorKey, type Page, pageOf } from '@app/http';
import { ReadModels } from '@app/projections';
import type { AwardTables, InstalmentRow } from '../list/awards.projection.js';

/** Money that is owed and has not arrived. */
export interface DueInstalment {
  readonly award: string;
  readonly instalment: number;
  readonly clause: string;
  readonly payee: string;
  readonly payeeName: string;
  readonly budgetLine: string;
  readonly documentNo: string;
  readonly amount: string;
  readonly dueSince: string;
  /** Days it has been due on the day asked about. */
  readonly ageDays: number;
  /** due, held, or in a batch that the bank has not answered. */
  readonly state: 'due' | 'held' | 'in-batch';
  readonly batch?: string;
  /** How often the bank has returned it. */
  readonly returns: number;
}

export interface DueFilter {
  readonly pack?: string;
  readonly payee?: string;
  readonly budgetLine?: string;
  /** Only those at least this many days old. */
  readonly minimumAgeDays?: number;
  /** Leaves out what is held or already in a batch. */
  readonly onlyPayable?: boolean;
}

export class GetDueInstalments extends Query<Page<DueInstalment>> {
  constructor(
    readonly on: BusinessDate,
    readonly filter: DueFilter,
    readonly limit: number,
    readonly cursor?: string,
  ) {
    super();
  }
}

@QueryHandler(GetDueInstalments)
export class GetDueInstalmentsHandler implements IQueryHandler<GetDueInstalments> {
  constructor(private readonly readModels: ReadModels) {}

  /** Oldest first. */
  async execute({ on, filter, limit, cursor }: GetDueInstalments): Promise<Page<DueInstalment>> {
    const statuses = filter.onlyPayable === true ? ['unlocked'] : ['unlocked', 'ordered'];
    let query = this.readModels
      .from<AwardTables>()
      .selectFrom('instalment')
      .selectAll()
      .where('status', 'in', statuses)
      .where('due_since', '<=', addDays(on, -(filter.minimumAgeDays ?? 0)))
      .orderBy('due_since')
      .orderBy('award')
      .orderBy('no')
      .limit(limit + 1);
    if (filter.onlyPayable === true) query = query.where('held', '=', 0);
    if (filter.pack !== undefined) query = query.where('pack', '=', filter.pack);
    if (filter.payee !== undefined) query = query.where('payee', '=', filter.payee);
    if (filter.budgetLine !== undefined) query = query.where('budget_line', '=', filter.budgetLine);
    const after = cursorKey(cursor, ['string', 'string', 'number']);
    if (after !== undefined) {
      const [since, award, no] = after as readonly [string, string, number];
      query = query.where(({ eb, refTuple, tuple }) => eb(refTuple('due_since', 'award', 'no'), '>', tuple(since, award, no)));
    }
    const due = (await query.execute()).map((row) => dueInstalment(row, on));
    return pageOf(due, limit, ({ dueSince, award, instalment }) => [dueSince, award, instalment]);
  }
}

function dueInstalment(row: InstalmentRow, on: BusinessDate): DueInstalment {
  const since = row.due_since as BusinessDate;
  return {
    award: row.award,
    instalment: row.no,
    clause: row.clause,
    payee: row.payee,
    payeeName: row.payee_name,
    budgetLine: row.budget_line,
    documentNo: row.document_no,
    amount: Money.fromFen(row.amount_fen).toString(),
    dueSince: since,
    ageDays: daysBetween(since, on),
    state: row.status === 'ordered' ? 'in-batch' : row.held === 1 ? 'held' : 'due',
    ...(row.batch !== null && { batch: row.batch }),
    returns: row.returns,
  };
}
