import { businessDate, contentHash, type DecisionContext, invalidField, type Money, type PolicyCitation } from '@app/kernel';
import { type BudgetEvent, type ExistingLine, type Payment, type Reservation, restOf } from './budget.js';
import { nameOf, yearsOf } from './line.js';
import { no, positiveAmount, requireAvailable, requireOpen, requireText } from './rules.js';

/** What an award asks a line to hold for it. */
export interface ReserveInput {
  readonly award: string;
  readonly payee: string;
  readonly clause: string;
  readonly amount: string;
  /** Keys such as "this payee's occasion under clause group"; two live reservations never share one. */
  readonly exclusive?: readonly string[];
  /** What the award feature needs to complete the grant after a crash. */
  readonly grant: Readonly<Record<string, unknown>>;
  /** The clause the award applies, cited by everything that follows on this line. */
  readonly policy?: PolicyCitation;
}

export interface ReleaseInput {
  readonly award: string;
  readonly reason: string;
  /** Releases only what this grant reserved: quiet when the live reservation is another grant's. */
  readonly grant?: Readonly<Record<string, unknown>>;
}

/** One payment of one instalment; `payment` names the payment order and is never used for a second attempt. */
export interface SpendInput {
  readonly award: string;
  readonly instalment: number;
  readonly amount: string;
  readonly payment: string;
  /** The day on which the bank paid, or sent the money back; it counts from then. */
  readonly on: string;
}

/** Sent by the ledger itself, through the `Budgets` service or a process manager; never by a route. */
export type ReservationCommand =
  | ({ readonly type: 'reserve' } & ReserveInput)
  | ({ readonly type: 'release' } & ReleaseInput)
  | ({ readonly type: 'spend' } & SpendInput)
  | ({ readonly type: 'return-spending' } & SpendInput);

/** Idempotent per award and grant: the same again is quiet while the reservation lives. */
export function decideReserve(input: ReserveInput, state: ExistingLine, { effectiveOn }: DecisionContext): readonly BudgetEvent[] {
  const { grant, policy } = input;
  const award = requireText(input.award, 'award');
  const payee = requireText(input.payee, 'payee');
  const clause = requireText(input.clause, 'clause');
  const amount = positiveAmount(input.amount);
  const exclusive = [...new Set(input.exclusive ?? [])].sort();
  const before = state.reservations.get(award);
  if (before?.live) {
    if (contentHash(before.grant) !== contentHash(grant)) {
      throw no('reservation-of-another-grant', `${award} is being granted by another command just now; try again`, { award });
    }
    if (before.asked.equals(amount) && before.payee === payee && before.clause === clause) return [];
    throw no(
      'reservation-differs',
      `${award} already holds ${before.asked.toString()} on ${nameOf(state.line)}; asked ${amount.toString()}`,
      {
        award,
        reserved: before.asked,
        asked: amount,
      },
    );
  }
  if (before !== undefined && (before.payee !== payee || before.clause !== clause)) {
    throw no('reservation-differs', `${award} reserved here before for ${before.payee} under ${before.clause}`, {
      award,
      payee: before.payee,
      clause: before.clause,
    });
  }
  const line = requireOpen(state);
  const { first } = yearsOf(line.line.period);
  if (Number(effectiveOn.slice(0, 4)) < first)
    throw no('period-not-begun', `${nameOf(line.line)} begins on ${first}-01-01: nothing is granted from it before`, {
      from: `${first}-01-01`,
    });
  for (const key of exclusive) {
    const other = line.exclusions.get(key);
    if (other !== undefined && other !== award) {
      throw no('excluded-by-reservation', `${award} and ${other} exclude each other (${key}), and ${other} is reserved`, {
        award,
        other,
        key,
      });
    }
  }
  requireAvailable(line, amount, 'reserve');
  const data = { award, payee, clause, amount: amount.toString(), ...(exclusive.length > 0 && { exclusive }), grant };
  return [{ type: 'budget-reserved', data, ...(policy && { policy }) }];
}

/**
 * Gives back the unspent rest and ends the reservation's exclusions. A live reservation without a rest is released with
 * 0.00, so that its exclusions end; money a bank returns after a release is given back by releasing again.
 */
export function decideRelease(input: ReleaseInput, state: ExistingLine): readonly BudgetEvent[] {
  const reservation = reservationFor(input.award, state);
  const reason = requireText(input.reason, 'reason');
  const rest = restOf(reservation);
  if (!reservation.live && rest.isZero) return [];
  if (input.grant !== undefined && reservation.live && contentHash(input.grant) !== contentHash(reservation.grant)) return [];
  const { award, payee, clause, policy } = reservation;
  return [{ type: 'budget-released', data: { award, payee, clause, amount: rest.toString(), reason }, ...(policy && { policy }) }];
}

