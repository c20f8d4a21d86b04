import { sql } from 'kysely';
import { EVENT_STORE, type EventStore, lookingFrom } from '@app/event-store';
import { type ColumnValue, isHandled, ReadModels, type Row, type Rows, Subscriptions, type Table } from '@app/projections';
import type { Ledger } from '../../apps/api/src/create-ledger.js';

/** Rows in plain maps: what a projection makes of a history when nothing is stored, batched or versioned. */
class PlainRows implements Rows {
  private readonly tables = new Map<string, Map<string, object>>();

  get<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, ...key: readonly (string | number)[]): R | undefined {
    return this.of(table.name).get(JSON.stringify(key)) as R | undefined;
  }

  put<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, row: R): void {
    this.of(table.name).set(JSON.stringify(table.key.map((column) => row[column])), row);
  }

  remove<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, ...key: readonly (string | number)[]): void {
    this.of(table.name).delete(JSON.stringify(key));
  }

  /** Every row as one text, its columns in the order they were declared, sorted. */
  texts({ name, columns }: Table): readonly string[] {
    return [...this.of(name).values()].map((row) => textOf(Object.keys(columns), row as Row)).sort();
  }

  private of(name: string): Map<string, object> {
    const rows = this.tables.get(name) ?? new Map<string, object>();
    this.tables.set(name, rows);
    return rows;
  }
}

function textOf(columns: readonly string[], row: Row): string {
  return JSON.stringify(columns.map((column) => row[column]));
}

/**
 * Folds the whole ledger from scratch and compares every table of every read model, as of every `step`-th position, with
 * what the fold had there. Answers what is different, and how many tables were compared.
 */
export async function comparePastWithFold({ app }: Ledger, step: number) {
  const [store, readModels] = [app.get<EventStore>(EVENT_STORE), app.get(ReadModels)];
  const projections = app.get(Subscriptions).projections();
  const head = await store.head();
  const fold = new PlainRows();
  const differences: { position: number; table: string; folded: readonly string[]; answered: readonly string[] }[] = [];
  let compared = 0;
  for await (const page of store.readAll()) {
    for (const event of page) {
      for (const projection of projections) if (isHandled(projection, event)) projection.apply(event, fold);
      const { position } = event;
      if (position % step !== 0 && position !== head) continue;
      await lookingFrom({ position, now: new Date(event.recordedAt) }, async () => {
        for (const table of projections.flatMap(({ tables }) => tables as unknown as readonly Table[])) {
          // What only its projection reads has no past; the verification compares it as it stands.
          if (table.isPrivate === true) continue;
          const columns = Object.keys(table.columns);
          const { rows } = await sql<Row>`select * from ${sql.table(table.name)}`.execute(readModels.queries);
          const answered = rows.map((row) => textOf(columns, row)).sort();
          const folded = fold.texts(table);
          compared += 1;
          if (answered.length === folded.length && answered.every((text, index) => text === folded[index])) continue;
          const unlike = (one: readonly string[], other: readonly string[]) => one.filter((text) => !other.includes(text)).slice(0, 3);
          differences.push({ position, table: table.name, folded: unlike(folded, answered), answered: unlike(answered, folded) });
        }
      });
    }
  }
  return { differences: differences.slice(0, 10), compared };
}
