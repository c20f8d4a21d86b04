/** A stand-in node in a process of its own that can be killed, started again on the same port and given faults. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('./main.mjs', import.meta.url));

export class StandInProcess {
  #file;
  #upstream;
  #child;
  port = 0;

  constructor({ file, upstream }) {
    this.#file = file;
    this.#upstream = upstream;
  }

  static async start(options) {
    const node = new StandInProcess(options);
    await node.restart();
    return node;
  }

  get url() {
    return `esdb://127.0.0.1:${this.port}?tls=false`;
  }

  async restart() {
    this.#child = spawn(process.execPath, ['--no-warnings', MAIN, this.#file, String(this.port)], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      // An address with a password is no argument.
      env: { ...process.env, ...(this.#upstream !== undefined && { STAND_IN_UPSTREAM: this.#upstream }) },
    });
    const gone = once(this.#child, 'exit').then(() => {
      throw new Error('the stand-in did not start');
    });
    gone.catch(() => undefined);
    const [line] = await Promise.race([once(this.#child.stdout, 'data'), gone]);
    this.port = Number(String(line));
  }

  /** SIGKILL: no handler runs, nothing is flushed. */
  async kill() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  inject(...faults) {
    this.#child.send({ inject: faults });
  }
}
