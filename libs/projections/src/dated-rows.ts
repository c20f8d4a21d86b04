import { type AliasableExpression, sql } from 'kysely';
import type { Rows } from './projection.js';
import { type ColumnValue, type Table, table } from './table.js';

type Columns<R> = { readonly [C in keyof R]: ColumnValue };
type Key = readonly (string | number)[];

/** A row that says since which business day it has been as it is. */
export interface Since {
  readonly from_day: string;
}

/** What was true on the days from `from_day` until before `until_day`. */
export type Spell<R> = R & { readonly until_day: string };

/**
 * A table of what is true now, and beside it one of what was true before, by business day. Together they answer for any
 * day; who asks for the present reads `now` alone.
 */
export interface DatedTable<R extends Since & Columns<R>> {
  readonly now: Table<R>;
  /** `<name>_past`, by the key and the first day on which the row was no longer so: without gaps back to the first. */
  readonly past: Table<Spell<R>>;
  readonly cut: Cut<R>;
}

/**
 * Which past rows are cut at the end of every month, so that those true on a day are found among those that end within a
 * month of it, however long the past has grown: none, all, or some, where queries look for those alone.
 */
export type Cut<R> = 'none' | 'all' | ((row: R) => boolean);

export interface DatedOptions<R> {
  /** What queries look up in the past. */
  readonly indexes?: readonly (readonly ((keyof R & string) | 'until_day')[])[];
  readonly cut?: Cut<R>;
}

/** Adds its past to a table that has the column of `Since`. */
export function datedTable<R extends Since & Columns<R>>(
  now: Table<R>,
  { indexes = [], cut = 'none' }: DatedOptions<R> = {},
): DatedTable<R> {
  const { name, columns, key } = now as unknown as Table;
  const past = { name: `${name}_past`, columns: { ...columns, until_day: 'text' as const }, key: [...key, 'until_day'], indexes };
  return { now, past: table(past as unknown as Table<Spell<R>>), cut };
}

/**
 * Applies what happened to a row from the day on which it takes effect. Events come in the order of recording, and may
 * take effect earlier than what was recorded before them: then every later day sees both. So the row of a day is always
 * the fold, in the order of recording, of everything that had taken effect by then.
 *
 * `change` is given undefined for days on which there was no row yet; it may leave it at that.
 */
export function changeFrom<R extends Since & Columns<R>>(
  rows: Rows,
  dated: DatedTable<R>,
  key: Key,
  day: string,
  change: (row: R | undefined) => Omit<R, keyof Since> | undefined,
): void {
  const { now, past } = dated;
  const present = rows.get(now, ...key);
  const changed = change(present);
  if (changed === undefined) return;
  const since = present?.from_day ?? day;
  rows.put(now, { ...changed, from_day: day > since ? day : since } as R);
  if (present === undefined || day === since) return;
  if (day > since) return putPast(rows, dated, present, since, day);
  for (let until = since; until > day;) {
    const spell = rows.get(past, ...key, until);
    // Nothing was there before: what takes effect now is the beginning, where it is one.
    const from = spell?.from_day ?? day;
    const before = change(spell) ?? spell;
    if (spell !== undefined && from < day) rows.put(past, { ...spell, until_day: day });
    if (before !== undefined) putPast(rows, dated, before, from < day ? day : from, until);
    until = from;
  }
}

function putPast<R extends Since & Columns<R>>(
  rows: Rows,
  { past, cut }: DatedTable<R>,
  row: Omit<R, keyof Since>,
  from: string,
  until: string,
): void {
  const isCut = cut === 'all' || (cut !== 'none' && cut(row as R));
  for (let first = from; first < until;) {
    const next = isCut ? nextMonth(first) : until;
    const until_day = next < until ? next : until;
    rows.put(past, { ...row, from_day: first, until_day } as unknown as Spell<R>);
    first = until_day;
  }
}

/** The first day of the month after that of a day. */
export function nextMonth(day: string): string {
  const [year, month] = [Number(day.slice(0, 4)), Number(day.slice(5, 7))];
  return month === 12 ? `${String(year + 1)}-01-01` : `${String(year)}-${String(month + 1).padStart(2, '0')}-01`;
}

/**
 * The rows that were true on a day, to select from as from the table itself: `selectFrom(trueOn(dated, day).as('award'))`.
 * For one table, not for a join: conditions and order then reach the indexes of both parts, from a vantage too.
 */
export function trueOn<R extends Since & Columns<R>>({ now, past, cut }: DatedTable<R>, day: string): AliasableExpression<R> {
  const columns = sql.join(Object.keys(now.columns).map((column) => sql.ref(column)));
  const within = cut === 'all' ? sql` and "until_day" <= ${nextMonth(day)}` : sql``;
  return sql<R>`(select ${columns} from ${sql.table(now.name)} where "from_day" <= ${day}
    union all select ${columns} from ${sql.table(past.name)} where "until_day" > ${day}${within} and "from_day" <= ${day})`;
}
