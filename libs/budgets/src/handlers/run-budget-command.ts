import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { invalidField, refused } from '@app/kernel';
import type { BudgetState } from '../budget.js';
import { type BudgetCommand, budgetDecider } from '../decide.js';
import { ENVELOPE_LOOKUP, type EnvelopeLookup, type LineEnvelope } from '../envelope-lookup.js';
import { budgetStream, type LineRef, lineOfStream, yearsOf } from '../line.js';
import { positiveAmount, requireMayReceive } from '../rules.js';

/** The one command of budget lines: `command` on the line of `stream` (see `budgetStream`). */
export class RunBudgetCommand extends Command<Receipt> {
  constructor(
    readonly stream: string,
    readonly command: BudgetCommand,
    readonly context: CommandContext,
  ) {
    super();
  }
}

/**
 * Adds what a decision on one stream cannot see: the pack's envelope when a line is opened, the other line's status and
 * room when money leaves. The other line may still close or fill in between; the process manager `budget-transfers` then brings the money back.
 */
@CommandHandler(RunBudgetCommand)
export class RunBudgetCommandHandler implements ICommandHandler<RunBudgetCommand> {
  constructor(
    private readonly executor: Executor,
    @Inject(ENVELOPE_LOOKUP) private readonly envelopes: EnvelopeLookup,
  ) {}

  execute({ stream, command, context }: RunBudgetCommand): Promise<Receipt> {
    // Looked up inside the execution, so that a retry of a command done before is answered as then, whatever has changed around it.
    return this.executor.execute(budgetDecider, stream, () => this.completed(stream, command), context);
  }

  private async completed(stream: string, command: BudgetCommand): Promise<BudgetCommand> {
    switch (command.type) {
      case 'open':
        if (budgetStream(command.line) !== stream) throw invalidField('line', 'stream', `does not belong to ${stream}`);
        return this.withEnvelope(command);
      case 'transfer-out':
        return { ...command, targetStatus: await this.targetOf(command, stream) };
      case 'close':
        return command.to === undefined ? command : { ...command, targetStatus: await this.statusOf(command.to, stream) };
      default:
        return command;
    }
  }

  private async withEnvelope(command: Extract<BudgetCommand, { type: 'open' }>): Promise<BudgetCommand> {
    const envelope = await this.envelopes.envelopeOf(command.line.pack, command.line.line);
    if (envelope === undefined) return command;
    requirePeriod(command.line, envelope);
    const { clause, amount, rule, title, policy } = envelope;
    return { ...command, title: command.title ?? title, envelope: { clause, amount, rule }, ...(policy && { policy }) };
  }

  /** @throws Problem `over-envelope`, `budget-line-too-large` when the target may not take the money. */
  private async targetOf({ to, amount }: Extract<BudgetCommand, { type: 'transfer-out' }>, source: string): Promise<BudgetState['status']> {
    const stream = budgetStream(to);
    if (stream === source) return 'open';
    const { state } = await this.executor.load(budgetDecider, stream);
    if (state.status === 'open') requireMayReceive(state, lineOfStream(source), positiveAmount(amount));
    return state.status;
  }

  private async statusOf(line: LineRef, source: string): Promise<BudgetState['status']> {
    const stream = budgetStream(line);
    // A line that names itself is refused by the decision; its status does not matter.
    return stream === source ? 'open' : (await this.executor.load(budgetDecider, stream)).state.status;
  }
}

function requirePeriod({ period }: LineRef, { clause, period: meant }: LineEnvelope): void {
  if (meant === undefined) return;
  const { first, last } = yearsOf(period);
  const fits = meant === 'annual' ? first === last : first === meant.from && last === meant.to;
  if (fits) return;
  const wanted = meant === 'annual' ? 'one year' : meant.from === meant.to ? `${meant.from}` : `${meant.from}-${meant.to}`;
  throw refused('period-not-of-envelope', `clause ${clause} sets its sum aside for ${wanted}, not for ${period}`, {
    clause,
    period,
    wanted,
  });
}
