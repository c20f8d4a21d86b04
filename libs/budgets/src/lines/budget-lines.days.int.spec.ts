import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RecordedEvent } from '@app/event-store';
import { SqliteReadModels } from '@app/projections';
import type { BudgetEvent } from '../budget.js';
import { dayOfBudgetEvent } from '../day-of-effect.js';
import { nameOf } from '../line.js';
import { appropriated, line, opened, released, reserved, returned, spent } from '../specification.fixture.js';
import { BudgetLinesProjection } from './budget-lines.projection.js';
import { GetBudgetLineHandler, ListBudgetLinesHandler, ListReservationsHandler } from './budget-lines.query.js';

const OPENED_ON = '2024-02-01';
const day = fc.constantFrom('2024-01-15', OPENED_ON, '2024-02-20', '2024-03-01', '2024-03-31', '2024-05-05');

/** Later than any day asked for but the last: when the ledger learns of what the bank did. */
const TOLD_ON = '2024-12-30';

/** Money of a line, entered on any day for any day; what happens to an award happens in the order of its days. */
const history = fc
  .tuple(
    fc.array(fc.tuple(day, fc.integer({ min: 1, max: 900 })), { maxLength: 5 }),
    fc.array(fc.tuple(fc.constantFrom('a', 'b'), day), { maxLength: 8 }),
    fc.integer(),
  )
  .map(([money, steps, seed]) => {
    const lives = { a: lifeOf('a'), b: lifeOf('b') };
    const sorted = [...steps].sort(([, one], [, other]) => (one < other ? -1 : one > other ? 1 : 0));
    const awards = sorted.flatMap(([award, on]) => {
      const event = lives[award].shift();
      return event === undefined ? [] : [toldOf(event, on < OPENED_ON ? OPENED_ON : on)];
    });
    const funds = money.map(([on, amount], index) => ({ on, event: appropriated(`${amount}.00`, `第${index}次`) }));
    return [{ on: OPENED_ON, event: opened() }, ...mixed(funds, awards, seed)].map(({ on, event }, revision) =>
      recorded(event, revision, on),
    );
  });

const lifeOf = (award: string): BudgetEvent[] => [
  reserved(award, '5.00'),
  spent(award, 1, '2.00', `${award}1`),
  returned(award, 1, '2.00', `${award}1`),
  released(award, '5.00'),
  reserved(award, '3.00'),
];

/** What happens on a day; what the bank does is told of later. */
function toldOf(event: BudgetEvent, on: string): { readonly on: string; readonly event: BudgetEvent } {
  if (event.type !== 'budget-spent' && event.type !== 'budget-spending-returned') return { on, event };
  return { on: TOLD_ON, event: { ...event, data: { ...event.data, on } } };
}

/** Two lists as one, each in its own order. */
function mixed<Item>(one: readonly Item[], other: readonly Item[], seed: number): readonly Item[] {
  const [first, second] = [[...one], [...other]];
  const all: Item[] = [];
  for (let bits = seed >>> 0; first.length + second.length > 0; bits = (bits >>> 1) | ((bits & 1) << 31))
    all.push(((bits & 1) === 1 ? (first.shift() ?? second.shift()) : (second.shift() ?? first.shift())) as Item);
  return all;
}

function recorded({ type, data }: BudgetEvent, revision: number, effectiveOn: string): RecordedEvent {
  const metadata = {
    effectiveOn,
    actor: { id: 'f', unit: '财政局', roles: [] },
    commandId: 'c',
    commandHash: 'h',
    correlationId: 'c',
    causationId: 'c',
  };
  const stream = `budget-${nameOf(line)}`;
  return { id: `${revision}`, stream, revision, position: revision + 1, type, data, recordedAt: '2024-06-01T00:00:00.000Z', metadata };
}

/** What a ledger that knows these events answers. */
async function answers(events: readonly RecordedEvent[], on?: string) {
  const readModels = new SqliteReadModels(':memory:');
  const projection = new BudgetLinesProjection();
  await readModels.fill(projection, events.length, (rows) => events.forEach((event) => projection.apply(event, rows)));
  const filter = { limit: 10, ...(on !== undefined && { on }) };
  try {
    return {
      lines: await new ListBudgetLinesHandler(readModels).execute({ filter } as never),
      line: await new GetBudgetLineHandler(readModels).execute({ line, on } as never),
      reservations: await new ListReservationsHandler(readModels).execute({ line, filter } as never),
      live: await new ListReservationsHandler(readModels).execute({ line, filter: { ...filter, status: 'live' } } as never),
    };
  } finally {
    await readModels.close();
  }
}

describe('budget lines on a day', () => {
  it('are what a ledger would say that knows only what had taken effect by then', async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.constantFrom(OPENED_ON, '2024-02-19', '2024-03-01', '2024-04-10', '2024-12-31'), async (events, on) => {
        const known = events.filter((event) => dayOfBudgetEvent(event as RecordedEvent & BudgetEvent) <= on);
        expect(await answers(events, on)).toEqual(await answers(known));
      }),
      { numRuns: 60 },
    );
  });

  it('have spent from the day on which the bank paid, or, of before that was kept, from the effective day', async () => {
    const { on: _on, ...dayless } = spent('a', 1, '2.00', 'a1').data as { readonly on?: string };
    const spentOn = async (...payment: readonly BudgetEvent[]) => {
      const events = [opened(), appropriated('8.00'), reserved('a', '5.00')].map((event, revision) => recorded(event, revision, OPENED_ON));
      const told = payment.map((event, index) => recorded(event, events.length + index, '2024-07-05'));
      const asked = ['2024-06-27', '2024-06-28', '2024-07-04', '2024-07-05'];
      return Promise.all(
        asked.map(async (on) => {
          const { line: view, reservations } = await answers([...events, ...told], on);
          return [view.reserved, view.spent, reservations.items[0]?.spent];
        }),
      );
    };
    const [before, after] = [
      ['5.00', '0.00', '0.00'],
      ['3.00', '2.00', '2.00'],
    ];
    expect(await spentOn(spent('a', 1, '2.00', 'a1', '2024-06-28'))).toEqual([before, after, after, after]);
    expect(await spentOn({ type: 'budget-spent', data: dayless } as BudgetEvent)).toEqual([before, before, before, after]);
  });

  it('know money that was dated before the opening of its line', async () => {
    const events = [opened(), appropriated('8.00')].map((event, revision) =>
      recorded(event, revision, revision === 0 ? OPENED_ON : '2024-01-15'),
    );
    expect((await answers(events, '2024-01-20')).line).toMatchObject({ appropriated: '8.00', available: '8.00', openedOn: OPENED_ON });
    await expect(answers(events, '2024-01-14')).rejects.toMatchObject({ code: 'budget-line-unknown' });
  });
});
