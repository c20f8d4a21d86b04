import { Command, CommandHandler, type ICommandHandler, QueryBus } from '@nestjs/cqrs';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { type BusinessDate, invalidField, refused } from '@app/kernel';
import { awardStream, heldBecause, holdsOn, isGranted, owedOf } from '../award.js';
import { paymentBar } from '../award-rules.js';
import { awardDecider } from '../decide.js';
import { CountPayableAfter, type DueFilter, type DueInstalment, GetDueInstalments } from '../due-instalments/due-instalments.query.js';
import { Payees } from './payees.js';
import { batchDecider, type BatchLine, batchStream, MAX_BATCH_BYTES, MAX_BATCH_LINES, shortened } from './batch.js';

export interface InstalmentReference {
  readonly award: string;
  readonly instalment: number;
}

/** An instalment that is due but cannot be in the batch, and why. */
export interface SkippedInstalment extends InstalmentReference {
  readonly code: string;
  readonly detail: string;
}

export interface PreparedBatch extends Receipt {
  readonly batch: string;
  /** What cannot be paid, the oldest first and at most 1 000. Absent when the same command is sent again: it is not recorded. */
  readonly skipped?: readonly SkippedInstalment[];
  /** How many more instalments match and seem payable, for the next batch. Absent when the same command is sent again. */
  readonly left?: number;
}

/**
 * Lists due instalments in a draft batch: the given ones, or what is payable and matches the filter, the oldest first.
 * A batch has at most 1 000 lines; what is due beyond them is counted and left for the next.
 */
export class PrepareBatch extends Command<PreparedBatch> {
  constructor(
    readonly batch: string,
    readonly title: string,
    readonly selection: { readonly instalments?: readonly InstalmentReference[]; readonly filter?: DueFilter },
    readonly context: CommandContext,
  ) {
    super();
  }
}

interface Collected {
  readonly lines: readonly BatchLine[];
  readonly skipped: readonly SkippedInstalment[];
  /** How many were skipped, named or not. */
  readonly unpayable: number;
  readonly left: number;
}

const PAGE = 500;
/** How many due instalments one batch looks at, when most of them cannot be paid. */
const MAX_LOOKED_AT = 5 * MAX_BATCH_LINES;
const MAX_SKIPPED = 1_000;
const MAX_NAMED_IN_REFUSAL = 20;

@CommandHandler(PrepareBatch)
export class PrepareBatchHandler implements ICommandHandler<PrepareBatch> {
  constructor(
    private readonly executor: Executor,
    private readonly queries: QueryBus,
    private readonly payees: Payees,
  ) {}

  async execute({ batch, title, selection, context }: PrepareBatch): Promise<PreparedBatch> {
    const before = await this.executor.replay(context);
    if (before !== undefined) return { ...before, batch };
    let collected: Collected = { lines: [], skipped: [], unpayable: 0, left: 0 };
    const receipt = await this.executor.execute(
      batchDecider,
      batchStream(batch),
      async () => {
        collected =
          selection.instalments === undefined
            ? await this.due(selection.filter ?? {}, context)
            : await this.named(selection.instalments, context.effectiveOn);
        const { lines, skipped, unpayable, left } = collected;
        if (lines.length === 0 && skipped.length > 0) {
          const first = skipped.slice(0, MAX_NAMED_IN_REFUSAL);
          throw refused('batch-empty', `nothing of what is due can be paid now: ${inWords(first, unpayable)}`, { skipped: first, left });
        }
        return { type: 'prepare' as const, title, lines };
      },
      context,
    );
    return { ...receipt, batch, skipped: collected.skipped, left: collected.left };
  }

  /** A person named these instalments: leaving some out silently would not be what they asked for. */
  private async named(instalments: readonly InstalmentReference[], on: string): Promise<Collected> {
    const lines: BatchLine[] = [];
    const skipped: SkippedInstalment[] = [];
    for (const reference of instalments) {
      const line = await this.lineOf(reference, lines.length + 1, on);
      if ('code' in line) skipped.push(line);
      else lines.push(line);
    }
    if (skipped.length > 0) throw invalidField('instalments', 'payable', inWords(skipped.slice(0, MAX_NAMED_IN_REFUSAL), skipped.length));
    if (lines.reduce((sum, line) => sum + bytesOf(line), 0) > MAX_BATCH_BYTES)
      throw refused('batch-too-long', `these lines take up more than the ${MAX_BATCH_BYTES} bytes a batch may have; make two of it`);
    return { lines, skipped, unpayable: 0, left: 0 };
  }

  private async due(filter: DueFilter, { today, effectiveOn }: CommandContext): Promise<Collected> {
    const lines: BatchLine[] = [];
    const skipped: SkippedInstalment[] = [];
    let bytes = 0;
    let last: DueInstalment | undefined;
    let lookedAt = 0;
    for await (const due of this.eachDue(filter, today as BusinessDate)) {
      const isFull = lines.length === MAX_BATCH_LINES || lookedAt === MAX_LOOKED_AT;
      const line = isFull ? undefined : await this.lineOf(due, lines.length + 1, effectiveOn);
      if (line !== undefined && !('code' in line)) bytes += bytesOf(line);
      if (line === undefined || bytes > MAX_BATCH_BYTES) {
        const left = last === undefined ? 0 : await this.queries.execute(new CountPayableAfter(today as BusinessDate, filter, last));
        return { lines, skipped, unpayable: lookedAt - lines.length, left };
      }
      if (!('code' in line)) lines.push(line);
      else if (skipped.length < MAX_SKIPPED) skipped.push(line);
      last = due;
      lookedAt += 1;
    }
    return { lines, skipped, unpayable: lookedAt - lines.length, left: 0 };
  }

  /** What is due and in no batch, the oldest first. */
  private async *eachDue(filter: DueFilter, on: BusinessDate): AsyncGenerator<DueInstalment, void, undefined> {
    for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
      const page = await this.queries.execute(new GetDueInstalments(on, { ...filter, notInBatch: true }, PAGE, cursor));
      yield* page.items;
      cursor = page.next;
    }
  }

  private async lineOf({ award, instalment: no }: InstalmentReference, line: number, on: string): Promise<BatchLine | SkippedInstalment> {
    const skip = (code: string, detail: string): SkippedInstalment => ({ award, instalment: no, code, detail: shortened(detail) });
    const { state } = await this.executor.load(awardDecider, awardStream(award));
    const instalment = isGranted(state) ? state.instalments.find((each) => each.no === no) : undefined;
    if (!isGranted(state) || instalment?.status !== 'unlocked')
      return skip('instalment-not-due', `instalment ${no} is ${instalment?.status ?? 'not granted'}`);
    const bar = paymentBar(heldBecause(holdsOn(state, on)), owedOf(state));
    if (bar !== undefined) return skip(bar.code, bar.detail);
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
      ...(payee.accountFact !== undefined && { accountFact: payee.accountFact }),
      documentNo: state.grant.documentNo,
      policy,
    };
  }
}

function inWords(some: readonly SkippedInstalment[], all: number): string {
  const named = some.map(({ award, instalment, detail }) => `${award}/${instalment}: ${detail}`);
  return [...named, ...(all > some.length ? [`and ${all - some.length} more`] : [])].join('; ');
}

const bytesOf = (line: BatchLine): number => Buffer.byteLength(JSON.stringify(line)) + 1;
