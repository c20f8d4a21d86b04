import { Inject, Injectable } from '@nestjs/common';
import { Executor } from '@app/event-store';
import { type CreditCode, notFound } from '@app/kernel';
import { enterpriseDecider } from './decide.js';
import { type Dossier, enterpriseStream } from './enterprise.js';
import { FACT_VOCABULARY, type FactVocabulary } from './vocabulary.js';

/** The dossiers as the ledger stands now, for features that decide on them. */
@Injectable()
export class Dossiers {
  private readonly decider: ReturnType<typeof enterpriseDecider>;

  constructor(
    private readonly executor: Executor,
    @Inject(FACT_VOCABULARY) vocabulary: FactVocabulary,
  ) {
    this.decider = enterpriseDecider(vocabulary);
  }

  /** The dossier under a credit code, folded from its events; `undefined` when nobody is registered under it. */
  async load(creditCode: CreditCode): Promise<Dossier | undefined> {
    const { state } = await this.executor.load(this.decider, enterpriseStream(creditCode));
    return state.status === 'unregistered' ? undefined : state;
  }

  /** @throws Problem `enterprise-unknown` (not-found) when nobody is registered under the code. */
  async require(creditCode: CreditCode): Promise<Dossier> {
    const dossier = await this.load(creditCode);
    if (dossier === undefined) throw notFound('enterprise-unknown', `no enterprise is registered under ${creditCode}`);
    return dossier;
  }
}
