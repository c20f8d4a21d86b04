import { type DynamicModule, type InjectionToken, Module, type ModuleMetadata } from '@nestjs/common';
import { Subscriptions } from '@app/projections';
import { DossierProjection } from './dossier/dossier.projection.js';
import { FindDossierHandler } from './dossier/find-dossier.query.js';
import { ListEnterprisesHandler } from './dossier/list-enterprises.query.js';
import { ListTitleHoldersHandler } from './dossier/list-title-holders.query.js';
import { Dossiers } from './dossiers.js';
import { EnterprisesController } from './enterprises.controller.js';
import { RunEnterpriseCommandHandler } from './handlers/run-enterprise-command.js';
import { Merger } from './merger.js';
import { TitlesController } from './titles.controller.js';
import { FACT_VOCABULARY, type FactVocabulary } from './vocabulary.js';

export interface EnterprisesOptions {
  /** Modules that provide what `inject` names. */
  readonly imports?: ModuleMetadata['imports'];
  readonly inject?: readonly InjectionToken[];
  /** The facts dossiers may hold: those of the published packs. Asked anew for every fact, so it may change while running. */
  readonly useVocabulary: (...injected: never[]) => FactVocabulary;
}

/** Dossiers and their dated facts. */
@Module({})
export class EnterprisesModule {
  constructor(subscriptions: Subscriptions, merger: Merger) {
    subscriptions.addProjection(new DossierProjection());
    subscriptions.addProcessManager(merger);
  }

  static forRoot({ imports = [], inject = [], useVocabulary }: EnterprisesOptions): DynamicModule {
    return {
      module: EnterprisesModule,
      global: true,
      imports,
      controllers: [EnterprisesController, TitlesController],
      providers: [
        { provide: FACT_VOCABULARY, useFactory: useVocabulary as (...injected: unknown[]) => FactVocabulary, inject: [...inject] },
        RunEnterpriseCommandHandler,
        FindDossierHandler,
        ListEnterprisesHandler,
        ListTitleHoldersHandler,
        Dossiers,
        Merger,
      ],
      exports: [Dossiers, FACT_VOCABULARY],
    };
  }
}
