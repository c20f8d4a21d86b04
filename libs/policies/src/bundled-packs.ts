import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { type CatalogueRow, parseCatalogue } from './coverage.js';
import { parsePack } from './load-pack.js';
import { type Pack } from './pack.js';

// The build copies both folders beside the compiled sources, so the same relative path holds in src and in dist.
const PACKS = new URL('../packs/', import.meta.url);
const SOURCES = new URL('../sources/', import.meta.url);
const SUFFIX = '.yaml';

/** The text of a bundled source document; undefined when there is none of that name. */
export function readBundledSource(file: string): string | undefined {
  if (!/^[\w.-]+\.txt$/.test(file)) return undefined;
  const place = new URL(file, SOURCES);
  return existsSync(place) ? readFileSync(place, 'utf8') : undefined;
}

/** The ids of the bundled packs: each stands in a file of its name. */
export function bundledPackIds(): readonly string[] {
  const names = readdirSync(PACKS).filter((name) => name.endsWith(SUFFIX));
  return names.map((name) => name.slice(0, -SUFFIX.length)).sort();
}

/** The YAML text of every bundled pack, by file name. */
export function bundledPackFiles(): ReadonlyMap<string, string> {
  const names = bundledPackIds().map((id) => `${id}${SUFFIX}`);
  return new Map(names.map((name) => [name, readFileSync(new URL(name, PACKS), 'utf8')]));
}

/** The catalogue of every rule in the bundled documents. */
export function bundledCatalogue(): readonly CatalogueRow[] {
  return parseCatalogue(readFileSync(new URL('catalogue.tsv', PACKS), 'utf8'));
}

let loaded: readonly Pack[] | undefined;

/**
 * The packs that come with the program, validated and their quotes held against the sources. Read once.
 * @throws PackError when one of them is faulty.
 */
export function bundledPacks(): readonly Pack[] {
  loaded ??= Object.freeze([...bundledPackFiles()].map(([name, text]) => parsePack(text, name, readBundledSource)));
  return loaded;
}
