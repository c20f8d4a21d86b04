import { type DynamicModule, Global, Module } from '@nestjs/common';
import { PostgresReadModels } from './postgres/postgres-read-models.js';
import type { PostgresSettings } from './postgres/settings.js';
import { ReadModels } from './read-models.js';
import { RecordingTimesProjection } from './recording-times.js';
import { SqliteReadModels } from './sqlite-read-models.js';
import { type Following, FOLLOWING, Subscriptions } from './subscriptions.js';

/** Provides the read models and everything that follows the ledger. */
@Global()
@Module({})
export class ProjectionsModule {
  constructor(subscriptions: Subscriptions) {
    subscriptions.addProjection(new RecordingTimesProjection());
  }

  /** In PostgreSQL where settings of it are given, and otherwise in a file. */
  static forRoot({
    file,
    postgres,
    following = 'alone',
  }: {
    readonly file: string;
    readonly postgres?: PostgresSettings;
    readonly following?: Following;
  }): DynamicModule {
    return {
      module: ProjectionsModule,
      providers: [
        {
          provide: ReadModels,
          useFactory: () => (postgres === undefined ? new SqliteReadModels(file) : PostgresReadModels.open(postgres)),
        },
        { provide: FOLLOWING, useValue: following },
        Subscriptions,
      ],
      exports: [ReadModels, Subscriptions],
    };
  }
}
