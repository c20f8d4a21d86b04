import { Money, officeTime } from '@app/kernel';
import { PROBLEM_TITLES } from '@app/http';
import type { Cell } from '@app/sheets';
import { type Field, fieldOf, headingIn, kindOfEvent, lastName } from './fields.js';
import type { Names } from './names.js';
import { eventTerm, figureTerm, refusalText, termIn, type Terms } from './terms.js';
import { isList, isObject, type Json, type JsonObject } from './value.js';

export interface Reading {
  /** Fields that mean something else in this list. */
  readonly fields?: Readonly<Record<string, Field>>;
  /** Terms for the words of a field, by its name, or by that of the part it stands in and its own. */
  readonly terms?: Terms;
  /** What policies call what is named by code. */
  readonly names?: Names;
  /** The ladder whose tiers are spoken of. */
  readonly ladder?: string;
  /** The fact by whose words amounts or tiers are told apart. */
  readonly by?: string;
}

/** Parts whose own fields differ from one item to the next: shown as text in one column. */
const AS_TEXT = new Set(['data', 'facts', 'restsOn', 'outlook', 'override']);

/** Parts whose fields are facts, by their names. */
const BY_FACT = new Set(['facts', 'sources', 'inputs']);
/** Parts whose fields are the words of the fact by which something is told apart. */
const BY_WORD = new Set(['amounts', 'places']);
const YES_NO: Readonly<Record<string, string>> = { true: '是', false: '否' };
/** What may be a code that policies give a name: no day and no amount. */
const CODE = /^[a-z][\w.-]*$/i;
/** Of `facts.rd.expenditure`, the fact. */
const VALUE_OF_FACT = /(?:^|\.)(?:facts|sources|inputs)\.(.+)$/;
/** Fields that name facts, or one. */
const NAMING_FACTS = new Set(['input', 'needs', 'missing', 'unknown', 'base', 'by']);
/** Parts whose `name` is that of a fact. */
const WITH_FACT_NAME = new Set(['facts', 'fact-recorded', 'record']);
/** Parts whose `title` is the code of a 称号. */
const WITH_TITLE_CODE = new Set(['titles', 'title-awarded', 'title-withdrawn', 'shape', 'fulfilledBy']);

/** Parts that say by which rule something was refused, in the codes of the ledger's problems. */
const REFUSALS = new Set(['bar', 'dropped', 'failedGrant', 'failure', 'refused', 'award-grant-failed', 'tier-decision-failed']);

/** Fields that name a part with a title by its code. */
const CODES = new Set(['id', 'gate', 'tier']);

const isNamed = (part: JsonObject) => ['title', 'question', 'text'].some((name) => typeof part[name] === 'string');
/** Gates are told by their own titles, or by code alone where the part refers to them. */
const areCodes = (name: string, content: Json | undefined) =>
  name === 'gates' && isList(content) && content.every((one) => typeof one === 'string');

/**
 * The single values of an item, by dotted path, in its order, each with the part it is a field of. A list counts as one value,
 * and so does a part without a shape.
 */
export function* leavesOf(item: JsonObject, path = ''): Generator<readonly [path: string, value: Json, within: JsonObject]> {
  for (const [name, value] of Object.entries(item)) {
    if (value === undefined) continue;
    const at = path === '' ? name : `${path}.${name}`;
    if (isObject(value) && !AS_TEXT.has(name) && toldInAWord(value) === undefined && Object.keys(value).length > 0)
      yield* leavesOf(value, at);
    else yield [at, value, item];
  }
}

/** The words for people that a part has of its own, and that say all of it: it is not told field by field. */
export function toldInAWord(part: JsonObject): string | undefined {
  const { label, step, text, title, inputs, clauses } = part;
  // What has a name for people is not told by its code as well.
  if (typeof label === 'string' && part['type'] === undefined) return label;
  // A step of an assessment is a sentence.
  if (typeof step === 'string' && typeof text === 'string') return text;
  // A whole policy.
  if (typeof title === 'string' && isObject(inputs) && isList(clauses)) return `《${title}》`;
  return undefined;
}

/** A value as it stands in a table: amounts exact, words by their terms, lists joined. */
export function cellOf(path: string, value: Json | undefined, reading: Reading = {}, within?: JsonObject): Cell {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && fieldOf(path, reading.fields)?.kind === 'yuan') return amountOf(value);
  return textOf(path, value, reading, within);
}

