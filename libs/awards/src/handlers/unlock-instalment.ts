import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { type Evidence, refused } from '@app/kernel';
import { conditionInputs, Policies } from '@app/policies';
import { awardStream } from '../award.js';
import { Assessor } from '../assessor.js';
import { awardDecider, requireGranted } from '../decide.js';

/** Unlocks an instalment whose condition the dossier's facts now meet. */
export class UnlockInstalment extends Command<Receipt> {
  constructor(
    readonly award: string,
    readonly no: number,
    readonly evidence: readonly Evidence[],
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(UnlockInstalment)
export class UnlockInstalmentHandler implements ICommandHandler<UnlockInstalment> {
  constructor(
    private readonly executor: Executor,
    private readonly assessor: Assessor,
    private readonly policies: Policies,
  ) {}

  execute({ award, no, evidence, context }: UnlockInstalment): Promise<Receipt> {
    return this.executor.execute(
      awardDecider,
      awardStream(award),
      async (state) => {
        const granted = requireGranted(state, 'unlocked');
        const version = await this.policies.version(granted.pack, granted.assessed.version);
        // The award was made in force and keeps its later instalments: the policy is judged on the day of the grant.
        const { endedOn: _laterEnd, ...asGranted } = version;
        const { assessment, facts, used } = await this.assessor.assessUnder(asGranted, granted, granted.grant.on, context.today);
        if (assessment.outcome !== 'payable')
          throw refused('assessment-changed', `assessed on today's facts the award is ${assessment.outcome}`, {
            outcome: assessment.outcome,
          });
        const instalment = assessment.instalments?.find((each) => each.no === no);
        const inputs = conditionInputs(version.pack, granted.clause, no);
        const policy = { pack: granted.pack, clause: granted.clause, version: version.version, hash: version.hash };
        return {
          type: 'unlock' as const,
          no,
          facts,
          used: used.filter(({ input }) => inputs.includes(input)),
          met: instalment?.status === 'met',
          needs: instalment?.needs ?? [],
          policy,
          evidence,
        };
      },
      context,
    );
  }
}
