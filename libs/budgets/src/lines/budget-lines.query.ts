import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { cursorKey, type Page, pageOf } from '@app/http';
import { Money, notFound } from '@app/kernel';
import { ReadModels, trueOn } from '@app/projections';
import { budgetStream, type LineRef, nameOf } from '../line.js';
import { type BudgetLineRow, budgetLines, type BudgetReservationRow, budgetReservations } from './budget-lines.projection.js';

interface Tables {
  budget_line: BudgetLineRow;
  budget_reservation: BudgetReservationRow;
}

/** A budget line as it is answered. Amounts are decimal strings in yuan. */
export interface BudgetLineView extends LineRef {
  readonly title: string;
  readonly status: 'open' | 'closed';
  /** `unfunded` is what the clause sets aside and nobody has appropriated yet. */
  readonly envelope?: {
    readonly clause: string;
    readonly amount: string;
    readonly rule: 'exactly' | 'at-least';
    readonly unfunded: string;
  };
  readonly appropriated: string;
  readonly adjusted: string;
  readonly transferredIn: string;
  readonly transferredOut: string;
  readonly carriedOver: string;
  readonly available: string;
  readonly reserved: string;
  readonly spent: string;
  readonly returnedTurnover: string;
  readonly openedOn: string;
  readonly closedOn?: string;
  readonly revision: number;
  readonly position: number;
}

/** What a line holds, or held, for one award. */
export interface ReservationView {
  readonly award: string;
  readonly payee: string;
  readonly clause: string;
  readonly status: 'live' | 'released';
  readonly amount: string;
  readonly spent: string;
  readonly rest: string;
  readonly reservedOn: string;
  readonly releasedOn?: string;
}

export interface LinesFilter {
  readonly pack?: string;
  readonly period?: string;
  /** The business day; the present when left out. */
  readonly on?: string;
  readonly limit: number;
  readonly cursor?: string;
}

export interface ReservationsFilter {
  readonly status?: 'live' | 'released';
  /** The business day; the present when left out. */
  readonly on?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Which lines there are and how they stand. */
export class ListBudgetLines extends Query<Page<BudgetLineView>> {
  constructor(readonly filter: LinesFilter) {
    super();
  }
}

/** How one line stands, or stood on a day. */
export class GetBudgetLine extends Query<BudgetLineView> {
  constructor(
    readonly line: LineRef,
    readonly on?: string,
  ) {
    super();
  }
}

/** For whom a line holds money. */
export class ListReservations extends Query<Page<ReservationView>> {
  constructor(
    readonly line: LineRef,
    readonly filter: ReservationsFilter,
  ) {
    super();
  }
}

@QueryHandler(ListBudgetLines)
export class ListBudgetLinesHandler implements IQueryHandler<ListBudgetLines> {
  constructor(private readonly readModels: ReadModels) {}

  async execute({ filter }: ListBudgetLines): Promise<Page<BudgetLineView>> {
    const { pack, period, limit } = filter;
    const [after] = cursorKey(filter.cursor, ['string']) ?? [];
    let query = linesOn(this.readModels, filter.on);
    if (pack !== undefined) query = query.where('pack', '=', pack);
    if (period !== undefined) query = query.where('period', '=', period);
    if (after !== undefined) query = query.where('stream', '>', after as string);
    const rows = await query
      .orderBy('stream')
      .limit(limit + 1)
      .execute();
    const { items, next } = pageOf(rows, limit, ({ stream }) => [stream]);
    return { items: items.map(lineView), ...(next !== undefined && { next }) };
  }
}

@QueryHandler(GetBudgetLine)
export class GetBudgetLineHandler implements IQueryHandler<GetBudgetLine> {
  constructor(private readonly readModels: ReadModels) {}

  async execute({ line, on }: GetBudgetLine): Promise<BudgetLineView> {
    const row = await linesOn(this.readModels, on).where('stream', '=', budgetStream(line)).executeTakeFirst();
    if (row === undefined) throw unknownLine(line, on);
    return lineView(row);
  }
}

@QueryHandler(ListReservations)
export class ListReservationsHandler implements IQueryHandler<ListReservations> {
  constructor(private readonly readModels: ReadModels) {}

  async execute({ line, filter }: ListReservations): Promise<Page<ReservationView>> {
    const stream = budgetStream(line);
    const { status, on, limit } = filter;
    const [after] = cursorKey(filter.cursor, ['string']) ?? [];
    const known = await linesOn(this.readModels, on).where('stream', '=', stream).executeTakeFirst();
    if (known === undefined) throw unknownLine(line, on);
    const tables = this.readModels.from<Tables>();
    const reservations =
      on === undefined
        ? tables.selectFrom('budget_reservation')
        : tables.selectFrom(trueOn(budgetReservations, on).as('budget_reservation'));
    let query = reservations.selectAll().where('stream', '=', stream);
    if (status !== undefined) query = query.where('status', '=', status);
    if (after !== undefined) query = query.where('award', '>', after as string);
    const rows = await query
      .orderBy('award')
      .limit(limit + 1)
      .execute();
    const { items, next } = pageOf(rows, limit, ({ award }) => [award]);
    return { items: items.map(reservationView), ...(next !== undefined && { next }) };
  }
}

const yuan = (fen: number) => Money.formatFen(fen);

function linesOn(readModels: ReadModels, on: string | undefined) {
  const tables = readModels.from<Tables>();
  return (on === undefined ? tables.selectFrom('budget_line') : tables.selectFrom(trueOn(budgetLines, on).as('budget_line'))).selectAll();
}

function unknownLine(line: LineRef, on: string | undefined) {
  return notFound('budget-line-unknown', `there is no budget line ${nameOf(line)}${on === undefined ? '' : ` on ${on}`}`);
}

function lineView(row: BudgetLineRow): BudgetLineView {
  const { envelope_clause, envelope_fen, envelope_rule } = row;
  const envelope =
    envelope_clause === null || envelope_fen === null || envelope_rule === null
      ? undefined
      : {
          clause: envelope_clause,
          amount: yuan(envelope_fen),
          rule: envelope_rule,
          unfunded: yuan(Math.max(0, envelope_fen - row.appropriated_fen - row.adjusted_fen)),
        };
  return {
    pack: row.pack,
    line: row.line,
    period: row.period,
    title: row.title,
    status: row.status,
    ...(envelope && { envelope }),
    appropriated: yuan(row.appropriated_fen),
    adjusted: yuan(row.adjusted_fen),
    transferredIn: yuan(row.transferred_in_fen),
    transferredOut: yuan(row.transferred_out_fen),
    carriedOver: yuan(row.carried_over_fen),
    available: yuan(row.available_fen),
    reserved: yuan(row.reserved_fen),
    spent: yuan(row.spent_fen),
    returnedTurnover: yuan(row.returned_turnover_fen),
    openedOn: row.opened_on,
    ...(row.closed_on !== null && { closedOn: row.closed_on }),
    revision: row.revision,
    position: row.position,
  };
}

function reservationView(row: BudgetReservationRow): ReservationView {
  return {
    award: row.award,
    payee: row.payee,
    clause: row.clause,
    status: row.status,
    amount: yuan(row.amount_fen),
    spent: yuan(row.spent_fen),
    rest: yuan(row.amount_fen - row.spent_fen),
    reservedOn: row.reserved_on,
    ...(row.released_on !== null && { releasedOn: row.released_on }),
  };
}
