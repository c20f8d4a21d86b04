import { randomUUID } from 'node:crypto';
import { convertToCommandError } from '@eventstore/db-client';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import type { BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import unpacking from '@eventstore/db-client/dist/streams/appendToStream/unpackError.js';
import { NO_STREAM } from '../event-store.js';
import type { BatchCall, LedgerClient } from './client.js';
import { TimedOut } from './session.js';

/** An event on the wire: everything serialised before anything is sent. */
export interface WireEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export interface Written {
  readonly revision: number;
  /** Commit position of the last event; undefined when the server does not say, as for an append it had before. */
  readonly position: bigint | undefined;
}

interface Waiting {
  readonly stream: string;
  readonly resolve: (written: Written) => void;
  readonly reject: (error: unknown) => void;
}

/** One BatchAppend call and the answers awaited on it. Nothing here is shared with another call or another client. */
class Batches {
  private readonly waiting = new Map<string, Waiting>();
  private draining: { readonly over: Promise<void>; readonly end: () => void } | undefined;
  private failure: Error | undefined;

  constructor(private readonly call: BatchCall) {
    call
      .on('data', (response) => this.answered(response))
      .on('drain', () => this.drained())
      .on('error', (error) => this.fail(named(error)))
      .on('end', () => this.fail(Object.assign(new Error('the server ended the call'), { code: 14 })));
  }

  get usable(): boolean {
    return this.failure === undefined;
  }

  /** Late and doubled answers find nobody waiting and are dropped. */
  private answered(response: BatchAppendResp): void {
    const key = response.getCorrelationId()?.getString() ?? '';
    const waiting = this.waiting.get(key);
    if (waiting === undefined) return;
    this.waiting.delete(key);
    const success = response.getSuccess();
    if (success === undefined) {
      waiting.reject(errorIn(response.getError(), waiting.stream));
      return;
    }
    const position = success.getPosition()?.getCommitPosition();
    waiting.resolve({ revision: Number(success.getCurrentRevision()), position: position === undefined ? undefined : BigInt(position) });
  }

  private drained(): void {
    this.draining?.end();
    this.draining = undefined;
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.drained();
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  async send(stream: string, expectedRevision: number, events: readonly WireEvent[], limitMs: number): Promise<Written> {
    // A server that reads slowly is waited for, not buried.
    while (this.draining !== undefined) await this.draining.over;
    if (this.failure !== undefined) throw this.failure;
    const key = randomUUID();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        // When this process was busy itself, the answer may be waiting at the door: it is let in first.
        setImmediate(() => {
          if (this.waiting.delete(key)) reject(new TimedOut());
        });
      }, limitMs);
      const settled =
        <Value>(settle: (value: Value) => void) =>
        (value: Value) => {
          clearTimeout(timer);
          settle(value);
        };
      this.waiting.set(key, { stream, resolve: settled(resolve), reject: settled(reject) });
      if (this.call.write(requestOf(key, stream, expectedRevision, events)) || this.draining !== undefined) return;
      let end = () => {};
      const over = new Promise<void>((ended) => (end = ended));
      this.draining = { over, end };
    });
  }
}

/** Sends appends over one BatchAppend call at a time, and over a new one when that has failed or the client has changed. */
export class BatchWriter {
  private client: LedgerClient | undefined;
  private opening: Promise<Batches> | undefined;

  /**
   * One append, once.
   * @throws TimedOut, or what the client or the server says; see `verdictOn`.
   */
  async send(
    client: LedgerClient,
    stream: string,
    expectedRevision: number,
    events: readonly WireEvent[],
    limitMs: number,
  ): Promise<Written> {
    return (await this.batches(client)).send(stream, expectedRevision, events, limitMs);
  }

  private async batches(client: LedgerClient): Promise<Batches> {
    for (;;) {
      if (this.client !== client) this.opening = undefined;
      this.client = client;
      const opening = (this.opening ??= client.openBatches().then((call) => new Batches(call)));
      try {
        const batches = await opening;
        if (batches.usable) return batches;
      } catch (error) {
        if (this.opening === opening) this.opening = undefined;
        throw error;
      }
      if (this.opening === opening) this.opening = undefined;
    }
  }
}

function requestOf(key: string, stream: string, expectedRevision: number, events: readonly WireEvent[]) {
  const options = new streamsPb.BatchAppendReq.Options();
  options.setStreamIdentifier(new sharedPb.StreamIdentifier().setStreamName(bytesOf(stream)));
  // No deadline: on this call it is a point of time on our clock, which the server compares with its own. It has a limit of
  // its own for writes, and we have ours for the answer.
  if (expectedRevision === NO_STREAM) options.setNoStream(new sharedPb.Empty());
  else options.setStreamPosition(String(expectedRevision));
  const request = new streamsPb.BatchAppendReq().setCorrelationId(new sharedPb.UUID().setString(key)).setOptions(options).setIsFinal(true);
  for (const { id, type, data, metadata } of events) {
    const message = new streamsPb.BatchAppendReq.ProposedMessage().setId(new sharedPb.UUID().setString(id));
    message.setData(data);
    message.setCustomMetadata(metadata);
    message.getMetadataMap().set('type', type).set('content-type', 'application/json');
    request.addProposedMessages(message);
  }
  return request;
}

/** A failed call names the leader, or the lack of rights, in its trailers: the client knows how to read them. */
function named(error: Error): Error {
  try {
    return convertToCommandError(error);
  } catch {
    return error;
  }
}

/** "Not ready" and "busy" come without details the client knows: they become its unknown error, or fail it. */
function errorIn(status: Status | undefined, stream: string): unknown {
  if (status === undefined) return Object.assign(new Error('the server answered nothing'), { code: 2 });
  try {
    return unpacking.unpackToCommandError(status, stream);
  } catch {
    return Object.assign(new Error('the server answered an error it did not explain'), { code: 2 });
  }
}

const encoder = new TextEncoder();
export const bytesOf = (text: string) => encoder.encode(text);
