import { Ajv, type ErrorObject } from 'ajv';
import { LineCounter, type Document, isNode, isScalar, parseDocument, visit } from 'yaml';
import { Problem, canonicalJson, contentHash } from '@app/kernel';
import { type PackFault, checkPack } from './check-pack.js';
import { type Pack } from './pack.js';
import { PACK_SCHEMA } from './pack.schema.js';

/** A fault with its place in the file a person edits. */
export interface LocatedFault extends PackFault {
  readonly file: string;
  readonly line?: number;
  readonly clause?: string;
}

/** Everything that is wrong with a pack, all at once. */
export class PackError extends Problem {
  constructor(
    file: string,
    readonly faults: readonly LocatedFault[],
  ) {
    super(
      'invalid',
      'pack-invalid',
      `${file} is not a valid pack:\n${faults.map(describe).join('\n')}`,
      faults.map((fault) => ({ field: fault.path.join('.'), rule: fault.code, message: describe(fault) })),
      { file },
    );
    this.name = 'PackError';
  }
}

function describe({ file, line, clause, path, message }: LocatedFault): string {
  const place = line === undefined ? file : `${file}:${line}`;
  return `${place}: ${clause === undefined ? '' : `clause ${clause}: `}${path.length === 0 ? '' : `${path.join('.')}: `}${message}`;
}

/** Nobody reads more, and finding the place of each costs as much as the pack is large. */
const MOST_FAULTS = 100;

const AJV = {
  // Making the code of the check smaller takes as long as all the rest of compiling it.
  code: { optimize: false },
  strict: true,
  discriminator: true,
  allowUnionTypes: true,
  strictTypes: false,
  strictRequired: false,
};
/** Compiled when the first pack is read: it takes a fifth of a second, which most programs that start never need. */
const isShaped = once(() => new Ajv(AJV).compile(PACK_SCHEMA));
const listFaults = once(() => new Ajv({ ...AJV, allErrors: true }).compile(PACK_SCHEMA));

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/**
 * Reads a pack from YAML and holds it against the schema, its own references and the source document.
 * `readSource` returns the text of a source file, or undefined when there is none of that name.
 * @throws PackError listing the faults with file, line and clause.
 */
export function parsePack(yamlText: string, fileName: string, readSource: (file: string) => string | undefined): Pack {
  const lineCounter = new LineCounter();
  const document = parseDocument(yamlText, { lineCounter, prettyErrors: false, merge: false, uniqueKeys: false });
  const syntax: readonly SyntaxFault[] = [...document.errors, ...document.warnings].map(({ message, pos }) => ({
    offset: pos[0],
    message,
  }));
  const unreadable = syntax.length > 0 ? syntax : beyondPlainData(document);
  if (unreadable.length > 0) {
    const at = (offset: number) => lineCounter.linePos(offset).line;
    throw packError(fileName, unreadable, ({ offset, message }) => ({ file: fileName, line: at(offset), path: [], code: 'yaml', message }));
  }
  const data: unknown = document.toJS();
  const locate = (fault: PackFault): LocatedFault => ({
    ...fault,
    file: fileName,
    ...placeOf(document, lineCounter, fault.path),
    ...clauseAt(data, fault.path),
  });
  const pack = shaped(data, fileName, locate);
  const source = readSource(pack.source.file);
  const faults =
    source === undefined
      ? [{ path: ['source', 'file'], code: 'source-missing', message: `there is no source file ${pack.source.file}` }]
      : checkPack(pack, source);
  if (faults.length > 0) throw packError(fileName, faults, locate);
  return normalised(pack);
}

/**
 * Takes back a pack stored in the ledger. The source file is not at hand, so quotes are not compared again: they were before publication.
 * @throws PackError when the stored data is not a valid pack.
 */
export function packFromCanonical(data: unknown): Pack {
  const name = 'stored pack';
  const locate = (fault: PackFault): LocatedFault => ({ ...fault, file: name, ...clauseAt(data, fault.path) });
  const pack = shaped(data, name, locate);
  const faults = checkPack(pack);
  if (faults.length > 0) throw packError(name, faults, locate);
  return normalised(pack);
}

/** The pack as the data to be stored in the publishing event. */
export function canonicalPack(pack: Pack): unknown {
  return JSON.parse(canonicalJson(pack));
}

/** The hash that names this very pack: of its canonical JSON. */
export function packHash(pack: Pack): string {
  return contentHash(pack);
}

interface SyntaxFault {
  readonly offset: number;
  readonly message: string;
}

/**
 * What YAML allows beside plain data: aliases, keys that are no texts and keys given twice. Found in one walk,
 * because the parser's own check compares every key of a map with every other.
 */
function beyondPlainData(document: Document): readonly SyntaxFault[] {
  const faults: SyntaxFault[] = [];
  const report = (node: unknown, message: string) => faults.push({ offset: (isNode(node) && node.range?.[0]) || 0, message });
  visit(document, {
    Alias: (_key, alias) => void report(alias, `a pack has no aliases: write out what *${alias.source} stands for`),
    Map: (_key, { items }) => {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) report(key, 'a key must be a text');
        else if (seen.has(String(key.value))) report(key, `the key ${String(key.value)} is given twice`);
        else seen.add(String(key.value));
      }
    },
  });
  return faults;
}

function shaped(data: unknown, file: string, locate: (fault: PackFault) => LocatedFault): Pack {
  const check = isShaped();
  if (check(data)) return data as unknown as Pack;
  const first = check.errors?.[0] as ErrorObject;
  // A list that is too long is refused as such: what is wrong with its thousands of entries is not looked for.
  const isTooLong = first.keyword === 'maxItems' || first.keyword === 'maxProperties';
  const checkAll = listFaults();
  if (!isTooLong) checkAll(data);
  const errors = isTooLong ? [first] : (checkAll.errors ?? []);
  throw packError(file, errors, (error) => locate(faultOf(error)));
}

function packError<Fault>(file: string, faults: readonly Fault[], locate: (fault: Fault) => LocatedFault): PackError {
  return new PackError(file, faults.slice(0, MOST_FAULTS).map(locate));
}

/** Keys in canonical order and frozen throughout, so that a pack from YAML and one from the ledger behave alike to the letter. */
function normalised(pack: Pack): Pack {
  return frozen(canonicalPack(pack) as Pack);
}

function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    for (const child of Object.values(value)) frozen(child);
    Object.freeze(value);
  }
  return value;
}

function faultOf(error: ErrorObject): PackFault {
  const path: (string | number)[] = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'additionalProperties':
      return { path: [...path, String(params['additionalProperty'])], code: 'unknown-field', message: 'there is no such field here' };
    case 'required':
      return { path, code: 'missing-field', message: `the field ${String(params['missingProperty'])} is missing` };
    case 'discriminator':
      return { path, code: 'unknown-kind', message: `${String(params['tag'])} names none of the known kinds` };
    case 'enum':
      return { path, code: 'schema', message: `must be one of ${(params['allowedValues'] as string[]).join(', ')}` };
    default:
      return { path, code: 'schema', message: error.message ?? error.keyword };
  }
}

function placeOf(document: Document, lineCounter: LineCounter, path: PackFault['path']): { line?: number } {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return { line: lineCounter.linePos(node.range[0]).line };
  }
  return {};
}

function clauseAt(data: unknown, [section, index]: PackFault['path']): { clause?: string } {
  if (section !== 'clauses' || typeof index !== 'number') return {};
  const id = (data as { clauses?: { id?: unknown }[] }).clauses?.[index]?.id;
  return typeof id === 'string' ? { clause: id } : {};
}
