import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Inject } from '@nestjs/common';
import { type Kysely, sql } from 'kysely';
import { businessDateAt, CLOCK, type Clock, Money } from '@app/kernel';
import { cursorKey, type Page, pageOf } from '@app/http';
import { areFewOn, ReadModels, trueOn } from '@app/projections';
import { heldBecause } from '../award.js';
import { type AwardRow, awards, type AwardTables, holdsIn, isHeld } from './awards.projection.js';

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
  /** Whether nothing may be paid on it on the day asked about. */
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
    /** The business day; today when left out. */
    readonly on?: string,
    /** Leaves out until when an award was held: it would tell of a listing. */
    readonly hidesEnds = false,
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

  async execute({ filter, limit, cursor, on, hidesEnds }: ListAwards): Promise<Page<AwardSummary>> {
    const today = businessDateAt(this.clock.now());
    const day = on ?? today;
    const isPast = day < today;
    const rows = this.readModels.from<AwardTables>();
    let query = (isPast ? rows.selectFrom(trueOn(awards, day).as('award')) : rows.selectFrom('award')).selectAll();
    if (isPast && (await areFewOn(awards, day, this.readModels.queries)))
      query = query.where('award.award', 'in', rows.selectFrom('award as begun').select('begun.award').where('begun.first_day', '<=', day));
    for (const column of ['pack', 'clause', 'payee', 'status'] as const) {
      const value = filter[column];
      if (value !== undefined) query = query.where(`award.${column}`, '=', value);
    }
    const { agency, person } = filter;
    // Whoever was ever named is found by the index; the award of the day says whether it still was.
    if (agency !== undefined) query = query.where('award.award', 'in', namedIn(rows, 'agency', agency)).where('award.agency', '=', agency);
    if (person !== undefined)
      query = query
        .where('award.award', 'in', namedIn(rows, 'person', person))
        .where(sql<boolean>`exists (select 1 from json_each(${sql.ref('award.persons')}) where value = ${person})`);
    const after = cursorKey(cursor, ['string']);
    if (after !== undefined) query = query.where('award.award', '>', after[0] as string);
    const found = await query
      .orderBy('award.award')
      .limit(limit + 1)
      .execute();
    return pageOf(
      found.map((row) => summary(row, day, hidesEnds)),
      limit,
      ({ award }) => [award],
    );
  }
}

function namedIn(rows: Kysely<AwardTables>, kind: 'agency' | 'person', id: string) {
  return rows.selectFrom('award_party').select('award_party.award').where('kind', '=', kind).where('id', '=', id);
}

function summary(row: AwardRow, day: string, hidesEnds: boolean): AwardSummary {
  const held = isHeld(row, day);
  const holds = holdsIn(row).filter(({ until }) => until === undefined || day < until);
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
    heldUntil: held && !hidesEnds ? row.held_until : null,
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
