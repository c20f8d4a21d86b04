import { type Decider, type DecisionContext, type Evidence, type Money, type PolicyCitation, requireToday, unreachable } from '@app/kernel';
import {
  availableOf,
  type BudgetEvent,
  type BudgetState,
  carriedBack,
  type EnvelopeTerms,
  entryKey,
  evolve,
  type ExistingLine,
  initialState,
} from './budget.js';
import { decideRelease, decideReserve, decideReturn, decideSpend, type ReservationCommand } from './decide-reservations.js';
import { isSameLine, type LineRef, nameOf, requireLine, yearsOf } from './line.js';
import {
  existing,
  no,
  positiveAmount,
  requireAvailable,
  requireMayReceive,
  requireNotOver,
  requireOpen,
  requireRole,
  requireRoom,
  requireTargetOpen,
  requireText,
  requireTimely,
  requireWithinEnvelope,
  signedAmount,
} from './rules.js';

/**
 * What can be asked of a budget line. `targetStatus` is the other line's status; the handler reads it and overrides
 * whatever was sent, because a decision sees one stream only.
 */
export type BudgetCommand = LineCommand | TransferArrival | ReservationCommand;

type LineCommand =
  | {
      readonly type: 'open';
      readonly line: LineRef;
      readonly title?: string;
      readonly envelope?: EnvelopeTerms;
      readonly policy?: PolicyCitation;
    }
  | { readonly type: 'appropriate'; readonly amount: string; readonly reason: string; readonly evidence: readonly Evidence[] }
  | { readonly type: 'adjust'; readonly amount: string; readonly reason: string; readonly evidence: readonly Evidence[] }
  | TransferOut
  | Close;

interface TransferOut {
  readonly type: 'transfer-out';
  readonly transfer: string;
  readonly to: LineRef;
  readonly amount: string;
  readonly reason: string;
  readonly evidence: readonly Evidence[];
  readonly targetStatus?: BudgetState['status'];
}

interface Close {
  readonly type: 'close';
  readonly to?: LineRef;
  readonly evidence?: readonly Evidence[];
  readonly targetStatus?: BudgetState['status'];
}

/** Sent by the process manager alone: the other half of a transfer, or its return to where it came from. */
interface TransferArrival {
  readonly type: 'receive-transfer' | 'take-back-transfer';
  readonly transfer: string;
  readonly from: LineRef;
  readonly amount: string;
  readonly reason: string;
}

/** @throws Problem what the line's rules refuse; the figures are in the detail and beside it. */
export function decide(command: BudgetCommand, state: BudgetState, context: DecisionContext): readonly BudgetEvent[] {
  const events = decideOne(command, state, context);
  // Paired with the checks before: whatever was decided must fold, and must leave the line in balance.
  const after = events.reduce(evolve, state);
  if (after.status !== 'none' && availableOf(after).isNegative) throw new Error(`${command.type} would overdraw ${nameOf(after.line)}`);
  return events;
}

/** The decider of a budget line's stream. */
export const budgetDecider: Decider<BudgetCommand, BudgetEvent, BudgetState> = { initialState, decide, evolve };

function decideOne(command: BudgetCommand, state: BudgetState, context: DecisionContext): readonly BudgetEvent[] {
  switch (command.type) {
    case 'open':
      requireRole(context, 'finance', 'service');
      return open(command, state);
    case 'appropriate':
    case 'adjust':
      requireRole(context, 'finance', 'service');
      return enter(command, existing(state), context);
    case 'transfer-out':
      requireRole(context, 'finance', 'service');
      return transferOut(command, existing(state), context);
    case 'close':
      requireRole(context, 'finance', 'service');
      return close(command, existing(state), context);
    case 'receive-transfer':
      requireRole(context, 'service');
      return receive(command, existing(state));
    case 'take-back-transfer':
      requireRole(context, 'service');
      return takeBack(command, existing(state));
    case 'reserve':
      requireRole(context, 'service');
      return decideReserve(command, existing(state), context);
    case 'release':
      requireRole(context, 'service');
      return decideRelease(command, existing(state));
    case 'spend':
      requireRole(context, 'service');
      return decideSpend(command, existing(state), context);
    case 'return-spending':
      requireRole(context, 'service');
      return decideReturn(command, existing(state), context);
    default:
      return unreachable(command);
  }
}

function open({ line, title, envelope, policy }: Extract<LineCommand, { type: 'open' }>, state: BudgetState): readonly BudgetEvent[] {
  requireLine(line);
  const name = requireText(title, 'title');
  const terms = envelope && {
    clause: envelope.clause,
    amount: positiveAmount(envelope.amount, 'envelope.amount').toString(),
    rule: envelope.rule,
  };
  if (state.status === 'none') {
    const { pack, line: slug, period } = line;
    return [
      {
        type: 'budget-line-opened',
        data: { pack, line: slug, period, title: name, ...(terms && { envelope: terms }) },
        ...(policy && { policy }),
      },
    ];
  }
  const same =
    state.title === name &&
    state.envelope?.clause === terms?.clause &&
    state.envelope?.amount === terms?.amount &&
    state.envelope?.rule === terms?.rule;
  if (same) return [];
  throw no('budget-line-exists', `${nameOf(line)} is already open as "${state.title}"`, {
    openedAs: state.title,
    ...(state.envelope && { envelope: state.envelope }),
  });
}

