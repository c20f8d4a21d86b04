import type { PolicyCitation } from '@app/kernel';
import { type Clause, type ClauseReference, type Fulfilment, laddersOf, type Pack, type PolicyVersion, type Tier } from '@app/policies';

/** A ladder (梯次) as one published text of its policy has it. */
export interface LadderText {
  readonly ladder: string;
  readonly pack: Pack;
  readonly version: number;
  readonly hash: string;
  readonly endedOn?: string;
  readonly clauses: readonly Clause[];
  /** Lowest first, whatever order the text has. */
  readonly tiers: readonly Tier[];
  /** How many tiers the text speaks of, where it names fewer. */
  readonly size?: number;
  readonly diagnosis?: ClauseReference;
  readonly clearances: readonly string[];
}

/** A ladder in one version of a pack; undefined when that text does not know it. */
export function ladderIn(version: PolicyVersion, ladder: string): LadderText | undefined {
  const found = laddersOf(version.pack).find((one) => one.ladder === ladder);
  if (found === undefined) return undefined;
  const { pack, hash, endedOn } = version;
  return { ...found, pack, version: version.version, hash, ...(endedOn !== undefined && { endedOn }), tiers: lowestFirst(found) };
}

/**
 * A clause of shape `ladder` names its tiers lowest first. A clause that places by the result of an assessment (`by`)
 * begins, as such texts do, with the best result: 第一梯队 is the nearest to certification and stands first. So a ladder
 * known only from clauses of that kind is turned round; a `ladder` clause, where there is one, decides. The keys of
 * `places` say nothing about order: the stored form of a pack sorts them.
 */
function lowestFirst({ clauses, tiers }: { readonly clauses: readonly Clause[]; readonly tiers: readonly Tier[] }): readonly Tier[] {
  const isNamedLowestFirst = clauses.some(({ shape }) => shape.kind === 'ladder');
  const isNamedBestFirst = clauses.some(({ shape }) => shape.kind === 'tier' && 'by' in shape);
  return isNamedBestFirst && !isNamedLowestFirst ? [...tiers].reverse() : tiers;
}

/** How high a tier stands, from 0; -1 for one the ladder does not have. */
export function rankOf({ tiers }: Pick<LadderText, 'tiers'>, tier: string): number {
  return tiers.findIndex(({ id }) => id === tier);
}

/** What people call a tier. */
export function titleOf({ tiers }: Pick<LadderText, 'tiers'>, tier: string): string {
  return tiers.find(({ id }) => id === tier)?.title ?? tier;
}

/** The clause that names a tier, or else the one that speaks of the ladder's adjustment, or the first that speaks of the ladder, as an event cites it. */
export function citationOfTier(text: LadderText, tier?: string): PolicyCitation {
  const names = ({ shape }: Clause) => (shape.kind === 'tier' || shape.kind === 'ladder') && shape.tiers.some(({ id }) => id === tier);
  const adjusts = ({ shape }: Clause) => shape.kind === 'note' && shape.about === 'adjustment' && shape.ladder === text.ladder;
  const clause = text.clauses.find(names) ?? text.pack.clauses.find(adjusts) ?? text.clauses[0];
  if (clause === undefined) throw new Error(`no clause speaks of ${text.ladder}`);
  return citationOfClause(text, clause.id);
}

export function citationOfClause({ pack, version, hash }: LadderText, clause: string): PolicyCitation {
  return { pack: pack.id, version, clause, hash };
}

/** By when a year's duty about a ladder is due, and the clause that says so; the end of the year where none does. */
export function dueDay(
  { pack, ladder }: LadderText,
  kind: Extract<Fulfilment, { ladder: string }>['kind'],
  year: number,
): { readonly on: string; readonly clause?: string } {
  for (const { id, shape } of pack.clauses) {
    if (shape.kind !== 'deadline' || shape.fulfilledBy?.kind !== kind || shape.fulfilledBy.ladder !== ladder) continue;
    if (shape.by === 'end') return { on: `${year}-12-31`, clause: id };
    return { on: shape.by.length === 5 ? `${year}-${shape.by}` : shape.by, clause: id };
  }
  return { on: `${year}-12-31` };
}
