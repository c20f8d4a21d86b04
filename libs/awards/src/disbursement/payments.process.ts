import { Inject, Injectable } from '@nestjs/common';
import { Budgets } from '@app/budgets';
import { asDomainEvent, contextOf, EVENT_STORE, type EventStore, Executor, type RecordedEvent } from '@app/event-store';
import { Problem, refused } from '@app/kernel';
import { type ProcessManager, reactionContext, Subscriptions } from '@app/projections';
import { awardStream, isGranted, paymentOf } from '../award.js';
import { type AwardCommand, awardDecider } from '../decide.js';
import {
  batchDecider,
  type BatchEvent,
  type BatchLine,
  type BatchLineState,
  type BatchState,
  type DroppedLine,
  type ExistingBatch,
  type LineResult,
  shortened,
  withResult,
} from './batch.js';
import { Standing } from '../standing.js';
import { Payees } from './payees.js';

const NAME = 'payments';
const RESOLVED = { accepted: '该笔款项确已支付，已入账', 'not-made': '该笔款项未支付或已退回' } as const;

/**
 * Carries a batch to the awards and budgets it pays: freezing orders each instalment on its award, which alone knows
 * whether it may still be paid; the bank's results then settle award and budget line. Each step may be repeated.
 */
@Injectable()
export class PaymentsProcess implements ProcessManager {
  readonly name = NAME;
  readonly handles = new Set([
    'batch-freeze-started',
    'batch-cancelled',
    'batch-results-recorded',
    'batch-unexpected-results',
    'batch-unexpected-resolved',
  ]);

  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
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
        return this.settleAll(event, batch);
      case 'batch-unexpected-results':
        for (const result of (event.data as { results: readonly LineResult[] }).results)
          await this.holdUnexpected(event, batch, state, result);
        return;
      case 'batch-unexpected-resolved':
        return this.resolve(event, batch, state);
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
        const accountRecordedBy = await this.requireSamePayee(line, event.metadata.effectiveOn);
        await this.order(event, line, accountRecordedBy, {
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

  /** What is known of the payee belongs to the moment, not to the command: an order sent again is the same order. */
  private async order(
    event: RecordedEvent,
    line: BatchLine,
    accountRecordedBy: string | undefined,
    order: Omit<Extract<AwardCommand, { type: 'order' }>, 'listings' | 'accountRecordedBy'>,
  ): Promise<void> {
    await this.executor.execute(
      awardDecider,
      awardStream(line.award),
      async () => ({
        ...order,
        listings: await this.standing.ofPayee(line.payee, event.metadata.effectiveOn),
        ...(accountRecordedBy !== undefined && { accountRecordedBy }),
      }),
      reactionContext(event, NAME, order, `award:${line.line}:order`),
    );
  }

  /** Between preparing and freezing the account may have been disputed or replaced, or the payee merged. Answers who recorded it. */
  private async requireSamePayee(line: BatchLine, on: string): Promise<string | undefined> {
    const { state } = await this.executor.load(awardDecider, awardStream(line.award));
    if (!isGranted(state)) return undefined;
    const payee = await this.payees.of(state, on);
    if ('refusal' in payee) throw refused(payee.refusal, payee.detail);
    if (payee.code !== line.payee || payee.account !== line.account) {
      throw refused('account-changed', `${payee.name} is to be paid to another account than the batch says`, { award: line.award });
    }
    return payee.accountRecordedBy;
  }

  /** The bank reports a payment nobody expects: nothing more is paid on that award until people have found out. */
  private async holdUnexpected(event: RecordedEvent, batch: string, state: ExistingBatch, result: LineResult): Promise<void> {
    const line = state.lines.find((each) => each.line === result.line);
    const open = line?.unexpected?.paid;
    // Seen again, as when read models are built anew, it may have been resolved long since.
    if (line === undefined || open === undefined || open.on !== result.on || open.reference !== result.reference) return;
    const said = state.status === 'cancelled' ? `已作废批次${batch}` : `批次${batch}中已退回`;
    const reason = `银行回单称${said}的第${result.line}笔已支付（${result.reference}），待核实`;
    await this.unlessEnded(event, line, { type: 'hold', reason, bound: { payment: paymentOf({ batch, ...result }) } }, 'hold-payment');
  }

  /**
   * An accepted payment is booked like any other, where the award still had it to pay; where not, the award has been
   * overpaid and stays held until that is demanded back. What was not made leaves the award free again.
   */
  private async resolve(event: RecordedEvent, batch: string, state: ExistingBatch): Promise<void> {
    const { line: number, outcome, result } = event.data as Extract<BatchEvent, { type: 'batch-unexpected-resolved' }>['data'];
    const line = state.lines.find((each) => each.line === number);
    if (line === undefined) throw new Error(`batch ${batch} has no line ${number}`);
    const payment = paymentOf({ batch, ...result });
    if (outcome === 'accepted') {
      const { on, reference } = result;
      const payer = state.payer ?? event.metadata.actor.id;
      await this.onAward(event, line, { type: 'accept-payment', no: line.instalment, batch, line: number, payer, on, reference });
      const { state: award } = await this.executor.load(awardDecider, awardStream(line.award));
      if (!isGranted(award)) throw new Error(`${line.award} is in batch ${batch} but not granted`);
      if (award.overpayments.some((known) => paymentOf(known) === payment)) return;
      const instalment = award.instalments.find(({ no }) => no === line.instalment);
      // Seen again later, it may have come back and be on its way elsewhere.
      if (instalment !== undefined && 'batch' in instalment && instalment.batch === batch && instalment.line === number)
        await this.settle(event, batch, line, result, { payment, isBooked: false });
    }
    await this.unlessEnded(event, line, { type: 'release-hold', reason: `已核实：${RESOLVED[outcome]}`, payment }, 'release-payment');
  }

  /** An award that has ended pays nothing more, held or not. */
  private async unlessEnded(event: RecordedEvent, line: BatchLine, command: AwardCommand, part: string): Promise<void> {
    try {
      await this.onAward(event, line, command, part);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'award-status') throw error;
    }
  }

  /** Whether there is anything to flow back depends on what had been booked before this event, not on what has come since. */
  private async settleAll(event: RecordedEvent, batch: string): Promise<void> {
    const lines = new Map((await this.before(event)).lines.map((line) => [line.line, line]));
    for (const result of (event.data as { results: readonly LineResult[] }).results) {
      const line = lines.get(result.line);
      if (line === undefined) throw new Error(`batch ${batch} has no line ${result.line}`);
      await this.settle(event, batch, line, result, { payment: bookedAs(batch, line), isBooked: line.paid !== undefined });
      lines.set(result.line, withResult(line, result));
    }
  }

  /** The batch as it was before an event. */
  private async before(event: RecordedEvent): Promise<ExistingBatch> {
    let state: BatchState = batchDecider.initialState;
    for await (const page of this.store.readStream(event.stream)) {
      for (const each of page) {
        if (each.revision >= event.revision) break;
        state = batchDecider.evolve(state, asDomainEvent<BatchEvent>(each), contextOf(each));
      }
    }
    if (state.status === 'none') throw new Error(`${event.stream} begins with ${event.type}`);
    return state;
  }

  private async settle(
    event: RecordedEvent,
    batch: string,
    line: BatchLineState,
    result: LineResult,
    { payment, isBooked }: { readonly payment: string; readonly isBooked: boolean },
  ): Promise<void> {
    const { award: id, instalment, amount } = line;
    const { state: award } = await this.executor.load(awardDecider, awardStream(id));
    if (!isGranted(award)) throw new Error(`${id} is in batch ${batch} but not granted`);
    const { line: number, result: outcome, on, reference, reason } = result;
    // No budget line had paid what was too much.
    const isOverpaid = award.overpayments.some((known) => paymentOf(known) === payment);
    const spending = { award: id, payee: award.payee, clause: award.clause, instalment, amount, payment, on };
    const context = reactionContext(event, NAME, spending, `budget:${number}:${outcome}`);
    // The budget first: whoever learns from the award that nothing is at the bank any more finds every payment booked.
    if (outcome === 'paid') await this.budgets.spend(award.grant.budget, spending, context);
    // Only what had been booked as paid before can flow back; a payment that never arrived is still reserved.
    else if (isBooked && !isOverpaid) await this.budgets.returnSpending(award.grant.budget, spending, context);
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

/** The payment a line's result is booked as: the first has the line's name, one accepted later its own. */
function bookedAs(batch: string, { line, paid, resolutions = [] }: BatchLineState): string {
  const isAccepted = resolutions.some(
    ({ outcome, result }) => outcome === 'accepted' && result.reference === paid?.reference && result.on === paid.on,
  );
  return isAccepted && paid !== undefined ? paymentOf({ batch, ...paid }) : `${batch}/${line}`;
}
