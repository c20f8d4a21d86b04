import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { problemTitle } from '@app/http';
import { contentHash, derivedId, Problem } from '@app/kernel';
import type { Bundle, Entry, ImportKind, Order, Refusal, Verdict } from './import-kind.js';

/** The rows of one kind and group, with who brings them in. */
interface Batch<Item, Content> {
  readonly kind: ImportKind<Item, Content>;
  readonly group: string;
  readonly context: CommandContext;
}

/** Decides rows by the very commands that the routes for people send, in rehearsals: nothing is written by it. */
@Injectable()
export class Decisions {
  constructor(
    private readonly executor: Executor,
    private readonly commands: CommandBus,
  ) {}

  /**
   * The rows of one group, each command on what the ones before it leave. One of several rows that is refused is tried
   * row by row, so that the rows at fault are named and the others go on.
   */
  decide<Item, Content>(batch: Batch<Item, Content>, entries: readonly Entry<Item>[]): Promise<Verdict> {
    const { kind } = batch;
    const { rest, refusals: given, repeats } = kind.sift?.(entries) ?? { rest: entries, refusals: [], repeats: 0 };
    return this.executor.rehearse(async () => {
      const refusals = [...given];
      const orders: Order[] = [];
      let unchanged = repeats;
      const attempt = async (bundle: Bundle<Item, Content>): Promise<Problem | undefined> => {
        const receipt = await this.attempt(batch, bundle);
        if (receipt instanceof Problem) return receipt;
        const changes = receipt.replayed ? 0 : receipt.events;
        unchanged += bundle.entries.length - changes;
        if (changes > 0) orders.push(this.order(batch, bundle, changes));
        return undefined;
      };
      for (const whole of kind.bundles(rest)) {
        const problem = await attempt(whole);
        if (problem === undefined) continue;
        if (whole.entries.length === 1) {
          refusals.push(...refusalsOf(kind, problem, whole));
          continue;
        }
        const alone = await this.rowByRow(batch, whole.entries);
        refusals.push(...alone.refusals);
        unchanged += alone.done;
        for (const others of alone.good.length === 0 ? [] : kind.bundles(alone.good)) {
          const again = await attempt(others);
          if (again !== undefined)
            refusals.push(...others.entries.flatMap((entry) => refusalsOf(kind, again, { ...others, entries: [entry] })));
        }
      }
      return { refusals, orders, unchanged };
    });
  }

  /** What each row would come to as a command of its own; what they change is forgotten again. */
  private rowByRow<Item, Content>(batch: Batch<Item, Content>, entries: readonly Entry<Item>[]) {
    return this.executor.rehearse(async () => {
      const good: Entry<Item>[] = [];
      const refusals: Refusal[] = [];
      let done = 0;
      for (const entry of entries) {
        for (const single of batch.kind.bundles([entry])) {
          const receipt = await this.attempt(batch, single);
          if (receipt instanceof Problem) refusals.push(...refusalsOf(batch.kind, receipt, single));
          else if (receipt.replayed) done += 1;
          else good.push(entry);
        }
      }
      return { good, refusals, done };
    });
  }

  /** What is not available now is no fault of a row. @throws Problem of the kind `unavailable`. */
  private async attempt<Item, Content>(batch: Batch<Item, Content>, { content }: Bundle<Item, Content>): Promise<Receipt | Problem> {
    try {
      return await this.send(batch, content);
    } catch (error) {
      if (error instanceof Problem && error.kind !== 'unavailable') return error;
      throw error;
    }
  }

  /** Holds on to little: a file may come to a hundred thousand of these. */
  private order<Item, Content>(batch: Batch<Item, Content>, { entries, content }: Bundle<Item, Content>, changes: number): Order {
    return { group: batch.group, rows: entries.map(({ row }) => row), changes, write: () => this.send(batch, content) };
  }

  /** The identity of a command is what it says: the same rows again are the same command, whoever sends the file. */
  private send<Item, Content>({ kind, group, context }: Batch<Item, Content>, content: Content): Promise<Receipt> {
    const hash = contentHash({ command: content, effectiveOn: context.effectiveOn });
    const own = { ...context, commandId: derivedId('import', kind.name, group, hash), contentHash: hash };
    return this.commands.execute(kind.command(content, group, own));
  }
}

function refusalsOf<Item, Content>(
  { columnOf = {} }: ImportKind<Item, Content>,
  { code, detail, errors }: Problem,
  { entries, placeOf }: Bundle<Item, Content>,
): readonly Refusal[] {
  const rowAt = (index: number) => (entries[index] ?? entries[0])?.row ?? 0;
  const title = problemTitle(code);
  if (errors.length === 0) return [{ row: rowAt(0), field: columnOf[code], code, message: `${title}：${detail}` }];
  return errors.map(({ field, message }) => {
    const place = placeOf?.(field) ?? { index: 0, field };
    return { row: rowAt(place.index), field: place.field, code, message: `${title}：${message}` };
  });
}
