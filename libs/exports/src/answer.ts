import { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { TABLE_TYPES } from '@app/sheets';
import type { InnerRefusal, Verdict } from './inner.js';

export const MEDIA_TYPES = { ...TABLE_TYPES, jsonl: 'application/jsonl; charset=utf-8', json: 'application/json; charset=utf-8' } as const;

const CHUNK_CHARACTERS = 64 * 1024;
const logger = new Logger('http');

/** Texts as a stream, in chunks; read no faster than it is taken. */
export function textStream(texts: AsyncIterable<string>): Readable {
  return Readable.from(chunks(texts), { objectMode: false });
}

async function* chunks(texts: AsyncIterable<string>): AsyncGenerator<Buffer> {
  let chunk = '';
  for await (const text of texts) {
    chunk += text;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield Buffer.from(chunk, 'utf8');
    chunk = '';
  }
  if (chunk !== '') yield Buffer.from(chunk, 'utf8');
}

/** An answer as it is sent. */
export interface Content {
  readonly content: Readable;
  /** It holds no item: the answer says so, as a file without lines might be taken for one that went wrong. */
  readonly isEmpty: boolean;
  readonly verdict?: Verdict;
}

/**
 * Sends a stream as the answer. Where it fails, the connection is cut, so that nobody takes a part for the whole; where the
 * reader leaves, it ends.
 */
export function sendStream(
  reply: FastifyReply,
  { content, isEmpty, verdict = {} }: Content,
  type: string,
  fileName: FileName | undefined,
): void {
  content.on('error', (error) => logger.error(`an answer was cut off: ${error.stack ?? error.message}`));
  void reply.type(type);
  if (isEmpty) void reply.header('ledger-empty', 'true');
  if (Object.keys(verdict).length > 0) void reply.header('ledger-verdict', JSON.stringify(verdict));
  if (fileName !== undefined) void reply.header('content-disposition', disposition(fileName));
  void reply.send(content);
}

/** Passes on what an inner route refused with. */
export function sendRefusal(reply: FastifyReply, { status, body }: InnerRefusal): void {
  void reply.code(status).type('application/problem+json; charset=utf-8').send(body);
}

/** What a file is called: in Chinese, and for those who cannot read that. */
export interface FileName {
  readonly chinese: string;
  readonly ascii: string;
}

/** A file of a list: what it is, the path it came from, the point it shows. */
export function fileName(title: string, path: string, points: string, format: string): FileName {
  return { chinese: `${title}-${points}.${format}`, ascii: `${path.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 60)}-${points}.${format}` };
}

function disposition({ chinese, ascii }: FileName): string {
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encodeURIComponent(chinese)}`;
}
