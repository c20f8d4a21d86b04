import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { PROBLEM_TITLES } from '@app/http';

const PROGRAMS = ['../libs', '../apps'].map((folder) => fileURLToPath(new URL(folder, import.meta.url)));
/** Where a problem is made: its code is the first text, or the second after the kind. */
const MADE = /\b(?:refused|invalid|forbidden|notFound|no)\(\s*'([a-z]+(?:-[a-z]+)+)'|new Problem\(\s*'[a-z-]+',\s*'([a-z-]+)'/g;
/** Codes of faults inside a pack file, which are told as part of `pack-invalid`. */
const PACK_FILES = /policies\/src\/(check-pack|load-pack)\.ts$/;

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (/\.ts$/.test(path) && !/\.(spec|fixture|conformance)\.ts$/.test(path) && !PACK_FILES.test(path)) yield path;
  }
}

describe('problem titles', () => {
  it('has Chinese words for every code the program can refuse with', () => {
    const codes = new Map<string, string>();
    for (const path of PROGRAMS.flatMap((folder) => [...sources(folder)])) {
      for (const [, first, second] of readFileSync(path, 'utf8').matchAll(MADE)) codes.set((first ?? second) as string, path);
    }
    expect(codes.size).toBeGreaterThan(90);
    const untitled = [...codes].filter(([code]) => !Object.hasOwn(PROBLEM_TITLES, code));
    expect(untitled).toEqual([]);
  });
});
