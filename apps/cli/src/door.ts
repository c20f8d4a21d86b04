import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { EVENT_STORE, type EventStore } from '@app/event-store';
import type { ProblemDocument } from '@app/http';
import { invalidField, Problem } from '@app/kernel';
import { Subscriptions } from '@app/projections';
import { createLedger, type Ledger, type LedgerOptions } from '../../api/src/create-ledger.js';
import { DataFolder } from '../../api/src/data-folder.js';

export interface Call {
  readonly method: 'GET' | 'POST';
  /** Path with its query string. */
  readonly path: string;
  readonly body?: unknown;
  /** Sent as it is, instead of a body. */
  readonly file?: { readonly contentType: string; readonly content: Buffer };
  readonly token: string;
  /** Identity of a command; a fresh one when left out. */
  readonly idempotencyKey?: string;
  readonly ifMatch?: string;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly content: Buffer;
}

/** An answer that is read while it comes. Its content fails where the answer breaks off. */
export interface StreamedAnswer {
  readonly status: number;
  readonly contentType: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly content: Readable;
}

/** The one way the command line reaches a ledger: its HTTP routes, over the network or inside this process. */
export interface Door {
  call(call: Call): Promise<Answer>;
  /** For answers too long to hold. */
  stream(call: Call): Promise<StreamedAnswer>;
  close(): Promise<void>;
}

/** Thrown for every answer that is not a success. */
export class Refused extends Error {
  constructor(readonly problem: ProblemDocument) {
    super(problem.detail);
  }
}

/** The parsed JSON of a successful answer. @throws Refused with the problem document otherwise. */
export async function ask<Result>(door: Door, call: Call): Promise<Result> {
  const { status, content } = await door.call(call);
  if (status >= 400) throw new Refused(problemIn(content, status));
  return JSON.parse(content.toString('utf8')) as Result;
}

/** The problem document of an answer; what is none, such as a proxy's page, is reported as it came. */
export function problemIn(content: Buffer, status: number): ProblemDocument {
  const text = content.toString('utf8');
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem === 'object' && problem !== null && 'code' in problem && 'detail' in problem) return problem as ProblemDocument;
  } catch {
    // falls through
  }
  return { type: 'about:blank', title: 'no problem document', status, code: `http-${status}`, detail: text.slice(0, 300), instance: '' };
}

function headersOf({ method, body, file, token, idempotencyKey, ifMatch }: Call): Record<string, string> {
  return {
    authorization: `Bearer ${token}`,
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(file !== undefined && { 'content-type': file.contentType }),
    ...(method === 'POST' && { 'idempotency-key': idempotencyKey ?? randomUUID() }),
    ...(ifMatch !== undefined && { 'if-match': `"${ifMatch}"` }),
  };
}

/** A ledger served elsewhere. @throws Problem `invalid-input` naming `--server`, without repeating what may hold a password. */
export function serverDoor(address: string): Door {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw invalidField('--server', 'address', 'must be http://host:port or https://host:port, without a user: --token says who asks');
  const { origin } = url;
  async function ask(call: Call): Promise<Response> {
    try {
      return await fetch(new URL(call.path, url), {
        method: call.method,
        headers: headersOf(call),
        ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
        ...(call.file !== undefined && { body: new Uint8Array(call.file.content) }),
      });
    } catch (error) {
      throw new Problem('unavailable', 'server-unreachable', `no ledger answers at ${origin} (${(error as Error).message})`);
    }
  }
  return {
    async call(call) {
      const response = await ask(call);
      return {
        status: response.status,
        contentType: response.headers.get('content-type') ?? '',
        content: Buffer.from(await response.arrayBuffer()),
      };
    },
    async stream(call) {
      const { status, headers, body } = await ask(call);
      const content = body === null ? Readable.from([]) : Readable.fromWeb(body);
      return { status, contentType: headers.get('content-type') ?? '', headers: Object.fromEntries(headers), content };
    },
    close: async () => undefined,
  };
}

/** A ledger opened in this process; queries see everything written before them. */
export function ledgerDoor(ledger: Ledger): Door {
  const fastify = ledger.app.getHttpAdapter().getInstance();
  const store = ledger.app.get<EventStore>(EVENT_STORE);
  const subscriptions = ledger.app.get(Subscriptions);
  async function asked(call: Call) {
    // How an import or a read model gets on stands in no read model, and these may be far behind.
    if (call.method === 'GET' && !/^\/(health|metrics|v1\/(imports|subscribers))\b/.test(call.path)) {
      const building = subscriptions.status().filter(({ state }) => state === 'building');
      if (building.length > 0) process.stderr.write('读模型正在构建，请稍候 …\n');
      await Promise.all(building.map(({ name }) => subscriptions.caughtUp(name)));
      await subscriptions.atLeast(await store.head());
    }
    return {
      method: call.method,
      url: call.path,
      headers: headersOf(call),
      ...(call.body !== undefined && { payload: JSON.stringify(call.body) }),
      ...(call.file !== undefined && { payload: call.file.content }),
    };
  }
  return {
    async call(call) {
      const response = await fastify.inject(await asked(call));
      return { status: response.statusCode, contentType: String(response.headers['content-type'] ?? ''), content: response.rawPayload };
    },
    async stream(call) {
      const response = await fastify.inject({ ...(await asked(call)), payloadAsStream: true });
      const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
      return { status: response.statusCode, contentType: headers['content-type'] ?? '', headers, content: response.stream() };
    },
    async close() {
      await subscriptions.settled();
      await ledger.close();
    },
  };
}

/**
 * The door to a data folder: opens the ledger in this process, or goes through the server that is already working on it.
 * @throws Problem `data-folder-in-use` when something other than a reachable server holds the folder.
 */
export async function openDoor(dataFolder: string, options: Omit<LedgerOptions, 'dataFolder' | 'logger'>): Promise<Door> {
  try {
    return ledgerDoor(await createLedger({ ...options, dataFolder, logger: false }));
  } catch (error) {
    const url = new DataFolder(dataFolder).announced();
    if (error instanceof Problem && error.code === 'data-folder-in-use' && url !== undefined) return serverDoor(url);
    throw error;
  }
}
