import type { RecordedEvent } from '@app/event-store';
import type { ColumnValue, Table } from './table.js';

/**
 * The rows a projection may read and change while it applies a batch. Rows are found by primary key only;
 * what was put is what a later `get` of the same batch returns.
 */
export interface Rows {
  get<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, ...key: readonly (string | number)[]): R | undefined;
  put<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, row: R): void;
  remove<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, ...key: readonly (string | number)[]): void;
}

/** Builds one read model from the events. Deterministic: the same history always gives the same rows. */
export interface Projection {
  readonly name: string;
  /** Raised whenever tables or meaning change; the read model is then rebuilt from the first event. */
  readonly version: number;
  readonly tables: readonly Table<never>[];
  /** Event types it needs; others are not handed over. */
  readonly handles: ReadonlySet<string> | 'all';
  /** @throws Error for an event it cannot apply: the projection stops there and says so; it never skips. */
  apply(event: RecordedEvent, rows: Rows): void;
}

/** Whether a projection needs an event. */
export function isHandled({ handles }: Pick<Projection, 'handles'>, { type }: Pick<RecordedEvent, 'type'>): boolean {
  return handles === 'all' || handles.has(type);
}
