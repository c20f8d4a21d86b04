import { asDomainEvent, type RecordedEvent } from '@app/event-store';
import { Money, unreachable } from '@app/kernel';
import { changeFrom, datedTable, type Projection, type Rows, type Since, table } from '@app/projections';
import type { BudgetEvent } from '../budget.js';
import { budgetEvents } from '../budget.codec.js';
import { dayOfBudgetEvent } from '../day-of-effect.js';

/** One budget line with its totals in fen; `stream` is its key. */
export interface BudgetLineRow extends Since {
  readonly stream: string;
  readonly pack: string;
  readonly line: string;
  readonly period: string;
  readonly title: string;
  readonly status: 'open' | 'closed';
  readonly envelope_clause: string | null;
  readonly envelope_fen: number | null;
  readonly envelope_rule: 'exactly' | 'at-least' | null;
  readonly appropriated_fen: number;
  readonly adjusted_fen: number;
  readonly transferred_in_fen: number;
  readonly transferred_out_fen: number;
  readonly carried_over_fen: number;
  readonly available_fen: number;
  readonly reserved_fen: number;
  readonly spent_fen: number;
  readonly returned_turnover_fen: number;
  readonly opened_on: string;
  readonly closed_on: string | null;
  readonly revision: number;
  readonly position: number;
}

/** What a line holds, or held, for one award. */
export interface BudgetReservationRow extends Since {
  readonly stream: string;
  readonly award: string;
  readonly payee: string;
  readonly clause: string;
  readonly status: 'live' | 'released';
  /** Spent or still to be spent. */
  readonly amount_fen: number;
  readonly spent_fen: number;
  readonly reserved_on: string;
  readonly released_on: string | null;
}

export const budgetLine = table<BudgetLineRow>({
  name: 'budget_line',
  columns: {
    stream: 'text',
    pack: 'text',
    line: 'text',
    period: 'text',
    title: 'text',
    status: 'text',
    envelope_clause: 'text',
    envelope_fen: 'integer',
    envelope_rule: 'text',
    appropriated_fen: 'integer',
    adjusted_fen: 'integer',
    transferred_in_fen: 'integer',
    transferred_out_fen: 'integer',
    carried_over_fen: 'integer',
    available_fen: 'integer',
    reserved_fen: 'integer',
    spent_fen: 'integer',
    returned_turnover_fen: 'integer',
    opened_on: 'text',
    closed_on: 'text',
    revision: 'integer',
    position: 'integer',
    from_day: 'text',
  },
  key: ['stream'],
  indexes: [
    ['pack', 'stream'],
    ['period', 'stream'],
  ],
});

export const budgetReservation = table<BudgetReservationRow>({
  name: 'budget_reservation',
  columns: {
    stream: 'text',
    award: 'text',
    payee: 'text',
    clause: 'text',
    status: 'text',
    amount_fen: 'integer',
    spent_fen: 'integer',
    reserved_on: 'text',
    released_on: 'text',
    from_day: 'text',
  },
  key: ['stream', 'award'],
});

/** Lines and reservations by business day: an appropriation dated back, or a payment told late, counts from its day on. */
export const budgetLines = datedTable(budgetLine, { cut: 'all', indexes: [['until_day']] });
export const budgetReservations = datedTable(budgetReservation);

type TotalColumn =
  | 'appropriated_fen'
  | 'adjusted_fen'
  | 'transferred_in_fen'
  | 'transferred_out_fen'
  | 'carried_over_fen'
  | 'available_fen'
  | 'reserved_fen'
  | 'spent_fen'
  | 'returned_turnover_fen';
type Totals = { readonly [Column in TotalColumn]?: number };

const fen = (amount: string) => Money.parseSigned(amount).toFen();

/** The totals of every line and the reservations on it, for every day. */
export class BudgetLinesProjection implements Projection {
  readonly name = 'budget-lines';
  readonly version = 3;
  readonly tables = [budgetLines.now, budgetLines.past, budgetReservations.now, budgetReservations.past] as never[];
  readonly handles: ReadonlySet<string> = new Set(Object.keys(budgetEvents));

  apply(recorded: RecordedEvent, rows: Rows): void {
    const event = asDomainEvent<BudgetEvent>(recorded);
    const { stream, revision, position, metadata } = recorded;
    const on = dayOfBudgetEvent({ ...event, metadata });
    if (event.type === 'budget-line-opened') return changeFrom(rows, budgetLines, [stream], on, () => openedRow(recorded, event));
    const opened = rows.get(budgetLine, stream);
    if (opened === undefined) throw new Error(`${event.type} on ${stream}, which was never opened`);
    changeFrom(rows, budgetLines, [stream], on, (row = { ...opened, ...NOTHING_YET }) => {
      const closing = event.type === 'budget-closed' ? { status: 'closed' as const, closed_on: row.closed_on ?? event.data.on } : {};
      return { ...added(row, totalsOf(event)), ...closing, revision, position };
    });
    if ('award' in event.data) this.applyToReservation(event as ReservationEvent, stream, on, rows);
  }

