import { Injectable } from '@nestjs/common';
import { type CommandContext, Executor, type Loaded, type Receipt } from '@app/event-store';
import { contentHash, derivedId, LEDGER_ACTOR, refused, unreachable } from '@app/kernel';
import { type BudgetState, reservationOf } from './budget.js';
import { budgetDecider } from './decide.js';
import type { ReleaseInput, ReservationCommand, ReserveInput, SpendInput } from './decide-reservations.js';
import { budgetStream, type LineRef } from './line.js';

/**
 * The door for awards. The caller passes its own command's context: the ledger acts in its name, for the same cause and
 * under ids of its own, so that one command may change an award and its line. `If-Match` is not passed on: it speaks of
 * the caller's stream.
 */
@Injectable()
export class Budgets {
  // Not the command bus: process managers use this at start, before the bus knows its handlers.
  constructor(private readonly executor: Executor) {}

  /**
   * Holds money for an award; quiet when it already does.
   * @throws Problem `budget-line-unknown`, `budget-line-closed`, `reservation-differs`, `excluded-by-reservation`, `budget-exhausted`, `period-not-begun`;
   *   `reservation-released` when this same command reserved before and that was released.
   */
  async reserve(line: LineRef, input: ReserveInput, context: CommandContext): Promise<Receipt> {
    const receipt = await this.send(line, { type: 'reserve', ...input }, context);
    // The answer may be the echo of the same command done before, and what that reserved may have been released since.
    if (!reservationOf((await this.load(line)).state, input.award)?.live) {
      throw refused('reservation-released', `what this command reserved for ${input.award} has been released; reserve with a new command`, {
        award: input.award,
      });
    }
    return receipt;
  }

  /** Gives back the unspent rest; quiet when nothing is left to give. @throws Problem `no-reservation`. */
  release(line: LineRef, input: ReleaseInput, context: CommandContext): Promise<Receipt> {
    return this.send(line, { type: 'release', ...input }, context);
  }

  /**
   * Spends one instalment out of its award's reservation; quiet when that payment is booked.
   * @throws Problem `no-reservation`, `instalment-already-spent`, `payment-differs`, `reservation-exceeded`, `reservation-released`;
   *   `invalid-input` for a day that is none, or in the future.
   */
  spend(line: LineRef, input: SpendInput, context: CommandContext): Promise<Receipt> {
    return this.send(line, { type: 'spend', ...input }, context);
  }

  /**
   * Takes back what the bank returned; it is held for the award again.
   * @throws Problem `no-reservation`, `not-spent`, `payment-differs`; `invalid-input` for a day that is none, before the
   *   payment's, or in the future.
   */
  returnSpending(line: LineRef, input: SpendInput, context: CommandContext): Promise<Receipt> {
    return this.send(line, { type: 'return-spending', ...input }, context);
  }

  /** The line as it stands now, from its events. */
  load(line: LineRef): Promise<Loaded<BudgetState>> {
    return this.executor.load(budgetDecider, budgetStream(line));
  }

  private send(line: LineRef, command: ReservationCommand, context: CommandContext): Promise<Receipt> {
    const stream = budgetStream(line);
    const content = contentHash(identityOf(command));
    const { effectiveOn, today, correlationId, causationId } = context;
    return this.executor.execute(budgetDecider, stream, command, {
      commandId: derivedId('budgets', context.commandId, stream, content),
      contentHash: content,
      actor: LEDGER_ACTOR,
      effectiveOn,
      today,
      correlationId,
      causationId,
    });
  }
}

/**
 * What makes two commands the same one; the wording of a reason or the grant's payload does not. Nor does the bank's day:
 * earlier programs recorded payments without it, and theirs has to remain the same command.
 */
function identityOf(command: ReservationCommand): Readonly<Record<string, unknown>> {
  const { type, award } = command;
  switch (command.type) {
    case 'reserve':
      return { type, award, amount: command.amount };
    case 'release':
      return { type, award };
    case 'spend':
    case 'return-spending':
      return { type, award, amount: command.amount, instalment: command.instalment, payment: command.payment };
    default:
      return unreachable(command);
  }
}
