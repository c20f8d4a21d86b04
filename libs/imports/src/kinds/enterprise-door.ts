import { Inject, Injectable } from '@nestjs/common';
import { type EnterpriseCommand, enterpriseDecider, enterpriseStream, FACT_VOCABULARY, type FactVocabulary } from '@app/enterprises';
import { type CommandContext, Executor } from '@app/event-store';
import { problemTitle } from '@app/http';
import { contentHash, type CreditCode, derivedId, Problem } from '@app/kernel';
import type { Entry, Order, Refusal, Verdict } from '../import-kind.js';

/** Rows that come to one command; `fieldOf` finds the row and column a field of the command stands for. */
export interface Bundle<Item> {
  readonly command: EnterpriseCommand;
  readonly entries: readonly Entry<Item>[];
  readonly fieldOf: (field: string) => { readonly index: number; readonly field: string };
}

type State = ReturnType<typeof enterpriseDecider>['initialState'];

/** Decides rows on dossiers by the very decider that the door for people uses, without writing. */
@Injectable()
export class EnterpriseDoor {
  private readonly decider: ReturnType<typeof enterpriseDecider>;

  constructor(
    private readonly executor: Executor,
    @Inject(FACT_VOCABULARY) readonly vocabulary: FactVocabulary,
  ) {
    this.decider = enterpriseDecider(vocabulary);
  }

  /**
   * Each bundle on the state the ones before it leave. One that is refused is tried row by row, so that the rows at fault
   * are named and the others go on.
   */
  async decide<Item>(
    kind: string,
    code: CreditCode,
    entries: readonly Entry<Item>[],
    bundle: (entries: readonly Entry<Item>[]) => readonly Bundle<Item>[],
    context: CommandContext,
  ): Promise<Verdict> {
    const refusals: Refusal[] = [];
    const orders: Order[] = [];
    let unchanged = 0;
    let state = (await this.executor.load(this.decider, enterpriseStream(code))).state;
    const accept = (accepted: Bundle<Item>, changes: number, after: State) => {
      unchanged += accepted.entries.length - changes;
      if (changes > 0) orders.push(this.order(kind, code, accepted, changes, context));
      state = after;
    };
    for (const whole of bundle(entries)) {
      const result = this.attempt(whole, state, context);
      if (!(result instanceof Problem)) {
        accept(whole, result.changes, result.after);
        continue;
      }
      // What this import did before is not refused because others have gone on from there since.
      if (await this.isDone(kind, code, whole.command, context)) {
        unchanged += whole.entries.length;
        continue;
      }
      const good: Entry<Item>[] = [];
      let after = state;
      for (const entry of whole.entries) {
        const [single] = bundle([entry]);
        if (single === undefined) throw new Error('a row comes to a command of its own');
        const alone = this.attempt(single, after, context);
        if (alone instanceof Problem) {
          if (await this.isDone(kind, code, single.command, context)) unchanged += 1;
          else refusals.push(...refusalsOf(alone, single));
        } else {
          good.push(entry);
          after = alone.after;
        }
      }
      for (const rest of good.length === 0 ? [] : bundle(good)) {
        const again = this.attempt(rest, state, context);
        if (again instanceof Problem) refusals.push(...rest.entries.flatMap((entry) => refusalsOf(again, { ...rest, entries: [entry] })));
        else accept(rest, again.changes, again.after);
      }
    }
    return { refusals, orders, unchanged };
  }

  private attempt<Item>({ command }: Bundle<Item>, state: State, context: CommandContext) {
    const { actor, effectiveOn, today } = context;
    try {
      const events = this.decider.decide(command, state, { actorId: actor.id, roles: actor.roles, effectiveOn, today });
      const after = events.reduce((folded, event) => this.decider.evolve(folded, event, { actorId: actor.id, effectiveOn }), state);
      return { changes: events.length, after };
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
  }

  private async isDone(kind: string, code: CreditCode, command: EnterpriseCommand, context: CommandContext): Promise<boolean> {
    return (await this.executor.replay(commandContext(kind, code, command, context))) !== undefined;
  }

  private order<Item>(kind: string, code: CreditCode, { command, entries }: Bundle<Item>, changes: number, context: CommandContext): Order {
    return {
      rows: entries.map(({ row }) => row),
      changes,
      write: () => this.executor.execute(this.decider, enterpriseStream(code), command, commandContext(kind, code, command, context)),
    };
  }
}

/** The identity of a command is what it says: the same rows again are the same command, whoever sends the file. */
export function commandContext(kind: string, group: string, command: unknown, context: CommandContext): CommandContext {
  const content = contentHash({ command, effectiveOn: context.effectiveOn });
  return { ...context, commandId: derivedId('import', kind, group, content), contentHash: content };
}

function refusalsOf<Item>(problem: Problem, { entries, fieldOf }: Bundle<Item>): readonly Refusal[] {
  const rowAt = (index: number) => (entries[index] ?? entries[0])?.row ?? 0;
  if (problem.errors.length === 0) {
    return [{ row: rowAt(0), code: problem.code, message: `${problemTitle(problem.code)}：${problem.detail}` }];
  }
  return problem.errors.map(({ field, message }) => {
    const place = fieldOf(field);
    return { row: rowAt(place.index), field: place.field, code: problem.code, message: `${problemTitle(problem.code)}：${message}` };
  });
}