/** A recorded instant, as answers write it. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** A value as people read it: instants by the clocks of the office. `within`: the part it is a field of, whose other fields may say what it is. */
export function textOf(path: string, value: Json | undefined, reading: Reading = {}, within: JsonObject = {}): string {
  const name = lastName(path);
  if (value === undefined || value === null) return '';
  if (typeof value === 'boolean') return value ? '是' : '否';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string')
    return INSTANT.test(value) && !Number.isNaN(Date.parse(value)) ? officeTime(new Date(value)) : wordOf(path, value, reading, within);
  if (isList(value)) {
    const parts = value.map((part) => textOf(path, part, reading, within)).filter((text) => text !== '');
    return parts.join(value.some((part) => typeof part === 'object' && part !== null) ? '；' : '、');
  }
  const told = toldInAWord(value);
  if (told !== undefined) return told + sinceThen(name, value, reading);
  const inside = readingWithin(reading, value);
  return Object.entries(value)
    .filter(([part, content]) => !isNamed(value) || !(CODES.has(part) || areCodes(part, content)))
    .filter(([, part]) => part !== undefined && part !== null)
    .flatMap(([part, content]) => {
      const text = optionText(value, content) ?? textOf(`${name}.${partOf(part, value)}`, content, inside, value);
      return text === '' ? [] : [`${headingOfPart(name, part, reading)}：${text}`];
    })
    .join('，');
}

/** What a named value was, and what it is by now, where a part says either. */
function sinceThen(name: string, { then, now, input }: JsonObject, reading: Reading): string {
  const said = Object.entries({ then, now }).flatMap(([at, value]) =>
    value === undefined
      ? []
      : [`${headingIn(name, at, reading.fields)}：${textOf('value', value, reading, input === undefined ? {} : { input })}`],
  );
  return said.length === 0 ? '' : `（${said.join('，')}）`;
}

/** What a field of a part is headed there; a fact, or one of its words, by what policies call it. */
export function headingOfPart(part: string | undefined, name: string, { fields, names, by }: Reading): string {
  if (part !== undefined && BY_FACT.has(part)) return names?.fact(name)?.label ?? headingIn(part, name, fields);
  if (part !== undefined && BY_WORD.has(part))
    return (by === undefined ? undefined : names?.fact(by)?.words?.[name]) ?? YES_NO[name] ?? name;
  return headingIn(part, name, fields);
}

/** How the fields of a part read: the ladder it names is the one whose tiers it speaks of, and so with the fact it goes by. */
export function readingWithin(reading: Reading, { ladder, by }: JsonObject): Reading {
  if (typeof ladder !== 'string' && typeof by !== 'string') return reading;
  return { ...reading, ...(typeof ladder === 'string' && { ladder }), ...(typeof by === 'string' && { by }) };
}

/** A word as people read it: by its term, by the name that policies give a code, or else as it is. */
function wordOf(path: string, word: string, { terms = {}, names, ladder }: Reading, within: JsonObject): string {
  const [name = '', part = ''] = path.split('.').reverse();
  if (name === 'event' || name === 'judges') return word === 'all' ? '全部事件' : eventTerm(word);
  if (name === 'change' && word.startsWith('tier-')) return eventTerm(word);
  if (name === 'figure') return figureTerm(word);
  // What a refused grant leaves as an award's remark is what the refusal said.
  if (name === 'detail' || name === 'remark') return refusalText(word);
  if (name === 'code' && REFUSALS.has(part)) return PROBLEM_TITLES[word] ?? word;
  const term = termIn(terms, part, name, word);
  if (term !== undefined) return term;
  if (names === undefined || !CODE.test(word)) return word;
  const [, ofFact] = VALUE_OF_FACT.exec(path) ?? [];
  const said = ofFact === undefined ? undefined : names.fact(ofFact)?.words?.[word];
  if (said !== undefined) return said;
  if (name === 'missing' && part === 'refused') return names.clearance(word) ?? names.tier(word, ladder) ?? word;
  if (NAMING_FACTS.has(name)) return names.fact(word)?.label ?? word;
  if (name === 'name' && WITH_FACT_NAME.has(part)) return withCode(names.fact(word)?.label, word);
  if (['value', 'equals', 'in'].includes(name)) {
    const fact = within['input'] ?? within['name'];
    return (typeof fact === 'string' ? names.fact(fact)?.words?.[word] : undefined) ?? word;
  }
  if (name === 'gate' || name === 'gates' || (name === 'failed' && part === 'assessment')) return names.gate(word) ?? word;
  if (name === 'clearance' || name === 'clearances') return withCode(names.clearance(word), word);
  if ((name === 'title' && WITH_TITLE_CODE.has(part)) || name === 'fromTitle') return withCode(names.title(word), word);
  // Where its name stands beside it, the code is all there is to say.
  const isTier = (['tier', 'place', 'from', 'to'].includes(name) || part === 'places') && within[`${name}Title`] === undefined;
  if (isTier) return withCode(names.tier(word, ladder), word);
  return word;
}

/** What people call a thing, and the code by which the ledger is asked for it. */
const withCode = (name: string | undefined, code: string) => (name === undefined ? code : `${name}（${code}）`);

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
