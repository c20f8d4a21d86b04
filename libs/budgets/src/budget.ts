import { Map, Set } from 'immutable';
import { type DomainEvent, Money, normalisedReference, type Evidence, type PolicyCitation, unreachable } from '@app/kernel';
import { isEarlierPeriod, type LineRef, nameOf } from './line.js';

/** The sum a clause sets aside for a line. `exactly` is a ceiling of what may be appropriated, `at-least` a promise. */
export interface EnvelopeTerms {
  readonly clause: string;
  readonly amount: string;
  readonly rule: 'exactly' | 'at-least';
}

type Event<Type extends string, Data> = DomainEvent<Type, Readonly<Data>>;

interface ReservationData {
  award: string;
  payee: string;
  clause: string;
  amount: string;
}
interface PaymentData extends ReservationData {
  instalment: number;
  payment: string;
  /** The bank's own day, from which it counts; events of before it was kept have none, and count from their effective day. */
  on?: string;
}

/** Everything that can happen to a budget line (预算). Amounts are decimal strings in yuan. */
export type BudgetEvent =
  | Event<'budget-line-opened', LineRef & { title: string; envelope?: EnvelopeTerms }>
  | Event<'budget-appropriated', { amount: string; reason: string }>
  | Event<'budget-adjusted', { amount: string; reason: string }>
  | Event<'budget-transferred-out', { transfer: string; to: LineRef; amount: string; reason: string }>
  | Event<'budget-transferred-in', { transfer: string; from: LineRef; amount: string; reason: string }>
  | Event<'budget-reserved', ReservationData & { exclusive?: readonly string[]; grant: Readonly<Record<string, unknown>> }>
  | Event<'budget-released', ReservationData & { reason: string }>
  | Event<'budget-spent', PaymentData>
  | Event<'budget-spending-returned', PaymentData>
  | Event<'budget-closed', { on: string; carriedOver: string; to?: LineRef }>;

/** The running totals of a line. All are turnover, except `reserved` and `spent`, which are what stands now. */
export interface Figures {
  readonly appropriated: Money;
  /** Sum of all adjustments; may be negative. */
  readonly adjusted: Money;
  /** Everything received from other lines, including what they could not take and gave back. */
  readonly transferredIn: Money;
  readonly transferredOut: Money;
  /** Taken to later periods by closing. */
  readonly carriedOver: Money;
  /** Held for awards and not spent yet. */
  readonly reserved: Money;
  /** Paid and not returned by the bank. */
  readonly spent: Money;
  /** Everything banks ever returned, paid again or not. */
  readonly returnedTurnover: Money;
}

/** One payment of an instalment out of a reservation. */
export interface Payment {
  readonly instalment: number;
  readonly payment: string;
  readonly amount: Money;
  readonly returned: boolean;
  /** The bank's days of payment and return, where they are known. */
  readonly on?: string;
  readonly returnedOn?: string;
}

/** What a line holds for one award. */
export interface Reservation {
  readonly award: string;
  readonly payee: string;
  readonly clause: string;
  /** What the award asked for when it last reserved. */
  readonly asked: Money;
  /** What is held for the award in all: spent or still to be spent. */
  readonly amount: Money;
  readonly spent: Money;
  /** False once released. Money that a bank returns after that is held again until the next release. */
  readonly live: boolean;
  /** How often the award has reserved on this line; above 1 after a release. */
  readonly round: number;
  readonly exclusive: readonly string[];
  readonly grant: Readonly<Record<string, unknown>>;
  readonly payments: readonly Payment[];
  /** The clause the reservation applies; its spending cites it too. */
  readonly policy?: PolicyCitation;
}

interface Book extends Figures {
  readonly line: LineRef;
  readonly title: string;
  readonly envelope?: EnvelopeTerms;
  /** By award. A released reservation stays: its payments must never be made twice. */
  readonly reservations: Map<string, Reservation>;
  /** Which live reservation holds an exclusion key. */
  readonly exclusions: Map<string, string>;
  /** Appropriations and adjustments already entered, see `entryKey`. */
  readonly entries: Set<string>;
  /** Transfers this line has sent, by id. */
  readonly sent: Map<string, { readonly to: LineRef; readonly amount: Money }>;
  /** Ids of the transfers this line has received, including its own that came back. */
  readonly received: Set<string>;
  /** What other lines sent. Neither its own money that came back nor its own earlier period's balance is among it. */
  readonly fundedByOthers: Money;
  /** Balances taken to later lines by closing and not given back by them, by the line's name. */
  readonly carriedTo: Map<string, Money>;
}

