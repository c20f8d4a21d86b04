import { Injectable } from '@nestjs/common';
import { Budgets } from '@app/budgets';
import { Executor, type RecordedEvent } from '@app/event-store';
import { Problem } from '@app/kernel';
import { type ProcessManager, reactionContext, Subscriptions } from '@app/projections';
import { awardStream, isGranted } from '../award.js';
import { type AwardCommand, awardDecider } from '../decide.js';
import { batchDecider, type BatchEvent, type BatchLine, type DroppedLine, type ExistingBatch, type LineResult } from './batch.js';

const NAME = 'payments';

/**
 * Carries a batch to the awards and budgets it pays: freezing orders each instalment on its award, which alone knows
 * whether it may still be paid; the bank's results then settle award and budget line. Each step may be repeated.
 */
@Injectable()
export class PaymentsProcess implements ProcessManager {
  readonly name = NAME;
  readonly handles = new Set(['batch-freeze-started', 'batch-cancelled', 'batch-results-recorded']);

  constructor(
    private readonly executor: Executor,
    private readonly budgets: Budgets,
    subscriptions: Subscriptions,
  ) {
    subscriptions.addProcessManager(this);
  }

  async react(event: RecordedEvent): Promise<void> {
    const { state } = await this.executor.load(batchDecider, event.stream);
    if (state.status === 'none') throw new Error(`${event.stream} is gone`);
    const batch = event.stream.slice('batch-'.length);
    switch (event.type as BatchEvent['type']) {
      case 'batch-freeze-started':
        return this.freeze(event, batch, state);
      case 'batch-cancelled':
        for (const line of state.lines) {
          await this.onAward(event, line, { type: 'cancel-order', no: line.instalment, batch, line: line.line, reason: (event.data as { reason: string }).reason });
        }
        return;
      case 'batch-results-recorded':
        for (const result of (event.data as { results: readonly LineResult[] }).results) await this.settle(event, batch, state, result);
        return;
      case 'batch-prepared':
      case 'batch-frozen':
        return;
    }
  }

  private async freeze(event: RecordedEvent, batch: string, state: ExistingBatch): Promise<void> {
    const dropped: DroppedLine[] = [];
    for (const line of state.lines) {
      try {
        await this.onAward(event, line, { type: 'order', no: line.instalment, batch, line: line.line, payer: state.payer ?? event.metadata.actor.id });
      } catch (error) {
        if (!(error instanceof Problem) || error.kind !== 'refused') throw error;
        dropped.push({ line: line.line, code: error.code, detail: error.detail });
      }
    }
    const command = { type: 'freeze' as const, dropped };
    await this.executor.execute(batchDecider, event.stream, command, { ...reactionContext(event, NAME, 'freeze', 'freeze') });
  }

  private async settle(event: RecordedEvent, batch: string, state: ExistingBatch, result: LineResult): Promise<void> {
    const line = state.lines.find((each) => each.line === result.line);
    if (line === undefined) throw new Error(`batch ${batch} has no line ${result.line}`);
    const { award: id, instalment, amount } = line;
    const { state: award } = await this.executor.load(awardDecider, awardStream(id));
    if (!isGranted(award)) throw new Error(`${id} is in batch ${batch} but not granted`);
    const { line: number, result: outcome, on, reference, reason } = result;
    const payment = `${batch}/${number}`;
    const spending = { award: id, payee: award.payee, clause: award.clause, instalment, amount, payment };
    const context = reactionContext(event, NAME, spending, `budget:${number}:${outcome}`);
    // The budget first: whoever learns from the award that nothing is at the bank any more finds every payment booked.
    if (outcome === 'paid') await this.budgets.spend(award.grant.budget, spending, context);
    // Only what had been booked as paid before can flow back; a payment that never arrived is still reserved.
    else if (line.paid !== undefined) await this.budgets.returnSpending(award.grant.budget, spending, context);
    await this.onAward(event, line, { type: 'settle', no: instalment, batch, line: number, result: outcome, on, reference, reason }, outcome);
  }

  private async onAward(event: RecordedEvent, line: BatchLine, command: AwardCommand, part = command.type as string): Promise<void> {
    await this.executor.execute(awardDecider, awardStream(line.award), command, reactionContext(event, NAME, command, `award:${line.line}:${part}`));
  }
}