/** Idempotent per award, instalment and payment; an instalment is paid once unless the bank returned it. */
export function decideSpend(input: SpendInput, state: ExistingLine, context: DecisionContext): readonly BudgetEvent[] {
  const { instalment } = input;
  const amount = positiveAmount(input.amount);
  const on = bankDay(input.on, context);
  const payment = requireText(input.payment, 'payment');
  if (!Number.isSafeInteger(instalment) || instalment < 1) throw invalidField('instalment', 'instalment', 'must be a whole number from 1');
  const reservation = reservationFor(input.award, state);
  const made = paymentOf(reservation, instalment, payment);
  if (made !== undefined) {
    requireSame(reservation, made, { amount, on }, made.on);
    return [];
  }
  const standing = reservation.payments.find((other) => other.instalment === instalment && !other.returned);
  if (standing !== undefined) {
    throw no(
      'instalment-already-spent',
      `instalment ${instalment} of ${reservation.award} was paid with ${standing.payment}: ${standing.amount.toString()}`,
      { award: reservation.award, instalment, payment: standing.payment, spent: standing.amount },
    );
  }
  requireWithinReservation(reservation, amount);
  return [paymentEvent('budget-spent', reservation, { instalment, payment, amount, on })];
}

/** Takes back only what was spent with that payment, whole. */
export function decideReturn(input: SpendInput, state: ExistingLine, context: DecisionContext): readonly BudgetEvent[] {
  const { instalment } = input;
  const amount = positiveAmount(input.amount);
  const on = bankDay(input.on, context);
  const payment = requireText(input.payment, 'payment');
  const reservation = reservationFor(input.award, state);
  const made = paymentOf(reservation, instalment, payment);
  if (made === undefined) {
    throw no('not-spent', `instalment ${instalment} of ${reservation.award} was not paid with ${payment}`, {
      award: reservation.award,
      instalment,
      payment,
      asked: amount,
    });
  }
  requireSame(reservation, made, { amount, on }, made.returnedOn);
  if (made.returned) return [];
  if (made.on !== undefined && on < made.on)
    throw invalidField('on', 'not-before-payment', `${payment} was paid on ${made.on}; it cannot have come back before`);
  return [paymentEvent('budget-spending-returned', reservation, { instalment, payment, amount, on })];
}

/** What the bank did, it did today or earlier. @throws Problem `invalid-input` */
function bankDay(text: string, { today }: DecisionContext): string {
  const on = businessDate(text, 'on');
  if (on > today) throw invalidField('on', 'not-in-the-future', `must not be later than today, ${today}`);
  return on;
}

function reservationFor(award: string, state: ExistingLine): Reservation {
  const reservation = state.reservations.get(requireText(award, 'award'));
  if (reservation === undefined) throw no('no-reservation', `${award} has reserved nothing on ${nameOf(state.line)}`, { award });
  return reservation;
}

function paymentOf({ payments }: Reservation, instalment: number, payment: string): Payment | undefined {
  return payments.find((made) => made.instalment === instalment && made.payment === payment);
}

/** A day that was not kept, by an event of before days were, is taken to be the one asked. */
function requireSame(
  { award }: Reservation,
  { instalment, payment, amount }: Payment,
  asked: { readonly amount: Money; readonly on: string },
  knownOn: string | undefined,
): void {
  if (!amount.equals(asked.amount))
    throw no(
      'payment-differs',
      `${payment} paid ${amount.toString()} of instalment ${instalment} of ${award}, not ${asked.amount.toString()}`,
      { award, instalment, payment, spent: amount, asked: asked.amount },
    );
  if (knownOn !== undefined && knownOn !== asked.on)
    throw no('payment-differs', `${payment} is on record for instalment ${instalment} of ${award} with ${knownOn}, not ${asked.on}`, {
      award,
      instalment,
      payment,
      on: knownOn,
      asked: asked.on,
    });
}

function requireWithinReservation(reservation: Reservation, asked: Money): void {
  const rest = restOf(reservation);
  if (!asked.isMoreThan(rest)) return;
  const code = !reservation.live && rest.isZero ? 'reservation-released' : 'reservation-exceeded';
  throw no(code, `${rest.toString()} is held for ${reservation.award}; asked ${asked.toString()}`, {
    award: reservation.award,
    reserved: rest,
    spent: reservation.spent,
    asked,
  });
}

function paymentEvent(
  type: 'budget-spent' | 'budget-spending-returned',
  { award, payee, clause, policy }: Reservation,
  { instalment, payment, amount, on }: Pick<Payment, 'instalment' | 'payment' | 'amount' | 'on'>,
): BudgetEvent {
  return { type, data: { award, payee, clause, instalment, amount: amount.toString(), payment, on }, ...(policy && { policy }) };
}
