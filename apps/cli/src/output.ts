import Table from 'cli-table3';
import { listTable, namesOf, toldInAWord } from '@app/exports';
import { problemTitle } from '@app/http';
import { Problem } from '@app/kernel';
import { bundledPacks } from '@app/policies';
import { Refused } from './door.js';

/** Exit codes of the command line, part of its contract. */
export const EXIT = { done: 0, no: 1, usage: 2, unavailable: 3 } as const;

export const print = (text: string) => process.stdout.write(`${text}\n`);
export const note = (text: string) => process.stderr.write(`${text}\n`);

export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/** A table whose columns line up with Chinese text too. */
export function tableOf(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const table = new Table({ head: [...headings], style: { head: [], border: [] } });
  table.push(...rows.map((row) => row.map(String)));
  return table.toString();
}

/** What the policies that come with the program call what records name by code. */
export const NAMES = namesOf(bundledPacks);

/** Shows any answer to a person: a list as a table under its Chinese headings, an object field by field. `path` is the route after `/v1/`. */
export function show(answer: unknown, path = ''): string {
  const items = Array.isArray(answer) ? answer : (answer as { items?: unknown }).items;
  if (!Array.isArray(items)) return showPart(answer as Item, path);
  if (items.length === 0) return '（无）';
  const { next } = answer as { next?: string };
  const { headings, rows } = listTable(path, items as Items, { names: NAMES });
  const table = tableOf(headings, rows);
  return next === undefined ? table : `${table}\n更多：--cursor ${next}`;
}

type Items = Parameters<typeof listTable>[1];
type Item = Items[number];

/**
 * An object as people read it: what is said once stands in lines, and each list of parts in a table of its own below.
 * `part` names the part of the route's answer that it is, where it is not all of it.
 */
export function showPart(object: Item, path: string, part?: string): string {
  const options = { names: NAMES, ...(part !== undefined && { part }) };
  const entries = Object.entries(object);
  const { headings, rows } = listTable(path, [Object.fromEntries(entries.filter(([, value]) => !holdsParts(value)))], options);
  const lines = headings.map((heading, at) => `${heading}：${rows[0]?.[at] ?? ''}`);
  const below = entries.flatMap(([name, value]) => {
    if (!holdsParts(value)) return [];
    if (!Array.isArray(value)) return [showPart(value as Item, path, name)];
    const parts = listTable(path, value as Items, { names: NAMES, part: name });
    return [`${listTable(path, [{ [name]: '.' }], options).headings[0] ?? name}\n${tableOf(parts.headings, parts.rows)}`];
  });
  return [...(lines.length > 0 ? [lines.join('\n')] : []), ...below].join('\n');
}

const isPart = (value: unknown): value is Item => typeof value === 'object' && value !== null;

function holdsParts(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isPart);
  return isPart(value) && toldInAWord(value) === undefined && Object.values(value).some(holdsParts);
}

/** Says what went wrong and returns the exit code for it. */
export function explain(error: unknown, json: boolean): number {
  if (error instanceof Refused) {
    const { problem } = error;
    if (json) printJson(problem);
    else
      note(
        [
          `${problem.title}（${problem.code}）: ${problem.detail}`,
          ...(problem.errors ?? []).map(({ field, message }) => `  ${field}: ${message}`),
        ].join('\n'),
      );
    if (problem.status >= 500) return EXIT.unavailable;
    return [403, 404, 409, 412].includes(problem.status) ? EXIT.no : EXIT.usage;
  }
  if (error instanceof Problem) {
    if (json) printJson({ code: error.code, detail: error.detail, errors: error.errors });
    else note(`${problemTitle(error.code)}（${error.code}）: ${error.detail}`);
    if (error.kind === 'unavailable') return EXIT.unavailable;
    return error.kind === 'invalid' ? EXIT.usage : EXIT.no;
  }
  if (!(error instanceof Error)) note(String(error));
  else note(isOfTheMachine(error) ? error.message : (error.stack ?? error.message));
  return ['ENOENT', 'EACCES', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '') ? EXIT.usage : EXIT.unavailable;
}

/** What the system or SQLite refuses, such as a full disk: no fault of the program, whose stack would help. */
function isOfTheMachine({ code }: NodeJS.ErrnoException): boolean {
  return code !== undefined && /^(E[A-Z0-9]+|SQLITE_\w+)$/.test(code);
}
