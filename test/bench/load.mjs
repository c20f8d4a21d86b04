/** A small HTTP/1.1 client over raw keep-alive sockets: one request at a time on each, so cheap that the server is what is measured. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { concurrently } from './measure.mjs';

/** The bytes of one request. */
export function request(method, path, { headers = {}, body } = {}) {
  const content = body === undefined ? '' : JSON.stringify(body);
  const lines = Object.entries({
    host: '127.0.0.1',
    ...headers,
    ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }),
  });
  return `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n${content}`;
}

/** Sends every request over `connections` sockets. @throws Error for an answer that is not 2xx. */
export async function sendAll(port, requests, connections) {
  const sockets = await Promise.all(Array.from({ length: connections }, () => openConnection(port)));
  const idle = [...sockets];
  await concurrently(connections, requests.length, async (index) => {
    const socket = idle.pop();
    const { status, text } = await socket.send(requests[index]);
    if (status < 200 || status > 299) throw new Error(`${status} for ${requests[index].split('\r\n', 1)[0]}: ${text}`);
    idle.push(socket);
  });
  for (const socket of sockets) socket.close();
}

/** One keep-alive connection: `send` the bytes of a request, and wait for its answer before the next. */
export async function openConnection(port) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  socket.setEncoding('latin1');
  let waiting;
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
    const end = received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(received)?.[1] ?? 0);
    if (received.length < end + 4 + length) return;
    const answer = { status: Number(received.slice(9, 12)), text: received.slice(end + 4) };
    received = '';
    waiting.resolve(answer);
  });
  const fail = (error) => waiting?.reject(error ?? new Error('the server closed the connection'));
  socket.on('error', fail).on('close', () => fail());
  return {
    send: (bytes) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(bytes);
      }),
    close: () => socket.destroy(),
  };
}
