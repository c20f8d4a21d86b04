import { expect } from '@jest/globals';
import { type DecisionContext, Problem } from '@app/kernel';
import { bundledPacks, clauseOf, type Pack, type Shape } from '@app/policies';
import { type TargetCommand, targetDecider } from './decide.js';
import {
  type ActualData,
  type BaselineData,
  evolve,
  initialState,
  type PlanData,
  recordOf,
  type TargetClause,
  targetClause,
  type TargetEvent,
  type TargetRecord,
  type TargetShape,
  type TargetState,
  unitOf,
} from './target.js';

export const packOf = (id: string): Pack => bundledPacks().find((pack) => pack.id === id) as Pack;
export const termsOf = (pack: string, clause: string): TargetClause => targetClause(clauseOf(packOf(pack), clause), packOf(pack));

/** A clause of nobody's text, in force from 2022 to the end of 2024. */
export function terms(shape: Partial<TargetShape>): TargetClause {
  const clause = clauseOf(packOf('baiyun-2022'), 'B10');
  const whole = { ...(clause.shape as TargetShape), due: { year: 2024 }, comparison: 'at-least', value: '100', ...shape } as Shape;
  return targetClause({ ...clause, shape: whole }, { region: '示范市', force: { from: '2022-03-01', until: '2025-01-01' } });
}

export const policy = { pack: 'sample', version: 1, clause: 'T1', hash: 'h' };
export const paper = [{ title: '统计公报' }];
export const clerk: DecisionContext = { actorId: 'clerk-1', roles: ['clerk'], effectiveOn: '2025-02-01', today: '2025-02-01' };
export const unit = '示范市';

export type Given = TargetEvent & { readonly by?: string; readonly on?: string };
const stateOf = (events: readonly Given[]): TargetState =>
  events.reduce((state: TargetState, { by = 'clerk-1', on = '2025-01-20', ...event }) => {
    return evolve(state, event, { actorId: by, effectiveOn: on });
  }, initialState);

export const reported = (no: number, period: string, value: string, more: Partial<ActualData & { by: string; on: string }> = {}): Given => {
  const { by, on, ...data } = more;
  const year = Number(period.slice(0, 4));
  return {
    type: 'actual-reported',
    data: { no, unit, year, period, value, sourceUnit: '统计局', asOf: '2025-01-15', ...data },
    policy,
    ...(by !== undefined && { by }),
    ...(on !== undefined && { on }),
  };
};
export const verified = (report: number): Given => ({
  type: 'actual-verified',
  data: { unit, report },
  policy,
  evidence: paper,
  by: 'other',
});
export const planned = (no: number, year: number, value: string, more: Partial<PlanData & { on: string }> = {}): Given => {
  const { on, ...data } = more;
  return { type: 'plan-set', data: { no, unit, year, value, document: '分解表', ...data }, policy, ...(on !== undefined && { on }) };
};
export const based = (no: number, value: string, more: Partial<BaselineData> = {}): Given => ({
  type: 'baseline-reported',
  data: { no, unit, value, sourceUnit: '统计局', asOf: '2025-01-15', ...more },
  policy,
});

export const record = (...events: readonly Given[]): TargetRecord => recordOf(stateOf(events));

/** Given events – when a command – then events, an exact refusal, or nothing. */
export function given(...events: readonly Given[]) {
  const state = stateOf(events);
  return {
    when(command: TargetCommand, { terms: asked = terms({}), ...context }: Partial<DecisionContext> & { terms?: TargetClause } = {}) {
      const order = { command, terms: asked, unit: unitOf(asked, unit), policy };
      const run = () => targetDecider.decide(order, state, { ...clerk, ...context });
      return {
        then: (...expected: readonly Given[]) => expect(run()).toEqual(expected.map(({ by: _by, on: _on, ...event }) => event)),
        thenNothing: () => expect(run()).toEqual([]),
        thenRefused: (code: string, more: Readonly<Record<string, unknown>> = {}) => {
          const { code: found, extra, errors } = problemOf(run);
          expect({ code: found, ...extra, field: errors[0]?.field }).toMatchObject({ code, ...more });
        },
      };
    },
  };
}

function problemOf(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('was not refused');
}
