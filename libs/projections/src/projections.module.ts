import { type DynamicModule, Global, Module } from '@nestjs/common';
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

  static forRoot({ file, following = 'alone' }: { readonly file: string; readonly following?: Following }): DynamicModule {
    return {
      module: ProjectionsModule,
      providers: [
        { provide: ReadModels, useFactory: () => new SqliteReadModels(file) },
        { provide: FOLLOWING, useValue: following },
        Subscriptions,
      ],
      exports: [ReadModels, Subscriptions],
    };
  }
}
