import { sql } from 'kysely';
import { EVENT_STORE, type EventStore, lookingFrom } from '@app/event-store';
import { type ColumnValue, isHandled, ReadModels, type Row, type Rows, Subscriptions, type Table } from '@app/projections';
import type { Ledger } from '../../apps/api/src/create-ledger.js';

/** Rows in plain maps: what a projection makes of a history when nothing is stored, batched or versioned. */
class PlainRows implements Rows {
  private readonly tables = new Map<string, Map<string, { readonly row: object; readonly text: string }>>();

  get<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, ...key: readonly (string | number)[]): R | undefined {
    return this.of(table.name).get(JSON.stringify(key))?.row as R | undefined;
  }

  put<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, row: R): void {
    const key = JSON.stringify(table.key.map((column) => row[column]));
    this.of(table.name).set(key, { row, text: textOf(Object.keys(table.columns), row) });
  }

  remove<R extends { readonly [C in keyof R]: ColumnValue }>(table: Table<R>, ...key: readonly (string | number)[]): void {
    this.of(table.name).delete(JSON.stringify(key));
  }

  /** Every row as one text, its columns in the order they were declared. */
  texts({ name }: Pick<Table, 'name'>): readonly string[] {
    return [...this.of(name).values()].map(({ text }) => text);
  }

  /** The text of the row that has the key of another. */
  textLike({ name, key }: Table, row: Row): string | undefined {
    return this.of(name).get(JSON.stringify(key.map((column) => row[column])))?.text;
  }

  count({ name }: Pick<Table, 'name'>): number {
    return this.of(name).size;
  }

  private of(name: string) {
    const rows = this.tables.get(name) ?? new Map<string, { readonly row: object; readonly text: string }>();
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
          compared += 1;
          if (rows.length === fold.count(table) && rows.every((row) => textOf(columns, row) === fold.textLike(table, row))) continue;
          const [answered, folded] = [rows.map((row) => textOf(columns, row)), fold.texts(table)];
          const unlike = (one: readonly string[], other: readonly string[]) => one.filter((text) => !other.includes(text)).slice(0, 3);
          differences.push({ position, table: table.name, folded: unlike(folded, answered), answered: unlike(answered, folded) });
        }
      });
    }
  }
  return { differences: differences.slice(0, 10), compared };
}
