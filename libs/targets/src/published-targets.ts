import { Injectable } from '@nestjs/common';
import type { PolicyCitation } from '@app/kernel';
import { clauseOf, type Interpretation, type Pack, Policies, type PolicyVersion } from '@app/policies';
import { isTarget, type TargetClause, targetClause, targetStream } from './target.js';

/** A clause that sets figures, in the version that applies on the day asked about. */
export interface PublishedTarget {
  readonly pack: Pack;
  readonly terms: TargetClause;
  readonly policy: PolicyCitation;
  /** Whom the text sets figures for: its region, or every row of a table. */
  readonly units: readonly TargetUnit[];
}

export interface TargetUnit {
  readonly unit: string;
  readonly stream: string;
}

/** The target clauses of the published packs. */
@Injectable()
export class PublishedTargets {
  /** Of every text that was asked for: the same objects each time, so that what follows from a text alone can be kept beside them. */
  private readonly targets = new WeakMap<Pack, readonly PublishedTarget[]>();

  constructor(private readonly policies: Policies) {}

  /** @throws Problem `policy-unknown`, `clause-not-found`, `clause-sets-no-target`. */
  async target(pack: string, clause: string, on: string): Promise<PublishedTarget> {
    const version = await this.policies.versionFor(pack, on);
    const terms = targetClause(clauseOf(version.pack, clause), version.pack);
    return this.targetsOf(version).find((target) => target.terms.clause === terms.clause) as PublishedTarget;
  }

  /** Every target of one pack or of all, by pack and then in the order of the text. */
  async all(pack: string | undefined, on: string): Promise<readonly PublishedTarget[]> {
    const ids = pack === undefined ? (await this.policies.published()).map(({ id }) => id) : [pack];
    const versions = await Promise.all(ids.map((id) => this.policies.versionFor(id, on)));
    return versions.flatMap((version) => this.targetsOf(version));
  }

  private targetsOf(version: PolicyVersion): readonly PublishedTarget[] {
    const known = this.targets.get(version.pack);
    // Two versions may have one text.
    if (known?.[0]?.policy.version === version.version) return known;
    const targets = version.pack.clauses.filter(isTarget).map((clause) => published(version, targetClause(clause, version.pack)));
    this.targets.set(version.pack, targets);
    return targets;
  }

  /** The clauses that complete one, where one rule of the text sets several figures. */
  async partsOf(pack: string, clause: string, on: string): Promise<readonly PublishedTarget[]> {
    return (await this.all(pack, on)).filter(({ terms }) => terms.clause.partOf === clause);
  }
}

function published({ pack, version, hash }: PolicyVersion, terms: TargetClause): PublishedTarget {
  const { id, shape } = terms.clause;
  const names = shape.kind === 'target-table' ? shape.rows.map(({ title }) => title) : [terms.region];
  const units = names.map((unit) => ({ unit, stream: targetStream(pack.id, id, unit) }));
  return { pack, terms, policy: { pack: pack.id, version, clause: id, hash }, units };
}

/** A question about a clause that nobody has answered yet: shown beside every figure of it. */
export type OpenQuestion = Pick<Interpretation, 'id' | 'question' | 'options' | 'reason'> & { readonly computedAs?: string };

export function openQuestions({ pack, terms }: PublishedTarget): readonly OpenQuestion[] {
  return pack.interpretations
    .filter(({ clauses, chosen }) => chosen === null && clauses.includes(terms.clause.id))
    .map(({ id, question, options, reason, simulatedAs }) => ({
      id,
      question,
      options,
      reason,
      ...(simulatedAs !== undefined && { computedAs: simulatedAs }),
    }));
}
