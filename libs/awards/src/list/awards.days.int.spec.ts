import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EventStore, RecordedEvent } from '@app/event-store';
import { addDays, type BusinessDate, Problem } from '@app/kernel';
import { SqliteReadModels } from '@app/projections';
import { type AwardEvent, isGranted, paidOf } from '../award.js';
import {
  approver,
  by,
  clerk,
  demand,
  granted,
  type Life,
  order,
  PAYEE,
  publicised,
  receive,
  reviewer,
  settle,
  staged,
  unlock,
  writeOff,
} from '../award.fixture.js';
import { dayOfEffect } from '../day-of-effect.js';
import type { AwardCommand } from '../decide.js';
import { GetAward, GetAwardHandler } from '../detail/award-detail.query.js';
import { GetDueInstalments, GetDueInstalmentsHandler } from '../due-instalments/due-instalments.query.js';
import { AwardsProjection } from './awards.projection.js';
import { ListAwards, ListAwardsHandler } from './awards.query.js';
import { recorded } from './recorded.fixture.js';

const AWARD = `test-2024.T1.${PAYEE}.once`;
const FIRST = '2024-05-06' as BusinessDate;
const settled = (result: 'paid' | 'returned', no: number, batch: string, on: string): AwardCommand =>
  ({ ...settle(result, no, batch, no), on, reference: `${batch}-${no}-${result}` }) as AwardCommand;

/** What may happen next; `back` is how many days ago the bank did it. */
const happening = fc.oneof(
  fc.constantFrom<(today: BusinessDate, back: number) => readonly [AwardCommand, string]>(
    () => [unlock(1), clerk],
    () => [unlock(2), clerk],
    () => [{ type: 'hold', reason: '核查' }, reviewer],
    () => [{ type: 'release-hold', reason: '查清' }, approver],
    (today) => [{ type: 'hold', reason: '列入失信名单', bound: { listing: 'L1', until: addDays(today, 15) } }, 'ledger'],
    () => [{ type: 'release-hold', reason: '终止', listing: 'L1' }, 'ledger'],
    () => [{ type: 'lapse', reason: '逾期' }, approver],
    () => [{ type: 'revoke', cause: 'fraud', reason: '骗补' }, approver],
    () => [demand('50000.00'), approver],
    () => [writeOff('20000.00'), 'approver-2'],
    (today, back) => [{ ...receive('50000.00', 'R1'), on: addDays(today, -back) } as AwardCommand, 'finance'],
  ),
  ...['B1', 'B2', 'B3'].map((batch) => fc.constantFrom(1, 2).map((no) => () => [order(no, batch, no), 'ledger'] as const)),
  ...['B1', 'B1', 'B2', 'B3'].flatMap((batch) =>
    (['paid', 'returned'] as const).map((result) =>
      fc
        .constantFrom(1, 2)
        .map((no) => (today: BusinessDate, back: number) => [settled(result, no, batch, addDays(today, -back)), 'ledger'] as const),
    ),
  ),
);
const steps = fc.array(fc.tuple(happening, fc.integer({ min: 0, max: 9 }), fc.nat(25)), { minLength: 15, maxLength: 40, size: 'max' });

