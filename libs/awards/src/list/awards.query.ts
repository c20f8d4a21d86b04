import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Inject } from '@nestjs/common';
import { businessDateAt, CLOCK, type Clock, Money } from '@app/kernel';
import { cursorKey, type Page, pageOf } from '@app/http';
import { ReadModels } from '@app/projections';
import { heldBecause } from '../award.js';
import { type AwardRow, type AwardTables, holdsIn, isHeld } from './awards.projection.js';

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
  /** Whether nothing may be paid on it today. */
  readonly held: boolean;
  /** Why, and the first day on which it is held no more, where that is known. */
  readonly heldBecause: string | null;
  readonly heldUntil: string | null;
  readonly agency: string | null;
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
  /** Credit code of the service agency named in the application. */
  readonly agency?: string;
  /** Reference of a person named in the application. */
  readonly person?: string;
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
  constructor(
    private readonly readModels: ReadModels,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ filter, limit, cursor }: ListAwards): Promise<Page<AwardSummary>> {
    const today = businessDateAt(this.clock.now());
    const rows = this.readModels.from<AwardTables>();
    let query = rows
      .selectFrom('award')
      .selectAll()
      .orderBy('award')
      .limit(limit + 1);
    for (const column of ['pack', 'clause', 'payee', 'status'] as const) {
      const value = filter[column];
      if (value !== undefined) query = query.where(column, '=', value);
    }
    for (const kind of ['agency', 'person'] as const) {
      const id = filter[kind];
      if (id === undefined) continue;
      const named = rows.selectFrom('award_party').select('award').where('kind', '=', kind).where('id', '=', id);
      query = query.where('award', 'in', named);
    }
    const after = cursorKey(cursor, ['string']);
    if (after !== undefined) query = query.where('award', '>', after[0] as string);
    return pageOf(
      (await query.execute()).map((row) => summary(row, today)),
      limit,
      ({ award }) => [award],
    );
  }
}

function summary(row: AwardRow, today: string): AwardSummary {
  const held = isHeld(row, today);
  const holds = holdsIn(row).filter(({ until }) => until === undefined || today < until);
  return {
    award: row.award,
    pack: row.pack,
    clause: row.clause,
    payee: row.payee,
    payeeName: row.payee_name,
    occasion: row.occasion,
    status: row.status,
    outcome: row.outcome,
    held,
    heldBecause: heldBecause(holds) ?? null,
    heldUntil: held ? row.held_until : null,
    agency: row.agency,
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
