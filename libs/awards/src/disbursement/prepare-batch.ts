import { Command, CommandHandler, type ICommandHandler, QueryBus } from '@nestjs/cqrs';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { type BusinessDate, invalidField } from '@app/kernel';
import { awardStream, isGranted } from '../award.js';
import { awardDecider } from '../decide.js';
import { type DueFilter, GetDueInstalments } from '../due-instalments/due-instalments.query.js';
import { Payees } from './payees.js';
import { batchDecider, type BatchLine, batchStream, MAX_BATCH_LINES } from './batch.js';

export interface InstalmentReference {
  readonly award: string;
  readonly instalment: number;
}

/** An instalment that is due but cannot be in the batch, and why. */
export interface SkippedInstalment extends InstalmentReference {
  readonly code: string;
  readonly detail: string;
}

/** Lists due instalments in a draft batch: the given ones, or everything payable that matches the filter. */
export class PrepareBatch extends Command<Receipt & { readonly batch: string; readonly skipped: readonly SkippedInstalment[] }> {
  constructor(
    readonly batch: string,
    readonly title: string,
    readonly selection: { readonly instalments?: readonly InstalmentReference[]; readonly filter?: DueFilter },
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(PrepareBatch)
export class PrepareBatchHandler implements ICommandHandler<PrepareBatch> {
  constructor(
    private readonly executor: Executor,
    private readonly queries: QueryBus,
    private readonly payees: Payees,
  ) {}

  async execute({
    batch,
    title,
    selection,
    context,
  }: PrepareBatch): Promise<Receipt & { readonly batch: string; readonly skipped: readonly SkippedInstalment[] }> {
    const skipped: SkippedInstalment[] = [];
    const receipt = await this.executor.execute(
      batchDecider,
      batchStream(batch),
      async () => {
        const lines: BatchLine[] = [];
        for (const reference of selection.instalments ?? (await this.payable(selection.filter ?? {}, context.today as BusinessDate))) {
          const line = await this.lineOf(reference, lines.length + 1, context.effectiveOn);
          if ('code' in line) skipped.push(line);
          else lines.push(line);
        }
        // A person named these instalments: leaving some out silently would not be what they asked for.
        if (selection.instalments !== undefined && skipped.length > 0) {
          throw invalidField(
            'instalments',
            'payable',
            skipped.map(({ award, instalment, detail }) => `${award}/${instalment}: ${detail}`).join('; '),
          );
        }
        return { type: 'prepare' as const, title, lines };
      },
      context,
    );
    return { ...receipt, batch, skipped };
  }

  private async payable(filter: DueFilter, on: BusinessDate): Promise<readonly InstalmentReference[]> {
    const page = await this.queries.execute(new GetDueInstalments(on, { ...filter, onlyPayable: true }, MAX_BATCH_LINES));
    return page.items;
  }

  private async lineOf({ award, instalment: no }: InstalmentReference, line: number, on: string): Promise<BatchLine | SkippedInstalment> {
    const skip = (code: string, detail: string): SkippedInstalment => ({ award, instalment: no, code, detail });
    const { state } = await this.executor.load(awardDecider, awardStream(award));
    const instalment = isGranted(state) ? state.instalments.find((each) => each.no === no) : undefined;
    if (!isGranted(state) || instalment?.status !== 'unlocked')
      return skip('instalment-not-due', `instalment ${no} is ${instalment?.status ?? 'not granted'}`);
    if (state.held !== undefined) return skip('award-held', `the award is held: ${state.held.reason}`);
    const payee = await this.payees.of(state, on);
    if ('refusal' in payee) return skip(payee.refusal, payee.detail);
    const policy = { pack: state.pack, clause: state.clause, version: state.assessed.version, hash: state.assessed.packHash };
    return {
      line,
      award,
      instalment: no,
      amount: instalment.amount.toString(),
      payee: payee.code,
      payeeName: payee.name,
      account: payee.account,
      documentNo: state.grant.documentNo,
      policy,
    };
  }
}
