import { Money } from '@app/kernel';
import { tableOf } from './output.js';
import { termOf } from './terms.js';

type Item = Readonly<Record<string, unknown>>;
interface Listed {
  readonly items: readonly Item[];
  readonly next?: string;
}

/** How a column is written: amounts as people write them, words by their terms, anything else by a function of the item. */
type Kind = 'yuan' | Readonly<Record<string, string>> | ((item: never) => string);
export type Column = readonly [heading: string, field: string, kind?: Kind];

/** Some columns of a list, under headings people use. */
export function list(columns: readonly Column[]): (answer: never) => string {
  return (answer) => {
    const { items, next } = answer as Listed;
    const table = rowsTable(columns, items);
    return next === undefined ? table : `${table}\n更多：--cursor ${next}`;
  };
}

/** The same for items that are at hand. */
export function rowsTable(columns: readonly Column[], items: readonly Item[]): string {
  if (items.length === 0) return '（无）';
  return tableOf(
    columns.map(([heading]) => heading),
    items.map((item) => columns.map(([, field, kind]) => cell(item, field, kind))),
  );
}

function cell(item: Item, field: string, kind: Kind | undefined): string {
  if (typeof kind === 'function') return kind(item as never);
  const value = item[field];
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (kind === 'yuan') return Money.parseSigned(text).toChinese();
  return kind === undefined ? text : termOf(kind, text);
}
