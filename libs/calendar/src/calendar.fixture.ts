import { bundledPacks, clauseOf, type Pack, type PolicyEvent, policyDecider, type PolicyState, type Shape } from '@app/policies';

export const packOf = (id: string): Pack => bundledPacks().find((pack) => pack.id === id) as Pack;
export const paper = [{ title: '会议纪要' }];

type Deadline = Extract<Shape, { kind: 'deadline' }>;

/** A pack with nothing but duties, each under the id of its place: D1, D2 … */
export function packWith(force: Pack['force'], ...duties: readonly Partial<Deadline>[]): Pack {
  const pack = packOf('baiyun-2022');
  const clauses = duties.map((duty, index) => ({
    ...clauseOf(pack, 'B09'),
    id: `D${index + 1}`,
    shape: { kind: 'deadline' as const, every: 'year' as const, by: 'end', action: '办理', ...duty },
  }));
  return { ...pack, force, clauses, interpretations: pack.interpretations.filter(({ clauses: about }) => about.length === 0) };
}

/** The policy after a pack was published and, where more are given, amended. */
export function published(...packs: readonly [Pack, ...Pack[]]): PolicyState {
  const context = { actorId: 'a', roles: ['administrator'], effectiveOn: '2020-01-01', today: '2020-01-01' };
  return packs.reduce<PolicyState>((state, pack, index) => {
    const command =
      index === 0 ? ({ type: 'publish', pack, evidence: paper } as const) : ({ type: 'amend', pack, reason: '修订' } as const);
    const events: readonly PolicyEvent[] = policyDecider.decide(command, state, context);
    return events.reduce((folded, event) => policyDecider.evolve(folded, event, context), state);
  }, policyDecider.initialState);
}
