import { type Change, changesBetween } from './difference.js';
import { type Json, type JsonObject, rowsOf } from './value.js';

/** One item that two points do not have in common, or not in the same state. */
export type ItemDifference =
  | { readonly change: 'added'; readonly key: JsonObject; readonly item: JsonObject }
  | { readonly change: 'removed'; readonly key: JsonObject; readonly item: JsonObject }
  | { readonly change: 'changed'; readonly key: JsonObject; readonly changes: readonly Change[] };

export interface Matching {
  readonly key?: readonly string[];
  readonly ordered?: true;
  readonly passing?: readonly string[];
  readonly each?: string;
}

type Pages = AsyncIterable<readonly JsonObject[]>;

/** A list without an order of its own is held in memory to find its items again. */
export const MOST_HELD = 100_000;

export class TooManyItems extends Error {}

/** What two states of a list differ in. In the order of the later one where the list has no order of its own; what was removed comes last then. */
export function listDifference(earlier: Pages, later: Pages, matching: Matching, mostHeld = MOST_HELD): AsyncGenerator<ItemDifference> {
  return matching.ordered === true ? merged(earlier, later, matching) : matched(earlier, later, matching, mostHeld);
}

/** Both lists come in the order of their key: one item of each is enough. */
async function* merged(earlier: Pages, later: Pages, matching: Matching): AsyncGenerator<ItemDifference> {
  const [field = ''] = matching.key ?? [];
  const [before, after] = [inOrder(earlier, field), inOrder(later, field)];
  try {
    let [old, present] = [await before.next(), await after.next()];
    while (old.done !== true || present.done !== true) {
      const order = old.done === true ? 1 : present.done === true ? -1 : compare(old.value[field], present.value[field]);
      if (order < 0) {
        yield { change: 'removed', ...identified(old.value as JsonObject, matching) };
        old = await before.next();
      } else if (order > 0) {
        yield { change: 'added', ...identified(present.value as JsonObject, matching) };
        present = await after.next();
      } else {
        yield* changed(old.value as JsonObject, present.value as JsonObject, matching);
        [old, present] = [await before.next(), await after.next()];
      }
    }
  } finally {
    await before.return(undefined);
    await after.return(undefined);
  }
}

async function* inOrder(pages: Pages, field: string): AsyncGenerator<JsonObject, undefined> {
  let last: Json | undefined;
  for await (const page of pages) {
    for (const item of page) {
      if (last !== undefined && compare(last, item[field]) >= 0) throw new Error(`the list is not in the order of ${field}`);
      last = item[field];
      yield item;
    }
  }
  return undefined;
}

/** As the database orders texts: by their bytes. */
function compare(one: Json | undefined, other: Json | undefined): number {
  const bytes = (value: Json | undefined) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value ?? null));
  return Buffer.compare(bytes(one), bytes(other));
}

async function* matched(earlier: Pages, later: Pages, matching: Matching, mostHeld: number): AsyncGenerator<ItemDifference> {
  const held = new Map<string, JsonObject>();
  for await (const [identity, item] of identities(earlier, matching)) {
    if (held.size === mostHeld) throw new TooManyItems();
    held.set(identity, item);
  }
  for await (const [identity, item] of identities(later, matching)) {
    const old = held.get(identity);
    held.delete(identity);
    if (old === undefined) yield { change: 'added', ...identified(item, matching) };
    else yield* changed(old, item, matching);
  }
  for (const item of held.values()) yield { change: 'removed', ...identified(item, matching) };
}

/** Items that say the same key are told apart by their number. */
async function* identities(pages: Pages, matching: Matching): AsyncGenerator<readonly [string, JsonObject]> {
  const seen = new Map<string, number>();
  for await (const page of pages) {
    for (const item of page.flatMap((one) => rowsOf(one, matching.each))) {
      const key = JSON.stringify(keyOf(item, matching));
      const count = (seen.get(key) ?? 0) + 1;
      seen.set(key, count);
      yield [`${count} ${key}`, item];
    }
  }
}

function* changed(before: JsonObject, after: JsonObject, matching: Matching): Generator<ItemDifference> {
  const changes = changesBetween(lasting(before, matching), lasting(after, matching));
  if (changes.length > 0) yield { change: 'changed', key: keyOf(after, matching), changes };
}

function identified(item: JsonObject, matching: Matching) {
  return { key: keyOf(item, matching), item };
}

/** Without figures that change by themselves. */
function lasting(item: JsonObject, { passing = [] }: Matching): JsonObject {
  return Object.fromEntries(Object.entries(item).filter(([name]) => !passing.includes(name)));
}

/** Of a list nobody has said the key of, all that an item says. */
function keyOf(item: JsonObject, matching: Matching): JsonObject {
  if (matching.key === undefined) return lasting(item, matching);
  return Object.fromEntries(matching.key.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])));
}
