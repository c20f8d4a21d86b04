import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { PayloadTooLargeException, UnsupportedMediaTypeException } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '@app/kernel';
import { MAX_FILE_BYTES } from './sheet/sheet.js';
import { SHEET_TYPES } from './sheet/open-sheet.js';

/**
 * Lets files through to the handler unread, on every route: the handler, behind the checks of token and role, is the
 * first to read them. Other routes find no body and refuse what they miss.
 */
export function acceptSheets(fastify: FastifyInstance): void {
  for (const type of Object.values(SHEET_TYPES)) {
    if (fastify.hasContentTypeParser(type)) continue;
    fastify.addContentTypeParser(type, (_request, _payload, done) => done(null, undefined));
  }
}

/**
 * Writes a request's file to disk as it comes in, and says how large it is and what its hash is.
 * @throws UnsupportedMediaTypeException, PayloadTooLargeException; Problem `import-no-room`.
 */
export async function receive(request: FastifyRequest, file: () => Promise<FileHandle>) {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (!Object.values(SHEET_TYPES).some((known) => known === type))
    throw new UnsupportedMediaTypeException(`send the file as ${Object.values(SHEET_TYPES).join(' or ')}`);
  if (Number(request.headers['content-length'] ?? 0) > MAX_FILE_BYTES) throw tooLarge();
  const handle = await file().catch(roomFor);
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of request.raw.iterator({ destroyOnReturn: false })) {
      const piece = chunk as Buffer;
      bytes += piece.length;
      if (bytes > MAX_FILE_BYTES) throw tooLarge();
      hash.update(piece);
      await handle.write(piece);
    }
  } catch (error) {
    await handle.close();
    return roomFor(error);
  }
  return { file: handle, bytes, sha256: hash.digest('hex') };
}

const tooLarge = () => new PayloadTooLargeException(`a file may have at most ${MAX_FILE_BYTES / 1024 / 1024} MB`);

/** The disk for files that come in may be full; whatever else went wrong stays what it is. */
function roomFor(error: unknown): never {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  if (code === 'ENOSPC' || code === 'EDQUOT')
    throw new Problem('unavailable', 'import-no-room', 'there is no room for the file just now; try again later');
  throw error;
}
