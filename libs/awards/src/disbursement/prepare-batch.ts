import { Command, CommandHandler, type ICommandHandler, QueryBus } from '@nestjs/cqrs';
import { Dossiers, resolveInputs } from '@app/enterprises';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { type BusinessDate, creditCode, invalidField } from '@app/kernel';
import { awardStream, type GrantedState, isGranted } from '../award.js';
import { awardDecider } from '../decide.js';
import { type DueFilter, GetDueInstalments } from '../due-instalments/due-instalments.query.js';
import { batchDecider, type BatchLine, batchStream, MAX_BATCH_LINES } from './batch.js';

/** The fact that says where a payee's money goes; only a verified one is paid to. */
export const ACCOUNT_FACT = 'payment.account';

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
    private readonly dossiers: Dossiers,
  ) {}

  async execute({ batch, title, selection, context }: PrepareBatch): Promise<Receipt & { readonly batch: string; readonly skipped: readonly SkippedInstalment[] }> {
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
          throw invalidField('instalments', 'payable', skipped.map(({ award, instalment, detail }) => `${award}/${instalment}: ${detail}`).join('; '));
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
    if (!isGranted(state) || instalment?.status !== 'unlocked') return skip('instalment-not-due', `instalment ${no} is ${instalment?.status ?? 'not granted'}`);
    if (state.held !== undefined) return skip('award-held', `the award is held: ${state.held.reason}`);
    const payee = await this.payeeOf(state, on);
    if (payee === undefined) return skip('account-unverified', `the dossier holds no verified ${ACCOUNT_FACT} (收款账户)`);
    const policy = { pack: state.pack, clause: state.clause, version: state.assessed.version, hash: state.assessed.packHash };
    return { line, award, instalment: no, amount: instalment.amount.toString(), payee: payee.code, payeeName: payee.name, account: payee.account, documentNo: state.grant.documentNo, policy };
  }

  /** The enterprise that is paid: the award's payee, or the one it has been merged into since. */
  private async payeeOf(state: GrantedState, on: string): Promise<{ readonly code: string; readonly name: string; readonly account: string } | undefined> {
    let dossier = await this.dossiers.load(creditCode(state.payee));
    for (let merges = 0; dossier?.status === 'merged' && merges < 10; merges += 1) dossier = await this.dossiers.load(creditCode(dossier.survivor));
    if (dossier === undefined) return undefined;
    const inputs = [{ name: ACCOUNT_FACT, label: '收款账户', period: 'none' as const }];
    const [account] = resolveInputs(dossier, inputs, { on, occasion: { kind: 'once' } }).used;
    if (account === undefined || !account.verified || typeof account.value !== 'string') return undefined;
    return { code: dossier.creditCode, name: dossier.name, account: account.value };
  }
}
