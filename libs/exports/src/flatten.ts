import { Money, officeTime } from '@app/kernel';
import type { Cell } from '@app/sheets';
import { type Field, fieldOf, headingIn, kindOfEvent, lastName } from './fields.js';
import { EVERYWHERE, eventTerm, termOf } from './terms.js';
import { isList, isObject, type Json, type JsonObject } from './value.js';

/** Terms for the words of a field, by its name. */
export type Terms = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface Reading {
  /** Fields that mean something else in this list. */
  readonly fields?: Readonly<Record<string, Field>>;
  readonly terms?: Terms;
}

/** Parts whose own fields differ from one item to the next: shown as text in one column. */
const AS_TEXT = new Set(['data', 'facts', 'restsOn', 'outlook', 'override']);

/** Fields that name a part with a title by its code. */
const CODES = new Set(['id', 'gate', 'tier']);

const isNamed = (part: JsonObject) => ['title', 'question', 'text'].some((name) => typeof part[name] === 'string');
/** Gates are told by their own titles, or by code alone where the part refers to them. */
const areCodes = (name: string, content: Json | undefined) =>
  name === 'gates' && isList(content) && content.every((one) => typeof one === 'string');

/** The single values of an item, by dotted path, in its order. A list counts as one value, and so does a part without a shape. */
export function* leavesOf(item: JsonObject, path = ''): Generator<readonly [string, Json]> {
  for (const [name, value] of Object.entries(item)) {
    if (value === undefined) continue;
    const at = path === '' ? name : `${path}.${name}`;
    if (isObject(value) && !AS_TEXT.has(name) && Object.keys(value).length > 0) yield* leavesOf(value, at);
    else yield [at, value];
  }
}

/** A value as it stands in a table: amounts exact, words by their terms, lists joined. */
export function cellOf(path: string, value: Json | undefined, reading: Reading = {}): Cell {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && fieldOf(path, reading.fields)?.kind === 'yuan') return amountOf(value);
  return textOf(path, value, reading);
}

/** A recorded instant, as answers write it. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** A value as people read it: instants by the clocks of the office. */
export function textOf(path: string, value: Json | undefined, reading: Reading = {}): string {
  const name = lastName(path);
  if (value === undefined || value === null) return '';
  if (typeof value === 'boolean') return value ? '是' : '否';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') {
    if (name === 'event' || name === 'judges') return value === 'all' ? '全部事件' : eventTerm(value);
    if (INSTANT.test(value) && !Number.isNaN(Date.parse(value))) return officeTime(new Date(value));
    return termOf(reading.terms?.[name] ?? EVERYWHERE[name] ?? {}, value);
  }
  if (isList(value)) {
    const parts = value.map((part) => textOf(path, part, reading)).filter((text) => text !== '');
    return parts.join(value.some((part) => typeof part === 'object' && part !== null) ? '；' : '、');
  }
  // What has a name for people is not told by its code as well.
  if (typeof value['label'] === 'string') return value['label'];
  return Object.entries(value)
    .filter(([part, content]) => !isNamed(value) || !(CODES.has(part) || areCodes(part, content)))
    .filter(([, part]) => part !== undefined && part !== null)
    .map(
      ([part, content]) =>
        `${headingIn(name, part, reading.fields)}：${optionText(value, content) ?? textOf(partOf(part, value), content, reading)}`,
    )
    .join('，');
}

/** The part a field stands for: what an event tells is a part of its kind, as its names may mean something else in each. */
export function partOf(path: string, { event }: JsonObject): string {
  return path === 'data' && typeof event === 'string' ? kindOfEvent(event) : path;
}

/** What an option says, where a part with options names one of them by its code. */
function optionText({ options }: JsonObject, named: Json | undefined): string | undefined {
  if (!isList(options)) return undefined;
  const option = options.find((one) => isObject(one) && one['id'] === named);
  return isObject(option) && typeof option['text'] === 'string' ? option['text'] : undefined;
}

function amountOf(text: string): Cell {
  return /^-?\d{1,13}(\.\d{1,2})?$/.test(text) ? Money.parseSigned(text) : text;
}
