import { type DecisionContext, forbidden, invalidField, Money, notFound, Problem, refused } from '@app/kernel';
import { availableOf, type BudgetState, type ExistingLine, type OpenLine } from './budget.js';
import { isEarlierPeriod, type LineRef, nameOf, yearsOf } from './line.js';

/**
 * No line may ever take in more than this, so that no total can outgrow what an amount can carry
 * (a total that cannot be added would stop the fold of the whole line).
 */
export const LARGEST_LINE = Money.parse('999999999999.99');

/** A refusal whose figures are plain texts, as they are answered. */
export function no(code: string, detail: string, extra: Readonly<Record<string, unknown>> = {}): Problem {
  const figures = Object.entries(extra).map(([name, value]) => [name, value instanceof Money ? value.toString() : value]);
  return refused(code, detail, Object.fromEntries(figures) as Record<string, unknown>);
}

/** @throws Problem `role-required` unless the actor holds one of the roles. */
export function requireRole(context: DecisionContext, ...roles: readonly ('finance' | 'service')[]): void {
  if (!roles.some((role) => context.roles.includes(role))) {
    throw forbidden(
      'role-required',
      roles[0] === 'service' ? 'only the ledger itself does this, as part of an award' : 'this needs the role finance',
    );
  }
}

/** @throws Problem `budget-line-unknown` */
export function existing(state: BudgetState): ExistingLine {
  if (state.status === 'none') throw notFound('budget-line-unknown', 'this budget line has not been opened');
  return state;
}

/** @throws Problem `budget-line-closed` */
export function requireOpen(state: ExistingLine): OpenLine {
  if (state.status === 'open') return state;
  throw no('budget-line-closed', `${nameOf(state.line)} was closed on ${state.closedOn}`, { closedOn: state.closedOn });
}

/**
 * A budget year ends with the calendar year (《预算法》第十八条): what a clause sets aside for a past year is no longer
 * appropriated, or it would come to the present one as that year's balance, on top of this year's sum.
 * @throws Problem `period-over`
 */
export function requireNotOver(line: LineRef, today: string): void {
  const { last } = yearsOf(line.period);
  if (Number(today.slice(0, 4)) <= last) return;
  throw no('period-over', `${nameOf(line)} ended on ${last}-12-31 and takes in no more money`, { until: `${last}-12-31` });
}

/**
 * An entry belongs to its line's years; a budget may be passed in the year before. It may lie before the line's opening: its
 * day is that of the document that gives the money, the opening is but the day on which somebody set the line up here, which
 * nobody can put earlier afterwards. What is dated back far is a finding (`back-dated`).
 * @throws Problem `invalid-input`
 */
export function requireTimely({ line }: ExistingLine, effectiveOn: string): void {
  const { first } = yearsOf(line.period);
  if (Number(effectiveOn.slice(0, 4)) < first - 1)
    throw invalidField('effectiveOn', 'period', `must not lie before ${first - 1}-01-01: the line covers ${line.period}`);
}

/** @throws Problem `target-line-not-open` */
export function requireTargetOpen(to: LineRef, status: BudgetState['status'] = 'none'): void {
  if (status !== 'open')
    throw no('target-line-not-open', `${nameOf(to)} is ${status === 'none' ? 'not opened yet' : 'closed'} and can take no money`, {
      to,
      targetStatus: status,
    });
}

/** @throws Problem `budget-exhausted` with what is available, asked, reserved and spent. */
export function requireAvailable(state: ExistingLine, amount: Money, doing: string): void {
  const available = availableOf(state);
  if (!amount.isMoreThan(available)) return;
  const { reserved, spent } = state;
  throw no(
    'budget-exhausted',
    `${nameOf(state.line)} has ${available.toString()} available (${reserved.toString()} reserved, ${spent.toString()} spent); cannot ${doing} ${amount.toString()}`,
    { available, asked: amount, reserved, spent },
  );
}

/**
 * What was appropriated, with its adjustments and what other lines sent, is what the clause's sum bounds; the line's own
 * earlier period's balance was bounded then.
 * @throws Problem `over-envelope`
 */
export function requireWithinEnvelope({ line, envelope, appropriated, adjusted, fundedByOthers }: OpenLine, amount: Money): void {
  if (envelope?.rule !== 'exactly') return;
  const limit = Money.parse(envelope.amount);
  const funded = appropriated.plus(adjusted).plus(fundedByOthers);
  if (!funded.plus(amount).isMoreThan(limit)) return;
  throw no(
    'over-envelope',
    `clause ${envelope.clause} sets aside ${limit.toString()} for ${nameOf(line)}; ${funded.toString()} is appropriated or transferred, ${amount.toString()} more would exceed it`,
    { clause: envelope.clause, envelope: limit, appropriated: funded, asked: amount },
  );
}

/** Whether an open line may take in money of another line. @throws Problem `over-envelope`, `budget-line-too-large` */
export function requireMayReceive(line: OpenLine, from: LineRef, amount: Money): void {
  if (!isEarlierPeriod(from, line.line)) requireWithinEnvelope(line, amount);
  requireRoom(line, amount);
}

/** What was taken away again makes no room: the turnover is what must not outgrow an amount. @throws Problem `budget-line-too-large` */
export function requireRoom({ line, appropriated, adjusted, transferredIn }: ExistingLine, amount: Money): void {
  const present = appropriated.plus(adjusted.isNegative ? Money.zero : adjusted).plus(transferredIn);
  if (!present.plus(amount).isMoreThan(LARGEST_LINE)) return;
  throw no(
    'budget-line-too-large',
    `${nameOf(line)} has taken in ${present.toString()}; with ${amount.toString()} more it would exceed ${LARGEST_LINE.toString()}`,
    {
      present,
      asked: amount,
      limit: LARGEST_LINE,
    },
  );
}

/** @throws Problem `money-malformed`, or `amount-not-positive` for zero. */
export function positiveAmount(text: string, field = 'amount'): Money {
  const amount = Money.parse(text, field);
  if (amount.isZero) throw notPositive(field, 'must be more than zero');
  return amount;
}

/** A change up or down, never zero. */
export function signedAmount(text: string): Money {
  const isNegative = text.startsWith('-');
  const size = Money.parse(isNegative ? text.slice(1) : text);
  if (size.isZero) throw notPositive('amount', 'must not be zero');
  return isNegative ? size.negated() : size;
}

function notPositive(field: string, message: string): Problem {
  return new Problem('invalid', 'amount-not-positive', `${field} ${message}`, [{ field, rule: 'positive', message }], { asked: '0.00' });
}

/** @throws Problem `invalid-input` for a text of blanks. */
export function requireText(text: string | undefined, field: string): string {
  const trimmed = text?.trim() ?? '';
  if (trimmed === '') throw invalidField(field, 'required', 'must say something');
  return trimmed;
}
