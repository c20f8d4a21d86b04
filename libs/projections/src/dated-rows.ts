import { type AliasableExpression, type Kysely, sql } from 'kysely';
import type { Rows } from './projection.js';
import { type ColumnValue, type Table, table } from './table.js';

type Columns<R> = { readonly [C in keyof R]: ColumnValue };
type Key = readonly (string | number)[];

/** A row that knows its business days. */
export interface Since {
  /** Since when it has been as it is. */
  readonly from_day: string;
  /** Since when there has been a row under its key. */
  readonly first_day: string;
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
  /** The columns that never change under a key: queries find them by the indexes of `now`. */
  readonly fixed: readonly (keyof R & string)[];
  /** Which past rows are cut at the end of every month, so that those true on a day are found among those that end within a month of it. */
  readonly isCutByMonth: (row: R) => boolean;
}

export interface DatedOptions<R> {
  readonly fixed?: readonly (keyof R & string)[];
  /** What queries look up in the past. */
  readonly indexes?: readonly (readonly ((keyof R & string) | 'until_day')[])[];
  readonly isCutByMonth?: (row: R) => boolean;
}

/** Adds its past to a table that has the columns of `Since`. */
export function datedTable<R extends Since & Columns<R>>(
  now: Table<R>,
  { fixed = [], indexes = [], isCutByMonth = () => false }: DatedOptions<R> = {},
): DatedTable<R> {
  const { name, columns, key } = now as unknown as Table;
  const past = { name: `${name}_past`, columns: { ...columns, until_day: 'text' as const }, key: [...key, 'until_day'], indexes };
  return { now, past: table(past as unknown as Table<Spell<R>>), fixed: [...now.key, ...fixed, 'first_day'], isCutByMonth };
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
  if (present === undefined) return rows.put(now, { ...changed, from_day: day, first_day: day } as R);
  const { from_day: since, first_day: first } = present;
  if (day > since) putPast(rows, dated, present, since, day);
  for (let until = since; until > day && until > first;) {
    const spell = rows.get(past, ...key, until);
    if (spell === undefined) throw new Error(`${past.name} has a gap before ${until} under ${key.join(' ')}`);
    const from = spell.from_day;
    if (from < day) rows.put(past, { ...spell, until_day: day });
    putPast(rows, dated, change(spell) ?? spell, from < day ? day : from, until);
    until = from;
  }
  const earliest = day < first ? change(undefined) : undefined;
  if (earliest !== undefined) putPast(rows, dated, earliest, day, first);
  const from_day = day > since ? day : since;
  rows.put(now, { ...changed, from_day, first_day: earliest === undefined ? first : day } as R);
}

function putPast<R extends Since & Columns<R>>(
  rows: Rows,
  { past, isCutByMonth }: DatedTable<R>,
  row: Omit<R, keyof Since>,
  from: string,
  until: string,
): void {
  const isCut = isCutByMonth(row as R);
  for (let first = from; first < until;) {
    const next = isCut ? nextMonth(first) : until;
    const until_day = next < until ? next : until;
    // Where a row is not the latest its first day is not read: the latest has it for all.
    rows.put(past, { ...row, from_day: first, first_day: '', until_day } as unknown as Spell<R>);
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
 * One search a key, however often its row has changed.
 */
export function trueOn<R extends Since & Columns<R>>({ now, past, fixed }: DatedTable<R>, day: string): AliasableExpression<R> {
  const column = (name: string) =>
    (fixed as readonly string[]).includes(name)
      ? sql.ref(`now.${name}`)
      : sql`iif("now"."from_day" <= ${day}, ${sql.ref(`now.${name}`)}, ${sql.ref(`past.${name}`)}) as ${sql.ref(name)}`;
  const sameKey = (name: string) =>
    sql.join(
      now.key.map((part) => sql`${sql.ref(`${name}.${part}`)} = ${sql.ref(`now.${part}`)}`),
      sql` and `,
    );
  return sql<R>`(select ${sql.join(Object.keys(now.columns).map(column))} from ${sql.table(now.name)} as "now"
    left join ${sql.table(past.name)} as "past" on "now"."from_day" > ${day} and ${sameKey('past')} and "past"."until_day" =
      (select min("later"."until_day") from ${sql.table(past.name)} as "later" where ${sameKey('later')} and "later"."until_day" > ${day})
    where "now"."first_day" <= ${day} and ("now"."from_day" <= ${day} or "past"."from_day" <= ${day}))`;
}

/** Up to so many keys a list is made of those alone that began by the day, rather than of a walk over all of them. */
const FEW = 2_000;

/** Whether so few rows began by a day that a list had better look for those alone; needs an index on `first_day`. */
export async function areFewOn<R extends Since & Columns<R>>(
  { now }: DatedTable<R>,
  day: string,
  queries: Kysely<never>,
): Promise<boolean> {
  const { rows } = await sql<{ count: number }>`select count(*) as "count" from
    (select 1 from ${sql.table(now.name)} where "first_day" <= ${day} limit ${FEW + 1})`.execute(queries);
  return (rows[0]?.count ?? 0) <= FEW;
}
