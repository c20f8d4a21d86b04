import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Door } from './door.js';
import { readLong } from './long-answer.js';

const VIEW = { headings: ['名称'], row: (item: string) => [item], summary: (summary: number) => `共 ${summary}` };
const CALL = { method: 'GET', path: '/', token: '' } as const;

/** A door that answers with these pieces of text. */
function door(...pieces: readonly (string | Error)[]): Door {
  async function* content() {
    for (const piece of pieces) {
      if (piece instanceof Error) throw piece;
      yield Buffer.from(piece);
    }
  }
  const never = () => Promise.reject(new Error('not asked for'));
  const stream = () => Promise.resolve({ status: 200, contentType: 'application/jsonl', headers: {}, content: Readable.from(content()) });
  return { call: never, stream, close: () => Promise.resolve() };
}

describe('a long answer read on the command line', () => {
  let out = '';
  let err = '';
  const before = process.exitCode;
  beforeEach(() => {
    [out, err] = ['', ''];
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true));
  });
  afterEach(() => {
    jest.restoreAllMocks();
    process.exitCode = before;
  });

  const whole = ['{"progress":{"done":1,"total":2}}\n{"item":"第', '一项"}\n{"item":"第二项"}\n', '{"summary":2}\n'];

  it('shows items as a table and the summary after it', async () => {
    expect(await readLong<string, number>(door(...whole), CALL, false, VIEW)).toBe(2);
    for (const words of ['名称', '第一项', '第二项', '共 2\n']) expect(out).toContain(words);
    expect(process.exitCode).toBe(before);
  });

  it('prints the lines of items and summary as they are with --json, and no progress', async () => {
    await readLong<string, number>(door(...whole), CALL, true, VIEW);
    expect(out).toBe('{"item":"第一项"}\n{"item":"第二项"}\n{"summary":2}\n');
  });

  it('exits with 3 when the ledger failed halfway, whatever the kind of problem', async () => {
    const problem = { title: '读模型正在构建', code: 'read-model-rebuilding', detail: 'later', status: 409 };
    const answer = await readLong<string, number>(door('{"item":"第一项"}\n', `${JSON.stringify({ problem })}\n`), CALL, false, VIEW);
    expect([answer, process.exitCode]).toEqual([undefined, 3]);
    expect(err).toContain('read-model-rebuilding');
  });

  it.each([
    ['breaks off', door('{"item":"第一项"}\n', new Error('terminated'))],
    ['has no end', door('{"item":"第一项"}\n')],
    ['ends within a line', door('{"item":"第一项"}\n{"summ')],
  ])('is not taken for the whole when it %s', async (_how, broken) => {
    await expect(readLong<string, number>(broken, CALL, false, VIEW)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'answer-cut-off',
    });
  });
});