export type OpenLine = Book & { readonly status: 'open' };
export type ClosedLine = Book & { readonly status: 'closed'; readonly closedOn: string };
/** A line by status. A closed line still pays, takes back and releases what it had reserved: commitments survive the year end. */
export type BudgetState = { readonly status: 'none' } | OpenLine | ClosedLine;
export type ExistingLine = OpenLine | ClosedLine;

export const initialState: BudgetState = { status: 'none' };

/** What can still be reserved, transferred or carried over; the rules keep it from ever being negative. */
export function availableOf({ appropriated, adjusted, transferredIn, transferredOut, carriedOver, reserved, spent }: Figures): Money {
  return appropriated.plus(adjusted).plus(transferredIn).minus(transferredOut).minus(carriedOver).minus(reserved).minus(spent);
}

/** The unspent rest of a reservation. */
export function restOf({ amount, spent }: Pick<Reservation, 'amount' | 'spent'>): Money {
  return amount.minus(spent);
}

/** What a line holds for an award; undefined when the award never reserved here. */
export function reservationOf(state: BudgetState, award: string): Reservation | undefined {
  return state.status === 'none' ? undefined : state.reservations.get(award);
}

/** What makes an appropriation or adjustment the same one entered twice: its document, amount and reason. */
export function entryKey(type: string, amount: Money, reason: string, evidence: readonly Evidence[] = []): string {
  const documents = evidence.map(({ title, documentNo, sha256 }) => normalisedReference(documentNo ?? '') || sha256 || title);
  return JSON.stringify([type, amount.toString(), reason, documents.sort()]);
}

/** Folds one event. @throws Error for an event that cannot stand where it stands. */
export function evolve(state: BudgetState, event: BudgetEvent): BudgetState {
  if (event.type === 'budget-line-opened') {
    if (state.status !== 'none') throw new Error('a budget line was opened twice');
    return opened(event.data);
  }
  if (state.status === 'none') throw new Error(`${event.type} on a budget line that was never opened`);
  switch (event.type) {
    case 'budget-appropriated':
      return { ...state, ...entered(state, event), appropriated: state.appropriated.plus(Money.parse(event.data.amount)) };
    case 'budget-adjusted':
      return { ...state, ...entered(state, event), adjusted: state.adjusted.plus(Money.parseSigned(event.data.amount)) };
    case 'budget-transferred-out': {
      const { transfer, to } = event.data;
      const amount = Money.parse(event.data.amount);
      return { ...state, transferredOut: state.transferredOut.plus(amount), sent: state.sent.set(transfer, { to, amount }) };
    }
    case 'budget-transferred-in':
      return transferredIn(state, event.data);
    case 'budget-reserved':
      return reserved(state, event.data, event.policy);
    case 'budget-released':
      return released(state, event.data);
    case 'budget-spent':
      return spent(state, event.data);
    case 'budget-spending-returned':
      return spendingReturned(state, event.data);
    case 'budget-closed':
      return closed(state, event.data);
    default:
      return unreachable(event);
  }
}

type DataOf<Type extends BudgetEvent['type']> = Extract<BudgetEvent, { type: Type }>['data'];

function opened({ pack, line, period, title, envelope }: DataOf<'budget-line-opened'>): OpenLine {
  const { zero } = Money;
  return {
    status: 'open',
    line: { pack, line, period },
    title,
    ...(envelope && { envelope }),
    appropriated: zero,
    adjusted: zero,
    transferredIn: zero,
    transferredOut: zero,
    carriedOver: zero,
    reserved: zero,
    spent: zero,
    returnedTurnover: zero,
    reservations: Map(),
    exclusions: Map(),
    entries: Set(),
    sent: Map(),
    received: Set(),
    fundedByOthers: zero,
    carriedTo: Map(),
  };
}

function entered(
  state: ExistingLine,
  event: Extract<BudgetEvent, { type: 'budget-appropriated' | 'budget-adjusted' }>,
): Pick<Book, 'entries'> {
  const key = entryKey(event.type, Money.parseSigned(event.data.amount), event.data.reason, event.evidence);
  return { entries: state.entries.add(key) };
}

