import type { FastifyRequest } from 'fastify';
import { invalidField } from '@app/kernel';

/** A route asked for through another one, and what the other is told itself. */
export interface Asked<Own extends string> {
  /** Of the inner route, after `/v1/`. */
  readonly path: string;
  /** Of the inner route. */
  readonly query: URLSearchParams;
  readonly own: Readonly<Partial<Record<Own, string>>>;
}

const THROUGH_ITSELF = ['exports', 'differences'];

/**
 * What a request to `/v1/exports/…` or `/v1/differences/…` asks for. All pages are read, so `limit` and `cursor` make no sense.
 * @throws Problem `invalid-input` naming what is wrong.
 */
export function askedOf<Own extends string>(request: FastifyRequest, names: readonly Own[]): Asked<Own> {
  const [pathname = '', search = ''] = (request.raw.url ?? '').split(/\?(.*)/s);
  const path = pathname.split('/').slice(3).join('/');
  // As the server will read them: what is written otherwise is the same route, and a backslash would be a slash to it.
  const segments = path.split('/').map(decodeURIComponent);
  if (path.includes('\\') || segments.some((segment) => ['', '.', '..'].includes(segment)) || THROUGH_ITSELF.includes(segments[0] ?? ''))
    throw invalidField('path', 'route', 'name the route to be read as it stands after /v1/, such as awards');
  const query = new URLSearchParams(search);
  for (const name of ['limit', 'cursor']) if (query.has(name)) throw invalidField(name, 'whole', 'is left out here: every page is read');
  const own: Partial<Record<Own, string>> = {};
  for (const name of names) {
    const [value, ...more] = query.getAll(name);
    if (more.length > 0) throw invalidField(name, 'once', 'may be given once');
    if (value !== undefined) own[name] = value;
    query.delete(name);
  }
  query.delete('asOf');
  return { path, query, own };
}

/** One of some words. @throws Problem `invalid-input`. */
export function wordOf<Word extends string>(field: string, given: string | undefined, words: readonly Word[], fallback: Word): Word {
  if (given === undefined) return fallback;
  const word = words.find((one) => one === given);
  if (word === undefined) throw invalidField(field, 'one-of', `must be one of ${words.join(', ')}`);
  return word;
}
