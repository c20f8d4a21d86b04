import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Agencies } from '@app/agencies';
import { requireLine } from '@app/budgets';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { refused } from '@app/kernel';
import { isPaidFrom } from '@app/policies';
import { clearancesFound } from '../clearances.js';
import { awardStream, type BudgetLineReference } from '../award.js';
import { Assessor } from '../assessor.js';
import { awardDecider } from '../decide.js';
import { Grants } from '../granting/grants.js';
import { Standing } from '../standing.js';

/** Grants a publicised award from a budget line of its own policy: reserve first, then grant. */
export class GrantAward extends Command<Receipt> {
  constructor(
    readonly award: string,
    readonly input: { readonly line: string; readonly period: string; readonly documentNo: string },
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(GrantAward)
export class GrantAwardHandler implements ICommandHandler<GrantAward> {
  constructor(
    private readonly executor: Executor,
    private readonly assessor: Assessor,
    private readonly grants: Grants,
    private readonly agencies: Agencies,
    private readonly standing: Standing,
  ) {}

  async execute({ award, input, context }: GrantAward): Promise<Receipt> {
    const grant = context.commandId;
    const started = await this.executor.execute(
      awardDecider,
      awardStream(award),
      async (state) => {
        const { line, period, documentNo } = input;
        const pack = 'pack' in state ? state.pack : '';
        const budget: BudgetLineReference = { pack, line, period };
        // A slip of the pen is refused before anything starts: it must not leave a started grant and a failed one.
        if (pack !== '') requireLine(budget);
        const started = { type: 'start-grant' as const, grant, budget, documentNo };
        if (state.status !== 'publicised')
          return { ...started, listings: [], clearances: [], policy: { pack, clause: '', version: 0, hash: '' } };
        // The decision is made today: under the policy in force today, on facts as they are known today.
        const { clause, policy, pack: text } = await this.assessor.clauseInForce(state.pack, state.clause, context.effectiveOn);
        if (!isPaidFrom(clause, line)) {
          throw refused(
            'wrong-budget-line',
            `${clause.id} is paid from the line ${clause.budgetEnvelope}, which the policy sets aside for it`,
            { line: clause.budgetEnvelope },
          );
        }
        await this.assessor.requireStillTrue(state, state.assessed, context.today);
        const dossier = await this.assessor.payee(state.payee);
        await this.assessor.requireNoOther(state, dossier, clause);
        // Struck off, or its registration run out, since the application: the enterprise applies again, alone or with another.
        if (state.agency !== undefined) await this.agencies.require(state.agency, context.today);
        const listings = await this.standing.of(state, context.today);
        return { ...started, listings, clearances: clearancesFound(text, clause, dossier, context.today), policy };
      },
      context,
    );
    const granted = await this.grants.complete(award, grant);
    return { ...granted, replayed: started.replayed };
  }
}
