import { Injectable } from '@nestjs/common';
import { Budgets } from '@app/budgets';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { contentHash, derivedId, LEDGER_ACTOR, Problem, refused } from '@app/kernel';
import { clauseOf, Policies } from '@app/policies';
import { awardStream, type BudgetLineReference, isGranted } from '../award.js';
import { exclusionKeys } from '../assessor.js';
import { type AwardCommand, awardDecider } from '../decide.js';

/**
 * Finishes a started grant: reserves the budget, then grants; or records that the line could not bear it.
 *
 * While an award is `granting` nothing else can happen to it, and every step has an id derived from the grant, so the
 * handler, a process manager after a crash, or both at once arrive at the same end.
 */
@Injectable()
export class Grants {
  constructor(
    private readonly executor: Executor,
    private readonly budgets: Budgets,
    private readonly policies: Policies,
  ) {}

  /** @throws Problem what refused the reservation, after it has been recorded; the same again on a retry. */
  async complete(award: string, grant: string): Promise<Receipt> {
    const stream = awardStream(award);
    const { state } = await this.executor.load(awardDecider, stream);
    if (state.status === 'granting' && state.starting.grant === grant) {
      const { amount, budget, on } = state.starting;
      const { pack } = await this.policies.version(state.pack, state.assessed.version);
      const exclusive = exclusionKeys(clauseOf(pack, state.clause), state.payee, state.occasion);
      const reservation = { award, payee: state.payee, clause: state.clause, amount: amount.toString(), exclusive, grant: { id: grant } };
      try {
        await this.budgets.reserve(budget, reservation, stepContext('reserve', grant, on));
      } catch (error) {
        if (!isFinal(error)) throw error;
        await this.run(stream, { type: 'fail-grant', grant, code: error.code, detail: error.detail }, stepContext('fail', grant, on));
        throw error;
      }
      return this.grantOrRelease(award, grant, on, budget);
    }
    if (isGranted(state) && state.grant.id === grant)
      return this.run(stream, { type: 'complete-grant', grant }, stepContext('complete', grant, state.grant.on));
    if (state.status === 'publicised' && state.failedGrant?.grant === grant)
      throw refused(state.failedGrant.code, state.failedGrant.detail);
    throw refused('grant-failed', 'this grant failed; ask again with a new idempotency key');
  }

  /** Gives back what a grant that is over for good may still hold of the budget. */
  async abandon(award: string, grant: string, budget: BudgetLineReference, on: string): Promise<void> {
    const { state } = await this.executor.load(awardDecider, awardStream(award));
    if ((state.status === 'granting' && state.starting.grant === grant) || (isGranted(state) && state.grant.id === grant)) return;
    try {
      await this.budgets.release(budget, { award, grant: { id: grant }, reason: 'the grant failed' }, stepContext('release', grant, on));
    } catch (error) {
      // It never reserved anything, or there is no such line.
      if (!isFinal(error)) throw error;
    }
  }

  private async grantOrRelease(award: string, grant: string, on: string, budget: BudgetLineReference): Promise<Receipt> {
    const stream = awardStream(award);
    try {
      return await this.run(stream, { type: 'complete-grant', grant }, stepContext('complete', grant, on));
    } catch (error) {
      const { state } = await this.executor.load(awardDecider, stream);
      const refusedForGood = error instanceof Problem && error.kind === 'refused' && !(isGranted(state) && state.grant.id === grant);
      // Another process recorded the grant as failed while this one reserved: the reservation belongs to nobody.
      if (refusedForGood)
        await this.budgets.release(budget, { award, grant: { id: grant }, reason: 'the grant failed' }, stepContext('release', grant, on));
      throw error;
    }
  }

  private run(stream: string, command: AwardCommand, context: CommandContext): Promise<Receipt> {
    return this.executor.execute(awardDecider, stream, command, context);
  }
}

/** Whether an error is an answer, which asking again would not change. */
export function isFinal(error: unknown): error is Problem {
  return error instanceof Problem && error.kind !== 'unavailable' && error.kind !== 'conflict';
}

/** A step's identity derives from the grant alone: whoever takes it takes the same one. */
function stepContext(step: string, grant: string, on: string): CommandContext {
  return {
    commandId: derivedId('grant', step, grant),
    contentHash: contentHash([step, grant]),
    actor: LEDGER_ACTOR,
    effectiveOn: on,
    today: on,
    correlationId: grant,
    causationId: grant,
  };
}
