import { type DynamicModule, Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { AgenciesModule, agencyEvents } from '@app/agencies';
import { AuditModule, findingEvents } from '@app/audit';
import { AwardsModule, awardEvents, batchEvents } from '@app/awards';
import { BlacklistModule, blacklistEvents } from '@app/blacklist';
import { BudgetsModule, budgetEvents } from '@app/budgets';
import { CalendarModule, dutyEvents } from '@app/calendar';
import { EnterprisesModule, enterpriseEvents } from '@app/enterprises';
import { type EsdbAddress, EVENT_STORE, type EventStore, EventStoreModule, type Observer } from '@app/event-store';
import { ExportsModule } from '@app/exports';
import { HttpModule, Tokens } from '@app/http';
import { ImportsModule } from '@app/imports';
import type { Clock } from '@app/kernel';
import { Policies, PoliciesModule, policyEvents } from '@app/policies';
import { type Following, type PostgresSettings, ProjectionsModule, Subscriptions } from '@app/projections';
import { TargetsModule, targetEvents } from '@app/targets';
import { tierEvents, TiersModule } from '@app/tiers';
import type { DataFolder } from './data-folder.js';
import type { Metrics } from './operations/metrics.js';
import { OPERATIONS, Operations } from './operations/operations.js';
import { OperationsController } from './operations/operations.controller.js';
import type { Settings } from './operations/settings.js';
import { PublishedEnvelopes } from './published-envelopes.js';
import { PublishedVocabulary } from './published-vocabulary.js';
import { REPORTING_VIEWS } from './reporting-views.js';
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

export interface LedgerParts {
  readonly folder: DataFolder;
  readonly clock: Clock;
  /** The events are there, and not in the data folder. */
  readonly esdb: EsdbAddress | undefined;
  /** The read models are there, and not in the data folder. */
  readonly postgres?: PostgresSettings | undefined;
  readonly role: Settings['role'];
  readonly metrics: Metrics;
  readonly metricsAccess: Settings['metrics'];
  readonly observer: Observer;
}

const FOLLOWING: Readonly<Record<Settings['role'], Following>> = { all: 'alone', worker: 'for-others', api: 'elsewhere' };

/** The whole ledger, for a process of any role. */
@Module({})
export class LedgerModule {
  static forRoot({ folder, clock, esdb, postgres, role, metrics, metricsAccess, observer }: LedgerParts): DynamicModule {
    // First of all: a store that is opened beside a key nobody can use would be closed by nobody.
    const tokens = Tokens.fromKeyFile(folder.tokenKeyFile, clock);
    return {
      module: LedgerModule,
      imports: [
        EventStoreModule.forRoot({
          file: folder.ledgerFile,
          ...(esdb && { esdb: { address: esdb, indexFile: folder.claimsFile } }),
          clock,
          definitions: EVENT_DEFINITIONS,
          observer,
        }),
        ProjectionsModule.forRoot({
          file: folder.readModelsFile,
          following: FOLLOWING[role],
          ...(postgres && { postgres, reporting: REPORTING_VIEWS }),
        }),
        HttpModule.forRoot(tokens),
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
      controllers: [OperationsController, SubscribersController],
      providers: [
        {
          provide: OPERATIONS,
          inject: [EVENT_STORE, Subscriptions],
          useFactory: (store: EventStore, subscriptions: Subscriptions) => new Operations(store, subscriptions, metrics, metricsAccess),
        },
      ],
    };
  }
}
