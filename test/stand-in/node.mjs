/**
 * A node that speaks EventStoreDB's wire protocol (Streams, ServerFeatures, Gossip), for tests of the adapter.
 * It holds our reading of the server, not the server: the same suites also run against a real node. In front of one it is a
 * relay, which adds what no real node can be asked for: faults, and the clock of a test.
 *
 * Where servers differ it takes the harsher side: a position that is no record's is an error, and the answer to a
 * repeated append names no position. Faults are injected one call at a time, see `node.d.mts`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Metadata, Server, ServerCredentials, status as grpcStatus } from '@grpc/grpc-js';
import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import gossipPb from '@eventstore/db-client/generated/gossip_pb.js';
import featuresServices from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import featuresPb from '@eventstore/db-client/generated/serverfeatures_pb.js';
import gossipServices from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import statusPb from '@eventstore/db-client/generated/status_pb.js';
import streamsServices from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import { Access } from './access.mjs';
import { listenOn, reservePort, stopListening } from './in-process.mjs';
import { DELETED, NO_STREAM, StandInLog } from './log.mjs';
import { Upstream } from './upstream.mjs';

const { StreamsService } = streamsServices;
const { AppendResp, BatchAppendResp, DeleteResp, ReadResp, TombstoneResp } = streamsPb;
const MAX_APPEND_BYTES = 1024 * 1024;
const DEFAULT_SEARCH_WINDOW = 32;

/** An event is put into its bytes once, however often it is read. */
const STREAMS = {
  ...StreamsService,
  read: {
    ...StreamsService.read,
    responseSerialize: (answer) => (Buffer.isBuffer(answer) ? answer : StreamsService.read.responseSerialize(answer)),
  },
};
const wires = new WeakMap();
function wireOf(event) {
  let wire = wires.get(event);
  if (wire === undefined) wires.set(event, (wire = StreamsService.read.responseSerialize(readEvent(event))));
  return wire;
}

const text = (bytes) => Buffer.from(bytes).toString('utf8');
const idOf = (uuid) => uuid.getString();
const uuidOf = (id) => new sharedPb.UUID().setString(id);
const streamOf = (holder) => text(holder.getStreamIdentifier().getStreamName_asU8());
const identifierOf = (name) => new sharedPb.StreamIdentifier().setStreamName(new Uint8Array(Buffer.from(name)));

/** What an append, delete or tombstone expects, as the wire says it: a number, 'any' or 'exists'. */
function expectedOf(options, position) {
  if (options.hasAny()) return 'any';
  if (options.hasNoStream()) return NO_STREAM;
  if (options.hasStreamExists()) return 'exists';
  return Number(options[position]());
}

function proposedOf(message) {
  const map = message.getMetadataMap();
  return {
    id: idOf(message.getId()),
    type: map.get('type'),
    contentType: map.get('content-type'),
    data: Buffer.from(message.getData_asU8()),
    metadata: Buffer.from(message.getCustomMetadata_asU8()),
  };
}

/** An error as the server puts it into the trailers of a call. */
function serviceError({ code = grpcStatus.UNKNOWN, exception, details = exception ?? 'refused', trailers = {} }) {
  const metadata = new Metadata();
  if (exception !== undefined) metadata.set('exception', exception);
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, String(value));
  return Object.assign(new Error(details), { code, details, metadata });
}

/** Without a certificate everybody is let in; with an authority for users only those who have a certificate of it. */
function credentialsOf(tls) {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const { certificate, key, userAuthority } = tls;
  const own = { cert_chain: Buffer.from(certificate), private_key: Buffer.from(key) };
  return ServerCredentials.createSsl(userAuthority === undefined ? null : Buffer.from(userAuthority), [own], userAuthority !== undefined);
}

const unavailable = () => serviceError({ code: grpcStatus.UNAVAILABLE, details: 'the node went away' });

/** An error of the node behind a relay, as it is told to whoever called: he is not to follow another leader past the relay. */
const passedOn = (error) => (Number.isInteger(error.code) && error.metadata?.get('exception')[0] !== 'not-leader' ? error : unavailable());

