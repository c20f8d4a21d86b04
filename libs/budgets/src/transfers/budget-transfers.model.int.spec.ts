import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventCodec, Executor, type RecordedEvent, SqliteEventStore } from '@app/event-store';
import { Money, Problem } from '@app/kernel';
import { budgetEvents } from '../budget.codec.js';
import { availableOf } from '../budget.js';
import { type BudgetCommand, budgetDecider } from '../decide.js';
import { type EnvelopeLookup, noEnvelopes } from '../envelope-lookup.js';
import { RunBudgetCommand, RunBudgetCommandHandler } from '../handlers/run-budget-command.js';
import { clock, context, MIDYEAR } from '../ledger.fixture.js';
import { budgetStream, type LineRef, nameOf } from '../line.js';
import { BudgetTransfers } from './budget-transfers.js';

const HISTORIES = 120;
const STEPS = 40;
const DAYS = [MIDYEAR, '2024-12-31', '2025-01-01', '2025-12-31', '2026-01-05'];

const pack = 'p';
const LINES: readonly LineRef[] = [
  { pack, line: 'bound', period: '2024' },
  { pack, line: 'bound', period: '2025' },
  { pack, line: 'free', period: '2024' },
  { pack, line: 'plan', period: '2024-2025' },
];
/** Opened last of all, when every other line is over. */
const HOME: LineRef = { pack, line: 'home', period: '2026' };

const envelopes: EnvelopeLookup = {
  envelopeOf: async (_pack, line) =>
    line === 'bound'
      ? { clause: 'J07', amount: '10.00', rule: 'exactly', title: '定额', period: 'annual' }
      : noEnvelopes.envelopeOf(_pack, line),
};

type Step =
  | { readonly kind: 'command'; readonly line: LineRef; readonly command: BudgetCommand }
  /** The process manager catches up. */
  | { readonly kind: 'bring' }
  | { readonly kind: 'next-day' };

const evidence = [{ title: '决定' }];
const line = fc.constantFrom(...LINES);
const amount = fc.constantFrom('1.00', '4.00', '9.00');
const command: fc.Arbitrary<BudgetCommand> = fc.oneof(
  amount.map((sum) => ({ type: 'appropriate' as const, amount: sum, reason: '预算', evidence })),
  {
    weight: 3,
    arbitrary: fc
      .record({ transfer: fc.uuid(), to: line, amount })
      .map((data) => ({ type: 'transfer-out' as const, reason: '调剂', evidence, ...data })),
  },
  { weight: 2, arbitrary: line.map((to) => ({ type: 'close' as const, to })) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('command' as const), line, command }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'bring' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'next-day' as const }) },
);

/** Lines whose process manager runs only when it is told to. */
class Offices {
  readonly store = new SqliteEventStore(':memory:', new EventCodec(budgetEvents), clock);
  private readonly executor = new Executor(this.store);
  private readonly handler = new RunBudgetCommandHandler(this.executor, envelopes);
  private readonly transfers = new BudgetTransfers(this.executor);
  private brought = 0;
  private commands = 0;

  /** The code of a refusal; what is no refusal is thrown. */
  async run(where: LineRef, one: BudgetCommand): Promise<string | undefined> {
    this.commands += 1;
    try {
      await this.handler.execute(new RunBudgetCommand(budgetStream(where), one, context(`step ${this.commands}`)));
      return undefined;
    } catch (error) {
      if (error instanceof Problem) return error.code;
      throw error;
    }
  }

  async events(): Promise<readonly RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for await (const page of this.store.readAll()) events.push(...page);
    return events;
  }

  async bring(): Promise<void> {
    for (const event of (await this.events()).filter(({ position }) => position > this.brought)) {
      if (this.transfers.handles.has(event.type)) await this.transfers.react(event);
      this.brought = event.position;
    }
  }

  async available(where: LineRef): Promise<Money> {
    const { state } = await this.executor.load(budgetDecider, budgetStream(where));
    if (state.status === 'none') throw new Error(`${nameOf(where)} was never opened`);
    return availableOf(state);
  }

  async total(): Promise<string> {
    return Money.sum(await Promise.all(LINES.map((where) => this.available(where)))).toString();
  }
}

/** What was entered on all lines: the sum that must stand somewhere. */
const entered = (events: readonly RecordedEvent[]) =>
  Money.sum(
    events.flatMap(({ type, data }) => (type === 'budget-appropriated' ? [Money.parse((data as { amount: string }).amount)] : [])),
  ).toString();

describe('money between lines, brought early or late', () => {
  it('always arrives or comes back, and can be carried on when every year is over', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: STEPS, size: 'max' }), async (steps) => {
        clock.today = MIDYEAR;
        let day = 0;
        const offices = new Offices();
        for (const where of LINES) {
          expect(await offices.run(where, { type: 'open', line: where, title: where.line })).toBeUndefined();
          expect(await offices.run(where, { type: 'appropriate', amount: '5.00', reason: '年初预算', evidence })).toBeUndefined();
        }
        for (const one of steps) {
          if (one.kind === 'bring') await offices.bring();
          else if (one.kind === 'next-day') clock.today = DAYS[(day = Math.min(day + 1, DAYS.length - 1))] as string;
          else seen.add((await offices.run(one.line, one.command)) ?? one.command.type);
        }
        clock.today = DAYS.at(-1) as string;
        await offices.bring();
        // Once for what was on its way, once more for nothing: what came back is not sent again.
        await offices.bring();
        const events = await offices.events();
        expect(await offices.total()).toBe(entered(events));
        for (const { type, data } of events)
          if (type === 'budget-transferred-in' && (data as { reason: string }).reason.startsWith('退回')) seen.add('came back');

        expect(await offices.run(HOME, { type: 'open', line: HOME, title: '家' })).toBeUndefined();
        for (const where of LINES) expect(await offices.run(where, { type: 'close', to: HOME })).toBeUndefined();
        await offices.bring();
        expect(await offices.total()).toBe('0.00');
        expect((await offices.available(HOME)).toString()).toBe(entered(events));
        await offices.store.close();
      }),
      { numRuns: HISTORIES },
    );
    // The histories must have met what they are about.
    expect([...seen]).toEqual(
      expect.arrayContaining([
        'transfer-out',
        'close',
        'came back',
        'period-over',
        'period-not-over',
        'over-envelope',
        'budget-line-closed',
      ]),
    );
  });
});
