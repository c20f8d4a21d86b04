/** A real ledger process on a data folder, started and asked like any client would. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Tokens } from '../../dist/libs/http/src/index.js';
import { ROLES } from '../../dist/libs/kernel/src/index.js';
import { SqliteReadModels } from '../../dist/libs/projections/src/index.js';
import { writeHistoryFile } from './history.mjs';
import { note, seconds, withFolder } from './measure.mjs';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** As `npm start` and the image start it. */
const SERVER = [process.execPath, '--max-semi-space-size=8', join(ROOT, 'dist/programs/api.js')];
const clock = { now: () => new Date() };

/** Spawns the server (or another command that serves it) and waits until /health answers 200. Says how long that took. */
export async function startServer(folder, { command = SERVER, timeoutMs = 60_000, settings = {} } = {}) {
  const port = await freePort();
  const start = performance.now();
  const child = spawn(command[0], command.slice(1), {
    cwd: ROOT,
    env: { ...process.env, ...settings, LEDGER_PORT: String(port), LEDGER_DATA: folder },
    stdio: ['ignore', 'ignore', 'inherit'],
    // A process group of its own: npm does not pass a signal on to what it has started.
    detached: true,
  });
  const url = `http://127.0.0.1:${port}`;
  while (!(await answers(`${url}/health`))) {
    if (child.exitCode !== null) throw new Error(`the server ended with code ${child.exitCode}`);
    if (performance.now() - start > timeoutMs) {
      process.kill(-child.pid, 'SIGTERM');
      throw new Error(`no healthy answer within ${timeoutMs} ms`);
    }
    await sleep(5);
  }
  const readySeconds = (performance.now() - start) / 1000;
  return {
    port,
    url,
    pid: child.pid,
    readySeconds,
    stop: async () => {
      process.kill(-child.pid, 'SIGTERM');
      // npm is gone before its server: only once the whole group is, its files are free.
      while (isAlive(-child.pid)) await sleep(5);
    },
  };
}

export const healthOf = async ({ url }) => (await fetch(`${url}/health`)).json();

/** Waits until everything that follows the ledger has come to its end. @throws Error when something has stopped. */
export async function caughtUp(server) {
  for (;;) {
    const { position: head, subscribers } = await healthOf(server);
    const stopped = subscribers.find(({ state }) => state === 'stopped');
    if (stopped !== undefined) throw new Error(`${stopped.name} has stopped at ${stopped.position}`);
    if (subscribers.every(({ state, position, beside }) => state === 'running' && position >= head && beside === undefined)) return;
    await sleep(100);
  }
}

/**
 * Writes a ledger that has lived into a folder: its process managers have dealt with all of it. (They may go over it
 * again: that changes nothing, but takes its time.) Answers with its head.
 */
export async function livedLedger(folder, events) {
  const file = join(folder, 'ledger.db');
  let head = 0;
  const time = await seconds(async () => (head = await writeHistoryFile(file, { events })));
  note(`  a ledger of ${head} events, ${Math.round(statSync(file).size / 2 ** 20)} MB, in ${time.toFixed(0)} s`);
  const subscribers = await withFolder(async (empty) => {
    const server = await startServer(empty);
    const { subscribers: all } = await healthOf(server);
    await server.stop();
    return all;
  });
  const readModels = new SqliteReadModels(join(folder, 'read-models.db'));
  for (const { name, kind } of subscribers)
    if (kind === 'process-manager') await readModels.saveCheckpoint({ name, version: 1, position: head });
  await readModels.close();
  return head;
}

/** A token with every role, signed with the folder's own key. */
export function tokenFor(folder) {
  const file = join(folder, 'token.key');
  if (!existsSync(file)) throw new Error(`${folder} has no token key`);
  return Tokens.fromKeyFile(file, clock).issue({ id: 'clerk.liu', unit: '科技创新局', roles: [...ROLES] }, 3_600);
}

/** Memory of a process in MB: now, and the most it ever had (Linux only; NaN elsewhere). */
export function memoryOf(pid) {
  const status = existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : '';
  const megabytes = (field) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? NaN) / 1024;
  return { now: megabytes('VmRSS'), peak: megabytes('VmHWM') };
}

/** Whether any process of a group (a negative id) is left. */
function isAlive(group) {
  try {
    return process.kill(group, 0);
  } catch {
    return false;
  }
}

function answers(url) {
  return new Promise((resolve) => {
    get(url, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on('error', () => resolve(false));
  });
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
