import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { type CaseAnswer, assessCases, bundledPacks } from './index.js';

interface Case {
  readonly id: string;
  readonly expect: Readonly<Record<string, unknown>>;
  readonly why?: string;
}

const linesOf = (name: string): string[] =>
  readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
const packOf = (id: string) => bundledPacks().find((pack) => pack.id === id);

async function answersTo(lines: Iterable<unknown>): Promise<CaseAnswer[]> {
  const answers: CaseAnswer[] = [];
  for await (const answer of assessCases(lines, packOf)) answers.push(answer);
  return answers;
}

describe.each(['assessments.jsonl', 'boundary-cases.jsonl'])('%s', (file) => {
  const lines = linesOf(file);
  const cases = lines.map((line) => JSON.parse(line) as Case);

  it.each(cases.map((one, index) => [one.id, one.why ?? '', index] as const))('%s %s', async (id, _why, index) => {
    const [answer] = await answersTo([lines[index]]);
    expect(answer).toMatchObject({ id, ...cases[index]?.expect });
  });

  it('gives every case its own id', () => {
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
  });
});
