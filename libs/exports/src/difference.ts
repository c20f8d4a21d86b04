import { isList, isObject, isSame, type Json, type JsonObject } from './value.js';

/** One step to a value: a field, or the element of a list whose field `by` says `is`. */
export type Step = string | { readonly by: string; readonly is: string | number };

/** One value that is not what it was. Absent `before`: it was not there; absent `after`: it is there no more. */
export interface Change {
  readonly path: readonly Step[];
  readonly before?: Json;
  readonly after?: Json;
}

/** Fields that tell the elements of a list apart, the first that does so in both lists. */
const IDENTITIES = [
  'id',
  'revision',
  'position',
  'no',
  'line',
  'version',
  'case',
  'number',
  'factId',
  'clawback',
  'objection',
  'award',
  'account',
  'creditCode',
  'unit',
  'year',
];

/**
 * What has to be changed in one value to make it the other, field by field. A list of objects that keep their order is
 * compared element by element; any other list as a whole.
 */
export function changesBetween(before: Json | undefined, after: Json | undefined, path: readonly Step[] = []): readonly Change[] {
  if (isSame(before, after)) return [];
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => changesBetween(before[name], after[name], [...path, name]));
  }
  const by = isList(before) && isList(after) ? identityOf(before, after) : undefined;
  if (by === undefined) return [{ path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
  const [old, present] = [elements(before, by), elements(after, by)];
  return [...new Set([...old.keys(), ...present.keys()])].flatMap((is) =>
    changesBetween(old.get(is), present.get(is), [...path, { by, is }]),
  );
}

/** `state.instalments[no=1].status` */
export function pathText(path: readonly Step[]): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'string' ? (text === '' ? step : `${text}.${step}`) : `${text}[${step.by}=${step.is}]`),
    '',
  );
}

/** The field that tells the elements of both lists apart, where what is new stands at the end and nothing has changed places. */
function identityOf(before: readonly Json[], after: readonly Json[]): string | undefined {
  return IDENTITIES.find((name) => {
    const [old, present] = [identities(before, name), identities(after, name)];
    if (old === undefined || present === undefined) return false;
    const [wasThere, isThere] = [new Set(old), new Set(present)];
    const kept = old.filter((one) => isThere.has(one));
    const added = present.filter((one) => !wasThere.has(one));
    return [...kept, ...added].every((one, index) => one === present[index]);
  });
}

/** Undefined where an element has no such field, or two have the same. */
function identities(list: readonly Json[], name: string): readonly (string | number)[] | undefined {
  const found: (string | number)[] = [];
  for (const element of list) {
    const value = isObject(element) ? element[name] : undefined;
    if (typeof value !== 'string' && typeof value !== 'number') return undefined;
    found.push(value);
  }
  return new Set(found).size === found.length ? found : undefined;
}

function elements(list: Json | undefined, by: string): ReadonlyMap<string | number, Json> {
  return new Map((list as readonly JsonObject[]).map((element) => [element[by] as string | number, element]));
}
