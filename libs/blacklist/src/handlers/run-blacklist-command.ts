import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type CommandContext, EVENT_STORE, type EventStore, Executor, type Receipt } from '@app/event-store';
import { type PolicyCitation, refused } from '@app/kernel';
import { type ClauseReference, clauseOf, Policies } from '@app/policies';
import { type BlacklistCommand, blacklistDecider, type OpenCase } from '../decide.js';
import { sameGround } from '../listing.js';
import { blacklistStream, type Subject } from '../subject.js';

/** Decides a command on the cases of one subject. */
export class RunBlacklistCommand extends Command<Receipt> {
  constructor(
    readonly subject: Subject,
    readonly command: BlacklistCommand,
    readonly context: CommandContext,
  ) {
    super();
  }
}

/** The receipt of an opened case, with the number it goes by. */
export interface CaseReceipt extends Receipt, Subject {
  readonly case: number;
}

/** Opens a case, citing the clause it rests on where one is named. */
export class OpenBlacklistCase extends Command<CaseReceipt> {
  constructor(
    readonly command: Omit<OpenCase, 'type' | 'policy'> & { readonly clause?: ClauseReference },
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(RunBlacklistCommand)
export class RunBlacklistCommandHandler implements ICommandHandler<RunBlacklistCommand> {
  constructor(private readonly executor: Executor) {}

  execute({ subject, command, context }: RunBlacklistCommand): Promise<Receipt> {
    return this.executor.execute(blacklistDecider, blacklistStream(subject), command, context);
  }
}

@CommandHandler(OpenBlacklistCase)
export class OpenBlacklistCaseHandler implements ICommandHandler<OpenBlacklistCase> {
  constructor(
    private readonly executor: Executor,
    private readonly policies: Policies,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  async execute({ command: { clause, ...input }, context }: OpenBlacklistCase): Promise<CaseReceipt> {
    const { subject } = input;
    const stream = blacklistStream(subject);
    // Looked up inside the execution, so that a retry is answered as the first time, whatever became of the policy.
    const prepare = async (): Promise<OpenCase> => {
      const policy = clause && (await this.citationOf(clause, context.today));
      return { type: 'open-case', ...input, ...(policy && { policy }) };
    };
    const receipt = await this.executor.execute(blacklistDecider, stream, prepare, context);
    return { ...receipt, ...subject, case: await this.numberOf(receipt, input.ground) };
  }

  private async numberOf({ stream, revision, events }: Receipt, ground: string): Promise<number> {
    if (events > 0) {
      for await (const [event] of this.store.readStream(stream, { from: revision })) {
        if (event !== undefined) return (event.data as { readonly case: number }).case;
      }
    }
    // Nothing was added: the same notice stands, and a ground has one case at a time.
    const { state } = await this.executor.load(blacklistDecider, stream);
    const standing = state.cases.findLast((one) => sameGround(one.ground, ground));
    if (standing === undefined) throw new Error(`the case opened in ${stream} is not there`);
    return standing.no;
  }

  /** @throws Problem `policy-unknown`, `policy-not-in-force`, `clause-not-found`, `clause-not-about-blacklist`. */
  private async citationOf({ pack, clause: id }: ClauseReference, on: string): Promise<PolicyCitation> {
    const { version, hash, pack: text } = await this.policies.versionInForce(pack, on);
    const { shape } = clauseOf(text, id);
    if (shape.kind !== 'note' || shape.about !== 'blacklist') {
      throw refused('clause-not-about-blacklist', `clause ${id} of ${pack} is no ground for a blacklist`, { pack, clause: id });
    }
    return { pack, version, clause: id, hash };
  }
}
