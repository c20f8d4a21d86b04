import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { Logger, StreamableFile } from '@nestjs/common';
import { type ProblemDocument, problemDocument } from '@app/http';

/** One line of a long answer: how far it is, something found, and in the end what it comes to. */
export type Line<Item, Summary> =
  { readonly progress: { readonly done: number; readonly total: number } } | { readonly item: Item } | { readonly summary: Summary };

/** Sends a line; resolves once the reader has room for more. @throws Gone when the reader has left. */
export type Emit<AnyLine> = (line: AnyLine) => Promise<void>;

/** The reader has left: what is being worked out for it ends. */
class Gone extends Error {}

/** Progress is told this often. */
const PROGRESS_MS = 200;
const MEDIA_TYPE = 'application/jsonl; charset=utf-8';
const logger = new Logger('http');

/**
 * A long answer as JSON Lines (one object a line), written while it is worked out. The work waits while the reader is slow
 * and ends when the reader leaves. Should it fail halfway, the last line holds the problem: `{"problem": {…}}`; an answer
 * whose last line is neither that nor a summary was cut off.
 * @param work runs in the context of the request, vantage included.
 * @param instance the path of the request, for the problem.
 */
export function jsonLines<AnyLine extends object>(work: (emit: Emit<AnyLine>) => Promise<void>, instance: string): StreamableFile {
  const stream = new PassThrough();
  const left = new AbortController();
  stream.once('close', () => left.abort());
  let told = 0;
  const emit = async (line: AnyLine | { readonly problem: ProblemDocument }): Promise<void> => {
    if (left.signal.aborted) throw new Gone();
    if ('progress' in line) {
      if (performance.now() - told < PROGRESS_MS) return;
      told = performance.now();
    }
    if (stream.write(`${JSON.stringify(line)}\n`)) return;
    await once(stream, 'drain', { signal: left.signal }).catch(() => {
      throw new Gone();
    });
  };
  const run = async () => {
    try {
      await work(emit);
    } catch (error) {
      if (error instanceof Gone) return;
      const problem = problemDocument(error, instance);
      if (problem.status >= 500) logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
      await emit({ problem });
    } finally {
      stream.end();
    }
  };
  run().catch(() => undefined);
  return new StreamableFile(stream, { type: MEDIA_TYPE });
}
