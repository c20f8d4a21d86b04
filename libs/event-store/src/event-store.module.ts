import { type DynamicModule, Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { CLOCK, type Clock } from '@app/kernel';
import { EventCodec, type EventDefinition } from './codec.js';
import type { EsdbOptions } from './esdb/esdb-event-store.js';
import { esdbAdapter } from './esdb/load.js';
import { EVENT_STORE, type EventStore } from './event-store.js';
import { Executor } from './executor.js';
import { type Observer, OBSERVER, UNOBSERVED } from './observer.js';
import { SqliteEventStore } from './sqlite-event-store.js';
import { vantageClock, VantageEventStore } from './vantage.js';

export interface EventStoreOptions {
  /** Path of the embedded ledger's file. */
  readonly file: string;
  /** The ledger is kept in EventStoreDB, not in the file. */
  readonly esdb?: Pick<EsdbOptions, 'address' | 'indexFile'>;
  readonly clock: Clock;
  /** The stored form of every feature's events. */
  readonly definitions: Readonly<Record<string, EventDefinition>>;
  readonly observer?: Observer;
}

/** Provides the event store, the executor and the clock to every feature. */
@Global()
@Module({})
export class EventStoreModule implements OnApplicationShutdown {
  constructor(@Inject(EVENT_STORE) private readonly store: EventStore) {}

  static async forRoot({ file, esdb, clock, definitions, observer = UNOBSERVED }: EventStoreOptions): Promise<DynamicModule> {
    const codec = new EventCodec(definitions);
    const kept = esdb === undefined ? new SqliteEventStore(file, codec, clock) : new (await esdbAdapter()).EsdbEventStore(esdb, codec);
    const store = new VantageEventStore(kept);
    return {
      module: EventStoreModule,
      providers: [
        { provide: CLOCK, useValue: vantageClock(clock) },
        { provide: EVENT_STORE, useValue: store },
        { provide: Executor, useValue: new Executor(store, observer) },
        { provide: OBSERVER, useValue: observer },
      ],
      exports: [CLOCK, EVENT_STORE, Executor, OBSERVER],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}
