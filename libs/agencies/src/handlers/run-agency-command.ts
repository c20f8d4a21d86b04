import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { type CreditCode, type PolicyCitation, refused } from '@app/kernel';
import { type ClauseReference, clauseOf, Policies } from '@app/policies';
import { agencyStream } from '../agency.js';
import { type AgencyCommand, agencyDecider } from '../decide.js';

/** Decides a command on one service agency. A registration may name the clause it rests on. */
export class RunAgencyCommand extends Command<Receipt> {
  constructor(
    readonly creditCode: CreditCode,
    readonly command: AgencyCommand,
    readonly context: CommandContext,
    readonly clause?: ClauseReference,
  ) {
    super();
  }
}

@CommandHandler(RunAgencyCommand)
export class RunAgencyCommandHandler implements ICommandHandler<RunAgencyCommand> {
  constructor(
    private readonly executor: Executor,
    private readonly policies: Policies,
  ) {}

  execute({ creditCode, command, context, clause }: RunAgencyCommand): Promise<Receipt> {
    const stream = agencyStream(creditCode);
    if (command.type !== 'register') return this.executor.execute(agencyDecider, stream, command, context);
    if (command.creditCode !== creditCode) throw new Error('an agency is registered under its own credit code');
    // Looked up inside the execution, so that a retry is answered as the first time, whatever became of the policy.
    const prepare = async (): Promise<AgencyCommand> => {
      const policy = clause && (await this.citationOf(clause, context.today));
      return { ...command, ...(policy && { policy }) };
    };
    return this.executor.execute(agencyDecider, stream, prepare, context);
  }

  /** @throws Problem `policy-unknown`, `policy-not-in-force`, `clause-not-found`, `clause-not-about-registry`. */
  private async citationOf({ pack, clause: id }: ClauseReference, on: string): Promise<PolicyCitation> {
    const { version, hash, pack: text } = await this.policies.versionInForce(pack, on);
    const { shape } = clauseOf(text, id);
    if (shape.kind !== 'note' || shape.about !== 'registry') {
      throw refused('clause-not-about-registry', `clause ${id} of ${pack} is no ground for a registry`, { pack, clause: id });
    }
    return { pack, version, clause: id, hash };
  }
}
