import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { ExpressionBuilder } from 'kysely';
import { addDays, type BusinessDate, businessDateAt, CLOCK, type Clock, daysBetween, Money } from '@app/kernel';
import { cursorKey, type Page, pageOf } from '@app/http';
import { nextMonth, ReadModels, type Spell, trueOn } from '@app/projections';
import { heldBecause, holdsOn, withoutListingReasons } from '../award.js';
import { type PaymentBar, paymentBar } from '../award-rules.js';
import { type AwardRow, awards, type AwardTables, holdsIn, type InstalmentRow } from '../list/awards.projection.js';

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
  /** due, held (`bar` says why, also when it is in a batch already), or in a batch that the bank has not answered. */
  readonly state: 'due' | 'held' | 'in-batch';
  /** Why it must not be paid just now: a hold on the award, a clawback that is not settled, or the award's end. */
  readonly bar?: PaymentBar | { readonly code: 'award-status'; readonly detail: string };
  /** The batch it is in, held or not. */
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
  /** Leaves out what is in a batch already. */
  readonly notInBatch?: boolean;
}

export class GetDueInstalments extends Query<Page<DueInstalment>> {
  constructor(
    readonly on: BusinessDate,
    readonly filter: DueFilter,
    readonly limit: number,
    readonly cursor?: string,
    /** Leaves out why a listing held an award: it may have ended since. */
    readonly hidesListings = false,
  ) {
    super();
  }
}

/** How many instalments that match come after one, in no batch and not barred. */
export class CountPayableAfter extends Query<number> {
  constructor(
    readonly on: BusinessDate,
    readonly filter: DueFilter,
    readonly after: Pick<DueInstalment, 'dueSince' | 'award' | 'instalment'>,
  ) {
    super();
  }
}

@QueryHandler(GetDueInstalments)
export class GetDueInstalmentsHandler implements IQueryHandler<GetDueInstalments> {
  constructor(
    private readonly readModels: ReadModels,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Oldest first. */
  async execute({ on, filter, limit, cursor, hidesListings }: GetDueInstalments): Promise<Page<DueInstalment>> {
    const after = cursorKey(cursor, ['string', 'string', 'number']) as DueKey | undefined;
    const isPast = on < businessDateAt(this.clock.now());
    const page = await (isPast
      ? pastRows(this.readModels, on, filter, after, limit + 1)
      : presentRows(this.readModels, on, filter, after, limit + 1));
    const standing = await standingOf(this.readModels, page, isPast ? on : undefined);
    const due = page.map((row) => dueInstalment(row, barOf(standing(row.award), on, hidesListings), on));
    return pageOf(due, limit, ({ dueSince, award, instalment }) => [dueSince, award, instalment]);
  }
}

function presentRows(
  readModels: ReadModels,
  on: BusinessDate,
  filter: DueFilter,
  after: DueKey | undefined,
  limit: number,
): Promise<readonly DueInstalmentRow[]> {
  return readModels
    .from<AwardTables>()
    .selectFrom('instalment')
    .select(SHOWN)
    .where((eb) => isAsked(eb as unknown as OfInstalment, on, filter, after))
    .orderBy('due_since')
    .orderBy('award')
    .orderBy('no')
    .limit(limit)
    .execute();
}

/** What was due on a day gone by: what still is since then, and what was and ended within a month of the day. */
async function pastRows(
  readModels: ReadModels,
  on: BusinessDate,
  filter: DueFilter,
  after: DueKey | undefined,
  limit: number,
): Promise<readonly DueInstalmentRow[]> {
  const tables = readModels.from<AwardTables & { readonly instalment_past: Spell<InstalmentRow> }>();
  const still = tables
    .selectFrom('instalment')
    .select(SHOWN)
    .where((eb) => isAsked(eb, on, filter, after))
    .where('from_day', '<=', on);
  const was = tables
    .selectFrom('instalment_past as instalment')
    .select(SHOWN)
    .where((eb) => isAsked(eb as unknown as OfInstalment, on, filter, after))
    .where('from_day', '<=', on)
    .where('until_day', '>', on)
    .where('until_day', '<=', nextMonth(on));
  return tables
    .selectFrom(still.unionAll(was).as('instalment'))
    .selectAll()
    .orderBy('due_since')
    .orderBy('award')
    .orderBy('no')
    .limit(limit)
    .execute();
}

/**
 * What the awards of instalments say of paying them, on a day gone by or now. The page comes first: it is read in order, and
 * ends.
 */
async function standingOf(
  readModels: ReadModels,
  rows: readonly DueInstalmentRow[],
  on: BusinessDate | undefined,
): Promise<(award: string) => AwardStanding> {
  const ids = [...new Set(rows.map(({ award }) => award))];
  const tables = readModels.from<AwardTables>();
  const found =
    ids.length === 0
      ? []
      : await (on === undefined
          ? tables.selectFrom('award').select(STANDING).where('award.award', 'in', ids).execute()
          : tables.selectFrom(trueOn(awards, on).as('award')).select(STANDING).where('award.award', 'in', ids).execute());
  const byAward = new Map<string, AwardStanding>(found.map((row) => [row.award, row]));
  return (award) => {
    const standing = byAward.get(award);
    if (standing === undefined) throw new Error(`${award} has an instalment that was due before it was applied for`);
    return standing;
  };
}

const STANDING = ['award', 'holds', 'clawback_outstanding_fen', 'status'] as const satisfies readonly (keyof AwardRow)[];
type AwardStanding = Pick<AwardRow, (typeof STANDING)[number]>;

const SHOWN = [
  'award',
  'no',
  'clause',
  'payee',
  'payee_name',
  'budget_line',
  'document_no',
  'amount_fen',
  'status',
  'due_since',
  'returns',
  'batch',
] as const satisfies readonly (keyof InstalmentRow)[];

@QueryHandler(CountPayableAfter)
export class CountPayableAfterHandler implements IQueryHandler<CountPayableAfter> {
  constructor(private readonly readModels: ReadModels) {}