/** The events of a life whose days go forward; the bank tells late of what it did after it was ordered to. */
const history = fc.tuple(fc.constantFrom(granted(staged), granted(), publicised(staged)), steps).map(([start, played]) => {
  let today = FIRST;
  let life = start;
  // The bank deals with a payment after it was ordered, and returns it after having paid it.
  const earliest = new Map<string, string>();
  for (const [what, forward, back] of played) {
    today = addDays(today, forward);
    const [command, actor] = what(today, back);
    if (command.type === 'settle' && (earliest.get(`${command.batch}/${command.no}`) ?? '9') > command.on) continue;
    try {
      life = life.do(command, by(actor, today));
      if (command.type === 'order') earliest.set(`${command.batch}/${command.no}`, today);
      if (command.type === 'settle') earliest.set(`${command.batch}/${command.no}`, command.on);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
  }
  return eventsOf(life);
});

const eventsOf = (life: Life) => life.past.map(({ event, at }, revision) => recorded(`award-${AWARD}`, revision, event, at));
const dayOf = (event: RecordedEvent) => dayOfEffect(event as RecordedEvent & AwardEvent);

/** What a ledger that knows these events answers on a day: by its calendar, or when it is asked for the day later. */
async function answers(events: readonly RecordedEvent[], on: BusinessDate, today: BusinessDate) {
  const readModels = new SqliteReadModels(':memory:');
  const projection = new AwardsProjection();
  await readModels.fill(projection, events.length, (rows) => events.forEach((event) => projection.apply(event, rows)));
  const clock = { now: () => new Date(`${today}T04:00:00Z`) };
  const asked = on === today ? undefined : on;
  const list = new ListAwardsHandler(readModels, clock);
  const due = new GetDueInstalmentsHandler(readModels, clock);
  const answered = {
    list: await list.execute(new ListAwards({ payee: PAYEE }, 10, undefined, asked)),
    granted: await list.execute(new ListAwards({ status: 'granted' }, 10, undefined, asked)),
    due: await due.execute(new GetDueInstalments(on, {}, 10)),
    free: await due.execute(new GetDueInstalments(on, { notInBatch: true, minimumAgeDays: 3 }, 1)),
  };
  await readModels.close();
  return answered;
}

describe('awards on a day', () => {
  it('and what is due are what a ledger would say that knows only what had taken effect by then', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(history, fc.nat(), fc.constantFrom(-1, 0, 1), async (events, which, beside) => {
        const some = events.slice(8);
        const on = addDays(some.length === 0 ? FIRST : (dayOf(some[which % some.length] as RecordedEvent) as BusinessDate), beside);
        const known = events.filter((event) => dayOf(event) <= on);
        const answered = await answers(events, on, '2030-01-01' as BusinessDate);
        expect(answered).toEqual(await answers(known, on, on));
        for (const { state } of answered.due.items) seen.add(state);
        if (known.length < events.length && known.at(-1) !== events[known.length - 1]) seen.add('told late');

        const store = {
          async *readStream() {
            yield await Promise.resolve(events);
          },
        };
        const detail = new GetAwardHandler(store as unknown as EventStore, { now: () => new Date() }, {} as never);
        const { state, revision } = await detail.execute(new GetAward(AWARD, 'history', on));
        const paid = isGranted(state) ? paidOf(state).toString() : '0.00';
        expect(answered.list.items[0]).toMatchObject({ paid, revision });
      }),
      // The same lives every time: with these, everything below is met.
      { numRuns: 60, seed: 11 },
    );
    expect([...seen].sort()).toEqual(['due', 'held', 'in-batch', 'told late']);
  });

  it('an instalment was due until the bank paid it, whenever the bank told', async () => {
    const life = granted()
      .do(order(1, 'B1', 1), by('ledger', '2024-05-10'))
      .do(settled('paid', 1, 'B1', '2024-07-15'), by('ledger', '2024-07-20'));
    const due = async (on: string) =>
      (await answers(eventsOf(life), on as BusinessDate, '2030-01-01' as BusinessDate)).due.items.map(({ state, ageDays }) => [
        state,
        ageDays,
      ]);
    expect(await due('2024-05-05')).toEqual([]);
    expect(await due('2024-05-09')).toEqual([['due', 3]]);
    expect(await due('2024-06-30')).toEqual([['in-batch', 55]]);
    expect(await due('2024-07-14')).toEqual([['in-batch', 69]]);
    expect(await due('2024-07-15')).toEqual([]);
  });

  it('there is no award before it is applied for', async () => {
    const answered = await answers(eventsOf(granted()), '2024-04-30' as BusinessDate, '2030-01-01' as BusinessDate);
    expect(answered.list.items).toEqual([]);
  });
});
