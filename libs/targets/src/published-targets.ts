import { Injectable } from '@nestjs/common';
import type { PolicyCitation } from '@app/kernel';
import { clauseOf, type Interpretation, type Pack, Policies, type PolicyVersion } from '@app/policies';
import { isTarget, type TargetClause, targetClause } from './target.js';

/** A clause that sets figures, in the version that applies on the day asked about. */
export interface PublishedTarget {
  readonly pack: Pack;
  readonly terms: TargetClause;
  readonly policy: PolicyCitation;
}

/** The target clauses of the published packs. */
@Injectable()
export class PublishedTargets {
  constructor(private readonly policies: Policies) {}

  /** @throws Problem `policy-unknown`, `clause-not-found`, `clause-sets-no-target`. */
  async target(pack: string, clause: string, on: string): Promise<PublishedTarget> {
    const version = await this.policies.versionFor(pack, on);
    return published(version, targetClause(clauseOf(version.pack, clause), version.pack));
  }

  /** Every target of one pack or of all, by pack and then in the order of the text. */
  async all(pack: string | undefined, on: string): Promise<readonly PublishedTarget[]> {
    const ids = pack === undefined ? (await this.policies.published()).map(({ id }) => id) : [pack];
    const versions = await Promise.all(ids.map((id) => this.policies.versionFor(id, on)));
    return versions.flatMap((version) =>
      version.pack.clauses.filter(isTarget).map((clause) => published(version, targetClause(clause, version.pack))),
    );
  }

  /** The clauses that complete one, where one rule of the text sets several figures. */
  async partsOf(pack: string, clause: string, on: string): Promise<readonly PublishedTarget[]> {
    return (await this.all(pack, on)).filter(({ terms }) => terms.clause.partOf === clause);
  }
}

function published({ pack, version, hash }: PolicyVersion, terms: TargetClause): PublishedTarget {
  return { pack, terms, policy: { pack: pack.id, version, clause: terms.clause.id, hash } };
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
