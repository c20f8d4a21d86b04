import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { awardStream } from '@app/awards';
import { sightOf } from '@app/blacklist';
import { type CommandContext, EVENT_STORE, type EventStore, Executor, type Receipt, type RecordedEvent } from '@app/event-store';
import { type Evidence, invalidField, notFound, type Problem } from '@app/kernel';
import { Policies } from '@app/policies';
import { ReadModels } from '@app/projections';
import { type About, requireCorrects } from './correction.js';
import { people } from './detectors/detector.js';
import { type FindingAction, type FindingCommand, findingDecider } from './decide.js';
import { type Concerned, type EventReference, findingId, type FindingState, findingStream, MANUAL, type OpenedData } from './finding.js';
import type { FindingTables } from './findings.projection.js';
import { eventAt } from './findings.query.js';
import { OverdueDuties } from './overdue-duties.js';
import { isService } from './past.js';

/** What an auditor takes down of what no detector looks for. */
export interface NewFinding extends Omit<OpenedData, 'code' | 'officers' | 'day'> {
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

@CommandHandler(OpenFinding)
export class OpenFindingHandler implements ICommandHandler<OpenFinding> {
  constructor(
    private readonly executor: Executor,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    private readonly policies: Policies,
  ) {}

  /**
   * @throws Problem `event-unknown` for a pointer to nothing, `award-unknown` and the like for what the ledger has nothing of,
   *   `clause-not-found` for a clause that no version of the policy has, `invalid-input` for one without a policy.
   */
  async execute({ finding: { evidence, ...finding }, context }: OpenFinding): Promise<OpenReceipt> {
    const id = findingId(MANUAL.code, context.commandId);
    const command = async (): Promise<FindingCommand> => {
      const { pointer, award } = finding;
      await requireKnown(this.store, finding);
      await this.requireClause(finding);
      const deciding = award === undefined ? [] : await deciders(this.store, award);
      const event = pointer && (await eventAt(this.store, pointer));
      if (pointer !== undefined && event === undefined) throw unknownEvent(pointer);
      const officers = people(...(event === undefined ? deciding : actorsOf(event)));
      const placed = pointer && event && { pointer: { ...pointer, position: event.position } };
      const unrecorded = { ...finding, ...placed, code: MANUAL.code, officers };
      return { action: { type: 'open' }, officers, unrecorded, openedOn: evidence };
    };
    return { ...(await this.executor.execute(findingDecider, findingStream(id), command, context)), finding: id };
  }

  private async requireClause({ pack, clause }: Pick<NewFinding, 'pack' | 'clause'>): Promise<void> {
    if (clause === undefined) return;
    if (pack === undefined) throw invalidField('pack', 'required', 'name the policy the clause is of');
    const state = await this.policies.state(pack);
    // A finding may be about a text that has been replaced since.
    const versions = state.status === 'unpublished' ? [] : state.versions;
    if (!versions.some((version) => version.pack.clauses.some(({ id }) => id === clause)))
      throw notFound('clause-not-found', `no version of ${pack} has a clause ${clause}`);
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
    const command = async ({ assignee }: FindingState): Promise<FindingCommand> => {
      // To whom it is not shown, a finding is not there: ids can be worked out, and would tell who has been found out.
      if (sightOf(context.actor) !== 'history' && context.actor.id !== assignee) throw unknownFinding(id);
      const { pointer, concerned, ...found } = await this.found(id, context.today);
      if (action.type === 'resolve' && action.correction !== undefined)
        await this.requireCorrection(action.correction, pointer, { id, concerned, today: context.today });
      return { action, ...found };
    };
    return this.executor.execute(findingDecider, findingStream(id), command, context);
  }

  private async found(
    id: string,
    today: string,
  ): Promise<Pick<FindingCommand, 'officers' | 'unrecorded'> & { readonly pointer?: EventReference; readonly concerned: About }> {
    const columns = ['officers', 'stream', 'revision', 'award', 'enterprise', 'line', 'pack', 'day'] as const;
    const row = await this.readModels.from<FindingTables>().selectFrom('finding').select(columns).where('id', '=', id).executeTakeFirst();
    if (row !== undefined) {
      const { stream, revision, officers, ...concerned } = row;
      const pointer = stream !== null && revision !== null && { pointer: { stream, revision } };
      return { officers: JSON.parse(officers) as readonly string[], concerned, ...pointer };
    }
    const duty = (await this.duties.on(today)).find((one) => one.id === id);
    if (duty === undefined) throw unknownFinding(id);
    const opened = { ...duty.opened, day: duty.day };
    return { officers: [], unrecorded: opened, concerned: opened };
  }

  private async requireCorrection(
    correction: EventReference,
    pointer: EventReference | undefined,
    { id, concerned, today }: { readonly id: string; readonly concerned: About; readonly today: string },
  ): Promise<void> {
    const event = await eventAt(this.store, correction);
    if (event === undefined) throw unknownEvent(correction);
    const atFault = pointer && (await eventAt(this.store, pointer));
    requireCorrects(event, { id, concerned, atFault, duty: await this.duties.ofFinding(id, concerned, today) });
  }
}

function unknownFinding(id: string): Problem {
  return notFound('finding-unknown', `there is no finding ${id}`);
}

function unknownEvent({ stream, revision }: EventReference): Problem {
  return notFound('event-unknown', `${stream} has no event ${revision}`);
}

/** Of a typing error nobody would ever find the finding again. */
async function requireKnown(store: EventStore, { enterprise, line, pack }: Concerned): Promise<void> {
  const streams = [
    ['enterprise-unknown', 'enterprise', enterprise],
    ['budget-line-unknown', 'budget', line],
    ['policy-unknown', 'policy', pack],
  ] as const;
  for (const [code, prefix, id] of streams) {
    if (id === undefined) continue;
    const { done } = await store.readStream(`${prefix}-${id}`, { limit: 1 })[Symbol.asyncIterator]().next();
    if (done === true) throw notFound(code, `the ledger holds nothing of ${id}`);
  }
}

/** Whoever has had a hand in an award: none of them may say that nothing was wrong with it. */
async function deciders(store: EventStore, award: string): Promise<readonly string[]> {
  const events: RecordedEvent[] = [];
  for await (const page of store.readStream(awardStream(award))) events.push(...page);
  if (events.length === 0) throw notFound('award-unknown', `there is no award ${award}`);
  return events.filter((event) => !isService(event)).map(({ metadata }) => metadata.actor.id);
}

/** Who did what an event records; where the ledger carried it out, who had decided it, as far as the event says. */
function actorsOf(event: RecordedEvent): readonly string[] {
  if (!isService(event)) return [event.metadata.actor.id];
  const { approver, payer, review } = event.data as {
    readonly approver?: string;
    readonly payer?: string;
    readonly review?: { readonly decidedBy: string };
  };
  return people(approver, payer, review?.decidedBy);
}
