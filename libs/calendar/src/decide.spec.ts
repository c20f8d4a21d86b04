import { describe, expect, it } from '@jest/globals';
import { type DecisionContext, Problem } from '@app/kernel';
import { packOf, paper, published } from './calendar.fixture.js';
import { type DoDuty, type DutyCommand, dutyDecider } from './decide.js';
import { counts, type DutyEvent, dutyOfStream, type DutyState, dutyStream, evolve, initialState, statusOn } from './duty.js';
import { instancesOf } from './instances.js';

const [duty] = instancesOf(published(packOf('baiyun-2022')), () => '2024-01-01', { from: '2024-04-01', until: '2024-04-30' });
if (duty === undefined) throw new Error('B04 asks for 2024');
const { policy } = duty;
const clerk: DecisionContext = { actorId: 'clerk-1', roles: ['clerk'], effectiveOn: '2024-05-06', today: '2024-05-06' };
const head = { actorId: 'approver-1' };

const done = (on: string): DutyEvent => ({ type: 'duty-done', data: { on, due: '2024-04-30' }, policy, evidence: paper });
const reopened: DutyEvent = { type: 'duty-reopened', data: { reason: '材料不全' }, policy };
const doing = (on: string): DoDuty => ({ type: 'do', on, evidence: paper });
const reopening: DutyCommand = { type: 'reopen', reason: '材料不全' };

function given(...events: readonly DutyEvent[]) {
  const at = { actorId: 'clerk-1', effectiveOn: '2024-05-05' };
  const state = events.reduce((folded: DutyState, event) => evolve(folded, event, at), initialState);
  return {
    when(command: DutyCommand, context: Partial<DecisionContext> = {}) {
      const run = () => dutyDecider.decide({ command, duty: duty as never }, state, { ...clerk, ...context });
      return {
        then: (...expected: readonly DutyEvent[]) => expect(run()).toEqual(expected),
        thenNothing: () => expect(run()).toEqual([]),
        thenRefused: (code: string, field?: string) => {
          let problem: unknown;
          try {
            run();
          } catch (error) {
            problem = error;
          }
          expect(problem).toBeInstanceOf(Problem);
          expect({ code: (problem as Problem).code, field: (problem as Problem).errors[0]?.field }).toEqual({ code, field });
        },
      };
    },
  };
}

describe('doing a duty', () => {
  it('records the day, with what shows it', () => given().when(doing('2024-04-30')).then(done('2024-04-30')));
  it('keeps a note', () =>
    given()
      .when({ ...doing('2024-04-30'), note: '全部调整' })
      .then({ ...done('2024-04-30'), data: { on: '2024-04-30', due: '2024-04-30', note: '全部调整' } } as DutyEvent));
  it('takes a day after it was due', () => given().when(doing('2024-05-01')).then(done('2024-05-01')));
  it('takes the first day of the period', () => given().when(doing('2024-01-01')).then(done('2024-01-01')));
  it('is quiet on a repeat', () => given(done('2024-04-30')).when(doing('2024-04-30')).thenNothing());
  it('is refused on another day once it is done', () => given(done('2024-04-30')).when(doing('2024-04-29')).thenRefused('duty-done'));
  it('is refused without a document', () =>
    given()
      .when({ ...doing('2024-04-30'), evidence: [] })
      .thenRefused('evidence-required'));
  it.each(['2024-05-07', '2023-12-31', '2024-02-30'])('is refused on %s', (on) =>
    given().when(doing(on)).thenRefused('invalid-input', 'on'),
  );
  it('can be done again after it was reopened', () =>
    given(done('2024-04-30'), reopened).when(doing('2024-05-02')).then(done('2024-05-02')));
});

describe('reopening a duty', () => {
  it('is done by another person', () => given(done('2024-04-30')).when(reopening, head).then(reopened));
  it('is quiet on a repeat', () => given(done('2024-04-30'), reopened).when(reopening, head).thenNothing());
  it('is refused to who marked it as done', () => given(done('2024-04-30')).when(reopening).thenRefused('duties-not-separated'));
  it('is refused while nobody has', () => given().when(reopening, head).thenRefused('duty-not-done'));
  it('takes effect today', () =>
    given(done('2024-04-30'))
      .when(reopening, { ...head, effectiveOn: '2024-05-05' })
      .thenRefused('invalid-input', 'effectiveOn'));
});

describe('how a duty stands', () => {
  it.each([
    ['on the day it is due', undefined, '2024-04-30', { status: 'due', daysLeft: 0 }],
    ['the day after', undefined, '2024-05-01', { status: 'overdue', daysOver: 1 }],
    ['over a leap day', undefined, '2024-02-28', { status: 'due', daysLeft: 62 }],
    ['a year on', undefined, '2025-04-30', { status: 'overdue', daysOver: 365 }],
    ['done on the last day', '2024-04-30', '2024-05-06', { status: 'done', doneOn: '2024-04-30' }],
    ['done the day after', '2024-05-01', '2024-05-06', { status: 'done-late', doneOn: '2024-05-01' }],
    ['before it was done', '2024-05-01', '2024-04-30', { status: 'due', daysLeft: 0 }],
    ['overdue before it was done', '2024-05-06', '2024-05-02', { status: 'overdue', daysOver: 2 }],
  ])('%s', (_, doneOn, day, expected) => expect(statusOn('2024-04-30', doneOn, day)).toEqual(expected));

  it('keeps every completion, and counts one until the day it was reopened', () => {
    const at = { actorId: 'a', effectiveOn: '2024-05-10' };
    const state = [done('2024-04-30'), reopened].reduce((folded: DutyState, event) => evolve(folded, event, at), initialState);
    const [first] = state.past;
    expect(first).toMatchObject({ on: '2024-04-30', evidence: paper, reopened: { on: '2024-05-10', reason: '材料不全' } });
    const countsOn = (day: string) => first !== undefined && counts(first, day);
    expect(['2024-04-29', '2024-04-30', '2024-05-09', '2024-05-10'].map(countsOn)).toEqual([false, true, true, false]);
  });

  it('has a stream of its own', () => {
    const ref = { pack: 'baiyun-2022', clause: 'B04', period: '2024-H1' };
    expect(dutyOfStream(dutyStream(ref))).toEqual(ref);
    expect(() => dutyOfStream('award-a.b.c')).toThrow(/not the stream/);
  });
});
