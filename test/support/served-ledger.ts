import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Tokens } from '@app/http';
import type { PersonRole } from '@app/kernel';
import { StoreUnderTest } from './store-under-test.js';

const SERVER = fileURLToPath(new URL('../../dist/test/fast-server.js', import.meta.url));

// The same clock as in fast-server.mjs.
const BASE_MS = Date.parse('2024-01-02T01:00:00Z');
const DAYS_PER_SECOND = 86_400;

/** A port nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves when a program has said a word on stdout, with all it has said by then. */
export function told(child: ChildProcess, word: string): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(word)) resolve(said);
    });
  });
}

/** Sends a signal to a program unless it has ended, and waits until it has. Its exit code; null when a signal has ended it. */
export async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
  return child.exitCode;
}

/** A point at which a server kills itself. */
export interface DyingAt {
  readonly when: 'before' | 'after';
  /** As the domain calls it, without a version. */
  readonly type: string;
}

/** A real server process on a data folder that can be killed and started again; a second is a day on its clock. */
export class ServedLedger {
  private child: ChildProcess | undefined;
  private standby: ChildProcess | undefined;
  private startedMs = Date.now();
  stderr = '';

  private constructor(
    readonly dataFolder: string,
    readonly port: number,
    private readonly role: string,
  ) {}

  private ownStore: StoreUnderTest | undefined;
  private environment: Readonly<Record<string, string>> = {};

  /**
   * On the store under test, empty at first; or on one that somebody else has started. One of several processes has a role,
   * and the same clock as the first of them.
   */
  static async start(
    dataFolder: string,
    store?: Pick<StoreUnderTest, 'environment'>,
    { role = 'all', clockOf }: { readonly role?: 'all' | 'api' | 'worker'; readonly clockOf?: ServedLedger } = {},
  ): Promise<ServedLedger> {
    const served = new ServedLedger(dataFolder, await freePort(), role);
    if (clockOf !== undefined) served.startedMs = clockOf.startedMs;
    if (store === undefined) served.ownStore = await StoreUnderTest.start(dataFolder, () => served.now().getTime());
    served.environment = (store ?? served.ownStore)?.environment ?? {};
    await served.restart();
    return served;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts the server; `dying` is the point at which it kills itself: `before` or `after` an event of the type is recorded. */
  async restart(dying?: DyingAt): Promise<void> {
    const child = this.standby ?? this.load();
    this.standby = undefined;
    this.child = child;
    const ready = told(child, 'ready');
    const gone = once(child, 'exit').then(([, signal]) => {
      // What it is to die at may come before it says that it is ready.
      if (dying === undefined || signal !== 'SIGKILL') throw new Error(`the server did not start: ${this.stderr}`);
    });
    gone.catch(() => undefined);
    child.stdin?.write(dying === undefined ? 'go\n' : `go ${dying.when} ${dying.type}\n`);
    await Promise.race([ready, gone]);
  }

  /** Has the next server read its modules, which is most of a start, while the present one is still at work. */
  prepareNext(): void {
    this.standby ??= this.load();
  }

  private load(): ChildProcess {
    const child = spawn(process.execPath, [SERVER, this.dataFolder, String(this.port), String(this.startedMs)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...this.environment, LEDGER_ROLE: this.role },
    });
    child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    // Killed before it has read a word.
    child.stdin?.on('error', () => undefined);
    return child;
  }

  /** Resolves when the server has killed itself. @throws Error when it has not within two minutes. */
  async died(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await once(child, 'exit', { signal: AbortSignal.timeout(120_000) });
  }

  /** SIGKILL: no handler runs, nothing is flushed. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** SIGSTOP: it sleeps with whatever it has open, and goes on when it is woken as if nothing had been. */
  async sleep(ms: number): Promise<void> {
    this.child?.kill('SIGSTOP');
    await sleep(ms);
    this.child?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    this.standby?.kill('SIGKILL');
    await this.end('SIGTERM');
    await this.ownStore?.close();
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child !== undefined) await ended(this.child, signal);
  }

  /** Sets its clock forward, or back, from the next start on; while it is down. */
  shift(days: number): void {
    this.startedMs -= (days * 86_400_000) / DAYS_PER_SECOND;
    this.standby?.kill('SIGKILL');
    this.standby = undefined;
  }

  /** What its clock says now. */
  now(): Date {
    return new Date(BASE_MS + (Date.now() - this.startedMs) * DAYS_PER_SECOND);
  }

  async get(path: string, token: string): Promise<Record<string, unknown>> {
    const response = await fetch(this.url + path, { headers: { authorization: `Bearer ${token}` } });
    return (await response.json()) as Record<string, unknown>;
  }

  /** Waits until everything that follows the ledger has reached its end. */
  async settle(): Promise<void> {
    for (let previous = -1; ;) {
      const { position, subscribers } = (await this.get('/health', '')) as {
        position: number;
        subscribers: { position: number; state: string; error?: string }[];
      };
      const stopped = subscribers.find(({ state }) => state === 'stopped');
      if (stopped !== undefined) throw new Error(`a subscriber has stopped: ${JSON.stringify(stopped)}`);
      if (position === previous && subscribers.every((subscriber) => subscriber.position === position)) return;
      previous = position;
      await sleep(200);
    }
  }

  /** A token the server accepts for a year of its clock from now, which is some minutes: a slow machine takes longer than one lasts. */
  async token(id: string, ...roles: readonly PersonRole[]): Promise<string> {
    const issuedAt = { now: () => new Date(this.now().getTime() - 86_400_000) };
    return Tokens.fromKeyFile(`${this.dataFolder}/token.key`, issuedAt).issue({ id, unit: '测试单位', roles }, 366 * 86_400);
  }
}

export interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Sends a command until it is answered: through crashes and restarts, always under the same key. */
export async function insist(
  url: string,
  token: string,
  path: string,
  body: unknown,
  key: string,
  isOver: () => boolean,
): Promise<Answered | undefined> {
  for (let attempt = 0; !isOver(); attempt += 1) {
    try {
      const response = await fetch(url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(30_000),
      });
      const answer = (await response.json()) as Record<string, unknown>;
      if (response.status < 500) return { status: response.status, body: answer };
    } catch {
      // Killed before, during or after the command: nobody can know. Ask again.
    }
    await sleep(Math.min(20 * (attempt + 1), 200));
  }
  return undefined;
}
