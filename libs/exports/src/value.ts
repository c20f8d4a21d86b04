/** What an answer of the ledger is made of. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Whether two values say the same; fields that are absent and fields that are `undefined` are one. */
export function isSame(one: Json | undefined, other: Json | undefined): boolean {
  if (isList(one) && isList(other)) return one.length === other.length && one.every((part, index) => isSame(part, other[index]));
  if (isObject(one) && isObject(other))
    return [...new Set([...Object.keys(one), ...Object.keys(other)])].every((name) => isSame(one[name], other[name]));
  return one === other;
}

/** One row for every element of a list inside an item, beside the item's other fields. */
export function rowsOf(item: JsonObject, each: string | undefined): readonly JsonObject[] {
  if (each === undefined) return [item];
  const { [each]: inner, ...rest } = item;
  return isList(inner) ? inner.filter(isObject).map((element) => ({ ...rest, ...element })) : [item];
}
