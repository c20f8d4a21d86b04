import { type FactDefinition, type FactVocabulary, vocabularyOf } from '@app/enterprises';
import { ACCOUNT_FACT, type Pack, type Policies } from '@app/policies';

const ACCOUNT: FactDefinition = { name: ACCOUNT_FACT, type: 'text', label: '收款账户', period: 'day' };

/** The facts a dossier may hold: what the published policies ask for, and where to pay. */
export class PublishedVocabulary implements FactVocabulary {
  private packs: readonly Pack[] = [];
  private vocabulary: FactVocabulary = vocabularyOf([]);

  constructor(private readonly policies: Policies) {}

  definitionOf(name: string): FactDefinition | undefined {
    if (name === ACCOUNT_FACT) return ACCOUNT;
    const packs = this.policies.packs();
    if (packs !== this.packs) {
      this.vocabulary = vocabularyOf(packs);
      this.packs = packs;
    }
    return this.vocabulary.definitionOf(name);
  }
}
