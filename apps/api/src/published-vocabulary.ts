import { type ClearanceDefinition, type FactDefinition, type FactVocabulary, type TitleDefinition, vocabularyOf } from '@app/enterprises';
import { ACCOUNT_FACT, type Pack, type Policies } from '@app/policies';

const ACCOUNT: FactDefinition = { name: ACCOUNT_FACT, type: 'text', label: '收款账户', period: 'day' };

/** What a dossier may hold: what the published policies ask for, and where to pay. */
export class PublishedVocabulary implements FactVocabulary {
  private packs: readonly Pack[] = [];
  private vocabulary: FactVocabulary = vocabularyOf([]);

  constructor(private readonly policies: Policies) {}

  definitionOf(name: string): FactDefinition | undefined {
    return name === ACCOUNT_FACT ? ACCOUNT : this.current().definitionOf(name);
  }

  titleOf(title: string): TitleDefinition | undefined {
    return this.current().titleOf(title);
  }

  clearanceOf(clearance: string): ClearanceDefinition | undefined {
    return this.current().clearanceOf(clearance);
  }

  private current(): FactVocabulary {
    const packs = this.policies.packs();
    if (packs !== this.packs) {
      this.vocabulary = vocabularyOf(packs);
      this.packs = packs;
    }
    return this.vocabulary;
  }
}
