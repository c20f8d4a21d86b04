import { asDomainEvent, type Executor, type RecordedEvent } from '@app/event-store';
import { derivedId, Problem } from '@app/kernel';
import { type ProcessManager, reactionContext } from '@app/projections';
import type { BudgetEvent } from '../budget.js';
import { type BudgetCommand, budgetDecider } from '../decide.js';
import { budgetStream, type LineRef, lineOfStream } from '../line.js';

/** Refusals that mean the target will not take the money; any other stops the manager rather than move money twice. */
const CANNOT_TAKE = new Set(['budget-line-closed', 'budget-line-unknown', 'budget-line-too-large', 'over-envelope']);

interface Journey {
  readonly transfer: string;
  readonly to: LineRef;
  readonly amount: string;
  readonly reason: string;
}

/**
 * The second half of every transfer and carry-over. Money that has left a line arrives at the other one; when that one
 * has closed in the meantime, it goes back to where it came from, open or closed. A closed source then has a balance
 * again, which another close command carries to a line that is open.
 *
 * Between the two events the money is in transit: on neither line, and in the ledger for everyone to see.
 */
export class BudgetTransfers implements ProcessManager {
  readonly name = 'budget-transfers';
  readonly handles: ReadonlySet<string> = new Set<BudgetEvent['type']>(['budget-transferred-out', 'budget-closed']);

  // Not the command bus: a backlog may be waiting at start, before the bus knows its handlers.
  constructor(private readonly executor: Executor) {}

  async react(event: RecordedEvent): Promise<void> {
    const journey = journeyOf(event);
    if (journey === undefined) return;
    const from = lineOfStream(event.stream);
    // Once given back, it stays back, whatever the target would say today.
    if (await this.hasReceived(from, journey.transfer)) return;
    const { transfer, to, amount, reason } = journey;
    try {
      await this.send(event, to, { type: 'receive-transfer', transfer, from, amount, reason }, '');
    } catch (problem) {
      if (!(problem instanceof Problem) || !CANNOT_TAKE.has(problem.code)) throw problem;
      const back = `退回：${to.pack}.${to.line}.${to.period} 未能接收（${problem.code}）`;
      await this.send(event, from, { type: 'take-back-transfer', transfer, from: to, amount, reason: back }, 'take-back');
    }
  }

  private async hasReceived(line: LineRef, transfer: string): Promise<boolean> {
    const { state } = await this.executor.load(budgetDecider, budgetStream(line));
    return state.status !== 'none' && state.received.has(transfer);
  }

  private async send(event: RecordedEvent, line: LineRef, command: BudgetCommand, part: string): Promise<void> {
    await this.executor.execute(budgetDecider, budgetStream(line), command, reactionContext(event, this.name, command, part));
  }
}

function journeyOf(recorded: RecordedEvent): Journey | undefined {
  const event = asDomainEvent<BudgetEvent>(recorded);
  if (event.type === 'budget-transferred-out') return event.data;
  if (event.type !== 'budget-closed' || event.data.to === undefined) return undefined;
  const { to, carriedOver } = event.data;
  return {
    transfer: derivedId('budget-carry-over', recorded.id),
    to,
    amount: carriedOver,
    reason: `结转：${lineOfStream(recorded.stream).period} 余额`,
  };
}