function transferredIn(state: ExistingLine, { transfer, from, amount }: DataOf<'budget-transferred-in'>): ExistingLine {
  const money = Money.parse(amount);
  const isCarriedBack = carriedBack(state, transfer, from);
  const isOwn = isCarriedBack || state.sent.has(transfer) || isEarlierPeriod(from, state.line);
  return {
    ...state,
    transferredIn: state.transferredIn.plus(money),
    received: state.received.add(transfer),
    ...(!isOwn && { fundedByOthers: state.fundedByOthers.plus(money) }),
    ...(isCarriedBack && { carriedTo: state.carriedTo.update(nameOf(from), Money.zero, (carried) => carried.minus(money)) }),
  };
}

/** Whether a transfer is a balance that this line carried over and that the later line could not take. */
export function carriedBack(state: ExistingLine, transfer: string, from: LineRef): boolean {
  return state.status === 'closed' && !state.sent.has(transfer) && state.carriedTo.has(nameOf(from));
}

function reserved(state: ExistingLine, data: DataOf<'budget-reserved'>, policy: PolicyCitation | undefined): ExistingLine {
  const { award, payee, clause, exclusive = [], grant } = data;
  const asked = Money.parse(data.amount);
  const before = state.reservations.get(award);
  const reservation: Reservation = {
    award,
    payee,
    clause,
    asked,
    amount: (before?.amount ?? Money.zero).plus(asked),
    spent: before?.spent ?? Money.zero,
    live: true,
    round: (before?.round ?? 0) + 1,
    exclusive,
    grant,
    payments: before?.payments ?? [],
    ...(policy && { policy }),
  };
  return {
    ...state,
    reserved: state.reserved.plus(asked),
    reservations: state.reservations.set(award, reservation),
    exclusions: exclusive.reduce((keys, key) => keys.set(key, award), state.exclusions),
  };
}

function released(state: ExistingLine, { award, amount }: DataOf<'budget-released'>): ExistingLine {
  const reservation = held(state, award);
  const rest = Money.parse(amount);
  return {
    ...state,
    reserved: state.reserved.minus(rest),
    reservations: state.reservations.set(award, { ...reservation, amount: reservation.amount.minus(rest), live: false }),
    exclusions: reservation.exclusive.reduce((keys, key) => (keys.get(key) === award ? keys.delete(key) : keys), state.exclusions),
  };
}

function spent(state: ExistingLine, { award, instalment, payment, amount, on }: DataOf<'budget-spent'>): ExistingLine {
  const reservation = held(state, award);
  const money = Money.parse(amount);
  const payments = [...reservation.payments, { instalment, payment, amount: money, returned: false, ...(on !== undefined && { on }) }];
  return {
    ...state,
    reserved: state.reserved.minus(money),
    spent: state.spent.plus(money),
    reservations: state.reservations.set(award, { ...reservation, spent: reservation.spent.plus(money), payments }),
  };
}

function spendingReturned(state: ExistingLine, data: DataOf<'budget-spending-returned'>): ExistingLine {
  const { award, instalment, payment, amount, on } = data;
  const reservation = held(state, award);
  const money = Money.parse(amount);
  const payments = reservation.payments.map((made) =>
    made.instalment === instalment && made.payment === payment
      ? { ...made, returned: true, ...(on !== undefined && { returnedOn: on }) }
      : made,
  );
  return {
    ...state,
    reserved: state.reserved.plus(money),
    spent: state.spent.minus(money),
    returnedTurnover: state.returnedTurnover.plus(money),
    reservations: state.reservations.set(award, { ...reservation, spent: reservation.spent.minus(money), payments }),
  };
}

function closed(state: ExistingLine, { on, carriedOver, to }: DataOf<'budget-closed'>): ClosedLine {
  const money = Money.parse(carriedOver);
  return {
    ...state,
    status: 'closed',
    closedOn: state.status === 'closed' ? state.closedOn : on,
    carriedOver: state.carriedOver.plus(money),
    carriedTo: to === undefined ? state.carriedTo : state.carriedTo.update(nameOf(to), Money.zero, (carried) => carried.plus(money)),
  };
}

function held(state: ExistingLine, award: string): Reservation {
  const reservation = state.reservations.get(award);
  if (reservation === undefined) throw new Error(`no reservation of award ${award} on ${nameOf(state.line)}`);
  return reservation;
}
