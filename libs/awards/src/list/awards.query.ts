import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Inject } from '@nestjs/common';
import { type ExpressionBuilder, sql } from 'kysely';
import { businessDateAt, CLOCK, type Clock, Money } from '@app/kernel';
import { cursorKey, type Page, pageOf } from '@app/http';
import { nextMonth, ReadModels, type Spell, trueOn } from '@app/projections';
import { type AwardStatus, heldBecause, withoutListingReasons } from '../award.js';
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
  readonly status?: AwardStatus;
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
    /** Leaves out until when and why a listing held an award: it may have ended since. */
    readonly hidesListings = false,
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

  async execute({ filter, limit, cursor, on, hidesListings }: ListAwards): Promise<Page<AwardSummary>> {
    const today = businessDateAt(this.clock.now());
    const day = on ?? today;
    const after = cursorKey(cursor, ['string'])?.[0] as string | undefined;
    const found = await (day < today ? this.past(day, filter, after, limit + 1) : this.present(filter, after, limit + 1));
    return pageOf(
      found.map((row) => summary(row, day, hidesListings)),
      limit,
      ({ award }) => [award],
    );
  }

  private present(filter: AwardFilter, after: string | undefined, limit: number): Promise<readonly ShownRow[]> {
    const awarded = this.readModels.from<AwardTables>().selectFrom('award').select(SHOWN);
    return awarded
      .where((eb) => isAsked(eb, filter, after))
      .orderBy('award.award')
      .limit(limit)
      .execute();
  }

  /** The keys of the page first, by indexes that hold all that is asked for, then its rows. */
  private async past(day: string, filter: AwardFilter, after: string | undefined, limit: number): Promise<readonly ShownRow[]> {
    const tables = this.readModels.from<AwardTables & { readonly award_past: Spell<AwardRow> }>();
    let still = tables
      .selectFrom('award')
      .select('award.award')
      .where((eb) => isAsked(eb, filter, after))
      .where('award.from_day', '<=', day);
    if (await this.areFewStill(day))
      still = still.where('award.award', 'in', tables.selectFrom('award as few').select('few.award').where('few.from_day', '<=', day));
    const was = tables
      .selectFrom('award_past as award')
      .select('award.award')
      .where((eb) => isAsked(eb as unknown as OfAward, filter, after))
      .where('award.until_day', '>', day)
      .where('award.until_day', '<=', nextMonth(day))
      .where('award.from_day', '<=', day);
    const page = await tables
      .selectFrom(still.unionAll(was).as('award'))
      .select('award.award')
      .orderBy('award.award')
      .limit(limit)
      .execute();
    if (page.length === 0) return [];
    const ids = page.map(({ award }) => award);
    return tables
      .selectFrom(trueOn(awards, day).as('award'))
      .select(SHOWN)
      .where('award.award', 'in', ids)
      .orderBy('award.award')
      .execute();
  }

  /** Whether so few awards are today as they were on a day that it is better to look for those alone than to walk over all. */
  private async areFewStill(day: string): Promise<boolean> {
    const some = this.readModels.from<AwardTables>().selectFrom('award').select('award').where('from_day', '<=', day).limit(FEW);
    return (await some.execute()).length < FEW;
  }
}

const FEW = 500;

/** Not the rest of the row: a page of the past is put together from two tables, and every column costs. */
const SHOWN = [
  'award',
  'pack',
  'clause',
  'payee',
  'payee_name',
  'occasion',
  'status',
  'outcome',
  'remark',
  'held',
  'held_until',
  'holds',
  'agency',
  'amount_fen',
  'paid_fen',
  'clawback_outstanding_fen',
  'budget_line',
  'document_no',
  'notice_until',
  'applied_on',
  'granted_on',
  'revision',
] as const satisfies readonly (keyof AwardRow)[];
type ShownRow = Pick<AwardRow, (typeof SHOWN)[number]>;

type OfAward = ExpressionBuilder<AwardTables, 'award'>;

function isAsked(eb: OfAward, { pack, clause, payee, status, agency, person }: AwardFilter, after: string | undefined) {
  return eb.and([
    ...(pack === undefined ? [] : beginsWith(eb, clause === undefined ? `${pack}.` : `${pack}.${clause}.`)),
    ...(clause === undefined || pack !== undefined ? [] : [eb('award.clause', '=', clause)]),
    ...(payee === undefined ? [] : [eb('award.payee', '=', payee), eb('award.award', 'in', ofPayee(eb, payee))]),
    ...(status === undefined ? [] : [eb('award.status', '=', status)]),
    // Whoever was ever named is found by the index; the award of the day says whether it still was.
    ...(agency === undefined ? [] : [eb('award.agency', '=', agency), eb('award.award', 'in', named(eb, 'agency', agency))]),
    ...(person === undefined
      ? []
      : [
          sql<boolean>`exists (select 1 from json_each(${sql.ref('award.persons')}) where value = ${person})`,
          eb('award.award', 'in', named(eb, 'person', person)),
        ]),
    ...(after === undefined ? [] : [eb('award.award', '>', after)]),
  ]);
}

/** The identity of an award begins with its pack and clause, so that its own order tells which to pass over. */
function beginsWith(eb: OfAward, beginning: string) {
  const beyond = `${beginning.slice(0, -1)}/`;
  return [eb('award.award', '>', beginning), eb('award.award', '<', beyond)];
}

function ofPayee(eb: OfAward, payee: string) {
  return eb.selectFrom('award as own').select('own.award').where('own.payee', '=', payee);
}

function named(eb: OfAward, kind: 'agency' | 'person', id: string) {
  return eb.selectFrom('award_party').select('award_party.award').where('kind', '=', kind).where('id', '=', id);
}

function summary(row: ShownRow, day: string, hidesListings: boolean): AwardSummary {
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
    heldBecause: heldBecause(hidesListings ? withoutListingReasons(holds) : holds) ?? null,
    heldUntil: held && !hidesListings ? row.held_until : null,
    agency: row.agency,
    amount: row.amount_fen === null ? null : Money.formatFen(row.amount_fen),
    paid: Money.formatFen(row.paid_fen),
    clawbackOutstanding: Money.formatFen(row.clawback_outstanding_fen),
    budgetLine: row.budget_line,
    documentNo: row.document_no,
    noticeUntil: row.notice_until,
    appliedOn: row.applied_on,
    grantedOn: row.granted_on,
    remark: row.remark,
    revision: row.revision,
  };
}
