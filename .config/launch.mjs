/**
 * The one launcher behind every npm script. It installs what is missing, builds what is stale,
 * and then runs the asked-for program, so that each script works from a fresh clone.
 *
 * Everything it says goes to stderr: stdout belongs to the program it starts (`ledger --json`).
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [task, ...args] = process.argv.slice(2);

const note = (text) => process.stderr.write(`${text}\n`);
const digest = (chunks) => {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk).update('\0');
  return hash.digest('hex');
};
const stampSays = (file, value) => existsSync(file) && readFileSync(file, 'utf8') === value;

/** Runs a preparing command with its output on stderr; a failure ends the launcher with code 3. */
function prepare(command, commandArgs) {
  const { status } = spawnSync(command, commandArgs, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    note(`${command} ${commandArgs.join(' ')} failed`);
    process.exit(3);
  }
}

function ensureInstalled() {
  const stamp = join(root, 'node_modules', '.installed');
  const wanted = digest([readFileSync(join(root, 'package-lock.json'))]);
  if (stampSays(stamp, wanted)) return;
  note('Installing dependencies (once) …');
  // `npm ci` insists on lock entries for the native binaries of every platform, which not every registry serves;
  // this installs exactly what the lock file says all the same, checks its hashes and leaves it as it is.
  prepare('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, wanted);
}

function* sourceFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sourceFiles(path);
    else if (!/\.(spec|fixture|conformance)\.ts$/.test(entry.name)) yield path;
  }
}

function ensureBuilt() {
  const stamp = join(root, 'dist', '.built');
  const configs = ['package-lock.json', 'nest-cli.json', 'tsconfig.json', '.config/launch.mjs', '.config/bundle.mjs'].map((f) =>
    join(root, f),
  );
  const inputs = [...configs, ...sourceFiles(join(root, 'apps')), ...sourceFiles(join(root, 'libs'))];
  const wanted = digest(inputs.flatMap((file) => [file.slice(root.length), readFileSync(file)]));
  if (stampSays(stamp, wanted)) return;
  note('Building …');
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  prepare(process.execPath, [join(root, 'node_modules/@nestjs/cli/bin/nest.js'), 'build', 'api']);
  prepare(process.execPath, [join(root, '.config/bundle.mjs')]);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

/** Becomes the program: same streams, same working folder, signals passed on, same exit code. */
function run(nodeArgs) {
  const child = spawn(process.execPath, nodeArgs, { stdio: 'inherit', env: { ...process.env, ...environment } });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

/** One preparing process at a time; a lock whose holder is gone counts for nothing. */
function alone(work) {
  const lock = join(root, '.preparing');
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (isGone(lock)) rmSync(lock, { force: true });
      else Atomics.wait(pause, 0, 0, 200);
    }
  }
  const unlock = () => rmSync(lock, { force: true });
  process.once('exit', unlock);
  work();
  unlock();
  process.off('exit', unlock);
}

function isGone(lock) {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return false;
  } catch (error) {
    return error.code !== 'EPERM';
  }
}

const environment = {};
const jest = [
  '--experimental-vm-modules',
  '--no-warnings',
  join(root, 'node_modules/jest/bin/jest.js'),
  '--config',
  join(root, '.config/jest.config.mjs'),
];
// Newer Nodes give new objects so much room that an idle server takes 270 MB instead of 180.
const youngGeneration = '--max-semi-space-size=8';
const tasks = {
  build: () => {},
  api: () => run([youngGeneration, join(root, 'dist/programs/api.js'), ...args]),
  cli: () => run([join(root, 'dist/programs/ledger.js'), ...args]),
  demo: () => run([join(root, 'dist/programs/ledger.js'), 'demo', ...args]),
  bench: () => run([youngGeneration, '--expose-gc', join(root, 'test/bench/main.mjs'), ...args]),
  soak: () => run(['--no-warnings', '--import', './test/support/typescript.mjs', join(root, 'test/faults/soak.ts'), ...args]),
  test: () => run([...jest, ...args]),
  // What serves a ledger, on the client with the stand-in node. Suites that choose their stores themselves are in the other run.
  'test-stand-in': () => {
    environment.LEDGER_TEST_STORE = 'stand-in';
    run([...jest, ...(args.length === 0 ? ['e2e', 'faults/kill', 'faults/contention'] : args)]);
  },
};

if (!(task in tasks)) {
  note(`usage: launch.mjs ${Object.keys(tasks).join(' | ')} [arguments]`);
  process.exit(2);
}
alone(() => {
  ensureInstalled();
  ensureBuilt();
});
tasks[task]();
