import { Money } from '@app/kernel';
import type { Cell } from '@app/sheets';
import { type Field, fieldOf, headingOf } from './fields.js';
import { ACHIEVED, eventTerm, LISTING_CLASS, SEVERITY, SUBJECT, termOf } from './terms.js';
import { isList, isObject, type Json, type JsonObject } from './value.js';

/** Terms for the words of a field, by its name. */
export type Terms = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface Reading {
  /** Fields that mean something else in this list. */
  readonly fields?: Readonly<Record<string, Field>>;
  readonly terms?: Terms;
}

const DISCLOSURE = { public: '公开', 'on-request': '依申请公开', internal: '内部', draft: '草案', unstated: '未载明' };
const EVERYWHERE: Terms = { achieved: ACHIEVED, disclosure: DISCLOSURE, listingClass: LISTING_CLASS, severity: SEVERITY, subject: SUBJECT };

/** Parts whose own fields differ from one item to the next: shown as text in one column. */
const AS_TEXT = new Set(['data', 'facts', 'restsOn', 'outlook', 'override']);

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

/** A value as people read it. */
export function textOf(path: string, value: Json | undefined, reading: Reading = {}): string {
  const name = path.slice(path.lastIndexOf('.') + 1);
  if (value === undefined || value === null) return '';
  if (typeof value === 'boolean') return value ? '是' : '否';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') {
    if (name === 'event' || name === 'judges') return eventTerm(value);
    return termOf(reading.terms?.[name] ?? EVERYWHERE[name] ?? {}, value);
  }
  if (isList(value)) {
    const parts = value.map((part) => textOf(path, part, reading)).filter((text) => text !== '');
    return parts.join(value.some((part) => typeof part === 'object' && part !== null) ? '；' : '、');
  }
  return Object.entries(value)
    .filter(([, part]) => part !== undefined && part !== null)
    .map(([part, content]) => `${headingOf(part, reading.fields)}：${textOf(part, content, reading)}`)
    .join('，');
}

function amountOf(text: string): Cell {
  return /^-?\d{1,13}(\.\d{1,2})?$/.test(text) ? Money.parseSigned(text) : text;
}
