import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type CommandContext, EVENT_STORE, type EventStore, Executor, type Receipt } from '@app/event-store';
import { type Evidence, notFound } from '@app/kernel';
import { ReadModels } from '@app/projections';
import { people } from './detectors/detector.js';
import { type FindingAction, type FindingCommand, findingDecider } from './decide.js';
import { type EventReference, findingId, findingStream, type OpenedData } from './finding.js';
import type { FindingTables } from './findings.projection.js';
import { eventAt } from './findings.query.js';
import { OverdueDuties } from './overdue-duties.js';
import { isService } from './past.js';

/** What an auditor takes down of what no detector looks for. */
export interface NewFinding extends Omit<OpenedData, 'code' | 'officers'> {
  readonly evidence: readonly Evidence[];
}
export type OpenReceipt = Receipt & { readonly finding: string };

/** 登记疑点: one of the auditor's own. */
export class OpenFinding extends Command<OpenReceipt> {
  constructor(
    readonly finding: NewFinding,
    readonly context: CommandContext,
  ) {
    super();
  }
}

/** Does something about a finding, detected or opened. */
export class RunFindingCommand extends Command<Receipt> {
  constructor(
    readonly id: string,
    readonly action: Exclude<FindingAction, { type: 'open' }>,
    readonly context: CommandContext,
  ) {
    super();
  }
}

export const MANUAL = 'manual';

@CommandHandler(OpenFinding)
export class OpenFindingHandler implements ICommandHandler<OpenFinding> {
  constructor(
    private readonly executor: Executor,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  /** @throws Problem `event-unknown` for a pointer to nothing. */
  async execute({ finding: { evidence, ...finding }, context }: OpenFinding): Promise<OpenReceipt> {
    const id = findingId(MANUAL, context.commandId);
    const command = async (): Promise<FindingCommand> => {
      const officers = finding.pointer === undefined ? [] : await actorsOf(this.store, finding.pointer);
      return { action: { type: 'open' }, officers, unrecorded: { ...finding, code: MANUAL, officers }, openedOn: evidence };
    };
    return { ...(await this.executor.execute(findingDecider, findingStream(id), command, context)), finding: id };
  }
}

@CommandHandler(RunFindingCommand)
export class RunFindingCommandHandler implements ICommandHandler<RunFindingCommand> {
  constructor(
    private readonly executor: Executor,
    private readonly readModels: ReadModels,
    private readonly duties: OverdueDuties,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  /** @throws Problem `finding-unknown`, `event-unknown`, and what the decider refuses. */
  execute({ id, action, context }: RunFindingCommand): Promise<Receipt> {
    const command = async (): Promise<FindingCommand> => {
      if (action.type === 'resolve' && action.correction !== undefined) await actorsOf(this.store, action.correction);
      return { action, ...(await this.found(id, context.today)) };
    };
    return this.executor.execute(findingDecider, findingStream(id), command, context);
  }

  private async found(id: string, today: string): Promise<Pick<FindingCommand, 'officers' | 'unrecorded'>> {
    const tables = this.readModels.from<FindingTables>();
    const row = await tables.selectFrom('finding').select('officers').where('id', '=', id).executeTakeFirst();
    if (row !== undefined) return { officers: JSON.parse(row.officers) as readonly string[] };
    const duty = (await this.duties.on(today)).find((one) => one.id === id);
    if (duty === undefined) throw notFound('finding-unknown', `there is no finding ${id}`);
    return { officers: [], unrecorded: duty.opened };
  }
}

/** Who did what an event records; where the ledger carried it out, who had decided it, as far as the event says. */
async function actorsOf(store: EventStore, reference: EventReference): Promise<readonly string[]> {
  const event = await eventAt(store, reference);
  if (event === undefined) throw notFound('event-unknown', `${reference.stream} has no event ${reference.revision}`);
  if (!isService(event)) return [event.metadata.actor.id];
  const { approver, payer, review } = event.data as {
    readonly approver?: string;
    readonly payer?: string;
    readonly review?: { readonly decidedBy: string };
  };
  return people(approver, payer, review?.decidedBy);
}
