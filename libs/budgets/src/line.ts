import { invalidField } from '@app/kernel';

/** What names a budget line (预算科目): the pack it pays for, its slug and its period, "2024" or "2021-2023". */
export interface LineRef {
  readonly pack: string;
  readonly line: string;
  readonly period: string;
}

/** The whole years a line covers; one year for a yearly line. */
export interface Years {
  readonly first: number;
  readonly last: number;
}

export const PACK_PATTERN = /^[a-z0-9-]{1,64}$/;
export const LINE_PATTERN = /^[a-z0-9-]{1,40}$/;
const PERIOD_PATTERN = /^\d{4}(-\d{4})?$/;
const STREAM_SHAPE = /^budget-([a-z0-9-]{1,64})\.([a-z0-9-]{1,40})\.(\d{4}(?:-\d{4})?)$/;

/** Plans of the longest kind run ten years; anything longer is a slip of the pen. */
const LONGEST_YEARS = 10;
const EARLIEST_YEAR = 1949;

/**
 * The years of a period.
 * @throws Problem `invalid-input` naming the field. A span of one year is refused: "2024-2024" would be a second name for "2024".
 */
export function yearsOf(period: string, field = 'period'): Years {
  const malformed = () =>
    invalidField(field, 'period', `must be a year such as "2024" or a span of 2 to ${LONGEST_YEARS} years such as "2021-2023"`);
  if (!PERIOD_PATTERN.test(period)) throw malformed();
  const first = Number(period.slice(0, 4));
  const last = period.length === 4 ? first : Number(period.slice(5));
  const spansWell = period.length === 4 || (last > first && last - first < LONGEST_YEARS);
  if (first < EARLIEST_YEAR || !spansWell) throw malformed();
  return { first, last };
}

/** The same rule as an answer, for those who check before they ask. */
export function isPeriod(value: unknown): boolean {
  try {
    return typeof value === 'string' && yearsOf(value).first > 0;
  } catch {
    return false;
  }
}

/** @throws Problem `invalid-input` naming the part that is not well formed. */
export function requireLine({ pack, line, period }: LineRef, field = ''): void {
  const at = (part: string) => (field === '' ? part : `${field}.${part}`);
  if (!PACK_PATTERN.test(pack)) throw invalidField(at('pack'), 'slug', 'must be 1 to 64 lower-case letters, digits and hyphens');
  if (!LINE_PATTERN.test(line)) throw invalidField(at('line'), 'slug', 'must be 1 to 40 lower-case letters, digits and hyphens');
  yearsOf(period, at('period'));
}

/** The stream of a line. @throws Problem `invalid-input` when the reference is not well formed. */
export function budgetStream(line: LineRef): string {
  requireLine(line);
  return `budget-${line.pack}.${line.line}.${line.period}`;
}

/** The line of a stream. @throws Error for a stream that is not a budget line's. */
export function lineOfStream(stream: string): LineRef {
  const match = STREAM_SHAPE.exec(stream);
  if (match === null) throw new Error(`not a budget stream: ${stream}`);
  const [, pack, line, period] = match as unknown as [string, string, string, string];
  return { pack, line, period };
}

/** The line that `<pack>.<line>.<period>` names. @throws Problem `invalid-input` naming the field. */
export function lineNamed(name: string, field: string): LineRef {
  const stream = `budget-${name}`;
  if (!STREAM_SHAPE.test(stream)) throw invalidField(field, 'budget-line', 'must be <pack>.<line>.<period>');
  const line = lineOfStream(stream);
  requireLine(line, field);
  return line;
}

export function isSameLine(one: LineRef, other: LineRef): boolean {
  return one.pack === other.pack && one.line === other.line && one.period === other.period;
}

/** Whether money from a line is its own earlier period's: the same pack and slug, before this one begins. */
export function isEarlierPeriod(earlier: LineRef, { pack, line, period }: LineRef): boolean {
  return earlier.pack === pack && earlier.line === line && yearsOf(earlier.period).last < yearsOf(period).first;
}

/** As people read it in a refusal. */
export function nameOf({ pack, line, period }: LineRef): string {
  return `${pack}.${line}.${period}`;
}
