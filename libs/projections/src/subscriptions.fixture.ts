import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventCodec, type EventStore, type NewEvent, type RecordedEvent, SqliteEventStore } from '@app/event-store';
import { derivedId } from '@app/kernel';
import type { Projection, Rows } from './projection.js';
import type { ReadModels } from './read-models.js';
import { SqliteReadModels } from './sqlite-read-models.js';
import { type Table, table } from './table.js';

export const clock = { now: () => new Date('2024-05-01T04:00:00Z') };

export interface CountRow {
  readonly stream: string;
  readonly total: number;
  readonly applied: number;
}

/** Sums what is added per stream, and counts how many events made the sum. Version 2 counts double. */
export class Totals implements Projection {
  readonly tables: readonly Table<never>[];
  readonly handles = new Set(['added', 'poisoned']);
  private readonly rows: Table<CountRow>;

  constructor(
    readonly name = 'totals',
    readonly version = 1,
    private readonly isPoison: (event: RecordedEvent) => boolean = () => false,
  ) {
    this.rows = table<CountRow>({
      name: `${name}_count`,
      columns: { stream: 'text', total: 'integer', applied: 'integer' },
      key: ['stream'],
    });
    this.tables = [this.rows] as never[];
  }

  apply(event: RecordedEvent, rows: Rows): void {
    const { stream, data } = event;
    const before = rows.get(this.rows, stream) ?? { stream, total: 0, applied: 0 };
    rows.put(this.rows, { stream, total: before.total + (data as { amount: number }).amount * this.version, applied: before.applied + 1 });
    if (this.isPoison(event)) throw new Error('cannot be applied');
  }
}

/** A ledger file and a read-model file that may be opened any number of times. For specs only. */
export class Files {
  private readonly path = mkdtempSync(join(tmpdir(), 'projections-'));
  private readonly opened: { close(): unknown }[] = [];
  private events = 0;

  store(): EventStore {
    const codec = new EventCodec({ added: { version: 1 }, other: { version: 1 }, poisoned: { version: 1 } });
    return this.keep(new SqliteEventStore(join(this.path, 'events.db'), codec, clock));
  }

  get readModelsFile(): string {
    return join(this.path, 'read.db');
  }

  readModels(): ReadModels {
    return this.keep(new SqliteReadModels(this.readModelsFile));
  }

  /** Appends one event to its own revision of a stream. */
  async add(store: EventStore, stream: string, amount = 1, type = 'added'): Promise<number> {
    let revision = -1;
    for await (const page of store.readStream(stream)) revision = page.at(-1)?.revision ?? revision;
    return (await store.append(stream, revision, [this.event(amount, type)])).position;
  }

  /** Appends many events of one stream at once. */
  async addMany(store: EventStore, stream: string, count: number): Promise<number> {
    return (
      await store.append(
        stream,
        -1,
        Array.from({ length: count }, () => this.event(1, 'added')),
      )
    ).position;
  }

  private event(amount: number, type: string): NewEvent {
    this.events += 1;
    const id = derivedId('spec', this.path, String(this.events));
    const metadata = {
      effectiveOn: '2024-05-01',
      actor: { id: 'a', unit: 'u', roles: [] },
      commandId: id,
      commandHash: 'h',
      correlationId: id,
      causationId: id,
    };
    return { id, type, data: { amount }, metadata };
  }

  async remove(): Promise<void> {
    for (const each of this.opened.reverse()) await each.close();
    rmSync(this.path, { recursive: true, force: true });
  }

  private keep<Opened extends { close(): unknown }>(opened: Opened): Opened {
    this.opened.push(opened);
    return opened;
  }
}

/** The rows a projection of totals has made. */
export function rowsOf(readModels: ReadModels, name = 'totals'): Promise<readonly CountRow[]> {
  return readModels
    .from<Record<string, CountRow>>()
    .selectFrom(`${name}_count` as never)
    .selectAll()
    .orderBy('stream' as never)
    .execute() as unknown as Promise<readonly CountRow[]>;
}