export class StandInNode {
  #server;
  #log;
  #ownsLog;
  #file;
  #now;
  #tls;
  #access;
  #upstream;
  #leader;
  #faults = [];
  #held = [];
  #waking;
  #calls = new Set();
  #batches = new Set();
  #reading = true;
  #isInProcess;
  port;
  version = '26.0.3';
  /** The other nodes of its cluster, as it knows them. */
  peers = [];
  /** How far this node's clock is ahead: an append whose deadline has passed by it is refused, and its answers are dated by it. */
  clockAheadMs = 0;
  /** Events sent to readers and subscribers so far. */
  delivered = 0;
  /** Calls seen so far, by name. */
  seen = { append: 0, batchAppend: 0, read: 0, subscribe: 0, delete: 0, tombstone: 0, features: 0, gossip: 0 };

  constructor(options = {}) {
    this.#file = options.file;
    this.#now = options.now;
    this.#log = options.log;
    this.#ownsLog = options.log === undefined;
    this.#tls = options.tls;
    if (options.upstream !== undefined) this.#upstream = new Upstream(options.upstream, options.now);
    if (options.users !== undefined) this.#access = new Access(() => this.#log, options.users);
    this.#isInProcess = options.inProcess === true;
    this.port = options.port ?? (this.#isInProcess ? reservePort() : 0);
  }

  static async start(options) {
    const node = new StandInNode(options);
    await node.listen();
    return node;
  }

  get url() {
    return this.#tls === undefined ? `esdb://127.0.0.1:${this.port}?tls=false` : `esdb://${this.#host}:${this.port}`;
  }

  /** Certificates are for names: an address in their place would be against the rules of TLS. */
  get #host() {
    return this.#tls === undefined ? '127.0.0.1' : 'localhost';
  }

  get log() {
    return this.#log;
  }

