/** The node behind a relay: what the relay is asked goes on to it, under the name its address gives. */
import { status as grpcStatus } from '@grpc/grpc-js';
import { EventStoreDBClient } from '@eventstore/db-client';
import featuresServices from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import streamsServices from '@eventstore/db-client/generated/streams_grpc_pb.js';

const TICKS_PER_MS = 10_000n;

const nameOf = (identifier) => Buffer.from(identifier.getStreamName_asU8()).toString('utf8');
const placeOf = (identifier, id) => `${nameOf(identifier)} ${id.getString()}`;

/** The leader of a node or cluster, which is found again when it changes. */
function connected(url) {
  const client = EventStoreDBClient.connectionString(`${url}${url.includes('?') ? '&' : '?'}nodePreference=leader`);
  const reconnect = client.handleError;
  // What is cancelled here says nothing about the connection; and it runs behind the back of whoever made the call.
  client.handleError = async (grpc, error) => {
    if (error.code !== grpcStatus.CANCELLED) await reconnect(grpc, error).catch(() => undefined);
  };
  return client;
}

export class Upstream {
  #url;
  #now;
  #client;
  #batches;
  #recorded = new Map();

  /**
   * With `now`, a clock in milliseconds, every event that comes by here was recorded when that clock said: noted before it is
   * sent on, since it may be stored without an answer, and kept when it is sent again.
   */
  constructor(url, now) {
    this.#url = url;
    this.#now = now;
  }

  /** Sends one append on, in its parts; the answer to it as it comes. */
  async append(parts) {
    if (this.#now !== undefined) this.#note(parts);
    const { call, waiting } = await (this.#batches ??= this.#openBatches());
    return new Promise((resolve, reject) => {
      waiting.set(parts[0].getCorrelationId().getString(), { resolve, reject });
      for (const part of parts) call.write(part);
    });
  }

  #note(parts) {
    const created = String(BigInt(this.#now()) * TICKS_PER_MS);
    const stream = parts[0].getOptions().getStreamIdentifier();
    for (const event of parts.flatMap((part) => part.getProposedMessagesList())) {
      const place = placeOf(stream, event.getId());
      if (!this.#recorded.has(place)) this.#recorded.set(place, created);
    }
  }

  #openBatches() {
    const waiting = new Map();
    const fail = (error) => {
      if (this.#batches === opening) this.#batches = undefined;
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    };
    const opening = this.#open('batchAppend', (streams, ...options) => streams.batchAppend(...options)).then((call) => {
      call.on('data', (answer) => {
        const key = answer.getCorrelationId().getString();
        waiting.get(key)?.resolve(answer);
        waiting.delete(key);
      });
      call.on('error', fail);
      call.on('end', () => fail(new Error('the node has ended the call')));
      return { call, waiting };
    });
    opening.catch(fail);
    return opening;
  }

  /** What is answered to a read or a subscription, for as long as whoever made the call is there. */
  async *read(call) {
    const answers = await this.#open('read', (streams, ...options) => streams.read(call.request, ...options));
    const end = () => answers.cancel();
    call.on('cancelled', end);
    call.on('close', end);
    try {
      if (call.cancelled || call.destroyed) return;
      for await (const answer of answers) {
        const event = answer.getEvent()?.getEvent();
        const created = event && this.#recorded.get(placeOf(event.getStreamIdentifier(), event.getId()));
        if (created !== undefined) event.getMetadataMap().set('created', created);
        yield answer;
      }
    } finally {
      end();
    }
  }

  /** What it can do. */
  features() {
    const client = this.#connected;
    return client.execute(
      featuresServices.ServerFeaturesClient,
      'features',
      (features) =>
        new Promise((resolve, reject) => {
          features.getSupportedMethods(new sharedPb.Empty(), ...client.callArguments({}), (error, methods) =>
            error === null ? resolve(methods) : reject(error),
          );
        }),
    );
  }

  get #connected() {
    return (this.#client ??= connected(this.#url));
  }

  #open(name, make) {
    const client = this.#connected;
    const options = client.callArguments({ requiresLeader: true }, { deadline: Infinity });
    return client.GRPCStreamCreator(streamsServices.StreamsClient, name, (streams) => make(streams, ...options))();
  }

  /** Cancels every call, without waiting until the client has seen each of them end: now and then it never does. What was noted stays. */
  close() {
    this.#client?.dispose().catch(() => undefined);
    this.#client = undefined;
    this.#batches = undefined;
  }
}
