import { type DynamicModule, Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { AwardsModule, awardEvents, batchEvents } from '@app/awards';
import { BudgetsModule, budgetEvents } from '@app/budgets';
import { EnterprisesModule, enterpriseEvents } from '@app/enterprises';
import { EventStoreModule } from '@app/event-store';
import { HttpModule, Tokens } from '@app/http';
import type { Clock } from '@app/kernel';
import { Policies, PoliciesModule, policyEvents } from '@app/policies';
import { ProjectionsModule } from '@app/projections';
import type { DataFolder } from './data-folder.js';
import { HealthController } from './health.controller.js';
import { PublishedEnvelopes } from './published-envelopes.js';
import { PublishedVocabulary } from './published-vocabulary.js';

/** Every event this ledger knows, by its domain name. */
export const EVENT_DEFINITIONS = { ...policyEvents, ...enterpriseEvents, ...budgetEvents, ...awardEvents, ...batchEvents };

/** The whole embedded ledger. */
@Module({})
export class LedgerModule {
  static forRoot(folder: DataFolder, clock: Clock): DynamicModule {
    return {
      module: LedgerModule,
      imports: [
        EventStoreModule.forRoot({ file: folder.ledgerFile, clock, definitions: EVENT_DEFINITIONS }),
        ProjectionsModule.forRoot({ file: folder.readModelsFile }),
        HttpModule.forRoot(Tokens.fromKeyFile(folder.tokenKeyFile, clock)),
        CqrsModule.forRoot(),
        PoliciesModule,
        EnterprisesModule.forRoot({
          imports: [PoliciesModule],
          inject: [Policies],
          useVocabulary: (policies: Policies) => new PublishedVocabulary(policies),
        }),
        BudgetsModule.forRoot({ imports: [PoliciesModule], envelopeLookup: PublishedEnvelopes }),
        AwardsModule,
      ],
      controllers: [HealthController],
    };
  }
}
