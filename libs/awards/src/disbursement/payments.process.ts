import { Injectable } from '@nestjs/common';
import { Budgets } from '@app/budgets';
import { Executor, type RecordedEvent } from '@app/event-store';
import { Problem, refused } from '@app/kernel';
import { type ProcessManager, reactionContext, Subscriptions } from '@app/projections';
import { awardStream, isGranted } from '../award.js';
import { type AwardCommand, awardDecider } from '../decide.js';
import {
  batchDecider,
  type BatchEvent,
  type BatchLine,
  type DroppedLine,
  type ExistingBatch,
  type LineResult,
  shortened,
} from './batch.js';
import { Standing } from '../standing.js';
import { Payees } from './payees.js';

const NAME = 'payments';

/**
 * Carries a batch to the awards and budgets it pays: freezing orders each instalment on its award, which alone knows
 * whether it may still be paid; the bank's results then settle award and budget line. Each step may be repeated.
 */
@Injectable()
export class PaymentsProcess implements ProcessManager {
  readonly name = NAME;
  readonly handles = new Set(['batch-freeze-started', 'batch-cancelled', 'batch-results-recorded', 'batch-unexpected-results']);

  constructor(
    private readonly executor: Executor,
    private readonly budgets: Budgets,
    private readonly payees: Payees,
    private readonly standing: Standing,
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
          await this.onAward(event, line, {
            type: 'cancel-order',
            no: line.instalment,
            batch,
            line: line.line,
            reason: (event.data as { reason: string }).reason,
          });
        }
        return;
      case 'batch-results-recorded':
        for (const result of (event.data as { results: readonly LineResult[] }).results) await this.settle(event, batch, state, result);
        return;
      case 'batch-unexpected-results':
        for (const result of (event.data as { results: readonly LineResult[] }).results)
          await this.holdUnexpected(event, batch, state, result);
        return;
      case 'batch-prepared':
      case 'batch-frozen':
        return;
    }
  }

  private async freeze(event: RecordedEvent, batch: string, state: ExistingBatch): Promise<void> {
    // Seen again after the batch was frozen, as when read models are built anew: its orders are at the bank, and what has
    // become of payee or account since then is no reason to take one back.
    if (state.status !== 'freezing') return;
    const dropped: DroppedLine[] = [];
    for (const line of state.lines) {
      try {
        await this.requireSamePayee(line, event.metadata.effectiveOn);
        await this.order(event, line, {
          type: 'order',
          no: line.instalment,
          batch,
          line: line.line,
          payer: state.payer ?? event.metadata.actor.id,
        });
      } catch (error) {
        if (!(error instanceof Problem) || error.kind !== 'refused') throw error;
        dropped.push({ line: line.line, code: error.code, detail: shortened(error.detail) });
        // A run that a crash cut short may have ordered it, when it could still be paid.
        await this.onAward(event, line, { type: 'cancel-order', no: line.instalment, batch, line: line.line, reason: error.detail });
      }
    }
    const command = { type: 'freeze' as const, dropped };
    await this.executor.execute(batchDecider, event.stream, command, { ...reactionContext(event, NAME, 'freeze', 'freeze') });
  }

  /** What is known of the payee's standing belongs to the moment, not to the command: an order sent again is the same order. */
  private async order(
    event: RecordedEvent,
    line: BatchLine,
    order: Omit<Extract<AwardCommand, { type: 'order' }>, 'listings'>,
  ): Promise<void> {
    await this.executor.execute(
      awardDecider,
      awardStream(line.award),
      async () => ({ ...order, listings: await this.standing.ofPayee(line.payee, event.metadata.effectiveOn) }),
      reactionContext(event, NAME, order, `award:${line.line}:order`),
    );
  }

  /** Between preparing and freezing the account may have been disputed or replaced, or the payee merged. */
  private async requireSamePayee(line: BatchLine, on: string): Promise<void> {
    const { state } = await this.executor.load(awardDecider, awardStream(line.award));
    if (!isGranted(state)) return;
    const payee = await this.payees.of(state, on);
    if ('refusal' in payee) throw refused(payee.refusal, payee.detail);
    if (payee.code !== line.payee || payee.account !== line.account) {
      throw refused('account-changed', `${payee.name} is to be paid to another account than the batch says`, { award: line.award });
    }
  }

  /** The bank says it paid a batch that was cancelled: nothing more is paid on that award until people have found out. */
  private async holdUnexpected(event: RecordedEvent, batch: string, state: ExistingBatch, result: LineResult): Promise<void> {
    const line = state.lines.find((each) => each.line === result.line);
    if (line === undefined || result.result !== 'paid') return;
    try {
      await this.onAward(event, line, {
        type: 'hold',
        reason: `the bank reports line ${result.line} of the cancelled batch ${batch} as paid (${result.reference})`,
      });
    } catch (error) {
      // An award that has ended pays nothing more anyway.
      if (!(error instanceof Problem) || error.kind !== 'refused') throw error;
    }
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
    await this.onAward(
      event,
      line,
      { type: 'settle', no: instalment, batch, line: number, result: outcome, on, reference, reason },
      outcome,
    );
  }

  private async onAward(event: RecordedEvent, line: BatchLine, command: AwardCommand, part = command.type as string): Promise<void> {
    await this.executor.execute(
      awardDecider,
      awardStream(line.award),
      command,
      reactionContext(event, NAME, command, `award:${line.line}:${part}`),
    );
  }
}
