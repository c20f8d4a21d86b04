import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { EventStoreDBClient, type SingleNodeOptions } from '@eventstore/db-client';
import type { BatchAppendReq, BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import gossipServices from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossipPb from '@eventstore/db-client/generated/gossip_pb.js';
import featuresServices from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import streamsServices from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { Problem } from '@app/kernel';
import type { Endpoint, EsdbAddress } from './address.js';

/** gRPC's code for a call that the server does not have. */
const UNIMPLEMENTED = 12;

/** The duplex call of the BatchAppend RPC, as far as it is used here. */
export interface BatchCall {
  write(request: BatchAppendReq): boolean;
  on(event: 'data', listener: (response: BatchAppendResp) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: 'end' | 'drain', listener: () => void): this;
}

export interface ServerInfo {
  readonly version: string;
  /** What the server's clock said when it answered, to the second; undefined when it does not tell. */
  readonly date: Date | undefined;
}

/** A node of the cluster, as another one sees it. */
export interface Member extends Endpoint {
  readonly isAlive: boolean;
}

/**
 * The client, opened from an address and with the one call it does not offer safely: its own batch append keeps the
 * promises of every client of the process in one map, so that an error on one rejects the appends of another, and an
 * answer that comes after that throws where nobody can catch it.
 */
export class LedgerClient extends EventStoreDBClient {
  static to(address: EsdbAddress): LedgerClient {
    silenceDebugging();
    const { hosts, discover, tls, credentials, caFile, userCertFile, userKeyFile, gossipTimeout, discoveryInterval, maxDiscoverAttempts } =
      address;
    const { keepAliveInterval, keepAliveTimeout } = address;
    const common = { throwOnAppendFailure: true, keepAliveInterval, keepAliveTimeout };
    const cluster = { ...common, nodePreference: 'leader' as const, gossipTimeout, discoveryInterval, maxDiscoverAttempts };
    const [first] = hosts;
    if (first === undefined) throw new Error('an address has at least one host');
    const security = {
      insecure: !tls,
      ...(tls && caFile !== undefined && { rootCertificate: fileOf(caFile) }),
      ...(tls && userCertFile !== undefined && { userCertFile: fileOf(userCertFile) }),
      ...(tls && userKeyFile !== undefined && { userKeyFile: fileOf(userKeyFile) }),
    };
    const members = hosts.length > 1 ? { endpoints: hosts.map((host) => ({ ...host })) } : { discover: { ...first } };
    const settings = discover ? { ...cluster, ...members } : { ...common, endpoint: { ...first } };
    return new LedgerClient(withoutUndefined(settings) as SingleNodeOptions, security, credentials);
  }

  /** The connection, or the search for it, of a client that has been used. */
  private channel: ReturnType<EventStoreDBClient['getChannel']> | undefined;

  private constructor(...settings: ConstructorParameters<typeof EventStoreDBClient>) {
    super(...settings);
    const { getChannel, handleError: reconnect } = this;
    this.getChannel = () => (this.channel = getChannel());
    // It runs behind the back of whoever made the call; what it throws would end the process.
    this.handleError = (client, error) => reconnect(client, error).catch(() => undefined);
  }

  /**
   * Ends every call and gives up the connection. `dispose` alone would keep that, and on a plain connection the next client
   * with the same address would be given the very same one, however dead.
   */
  async close(): Promise<void> {
    const disposed = this.dispose();
    void this.channel?.then((channel) => channel.close()).catch(() => undefined);
    await disposed;
  }

  /** Opens a BatchAppend call on the current channel. */
  openBatches(): Promise<BatchCall> {
    return this.GRPCStreamCreator(streamsServices.StreamsClient, 'appendToStream', (client) =>
      client.batchAppend(...this.callArguments({ requiresLeader: true }, { deadline: Infinity })),
    )() as Promise<unknown> as Promise<BatchCall>;
  }

  /** Asks the server for its version, and its clock by the way. One so old that it cannot be asked is of an unknown version. */
  serverInfo(): Promise<ServerInfo> {
    return this.execute(
      featuresServices.ServerFeaturesClient,
      'getSupportedMethods',
      (client) =>
        new Promise((resolve, reject) => {
          let date: string | undefined;
          const call = client.getSupportedMethods(new sharedPb.Empty(), ...this.callArguments({}), (error, methods) => {
            if (error !== null && (error.code as number) !== UNIMPLEMENTED) reject(error);
            else {
              const version = error === null ? methods.getEventStoreServerVersion() : 'unknown';
              resolve({ version, date: date === undefined ? undefined : new Date(date) });
            }
          });
          call.on('metadata', (headers) => (date = headers.get('date')[0]?.toString()));
        }),
    );
  }

  /** Asks the server which nodes there are, itself included; those that only manage others are left out. */
  members(): Promise<readonly Member[]> {
    return this.execute(
      gossipServices.GossipClient,
      'read',
      (client) =>
        new Promise((resolve, reject) => {
          client.read(new sharedPb.Empty(), ...this.callArguments({}), (error, cluster) => {
            if (error !== null) return void reject(error);
            const members = cluster.getMembersList().filter((member) => member.getState() !== gossipPb.MemberInfo.VNodeState.MANAGER);
            resolve(
              members.map((member) => {
                const endpoint = member.getHttpEndPoint();
                return { address: endpoint?.getAddress() ?? '', port: endpoint?.getPort() ?? 0, isAlive: member.getIsAlive() };
              }),
            );
          });
        }),
    );
  }
}

/** The client takes an undefined setting for a set one. */
function withoutUndefined(settings: object): object {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function fileOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Problem(
      'invalid',
      'store-address',
      `a certificate or key file of the event store cannot be read: ${path} (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}

interface Debugging {
  disable(): string;
  enable(namespaces: string): void;
}

/**
 * `DEBUG=esdb*` and `DEBUG=*` print keys, passwords and whole events: the client's namespaces stay off, others as asked.
 * Only the copy of `debug` that the client uses is meant.
 */
function silenceDebugging(): void {
  const fromClient = createRequire(createRequire(import.meta.url).resolve('@eventstore/db-client'));
  const debugging = fromClient('debug') as Debugging;
  const asked = debugging.disable();
  if (asked !== '') debugging.enable(`${asked},-esdb,-esdb:*`);
}
