import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { lookingFrom, type Vantage } from '@app/event-store';
import { type FieldError, invalidField } from '@app/kernel';
import { declarationOf } from './lists.js';
import { isList, isObject, type Json, type JsonObject } from './value.js';

/** Items a request asks for. */
const PAGE = 500;
const JSON_LINES = 'application/jsonl';

/** What a route was asked, in whose name and from where it is looked. */
export interface Question {
  /** After `/v1/`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  readonly vantage: Vantage;
  /** Of a question that is asked by POST. */
  readonly body?: JsonObject;
}

/** What an answer says yes or no to beside its list, such as whether the books balance. */
export type Verdict = Readonly<Record<string, boolean>>;

/** What a route answers: a list, read page by page as it is asked for, or one object. */
export type InnerAnswer =
  | { readonly kind: 'list'; readonly pages: AsyncIterable<readonly JsonObject[]>; readonly verdict: Verdict }
  | { readonly kind: 'object'; readonly object: JsonObject };

/** A route has refused; its answer is passed on as it came. */
export class InnerRefusal extends Error {
  constructor(
    readonly status: number,
    readonly body: string,
  ) {
    super(`a route answered ${status}: ${body.slice(0, 500)}`);
  }

  get isNotFound(): boolean {
    return this.status === 404 && !this.body.includes('"route-not-found"');
  }

  /** What is wrong with a field of the request, where the refusal says so. */
  faultOf(field: string): FieldError | undefined {
    if (this.status !== 400) return undefined;
    const { errors } = JSON.parse(this.body) as { errors?: readonly FieldError[] };
    return errors?.find((error) => error.field === field);
  }
}

interface Raw {
  readonly contentType: string;
  readonly content: Readable;
}

/**
 * Reads the ledger's own routes, in the name of whoever asks and from one vantage: access, validation, filters and time
 * travel hold by themselves, and every page of a list is read from the same point.
 */
@Injectable()
export class InnerRoutes {
  constructor(private readonly host: HttpAdapterHost) {}

  /** @throws InnerRefusal when the route refuses. Pages that are read later may refuse as well. */
  async ask(question: Question): Promise<InnerAnswer> {
    const { at = 'items' } = declarationOf(question.path) ?? {};
    const raw = await this.firstPage(question);
    if (raw.contentType.startsWith(JSON_LINES)) return { kind: 'list', pages: itemsOfLines(raw.content), verdict: {} };
    if (!raw.contentType.startsWith('application/json')) throw invalidField('path', 'list', 'this route answers with a file of its own');
    const first = JSON.parse((await buffer(raw.content)).toString('utf8')) as Json;
    if (isList(first) || isList((first as JsonObject)[at]))
      return { kind: 'list', pages: this.pages(question, first as JsonObject, at), verdict: verdictOf(first) };
    return { kind: 'object', object: first as JsonObject };
  }

  /** Lists that have no pages refuse to be asked for one. */
  private async firstPage(question: Question): Promise<Raw> {
    try {
      return await this.get(question, { limit: String(PAGE) });
    } catch (error) {
      if (error instanceof InnerRefusal && error.faultOf('limit') !== undefined) return this.get(question, {});
      throw error;
    }
  }

  private async *pages(question: Question, first: JsonObject | readonly JsonObject[], at: string): AsyncGenerator<readonly JsonObject[]> {
    const { nextIn = 'cursor' } = declarationOf(question.path) ?? {};
    for (let page = first; ;) {
      yield isList(page) ? page : (page[at] as readonly JsonObject[]);
      const next = isObject(page) ? page['next'] : undefined;
      if (typeof next !== 'string') return;
      const { content } = await this.get(question, { limit: String(PAGE), [nextIn]: next });
      page = JSON.parse((await buffer(content)).toString('utf8')) as JsonObject;
    }
  }

  private async get({ path, query, authorization, vantage, body }: Question, more: Readonly<Record<string, string>>): Promise<Raw> {
    const asked = new URLSearchParams(query);
    for (const [name, value] of Object.entries(more)) asked.set(name, value);
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    // Awaited inside: an injected request sets off when somebody waits for it.
    const response = await lookingFrom(vantage, async () => {
      const answer = await fastify.inject({
        method: body === undefined ? 'GET' : 'POST',
        url: `/v1/${path}?${asked.toString()}`,
        ...(body !== undefined && { payload: body }),
        headers: authorization === undefined ? {} : { authorization },
        payloadAsStream: true,
      });
      return answer;
    });
    if (response.statusCode >= 400) throw new InnerRefusal(response.statusCode, (await buffer(response.stream())).toString('utf8'));
    return { contentType: String(response.headers['content-type'] ?? ''), content: response.stream() };
  }
}

function verdictOf(answer: Json): Verdict {
  if (!isObject(answer)) return {};
  return Object.fromEntries(Object.entries(answer).filter((entry): entry is [string, boolean] => typeof entry[1] === 'boolean'));
}

/** The items of an answer that comes as JSON Lines; one that is cut off, or tells of a problem, fails. */
async function* itemsOfLines(content: Readable): AsyncGenerator<readonly JsonObject[]> {
  let isWhole = false;
  for await (const text of createInterface({ input: content, crlfDelay: Infinity })) {
    if (text === '') continue;
    const line = JSON.parse(text) as JsonObject;
    const { problem } = line;
    if (isObject(problem)) throw new InnerRefusal(Number(problem['status']), JSON.stringify(problem));
    if (isObject(line['item'])) yield [line['item']];
    isWhole = line['summary'] !== undefined;
  }
  if (!isWhole) throw new Error('an answer that was to be read was cut off');
}
