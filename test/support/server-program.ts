import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ended, told } from './served-ledger.js';

/** As `npm start` and the image start it. */
const SERVER = ['--max-semi-space-size=8', fileURLToPath(new URL('../../dist/programs/api.js', import.meta.url))];

/** The built program that serves a ledger, in a process of its own that is set up by its environment alone. */
export class ServerProgram {
  /** Where it listens, once it is ready. */
  url = '';
  private readonly child: ChildProcess;

  constructor(environment: Readonly<Record<string, string>>) {
    this.child = spawn(process.execPath, SERVER, {
      // Its own choice of a port: of several that start at once no two get the same.
      env: { ...process.env, LEDGER_PORT: '0', ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** Resolves when it says that it is ready. @throws Error when it ends before that. */
  async ready(): Promise<void> {
    const gone = once(this.child, 'exit').then(([code]) => {
      throw new Error(`the server did not start: it has ended with ${String(code)}`);
    });
    gone.catch(() => undefined);
    const said = await Promise.race([told(this.child, 'first steps'), gone]);
    this.url = /is ready at (http:[^;]+);/.exec(said)?.[1] as string;
  }

  /** Its exit code; null when a signal has ended it. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    return ended(this.child, signal);
  }
}
