import type { Cell } from '@app/sheets';
import { headingOf, isInternal } from './fields.js';
import { cellOf, leavesOf, partOf, type Reading, readingWithin, textOf } from './flatten.js';
import { declarationOf, type ListDeclaration, readingOf } from './lists.js';
import type { Names } from './names.js';
import { isList, isObject, type Json, type JsonObject, rowsOf } from './value.js';

export const DISCLOSURE_FIELD = 'disclosure';
/** Heads the column for what no other column holds. */
const OTHERS = '其他';

type ListReading = Reading & Pick<Partial<ListDeclaration>, 'key' | 'each'>;

/** How what a route answers reads, with the names of policies; the ladder it was asked of is the one whose tiers it speaks of. */
export function readingAt(path: string, names: Names | undefined): ListReading {
  const { ladder } = namedIn(path, new URLSearchParams());
  return { ...readingOf(path), ...(names && { names }), ...(ladder !== undefined && { ladder: decodeURIComponent(ladder) }) };
}

/** The columns of a table that is written before all of its items are known. */
export class Columns {
  private readonly known: ReadonlySet<string>;

  private constructor(
    readonly paths: readonly string[],
    private readonly reading: Reading,
    /** Whether items may follow whose fields are not known yet: what they have beyond the columns stands in a last one. */
    private readonly hasOthers: boolean,
    /** The part of something else that the items are, by its name. */
    private readonly part: string | undefined,
  ) {
    this.known = new Set(paths);
  }

  /** All fields of the items, in the order they are met; what is of the office alone only where that may read it. */
  static of(
    items: Iterable<JsonObject>,
    reading: ListReading,
    options: { readonly isPublic: boolean; readonly mayFollow: boolean; readonly part?: string },
  ): Columns {
    const paths = new Set<string>();
    for (const item of items) for (const [path] of leavesOf(item)) paths.add(path);
    // Of an empty list, what tells its items apart and what is put into words: a reader sees what it would have held.
    if (paths.size === 0) for (const name of [...(reading.key ?? []), ...Object.keys(reading.terms ?? {})]) paths.add(name);
    const shown = [...paths].filter((path) => !(options.isPublic && isInternal(path, reading.fields)));
    // The class of disclosure stands last, after whatever a list has of its own.
    const ordered = shown.includes(DISCLOSURE_FIELD) ? [...shown.filter((path) => path !== DISCLOSURE_FIELD), DISCLOSURE_FIELD] : shown;
    return new Columns(ordered, reading, options.mayFollow && !options.isPublic, options.part);
  }

  get headings(): readonly string[] {
    const headings = this.paths.map((path) => headingOf(path, this.reading.fields, this.part));
    return this.hasOthers ? [...headings, OTHERS] : headings;
  }

  cells(item: JsonObject): readonly Cell[] {
    const leaves = new Map([...leavesOf(item)].map(([path, ...leaf]) => [path, leaf]));
    const reading = readingWithin(this.reading, item);
    const at = (path: string) => (this.part === undefined ? partOf(path, item) : `${this.part}.${partOf(path, item)}`);
    const cells = this.paths.map((path) => {
      const [value, within] = leaves.get(path) ?? [];
      return cellOf(at(path), value, reading, within);
    });
    if (!this.hasOthers) return cells;
    const others = [...leaves].filter(([path]) => !this.known.has(path));
    return [
      ...cells,
      others
        .map(([path, [value, within]]) => `${headingOf(path, this.reading.fields)}：${textOf(at(path), value, reading, within)}`)
        .join('；'),
    ];
  }
}

/** An item as the public may read it. */
export function publicPart(item: JsonObject, reading: Reading): JsonObject {
  const shown = (value: Json | undefined): Json | undefined => {
    if (isList(value)) return value.map((part) => shown(part) ?? null);
    return isObject(value) ? ofObject(value) : value;
  };
  const ofObject = (part: JsonObject): JsonObject =>
    Object.fromEntries(
      Object.entries(part)
        .filter(([name]) => !isInternal(name, reading.fields))
        .map(([name, value]) => [name, shown(value)]),
    );
  return ofObject(item);
}

/** The policy an item belongs to, as itself or what was asked for says. */
export function packOf(
  item: JsonObject,
  asked: { readonly pack?: string; readonly ladder?: string },
  packOfLadder: (ladder: string) => string | undefined,
): string | undefined {
  const text = (value: Json | undefined) => (typeof value === 'string' ? value : undefined);
  const within = (value: Json | undefined) => (isObject(value) ? text(value['pack']) : undefined);
  const ladder = text(item['ladder']) ?? asked.ladder;
  return (
    text(item['pack']) ??
    within(item['policy']) ??
    within(item['group']) ??
    within(item['clause']) ??
    // Awards and budget lines begin with the id of their policy.
    (text(item['award']) ?? text(item['budgetLine']))?.split('.')[0] ??
    asked.pack ??
    (ladder === undefined ? undefined : packOfLadder(ladder))
  );
}

/** The policy and the ladder that a path after `/v1/` and its query name. */
export function namedIn(path: string, query: URLSearchParams): { readonly pack?: string; readonly ladder?: string } {
  const [kind = '', first] = path.split('/');
  const pack = ['budgets', 'rosters', 'targets', 'target-tables', 'policies'].includes(kind) ? first : undefined;
  const named = query.get('pack') ?? pack;
  return {
    ...(named !== undefined && { pack: named }),
    ...(['ladders', 'tier-reviews'].includes(kind) && first !== undefined && { ladder: first }),
  };
}

/** What a list is called in a file. */
export function titleOf(path: string): string {
  return declarationOf(path)?.title ?? path.replaceAll('/', '-');
}

/**
 * The items of a list as people read them: columns that say something, under their headings. `path` is the route after `/v1/`;
 * `part` names the part of its answer that the items are, where they are not all of it.
 */
export function listTable(
  path: string,
  items: readonly JsonObject[],
  { names, part }: { readonly names?: Names; readonly part?: string } = {},
): { readonly headings: readonly string[]; readonly rows: readonly (readonly string[])[] } {
  const declaration = readingAt(path, names);
  const all = part === undefined ? items.flatMap((item) => rowsOf(item, declaration.each)) : items;
  const columns = Columns.of(all, declaration, { isPublic: false, mayFollow: false, ...(part !== undefined && { part }) });
  const rows = all.map((item) => columns.cells(item).map((cell) => cell?.toString() ?? ''));
  const shown = columns.headings.flatMap((_, at) => (rows.some((row) => row[at] !== '') ? [at] : []));
  return {
    headings: shown.map((at) => columns.headings[at] ?? ''),
    rows: rows.map((row) => shown.map((at) => row[at] ?? '')),
  };
}