  private applyToReservation(event: ReservationEvent, stream: string, on: string, rows: Rows): void {
    const { award } = event.data;
    if (event.type !== 'budget-reserved' && rows.get(budgetReservation, stream, award) === undefined)
      throw new Error(`${event.type} on ${stream} for ${award}, which has reserved nothing`);
    changeFrom(rows, budgetReservations, [stream, award], on, (row) => reservationAfter(row, event, stream, on));
  }
}

/** A reservation after an event; undefined for a day on which there was none. */
function reservationAfter(
  row: BudgetReservationRow | undefined,
  event: ReservationEvent,
  stream: string,
  on: string,
): Omit<BudgetReservationRow, keyof Since> | undefined {
  const { award, payee, clause } = event.data;
  const amount = fen(event.data.amount);
  if (event.type === 'budget-reserved') {
    const held = { amount_fen: (row?.amount_fen ?? 0) + amount, spent_fen: row?.spent_fen ?? 0 };
    return { stream, award, payee, clause, status: 'live', ...held, reserved_on: on, released_on: null };
  }
  if (row === undefined) return undefined;
  switch (event.type) {
    case 'budget-released':
      return { ...row, status: 'released', amount_fen: row.amount_fen - amount, released_on: on };
    case 'budget-spent':
      return { ...row, spent_fen: row.spent_fen + amount };
    case 'budget-spending-returned':
      return { ...row, spent_fen: row.spent_fen - amount };
    default:
      return unreachable(event);
  }
}

type ReservationEvent = Extract<BudgetEvent, { data: { readonly award: string } }>;
type LaterEvent = Exclude<BudgetEvent, { type: 'budget-line-opened' }>;

/** What an event adds to a line's totals. */
function totalsOf(event: LaterEvent): Totals {
  switch (event.type) {
    case 'budget-appropriated': {
      const amount = fen(event.data.amount);
      return { appropriated_fen: amount, available_fen: amount };
    }
    case 'budget-adjusted': {
      const amount = fen(event.data.amount);
      return { adjusted_fen: amount, available_fen: amount };
    }
    case 'budget-transferred-out': {
      const amount = fen(event.data.amount);
      return { transferred_out_fen: amount, available_fen: -amount };
    }
    case 'budget-transferred-in': {
      const amount = fen(event.data.amount);
      return { transferred_in_fen: amount, available_fen: amount };
    }
    case 'budget-closed': {
      const amount = fen(event.data.carriedOver);
      return { carried_over_fen: amount, available_fen: -amount };
    }
    case 'budget-reserved': {
      const amount = fen(event.data.amount);
      return { reserved_fen: amount, available_fen: -amount };
    }
    case 'budget-released': {
      const amount = fen(event.data.amount);
      return { reserved_fen: -amount, available_fen: amount };
    }
    case 'budget-spent': {
      const amount = fen(event.data.amount);
      return { reserved_fen: -amount, spent_fen: amount };
    }
    case 'budget-spending-returned': {
      const amount = fen(event.data.amount);
      return { reserved_fen: amount, spent_fen: -amount, returned_turnover_fen: amount };
    }
    default:
      return unreachable(event);
  }
}

/** A line as it was before the day of its opening, to which money may have been dated back. */
const NOTHING_YET = {
  status: 'open' as const,
  closed_on: null,
  appropriated_fen: 0,
  adjusted_fen: 0,
  transferred_in_fen: 0,
  transferred_out_fen: 0,
  carried_over_fen: 0,
  available_fen: 0,
  reserved_fen: 0,
  spent_fen: 0,
  returned_turnover_fen: 0,
};

function added(row: BudgetLineRow, totals: Totals): BudgetLineRow {
  const sums = Object.entries(totals).map(([column, amount]) => {
    const sum = row[column as TotalColumn] + amount;
    if (!Number.isSafeInteger(sum)) throw new Error(`${column} of ${row.stream} is not exact any more`);
    return [column, sum === 0 ? 0 : sum];
  });
  return { ...row, ...(Object.fromEntries(sums) as Totals) };
}

function openedRow(
  { stream, revision, position, metadata }: RecordedEvent,
  { data }: Extract<BudgetEvent, { type: 'budget-line-opened' }>,
): Omit<BudgetLineRow, keyof Since> {
  const { pack, line, period, title, envelope } = data;
  return {
    stream,
    pack,
    line,
    period,
    title,
    envelope_clause: envelope?.clause ?? null,
    envelope_fen: envelope === undefined ? null : fen(envelope.amount),
    envelope_rule: envelope?.rule ?? null,
    ...NOTHING_YET,
    opened_on: metadata.effectiveOn,
    revision,
    position,
  };
}