function enter(
  command: Extract<LineCommand, { type: 'appropriate' | 'adjust' }>,
  state: ExistingLine,
  { effectiveOn, today }: DecisionContext,
): readonly BudgetEvent[] {
  const { evidence } = command;
  const reason = requireText(command.reason, 'reason');
  const amount = command.type === 'adjust' ? signedAmount(command.amount) : positiveAmount(command.amount);
  requireEvidence(evidence, amount);
  const type = command.type === 'adjust' ? 'budget-adjusted' : 'budget-appropriated';
  if (state.entries.has(entryKey(type, amount, reason, evidence))) return [];
  const line = requireOpen(state);
  requireTimely(line, effectiveOn);
  if (amount.isNegative) requireAvailable(line, amount.negated(), 'take away');
  else {
    if (line.envelope !== undefined) requireNotOver(line.line, today);
    requireWithinEnvelope(line, amount);
    requireRoom(line, amount);
  }
  return [{ type, data: { amount: amount.toString(), reason }, evidence }];
}

function requireEvidence(evidence: readonly Evidence[], amount: Money): void {
  if (evidence.length === 0) throw no('evidence-required', 'a change of the budget rests on a document: name it as evidence', { amount });
}

function transferOut(command: TransferOut, state: ExistingLine, { effectiveOn, today }: DecisionContext): readonly BudgetEvent[] {
  const { transfer, to, evidence } = command;
  requireLine(to, 'to');
  const amount = positiveAmount(command.amount);
  const reason = requireText(command.reason, 'reason');
  const before = state.sent.get(transfer);
  if (before !== undefined) {
    if (before.amount.equals(amount) && isSameLine(before.to, to)) return [];
    throw no('transfer-differs', `transfer ${transfer} sent ${before.amount.toString()} to ${nameOf(before.to)}`, {
      amount: before.amount,
      to: before.to,
    });
  }
  requireEvidence(evidence, amount);
  const line = requireOpen(state);
  if (isSameLine(line.line, to)) throw no('transfer-to-itself', `${nameOf(to)} cannot transfer to itself`);
  requireTimely(line, effectiveOn);
  requireNotOver(to, today);
  requireTargetOpen(to, command.targetStatus);
  requireAvailable(line, amount, 'transfer');
  // What the other line cannot take comes back, and must find room.
  requireRoom(line, amount);
  const { pack, line: slug, period } = to;
  const data = { transfer, to: { pack, line: slug, period }, amount: amount.toString(), reason };
  return [{ type: 'budget-transferred-out', data, evidence }];
}

function receive(command: TransferArrival, state: ExistingLine): readonly BudgetEvent[] {
  // Before the status: a transfer that has arrived has arrived, even if the line closed afterwards.
  if (state.received.has(command.transfer)) return [];
  const amount = positiveAmount(command.amount);
  requireMayReceive(requireOpen(state), command.from, amount);
  return [arrival(command, amount)];
}

/** Money the target could not take comes home, open or closed: it must stand somewhere. */
function takeBack(command: TransferArrival, state: ExistingLine): readonly BudgetEvent[] {
  const { transfer, from } = command;
  if (state.received.has(transfer)) return [];
  const amount = positiveAmount(command.amount);
  const sent = state.sent.get(transfer);
  const carried = carriedBack(state, transfer, from) ? state.carriedTo.get(nameOf(from)) : undefined;
  const isOurs =
    sent === undefined ? carried !== undefined && !amount.isMoreThan(carried) : sent.amount.equals(amount) && isSameLine(sent.to, from);
  if (!isOurs) {
    throw no('transfer-unknown', `${nameOf(state.line)} did not send ${amount.toString()} to ${nameOf(from)} as ${transfer}`, {
      transfer,
      amount,
    });
  }
  return [arrival(command, amount)];
}

function arrival({ transfer, from, reason }: TransferArrival, amount: Money): BudgetEvent {
  return { type: 'budget-transferred-in', data: { transfer, from, amount: amount.toString(), reason } };
}

function close({ to, targetStatus, evidence }: Close, state: ExistingLine, context: DecisionContext): readonly BudgetEvent[] {
  const { effectiveOn: on, today } = context;
  if (to !== undefined) requireLine(to, 'to');
  const balance = availableOf(state);
  if (state.status === 'closed' && balance.isZero) return [];
  requireToday(context);
  const { last } = yearsOf(state.line.period);
  if (Number(on.slice(0, 4)) <= last) {
    throw no('period-not-over', `${nameOf(state.line)} runs until ${last}-12-31; it cannot be closed on ${on}`, {
      until: `${last}-12-31`,
      on,
    });
  }
  const cited = evidence && { evidence };
  if (balance.isZero) return [{ type: 'budget-closed', data: { on, carriedOver: balance.toString() }, ...cited }];
  const figures = { available: balance, reserved: state.reserved, spent: state.spent };
  if (to === undefined) {
    throw no(
      'carry-over-target-required',
      `${balance.toString()} is left on ${nameOf(state.line)}: name the line that takes it over`,
      figures,
    );
  }
  if (isSameLine(state.line, to)) throw no('transfer-to-itself', `${nameOf(to)} cannot carry over to itself`, figures);
  if (yearsOf(to.period).first <= last) {
    throw no(
      'carry-over-not-later',
      `a balance of ${nameOf(state.line)} is carried to a line of a later period, not to ${nameOf(to)}`,
      figures,
    );
  }
  requireNotOver(to, today);
  requireTargetOpen(to, targetStatus);
  requireRoom(state, balance);
  const { pack, line, period } = to;
  return [{ type: 'budget-closed', data: { on, carriedOver: balance.toString(), to: { pack, line, period } }, ...cited }];
}