  async execute({ on, filter, after: { dueSince, award, instalment } }: CountPayableAfter): Promise<number> {
    const { count } = await dueRows(this.readModels, on, { ...filter, notInBatch: true }, [dueSince, award, instalment])
      .where(({ eb, or }) => or([eb('instalment.held', '=', 0), eb('instalment.held_until', '<=', on)]))
      .where('award.clawback_outstanding_fen', '=', 0)
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return count;
  }
}

type DueKey = readonly [dueSince: string, award: string, no: number];

function dueRows(readModels: ReadModels, on: BusinessDate, filter: DueFilter, after: DueKey | undefined) {
  return readModels
    .from<AwardTables>()
    .selectFrom('instalment')
    .innerJoin('award', 'award.award', 'instalment.award')
    .where((eb) => isAsked(eb as unknown as OfInstalment, on, filter, after));
}

type OfInstalment = ExpressionBuilder<Pick<AwardTables, 'instalment'>, 'instalment'>;

/** Whether an instalment is due by the day and asked for, and comes after a key. */
function isAsked(eb: OfInstalment, on: BusinessDate, filter: DueFilter, after: DueKey | undefined) {
  const { pack, payee, budgetLine, minimumAgeDays = 0, notInBatch = false } = filter;
  return eb.and([
    eb('instalment.is_due', '=', 1),
    ...(notInBatch ? [eb('instalment.status', '=', 'unlocked')] : []),
    eb('instalment.due_since', '<=', addDays(on, -minimumAgeDays)),
    ...(pack === undefined ? [] : [eb('instalment.pack', '=', pack)]),
    ...(payee === undefined ? [] : [eb('instalment.payee', '=', payee)]),
    ...(budgetLine === undefined ? [] : [eb('instalment.budget_line', '=', budgetLine)]),
    ...(after === undefined ? [] : [eb(eb.refTuple('instalment.due_since', 'instalment.award', 'instalment.no'), '>', eb.tuple(...after))]),
  ]);
}

type DueInstalmentRow = Pick<InstalmentRow, (typeof SHOWN)[number]>;

function barOf(award: AwardStanding, on: BusinessDate, hidesListings: boolean): DueInstalment['bar'] {
  if (award.status !== 'granted') return { code: 'award-status', detail: `the award is ${award.status}` };
  const holds = holdsOn({ holds: holdsIn(award) }, on);
  return paymentBar(heldBecause(hidesListings ? withoutListingReasons(holds) : holds), Money.fromFen(award.clawback_outstanding_fen));
}

function dueInstalment(row: DueInstalmentRow, bar: DueInstalment['bar'], on: BusinessDate): DueInstalment {
  const since = row.due_since as BusinessDate;
  return {
    award: row.award,
    instalment: row.no,
    clause: row.clause,
    payee: row.payee,
    payeeName: row.payee_name,
    budgetLine: row.budget_line,
    documentNo: row.document_no,
    amount: Money.formatFen(row.amount_fen),
    dueSince: since,
    ageDays: daysBetween(since, on),
    state: bar !== undefined ? 'held' : row.status === 'ordered' ? 'in-batch' : 'due',
    ...(bar && { bar }),
    ...(row.batch !== null && { batch: row.batch }),
    returns: row.returns,
  };
}
