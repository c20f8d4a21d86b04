import { describe, expect, it } from '@jest/globals';
import { type Decider, type EventContext, fold } from './decider.js';
import { unreachable } from './problem.js';

type TallyEvent =
  | { readonly type: 'tally-raised'; readonly data: { readonly by: number } }
  | { readonly type: 'tally-doubled'; readonly data: Record<string, never> };

interface Tally {
  readonly total: number;
  readonly raisedBy: readonly string[];
  readonly days: readonly string[];
}

const tally: Pick<Decider<never, TallyEvent, Tally>, 'initialState' | 'evolve'> = {
  initialState: Object.freeze({ total: 0, raisedBy: Object.freeze([]), days: Object.freeze([]) }),
  evolve(state, event, at) {
    const days = [...state.days, at.effectiveOn];
    switch (event.type) {
      case 'tally-raised':
        return { total: state.total + event.data.by, raisedBy: [...state.raisedBy, at.actorId], days };
      case 'tally-doubled':
        return { ...state, total: state.total * 2, days };
      default:
        return unreachable(event);
    }
  },
};

const raised = (by: number): TallyEvent => ({ type: 'tally-raised', data: { by } });
const doubled: TallyEvent = { type: 'tally-doubled', data: {} };
const at = (actorId: string, effectiveOn: string): EventContext => ({ actorId, effectiveOn });

describe('fold', () => {
  it('is the initial state for an empty history', () => {
    expect(fold(tally, [])).toBe(tally.initialState);
  });

  it('applies events in order and passes on who did each and when', () => {
    const history = [
      { event: raised(2), at: at('clerk-1', '2024-01-01') },
      { event: doubled, at: at('clerk-2', '2024-01-02') },
      { event: raised(1), at: at('clerk-3', '2024-01-03') },
    ];
    expect(fold(tally, history)).toEqual({ total: 5, raisedBy: ['clerk-1', 'clerk-3'], days: ['2024-01-01', '2024-01-02', '2024-01-03'] });
    expect(fold(tally, [...history].reverse()).total).toBe(4);
  });

  it('takes any iterable and starts anew each time', () => {
    function* history() {
      yield { event: raised(3), at: at('clerk-1', '2024-01-01') };
    }
    expect(fold(tally, history()).total).toBe(3);
    expect(fold(tally, history()).total).toBe(3);
    expect(tally.initialState.total).toBe(0);
  });

  it('stops loudly at an event the decider does not know', () => {
    const unknown = { type: 'tally-erased', data: {} } as unknown as TallyEvent;
    expect(() => fold(tally, [{ event: unknown, at: at('clerk-1', '2024-01-01') }])).toThrow('tally-erased');
  });
});
