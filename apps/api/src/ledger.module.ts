import { type DynamicModule, Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { AgenciesModule, agencyEvents } from '@app/agencies';
import { AuditModule, findingEvents } from '@app/audit';
import { AwardsModule, awardEvents, batchEvents } from '@app/awards';
import { BlacklistModule, blacklistEvents } from '@app/blacklist';
import { BudgetsModule, budgetEvents } from '@app/budgets';
import { CalendarModule, dutyEvents } from '@app/calendar';
import { EnterprisesModule, enterpriseEvents } from '@app/enterprises';
import { type EsdbAddress, EventStoreModule } from '@app/event-store';
import { ExportsModule } from '@app/exports';
import { HttpModule, Tokens } from '@app/http';
import { ImportsModule } from '@app/imports';
import type { Clock } from '@app/kernel';
import { Policies, PoliciesModule, policyEvents } from '@app/policies';
import { type PostgresSettings, ProjectionsModule } from '@app/projections';
import { TargetsModule, targetEvents } from '@app/targets';
import { tierEvents, TiersModule } from '@app/tiers';
import type { DataFolder } from './data-folder.js';
import { HealthController } from './health.controller.js';
import { MetricsController } from './metrics.controller.js';
import { PublishedEnvelopes } from './published-envelopes.js';
import { PublishedVocabulary } from './published-vocabulary.js';
import { SubscribersController } from './subscribers.controller.js';

/** Every event this ledger knows, by its domain name. */
export const EVENT_DEFINITIONS = {
  ...policyEvents,
  ...enterpriseEvents,
  ...budgetEvents,
  ...awardEvents,
  ...batchEvents,
  ...blacklistEvents,
  ...agencyEvents,
  ...targetEvents,
  ...dutyEvents,
  ...tierEvents,
  ...findingEvents,
};

/** The whole ledger; its events are in the data folder, or in EventStoreDB where an address is given; its read models likewise, or in PostgreSQL. */
@Module({})
export class LedgerModule {
  static forRoot(folder: DataFolder, clock: Clock, esdb?: EsdbAddress, postgres?: PostgresSettings): DynamicModule {
    return {
      module: LedgerModule,
      imports: [
        EventStoreModule.forRoot({
          file: folder.ledgerFile,
          ...(esdb && { esdb: { address: esdb, indexFile: folder.claimsFile } }),
          clock,
          definitions: EVENT_DEFINITIONS,
        }),
        ProjectionsModule.forRoot({ file: folder.readModelsFile, ...(postgres && { postgres }) }),
        HttpModule.forRoot(Tokens.fromKeyFile(folder.tokenKeyFile, clock)),
        CqrsModule.forRoot(),
        PoliciesModule,
        EnterprisesModule.forRoot({
          imports: [PoliciesModule],
          inject: [Policies],
          useVocabulary: (policies: Policies) => new PublishedVocabulary(policies),
        }),
        BudgetsModule.forRoot({ imports: [PoliciesModule], envelopeLookup: PublishedEnvelopes }),
        BlacklistModule,
        AgenciesModule,
        AwardsModule,
        TiersModule,
        TargetsModule,
        CalendarModule,
        ImportsModule,
        AuditModule,
        ExportsModule,
      ],
      controllers: [HealthController, MetricsController, SubscribersController],
    };
  }
}
