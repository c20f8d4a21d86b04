/**
 * Connections between a client and a server of one process that do without the operating system: what passes on them, and
 * when, depends on nobody else. For servers on ports that exist in this process only.
 */
import net from 'node:net';
import { duplexPair } from 'node:stream';

const { connect } = net;
/** Who is given the connections to a port; undefined while nobody answers. */
const ports = new Map();
let passed = 0;

/** How many pieces of data have passed on such connections so far. */
export const piecesPassed = () => passed;

/** A port of this process; nobody else's, since below those that are given to clients and servers. */
export function reservePort() {
  net.connect = connectWithin;
  const port = ports.size + 1;
  ports.set(port, undefined);
  return port;
}

export function listenOn(port, accept) {
  ports.set(port, accept);
}

/** Connections are refused from now on. */
export function stopListening(port) {
  ports.set(port, undefined);
}

/** One end of a connection, as much of a socket as whoever uses it asks for. */
function socketOf(end) {
  const write = end._write;
  const itself = () => end;
  return Object.assign(end, {
    _write(...piece) {
      passed += 1;
      // Never within the call that writes: HTTP/2 would have to read in the midst of writing.
      process.nextTick(() => write.apply(end, piece));
    },
    ...{ setNoDelay: itself, setKeepAlive: itself, ref: itself, unref: itself, remoteAddress: '127.0.0.1' },
  });
}

/** In the place of `net.connect`. */
function connectWithin(address, connected, ...further) {
  if (!ports.has(address?.port)) return connect.call(net, address, connected, ...further);
  const [client, server] = duplexPair().map(socketOf);
  // When one end is gone the other is told.
  client.on('close', () => server.destroy());
  server.on('close', () => client.destroy());
  server.on('error', () => undefined);
  process.nextTick(() => {
    const accept = ports.get(address.port);
    if (accept === undefined) return void client.destroy(Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' }));
    accept(server);
    connected();
  });
  return client;
}