  async listen() {
    if (this.#upstream === undefined) this.#log ??= new StandInLog(this.#file, { now: this.#now });
    this.#server = new Server({ 'grpc.max_receive_message_length': 17 * 1024 * 1024 });
    this.#server.addService(STREAMS, {
      batchAppend: (call) => this.#batchAppend(call),
      read: (call) => void this.#read(call),
      // No ledger makes these calls: a relay does not have them.
      ...(this.#upstream === undefined && {
        append: (call, answer) => this.#append(call, answer),
        delete: (call, answer) => this.#remove('delete', call, answer),
        tombstone: (call, answer) => this.#remove('tombstone', call, answer),
      }),
    });
    this.#server.addService(featuresServices.ServerFeaturesService, {
      getSupportedMethods: (call, answer) => this.#features(call, answer),
    });
    this.#server.addService(gossipServices.GossipService, { read: (call, answer) => this.#gossip(call, answer) });
    const credentials = credentialsOf(this.#tls);
    if (this.#isInProcess) {
      const injector = this.#server.createConnectionInjector(credentials);
      listenOn(this.port, (connection) => injector.injectConnection(connection));
      return;
    }
    this.port = await new Promise((resolve, reject) =>
      this.#server.bindAsync(`127.0.0.1:${this.port}`, credentials, (error, port) => (error ? reject(error) : resolve(port))),
    );
  }

  /** Cuts every connection; what was appended stays. */
  async stop() {
    this.unmute();
    if (this.#isInProcess) stopListening(this.port);
    this.#server?.forceShutdown();
    this.#server = undefined;
    this.#calls.clear();
    this.#upstream?.close();
    if (this.#ownsLog) this.#log?.close();
  }

  /** The same node again after a crash: the same port, its data read back from the file. */
  async restart(downMs = 0) {
    await this.stop();
    if (this.#ownsLog && this.#file !== undefined) this.#log = undefined;
    if (downMs > 0) await sleep(downMs);
    await this.listen();
  }

  /** From now on this node follows another, which leads: it has what that had at this moment, and hears of nothing later. */
  follow(leader) {
    // A log they share is the leader's alone from now on.
    leader.#ownsLog ||= this.#ownsLog;
    this.#ownsLog = false;
    this.#leader = leader;
    this.#log = leader.#log.copy();
  }

  inject(...faults) {
    this.#faults.push(...faults.map((fault) => ({ times: 1, ...fault })));
  }

  /** Reads and subscriptions that nobody has ended. */
  get openReads() {
    return [...this.#calls].filter((call) => call.request !== undefined).length;
  }

  /** Faults that have not happened yet. */
  get pending() {
    return this.#faults.length;
  }

  /** Lets the calls go on that a fault has held. */
  release() {
    for (const release of this.#held.splice(0)) release();
  }

  /** Forgets the faults that have not happened yet. */
  calm() {
    this.#faults.length = 0;
  }

  /** From now on no call is answered; what arrives waits. */
  mute() {
    if (this.#waking === undefined) {
      let wake;
      const woken = new Promise((resolve) => (wake = resolve));
      this.#waking = { woken, wake };
    }
  }

  unmute() {
    this.#waking?.wake();
    this.#waking = undefined;
  }

  /** From now on no batched append is read: what is sent fills the connection, and then waits with whoever sends it. */
  stopReading() {
    this.#reading = false;
    for (const call of this.#batches) call.pause();
  }

  goOnReading() {
    this.#reading = true;
    for (const call of this.#batches) call.resume();
  }

  async #awake() {
    while (this.#waking !== undefined) await this.#waking.woken;
  }

  /** The next fault for a call, if one is waiting. `stream` narrows it to calls on streams that begin so. */
  #take(on, stream = '') {
    const index = this.#faults.findIndex((fault) => fault.on === on && stream.startsWith(fault.stream ?? ''));
    if (index < 0) return { kind: 'none' };
    const fault = this.#faults[index];
    fault.times -= 1;
    if (fault.times <= 0) this.#faults.splice(index, 1);
    return fault;
  }

  /** Where a call goes that asks for the leader of a node that follows, as an error. */
  #elsewhere(call) {
    if (this.#leader === undefined || String(call.metadata.get('requires-leader')[0]).toLowerCase() !== 'true') return undefined;
    const trailers = { 'leader-endpoint-host': this.#leader.#host, 'leader-endpoint-port': this.#leader.port };
    return serviceError({ code: grpcStatus.NOT_FOUND, exception: 'not-leader', trailers });
  }

  /** Why whoever makes a call may not, as an error; `right` to a stream is what it takes. */
  #objection(call, right, stream) {
    const elsewhere = this.#elsewhere(call);
    if (elsewhere !== undefined) return elsewhere;
    if (this.#access === undefined) return undefined;
    const roles = this.#access.rolesOf(call.metadata);
    if (roles === undefined) return serviceError({ code: grpcStatus.UNAUTHENTICATED, details: 'who are you' });
    if (right === undefined || this.#access.permits(roles, right, stream)) return undefined;
    return serviceError({ code: grpcStatus.PERMISSION_DENIED, exception: 'access-denied' });
  }

  // Writing

  /** Stores an append, or says why not. Idempotent by event ids, as the server is. Whoever follows sends it on. */
  #store(stream, expected, events) {
    const log = (this.#leader ?? this).#log;
    const current = log.lastRevision(stream);
    if (log.isTombstoned(stream)) return { refusal: 'deleted' };
    const size = events.reduce((sum, { type, data, metadata }) => sum + type.length * 2 + data.length + metadata.length, 0);
    if (size > MAX_APPEND_BYTES) return { refusal: 'too-large' };
    const whole = log.whole(stream);
    const standsAt = (first) => events.every(({ id }, index) => whole[first + index]?.id === id);
    const repeat = (first) => ({ revision: first + events.length - 1 });
    if (expected === 'any' || expected === 'exists') {
      const first = whole.findIndex(({ id }) => id === events[0].id);
      if (first >= 0 && standsAt(first)) return repeat(first);
      if (expected === 'exists' && current === NO_STREAM) return { refusal: 'wrong', current };
    } else if (current !== expected) {
      return current > expected && standsAt(expected + 1) ? repeat(expected + 1) : { refusal: 'wrong', current };
    }
    const last = log.append(stream, events);
    return { revision: last.revision, position: last.position };
  }

  #append(call, answer) {
    this.seen.append += 1;
    let options;
    const events = [];
    call.on('data', (request) => {
      if (request.hasOptions()) options = request.getOptions();
      else events.push(proposedOf(request.getProposedMessage()));
    });
    call.on('end', async () => {
      await this.#awake();
      const stream = streamOf(options);
      const objection = this.#objection(call, '$w', stream);
      if (objection !== undefined) return void answer(objection);
      const fault = this.#take('append', stream);
      if (fault.kind === 'silent') return;
      if (fault.kind === 'refuse') return void answer(serviceError(fault));
      if (fault.kind === 'late') await sleep(fault.delayMs);
      const expected = expectedOf(options, 'getRevision');
      const stored = this.#store(stream, expected, events);
      if (fault.kind === 'lost-answer') return;
      if (fault.kind === 'late-answer') await sleep(fault.delayMs);
      if (fault.kind === 'break') return void answer(unavailable());
      if (stored.refusal === 'deleted')
        return void answer(
          serviceError({ code: grpcStatus.FAILED_PRECONDITION, exception: 'stream-deleted', trailers: { 'stream-name': stream } }),
        );
      if (stored.refusal === 'too-large')
        return void answer(
          serviceError({
            code: grpcStatus.INVALID_ARGUMENT,
            exception: 'maximum-append-size-exceeded',
            trailers: { 'maximum-append-size': MAX_APPEND_BYTES },
          }),
        );
      const response = new AppendResp();
      if (stored.refusal === 'wrong') {
        const wrong = new AppendResp.WrongExpectedVersion();
        if (stored.current === NO_STREAM) wrong.setCurrentNoStream(new sharedPb.Empty());
        else wrong.setCurrentRevision(String(stored.current));
        if (expected === NO_STREAM) wrong.setExpectedNoStream(new sharedPb.Empty());
        else if (expected === 'exists') wrong.setExpectedStreamExists(new sharedPb.Empty());
        else wrong.setExpectedRevision(String(expected));
        response.setWrongExpectedVersion(wrong);
      } else {
        const success = new AppendResp.Success().setCurrentRevision(String(stored.revision));
        if (stored.position === undefined) success.setNoPosition(new sharedPb.Empty());
        else success.setPosition(positionIn(new AppendResp.Position(), stored.position));
        response.setSuccess(success);
      }
      answer(null, response);
    });
  }

  #batchAppend(call) {
    const requests = new Map();
    this.#follow(call);
    call.on('error', () => undefined);
    const objection = this.#objection(call);
    if (objection !== undefined) return void call.emit('error', objection);
    call.on('data', (part) => {
      const key = idOf(part.getCorrelationId());
      const parts = requests.get(key) ?? [];
      requests.set(key, parts);
      parts.push(part);
      if (!part.getIsFinal()) return;
      requests.delete(key);
      this.#batch(call, parts).catch((error) => {
        if (!call.cancelled && !call.destroyed) call.emit('error', passedOn(error));
      });
    });
    call.on('end', () => call.end());
    this.#batches.add(call);
    call.on('close', () => this.#batches.delete(call));
    if (!this.#reading) call.pause();
  }

  async #batch(call, parts) {
    const [first] = parts;
    const [correlation, options] = [first.getCorrelationId(), first.getOptions()];
    this.seen.batchAppend += 1;
    if (this.#waking !== undefined) await this.#awake();
    const stream = streamOf(options);
    const expected = expectedOf(options, 'getStreamPosition');
    const fault = this.#take('batchAppend', stream);
    const answer = (response) => {
      response.setCorrelationId(correlation).setStreamIdentifier(identifierOf(stream));
      if (!call.cancelled && !call.destroyed) call.write(response);
    };
    const failed = (status) => answer(new BatchAppendResp().setError(status));
    const deadline = options.getDeadline();
    if (deadline !== undefined && deadline.toDate().getTime() < Date.now() + this.clockAheadMs)
      return failed(statusOf(grpcStatus.DEADLINE_EXCEEDED, 'too late', 'Timeout', typedDetail('Timeout')));
    const elsewhere = this.#elsewhere(call);
    if (elsewhere !== undefined) return void call.emit('error', elsewhere);
    if (this.#objection(call, '$w', stream) !== undefined)
      return failed(statusOf(grpcStatus.PERMISSION_DENIED, 'access denied', 'AccessDenied', typedDetail('AccessDenied')));
    switch (fault.kind) {
      case 'silent':
        return;
      case 'refuse':
        return void call.emit('error', serviceError(fault));
      case 'status':
        // What the client makes of it depends on the details: those it does not know become an unknown error.
        return failed(statusOf(fault.code, fault.message, fault.typeName, typedDetail(fault.typeName)));
      case 'late':
        await sleep(fault.delayMs);
        break;
      case 'held':
        await new Promise((release) => this.#held.push(release));
        break;
      default:
    }
    const store = () => {
      if (this.#upstream !== undefined) return this.#upstream.append(parts);
      const events = parts.flatMap((part) => part.getProposedMessagesList().map(proposedOf));
      return batchResponse(this.#store(stream, expected, events), expected);
    };
    const response = await store();
    switch (fault.kind) {
      case 'lost-answer':
        return;
      case 'break':
        return void call.emit('error', unavailable());
      case 'status-after':
        return failed(statusOf(fault.code, fault.message, fault.typeName, typedDetail(fault.typeName)));
      case 'late-answer':
        await sleep(fault.delayMs);
        break;
      default:
    }
    answer(response);
    // The call arrives a second time, and so does its answer.
    if (fault.kind === 'twice') answer(await store());
  }

  #remove(kind, call, answer) {
    this.seen[kind] += 1;
    const fault = this.#take(kind);
    if (fault.kind === 'refuse') return void answer(serviceError(fault));
    const stream = streamOf(call.request.getOptions());
    const objection = this.#objection(call, '$d', stream);
    if (objection !== undefined) return void answer(objection);
    const expected = expectedOf(call.request.getOptions(), 'getRevision');
    const current = this.#log.lastRevision(stream);
    if (typeof expected === 'number' && expected !== current) {
      return void answer(
        serviceError({
          code: grpcStatus.FAILED_PRECONDITION,
          exception: 'wrong-expected-version',
          trailers: { 'stream-name': stream, 'expected-version': expected, 'actual-version': current },
        }),
      );
    }
    const json = (type, data) => [
      { id: crypto.randomUUID(), type, contentType: 'application/json', data: Buffer.from(data), metadata: Buffer.alloc(0) },
    ];
    const last =
      kind === 'delete'
        ? this.#log.append(`$$${stream}`, json('$metadata', `{"$tb":${DELETED}}`))
        : this.#log.append(stream, json('$streamDeleted', '{}'), true);
    const Response = kind === 'delete' ? DeleteResp : TombstoneResp;
    answer(null, new Response().setPosition(positionIn(new Response.Position(), last.position)));
  }

  // Reading

  #follow(call) {
    this.#calls.add(call);
    call.on('close', () => this.#calls.delete(call));
  }

  async #read(call) {
    const options = call.request.getOptions();
    const live = options.hasSubscription();
    const on = live ? 'subscribe' : 'read';
    this.seen[on] += 1;
    this.#follow(call);
    call.on('error', () => undefined);
    if (this.#waking !== undefined) await this.#awake();
    const stream = options.hasStream() ? streamOf(options.getStream()) : '';
    const objection = this.#objection(call, '$r', stream || '$all');
    if (objection !== undefined) return void call.emit('error', objection);
    const fault = this.#take(on, stream);
    if (fault.kind === 'silent') return;
    if (fault.kind === 'refuse') return void call.emit('error', serviceError(fault));
    if (this.#upstream === undefined && options.hasStream() && this.#log.isTombstoned(stream)) {
      return void call.emit(
        'error',
        serviceError({ code: grpcStatus.FAILED_PRECONDITION, exception: 'stream-deleted', trailers: { 'stream-name': stream } }),
      );
    }
    try {
      const outcome = await this.#answered(call, options, fault);
      if (outcome === 'stalled') return;
      if (outcome === 'broken') return void call.emit('error', unavailable());
      if (!call.cancelled) call.end();
    } catch (error) {
      if (this.#upstream === undefined) call.emit('error', serviceError({ details: error.message }));
      else if (!call.cancelled) call.emit('error', passedOn(error));
    }
  }

  #answered(call, options, fault) {
    if (this.#upstream !== undefined) return this.#passed(call, fault);
    if (options.hasSubscription()) return this.#subscription(call, options, fault);
    return this.#deliver(call, options.hasStream() ? this.#ofStream(options) : this.#ofAll(options), options, fault);
  }

  /** Passes on what the node behind a relay answers. */
  async #passed(call, fault) {
    let sent = 0;
    const strikes = fault.kind === 'break' || fault.kind === 'stall';
    for await (const answer of this.#upstream.read(call)) {
      if (strikes && answer.hasEvent() && sent >= fault.after) break;
      if (this.#waking !== undefined) await this.#awake();
      if (answer.hasEvent()) sent += 1;
      if (!call.write(answer)) await drained(call);
    }
    if (fault.kind === 'break') return 'broken';
    return fault.kind === 'stall' ? 'stalled' : 'done';
  }

  #ofStream(options) {
    const events = this.#log.stream(streamOf(options.getStream()));
    if (events === undefined) return undefined;
    const from = options.getStream();
    const backwards = options.getReadDirection() === 1;
    const first = from.hasStart() ? 0 : from.hasEnd() ? events.at(-1).revision : Number(from.getRevision());
    return backwards ? reversed(events, first - events[0].revision) : slice(events, Math.max(0, first - events[0].revision));
  }

  #ofAll(options) {
    const { records } = this.#log;
    const all = options.getAll();
    const index = this.#startOf(all, records);
    return options.getReadDirection() === 1 ? reversed(records, index - 1) : slice(records, index);
  }

  /** The server takes only positions of records. */
  #startOf(all, records) {
    if (all.hasStart()) return 0;
    if (all.hasEnd()) return records.length;
    const index = this.#log.indexOf(Number(all.getPosition().getCommitPosition()));
    if (index === undefined) throw new Error('Invalid position');
    return index;
  }

  async #deliver(call, events, options, fault) {
    if (events === undefined) {
      const missing = new ReadResp.StreamNotFound().setStreamIdentifier(options.getStream().getStreamIdentifier());
      call.write(new ReadResp().setStreamNotFound(missing));
      return 'done';
    }
    const matches = matcherOf(options);
    let left = Number(options.getCount());
    let sent = 0;
    for (const event of events) {
      if (left <= 0 || call.cancelled) break;
      if (!matches(event)) continue;
      if (fault.kind === 'break' && sent >= fault.after) return 'broken';
      if (fault.kind === 'stall' && sent >= fault.after) return 'stalled';
      if (this.#waking !== undefined) await this.#awake();
      left -= 1;
      sent += 1;
      this.delivered += 1;
      if (!call.write(wireOf(event))) await drained(call);
    }
    if (fault.kind === 'break') return 'broken';
    return fault.kind === 'stall' ? 'stalled' : 'done';
  }

  async #subscription(call, options, fault) {
    const { records } = this.#log;
    const all = options.getAll();
    const matches = matcherOf(options);
    const filter = options.hasFilter() ? options.getFilter() : undefined;
    const window = (filter?.getMax() || DEFAULT_SEARCH_WINDOW) * (filter?.getCheckpointintervalmultiplier() || 1);
    // Subscriptions begin after the position they are given.
    let next = all.hasPosition() ? this.#startOf(all, records) + 1 : this.#startOf(all, records);
    call.write(new ReadResp().setConfirmation(new ReadResp.SubscriptionConfirmation().setSubscriptionId(crypto.randomUUID())));
    let sent = 0;
    let searched = 0;
    let caughtUp = false;
    const checkpoint = () => {
      searched = 0;
      const { position } = records[next - 1];
      call.write(
        new ReadResp().setCheckpoint(new ReadResp.Checkpoint().setCommitPosition(String(position)).setPreparePosition(String(position))),
      );
    };
    while (!call.cancelled && !call.destroyed) {
      if (this.#waking !== undefined) await this.#awake();
      if (fault.kind === 'break' && sent >= fault.after) return 'broken';
      if (fault.kind === 'stall' && sent >= fault.after) return 'stalled';
      if (next < records.length) {
        const event = records[next];
        next += 1;
        searched += 1;
        if (matches(event)) {
          if (fault.kind === 'slow') await sleep(fault.delayMs);
          sent += 1;
          this.delivered += 1;
          if (!call.write(wireOf(event))) await drained(call);
        }
        if (filter !== undefined && searched >= window) {
          if (fault.kind === 'slow') await sleep(fault.delayMs);
          checkpoint();
        }
        continue;
      }
      if (!caughtUp) {
        caughtUp = true;
        if (filter !== undefined && next > 0) checkpoint();
        if (tellsCaughtUp(this.version)) call.write(new ReadResp().setCaughtUp(new ReadResp.CaughtUp()));
      }
      await this.#more(call);
    }
    return 'done';
  }

  #more(call) {
    return new Promise((resolve) => {
      const done = () => {
        stop();
        call.off('cancelled', done);
        call.off('close', done);
        resolve();
      };
      const stop = this.#log.listen(done);
      call.on('cancelled', done);
      call.on('close', done);
    });
  }

  /** Ends every subscription that is open now, as a node does that is overloaded or leaves. */
  dropSubscriptions() {
    for (const call of [...this.#calls]) if (call.request?.getOptions?.().hasSubscription?.()) call.emit('error', unavailable());
  }

  // About the node

  async #features(call, answer) {
    this.seen.features += 1;
    const objection = this.#objection(call);
    if (objection !== undefined) return void answer(objection);
    const fault = this.#take('features');
    if (fault.kind === 'silent') return;
    if (fault.kind === 'refuse') return void answer(serviceError(fault));
    await this.#awake();
    const headers = new Metadata();
    headers.set('date', new Date((this.#now ?? Date.now)() + this.clockAheadMs).toUTCString());
    call.sendMetadata(headers);
    if (this.#upstream !== undefined)
      return void this.#upstream.features().then(
        (methods) => answer(null, methods),
        (error) => answer(passedOn(error)),
      );
    const methods = Object.values(StreamsService).map(({ path }) => {
      const [, service, method] = path.split('/');
      return new featuresPb.SupportedMethod().setServiceName(service.toLowerCase()).setMethodName(method.toLowerCase());
    });
    answer(null, new featuresPb.SupportedMethods().setMethodsList(methods).setEventStoreServerVersion(this.version));
  }

  async #gossip(call, answer) {
    this.seen.gossip += 1;
    await this.#awake();
    const { VNodeState } = gossipPb.MemberInfo;
    const memberOf = ({ host = this.#host, port, isAlive = true }, state) =>
      new gossipPb.MemberInfo()
        .setInstanceId(uuidOf(crypto.randomUUID()))
        .setTimeStamp(String(BigInt(Date.now()) * 10_000n))
        .setState(state)
        .setIsAlive(isAlive)
        .setHttpEndPoint(new gossipPb.EndPoint().setAddress(host).setPort(port));
    const leader = this.#leader ?? this;
    const followers = [...(leader === this ? [] : [this]), ...this.peers];
    const members = [
      memberOf({ host: leader.#host, port: leader.port }, VNodeState.LEADER),
      ...followers.map(({ port, isAlive }) => memberOf({ port, isAlive }, VNodeState.FOLLOWER)),
    ];
    answer(null, new gossipPb.ClusterInfo().setMembersList(members));
  }
}

/** Servers before 23.10 do not say that a subscription has caught up. */
function tellsCaughtUp(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > 23 || (major === 23 && minor >= 10);
}

const positionIn = (message, position) => message.setCommitPosition(String(position)).setPreparePosition(String(position));

function batchResponse(stored, expected) {
  const response = new BatchAppendResp();
  if (stored.refusal === 'deleted')
    return response.setError(statusOf(grpcStatus.FAILED_PRECONDITION, 'deleted', 'StreamDeleted', typedDetail('StreamDeleted')));
  if (stored.refusal === 'too-large')
    return response.setError(
      statusOf(
        grpcStatus.INVALID_ARGUMENT,
        'too large',
        'MaximumAppendSizeExceeded',
        new sharedPb.MaximumAppendSizeExceeded().setMaxappendsize(MAX_APPEND_BYTES),
      ),
    );
  if (stored.refusal === 'wrong') {
    const wrong = new sharedPb.WrongExpectedVersion();
    if (stored.current === NO_STREAM) wrong.setCurrentNoStream(new sharedPb.Empty());
    else wrong.setCurrentStreamRevision(String(stored.current));
    if (expected === NO_STREAM) wrong.setExpectedNoStream(new sharedPb.Empty());
    else if (expected === 'exists') wrong.setExpectedStreamExists(new sharedPb.Empty());
    else wrong.setExpectedStreamPosition(String(expected));
    return response.setError(statusOf(grpcStatus.ALREADY_EXISTS, 'WrongExpectedVersion', 'WrongExpectedVersion', wrong));
  }
  const success = new BatchAppendResp.Success().setCurrentRevision(String(stored.revision));
  if (stored.position === undefined) success.setNoPosition(new sharedPb.Empty());
  else success.setPosition(positionIn(new sharedPb.AllStreamPosition(), stored.position));
  return response.setSuccess(success);
}

const typedDetail = (name) => (name !== undefined && sharedPb[name] !== undefined ? new sharedPb[name]() : new sharedPb.Empty());

function statusOf(code, message, typeName, detail) {
  const any = new anyPb.Any();
  any.pack(detail.serializeBinary(), `event_store.client.${typeName ?? 'Empty'}`);
  return new statusPb.Status().setCode(code).setMessage(message).setDetails(any);
}

function matcherOf(options) {
  if (!options.hasFilter()) return () => true;
  const filter = options.getFilter();
  const onStream = filter.hasStreamIdentifier();
  const expression = onStream ? filter.getStreamIdentifier() : filter.getEventType();
  const prefixes = expression.getPrefixList();
  const regex = prefixes.length === 0 ? new RegExp(expression.getRegex()) : undefined;
  return (event) => {
    const subject = onStream ? event.stream : event.type;
    return regex === undefined ? prefixes.some((prefix) => subject.startsWith(prefix)) : regex.test(subject);
  };
}

function* slice(events, from) {
  for (let index = from; index < events.length; index += 1) yield events[index];
}

function* reversed(events, from) {
  for (let index = Math.min(from, events.length - 1); index >= 0; index -= 1) yield events[index];
}

function readEvent(event) {
  const recorded = new ReadResp.ReadEvent.RecordedEvent()
    .setId(uuidOf(event.id))
    .setStreamIdentifier(identifierOf(event.stream))
    .setStreamRevision(String(event.revision))
    .setCommitPosition(String(event.position))
    .setPreparePosition(String(event.position))
    .setCustomMetadata(new Uint8Array(event.metadata))
    .setData(new Uint8Array(event.data));
  recorded.getMetadataMap().set('type', event.type).set('content-type', event.contentType).set('created', event.created);
  return new ReadResp().setEvent(new ReadResp.ReadEvent().setEvent(recorded).setCommitPosition(String(event.position)));
}

function drained(call) {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of ['drain', 'cancelled', 'close', 'error']) call.off(event, done);
      resolve();
    };
    for (const event of ['drain', 'cancelled', 'close', 'error']) call.on(event, done);
  });
}
