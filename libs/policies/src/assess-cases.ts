import { Problem } from '@app/kernel';
import { assess } from './assess.js';
import { type Assessment, type AssessmentRequest, type FactSource } from './assessment.js';
import { type Pack } from './pack.js';

/** One line of the answer to a cases file: the assessment under the case's id. */
export type CaseAnswer = { readonly id: string } & (
  | Omit<Assessment, 'pack' | 'clause' | 'on'>
  | { readonly outcome: 'invalid'; readonly reason: string; readonly input?: string; readonly trace: readonly [] }
);

/**
 * Answers worked cases `{id, pack, clause, on, facts, sources?, simulate?}` one by one, each a parsed line or its JSON text.
 * A malformed case gets the outcome `invalid` and a reason; it never stops the rest.
 */
export async function* assessCases(
  lines: AsyncIterable<unknown> | Iterable<unknown>,
  packOf: (id: string) => Pack | undefined,
): AsyncGenerator<CaseAnswer> {
  let number = 0;
  for await (const line of lines) {
    number += 1;
    yield answer(line, `line-${number}`, packOf);
  }
}

function answer(line: unknown, fallbackId: string, packOf: (id: string) => Pack | undefined): CaseAnswer {
  let id = fallbackId;
  try {
    const fields = record(typeof line === 'string' ? (JSON.parse(line) as unknown) : line, 'a case');
    if (typeof fields['id'] === 'string') id = fields['id'];
    const packId = text(fields, 'pack');
    const pack = packOf(packId);
    if (pack === undefined) throw new CaseFault('pack', `there is no pack ${packId}`);
    const { pack: _pack, clause: _clause, on: _on, ...rest } = assess(pack, text(fields, 'clause'), requestOf(fields));
    return { id, ...rest };
  } catch (error) {
    if (error instanceof CaseFault)
      return { id, outcome: 'invalid', reason: error.message, ...(error.field && { input: error.field }), trace: [] };
    if (error instanceof SyntaxError) return { id, outcome: 'invalid', reason: 'the line is not JSON', trace: [] };
    if (error instanceof Problem)
      return { id, outcome: 'invalid', reason: error.detail, ...(error.errors[0] && { input: error.errors[0].field }), trace: [] };
    throw error;
  }
}

class CaseFault extends Error {
  constructor(
    readonly field: string | undefined,
    message: string,
  ) {
    super(message);
  }
}

function requestOf(fields: Readonly<Record<string, unknown>>): AssessmentRequest {
  const { simulate, sources } = fields;
  if (simulate !== undefined && typeof simulate !== 'boolean') throw new CaseFault('simulate', 'simulate must be true or false');
  return {
    on: text(fields, 'on'),
    facts: record(fields['facts'], 'facts'),
    ...(sources === undefined ? {} : { sources: sourcesOf(record(sources, 'sources')) }),
    ...(simulate === undefined ? {} : { simulate }),
  };
}

function sourcesOf(sources: Readonly<Record<string, unknown>>): Record<string, FactSource> {
  return Object.fromEntries(Object.entries(sources).map(([input, source]) => [input, record(source, `sources.${input}`)]));
}

function text(fields: Readonly<Record<string, unknown>>, field: string): string {
  const value = fields[field];
  if (typeof value !== 'string') throw new CaseFault(field, `${field} must be a text`);
  return value;
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new CaseFault(what === 'a case' ? undefined : what, `${what} must be an object`);
  return value as Readonly<Record<string, unknown>>;
}
