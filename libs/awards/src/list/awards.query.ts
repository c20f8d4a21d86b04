import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Money } from '@app/kernel';
import { cursorKey, type Page, pageOf } from '@app/http';
import { ReadModels } from '@app/projections';
import type { AwardRow, AwardTables } from './awards.projection.js';

/** One award in a list. */
export interface AwardSummary {
  readonly award: string;
  readonly pack: string;
  readonly clause: string;
  readonly payee: string;
  readonly payeeName: string;
  readonly occasion: string;
  readonly status: string;
  readonly outcome: string | null;
  readonly held: boolean;
  readonly amount: string | null;
  readonly paid: string;
  readonly clawbackOutstanding: string;
  readonly budgetLine: string | null;
  readonly documentNo: string | null;
  readonly noticeUntil: string | null;
  readonly appliedOn: string;
  readonly grantedOn: string | null;
  readonly remark: string | null;
  readonly revision: number;
}

export interface AwardFilter {
  readonly pack?: string;
  readonly clause?: string;
  readonly payee?: string;
  readonly status?: string;
}

export class ListAwards extends Query<Page<AwardSummary>> {
  constructor(
    readonly filter: AwardFilter,
    readonly limit: number,
    readonly cursor?: string,
  ) {
    super();
  }
}

@QueryHandler(ListAwards)
export class ListAwardsHandler implements IQueryHandler<ListAwards> {
  constructor(private readonly readModels: ReadModels) {}

  async execute({ filter, limit, cursor }: ListAwards): Promise<Page<AwardSummary>> {
    let query = this.readModels
      .from<AwardTables>()
      .selectFrom('award')
      .selectAll()
      .orderBy('award')
      .limit(limit + 1);
    for (const column of ['pack', 'clause', 'payee', 'status'] as const) {
      const value = filter[column];
      if (value !== undefined) query = query.where(column, '=', value);
    }
    const after = cursorKey(cursor, ['string']);
    if (after !== undefined) query = query.where('award', '>', after[0] as string);
    return pageOf((await query.execute()).map(summary), limit, ({ award }) => [award]);
  }
}

function summary(row: AwardRow): AwardSummary {
  return {
    award: row.award,
    pack: row.pack,
    clause: row.clause,
    payee: row.payee,
    payeeName: row.payee_name,
    occasion: row.occasion,
    status: row.status,
    outcome: row.outcome,
    held: row.held === 1,
    amount: row.amount_fen === null ? null : Money.fromFen(row.amount_fen).toString(),
    paid: Money.fromFen(row.paid_fen).toString(),
    clawbackOutstanding: Money.fromFen(row.clawback_outstanding_fen).toString(),
    budgetLine: row.budget_line,
    documentNo: row.document_no,
    noticeUntil: row.notice_until,
    appliedOn: row.applied_on,
    grantedOn: row.granted_on,
    remark: row.remark,
    revision: row.revision,
  };
}
