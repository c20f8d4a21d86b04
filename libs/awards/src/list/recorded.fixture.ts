import type { DomainEvent, EventContext } from '@app/kernel';
import type { RecordedEvent } from '@app/event-store';
import { type ColumnValue, isHandled, type Projection, type Row, type Rows, type Table } from '@app/projections';

/** An event as a projection is handed it. */
export function recorded(
  stream: string,
  revision: number,
  event: DomainEvent,
  { actorId, effectiveOn }: EventContext,
  position = revision + 1,
): RecordedEvent {
  return {
    id: `${stream}-${revision}`,
    stream,
    revision,
    position,
    type: event.type,
    data: event.data,
    recordedAt: '2024-05-01T00:00:00.000Z',
    metadata: {
      effectiveOn,
      actor: { id: actorId, unit: '科技局', roles: [] },
      commandId: 'c',
      commandHash: 'h',
      correlationId: 'c',
      causationId: 'c',
      ...(event.policy && { policy: event.policy }),
      ...(event.evidence && { evidence: event.evidence }),
    },
  };
}

/** Rows in memory, one map a table. */
export class MemoryRows implements Rows {
  private readonly tables = new Map<string, Map<string, object>>();

  get<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, ...key: readonly (string | number)[]): R | undefined {
    return this.of(table.name).get(JSON.stringify(key)) as R | undefined;
  }
  put<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, row: R): void {
    const columns = Object.keys(table.columns).sort();
    if (JSON.stringify(Object.keys(row).sort()) !== JSON.stringify(columns))
      throw new Error(`a row of ${table.name} has the columns ${columns.join(', ')}`);
    this.of(table.name).set(JSON.stringify(table.key.map((column) => row[column])), row);
  }
  remove<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, ...key: readonly (string | number)[]): void {
    this.of(table.name).delete(JSON.stringify(key));
  }
  all<R = Row>(name: string): readonly R[] {
    return [...this.of(name).values()] as R[];
  }
  private of(name: string): Map<string, object> {
    const rows = this.tables.get(name) ?? new Map<string, object>();
    this.tables.set(name, rows);
    return rows;
  }
}

/** The rows a projection makes of a history. */
export function project(projection: Projection, events: Iterable<RecordedEvent>): MemoryRows {
  const rows = new MemoryRows();
  for (const event of events) if (isHandled(projection, event)) projection.apply(event, rows);
  return rows;
}
